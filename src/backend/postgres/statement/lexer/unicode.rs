//! Identifiers in the form `U&"d\0061ta"`, as PostgreSQL decodes them.

/// Undoes the escapes of an identifier; the error says what is wrong with it.
pub(super) fn unescape(text: &str, escape: char) -> Result<String, &'static str> {
    const WRONG: &str = "an identifier in the form U&\"…\" with an invalid escape";
    let mut found = String::with_capacity(text.len());
    let mut rest = text.chars();
    // The first half of a character beyond the basic plane.
    let mut high = None;
    while let Some(next) = rest.next() {
        let code = if next != escape {
            None
        } else if rest.as_str().starts_with(escape) {
            rest.next();
            None
        } else {
            let digits = if rest.as_str().starts_with('+') {
                rest.next();
                6
            } else {
                4
            };
            let hex = rest.as_str().get(..digits).ok_or(WRONG)?;
            if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(WRONG);
            }
            rest = rest.as_str()[digits..].chars();
            Some(u32::from_str_radix(hex, 16).map_err(|_| WRONG)?)
        };
        let char = match (high.take(), code) {
            (None, Some(code @ 0xd800..=0xdbff)) => {
                high = Some(code);
                continue;
            }
            (Some(high), Some(low @ 0xdc00..=0xdfff)) => {
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            }
            (None, Some(code)) => char::from_u32(code).filter(|c| *c != '\0'),
            (None, None) => Some(next),
            (Some(_), _) => None,
        };
        found.push(char.ok_or(WRONG)?);
    }
    if high.is_some() { Err(WRONG) } else { Ok(found) }
}

/// Whether `UESCAPE` takes this character.
pub(super) fn can_escape(char: char) -> bool {
    !char.is_ascii_hexdigit()
        && char.is_ascii()
        && !matches!(char, '+' | '\'' | '"' | ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_as_the_server_does() {
        for (text, escape, expected) in [
            (r"d\0061t\+000061", '\\', "data"),
            (r"a\\b", '\\', r"a\b"),
            ("d!0061ta \\", '!', "data \\"),
            (r"\d83d\de00", '\\', "😀"),
            (r"\00e4", '\\', "ä"),
        ] {
            assert_eq!(unescape(text, escape).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            r"\",
            r"\00",
            r"\+00006",
            r"\00é0",
            r"\d83d",
            r"\d83dx",
            r"\de00",
            r"\0000",
            r"\+110000",
        ] {
            assert!(unescape(text, '\\').is_err(), "{text}");
        }
    }
}
