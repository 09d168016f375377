//! Writing an object member by member, for answers that are written while they are read.

use serde::Serialize;

use super::Writer;
use crate::error::Result;

/// An object whose members are being written. Whoever opens it must [`close`](Object::close) it.
#[derive(Debug)]
#[must_use]
pub struct Object<'w> {
    out: &'w mut Writer,
    first: bool,
}

impl<'w> Object<'w> {
    /// Begins an object.
    pub fn open(out: &'w mut Writer) -> Self {
        out.raw(b"{");
        Self { out, first: true }
    }

    /// Begins a member, whose value the caller writes next. The name must need no escaping.
    pub fn key(&mut self, name: &str) -> &mut Writer {
        self.out.comma(&mut self.first);
        self.out.key(name);
        self.out
    }

    /// The same with a name that may need escaping.
    pub fn escaped_key(&mut self, name: &str) -> &mut Writer {
        self.out.comma(&mut self.first);
        self.out.string(name);
        self.out.raw(b":");
        self.out
    }

    /// A member.
    pub fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        self.key(name).value(value)
    }

    /// All members of what is serialised as an object.
    pub fn members<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let begin = self.out.len();
        self.out.value(value)?;
        let out = self.out.buffer();
        debug_assert!(out[begin] == b'{' && out.ends_with(b"}"), "this is no object");
        out.pop();
        if out.len() == begin + 1 {
            out.truncate(begin);
        } else if std::mem::take(&mut self.first) {
            out.remove(begin);
        } else {
            out[begin] = b',';
        }
        Ok(())
    }

    /// Members that are JSON already, without the braces around them.
    pub fn raw_members(&mut self, members: &str) {
        if !members.is_empty() {
            self.out.comma(&mut self.first);
            self.out.raw(members);
        }
    }

    /// Ends it.
    pub fn close(self) {
        self.out.raw(b"}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    proptest! {
        #[test]
        fn members_in_any_order_make_one_object(
            parts in prop::collection::vec((any::<bool>(), 0..3_usize), 0..6)
        ) {
            let mut out = Writer::new();
            let mut object = Object::open(&mut out);
            let mut expected = BTreeMap::new();
            for (n, (one, count)) in parts.into_iter().enumerate() {
                let names = (0..if one { 1 } else { count }).map(|i| (format!("{n}-{i}"), json!(i)));
                let members: BTreeMap<String, Value> = names.collect();
                match members.iter().next() {
                    Some((name, value)) if one && n % 2 == 0 => object.member(name, value).unwrap(),
                    Some((name, value)) if one => object.escaped_key(name).value(value).unwrap(),
                    _ => object.members(&members).unwrap(),
                }
                expected.extend(members);
            }
            object.close();
            let read: BTreeMap<String, Value> = serde_json::from_slice(out.text()).unwrap();
            prop_assert_eq!(read, expected);
        }
    }
}
