//! Tables with their columns, keys and relationships, in one round trip and in pg-meta's shape.
//!
//! The catalog queries and the meaning of the filters are those of postgres-meta
//! (<https://github.com/supabase/postgres-meta>, Apache-2.0), `PostgresMetaTables.list`.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::postgres::client::Client;
use crate::backend::postgres::query::{Parameter, Shape, Statement, array_literal};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json::Writer;

const TABLES: &str = include_str!("tables.sql");
const COLUMNS: &str = include_str!("columns.sql");
const SYSTEM_SCHEMAS: [&str; 3] = ["information_schema", "pg_catalog", "pg_toast"];
const TIMEOUT: Duration = Duration::from_secs(30);
/// Far more than a database holds tables.
const MOST: u32 = 1_000_000;

/// Which tables, and how much of them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableFilter {
    /// Only tables of these schemas.
    #[serde(default)]
    pub included_schemas: Vec<String>,
    /// No tables of these schemas; has no effect beside `included_schemas`.
    #[serde(default)]
    pub excluded_schemas: Vec<String>,
    /// With `information_schema`, `pg_catalog` and `pg_toast`.
    #[serde(default)]
    pub include_system_schemas: bool,
    /// With the columns of each table.
    #[serde(default = "yes")]
    pub include_columns: bool,
    /// At most so many tables: 1 to 1000; all of them by default.
    pub limit: Option<u32>,
    /// Without the first so many.
    #[serde(default)]
    pub offset: u64,
}

fn yes() -> bool {
    true
}

impl Client {
    /// Writes the tables as a JSON array of at most `max_bytes`, ordered by oid. More than that is
    /// `PAYLOAD_TOO_LARGE`.
    pub async fn tables(
        &self,
        filter: &TableFilter,
        max_bytes: usize,
        request_id: Arc<str>,
        deadline: Deadline,
        out: &mut Writer,
    ) -> Result<()> {
        let (in_schemas, schemas) = filter.schemas();
        let statement = Statement {
            sql: sql(in_schemas, filter.include_columns),
            parameters: vec![
                Parameter::Text(array_literal(&schemas)),
                filter.limit.map_or(Parameter::Null, |n| Parameter::Text(n.to_string())),
                Parameter::Text(filter.offset.to_string()),
            ],
            read_only: true,
            timeout: TIMEOUT,
            max_rows: MOST,
            max_bytes,
            shape: Shape::Objects,
            request_id: Some(request_id),
        };
        let answer = self.run(&statement, deadline, out).await?;
        if answer.truncated {
            return Err(Error::too_large(
                "the tables are more than fits into one answer; page with limit and offset, or \
                 leave out the columns",
            ));
        }
        Ok(())
    }
}

impl TableFilter {
    /// The condition on a schema's name, and the names in it.
    fn schemas(&self) -> (&'static str, Vec<&str>) {
        if !self.included_schemas.is_empty() {
            let names = self.included_schemas.iter().map(String::as_str).collect();
            return ("= any ($1::text[])", names);
        }
        let system = SYSTEM_SCHEMAS.into_iter().filter(|_| !self.include_system_schemas);
        let names = system.chain(self.excluded_schemas.iter().map(String::as_str)).collect();
        ("<> all ($1::text[])", names)
    }
}

fn sql(in_schemas: &str, with_columns: bool) -> String {
    let (with, select) = if with_columns {
        (
            format!(", columns as ({COLUMNS})"),
            ", coalesce((select array_agg(row_to_json(columns)) filter (where columns.table_id = \
             tables.id) from columns), '{}') as columns",
        )
    } else {
        (String::new(), "")
    };
    format!("with tables as ({TABLES}){with} select *{select} from tables order by id")
        .replace("{in_schemas}", in_schemas)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter() -> TableFilter {
        serde_json::from_str("{}").unwrap()
    }

    #[test]
    fn included_schemas_win_over_excluded_ones() {
        let excluded = TableFilter { excluded_schemas: vec!["a".into()], ..filter() };
        let (condition, names) = excluded.schemas();
        assert_eq!(condition, "<> all ($1::text[])");
        assert_eq!(names, ["information_schema", "pg_catalog", "pg_toast", "a"]);
        let both = TableFilter { included_schemas: vec!["b".into()], ..excluded };
        assert_eq!(both.schemas(), ("= any ($1::text[])", vec!["b"]));
        let all = TableFilter { include_system_schemas: true, ..filter() };
        assert!(all.schemas().1.is_empty());
    }
}
