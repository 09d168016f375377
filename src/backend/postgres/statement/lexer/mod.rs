//! SQL cut into tokens exactly where PostgreSQL's own lexer (`scan.l`) cuts it, with
//! `standard_conforming_strings` on. What it can't be sure of, it refuses: a gate that reads a
//! statement differently from the server is no gate.
//!
//! It also refuses what the server's lexer would read for minutes, past any cancel.

mod piece;
mod strings;
#[cfg(test)]
mod tests;
mod texts;
mod unicode;

pub(crate) use self::texts::{Text, texts};

use self::piece::{Piece, Quotes};

/// Names are cut at this many bytes (`NAMEDATALEN` less one).
const LONGEST_NAME: usize = 63;
/// Parameters are counted in 16 bits when they are sent.
const MOST_PARAMETERS: u64 = 65_535;
/// Far more than a text of eight megabytes usually has; they are all held at once.
const MOST_TOKENS: usize = 2_000_000;
/// At an operator, or a comment in a comment, the server looks at all signs up to the next other
/// character, and then goes back. This is how many it may look at, which takes it a second at most.
const MOST_LOOKED_AT: usize = 20_000_000;

const SIGNS: &str = "a row of thousands of signs or comment openings (put spaces between them, or \
                     leave the comment out)";

/// A token; comments and white space are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A key word or an unquoted identifier.
    Word(&'a str),
    /// A quoted identifier, with doubled quotes undone.
    Quoted(String),
    /// A string or a number.
    Value,
    /// `$1`
    Parameter,
    /// Any other character.
    Symbol(char),
}

impl Token<'_> {
    /// Whether it is this key word.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found.eq_ignore_ascii_case(word))
    }

    /// Whether it is one of these key words.
    pub(crate) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// What the server takes it for where a name is wanted.
    pub(crate) fn name(&self) -> Option<String> {
        let mut name = match self {
            // A server with an encoding of one byte may fold İ, in Turkish, to an ASCII letter.
            Self::Word(word) => word.to_ascii_lowercase().replace('İ', "i"),
            Self::Quoted(name) => name.clone(),
            _ => return None,
        };
        let end = (0..=LONGEST_NAME.min(name.len())).rev().find(|at| name.is_char_boundary(*at));
        name.truncate(end.unwrap_or(0));
        Some(name)
    }
}

/// Cuts a text into tokens; the error says what is wrong with it.
pub(crate) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, &'static str> {
    cut(&mut Lexer { sql, ..Lexer::default() })
}

fn cut<'a>(lexer: &mut Lexer<'a>) -> Result<Vec<Token<'a>>, &'static str> {
    let mut found: Vec<Token<'a>> = Vec::new();
    while let Some(first) = lexer.skip_blank()? {
        if found.len() == 1 {
            // Their strings are read as SQL in their turn, with the same lexer.
            lexer.bodies = !lexer.inside && found[0].is_any(&["do", "create"]);
        }
        if found.len() == MOST_TOKENS {
            return Err("a statement of more than two million words, values and signs");
        }
        lexer.token = found.len();
        let token = match first {
            b'\'' => lexer.string(Quotes::Plain)?,
            b'"' => Token::Quoted(lexer.quoted()?),
            b'$' => lexer.dollar()?,
            b'0'..=b'9' => lexer.number(),
            b'.' if lexer.digit(1) => lexer.number(),
            _ if starts_word(first) => match (first, lexer.peek(1), lexer.peek(2)) {
                (b'e' | b'E', Some(b'\''), _) => {
                    lexer.at += 1;
                    lexer.escape_string()?;
                    lexer.more_escape_strings()?
                }
                (b'b' | b'B' | b'x' | b'X' | b'n' | b'N', Some(b'\''), _) => {
                    lexer.at += 1;
                    lexer.string(Quotes::Plain)?
                }
                (b'u' | b'U', Some(b'&'), Some(b'\'')) => {
                    lexer.at += 2;
                    lexer.string(Quotes::Unicode)?
                }
                (b'u' | b'U', Some(b'&'), Some(b'"')) => {
                    lexer.at += 2;
                    let text = lexer.quoted()?;
                    Token::Quoted(unicode::unescape(&text, lexer.escape()?)?)
                }
                _ => lexer.word(),
            },
            _ => {
                if is_sign(first) {
                    lexer.look_at_signs()?;
                }
                lexer.symbol()
            }
        };
        found.push(token);
    }
    Ok(found)
}

#[derive(Default)]
struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    /// The text between each two quotes, where it is wanted.
    kept: Option<Vec<Piece<'a>>>,
    /// How many tokens stand before the one that is read.
    token: usize,
    /// Strings may be bodies of functions.
    bodies: bool,
    /// This is such a body.
    inside: bool,
    /// Where the run of signs ends that was looked at last.
    signs_end: usize,
    /// How many signs the server looked at only to go back.
    looked_at: usize,
}

impl<'a> Lexer<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.sql.as_bytes().get(self.at + ahead).copied()
    }

    fn digit(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|b| b.is_ascii_digit())
    }

    fn digits(&mut self) {
        while self.digit(0) {
            self.at += 1;
        }
    }

    fn look_at_signs(&mut self) -> Result<(), &'static str> {
        if self.at >= self.signs_end {
            let rest = &self.sql.as_bytes()[self.at..];
            self.signs_end = self.at + rest.iter().take_while(|b| is_sign(**b)).count();
        }
        self.looked_at += self.signs_end - self.at;
        if self.looked_at > MOST_LOOKED_AT {
            return Err(SIGNS);
        }
        Ok(())
    }

    /// Passes over white space and comments, and returns the byte behind them.
    fn skip_blank(&mut self) -> Result<Option<u8>, &'static str> {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c), _) => self.at += 1,
                (Some(b'-'), Some(b'-')) => {
                    while self.peek(0).is_some_and(|b| b != b'\n' && b != b'\r') {
                        self.at += 1;
                    }
                }
                (Some(b'/'), Some(b'*')) => self.block_comment()?,
                (first, _) => return Ok(first),
            }
        }
    }

    /// `/* … */`, which nests.
    fn block_comment(&mut self) -> Result<(), &'static str> {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'/'), Some(b'*')) => {
                    self.look_at_signs()?;
                    depth += 1;
                    self.at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return Err("a comment without its end"),
            }
        }
    }

    /// Digits, a point and an exponent. Letters behind it begin the next token: `1e'` is a number
    /// and an escape string.
    fn number(&mut self) -> Token<'a> {
        self.digits();
        if self.peek(0) == Some(b'.') && self.peek(1) != Some(b'.') {
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
            if self.digit(1 + sign) {
                self.at += 1 + sign;
                self.digits();
            }
        }
        Token::Value
    }

    fn word(&mut self) -> Token<'a> {
        let start = self.at;
        while self.peek(0).is_some_and(|b| starts_word(b) || b.is_ascii_digit() || b == b'$') {
            self.at += 1;
        }
        Token::Word(&self.sql[start..self.at])
    }

    fn symbol(&mut self) -> Token<'a> {
        let symbol = self.sql[self.at..].chars().next().unwrap_or('\0');
        self.at += symbol.len_utf8();
        Token::Symbol(symbol)
    }
}

/// Letters, the underscore, and every byte of a character beyond ASCII.
fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// What operators are made of.
fn is_sign(byte: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&byte)
}
