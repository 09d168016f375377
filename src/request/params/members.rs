//! The members of a JSON object that has none of them twice.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Far more than any input has members. A request is held to it before anything is compared or kept,
/// so that what it costs grows with its length and no faster.
pub const MOST_VALUES: usize = 1000;

/// Members in the order they were given, their values not yet read.
pub(super) struct Members(pub(super) Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            members.push((name, value));
            if members.len() > MOST_VALUES {
                return Err(de::Error::custom(format!("it has more than {MOST_VALUES} members")));
            }
        }
        Ok(Members(members))
    }
}
