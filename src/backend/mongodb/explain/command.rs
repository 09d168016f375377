//! The commands that ask for an explanation.

use mongodb::bson::{Bson, Document, doc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backend::mongodb::command::{encoded, insert_given};
use crate::backend::mongodb::read::Reading;
use crate::error::Result;

/// How much to find out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verbosity {
    /// The plan that would be chosen. Nothing is run.
    #[default]
    QueryPlanner,
    /// The plan that was chosen, and what it did: a query is run; of an update or delete, all but the
    /// writing.
    ExecutionStats,
    /// The same for the plans that were tried and not chosen.
    AllPlansExecution,
}

impl Verbosity {
    /// Whether the operation is run.
    #[must_use]
    pub fn runs(self) -> bool {
        self != Self::QueryPlanner
    }
}

/// An operation that is explained.
#[derive(Debug, Clone)]
pub enum Explained {
    /// A query.
    Find {
        /// Which documents.
        filter: Document,
        /// Which of their fields.
        projection: Option<Document>,
        /// In which order.
        sort: Option<Document>,
        /// How many to pass over.
        skip: Option<i64>,
        /// How many at most.
        limit: Option<i64>,
        /// Values that expressions can name.
        variables: Option<Document>,
        /// Let the sort use the server's disk.
        allow_disk_use: Option<bool>,
    },
    /// A pipeline.
    Aggregate {
        /// Its stages.
        pipeline: Vec<Document>,
        /// Values that expressions can name.
        variables: Option<Document>,
        /// Let stages that sort or group use the server's disk.
        allow_disk_use: Option<bool>,
    },
    /// A count.
    Count {
        /// Of which documents.
        filter: Document,
    },
    /// The different values of a field.
    Distinct {
        /// Path of the field.
        key: String,
        /// In which documents.
        filter: Document,
    },
    /// An update.
    Update {
        /// Of which documents.
        filter: Document,
        /// Operators, or an array of stages.
        update: Bson,
        /// Of all of them and not of the first.
        multi: bool,
        /// Make a document where there is none.
        upsert: bool,
    },
    /// A delete.
    Delete {
        /// Of which documents.
        filter: Document,
        /// Of all of them and not of the first.
        multi: bool,
    },
}

pub(super) fn build(
    coll: &str,
    explained: Explained,
    reading: &Reading,
    verbosity: Verbosity,
) -> Result<Document> {
    let mut command = doc! { "explain": inner(coll, explained, reading)? };
    command.insert("verbosity", encoded(verbosity)?);
    reading.describe_concern(&mut command)?;
    Ok(command)
}

fn inner(coll: &str, explained: Explained, reading: &Reading) -> Result<Document> {
    let mut command = match explained {
        Explained::Update { filter, update, multi, upsert } => {
            let mut one = doc! { "q": filter, "u": update, "multi": multi, "upsert": upsert };
            reading.describe(&mut one)?;
            return Ok(doc! { "update": coll, "updates": [one] });
        }
        Explained::Delete { filter, multi } => {
            let mut one = doc! { "q": filter, "limit": i32::from(!multi) };
            reading.describe(&mut one)?;
            return Ok(doc! { "delete": coll, "deletes": [one] });
        }
        Explained::Find { filter, projection, sort, skip, limit, variables, allow_disk_use } => {
            let mut command = doc! { "find": coll, "filter": filter };
            insert_given(&mut command, "projection", projection);
            insert_given(&mut command, "sort", sort);
            insert_given(&mut command, "skip", skip);
            insert_given(&mut command, "limit", limit);
            insert_given(&mut command, "let", variables);
            insert_given(&mut command, "allowDiskUse", allow_disk_use);
            command
        }
        Explained::Aggregate { pipeline, variables, allow_disk_use } => {
            let mut command = doc! { "aggregate": coll, "pipeline": pipeline, "cursor": {} };
            insert_given(&mut command, "let", variables);
            insert_given(&mut command, "allowDiskUse", allow_disk_use);
            command
        }
        Explained::Count { filter } => doc! { "count": coll, "query": filter },
        Explained::Distinct { key, filter } => {
            doc! { "distinct": coll, "key": key, "query": filter }
        }
    };
    reading.describe(&mut command)?;
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(explained: Explained, verbosity: Verbosity) -> Document {
        let mut reading = Reading::default();
        reading.use_index("a_1".to_owned());
        reading.collate(&doc! { "locale": "de" }).unwrap();
        reading.require("majority").unwrap();
        build("c", explained, &reading, verbosity).unwrap()
    }

    #[test]
    fn a_query_is_explained_as_it_would_be_run() {
        let find = Explained::Find {
            filter: doc! { "a": 1 },
            projection: None,
            sort: Some(doc! { "b": -1 }),
            skip: None,
            limit: Some(5),
            variables: None,
            allow_disk_use: Some(true),
        };
        let expected = doc! {
            "explain": {
                "find": "c",
                "filter": { "a": 1 },
                "sort": { "b": -1 },
                "limit": 5_i64,
                "allowDiskUse": true,
                "collation": { "locale": "de" },
                "hint": "a_1",
            },
            "verbosity": "queryPlanner",
            "readConcern": { "level": "majority" },
        };
        assert_eq!(built(find, Verbosity::QueryPlanner), expected);
    }

    #[test]
    fn a_write_carries_its_options_where_servers_look_for_them() {
        let update = Explained::Update {
            filter: doc! { "a": 1 },
            update: doc! { "$set": { "b": 1 } }.into(),
            multi: true,
            upsert: false,
        };
        let command = built(update, Verbosity::ExecutionStats);
        let one = doc! {
            "q": { "a": 1 },
            "u": { "$set": { "b": 1 } },
            "multi": true,
            "upsert": false,
            "collation": { "locale": "de" },
            "hint": "a_1",
        };
        assert_eq!(
            command.get_document("explain").unwrap(),
            &doc! { "update": "c", "updates": [one] }
        );
        let delete = Explained::Delete { filter: doc! {}, multi: false };
        let command = built(delete, Verbosity::AllPlansExecution);
        let inner = command.get_document("explain").unwrap();
        let one = inner.get_array("deletes").unwrap()[0].as_document().unwrap();
        assert_eq!(one.get_i32("limit").unwrap(), 1);
        assert_eq!(command.get_str("verbosity").unwrap(), "allPlansExecution");
    }
}
