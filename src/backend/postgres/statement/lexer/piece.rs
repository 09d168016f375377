//! What stands between two quotes, and which.

/// How a string is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// `'…'`
    Plain,
    /// `E'…'`
    Escapes,
    /// `U&'…'`
    Unicode,
    /// `$$…$$`
    Dollars,
}

/// What stands between two quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub text: &'a str,
    pub quotes: Quotes,
    /// The token that it is of.
    pub token: usize,
}
