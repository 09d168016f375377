//! What stands at the front of a buffer: a value, or the beginning of an aggregate.

use redis::{Value, VerbatimFormat};

use super::Malformed;

/// Longest line: a number, a word, an error message.
pub(super) const MAX_LINE: usize = 64 << 10;

/// The largest string that a server can be configured to send.
const MAX_BULK: usize = 1 << 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Array,
    Set,
    Map,
    /// Not an answer to anything; skipped, unless somebody listens.
    Push,
    /// Remarks about the value that follows.
    Attribute,
}

/// What a line begins with.
pub(super) enum Element {
    Value(Value),
    /// Some of a string that is passed over.
    Part,
    Begin(Aggregate, usize),
}

/// The element at the front and its length; `None` until all of it is there.
pub(super) fn element(input: &[u8]) -> Result<Option<(Element, usize)>, Malformed> {
    let Some(line_end) = input.iter().take(MAX_LINE).position(|&byte| byte == b'\n') else {
        return if input.len() < MAX_LINE { Ok(None) } else { Err(Malformed) };
    };
    let Some([kind, line @ .., b'\r']) = input.get(..line_end) else { return Err(Malformed) };
    let used = line_end + 1;
    let value = match kind {
        b'$' | b'=' | b'!' => return blob(*kind, line, input, used),
        b'*' | b'~' | b'%' | b'>' | b'|' => {
            return Ok(Some((aggregate(*kind, line)?, used)));
        }
        b'+' if line == b"OK" => Value::Okay,
        b'+' => match std::str::from_utf8(line) {
            Ok(text) => Value::SimpleString(text.to_owned()),
            // A script can say anything; its bytes matter more than the kind of its string.
            Err(_) => Value::BulkString(line.to_vec()),
        },
        b':' => Value::Int(number(line)?),
        b'-' => error(line)?,
        b'_' => Value::Nil,
        b',' => Value::Double(text(line)?.parse().map_err(|_| Malformed)?),
        b'#' => match line {
            b"t" => Value::Boolean(true),
            b"f" => Value::Boolean(false),
            _ => return Err(Malformed),
        },
        b'(' => Value::BigNumber(line.to_vec()),
        _ => return Err(Malformed),
    };
    Ok(Some((Element::Value(value), used)))
}

/// How much there is in all of the string that begins here, with what is before and after it, if it is
/// longer than `longest`.
pub(super) fn longer(input: &[u8], longest: usize) -> Option<usize> {
    let line_end = input.iter().take(MAX_LINE).position(|&byte| byte == b'\n')?;
    let [b'$', line @ .., b'\r'] = input.get(..line_end)? else { return None };
    let length = usize::try_from(number(line).ok()?).ok()?;
    (length > longest).then(|| line_end + 1 + length + 2)
}

fn aggregate(kind: u8, line: &[u8]) -> Result<Element, Malformed> {
    let count = number(line)?;
    if count == -1 {
        return Ok(Element::Value(Value::Nil));
    }
    // No reply has four thousand million elements, and twice as many are still a `usize`.
    let count = u32::try_from(count).map_err(|_| Malformed)? as usize;
    Ok(match kind {
        b'*' => Element::Begin(Aggregate::Array, count),
        b'~' => Element::Begin(Aggregate::Set, count),
        b'%' => Element::Begin(Aggregate::Map, count * 2),
        b'>' => Element::Begin(Aggregate::Push, count),
        _ => Element::Begin(Aggregate::Attribute, count * 2),
    })
}

/// A string whose length is told before it.
fn blob(
    kind: u8,
    line: &[u8],
    input: &[u8],
    start: usize,
) -> Result<Option<(Element, usize)>, Malformed> {
    let length = number(line)?;
    if length == -1 {
        return Ok(Some((Element::Value(Value::Nil), start)));
    }
    let length = usize::try_from(length).ok().filter(|l| *l <= MAX_BULK).ok_or(Malformed)?;
    let end = start + length;
    let Some(terminator) = input.get(end..end + 2) else { return Ok(None) };
    if terminator != b"\r\n" {
        return Err(Malformed);
    }
    let content = &input[start..end];
    let value = match kind {
        b'$' => Value::BulkString(content.to_vec()),
        b'!' => error(content)?,
        _ => verbatim(content)?,
    };
    Ok(Some((Element::Value(value), end + 2)))
}

/// `txt:` and the text.
fn verbatim(content: &[u8]) -> Result<Value, Malformed> {
    let [format @ .., b':'] = content.get(..4).ok_or(Malformed)? else { return Err(Malformed) };
    let format = match format {
        b"txt" => VerbatimFormat::Text,
        b"mkd" => VerbatimFormat::Markdown,
        other => VerbatimFormat::Unknown(String::from_utf8_lossy(other).into_owned()),
    };
    Ok(match std::str::from_utf8(&content[4..]) {
        Ok(text) => Value::VerbatimString { format, text: text.to_owned() },
        Err(_) => Value::BulkString(content[4..].to_vec()),
    })
}

/// Errors are rare; the crate knows their kinds. Their text may quote bytes that are no text.
fn error(line: &[u8]) -> Result<Value, Malformed> {
    let mut message = String::from_utf8_lossy(line).replace(['\r', '\n'], " ");
    message.insert(0, '-');
    message.push_str("\r\n");
    redis::parse_redis_value(message.as_bytes()).map_err(|_| Malformed)
}

fn number(line: &[u8]) -> Result<i64, Malformed> {
    let (negative, digits) = match line {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return Err(Malformed);
    }
    // Counted downwards: there is one more number below zero than above.
    let mut number: i64 = 0;
    for &digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Malformed);
        }
        number = number
            .checked_mul(10)
            .and_then(|number| number.checked_sub(i64::from(digit)))
            .ok_or(Malformed)?;
    }
    if negative { Ok(number) } else { number.checked_neg().ok_or(Malformed) }
}

fn text(line: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(line).map_err(|_| Malformed)
}
