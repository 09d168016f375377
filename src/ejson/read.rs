//! Extended JSON, as serde hands it over, to BSON bytes.
//!
//! A value is appended to the bytes of the document it belongs to. Its type byte stands before the
//! field's name and is filled in once the value is known.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::wrapper;
use crate::json::SeenNames;

pub(super) const DOUBLE: u8 = 0x01;
pub(super) const STRING: u8 = 0x02;
pub(super) const DOCUMENT: u8 = 0x03;
pub(super) const ARRAY: u8 = 0x04;
const BOOLEAN: u8 = 0x08;
const NULL: u8 = 0x0a;
const INT32: u8 = 0x10;
const INT64: u8 = 0x12;

/// Levels of nesting; servers store documents of 180.
pub(super) const MOST_LEVELS: usize = 200;

/// `serde_json` goes down 127 levels by itself, and some of them may be around a document. What is
/// below so many of ours is taken as text, which needs no levels, and read from there.
const LEVELS_AT_ONCE: usize = 100;

/// Appends an element to a document: type, name, value.
pub(super) struct Element<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) kind: usize,
    /// How many documents and arrays it is in.
    depth: usize,
}

impl<'o> Element<'o> {
    /// Starts an element of a document that has this depth; names can't hold a zero byte.
    pub(super) fn start<E: Error>(
        out: &'o mut Vec<u8>,
        key: &str,
        depth: usize,
    ) -> Result<Self, E> {
        if key.as_bytes().contains(&0) {
            return Err(E::custom("a field name can't contain a zero character"));
        }
        let kind = out.len();
        out.push(0);
        out.extend_from_slice(key.as_bytes());
        out.push(0);
        Ok(Self { out, kind, depth })
    }

    /// Begins a document or an array.
    fn open<E: Error>(&mut self, kind: u8) -> Result<(), E> {
        if self.depth >= MOST_LEVELS {
            return Err(E::custom(format!(
                "nested too deeply; at most {MOST_LEVELS} levels are taken"
            )));
        }
        self.set(kind, &[]);
        Ok(())
    }

    pub(super) fn set(&mut self, kind: u8, bytes: &[u8]) {
        self.out[self.kind] = kind;
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn set_string<E: Error>(&mut self, kind: u8, text: &str) -> Result<(), E> {
        self.out[self.kind] = kind;
        string_into(self.out, text.as_bytes())
    }
}

/// A length, the text, a zero.
pub(super) fn string_into<E: Error>(out: &mut Vec<u8>, text: &[u8]) -> Result<(), E> {
    let length = i32::try_from(text.len() + 1).map_err(|_| E::custom("the text is too long"))?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text);
    out.push(0);
    Ok(())
}

/// Appends a document: its length, the elements that `elements` appends, a zero.
pub(super) fn document_into<E: Error, T>(
    out: &mut Vec<u8>,
    elements: impl FnOnce(&mut Vec<u8>) -> Result<T, E>,
) -> Result<T, E> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let done = elements(out)?;
    out.push(0);
    let length = i32::try_from(out.len() - start).map_err(|_| E::custom("it is too large"))?;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(done)
}

/// Appends all members of an object whose first key is already known, and which is at this depth
/// itself: 1 where it is in no other.
pub(super) fn members_into<'de, A: MapAccess<'de>>(
    out: &mut Vec<u8>,
    first: Option<String>,
    map: &mut A,
    depth: usize,
) -> Result<(), A::Error> {
    let mut keys = SeenNames::default();
    let mut next = first;
    while let Some(key) = next {
        if wrapper::is_wrapper(&key) {
            return Err(A::Error::custom(format!("`{key}` must be the only member of its object")));
        }
        map.next_value_seed(Element::start(out, &key, depth)?)?;
        if !keys.add(key) {
            return Err(A::Error::custom("a field is given twice in one object"));
        }
        next = map.next_key()?;
    }
    Ok(())
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.depth.is_multiple_of(LEVELS_AT_ONCE) {
            return deserializer.deserialize_any(self);
        }
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let read = serde_json::Deserializer::from_str(text.get()).deserialize_any(self);
        read.map_err(|error| {
            let text = error.to_string();
            // It counts lines within this value.
            D::Error::custom(text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]))
        })
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extended JSON")
    }

    fn visit_bool<E: Error>(mut self, value: bool) -> Result<(), E> {
        self.set(BOOLEAN, &[u8::from(value)]);
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, value: i64) -> Result<(), E> {
        match i32::try_from(value) {
            Ok(value) => self.set(INT32, &value.to_le_bytes()),
            Err(_) => self.set(INT64, &value.to_le_bytes()),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            // Larger than any integer of BSON; JSON numbers have no range, so it is not an error.
            #[allow(clippy::cast_precision_loss)]
            Err(_) => self.visit_f64(value as f64),
        }
    }

    fn visit_f64<E: Error>(mut self, value: f64) -> Result<(), E> {
        self.set(DOUBLE, &value.to_le_bytes());
        Ok(())
    }

    fn visit_str<E: Error>(mut self, value: &str) -> Result<(), E> {
        self.set_string(STRING, value)
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.set(NULL, &[]);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.open(ARRAY)?;
        let depth = self.depth + 1;
        document_into(self.out, |out| {
            let mut index = itoa::Buffer::new();
            let mut at = 0_u32;
            while items.next_element_seed(Element::start(out, index.format(at), depth)?)?.is_some()
            {
                at += 1;
            }
            // The element that was started for the item that did not come.
            out.truncate(out.len() - index.format(at).len() - 2);
            Ok(())
        })
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let first: Option<String> = map.next_key()?;
        match first {
            Some(key) if wrapper::is_wrapper(&key) => wrapper::read(&mut self, &key, &mut map),
            first => {
                self.open(DOCUMENT)?;
                let depth = self.depth + 1;
                document_into(self.out, |out| members_into(out, first, &mut map, depth))
            }
        }
    }
}
