//! Connections of an older Studio, from its table `platform.databases`.
//!
//! Their secrets lie there in plain text. They are read, sealed for their new rows and written in
//! one transaction; the old table is kept as `platform.databases_legacy`. What was imported is
//! noted, so that a connection somebody deletes afterwards does not come back.

use std::sync::LazyLock;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::connection::named;
use super::failure::Effect;
use super::session::Lent;
use super::vault::{Column, Owner, Vault};
use crate::crypto::cryptojs;
use crate::error::Result;
use crate::target::{Columns, Rules, Target, TargetInput};

/// What is still to be imported. The query is a file because it belongs to the migration.
static PENDING: LazyLock<String> = LazyLock::new(|| {
    let query = include_str!("../../migrations/legacy_import.sql").trim_end();
    format!(
        "SELECT id, project_id, database_type, identifier, description, connection_string, host, \
         port, database_name, username, password, options, status, last_connected_at::text, \
         last_error, created_at::text, updated_at::text FROM (\n{}\n) AS pending",
        query.strip_suffix(';').unwrap_or(query)
    )
});

const INSERT: &str = "
    INSERT INTO platform.database_connections (
        id, project_id, database_type, identifier, description, connection_string, host, port,
        database_name, username, password, options, status, last_connected_at, last_error,
        created_at, updated_at)
    VALUES ($1, $2, $3::text::platform.database_type, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
        $14::text::timestamptz, $15, $16::text::timestamptz, $17::text::timestamptz)
    ON CONFLICT (id) DO NOTHING";

const NOTE: &str = "
    INSERT INTO platform.databases_legacy_imports (id) VALUES ($1) ON CONFLICT DO NOTHING";

/// What was imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Connections that work as they are.
    pub connections: u64,
    /// Connections that need attention: their target is not one that can be used here. They were
    /// imported all the same, in the state `ERROR` or `INACTIVE`, and `last_error` says why.
    pub needing_attention: u64,
}

impl std::ops::AddAssign for Imported {
    fn add_assign(&mut self, other: Self) {
        self.connections += other.connections;
        self.needing_attention += other.needing_attention;
    }
}

/// Imports what is pending, within the session's transaction.
pub(super) async fn import(session: &mut Lent, vault: &Vault) -> Result<Imported> {
    let mut imported = Imported::default();
    let tables = session
        .rows(
            "SELECT to_regclass('platform.databases_legacy') IS NOT NULL
                AND to_regclass('platform.databases_legacy_imports') IS NOT NULL",
            &[],
            Effect::None,
        )
        .await?;
    if !tables.first().is_some_and(|row| row.get(0)) {
        return Ok(imported);
    }
    session.batch("SET LOCAL row_security = off", Effect::None).await?;
    let pending = session.rows(&PENDING, &[], Effect::None).await?;
    for row in &pending {
        let legacy = Legacy::read(row, vault)?;
        let parameters: super::session::Parameters<'_> = &[
            &legacy.owner.id,
            &legacy.owner.project_id,
            &legacy.owner.database_type.as_str(),
            &row.get::<_, &str>(3),
            &row.get::<_, Option<&str>>(4),
            &legacy.connection_string,
            &legacy.columns.host,
            &legacy.columns.port.map(i32::from),
            &legacy.columns.database_name,
            &legacy.columns.username,
            &legacy.password,
            &serde_json::Value::Object(legacy.columns.options.clone()),
            &legacy.status,
            &row.get::<_, Option<&str>>(13),
            &legacy.last_error,
            &row.get::<_, &str>(15),
            &row.get::<_, &str>(16),
        ];
        session.rows(INSERT, parameters, Effect::None).await?;
        session.rows(NOTE, &[&legacy.owner.id], Effect::None).await?;
        if legacy.status == "ACTIVE" {
            imported.connections += 1;
        } else {
            imported.needing_attention += 1;
        }
    }
    Ok(imported)
}

/// A row of the old table, ready for the new one.
struct Legacy {
    owner: Owner,
    columns: Columns,
    connection_string: Option<String>,
    password: Option<String>,
    status: String,
    last_error: Option<String>,
}

impl Legacy {
    fn read(row: &Row, vault: &Vault) -> Result<Self> {
        let (id, project_id): (Uuid, Uuid) = (row.get(0), row.get(1));
        let owner = Owner { id, project_id, database_type: named(row.get(2))? };
        let mut legacy = Self {
            owner,
            columns: Columns {
                host: row.get(6),
                port: row.get::<_, Option<i32>>(7).and_then(|port| u16::try_from(port).ok()),
                database_name: row.get(8),
                username: row.get(9),
                options: match row.get(11) {
                    serde_json::Value::Object(options) => options,
                    _ => serde_json::Map::new(),
                },
            },
            connection_string: None,
            password: None,
            status: row.get(12),
            last_error: row.get(14),
        };
        let secret = |at: usize, column| match row.get::<_, Option<String>>(at) {
            Some(stored) if cryptojs::is_legacy(&stored) => {
                vault.open(&stored, column, owner).map(Some)
            }
            plain => Ok(plain.map(SecretString::from)),
        };
        let opened = secret(5, Column::ConnectionString)
            .and_then(|string| Ok((string, secret(10, Column::Password)?)));
        let (connection_string, password) = match opened {
            Ok(opened) => opened,
            // Encrypted under a passphrase that is not at hand: kept as it is until it is.
            Err(error) => {
                legacy.connection_string = row.get(5);
                legacy.password = row.get(10);
                legacy.fail(error.message());
                return Ok(legacy);
            }
        };
        let input = TargetInput { connection_string, password, ..TargetInput::default() };
        match legacy.target(&input) {
            Ok(target) => {
                let stored = target.stored();
                legacy.columns = stored.columns;
                legacy.connection_string = Some(vault.seal(
                    stored.connection_string.expose_secret(),
                    Column::ConnectionString,
                    owner,
                )?);
                legacy.password = seal(vault, stored.password.as_ref(), Column::Password, owner)?;
            }
            Err(error) => {
                let string = input.connection_string.as_ref();
                legacy.connection_string = seal(vault, string, Column::ConnectionString, owner)?;
                let password = input.password.as_ref();
                legacy.password = seal(vault, password, Column::Password, owner)?;
                legacy.fail(error.message());
            }
        }
        Ok(legacy)
    }

    /// The target of a string, which says more than the columns beside it, or of the columns. A
    /// password of its own completes a string that has none.
    fn target(&self, input: &TargetInput) -> Result<Target> {
        let (kind, rules) = (self.owner.database_type, Rules { self_hosted: true });
        if input.connection_string.is_none() {
            let columns = self.columns.clone();
            let input = TargetInput::from_stored(columns, None, input.password.clone());
            return Target::parse(kind, &input, rules);
        }
        Target::parse(kind, input, rules).or_else(|_| {
            Target::parse(kind, &TargetInput { password: None, ..input.clone() }, rules)
        })
    }

    fn fail(&mut self, why: &str) {
        // A row that was switched off before, or has a reason already, keeps that.
        if self.status == "ACTIVE" {
            "ERROR".clone_into(&mut self.status);
        }
        if self.last_error.is_none() {
            self.last_error = Some(format!("imported, but it cannot be used as it is: {why}"));
        }
    }
}

fn seal(
    vault: &Vault,
    secret: Option<&SecretString>,
    column: Column,
    owner: Owner,
) -> Result<Option<String>> {
    secret.map(|secret| vault.seal(secret.expose_secret(), column, owner)).transpose()
}
