//! The import of connections from the old table.
//!
//! They are read, sealed for their new rows and written in one transaction. What was imported is noted,
//! so that a connection somebody deletes afterwards does not come back.

use std::sync::LazyLock;

use super::imported::Imported;
use super::row::LegacyRow;
use crate::error::Result;
use crate::platform::{Lent, Parameters, cell, sanitized_json};
use crate::registry::vault::{Sealed, Vault};

/// What is still to be imported. The query is a file because it belongs to the migration.
static PENDING: LazyLock<String> = LazyLock::new(|| pending(QUERY));

/// The same before anything was migrated: nothing was imported.
static PLANNED: LazyLock<String> = LazyLock::new(|| {
    let query = QUERY
        .replace("WITH legacy AS (", NOTHING_YET)
        .replace("platform.databases_legacy_imports", "nothing_yet")
        .replace("platform.database_connections", "nothing_yet");
    pending(&query)
});

const NOTHING_YET: &str = "WITH nothing_yet AS (
    SELECT NULL::uuid AS id, NULL::uuid AS project_id, NULL::text AS identifier LIMIT 0
), legacy AS (";

const QUERY: &str = include_str!("../../../migrations/legacy_import.sql");

fn pending(query: &str) -> String {
    let query = query.trim_end();
    format!(
        "SELECT id, project_id, database_type, identifier, description, connection_string, host, \
         port, database_name, username, password, options, status, last_connected_at::text, \
         last_error, created_at::text, updated_at::text, project_ref, name, settings_left, \
         faults, passwords_taken \
         FROM (\n{}\n) AS pending",
        query.strip_suffix(';').unwrap_or(query)
    )
}

const INSERT: &str = "
    INSERT INTO platform.database_connections (
        id, project_id, database_type, identifier, description, connection_string, host, port,
        database_name, username, password, options, status, last_connected_at, last_error,
        created_at, updated_at)
    VALUES ($1, $2, $3::text::platform.database_type, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
        $14::text::timestamptz, $15, $16::text::timestamptz, $17::text::timestamptz)
    ON CONFLICT (id) DO NOTHING";

const NOTE: &str = "
    INSERT INTO platform.databases_legacy_imports (id, secrets) VALUES ($1, $2)
    ON CONFLICT DO NOTHING";

/// Which secrets of a row are kept elsewhere now, so that nothing else is ever removed from it.
const NOTE_SECRETS: &str = "
    ALTER TABLE platform.databases_legacy_imports
    ADD COLUMN IF NOT EXISTS secrets TEXT[] NOT NULL DEFAULT '{}'";

/// What would be imported. It reads only; `migrated` says whether the old table has stepped aside.
pub(in crate::registry) async fn plan(
    session: &mut Lent,
    vault: &Vault,
    table: &str,
    migrated: bool,
) -> Result<Imported> {
    let mut planned = Imported::default();
    let kept = rows_of(session, table).await?;
    let query: &'static str = if migrated { &PENDING } else { &PLANNED };
    for row in &session.rows(query, &[&kept]).await? {
        planned.add(row, LegacyRow::read(row, vault)?)?;
    }
    Ok(planned)
}

/// Every row of the old table, as JSON that `jsonb` takes: a `json` column holds what that doesn't.
pub(super) async fn rows_of(session: &mut Lent, table: &str) -> Result<Vec<String>> {
    session.batch("SET LOCAL row_security = off").await?;
    let rows = session.ask(&format!("SELECT row_to_json(kept)::text FROM {table} AS kept")).await?;
    rows.iter().map(|row| Ok(sanitized_json(cell(row, 0)?))).collect()
}

/// Imports what is pending, within the session's transaction.
pub(in crate::registry) async fn import(session: &mut Lent, vault: &Vault) -> Result<Imported> {
    let mut imported = Imported::default();
    let tables = session
        .rows(
            "SELECT to_regclass('platform.databases_legacy') IS NOT NULL
                AND to_regclass('platform.databases_legacy_imports') IS NOT NULL",
            &[],
        )
        .await?;
    if !tables.first().is_some_and(|row| row.get(0)) {
        return Ok(imported);
    }
    let kept = rows_of(session, "platform.databases_legacy").await?;
    session.batch(NOTE_SECRETS).await?;
    let pending = session.rows(&PENDING, &[&kept]).await?;
    for row in &pending {
        let legacy = LegacyRow::read(row, vault)?;
        let Sealed { columns, connection_string, password } = &legacy.sealed;
        let parameters: Parameters<'_> = &[
            &legacy.owner.id,
            &legacy.owner.project_id,
            &legacy.owner.database_type.as_str(),
            &cell::<&str>(row, 3)?,
            &cell::<Option<&str>>(row, 4)?,
            connection_string,
            &columns.host,
            &columns.port.map(i32::from),
            &columns.database_name,
            &columns.username,
            password,
            &serde_json::Value::Object(columns.options.clone()),
            &legacy.status,
            &cell::<Option<&str>>(row, 13)?,
            &legacy.last_error,
            &cell::<&str>(row, 15)?,
            &cell::<&str>(row, 16)?,
        ];
        session.rows(INSERT, parameters).await?;
        session.rows(NOTE, &[&legacy.owner.id, &legacy.secrets]).await?;
        imported.add(row, legacy)?;
    }
    Ok(imported)
}
