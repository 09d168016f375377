//! What a database's profiler recorded.

use mongodb::bson::{DateTime, Document, doc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::operations::request_id;
use super::redact;
use crate::backend::Warnings;
use crate::backend::mongodb::cap::Cap;
use crate::backend::mongodb::command::{Call, Found, integer, trees};
use crate::backend::mongodb::driver::APP_NAME;
use crate::ejson::{self, Mode, json_of};
use crate::error::{Error, Result};

const COLLECTION: &str = "system.profile";
/// Parts of a record that are large and of no use here.
const LEFT_OUT: [&str; 4] = ["allUsers", "flowControl", "locks", "storage"];

/// Which records to show, and how.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// Only operations that took at least so many milliseconds.
    pub millis: Option<i64>,
    /// Only operations on this database or collection.
    pub ns: Option<String>,
    /// Only operations of this kind.
    pub op: Option<String>,
    /// With the values in their commands, and how they were executed.
    pub values: bool,
    /// At most so much.
    pub cap: Cap,
    /// After this place.
    pub cursor: Option<RecordCursor>,
}

/// A place among the records, which are shown from the newest on: after the first `seen` of those of
/// one millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordCursor {
    at: i64,
    seen: u32,
}

impl RecordCursor {
    /// Reads what [`RecordCursor::text`] wrote.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = text.split_once('.');
        let read = parts.and_then(|(at, seen)| Some((at.parse().ok()?, seen.parse().ok()?)));
        let (at, seen) = read.ok_or_else(|| Error::validation("`cursor` is not one of ours"))?;
        Ok(Self { at, seen })
    }

    /// As text, for the next request.
    pub fn text(&self) -> String {
        format!("{}.{}", self.at, self.seen)
    }

    /// The place after these records, which began at `before`.
    fn after(records: &[Document], before: Option<Self>) -> Option<Self> {
        let time = |record: &Document| record.get_datetime("ts").ok().map(|t| t.timestamp_millis());
        let at = time(records.last()?)?;
        let same = records.iter().rev().take_while(|record| time(record) == Some(at)).count();
        let seen_before = before.filter(|before| before.at == at && same == records.len());
        let seen = u32::try_from(same).ok()? + seen_before.map_or(0, |before| before.seen);
        Some(Self { at, seen })
    }
}

/// A page of what a database's profiler recorded, and how it is set.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProfilerPage")]
pub struct Recorded {
    /// `0` records nothing, `1` slow operations, `2` all; `null` where the user may not know.
    level: Option<i64>,
    /// Milliseconds from which on an operation is slow.
    slow_ms: Option<i64>,
    /// Which share of slow operations is recorded, from 0 to 1.
    sample_rate: Option<f64>,
    /// Which operations are recorded, instead of the slow ones.
    #[schemars(with = "Option<ejson::ShownDocument>")]
    filter: Option<Box<RawValue>>,
    /// From the newest on.
    records: Vec<Record>,
    /// Where the next page begins; `null` on the last.
    cursor: Option<String>,
    /// What the connection's user may not see.
    warnings: Warnings,
}

/// An operation that was recorded. What the server did not record of it is `null`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProfilerRecord")]
struct Record {
    /// When it had ended, RFC 3339 in UTC.
    at: Option<String>,
    /// `query`, `insert`, `update`, `remove`, `getmore` or `command`.
    op: Option<String>,
    /// Database and collection: `db.coll`.
    ns: Option<String>,
    /// How long it took.
    milliseconds: Option<i64>,
    /// How it found its documents: `COLLSCAN`, `IXSCAN { a: 1 }`.
    plan_summary: Option<String>,
    /// Keys of indexes.
    keys_examined: Option<i64>,
    documents_examined: Option<i64>,
    /// Documents.
    returned: Option<i64>,
    /// Documents.
    inserted: Option<i64>,
    /// Documents.
    modified: Option<i64>,
    /// Documents.
    deleted: Option<i64>,
    response_bytes: Option<i64>,
    /// How often it let others go first.
    yields: Option<i64>,
    /// Whether it sorted what no index had in order.
    sorted: bool,
    /// Whether it needed more memory than it may have.
    used_disk: bool,
    /// The same for operations of the same shape.
    query_hash: Option<String>,
    /// The address it came from.
    client: Option<String>,
    /// What the client calls itself.
    app_name: Option<String>,
    /// `name@database`.
    user: Option<String>,
    /// It was sent by this program: by this process or another of the same kind.
    own: bool,
    /// The request that sent it, where it is ours.
    request_id: Option<String>,
    /// The server's code of its failure.
    error_code: Option<i64>,
    /// The name of that code.
    error_name: Option<String>,
    /// The command, without values unless they were asked for.
    #[schemars(with = "Option<ejson::ShownDocument>")]
    command: Option<Box<RawValue>>,
    /// For the next batch of a cursor: the command that opened it.
    #[schemars(with = "Option<ejson::ShownDocument>")]
    originating_command: Option<Box<RawValue>>,
    /// How it was executed; only with values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ejson::ShownDocument")]
    execution: Option<Box<RawValue>>,
}

impl Call<'_> {
    /// A page of what a database's profiler recorded, and how it is set.
    pub async fn recorded(&self, db: &str, records: &Records) -> Result<Recorded> {
        let mut warnings = Warnings::default();
        let settings = match self.command(db, doc! { "profile": -1 }).await {
            Ok(settings) => settings,
            Err(error) => {
                warnings.add("level", error);
                doc! {}
            }
        };
        let (found, more) = self.records(db, records).await?;
        let next = if more { RecordCursor::after(&found, records.cursor) } else { None };
        let filter = settings.get_document("filter").ok();
        Ok(Recorded {
            level: integer(&settings, "was"),
            slow_ms: integer(&settings, "slowms"),
            sample_rate: settings.get("sampleRate").and_then(mongodb::bson::Bson::as_f64),
            filter: filter.map(|filter| json_of(filter, Mode::Relaxed)).transpose()?,
            records: found.iter().map(|r| Record::of(r, records.values)).collect::<Result<_>>()?,
            cursor: next.map(|next| next.text()),
            warnings,
        })
    }

    async fn records(&self, db: &str, records: &Records) -> Result<(Vec<Document>, bool)> {
        let Records { millis, ns, op, values, cap, cursor } = records;
        // Reading the records is no news.
        let mut filter = vec![doc! { "ns": { "$ne": format!("{db}.{COLLECTION}") } }];
        filter.extend(millis.map(|millis| doc! { "millis": { "$gte": millis } }));
        filter.extend(ns.as_ref().map(|ns| doc! { "ns": ns }));
        filter.extend(op.as_ref().map(|op| doc! { "op": op }));
        let until = cursor.map(|cursor| DateTime::from_millis(cursor.at));
        filter.extend(until.map(|until| doc! { "ts": { "$lte": until } }));
        let left_out = LEFT_OUT.iter().copied().chain((!values).then_some("execStats"));
        let command = doc! {
            "find": COLLECTION,
            "filter": { "$and": filter },
            "projection": left_out.map(|part| (part.to_owned(), 0.into())).collect::<Document>(),
            "sort": { "ts": -1 },
            "skip": i64::from(cursor.map_or(0, |cursor| cursor.seen)),
            "limit": i64::from(cap.documents) + 1,
        };
        let Found { documents, more } = self.found(db, command, *cap).await?;
        Ok((trees(&documents, "a record of the profiler")?, more))
    }
}

impl Record {
    fn of(record: &Document, values: bool) -> Result<Self> {
        let text = |name| record.get_str(name).ok().map(str::to_owned);
        let number = |name| integer(record, name);
        let is = |name| record.get_bool(name).unwrap_or(false);
        let show = |name| {
            let command = record.get_document(name).ok();
            let shown = command.map(if values { redact::whole } else { redact::shape });
            shown.map(|command| json_of(&command, Mode::Relaxed)).transpose()
        };
        let comment = |name| record.get_document(name).ok()?.get_str("comment").ok();
        let own = text("appName").as_deref() == Some(APP_NAME);
        let execution = record.get_document("execStats").ok().filter(|_| values);
        let at = record.get_datetime("ts").ok();
        Ok(Self {
            at: at.and_then(|at| at.try_to_rfc3339_string().ok()),
            op: text("op"),
            ns: text("ns"),
            milliseconds: number("millis"),
            plan_summary: text("planSummary"),
            keys_examined: number("keysExamined"),
            documents_examined: number("docsExamined"),
            returned: number("nreturned"),
            inserted: number("ninserted"),
            modified: number("nModified"),
            deleted: number("ndeleted"),
            response_bytes: number("responseLength"),
            yields: number("numYield"),
            sorted: is("hasSortStage"),
            used_disk: is("usedDisk"),
            query_hash: text("queryShapeHash").or_else(|| text("queryHash")),
            client: text("client"),
            app_name: text("appName"),
            user: text("user").filter(|user| !user.is_empty()),
            own,
            request_id: comment("command")
                .or_else(|| comment("originatingCommand"))
                .filter(|_| own)
                .and_then(request_id),
            error_code: number("errCode"),
            error_name: text("errName"),
            command: show("command")?,
            originating_command: show("originatingCommand")?,
            execution: execution.map(|stats| json_of(stats, Mode::Relaxed)).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Document {
        doc! { "ts": DateTime::from_millis(millis) }
    }

    #[test]
    fn records_of_one_millisecond_are_not_lost_between_pages() {
        let first = RecordCursor::after(&[at(9), at(7), at(7)], None).unwrap();
        assert_eq!(first, RecordCursor { at: 7, seen: 2 });
        let second = RecordCursor::after(&[at(7), at(7)], Some(first)).unwrap();
        assert_eq!(second, RecordCursor { at: 7, seen: 4 });
        let third = RecordCursor::after(&[at(7), at(3)], Some(second)).unwrap();
        assert_eq!(third, RecordCursor { at: 3, seen: 1 });
        assert_eq!(RecordCursor::parse(&third.text()).unwrap(), third);
        assert!(RecordCursor::after(&[], None).is_none());
        for text in ["", "7", "7.", ".1", "a.1", "7.-1"] {
            assert!(RecordCursor::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_record_is_read_as_servers_from_5_to_8_write_it() {
        let record = doc! {
            "op": "query", "ns": "app.people",
            "command": { "find": "people", "filter": { "name": "Ada" }, "comment": "r-1#00ff00ff",
                "lsid": {}, "$db": "app" },
            "keysExamined": 0, "docsExamined": 1000, "hasSortStage": true, "nreturned": 1,
            "queryHash": "811451DD", "planCacheKey": "759981BA", "numYield": 2,
            "responseLength": 200, "protocol": "op_msg", "millis": 12,
            "planSummary": "COLLSCAN", "execStats": { "stage": "COLLSCAN", "filter": { "name": "Ada" } },
            "ts": DateTime::from_millis(0), "client": "10.0.0.1", "appName": "studio-multidb",
            "allUsers": [], "user": "",
        };
        let shown = serde_json::to_value(Record::of(&record, false).unwrap()).unwrap();
        assert_eq!(shown["command"]["filter"]["name"], "?");
        assert_eq!((&shown["own"], &shown["request_id"]), (&true.into(), &"r-1".into()));
        assert_eq!((&shown["documents_examined"], &shown["returned"]), (&1000.into(), &1.into()));
        assert_eq!(shown["at"], "1970-01-01T00:00:00Z");
        assert!(!shown.to_string().contains("Ada") && shown["user"].is_null());
        let whole = serde_json::to_value(Record::of(&record, true).unwrap()).unwrap();
        assert_eq!(whole["execution"]["stage"], "COLLSCAN");
        assert_eq!(whole["command"]["filter"]["name"], "Ada");
        assert!(whole["command"].get("lsid").is_none());
    }
}
