//! Replies off the wire: RESP2 and RESP3, into the `redis` crate's values.
//!
//! The crate's own decoder is not used: it takes several times as long for the many small replies
//! of a page of keys, and gives up on an error message that quotes bytes which are no text. This one
//! goes on where it stopped, and bounds what a hostile server can make it do: nesting, the length
//! of lines, and room set aside before data arrives.

mod element;

use bytes::{Buf, BytesMut};
use redis::Value;

use self::element::{Aggregate, Element, element, longer};

/// Deepest nesting. The deepest reply of Redis itself, `XINFO STREAM FULL`, has six levels.
const MAX_DEPTH: usize = 64;

/// Room set aside for the elements that a server announces, before it has sent any.
const MAX_RESERVED: usize = 1024;

/// What was sent is not RESP.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Takes replies from the front of a buffer, whatever pieces it was filled in.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// Whether attributes are given with the value they are about, rather than skipped.
    pub(crate) keep_attributes: bool,
    /// The aggregates that have begun and not ended.
    open: Vec<Open>,
    /// Pushes are what is waited for, and strings in them are not longer than this.
    listening: Option<usize>,
    /// How much is still to come of a longer one, which is passed over.
    passing: usize,
    /// Attributes of the reply that comes next.
    attributes: Option<Vec<(Value, Value)>>,
}

#[derive(Debug)]
struct Open {
    kind: Aggregate,
    missing: usize,
    elements: Vec<Value>,
    /// Attributes of the element that comes next.
    attributes: Option<Vec<(Value, Value)>>,
}

impl Decoder {
    /// One that takes pushes for arrays, as which RESP2 sends the same. A string that is longer than
    /// `longest` is read as nil, and takes no room.
    pub(crate) fn listening(longest: usize) -> Self {
        Self { listening: Some(longest), ..Self::default() }
    }

    /// The next reply, once all of it is there.
    pub(crate) fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Value>, Malformed> {
        let mut at = 0;
        let decoded = loop {
            let Some((element, length)) = self.element(&input[at..])? else { break None };
            at += length;
            let mut complete = match element {
                Element::Value(value) => Some(value),
                Element::Part => None,
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

    fn element(&mut self, input: &[u8]) -> Result<Option<(Element, usize)>, Malformed> {
        if self.passing == 0 {
            let found = element(input)?;
            let Some(longest) = self.listening.filter(|_| found.is_none()) else {
                return Ok(found);
            };
            self.passing = longer(input, longest).unwrap_or_default();
        }
        if self.passing == 0 || input.is_empty() {
            return Ok(None);
        }
        let used = self.passing.min(input.len());
        self.passing -= used;
        let whole = self.passing == 0;
        Ok(Some((if whole { Element::Value(Value::Nil) } else { Element::Part }, used)))
    }

    /// Ends the innermost aggregate if nothing of it is missing.
    fn close(&mut self) -> Option<Value> {
        let open = self.open.pop_if(|open| open.missing == 0)?;
        match open.kind {
            Aggregate::Array => Some(Value::Array(open.elements)),
            Aggregate::Push if self.listening.is_some() => Some(Value::Array(open.elements)),
            Aggregate::Set => Some(Value::Set(open.elements)),
            Aggregate::Map => Some(Value::Map(pairs(open.elements))),
            Aggregate::Attribute if self.keep_attributes => {
                *self.pending() = Some(pairs(open.elements));
                None
            }
            Aggregate::Push | Aggregate::Attribute => None,
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

/// One reply, for tests.
#[cfg(test)]
pub(crate) fn decoded(text: &[u8]) -> Value {
    let mut input = BytesMut::from(text);
    let value = Decoder::default().decode(&mut input).unwrap().unwrap();
    assert!(input.is_empty());
    value
}

#[cfg(test)]
mod tests;
