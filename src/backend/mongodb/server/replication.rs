//! A server's place among others.

use mongodb::bson::{Bson, DateTime, Document};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::mongodb::command::integer;

/// The replica set that a server is a member of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "MongoReplication")]
pub struct Replication {
    /// Its name.
    pub set: Option<String>,
    /// What this member is.
    pub state: MemberState,
    /// This member's address.
    pub me: Option<String>,
    /// The primary's address; `null` while there is none.
    pub primary: Option<String>,
    /// Addresses of members that hold data.
    pub hosts: Vec<String>,
    /// Addresses of members that can't become primary.
    pub passives: Vec<String>,
    /// Addresses of members that only vote.
    pub arbiters: Vec<String>,
    /// How the members do; empty where the user may not know.
    pub members: Vec<Member>,
}

/// What a member of a replica set is at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// It takes writes.
    Primary,
    /// It copies from others.
    Secondary,
    /// It only votes.
    Arbiter,
    /// It is starting, recovering, or removed.
    Other,
}

/// A member of a replica set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ReplicaSetMember")]
pub struct Member {
    /// Its number.
    pub id: Option<i64>,
    /// Its address.
    pub host: String,
    /// `PRIMARY`, `SECONDARY`, `RECOVERING`, …
    pub state: String,
    /// Whether it answers.
    pub healthy: bool,
    /// Whether it is the one that was asked.
    pub is_self: bool,
    /// Seconds since it was started.
    pub uptime_seconds: Option<i64>,
    /// When its last operation was made, RFC 3339 in UTC.
    pub last_operation: Option<String>,
    /// Seconds that it is behind the primary; of secondaries alone.
    pub lag_seconds: Option<i64>,
    /// Milliseconds to it and back.
    pub ping_ms: Option<i64>,
    /// Where it copies from.
    pub sync_source: Option<String>,
    /// What it has to say.
    pub message: Option<String>,
}

/// A shard of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Shard {
    /// Its name.
    pub id: String,
    /// Its replica set and members: `set/host:port,…`.
    pub host: String,
}

impl Replication {
    /// From the answers to `hello` and `replSetGetStatus`.
    pub(super) fn of(hello: &Document, status: &Document) -> Self {
        let text = |name| hello.get_str(name).ok().map(str::to_owned);
        let is = |name| hello.get_bool(name).unwrap_or(false);
        let state = if is("isWritablePrimary") {
            MemberState::Primary
        } else if is("secondary") {
            MemberState::Secondary
        } else if is("arbiterOnly") {
            MemberState::Arbiter
        } else {
            MemberState::Other
        };
        Self {
            set: text("setName"),
            state,
            me: text("me"),
            primary: text("primary"),
            hosts: texts(hello, "hosts"),
            passives: texts(hello, "passives"),
            arbiters: texts(hello, "arbiters"),
            members: members(status),
        }
    }
}

impl Shard {
    /// From the answer to `listShards`.
    pub(super) fn all(answer: &Document) -> Vec<Self> {
        let shard = |shard: &Document| {
            Some(Self {
                id: shard.get_str("_id").ok()?.to_owned(),
                host: shard.get_str("host").ok()?.to_owned(),
            })
        };
        documents(answer, "shards").filter_map(shard).collect()
    }
}

fn members(status: &Document) -> Vec<Member> {
    let applied = |member: &Document| member.get_datetime("optimeDate").ok().copied();
    let is = |member: &Document, state: &str| member.get_str("stateStr").is_ok_and(|s| s == state);
    let primary = documents(status, "members").find(|member| is(member, "PRIMARY"));
    let newest = primary.and_then(applied);
    let member = |member: &Document| {
        let text = |name| member.get_str(name).ok().filter(|t| !t.is_empty()).map(str::to_owned);
        let last = applied(member);
        Some(Member {
            id: integer(member, "_id"),
            host: text("name")?,
            state: text("stateStr").unwrap_or_else(|| "UNKNOWN".to_owned()),
            healthy: integer(member, "health") == Some(1),
            is_self: member.get_bool("self").unwrap_or(false),
            uptime_seconds: integer(member, "uptime"),
            last_operation: last.and_then(|time| time.try_to_rfc3339_string().ok()),
            lag_seconds: newest.zip(last).filter(|_| is(member, "SECONDARY")).map(lag),
            ping_ms: integer(member, "pingMs"),
            sync_source: text("syncSourceHost").or_else(|| text("syncingTo")),
            message: text("infoMessage").or_else(|| text("lastHeartbeatMessage")),
        })
    };
    documents(status, "members").filter_map(member).collect()
}

/// A secondary may be told of an operation before the primary's own state is.
fn lag((newest, last): (DateTime, DateTime)) -> i64 {
    ((newest.timestamp_millis() - last.timestamp_millis()) / 1000).max(0)
}

fn documents<'a>(answer: &'a Document, name: &str) -> impl Iterator<Item = &'a Document> {
    answer.get_array(name).into_iter().flatten().filter_map(Bson::as_document)
}

fn texts(answer: &Document, name: &str) -> Vec<String> {
    let listed = answer.get_array(name).into_iter().flatten();
    listed.filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::doc;

    #[test]
    fn members_are_told_with_how_far_they_are_behind() {
        let at = |seconds: i64| DateTime::from_millis(seconds * 1000);
        let status = doc! { "set": "rs0", "myState": 1, "members": [
            { "_id": 0, "name": "a:1", "health": 1.0, "state": 1, "stateStr": "PRIMARY",
              "uptime": 500, "optimeDate": at(100), "self": true, "infoMessage": "" },
            { "_id": 1, "name": "b:1", "health": 1.0, "state": 2, "stateStr": "SECONDARY",
              "uptime": 400_i64, "optimeDate": at(93), "pingMs": 3_i64,
              "syncSourceHost": "a:1", "lastHeartbeatMessage": "" },
            { "_id": 2, "name": "c:1", "health": 0.0, "state": 8,
              "stateStr": "(not reachable/healthy)", "optimeDate": at(0),
              "lastHeartbeatMessage": "Connection refused" },
        ], "ok": 1.0 };
        let hello = doc! { "isWritablePrimary": true, "setName": "rs0", "me": "a:1",
        "primary": "a:1", "hosts": ["a:1", "b:1"], "arbiters": ["d:1"] };
        let replication = Replication::of(&hello, &status);
        assert_eq!((replication.state, replication.hosts.len()), (MemberState::Primary, 2));
        assert_eq!(replication.arbiters, ["d:1"]);
        let [a, b, c] = replication.members.as_slice() else { panic!("{replication:?}") };
        assert!(a.is_self && a.healthy && a.lag_seconds.is_none() && a.message.is_none());
        assert_eq!((b.lag_seconds, b.sync_source.as_deref()), (Some(7), Some("a:1")));
        assert!(!c.healthy && c.lag_seconds.is_none());
        assert_eq!(c.message.as_deref(), Some("Connection refused"));
    }

    #[test]
    fn a_member_without_rights_still_knows_what_it_is() {
        let hello = doc! { "secondary": true, "setName": "rs0", "hosts": ["a:1"] };
        let replication = Replication::of(&hello, &doc! {});
        assert_eq!((replication.state, replication.members.len()), (MemberState::Secondary, 0));
        assert_eq!(replication.primary, None);
    }

    #[test]
    fn shards_are_listed() {
        let answer = doc! { "shards": [
            { "_id": "s0", "host": "s0/h1:27018,h2:27018", "state": 1 },
        ], "ok": 1.0 };
        let host = "s0/h1:27018,h2:27018".to_owned();
        assert_eq!(Shard::all(&answer), [Shard { id: "s0".into(), host }]);
    }
}
