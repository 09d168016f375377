//! The tables of the platform database, brought up to date.
//!
//! What is missing runs in one transaction, together with the notes that it ran and with what the
//! caller adds: a view must never be there without the triggers that a later file puts on it. A
//! migration which is cut off or fails anywhere leaves nothing. Instances that start together take
//! turns.

mod collisions;
pub mod readers;

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

pub(crate) use self::collisions::collision;
use super::Lent;
use crate::error::{Code, Error, Result};

/// A migration file.
struct File {
    name: &'static str,
    sql: &'static str,
    /// Checksums of what it was before, which it can be run over.
    earlier: &'static [&'static str],
}

const FILES: [File; 3] = [
    File {
        name: "001_create_platform_schema",
        sql: include_str!("../../../migrations/001_create_platform_schema.sql"),
        earlier: &[],
    },
    File {
        name: "002_add_multi_database_support",
        sql: include_str!("../../../migrations/002_add_multi_database_support.sql"),
        earlier: &[],
    },
    File {
        name: "002a_adopt_older_studio",
        sql: include_str!("../../../migrations/002a_adopt_older_studio.sql"),
        earlier: &[
            "d5ed36b54077e0c1607ecace6eb2ae5596404bba8fe425000b63e8b2a1c900cf",
            "5a29f20ff00189b613fb4001ba49bbcad35c6cefd082cd464192be431ab06e2a",
            "cda85dfdb4f948b134dfcf4012b651b50e596a1a03a088371d81203c2b51c428",
        ],
    },
];

/// What happened, or in a dry run would happen, to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MigrationState")]
pub enum State {
    /// It ran before.
    Present,
    /// It would run.
    Pending,
    /// It ran now.
    Applied,
}

/// One migration file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Migration {
    /// File name without its ending.
    pub name: &'static str,
    /// SHA-256 of the file, in hexadecimal.
    pub checksum: String,
    /// What happened to it.
    pub state: State,
}

const NOTES: &str = "
    CREATE TABLE IF NOT EXISTS platform.multidb_migrations (
        name TEXT PRIMARY KEY,
        checksum TEXT NOT NULL,
        applied_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
    )";

/// The limits of ordinary sessions are not meant for statements that rewrite tables. The lock is
/// waited for, but not forever.
const BEGIN_WORK: &str = "
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL lock_timeout = '60s';
    SELECT pg_advisory_xact_lock(hashtextextended('platform.multidb_migrations', 0))";

/// Which files ran before; it reads only.
pub(crate) async fn plan(session: &mut Lent) -> Result<Vec<Migration>> {
    states(session, State::Pending).await
}

/// Begins a transaction and runs in it what is missing. The caller adds what belongs to it, and
/// commits.
pub(crate) async fn begin(session: &mut Lent) -> Result<Vec<Migration>> {
    session.begin().await?;
    session.batch(BEGIN_WORK).await?;
    session.warnings();
    let migrations = states(session, State::Applied).await?;
    if let Some(taken) = collision(session, &migrations).await? {
        return Err(taken);
    }
    for (file, migration) in FILES.iter().zip(&migrations) {
        if migration.state == State::Present {
            continue;
        }
        run(session, file, &migration.checksum)
            .await
            .map_err(|e| e.context(&format!("migration {}", file.name)))?;
    }
    Ok(migrations)
}

/// Every file, with `missing` for those that did not run before.
async fn states(session: &mut Lent, missing: State) -> Result<Vec<Migration>> {
    let mut migrations = Vec::new();
    for file in &FILES {
        let checksum = checksum(file.sql);
        let ran = recorded(session, file, &checksum).await?;
        let state = if ran { State::Present } else { missing };
        migrations.push(Migration { name: file.name, checksum, state });
    }
    Ok(migrations)
}

async fn run(session: &mut Lent, file: &File, checksum: &str) -> Result<()> {
    session.batch(file.sql).await?;
    session.batch(NOTES).await?;
    session
        .rows(
            "INSERT INTO platform.multidb_migrations (name, checksum) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum",
            &[&file.name, &checksum],
        )
        .await?;
    Ok(())
}

/// Whether the file ran before. A file that ran and was changed since is refused: what it would do
/// now is not what the database has.
async fn recorded(session: &mut Lent, file: &File, checksum: &str) -> Result<bool> {
    let kept =
        session.rows("SELECT to_regclass('platform.multidb_migrations') IS NOT NULL", &[]).await?;
    if !kept.first().is_some_and(|row| row.get(0)) {
        return Ok(false);
    }
    let found = session
        .rows("SELECT checksum FROM platform.multidb_migrations WHERE name = $1", &[&file.name])
        .await?;
    let Some(row) = found.first() else { return Ok(false) };
    let applied: &str = row.get(0);
    if file.earlier.contains(&applied) {
        return Ok(false);
    }
    if applied != checksum {
        return Err(Error::new(
            Code::Conflict,
            format!(
                "migration {} was applied to this database and has another content now \
                 (checksum {applied}, now {checksum}); install the version of the package that \
                 applied it, or one that is newer",
                file.name
            ),
        ));
    }
    Ok(true)
}

/// Line endings do not count: a checkout on Windows may change them.
fn checksum(sql: &str) -> String {
    hex::encode(Sha256::digest(sql.replace("\r\n", "\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_do_not_change_the_checksum() {
        assert_eq!(checksum("a;\r\nb;\r\n"), checksum("a;\nb;\n"));
        assert_ne!(checksum("a;\nb;\n"), checksum("a;\nc;\n"));
    }

    #[test]
    fn migrations_are_in_order() {
        assert!(FILES.is_sorted_by_key(|file| file.name));
    }
}
