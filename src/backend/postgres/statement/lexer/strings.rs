//! What stands between quotes, of any kind.

use super::piece::{Piece, Quotes};
use super::{Lexer, MOST_PARAMETERS, SIGNS, Token, cut, starts_word, unicode};

const UNCLEAR: &str = "UESCAPE without one character in plain quotes behind it";

impl<'a> Lexer<'a> {
    /// `'…'` without escapes. A doubled quote ends it and begins the next, which comes to the same.
    pub(super) fn string(&mut self, quotes: Quotes) -> Result<Token<'a>, &'static str> {
        let text = self.until(b'\'').ok_or("a string without its end")?;
        self.look_inside(text, quotes)?;
        Ok(Token::Value)
    }

    pub(super) fn quoted(&mut self) -> Result<String, &'static str> {
        let mut name = String::new();
        loop {
            name += self.until(b'"').ok_or("a quoted identifier without its end")?;
            if self.peek(0) != Some(b'"') {
                return Ok(name);
            }
            name.push('"');
        }
    }

    /// The text between the quote here and the next one, which is passed over.
    pub(super) fn until(&mut self, quote: u8) -> Option<&'a str> {
        let start = self.at + 1;
        let length = self.sql.as_bytes()[start..].iter().position(|b| *b == quote)?;
        self.at = start + length + 1;
        Some(&self.sql[start..start + length])
    }

    /// The escape character of the `U&"…"` before this: what `UESCAPE` says, else the backslash.
    pub(super) fn escape(&mut self) -> Result<char, &'static str> {
        let start = self.at;
        let starts = self.skip_blank()?.is_some_and(starts_word);
        if !starts || !self.word().is("uescape") {
            self.at = start;
            return Ok('\\');
        }
        if self.skip_blank()? != Some(b'\'') {
            return Err(UNCLEAR);
        }
        let mut chars = self.until(b'\'').ok_or(UNCLEAR)?.chars();
        match (chars.next(), chars.next()) {
            (Some(escape), None) if unicode::can_escape(escape) => Ok(escape),
            _ => Err(UNCLEAR),
        }
    }

    /// An escape string goes on after a line break if another string follows, and that part has
    /// escapes as well. Line comments may stand between, others not.
    pub(super) fn more_escape_strings(&mut self) -> Result<Token<'a>, &'static str> {
        loop {
            let start = self.at;
            if self.skip_blank()? != Some(b'\'') {
                return Ok(Token::Value);
            }
            let between = &self.sql[start..self.at];
            if between.contains("/*") || !between.contains(['\n', '\r']) {
                return Err("a string right behind an E'' string");
            }
            self.escape_string()?;
        }
    }

    /// `E'…'` with backslash escapes.
    pub(super) fn escape_string(&mut self) -> Result<(), &'static str> {
        self.at += 1;
        let start = self.at;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'\\'), Some(_)) | (Some(b'\''), Some(b'\'')) => self.at += 2,
                (Some(b'\''), _) => {
                    self.at += 1;
                    return self.look_inside(&self.sql[start..self.at - 1], Quotes::Escapes);
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return Err("a string without its end"),
            }
        }
    }

    /// `$1`, `$tag$…$tag$`, or a dollar that belongs to nothing.
    pub(super) fn dollar(&mut self) -> Result<Token<'a>, &'static str> {
        let rest = &self.sql.as_bytes()[self.at + 1..];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 {
            let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|n| n.parse().ok());
            if number.is_none_or(|n: u64| n > MOST_PARAMETERS) {
                return Err("a parameter beyond $65535");
            }
            self.at += 1 + digits;
            return Ok(Token::Parameter);
        }
        let tag = rest
            .iter()
            .enumerate()
            .take_while(|(n, b)| starts_word(**b) || (*n > 0 && b.is_ascii_digit()))
            .count();
        if rest.get(tag) != Some(&b'$') {
            return Ok(self.symbol());
        }
        let delimiter = &self.sql[self.at..self.at + tag + 2];
        let body = self.at + delimiter.len();
        let end =
            self.sql[body..].find(delimiter).ok_or("a dollar-quoted string without its end")?;
        self.look_inside(&self.sql[body..body + end], Quotes::Dollars)?;
        self.at = body + end + delimiter.len();
        Ok(Token::Value)
    }

    /// Looks at the text of a string, which may be a function's body. Whatever else is wrong with it
    /// is for the server to say.
    fn look_inside(&mut self, text: &'a str, quotes: Quotes) -> Result<(), &'static str> {
        if let Some(kept) = &mut self.kept {
            kept.push(Piece { text, quotes, token: self.token });
        }
        if !self.bodies {
            return Ok(());
        }
        let looked_at = self.looked_at;
        let mut body = Lexer { sql: text, inside: true, looked_at, ..Lexer::default() };
        let read = cut(&mut body);
        self.looked_at = body.looked_at;
        if read == Err(SIGNS) { Err(SIGNS) } else { Ok(()) }
    }
}
