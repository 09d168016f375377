//! The values of a statement's strings, as the server reads them: escapes undone, and what goes on
//! behind a line break put together.

use super::piece::{Piece, Quotes};
use super::{Lexer, cut, unicode};

/// The value of a string.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Its first token and its last: parts that go on behind a line break are tokens of their own.
    pub tokens: (usize, usize),
    pub value: String,
}

/// The values of all strings of a statement; the error says what can't be read.
pub(crate) fn texts(sql: &str) -> Result<Vec<Text>, &'static str> {
    let mut lexer = Lexer { sql, kept: Some(Vec::new()), ..Lexer::default() };
    cut(&mut lexer)?;
    let mut found: Vec<(Text, Quotes, usize)> = Vec::new();
    for piece in lexer.kept.unwrap_or_default() {
        let start = piece.text.as_ptr().addr() - sql.as_ptr().addr();
        let end = start + piece.text.len();
        match found.last_mut() {
            Some((text, quotes, last_end))
                if goes_on(sql, (text.tokens.1, *quotes, *last_end), piece, start) =>
            {
                // A doubled quote stands for one.
                if start == *last_end + 2 {
                    text.value.push_str("''");
                }
                text.value.push_str(piece.text);
                text.tokens.1 = piece.token;
                *last_end = end;
            }
            _ => {
                let tokens = (piece.token, piece.token);
                let text = Text { tokens, value: piece.text.to_owned() };
                found.push((text, piece.quotes, end));
            }
        }
    }
    let read = |(text, quotes, end): (Text, Quotes, usize)| {
        let value = match quotes {
            Quotes::Dollars => text.value,
            Quotes::Plain => text.value.replace("''", "'"),
            Quotes::Escapes => unescape(&text.value).ok_or("a string with an invalid escape")?,
            Quotes::Unicode => {
                let escape = Lexer { sql, at: end + 1, ..Lexer::default() }.escape()?;
                unicode::unescape(&text.value.replace("''", "'"), escape)?
            }
        };
        Ok(Text { value, ..text })
    };
    found.into_iter().map(read).collect()
}

/// Whether a piece belongs to the string before it: at a doubled quote, or behind a line break.
fn goes_on(
    sql: &str,
    (token, quotes, end): (usize, Quotes, usize),
    piece: Piece<'_>,
    start: usize,
) -> bool {
    let adjacent = piece.token <= token + 1;
    let dollars = quotes == Quotes::Dollars || piece.quotes == Quotes::Dollars;
    if !adjacent || dollars {
        return false;
    }
    // Between the closing quote and the opening one.
    let between = &sql[end + 1..start - 1];
    between.is_empty() || between.contains(['\n', '\r'])
}

/// Undoes the escapes of an `E'…'`.
fn unescape(text: &str) -> Option<String> {
    let mut found = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    // The first half of a character beyond the basic plane.
    let mut high = None;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            // Of a doubled quote.
            if *first == b'\'' {
                rest = rest.strip_prefix(b"'").unwrap_or(rest);
            }
            found.push(*first);
            continue;
        }
        let (escaped, tail) = rest.split_first()?;
        rest = tail;
        let digits = |most, radix| {
            let digit = |b: &&u8| char::from(**b).is_digit(radix);
            tail.iter().take(most).take_while(digit).count()
        };
        let value =
            |from: &[u8], radix| u32::from_str_radix(std::str::from_utf8(from).ok()?, radix).ok();
        match escaped {
            b'b' => found.push(8),
            b'f' => found.push(12),
            b'n' => found.push(b'\n'),
            b'r' => found.push(b'\r'),
            b't' => found.push(b'\t'),
            b'0'..=b'7' => {
                let more = digits(2, 8);
                let code = value(&[&[*escaped], &tail[..more]].concat(), 8)?;
                // Of three digits, the server takes the lower eight bits.
                found.push(u8::try_from(code & 0xff).ok()?);
                rest = &tail[more..];
            }
            b'x' if digits(2, 16) > 0 => {
                let length = digits(2, 16);
                found.push(u8::try_from(value(&tail[..length], 16)?).ok()?);
                rest = &tail[length..];
            }
            b'u' | b'U' => {
                let length = if *escaped == b'u' { 4 } else { 8 };
                if digits(length, 16) < length {
                    return None;
                }
                let code = value(&tail[..length], 16)?;
                rest = &tail[length..];
                let code = match (high.take(), code) {
                    (None, 0xd800..=0xdbff) => {
                        // The other half follows at once.
                        if !matches!(rest, [b'\\', b'u' | b'U', ..]) {
                            return None;
                        }
                        high = Some(code);
                        continue;
                    }
                    (Some(high), 0xdc00..=0xdfff) => {
                        0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00)
                    }
                    (None, code) => code,
                    (Some(_), _) => return None,
                };
                let char = char::from_u32(code)?;
                found.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => found.push(*other),
        }
    }
    String::from_utf8(found).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn long(char: char) -> String {
        format!("\\U{:08x}", u32::from(char))
    }

    fn values(sql: &str) -> Vec<String> {
        texts(sql).unwrap().into_iter().map(|text| text.value).collect()
    }

    #[test]
    fn a_string_has_the_value_that_the_server_reads() {
        for (sql, expected) in [
            ("select 'a''b', $$c'd$$", &["a'b", "c'd"][..]),
            (r"select E's\145t\x73\x7\'\\\u0073\U00000065\q\8'''", &["sets\x07'\\seq8'"]),
            (r"select e'\ud83d\ude00\n'", &["😀\n"]),
            (r"select 'a\145'", &[r"a\145"]),
            ("select 'se'\n't'", &["set"]),
            ("select 'a'''\n -- 'b' /*\n'''c' 'd'", &["a''c", "d"]),
            ("select E'\\163e'\n'\\164'", &["set"]),
            ("select U&'s\\0065t', u&'s!0065!+000074'  uescape '!'", &["set", "set", "!"]),
            ("select U&'a''\\0062'\n'\\0063'", &["a'bc"]),
            ("select fe'x\\y', n'a', 'b'", &["x\\y", "a", "b"]),
            ("select $a$b$a$\n'c'\n$$d$$", &["b", "c", "d"]),
            ("select ''\n'', ''", &["", ""]),
        ] {
            assert_eq!(values(sql), expected, "{sql}");
        }
        for sql in [r"select E'\u00'", r"select E'\xff'", r"select E'\ud83d'", r"select U&'\00'"] {
            assert!(texts(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn a_string_knows_its_tokens() {
        let tokens: Vec<_> = texts("f('a'\n'b', 'c''d', E'e'\n'f')").unwrap();
        let tokens: Vec<_> = tokens.into_iter().map(|text| text.tokens).collect();
        assert_eq!(tokens, [(2, 3), (5, 6), (8, 8)]);
    }

    proptest! {
        #[test]
        fn any_text_comes_back_however_it_is_quoted(text in "[^\0]*", at in any::<prop::sample::Index>()) {
            let escape = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
            let double = |text: &str| text.replace('\'', "''");
            let cut = (0..=at.index(text.len() + 1)).rev().find(|n| text.is_char_boundary(*n));
            let (head, tail) = text.split_at(cut.unwrap_or(0));
            for sql in [
                format!("E'{}'\n'{}'", escape(head), escape(tail)),
                format!("'{}' -- '\n'{}'", double(head), double(tail)),
                format!("E'{}'", text.chars().map(long).collect::<String>()),
            ] {
                prop_assert_eq!(values(&sql), [text.clone()]);
            }
        }
    }
}
