//! SQL cut into tokens exactly where PostgreSQL's own lexer (`scan.l`) cuts it, with
//! `standard_conforming_strings` on. What it can't be sure of, it refuses: a gate that reads a
//! statement differently from the server is no gate.
//!
//! It also refuses what the server's lexer would read for minutes, past any cancel.

use super::unicode;

/// Names are cut at this many bytes (`NAMEDATALEN` less one).
const LONGEST_NAME: usize = 63;
/// Parameters are counted in 16 bits when they are sent.
const MOST_PARAMETERS: u64 = 65_535;
/// Far more than a text of eight megabytes usually has; they are all held at once.
const MOST_TOKENS: usize = 2_000_000;
/// At an operator, or a comment in a comment, the server looks at all signs up to the next other
/// character, and then goes back. This is how many it may look at, which takes it a second at most.
const MOST_LOOKED_AT: usize = 20_000_000;

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

    /// What the server takes it for where a name is wanted.
    pub(super) fn name(&self) -> Option<String> {
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
pub(super) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, &'static str> {
    let mut lexer = Lexer { sql, at: 0, signs_end: 0, looked_at: 0 };
    let mut found = Vec::new();
    while let Some(first) = lexer.skip_blank()? {
        if found.len() == MOST_TOKENS {
            return Err("a statement of more than two million words, values and signs");
        }
        let token = match first {
            b'\'' => lexer.string()?,
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
                    lexer.string()?
                }
                (b'u' | b'U', Some(b'&'), Some(b'\'')) => {
                    lexer.at += 2;
                    lexer.string()?
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

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
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
            return Err("a row of thousands of signs or comment openings (put spaces between \
                        them, or leave the comment out)");
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

    /// The escape character of the `U&"…"` before this: what `UESCAPE` says, else the backslash.
    fn escape(&mut self) -> Result<char, &'static str> {
        let start = self.at;
        let starts = self.skip_blank()?.is_some_and(starts_word);
        if !starts || !self.word().is("uescape") {
            self.at = start;
            return Ok('\\');
        }
        const UNCLEAR: &str = "UESCAPE without one character in plain quotes behind it";
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
    fn more_escape_strings(&mut self) -> Result<Token<'a>, &'static str> {
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
    fn escape_string(&mut self) -> Result<(), &'static str> {
        self.at += 1;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'\\'), Some(_)) | (Some(b'\''), Some(b'\'')) => self.at += 2,
                (Some(b'\''), _) => {
                    self.at += 1;
                    return Ok(());
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
            let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|n| n.parse().ok());
            if number.is_none_or(|n: u64| n > MOST_PARAMETERS) {
                return Err("a parameter beyond $65535");
            }
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
        for sql in [
            "'a",
            "\"a",
            "E'a\\'",
            "/* a",
            "/* /* */",
            "$a$ b",
            "U&\"a\\\"",
            "U&\"a\" uescape a",
            "U&\"a\" uescape E'!'",
            "U&\"a\" uescape 'a'",
            "E'a' 'b\\''",
            "E'a' /* \n */ 'b\\''",
            "select $65536",
            "select $99999999999999999999999",
        ] {
            assert!(tokens(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn an_escape_string_goes_on_behind_a_line_break() {
        assert_eq!(words("a E'b'\n'c\\' d' e"), ["a", "e"]);
        assert_eq!(words("a E'b' -- c\n  -- d\r'e\\' f' \n 'g' h"), ["a", "h"]);
        assert_eq!(words("a 'b'\n'c\\' d"), ["a", "d"]);
    }

    #[test]
    fn a_name_is_what_the_server_takes_it_for() {
        let name = |sql: &str| tokens(sql).unwrap()[0].name().unwrap();
        assert_eq!(name("PG_Read_File"), "pg_read_file");
        assert_eq!(name("\"PG_Read\"\"File\""), "PG_Read\"File");
        assert_eq!(name("u&\"pg\\005fread!\" /* a */ UESCAPE -- b\n '?' c"), "pg\\005fread!");
        assert_eq!(name("U&\"pg\\005fread\""), "pg_read");
        assert_eq!(name(&"ä".repeat(40)), "ä".repeat(31));
        assert_eq!(words("U&\"a\" b UESCAPE '!'"), ["\"a\"", "b", "UESCAPE"]);
    }

    #[test]
    fn a_point_behind_a_whole_number_is_not_part_of_it_twice() {
        assert_eq!(tokens("1.5.a").unwrap()[1..], [Token::Symbol('.'), Token::Word("a")]);
        assert_eq!(tokens("1..a").unwrap()[2..], [Token::Symbol('.'), Token::Word("a")]);
        assert_eq!(tokens("$1.a").unwrap()[1..], [Token::Symbol('.'), Token::Word("a")]);
    }

    #[test]
    fn what_the_server_would_read_again_and_again_is_refused() {
        for sql in [
            format!("{}{} select 1", "/*".repeat(20_000), "*/".repeat(20_000)),
            format!("select 1{}1", "+-+".repeat(10_000)),
            format!("select 1{}", " /*/*/*/*/*/*/*/*/*/**/*/*/*/*/*/*/*/*/*/*/".repeat(200_000)),
        ] {
            assert!(tokens(&sql).is_err(), "{}", &sql[..40]);
        }
        for sql in [
            format!("/{0}/ select 1 /{0}/", "*".repeat(4_000_000)),
            format!("--{}\nselect 1", "-".repeat(4_000_000)),
            format!("{}{} select 1", "/* ".repeat(400_000), "*/ ".repeat(400_000)),
            format!("select '{0}', $${0}$$, \"{0}\"", "/*+".repeat(400_000)),
            "select a /* x */ + /* y */ b\n".repeat(100_000),
        ] {
            assert!(tokens(&sql).is_ok(), "{}", &sql[..40]);
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
