//! How to watch, as it is asked for.

use std::fmt;
use std::time::Duration;

use mongodb::bson::{Bson, DateTime, Timestamp};
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::backend::mongodb::{BeforeChange, FullDocument, Start, WatchOptions, gate};
use crate::ejson::{Document, Mode, Pipeline, parse_value};
use crate::error::{Error, Result};
use crate::request::params::within;

const MOST_AT_A_TIME: u32 = 1000;
/// Milliseconds that a server waits for events, and may be asked to.
const WAIT: u64 = 1000;
const LONGEST_WAIT: u64 = 10_000;

/// What to watch, how, and from when.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WatchInput {
    /// Name of the database; the connection's own if not given.
    pub(super) db: Option<String>,
    /// Name of the collection, which need not exist yet; all of the database if not given.
    pub(super) coll: Option<String>,
    /// Stages that the events go through: `$match`, `$project`, `$set`, `$unset`, `$addFields`,
    /// `$replaceRoot`, `$replaceWith`, `$redact`, `$changeStreamSplitLargeEvent`.
    #[serde(default)]
    pipeline: Pipeline,
    /// Which document an update is told with.
    full_document: Option<FullDocument>,
    /// Whether a change is told with the document as it was before.
    full_document_before_change: Option<BeforeChange>,
    /// Tell of indexes and collections too (MongoDB 6.0).
    #[serde(default)]
    show_expanded_events: bool,
    /// Begin after the event of this `resume_token`.
    resume_after: Option<Document>,
    /// The same, also after an `invalidate`.
    start_after: Option<Document>,
    /// Begin with the changes of this time.
    start_at_operation_time: Option<Moment>,
    /// Events that the server sends at a time, 1 to 1000.
    batch_size: Option<u32>,
    /// Milliseconds that the server waits for events before it says that there are none, up to 10000;
    /// default 1000.
    #[serde(rename = "maxAwaitTimeMS")]
    max_await_time_ms: Option<u64>,
    /// `relaxed` for display, which is the default, or `canonical` for editing. Tokens are always
    /// canonical.
    #[serde(default)]
    ejson: Mode,
}

impl WatchInput {
    /// As the backend takes it.
    pub(super) fn checked(self) -> Result<(WatchOptions, Start, Mode)> {
        let pipeline = self.pipeline.trees()?;
        gate::change_stream(&pipeline)?;
        let start = match (self.resume_after, self.start_after, self.start_at_operation_time) {
            (None, None, None) => Start::Now,
            (Some(token), None, None) => Start::ResumeAfter(token.into_raw()),
            (None, Some(token), None) => Start::StartAfter(token.into_raw()),
            (None, None, Some(Moment(time))) => Start::At(time),
            _ => {
                return Err(Error::validation(
                    "give one of `resumeAfter`, `startAfter` and `startAtOperationTime`",
                ));
            }
        };
        if self.batch_size == Some(0) {
            return Err(Error::validation("`batchSize` is at least 1"));
        }
        if self.batch_size.is_some_and(|batch| batch > MOST_AT_A_TIME) {
            return Err(Error::too_large(format!("`batchSize` is at most {MOST_AT_A_TIME}")));
        }
        let wait =
            within("maxAwaitTimeMS", self.max_await_time_ms.unwrap_or(WAIT), 1..=LONGEST_WAIT)?;
        let options = WatchOptions {
            pipeline,
            full_document: self.full_document,
            before_change: self.full_document_before_change,
            expanded_events: self.show_expanded_events,
            batch: self.batch_size,
            wait: Duration::from_millis(wait),
        };
        Ok((options, start, self.ejson))
    }
}

/// { "$timestamp": { "t": …, "i": … } }, { "$date": … }, or a date as text.
// A date stands for the second that it begins with.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema)]
#[schemars(extend("type" = ["object", "string"]))]
struct Moment(#[schemars(with = "Value")] Timestamp);

impl Moment {
    fn of(value: &Bson) -> Option<Self> {
        match value {
            Bson::Timestamp(time) => Some(Self(*time)),
            Bson::DateTime(date) => {
                let time = u32::try_from(date.timestamp_millis() / 1000).ok()?;
                Some(Self(Timestamp { time, increment: 0 }))
            }
            _ => None,
        }
    }
}

struct MomentVisitor;

impl<'de> Visitor<'de> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a $timestamp, a $date, or text that holds one or is a date")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        let date = DateTime::parse_rfc3339_str(text).map(Bson::DateTime);
        let value = date.or_else(|_| parse_value(text)).map_err(E::custom)?;
        Moment::of(&value).ok_or_else(|| E::custom("it is not a time of a server"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
        let members = Map::deserialize(MapAccessDeserializer::new(map))?;
        self.visit_str(&Value::Object(members).to_string())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MomentVisitor)
    }
}
