//! Making indexes, and how far that is.

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::mongodb::cap::Cap;
use crate::backend::mongodb::command::{Call, integer};
use crate::backend::mongodb::names::Namespace;
use crate::backend::mongodb::server::RunningOperations;
use crate::error::{Error, Result};

/// Builds that are looked at; servers run a few at a time.
const MOST: Cap = Cap { documents: 1000, bytes: 16 << 20 };

/// How far an index is while it is being built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "IndexProgress")]
pub struct Progress {
    /// What the server does, in its words; `null` where the user may not see it.
    pub message: Option<String>,
    /// How much of that is done; `null` where it is not told, as below.
    pub done: Option<i64>,
    /// How much there is to do.
    pub total: Option<i64>,
    /// For how many seconds it has been at it.
    pub seconds: Option<i64>,
}

/// How making an index ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Built {
    /// It was made.
    Made,
    /// It was there already.
    Existed,
}

/// Running builds, each with the names of its indexes.
pub(super) type Builds = Vec<(Vec<String>, Progress)>;

impl Call<'_> {
    /// Makes an index and waits until it is there. When the call ends before, so does the server's work
    /// on it.
    pub async fn create_index(
        &self,
        namespace: &Namespace,
        definition: Document,
        commit_quorum: Option<Bson>,
    ) -> Result<Built> {
        let mut command = doc! { "createIndexes": namespace.coll(), "indexes": [definition] };
        if let Some(quorum) = commit_quorum {
            command.insert("commitQuorum", quorum);
        }
        self.alter(namespace.db(), command).await.map(|answer| built(&answer))
    }

    /// The index builds that run on a collection: the names of the indexes, and how far they are; and
    /// why the user may not see all of them.
    pub(super) async fn index_builds(
        &self,
        namespace: &Namespace,
    ) -> Result<(Builds, Option<Error>)> {
        let of_it = doc! { "command.createIndexes": namespace.coll() };
        let RunningOperations { operations, denied, .. } = self.running(false, of_it, MOST).await?;
        let builds = operations.iter().filter_map(|running| build(running, namespace.db()));
        Ok((builds.collect(), denied))
    }

    /// How far the index with this name is, if it is being built and the user may see it.
    pub async fn index_build(&self, namespace: &Namespace, name: &str) -> Result<Option<Progress>> {
        let (builds, _) = self.index_builds(namespace).await?;
        let mut of_it = builds.into_iter().filter(|(names, _)| names.iter().any(|n| n == name));
        Ok(of_it.next().map(|(_, progress)| progress))
    }
}

/// A sharded cluster answers with what each shard said.
fn built(answer: &Document) -> Built {
    let counts = |told: &Document| {
        let number = |name| integer(told, name);
        number("numIndexesBefore").zip(number("numIndexesAfter"))
    };
    let raw = answer.get_document("raw").ok();
    let shards = raw.into_iter().flat_map(Document::values).filter_map(Bson::as_document);
    let counts: Vec<_> = std::iter::once(answer).chain(shards).filter_map(counts).collect();
    let existed = !counts.is_empty() && counts.iter().all(|(before, after)| before == after);
    if existed { Built::Existed } else { Built::Made }
}

/// A build among the running operations. The one that works on it has its progress; the one that
/// waits for it has the command too.
fn build(operation: &RawDocumentBuf, db: &str) -> Option<(Vec<String>, Progress)> {
    let operation = Document::try_from(operation).ok()?;
    let command = operation.get_document("command").ok()?;
    if command.get_str("$db").is_ok_and(|of| of != db) {
        return None;
    }
    let indexes = command.get_array("indexes").ok()?;
    let name = |index: &Bson| Some(index.as_document()?.get_str("name").ok()?.to_owned());
    let names: Vec<String> = indexes.iter().filter_map(name).collect();
    let progress = operation.get_document("progress").ok();
    let progress = Progress {
        message: operation.get_str("msg").ok().map(str::to_owned),
        done: progress.and_then(|p| integer(p, "done")),
        total: progress.and_then(|p| integer(p, "total")),
        seconds: integer(&operation, "secs_running"),
    };
    Some((names, progress))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_was_there_is_not_told_as_made() {
        let answer = doc! { "numIndexesBefore": 2, "numIndexesAfter": 3, "ok": 1.0 };
        assert_eq!(built(&answer), Built::Made);
        let answer = doc! { "numIndexesBefore": 2, "numIndexesAfter": 2,
        "note": "all indexes already exist", "ok": 1.0 };
        assert_eq!(built(&answer), Built::Existed);
        let shard = |after| doc! { "numIndexesBefore": 1, "numIndexesAfter": after, "ok": 1.0 };
        let sharded = |after| doc! { "raw": { "s0/h:1": shard(1), "s1/h:2": shard(after) } };
        assert_eq!(built(&sharded(2)), Built::Made);
        assert_eq!(built(&sharded(1)), Built::Existed);
        assert_eq!(built(&doc! { "ok": 1.0 }), Built::Made);
    }

    #[test]
    fn progress_is_read_from_the_operation_that_builds() {
        let operation = |db: &str| {
            let command = doc! { "createIndexes": "c", "$db": db,
            "indexes": [{ "v": 2, "key": { "a": 1 }, "name": "a_1" }] };
            let operation = doc! {
                "type": "op", "desc": "IndexBuildsCoordinatorMongod-0", "active": true,
                "opid": 5, "op": "none", "secs_running": 3_i64, "command": command,
                "msg": "Index Build: scanning collection Index Build: scanning collection: 42/100 42%",
                "progress": { "done": 42_i64, "total": 100_i64 },
            };
            RawDocumentBuf::try_from(&operation).unwrap()
        };
        let (names, progress) = build(&operation("app"), "app").unwrap();
        assert_eq!(names, ["a_1"]);
        assert_eq!(
            (progress.done, progress.total, progress.seconds),
            (Some(42), Some(100), Some(3))
        );
        assert!(build(&operation("other"), "app").is_none());
    }
}
