//! A command typed as one line, read as `redis-cli` reads it (`sdssplitargs`).
//!
//! Words stand between blanks. In double quotes `\n`, `\r`, `\t`, `\b`, `\a`, `\xNN` and `\` before any
//! other byte mean what they mean in C; in single quotes only `\'` means anything. A closing quote
//! ends its word, so that a blank or nothing must follow it.
//!
//! Unlike there, a line break is no blank: of two lines that were pasted together, the second would be taken
//! for arguments of the first.

use crate::error::{Error, Result};

/// The words of a line, as bytes.
pub fn split(line: &str) -> Result<Vec<Vec<u8>>> {
    let mut reader = Reader { line, at: 0 };
    let mut words = Vec::new();
    loop {
        let mut line_break = None;
        while let Some(blank) = reader.peek().filter(|&byte| is_blank(byte)) {
            if matches!(blank, b'\n' | b'\r') {
                line_break.get_or_insert(reader.at);
            }
            reader.at += 1;
        }
        match line_break.filter(|_| !words.is_empty()) {
            _ if reader.peek().is_none() => return Ok(words),
            Some(at) => {
                return Err(
                    reader.wrong(at, "a line break outside of quotes (send one command at a time)")
                );
            }
            None => words.push(reader.word()?),
        }
    }
}

struct Reader<'l> {
    line: &'l str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn word(&mut self) -> Result<Vec<u8>> {
        let mut word = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                // Fewer than the blanks between words: so does redis-cli.
                b' ' | b'\n' | b'\r' | b'\t' => break,
                b'"' | b'\'' => {
                    self.quoted(byte, &mut word)?;
                    break;
                }
                0 => return Err(self.wrong(self.at, "a NUL; in double quotes it is spelt \\x00")),
                _ => {
                    word.push(byte);
                    self.at += 1;
                }
            }
        }
        Ok(word)
    }

    /// From an opening quote to behind the closing one.
    fn quoted(&mut self, quote: u8, word: &mut Vec<u8>) -> Result<()> {
        let opened = self.at;
        self.at += 1;
        loop {
            let rest = &self.line.as_bytes()[self.at..];
            let (byte, length) = match *rest {
                [] => return Err(self.wrong(opened, "a quote that is not closed")),
                [0, ..] => {
                    return Err(self.wrong(self.at, "a NUL; in double quotes it is spelt \\x00"));
                }
                [byte, ..] if byte == quote => {
                    self.at += 1;
                    return match self.peek() {
                        Some(next) if !is_blank(next) => {
                            Err(self.wrong(self.at, "something right behind a closing quote"))
                        }
                        _ => Ok(()),
                    };
                }
                [b'\\', b'\'', ..] if quote == b'\'' => (b'\'', 2),
                [b'\\', b'x', high, low, ..] if quote == b'"' => match (hex(high), hex(low)) {
                    (Some(high), Some(low)) => (high << 4 | low, 4),
                    _ => (b'x', 2),
                },
                [b'\\', escaped, ..] if quote == b'"' => (unescaped(escaped), 2),
                [byte, ..] => (byte, 1),
            };
            word.push(byte);
            self.at += length;
        }
    }

    fn wrong(&self, at: usize, what: &str) -> Error {
        // As JavaScript counts, so that an editor can point there.
        let position: usize = self.line[..at].chars().map(char::len_utf16).sum();
        Error::validation(format!("the line has {what}, at position {position}"))
            .detail("position", position)
    }
}

/// C's `isspace`.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Vec<Vec<u8>> {
        split(line).unwrap()
    }

    fn position(line: &str) -> u64 {
        split(line).unwrap_err().details()["position"].as_u64().unwrap()
    }

    #[test]
    fn words_stand_between_blanks() {
        assert_eq!(words("  SET\tkey  value \r\n"), [&b"SET"[..], b"key", b"value"]);
        assert!(words("").is_empty() && words(" \x0b\x0c").is_empty());
        assert_eq!(words("a\x0bb"), [b"a\x0bb"]);
    }

    #[test]
    fn a_second_line_is_not_taken_for_arguments() {
        for line in ["DEL a\nGET b", "DEL a \r\n\r\n GET b", "\nDEL a\rGET b", "DEL \"a\"\n\"b\""] {
            let error = split(line).unwrap_err();
            assert!(error.message().contains("line break"), "{}", error.message());
        }
        assert_eq!(position("DEL é \nb"), 6);
        assert_eq!(words("\r\n GET a \n\n"), [b"GET", &b"a"[..]]);
        assert_eq!(words("SET a \"b\nc\""), [b"SET", &b"a"[..], b"b\nc"]);
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words(r#"SET "a key" 'a "value"'"#), [&b"SET"[..], b"a key", br#"a "value""#]);
        assert_eq!(words(r#""" ''"#), [b"", b""]);
        assert_eq!(words(r#"a"b c""#), [b"ab c"]);
    }

    #[test]
    fn escapes_in_double_quotes_are_those_of_redis_cli() {
        assert_eq!(words(r#""\n\r\t\b\a\\\"\q""#), [b"\n\r\t\x08\x07\\\"q"]);
        assert_eq!(words(r#""\x00\xFf\xag\x""#), [&b"\x00\xffxagx"[..]]);
        assert_eq!(words(r#""é\xc3\xa9""#), ["éé".as_bytes()]);
    }

    #[test]
    fn single_quotes_know_one_escape() {
        assert_eq!(words(r"'it\'s\n\x41'"), [br"it's\n\x41"]);
    }

    #[test]
    fn outside_quotes_a_backslash_is_itself() {
        assert_eq!(words(r"\x41 a\n"), [br"\x41".to_vec(), br"a\n".to_vec()]);
    }

    #[test]
    fn unbalanced_quotes_are_refused_with_their_place() {
        assert_eq!(position(r#"SET "a"#), 4);
        assert_eq!(position("SET 'a\\'"), 4);
        assert_eq!(position(r#"SET "a"b"#), 7);
        assert_eq!(position("SET 'a''b'"), 7);
        assert_eq!(position("😀 \""), 3);
        assert_eq!(position("a \0"), 2);
        assert_eq!(position("\"a\0\""), 2);
    }

    /// As `redis-cli` prints bytes (`sdscatrepr`).
    fn quote(bytes: &[u8]) -> String {
        let escaped: String = bytes
            .iter()
            .map(|&byte| match byte {
                b'"' | b'\\' => format!("\\{}", char::from(byte)),
                b' '..=b'~' => char::from(byte).to_string(),
                _ => format!("\\x{byte:02x}"),
            })
            .collect();
        format!("\"{escaped}\"")
    }

    proptest! {
        #[test]
        fn what_redis_cli_prints_reads_back_as_it_was(
            expected in proptest::collection::vec(any::<Vec<u8>>(), 0..5)
        ) {
            let line = expected.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(split(&line).unwrap(), expected);
        }

        #[test]
        fn any_line_is_read_or_refused(line in "[\"'\\\\ x0a\0é\u{b}\n]{0,20}|\\PC*") {
            if let Ok(words) = split(&line) {
                prop_assert!(words.iter().map(Vec::len).sum::<usize>() <= line.len());
            }
        }
    }
}
