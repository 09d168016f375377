//! Values that are written, and the commands that make them.

use super::native_type::NativeType;

/// Elements that one command carries: the server runs a command in one go.
const PER_COMMAND: usize = 1000;

/// A value of any type that Redis itself has.
#[derive(Debug, Clone, PartialEq)]
pub enum NewValue {
    /// Bytes.
    String(Vec<u8>),
    /// Fields and their values.
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    /// Elements in order.
    List(Vec<Vec<u8>>),
    /// Members.
    Set(Vec<Vec<u8>>),
    /// Members and their scores, spelt as Redis spells them.
    SortedSet(Vec<(Vec<u8>, String)>),
    /// Entries: an id, or `*` to let the server choose, and fields.
    Stream(Vec<StreamEntry>),
}

/// An entry of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEntry {
    /// `ms-seq`, or `*`.
    pub id: String,
    /// Fields in order; names may repeat.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl NewValue {
    /// What it is.
    pub fn native_type(&self) -> NativeType {
        match self {
            Self::String(_) => NativeType::String,
            Self::Hash(_) => NativeType::Hash,
            Self::List(_) => NativeType::List,
            Self::Set(_) => NativeType::Set,
            Self::SortedSet(_) => NativeType::SortedSet,
            Self::Stream(_) => NativeType::Stream,
        }
    }

    /// How many elements it has, or bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::String(bytes) => bytes.len(),
            Self::Hash(fields) => fields.len(),
            Self::List(elements) | Self::Set(elements) => elements.len(),
            Self::SortedSet(members) => members.len(),
            Self::Stream(entries) => entries.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands over the commands that make it, name and arguments.
    pub(crate) fn commands(&self, add: &mut dyn FnMut(&str, &[&[u8]])) {
        match self {
            Self::String(value) => add("SET", &[value]),
            Self::Hash(fields) => in_commands(add, "HSET", fields, |args, (name, value)| {
                args.extend([name.as_slice(), value]);
            }),
            Self::List(values) => in_commands(add, "RPUSH", values, |args, v| args.push(v)),
            Self::Set(members) => in_commands(add, "SADD", members, |args, m| args.push(m)),
            Self::SortedSet(members) => {
                in_commands(add, "ZADD", members, |args, (member, score)| {
                    args.extend([score.as_bytes(), member]);
                });
            }
            Self::Stream(entries) => {
                for entry in entries {
                    let mut args = vec![entry.id.as_bytes()];
                    args.extend(entry.fields.iter().flat_map(|(n, v)| [n.as_slice(), v]));
                    add("XADD", &args);
                }
            }
        }
    }
}

fn in_commands<'a, T>(
    add: &mut dyn FnMut(&str, &[&[u8]]),
    name: &str,
    items: &'a [T],
    spread: impl Fn(&mut Vec<&'a [u8]>, &'a T),
) {
    for items in items.chunks(PER_COMMAND) {
        let mut args = Vec::with_capacity(items.len() * 2);
        for item in items {
            spread(&mut args, item);
        }
        add(name, &args);
    }
}
