//! The values inside a line.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::input::{Bytes, Score, each_once};
use crate::backend::redis::transfer::small::FieldExpiries;
use crate::backend::redis::transfer::stream_state::{ConsumerGroup, PendingEntry, StreamState};
use crate::backend::redis::values::{NativeType, NewValue, StreamEntry};
use crate::json::Integer64;

/// Elements that one line may hold; a longer value goes on in the next.
const MAX_ELEMENTS: usize = 100_000;

/// Times of fields, in milliseconds since 1970, have 46 bits in the server.
const LATEST: i64 = (1 << 46) - 1;

// Elements in an array, as many as a line may hold. (Not a doc comment: that would stand in the schema.)
#[derive(Debug, JsonSchema)]
#[schemars(inline)]
pub(super) struct Capped<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Capped<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(CappedVisitor(PhantomData))
    }
}

struct CappedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for CappedVisitor<T> {
    type Value = Capped<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Capped<T>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            if elements.len() == MAX_ELEMENTS {
                let message = format!("a line holds at most {MAX_ELEMENTS} elements");
                return Err(de::Error::custom(message));
            }
            elements.push(element);
        }
        Ok(Capped(elements))
    }
}

/// Bytes as base64.
#[derive(Debug)]
pub(super) struct Base64(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text).map(Self).map_err(|_| de::Error::custom("it is not base64"))
    }
}

/// Reads a value, or a part of one.
pub(super) fn value(kind: NativeType, raw: &RawValue) -> Result<NewValue, String> {
    let read = match kind {
        NativeType::String => parse::<Bytes>(raw).map(|text| NewValue::String(text.0)),
        NativeType::List => parse(raw).map(|elements| NewValue::List(bytes(elements))),
        NativeType::Set => parse(raw).map(|members| NewValue::Set(bytes(members))),
        NativeType::Hash => parse(raw).map(|fields| NewValue::Hash(pairs(fields))),
        NativeType::SortedSet => parse::<Capped<(Bytes, Score)>>(raw).map(|members| {
            let member = |(member, score): (Bytes, Score)| (member.0, score.0);
            NewValue::SortedSet(members.0.into_iter().map(member).collect())
        }),
        NativeType::Stream => {
            let entries: Capped<ExportedEntry> = parse(raw)?;
            let entries =
                entries.0.into_iter().map(ExportedEntry::checked).collect::<Result<_, _>>();
            entries.map(NewValue::Stream)
        }
    };
    let read = read.map_err(|reason| format!("the value is none of its type: {reason}"))?;
    match &read {
        NewValue::Hash(fields) => once("value", fields)?,
        NewValue::SortedSet(members) => once("value", members)?,
        _ => {}
    }
    Ok(read)
}

fn parse<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let error = error.to_string();
        error.split_once(" at line 1 column").map_or(error.clone(), |(what, _)| what.to_owned())
    })
}

fn bytes(elements: Capped<Bytes>) -> Vec<Vec<u8>> {
    elements.0.into_iter().map(|element| element.0).collect()
}

fn pairs(pairs: Capped<(Bytes, Bytes)>) -> Vec<(Vec<u8>, Vec<u8>)> {
    pairs.0.into_iter().map(|(name, value)| (name.0, value.0)).collect()
}

/// Refuses a name that stands in one line twice. In two lines it may: what changes while it is read may be
/// read twice, and the later line has what it is then.
fn once<T>(at: &str, named: &[(Vec<u8>, T)]) -> Result<(), String> {
    each_once(at, named.iter().map(|(name, _)| name.as_slice()))
}

/// An entry of a stream.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportedEntry {
    id: String,
    /// Names and values, in their order.
    fields: Capped<(Bytes, Bytes)>,
}

impl ExportedEntry {
    fn checked(self) -> Result<StreamEntry, String> {
        let fields = pairs(self.fields);
        if fields.is_empty() {
            return Err(format!("the entry {:?} has no fields", self.id));
        }
        Ok(StreamEntry { id: id(self.id)?, fields })
    }
}

/// `ms-seq`, both of 64 bits.
fn id(text: String) -> Result<String, String> {
    let numbers = text.split_once('-').map(|(ms, seq)| (ms.parse::<u64>(), seq.parse::<u64>()));
    match numbers {
        Some((Ok(_), Ok(_))) => Ok(text),
        _ => Err(format!("{text:?} is not the id of an entry")),
    }
}

/// When fields expire.
#[derive(Debug, Deserialize)]
pub(super) struct FieldTimes(Capped<(Bytes, i64)>);

impl FieldTimes {
    pub(super) fn checked(self) -> Result<FieldExpiries, String> {
        let checked = |(name, at): (Bytes, i64)| {
            (1..=LATEST).contains(&at).then_some((name.0, at)).ok_or_else(|| {
                "`field_expires` has a value that is not a time in milliseconds since 1970"
                    .to_owned()
            })
        };
        let times: FieldExpiries = self.0.0.into_iter().map(checked).collect::<Result<_, _>>()?;
        once("field_expires", &times)?;
        Ok(times)
    }
}

/// A stream without its entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportedStream {
    /// Of the last entry there ever was.
    last_id: String,
    /// How many entries there ever were; servers before 7.0 do not tell.
    #[schemars(with = "Integer64", skip_serializing_if = "Option::is_none")]
    entries_added: Option<i64>,
    /// The greatest that was deleted; servers before 7.0 do not tell.
    #[schemars(with = "String", skip_serializing_if = "Option::is_none")]
    max_deleted_id: Option<String>,
    groups: Capped<ExportedGroup>,
}

/// A consumer group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExportedGroup {
    name: Bytes,
    last_delivered_id: String,
    /// Not there where the server does not know.
    #[schemars(with = "Integer64", skip_serializing_if = "Option::is_none")]
    entries_read: Option<i64>,
}

impl ExportedStream {
    pub(super) fn checked(self) -> Result<StreamState, String> {
        let group = |group: ExportedGroup| {
            Ok(ConsumerGroup {
                name: group.name.0,
                last_delivered_id: id(group.last_delivered_id)?,
                entries_read: group.entries_read,
                pending: 0,
            })
        };
        Ok(StreamState {
            last_id: id(self.last_id)?,
            entries_added: self.entries_added,
            max_deleted_id: self.max_deleted_id.map(id).transpose()?,
            groups: self.groups.0.into_iter().map(group).collect::<Result<_, String>>()?,
        })
    }
}

/// Deliveries of a consumer group that were not acknowledged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PendingOfGroup {
    group: Bytes,
    deliveries: Capped<ExportedDelivery>,
}

/// A delivery that was not acknowledged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExportedDelivery {
    /// The entry.
    id: String,
    consumer: Bytes,
    #[schemars(with = "Integer64")]
    at: i64,
    /// How often it was delivered.
    #[schemars(with = "Integer64")]
    count: i64,
}

impl PendingOfGroup {
    pub(super) fn checked(self) -> Result<(Vec<u8>, Vec<PendingEntry>), String> {
        let delivery = |delivery: ExportedDelivery| {
            let ExportedDelivery { id: entry, consumer, at, count } = delivery;
            if at < 0 || count < 0 {
                return Err("a delivery has a negative time or count".to_owned());
            }
            Ok(PendingEntry { id: id(entry)?, consumer: consumer.0, at, count })
        };
        let deliveries = self.deliveries.0.into_iter().map(delivery).collect::<Result<_, _>>()?;
        Ok((self.group.0, deliveries))
    }
}
