//! Replies off the wire: RESP2 and RESP3, into the `redis` crate's values.
//!
//! The crate's own decoder is not used: it takes several times as long for the many small replies
//! of a page of keys, and gives up on an error message that quotes bytes which are no text. This one
//! goes on where it stopped, and bounds what a hostile server can make it do: nesting, the length
//! of lines, and room set aside before data arrives.

use bytes::{Buf, BytesMut};
use redis::{Value, VerbatimFormat};

/// Deepest nesting. The deepest reply of Redis itself, `XINFO STREAM FULL`, has six levels.
const MAX_DEPTH: usize = 64;

/// Longest line: a number, a word, an error message.
const MAX_LINE: usize = 64 << 10;

/// The largest string that a server can be configured to send.
const MAX_BULK: usize = 1 << 30;

/// Room set aside for the elements that a server announces, before it has sent any.
const MAX_RESERVED: usize = 1024;

/// What was sent is not RESP.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Takes replies from the front of a buffer, whatever pieces it was filled in.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Whether attributes are given with the value they are about, rather than skipped.
    pub(super) keep_attributes: bool,
    /// The aggregates that have begun and not ended.
    open: Vec<Open>,
    /// Pushes are what is waited for.
    listening: bool,
    /// Attributes of the reply that comes next.
    attributes: Option<Vec<(Value, Value)>>,
}

#[derive(Debug)]
struct Open {
    kind: Kind,
    missing: usize,
    elements: Vec<Value>,
    /// Attributes of the element that comes next.
    attributes: Option<Vec<(Value, Value)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Set,
    Map,
    /// Not an answer to anything; skipped, unless somebody listens.
    Push,
    /// Remarks about the value that follows.
    Attribute,
}

enum Element {
    Value(Value),
    Begin(Kind, usize),
}

impl Decoder {
    /// One that takes pushes for arrays, as which RESP2 sends the same.
    pub(super) fn listening() -> Self {
        Self { listening: true, ..Self::default() }
    }

    /// The next reply, once all of it is there.
    pub(super) fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Value>, Malformed> {
        let mut at = 0;
        let decoded = loop {
            let Some((element, length)) = element(&input[at..])? else { break None };
            at += length;
            let mut complete = match element {
                Element::Value(value) => Some(value),
                Element::Begin(kind, missing) => {
                    if self.open.len() == MAX_DEPTH {
                        return Err(Malformed);
                    }
                    let elements = Vec::with_capacity(missing.min(MAX_RESERVED));
                    self.open.push(Open { kind, missing, elements, attributes: None });
                    self.close()
                }
            };
            while let Some(value) = complete {
                let value = if self.keep_attributes { self.attributed(value) } else { value };
                let Some(parent) = self.open.last_mut() else {
                    input.advance(at);
                    return Ok(Some(value));
                };
                parent.elements.push(value);
                parent.missing -= 1;
                complete = self.close();
            }
        };
        input.advance(at);
        Ok(decoded)
    }

    /// Ends the innermost aggregate if nothing of it is missing.
    fn close(&mut self) -> Option<Value> {
        let open = self.open.pop_if(|open| open.missing == 0)?;
        match open.kind {
            Kind::Array => Some(Value::Array(open.elements)),
            Kind::Push if self.listening => Some(Value::Array(open.elements)),
            Kind::Set => Some(Value::Set(open.elements)),
            Kind::Map => Some(Value::Map(pairs(open.elements))),
            Kind::Attribute if self.keep_attributes => {
                *self.pending() = Some(pairs(open.elements));
                None
            }
            Kind::Push | Kind::Attribute => None,
        }
    }

    /// The attributes that wait for the next value.
    fn pending(&mut self) -> &mut Option<Vec<(Value, Value)>> {
        match self.open.last_mut() {
            Some(parent) => &mut parent.attributes,
            None => &mut self.attributes,
        }
    }

    fn attributed(&mut self, value: Value) -> Value {
        match self.pending().take() {
            Some(attributes) => Value::Attribute { data: Box::new(value), attributes },
            None => value,
        }
    }
}

fn pairs(elements: Vec<Value>) -> Vec<(Value, Value)> {
    let mut elements = elements.into_iter();
    let mut pairs = Vec::with_capacity(elements.len() / 2);
    while let (Some(name), Some(value)) = (elements.next(), elements.next()) {
        pairs.push((name, value));
    }
    pairs
}

/// The element at the front and its length; `None` until all of it is there.
fn element(input: &[u8]) -> Result<Option<(Element, usize)>, Malformed> {
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

fn aggregate(kind: u8, line: &[u8]) -> Result<Element, Malformed> {
    let count = number(line)?;
    if count == -1 {
        return Ok(Element::Value(Value::Nil));
    }
    // No reply has four thousand million elements, and twice as many are still a `usize`.
    let count = u32::try_from(count).map_err(|_| Malformed)? as usize;
    Ok(match kind {
        b'*' => Element::Begin(Kind::Array, count),
        b'~' => Element::Begin(Kind::Set, count),
        b'%' => Element::Begin(Kind::Map, count * 2),
        b'>' => Element::Begin(Kind::Push, count),
        _ => Element::Begin(Kind::Attribute, count * 2),
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

/// One reply, for tests.
#[cfg(test)]
pub(super) fn decoded(text: &[u8]) -> Value {
    let mut input = BytesMut::from(text);
    let value = Decoder::default().decode(&mut input).unwrap().unwrap();
    assert!(input.is_empty());
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn all(input: &[u8], piece: usize) -> Result<Vec<Value>, Malformed> {
        let (mut decoder, mut buffer, mut values) = (Decoder::default(), BytesMut::new(), vec![]);
        for piece in input.chunks(piece) {
            buffer.extend_from_slice(piece);
            while let Some(value) = decoder.decode(&mut buffer)? {
                values.push(value);
            }
        }
        Ok(values)
    }

    #[test]
    fn every_kind_of_reply_is_read() {
        let cases: [(&[u8], Value); 15] = [
            (b"+OK\r\n", Value::Okay),
            (b"+PONG\r\n", Value::SimpleString("PONG".into())),
            (b":-9223372036854775808\r\n", Value::Int(i64::MIN)),
            (b":9223372036854775807\r\n", Value::Int(i64::MAX)),
            (b"$-1\r\n", Value::Nil),
            (b"*-1\r\n", Value::Nil),
            (b"_\r\n", Value::Nil),
            (b"$0\r\n\r\n", bytes("")),
            (b"$4\r\na\r\nb\r\n", bytes("a\r\nb")),
            (b"*0\r\n", Value::Array(vec![])),
            (b"*2\r\n*1\r\n:1\r\n$1\r\na\r\n", {
                Value::Array(vec![Value::Array(vec![Value::Int(1)]), bytes("a")])
            }),
            (b"%1\r\n+a\r\n#t\r\n", {
                Value::Map(vec![(Value::SimpleString("a".into()), Value::Boolean(true))])
            }),
            (b",-inf\r\n", Value::Double(f64::NEG_INFINITY)),
            (b"=7\r\ntxt:abc\r\n", {
                Value::VerbatimString { format: VerbatimFormat::Text, text: "abc".into() }
            }),
            (b"(12345678901234567890\r\n", Value::BigNumber(b"12345678901234567890".to_vec())),
        ];
        for (input, expected) in cases {
            assert_eq!(decoded(input), expected);
        }
    }

    #[test]
    fn pushes_and_attributes_are_skipped() {
        let input = b">2\r\n+invalidate\r\n*1\r\n+k\r\n|1\r\n+ttl\r\n:1\r\n*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n";
        let expected = Value::Array(vec![Value::Int(1), Value::Int(2)]);
        assert_eq!(all(input, 7).unwrap(), [expected]);
    }

    #[test]
    fn an_error_may_quote_bytes_that_are_no_text() {
        let Value::ServerError(error) = decoded(b"-ERR unknown command '\xff'\r\n") else {
            panic!("not an error")
        };
        assert_eq!(error.code(), "ERR");
    }

    #[test]
    fn what_is_not_resp_is_refused_at_once() {
        let deep = b"*1\r\n".repeat(MAX_DEPTH + 1);
        let long = vec![b'+'; MAX_LINE];
        let cases: [&[u8]; 10] = [
            b"HTTP/1.1 400 Bad Request\r\n",
            b":x\r\n",
            b":9223372036854775808\r\n",
            b"$-2\r\n",
            b"$1\r\nabc\r\n",
            b"*-5\r\n",
            b"$99999999999\r\n",
            b"%9223372036854775807\r\n",
            &deep,
            &long,
        ];
        for input in cases {
            assert_eq!(all(input, usize::MAX), Err(Malformed), "{:?}", input.get(..8));
        }
    }

    #[test]
    fn announced_elements_take_no_room_before_they_come() {
        let input = b"*2000000000\r\n:1\r\n";
        assert_eq!(all(input, usize::MAX), Ok(vec![]));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::Int),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::BulkString),
            Just(Value::Nil),
            Just(Value::Okay),
            any::<bool>().prop_map(Value::Boolean),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                proptest::collection::vec((inner.clone(), inner), 0..3).prop_map(Value::Map),
            ]
        })
    }

    fn encode(value: &Value, out: &mut Vec<u8>) {
        match value {
            Value::Int(number) => out.extend(format!(":{number}\r\n").bytes()),
            Value::BulkString(bytes) => {
                out.extend(format!("${}\r\n", bytes.len()).bytes());
                out.extend(bytes);
                out.extend(b"\r\n");
            }
            Value::Okay => out.extend(b"+OK\r\n"),
            Value::Boolean(yes) => out.extend(if *yes { b"#t\r\n" } else { b"#f\r\n" }),
            Value::Array(elements) => {
                out.extend(format!("*{}\r\n", elements.len()).bytes());
                for element in elements {
                    encode(element, out);
                }
            }
            Value::Map(pairs) => {
                out.extend(format!("%{}\r\n", pairs.len()).bytes());
                for (name, value) in pairs {
                    encode(name, out);
                    encode(value, out);
                }
            }
            _ => out.extend(b"_\r\n"),
        }
    }

    proptest! {
        #[test]
        fn replies_are_the_same_in_whatever_pieces_they_come(
            values in proptest::collection::vec(value(), 1..5), piece in 1_usize..20
        ) {
            let mut wire = Vec::new();
            for value in &values {
                encode(value, &mut wire);
            }
            prop_assert_eq!(all(&wire, piece), Ok(values));
        }

        #[test]
        fn garbage_never_panics(garbage: Vec<u8>, piece in 1_usize..20) {
            let _ = all(&garbage, piece);
        }
    }
}
