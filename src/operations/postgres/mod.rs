//! Operations of PostgreSQL.

use crate::request::operation::operations;

mod query;
mod table;
mod tables;

operations! {
    /// Runs one SQL statement.
    ///
    /// With `read_only` it runs in a read-only transaction that is rolled back; without, it needs write
    /// permission. A write whose answer is lost is not sent again: the failure's `outcome` is `unknown`.
    "postgres.query" POST "/postgres/{scope}/query" Connection(Postgres) Read 5 does by_input => query::query;
    /// Tables with their columns, keys and relationships.
    ///
    /// In pg-meta's shape, ordered by oid.
    "postgres.tables.list" GET "/postgres/{scope}/tables" Connection(Postgres) Read 5 cache 600
        => tables::list;
}
