//! The three levels that everything is granted and required in.

/// What a user may do, or must be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See.
    Read,
    /// Change data.
    Write,
    /// Change connections, and what affects others.
    Admin,
}

impl Permission {
    /// `read`, `write` or `admin`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}
