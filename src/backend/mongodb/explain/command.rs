//! The commands that ask for an explanation.

use mongodb::bson::{Document, doc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backend::mongodb::command::{encoded, insert_given};
use crate::backend::mongodb::read::AggregateOptions;
use crate::backend::mongodb::write::Statement;
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
    },
    /// A pipeline.
    Aggregate(Vec<Document>),
    /// A count of the documents that match.
    Count(Document),
    /// The different values of a field.
    Distinct {
        /// Path of the field.
        key: String,
        /// In which documents.
        filter: Document,
    },
    /// An update or a delete.
    Write(Statement),
}

pub(super) fn build(
    coll: &str,
    explained: Explained,
    options: AggregateOptions,
    verbosity: Verbosity,
) -> Result<Document> {
    let reading = options.reading.clone();
    let mut command = doc! { "explain": inner(coll, explained, options)? };
    command.insert("verbosity", encoded(verbosity)?);
    reading.describe_concern(&mut command)?;
    Ok(command)
}

/// The options of a write are in its statement.
fn inner(coll: &str, explained: Explained, options: AggregateOptions) -> Result<Document> {
    let AggregateOptions { allow_disk_use, variables, reading, .. } = options;
    let with_options = |mut command: Document| {
        insert_given(&mut command, "let", variables);
        insert_given(&mut command, "allowDiskUse", allow_disk_use);
        command
    };
    let mut command = match explained {
        Explained::Write(statement) => return statement.alone(coll),
        Explained::Find { filter, projection, sort, skip, limit } => {
            let mut command = doc! { "find": coll, "filter": filter };
            insert_given(&mut command, "projection", projection);
            insert_given(&mut command, "sort", sort);
            insert_given(&mut command, "skip", skip);
            insert_given(&mut command, "limit", limit);
            with_options(command)
        }
        Explained::Aggregate(pipeline) => {
            with_options(doc! { "aggregate": coll, "pipeline": pipeline, "cursor": {} })
        }
        Explained::Count(filter) => doc! { "count": coll, "query": filter },
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
    use crate::backend::mongodb::read::Reading;
    use crate::backend::mongodb::write::{Change, Selection};

    fn reading() -> Reading {
        let mut reading = Reading::default();
        reading.use_index("a_1".to_owned());
        reading.collate(&doc! { "locale": "de" }).unwrap();
        reading.require("majority").unwrap();
        reading
    }

    fn built(explained: Explained, verbosity: Verbosity) -> Document {
        let allow_disk_use = Some(true);
        let reading = reading();
        let options = AggregateOptions { allow_disk_use, reading, ..AggregateOptions::default() };
        build("c", explained, options, verbosity).unwrap()
    }

    #[test]
    fn a_query_is_explained_as_it_would_be_run() {
        let find = Explained::Find {
            filter: doc! { "a": 1 },
            projection: None,
            sort: Some(doc! { "b": -1 }),
            skip: None,
            limit: Some(5),
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
        let selection = |many| Selection { filter: doc! { "a": 1 }, many, reading: reading() };
        let change = Change::operators(doc! { "$set": { "b": 1 } });
        let update = Statement::update(&selection(true), change, false).unwrap();
        let command = built(Explained::Write(update), Verbosity::ExecutionStats);
        let one = doc! {
            "q": { "a": 1 },
            "u": { "$set": { "b": 1 } },
            "multi": true,
            "collation": { "locale": "de" },
            "hint": "a_1",
        };
        assert_eq!(
            command.get_document("explain").unwrap(),
            &doc! { "update": "c", "updates": [one] }
        );
        let delete = Explained::Write(Statement::delete(&selection(false)).unwrap());
        let command = built(delete, Verbosity::AllPlansExecution);
        let inner = command.get_document("explain").unwrap();
        let one = inner.get_array("deletes").unwrap()[0].as_document().unwrap();
        assert_eq!(one.get_i32("limit").unwrap(), 1);
        assert_eq!(command.get_str("verbosity").unwrap(), "allPlansExecution");
    }
}
