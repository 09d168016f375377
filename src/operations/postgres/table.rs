//! A table in pg-meta's shape. The server writes it; what its members are is said here.
#![allow(dead_code, clippy::struct_excessive_bools)] // nothing is made of these but their schema

use schemars::JsonSchema;
use serde_json::Value;

/// A table.
#[derive(JsonSchema)]
pub(super) struct Table {
    /// Its oid.
    id: i64,
    schema: String,
    name: String,
    rls_enabled: bool,
    rls_forced: bool,
    replica_identity: ReplicaIdentity,
    /// With its indexes and what is kept out of line.
    bytes: i64,
    /// The same for people.
    size: String,
    live_rows_estimate: i64,
    dead_rows_estimate: i64,
    comment: Option<String>,
    primary_keys: Vec<PrimaryKey>,
    relationships: Vec<Relationship>,
    /// Not there without `include_columns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<TableColumn>>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum ReplicaIdentity {
    Default,
    Index,
    Full,
    Nothing,
}

/// A column of a primary key.
#[derive(JsonSchema)]
struct PrimaryKey {
    table_id: i64,
    schema: String,
    table_name: String,
    name: String,
}

/// A foreign key from or to the table, once for each pair of columns.
#[derive(JsonSchema)]
struct Relationship {
    id: i64,
    constraint_name: String,
    source_schema: String,
    source_table_name: String,
    source_column_name: String,
    target_table_schema: String,
    target_table_name: String,
    target_column_name: String,
}

/// A column of a table.
#[derive(JsonSchema)]
struct TableColumn {
    table_id: i64,
    schema: String,
    table: String,
    /// Oid of the table, a dot, and the column's number.
    id: String,
    ordinal_position: i64,
    name: String,
    /// The expression, as SQL.
    default_value: Option<Value>,
    /// As `information_schema` says it: `ARRAY`, `USER-DEFINED`, or the type's name.
    data_type: String,
    /// `pg_type.typname`, of a domain's base type.
    format: String,
    is_identity: bool,
    /// `ALWAYS` or `BY DEFAULT`.
    identity_generation: Option<String>,
    is_generated: bool,
    is_nullable: bool,
    is_updatable: bool,
    is_unique: bool,
    /// The values of an enum.
    enums: Vec<String>,
    /// The first check of this column alone.
    check: Option<String>,
    comment: Option<String>,
}
