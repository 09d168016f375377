//! Reading one line of an export. Lines come from anywhere: nothing that one says makes it cost more
//! memory than a few times its own length, and nesting is bounded.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::input::Bytes;
use super::content::{self, FieldTimes};
use super::export_line::Checkpoint;
use super::ledger::Sums;
use crate::backend::redis::transfer::small::FieldExpiries;
use crate::backend::redis::transfer::stream_state::{PendingEntry, StreamState};
use crate::backend::redis::values::{NativeType, NewValue};

/// Times of keys, in milliseconds since 1970, are integers that JavaScript has.
const LATEST: i64 = (1 << 53) - 1;

/// One line.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Header { version: u64, continues: Option<String> },
    Key(KeyLine),
    Part { value: &'a RawValue, field_expires: FieldExpiries, more: bool },
    Pending { group: Vec<u8>, deliveries: Vec<PendingEntry>, more: bool },
    Gone,
    Skipped,
    Warning,
    Checkpoint { cursor: String, sums: Sums },
    End(Sums),
    Error(String),
}

/// The beginning of a key, and all of it without `more`.
#[derive(Debug)]
pub(super) struct KeyLine {
    pub(super) key: Vec<u8>,
    pub(super) expires_at: Option<i64>,
    pub(super) content: KeyContent,
    pub(super) more: bool,
}

#[derive(Debug)]
pub(super) enum KeyContent {
    Value {
        kind: NativeType,
        value: NewValue,
        field_expires: FieldExpiries,
        stream: Option<StreamState>,
    },
    /// What `DUMP` gave, and what says that it was us who read it.
    Dump { type_name: String, bytes: Vec<u8>, seal: Option<String> },
}

/// Why a line was refused, and the key that it is about, if that could be read.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) key: Option<Vec<u8>>,
    pub(super) reason: String,
}

/// Every member that a line may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    redis_export: Option<u64>,
    #[serde(rename = "at")]
    _at: Option<IgnoredAny>,
    #[serde(rename = "server")]
    _server: Option<IgnoredAny>,
    #[serde(rename = "filter")]
    _filter: Option<IgnoredAny>,
    continues: Option<String>,
    key: Option<Bytes>,
    #[serde(rename = "type")]
    type_name: Option<String>,
    expires_at: Option<i64>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    part: Option<&'a RawValue>,
    field_expires: Option<FieldTimes>,
    stream: Option<content::ExportedStream>,
    dump: Option<content::Base64>,
    seal: Option<String>,
    pending: Option<content::PendingOfGroup>,
    #[serde(default)]
    more: bool,
    #[serde(rename = "changed")]
    _changed: Option<bool>,
    gone: Option<bool>,
    /// Earlier exports tell it as `skipped`.
    #[serde(alias = "skipped")]
    problem: Option<IgnoredAny>,
    warning: Option<IgnoredAny>,
    checkpoint: Option<Checkpoint>,
    end: Option<Sums>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

impl<'a> Line<'a> {
    /// Reads a line, given without its end.
    pub(super) fn read(line: &'a [u8]) -> Result<Self, Refused> {
        let raw: Raw<'a> = serde_json::from_slice(line).map_err(|error| Refused {
            key: key_of(line),
            reason: format!("it is not a line of an export: {}", without_line_number(&error)),
        })?;
        let key = raw.key.as_ref().map(|key| key.0.clone());
        raw.classify().map_err(|reason| Refused { key, reason })
    }
}

impl<'a> Raw<'a> {
    fn classify(self) -> Result<Line<'a>, String> {
        let kinds = [
            self.redis_export.is_some(),
            self.key.is_some(),
            self.part.is_some(),
            self.pending.is_some(),
            self.gone.is_some(),
            self.problem.is_some(),
            self.warning.is_some(),
            self.checkpoint.is_some(),
            self.end.is_some(),
            self.error.is_some(),
        ];
        if kinds.into_iter().filter(|&kind| kind).count() != 1 {
            return Err(
                "it is not a line of an export: it must be one thing, and only one".to_owned()
            );
        }
        let field_expires =
            self.field_expires.map(FieldTimes::checked).transpose()?.unwrap_or_default();
        if let Some(key) = self.key {
            let type_name = self.type_name.ok_or("`type` is missing")?;
            let expires_at = self.expires_at;
            if expires_at.is_some_and(|at| !(1..=LATEST).contains(&at)) {
                return Err("`expires_at` is not a time in milliseconds since 1970".to_owned());
            }
            let content = match (self.value, self.dump) {
                (None, Some(_)) if NativeType::named(&type_name).is_some() => {
                    return Err(format!(
                        "a {type_name} is not restored from a dump, which can be made to crash the \
                         server; export it anew, and the line has its `value`"
                    ));
                }
                (None, Some(content::Base64(bytes))) if !self.more => {
                    KeyContent::Dump { type_name, bytes, seal: self.seal }
                }
                (Some(value), None) => {
                    let kind = NativeType::named(&type_name)
                        .ok_or_else(|| format!("there is no way to write a {type_name:?}"))?;
                    let value = content::value(kind, value)?;
                    let stream = self.stream.map(content::ExportedStream::checked).transpose()?;
                    KeyContent::Value { kind, value, field_expires, stream }
                }
                _ => return Err("it must have `value`, or a whole `dump`".to_owned()),
            };
            return Ok(Line::Key(KeyLine { key: key.0, expires_at, content, more: self.more }));
        }
        Ok(if let Some(value) = self.part {
            Line::Part { value, field_expires, more: self.more }
        } else if let Some(pending) = self.pending {
            let (group, deliveries) = pending.checked()?;
            Line::Pending { group, deliveries, more: self.more }
        } else if let Some(version) = self.redis_export {
            Line::Header { version, continues: self.continues }
        } else if let Some(Checkpoint { cursor, sums }) = self.checkpoint {
            Line::Checkpoint { cursor, sums }
        } else if let Some(sums) = self.end {
            Line::End(sums)
        } else if let Some(Failure { message }) = self.error {
            Line::Error(message)
        } else if self.gone.is_some() {
            Line::Gone
        } else if self.problem.is_some() {
            Line::Skipped
        } else {
            Line::Warning
        })
    }
}

/// The key of a line that is otherwise wrong.
fn key_of(line: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Named {
        key: Bytes,
    }

    serde_json::from_slice::<Named>(line).ok().map(|named| named.key.0)
}

/// What the parser says, which takes the line for a whole text.
fn without_line_number(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(line: &serde_json::Value) -> Result<(), Refused> {
        Line::read(line.to_string().as_bytes()).map(drop)
    }

    #[test]
    fn a_line_is_one_thing() {
        let sums = json!({ "keys": 0, "skipped": 0, "lines": 1, "sha256": "" });
        for good in [
            json!({ "redis_export": 1, "at": 0, "server": {}, "filter": {} }),
            json!({ "key": "k", "type": "string", "value": "v" }),
            json!({ "key": "k", "type": "list", "value": [], "more": true }),
            json!({ "part": ["v"] }),
            json!({ "gone": true }),
            json!({ "skipped": { "key": "k" } }),
            json!({ "end": sums }),
            json!({ "error": { "message": "m" } }),
        ] {
            assert!(read(&good).is_ok(), "{good}");
        }
        for bad in [
            json!({}),
            json!([]),
            json!({ "key": "k" }),
            json!({ "key": "k", "type": "string" }),
            json!({ "key": "k", "type": "string", "value": "v", "part": "v" }),
            json!({ "key": "k", "type": "string", "value": "v", "ttl": 1 }),
            json!({ "key": "k", "type": "string", "value": ["v"] }),
            json!({ "key": "k", "type": "string", "value": "v", "expires_at": -1 }),
            json!({ "key": "k", "type": "string", "value": "v", "expires_at": 1.5 }),
            json!({ "key": "k", "type": "module", "value": "v" }),
            json!({ "key": "k", "type": "module", "dump": "!" }),
            json!({ "key": "k", "type": "module", "dump": "AAAA", "more": true }),
            json!({ "end": { "keys": 1 } }),
            json!({ "key": "k", "type": "hash", "value": [["a", "1"], ["a", "2"]] }),
            json!({ "key": "k", "type": "hash", "value": [["1", "1"], [1, "1"]] }),
            json!({ "key": "k", "type": "zset", "value": [["a", 1], ["a", 2]] }),
            json!({
                "key": "k", "type": "hash", "value": [["a", "1"]], "field_expires": [["a", 1], ["a", 2]],
            }),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_key_of_a_wrong_line_is_told() {
        let refused = read(&json!({ "key": "k", "type": "hash", "value": {} })).unwrap_err();
        assert_eq!(refused.key.as_deref(), Some(&b"k"[..]));
        let refused = read(&json!({ "key": "k", "colour": "red" })).unwrap_err();
        assert_eq!(refused.key.as_deref(), Some(&b"k"[..]));
        assert!(refused.reason.contains("colour"), "{}", refused.reason);
    }

    #[test]
    fn nesting_without_end_is_refused() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            for place in ["value", "key", "server", "skipped"] {
                let depth = 100_000;
                let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                let line = format!(r#"{{"type":"list","{place}":{nested}}}"#);
                let _ = Line::read(line.as_bytes());
                let line = format!(r#"{{"key":"k","type":"list","value":[{nested}]}}"#);
                assert!(Line::read(line.as_bytes()).is_err());
            }
        }
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_never_panics(garbage: Vec<u8>, text in "[{}\\[\\]\":,a-z0-9]*") {
            prop_assert!(Line::read(&garbage).is_err());
            prop_assert!(Line::read(text.as_bytes()).is_err());
        }
    }
}
