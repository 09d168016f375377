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

use super::connection::{cell, named};
use super::held;
use super::session::Lent;
use super::vault::{Column, Owner, Vault};
use crate::crypto::cryptojs;
use crate::error::Result;
use crate::target::egress;
use crate::target::{Columns, Rules, Target, TargetInput};

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

const QUERY: &str = include_str!("../../migrations/legacy_import.sql");

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

/// What was imported, or in a dry run would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Connections that work as they are.
    pub connections: u64,
    /// Connections that somebody has to look at, and why. They were imported all the same.
    pub needing_attention: Vec<Attention>,
    /// Names that became other identifiers: old and new.
    #[serde(skip)]
    pub renamed: Vec<(String, String)>,
}

/// A row of the old table that somebody has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// Its id, the same in both tables.
    pub id: Uuid,
    /// `ref` of its project.
    pub project_ref: String,
    /// What it was called.
    pub name: String,
    /// What it is called now.
    pub identifier: String,
    /// The state that it was imported in.
    pub status: String,
    /// Why.
    pub reasons: Vec<String>,
}

/// So many names are told; the rest is counted.
const NAMES_TOLD: usize = 50;

impl Imported {
    /// Queries by the old names find nothing.
    pub(super) fn names_told(&self) -> Option<String> {
        let names = self.renamed.iter().map(|(old, new)| format!("{old:?} is {new}"));
        let told: Vec<_> = names.take(NAMES_TOLD).collect();
        let more = match self.renamed.len().saturating_sub(NAMES_TOLD) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!told.is_empty()).then(|| {
            format!(
                "names became identifiers, and nothing is found by the old ones: {}{more}",
                told.join(", ")
            )
        })
    }

    fn add(&mut self, row: &Row, legacy: Legacy) -> Result<()> {
        let name = cell::<Option<String>>(row, 18)?.unwrap_or_default();
        let identifier: String = cell(row, 3)?;
        if name != identifier {
            self.renamed.push((name.clone(), identifier.clone()));
        }
        if legacy.status == "ACTIVE" && legacy.remarks.is_empty() {
            self.connections += 1;
            return Ok(());
        }
        let mut reasons = legacy.remarks;
        reasons.extend(legacy.last_error);
        if reasons.is_empty() {
            reasons.push("it was not in use in the old table either".to_owned());
        }
        self.needing_attention.push(Attention {
            id: legacy.owner.id,
            project_ref: cell(row, 17)?,
            name,
            identifier,
            status: legacy.status,
            reasons,
        });
        Ok(())
    }
}

/// What would be imported. It reads only; `migrated` says whether the old table has stepped aside.
pub(super) async fn plan(
    session: &mut Lent,
    vault: &Vault,
    table: &str,
    migrated: bool,
) -> Result<Imported> {
    let mut planned = Imported::default();
    let kept = rows_of(session, table).await?;
    let query: &'static str = if migrated { &PENDING } else { &PLANNED };
    for row in &session.rows(query, &[&kept]).await? {
        planned.add(row, Legacy::read(row, vault)?)?;
    }
    Ok(planned)
}

/// Every row of the old table, as JSON that `jsonb` takes: a `json` column holds what that doesn't.
async fn rows_of(session: &mut Lent, table: &str) -> Result<Vec<String>> {
    session.batch("SET LOCAL row_security = off").await?;
    let rows = session.ask(&format!("SELECT row_to_json(kept)::text FROM {table} AS kept")).await?;
    rows.iter().map(|row| Ok(held::readable(cell(row, 0)?))).collect()
}

const LEFT_BEHIND: &str = "
    SELECT concat_ws(' ', source ->> 'name', '(' || (source ->> 'id') || ')') || CASE
        WHEN p.id IS NULL THEN ': its project is not there'
        WHEN NOT is_uuid THEN ': its id is not a UUID'
        ELSE ': its type is not one of postgresql, redis, mongodb and bun_api' END
    FROM unnest($1::text[]) AS kept (row)
    CROSS JOIN LATERAL (SELECT kept.row::jsonb AS source) AS read
    CROSS JOIN LATERAL (
        SELECT COALESCE(source ->> 'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) AS is_uuid
    ) AS looked
    LEFT JOIN platform.projects p ON p.id::text = lower(source ->> 'project_id')
    WHERE p.id IS NULL OR NOT is_uuid OR COALESCE(source ->> 'type', '')
        NOT IN ('postgres', 'postgresql', 'redis', 'mongodb', 'bun_api')
    ORDER BY 1 LIMIT 100";

/// Rows that have no place here, and why; they stay where they are. The table's name is ours.
pub(super) async fn left_behind(session: &mut Lent, table: &str) -> Result<Vec<String>> {
    let kept = rows_of(session, table).await?;
    let rows = session.rows(LEFT_BEHIND, &[&kept]).await?;
    rows.iter().map(|row| Ok(format!("not imported: {}", cell::<&str>(row, 0)?))).collect()
}

/// Imports what is pending, within the session's transaction.
pub(super) async fn import(session: &mut Lent, vault: &Vault) -> Result<Imported> {
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
        let legacy = Legacy::read(row, vault)?;
        let parameters: super::session::Parameters<'_> = &[
            &legacy.owner.id,
            &legacy.owner.project_id,
            &legacy.owner.database_type.as_str(),
            &cell::<&str>(row, 3)?,
            &cell::<Option<&str>>(row, 4)?,
            &legacy.connection_string,
            &legacy.columns.host,
            &legacy.columns.port.map(i32::from),
            &legacy.columns.database_name,
            &legacy.columns.username,
            &legacy.password,
            &serde_json::Value::Object(legacy.columns.options.clone()),
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

/// A row of the old table, ready for the new one.
struct Legacy {
    owner: Owner,
    columns: Columns,
    connection_string: Option<String>,
    password: Option<String>,
    status: String,
    last_error: Option<String>,
    /// What was not taken over, or taken over otherwise than it stood there.
    remarks: Vec<String>,
    /// Where the secrets that are kept in the new row stand in the old one.
    secrets: Vec<String>,
}

impl Legacy {
    fn read(row: &Row, vault: &Vault) -> Result<Self> {
        let (id, project_id): (Uuid, Uuid) = (cell(row, 0)?, cell(row, 1)?);
        let owner = Owner { id, project_id, database_type: named(cell(row, 2)?)? };
        let mut legacy = Self {
            owner,
            columns: Columns {
                host: cell(row, 6)?,
                port: cell::<Option<i32>>(row, 7)?.and_then(|port| u16::try_from(port).ok()),
                database_name: cell(row, 8)?,
                username: cell(row, 9)?,
                options: match cell(row, 11)? {
                    serde_json::Value::Object(options) => options,
                    _ => serde_json::Map::new(),
                },
            },
            connection_string: None,
            password: None,
            status: cell(row, 12)?,
            last_error: cell(row, 14)?,
            remarks: Vec::new(),
            secrets: cell(row, 21)?,
        };
        if cell::<Option<&str>>(row, 5)?.is_some() {
            legacy.secrets.push("connection_string".to_owned());
        }
        for fault in cell::<Vec<String>>(row, 20)? {
            legacy.fail(&fault);
        }
        let settings_left: Vec<String> = cell(row, 19)?;
        if !settings_left.is_empty() {
            let names = settings_left.join(", ");
            legacy.remarks.push(format!("settings were not taken over: {names}"));
        }
        let secret = |at: usize, column| match cell::<Option<String>>(row, at)? {
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
                legacy.connection_string = cell(row, 5)?;
                legacy.password = cell(row, 10)?;
                legacy.fail(error.message());
                return Ok(legacy);
            }
        };
        let input = legacy.input(connection_string, password);
        match legacy.target(&input) {
            Ok(target) => {
                for endpoint in target.endpoints() {
                    if egress::is_never_reached(&endpoint.host) {
                        legacy.fail(
                            "its host is a link-local, metadata or otherwise unroutable address; \
                             these are never connected to",
                        );
                    }
                }
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

    /// A string, and what `config` and other columns ask for.
    fn input(&self, string: Option<SecretString>, password: Option<SecretString>) -> TargetInput {
        let columns = self.columns.clone();
        let options = (!columns.options.is_empty() || string.is_none()).then_some(columns.options);
        TargetInput {
            connection_string: string,
            host: columns.host,
            port: columns.port,
            database_name: columns.database_name,
            username: columns.username,
            password,
            options,
        }
    }

    /// The target of what was found. Where a column contradicts the string, the string is what the
    /// older Studio connected by; a column that says more than the string is taken with it.
    fn target(&mut self, input: &TargetInput) -> Result<Target> {
        let (kind, rules) = (self.owner.database_type, Rules { self_hosted: true });
        let whole = Target::parse(kind, input, rules);
        if whole.is_ok() || input.connection_string.is_none() {
            return whole;
        }
        let mut taken = TargetInput {
            connection_string: input.connection_string.clone(),
            options: input.options.clone(),
            ..TargetInput::default()
        };
        let mut target = Target::parse(kind, &taken, rules)?;
        let mut refused = Vec::new();
        for beside in BESIDE {
            let mut more = taken.clone();
            if !(beside.take)(input, &mut more) {
                continue;
            }
            match Target::parse(kind, &more, rules) {
                Ok(fits) => (taken, target) = (more, fits),
                Err(_) => refused.push(beside.name),
            }
        }
        // A user and its password are refused one without the other, and may fit together.
        if refused.contains(&"username") && refused.contains(&"password") {
            let mut more = taken.clone();
            more.username.clone_from(&input.username);
            more.password.clone_from(&input.password);
            if let Ok(fits) = Target::parse(kind, &more, rules) {
                target = fits;
                refused.retain(|name| !matches!(*name, "username" | "password"));
            }
        }
        if refused.contains(&"password") {
            self.secrets.retain(|secret| secret == "connection_string");
        }
        // Such a name has no port of its own, and the column takes no null.
        if matches!(&target, Target::Mongodb(mongo) if mongo.srv) {
            refused.retain(|name| *name != "port");
        }
        self.remarks.extend(refused.iter().map(|name| {
            format!(
                "the {name} kept beside the connection string is another one; the string's was taken"
            )
        }));
        Ok(target)
    }

    fn fail(&mut self, why: &str) {
        // A row that was switched off before, or has a reason already, keeps that.
        if self.status == "ACTIVE" {
            "ERROR".clone_into(&mut self.status);
        }
        let why = format!("imported, but it cannot be used as it is: {why}");
        if self.last_error.is_none() {
            self.last_error = Some(why);
        } else {
            self.remarks.push(why);
        }
    }
}

/// A column beside a connection string. `take` copies it, and says whether there is one.
struct Beside {
    name: &'static str,
    take: fn(&TargetInput, &mut TargetInput) -> bool,
}

const BESIDE: [Beside; 5] = [
    Beside {
        name: "username",
        take: |from, to| {
            to.username.clone_from(&from.username);
            to.username.is_some()
        },
    },
    Beside {
        name: "password",
        take: |from, to| {
            to.password.clone_from(&from.password);
            to.password.is_some()
        },
    },
    Beside {
        name: "database",
        take: |from, to| {
            to.database_name.clone_from(&from.database_name);
            to.database_name.is_some()
        },
    },
    Beside {
        name: "host",
        take: |from, to| {
            to.host.clone_from(&from.host);
            to.host.is_some()
        },
    },
    Beside {
        name: "port",
        take: |from, to| {
            to.port = from.port;
            to.port.is_some()
        },
    },
];

fn seal(
    vault: &Vault,
    secret: Option<&SecretString>,
    column: Column,
    owner: Owner,
) -> Result<Option<String>> {
    secret.map(|secret| vault.seal(secret.expose_secret(), column, owner)).transpose()
}
