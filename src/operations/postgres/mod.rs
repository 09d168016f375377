//! Operations of PostgreSQL.

use crate::request::operation::operations;

pub mod query;
pub mod tables;

operations! {
    /// Runs one SQL statement.
    "postgres.query" POST "/postgres/{scope}/query" Connection(Postgres) Read 5 does by_input => query::query;
    /// Tables with their columns, keys and relationships.
    "postgres.tables.list" GET "/postgres/{scope}/tables" Connection(Postgres) Read 5 cache 600
        => tables::list;
}
