//! SQL cut into tokens exactly where PostgreSQL's own lexer (`scan.l`) cuts it, with
//! `standard_conforming_strings` on. What it can't be sure of, it refuses: a gate that reads a
//! statement differently from the server is no gate.

/// A token; comments and white space are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A key word or an unquoted identifier.
    Word(&'a str),
    /// A quoted identifier, with doubled quotes undone.
    Quoted(String),
    /// A string, a number or a parameter.
    Value,
    /// Any other character.
    Symbol(char),
}

impl Token<'_> {
    /// Whether it is this key word.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found.eq_ignore_ascii_case(word))
    }
}

/// Cuts a text into tokens; the error says what is wrong with it.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, &'static str> {
    let mut lexer = Lexer { sql, at: 0 };
    let mut found = Vec::new();
    // An escape string goes on after a line break if another string follows, and that part has
    // escapes as well.
    let mut after_escape_string = false;
    while let Some(first) = lexer.skip_blank()? {
        let escapes = std::mem::take(&mut after_escape_string);
        let token = match first {
            b'\'' if escapes => return Err("an E'' string that is continued by another string"),
            b'\'' => lexer.string()?,
            b'"' => Token::Quoted(lexer.quoted()?),
            b'$' => lexer.dollar()?,
            b'0'..=b'9' => lexer.number(),
            b'.' if lexer.peek(1).is_some_and(|b| b.is_ascii_digit()) => lexer.number(),
            _ if starts_word(first) => match (first, lexer.peek(1), lexer.peek(2)) {
                (b'e' | b'E', Some(b'\''), _) => {
                    after_escape_string = true;
                    lexer.at += 1;
                    lexer.escape_string()?
                }
                (b'b' | b'B' | b'x' | b'X' | b'n' | b'N', Some(b'\''), _) => {
                    lexer.at += 1;
                    lexer.string()?
                }
                (b'u' | b'U', Some(b'&'), Some(b'\'')) => {
                    lexer.at += 2;
                    lexer.string()?
                }
                (b'u' | b'U', Some(b'&'), Some(b'"')) => {
                    return Err("an identifier in the form U&\"…\"");
                }
                _ => lexer.word(),
            },
            _ => lexer.symbol(),
        };
        found.push(token);
    }
    Ok(found)
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.sql.as_bytes().get(self.at + ahead).copied()
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

    /// `'…'` without escapes. A doubled quote ends it and begins the next, which comes to the same.
    fn string(&mut self) -> Result<Token<'a>, &'static str> {
        self.until(b'\'').ok_or("a string without its end")?;
        Ok(Token::Value)
    }

    fn quoted(&mut self) -> Result<String, &'static str> {
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
    fn until(&mut self, quote: u8) -> Option<&'a str> {
        let start = self.at + 1;
        let length = self.sql.as_bytes()[start..].iter().position(|b| *b == quote)?;
        self.at = start + length + 1;
        Some(&self.sql[start..start + length])
    }

    /// `E'…'` with backslash escapes.
    fn escape_string(&mut self) -> Result<Token<'a>, &'static str> {
        self.at += 1;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'\\'), Some(_)) | (Some(b'\''), Some(b'\'')) => self.at += 2,
                (Some(b'\''), _) => {
                    self.at += 1;
                    return Ok(Token::Value);
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return Err("a string without its end"),
            }
        }
    }

    /// `$1`, `$tag$…$tag$`, or a dollar that belongs to nothing.
    fn dollar(&mut self) -> Result<Token<'a>, &'static str> {
        let rest = &self.sql.as_bytes()[self.at + 1..];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 {
            self.at += 1 + digits;
            return Ok(Token::Value);
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
        self.at = body + end + delimiter.len();
        Ok(Token::Value)
    }

    /// Digits, a point and an exponent. Letters behind it begin the next token: `1e'` is a number
    /// and an escape string.
    fn number(&mut self) -> Token<'a> {
        while self.peek(0).is_some_and(|b| b.is_ascii_digit() || b == b'.') {
            self.at += 1;
        }
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
            if self.peek(1 + sign).is_some_and(|b| b.is_ascii_digit()) {
                self.at += 1 + sign;
                while self.peek(0).is_some_and(|b| b.is_ascii_digit()) {
                    self.at += 1;
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(sql: &str) -> Vec<String> {
        let tokens = tokens(sql).unwrap();
        let word = |token| match token {
            Token::Word(word) => Some(word.to_owned()),
            Token::Quoted(name) => Some(format!("\"{name}\"")),
            _ => None,
        };
        tokens.into_iter().filter_map(word).collect()
    }

    #[test]
    fn nothing_inside_strings_and_comments_is_a_word() {
        assert_eq!(words("a 'b''c' d"), ["a", "d"]);
        assert_eq!(words(r"a 'b\' c"), ["a", "c"]);
        assert_eq!(words(r"a E'b\' c' d"), ["a", "d"]);
        assert_eq!(words("a $$b $c$ d$$ e $x$ f $$ g $x$ h"), ["a", "e", "h"]);
        assert_eq!(words("a /* b /* c */ d */ e -- f\ng"), ["a", "e", "g"]);
        assert_eq!(words("a -- b\rc"), ["a", "c"]);
        assert_eq!(words("1+--c\n2 x"), ["x"]);
        assert_eq!(words("a$$b $1 c"), ["a$$b", "c"]);
        assert_eq!(words("\"a\"\"b\" U&'x' b'1' N'y'"), ["\"a\"b\""]);
    }

    #[test]
    fn a_number_does_not_swallow_the_string_behind_it() {
        // Were the number 1e, the string behind it would be a plain one and end at its second quote.
        assert_eq!(words(r"select 1e'\' or x --'"), ["select"]);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for sql in ["'a", "\"a", "E'a\\'", "/* a", "/* /* */", "$a$ b", "U&\"a\"", "E'a'\n'b\\''"] {
            assert!(tokens(sql).is_err(), "{sql}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(sql in any::<String>()) {
            let _ = tokens(&sql);
        }

        #[test]
        fn quoting_hides_any_text(text in any::<String>()) {
            let plain = format!("a '{}' b", text.replace('\'', "''"));
            prop_assert_eq!(words(&plain), ["a", "b"]);
            let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
            prop_assert_eq!(words(&format!("a E'{escaped}' b")), ["a", "b"]);
            let name = format!("a \"{}\" b", text.replace('"', "\"\""));
            prop_assert_eq!(words(&name).len(), 3);
        }
    }
}
