//! The tables of the platform database, brought up to date.
//!
//! What is missing runs in one transaction, together with the import and the notes that it ran: a view
//! must never be there without the triggers that a later file puts on it. A migration which is cut off
//! or fails anywhere leaves nothing. Instances that start together take turns.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Registry;
use super::collisions;
use super::legacy;
use super::plaintext::{self, Plaintext};
use super::platform::Platform;
use super::readers::{self, Reader};
use super::session::Lent;
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
        sql: include_str!("../../migrations/001_create_platform_schema.sql"),
        earlier: &[],
    },
    File {
        name: "002_add_multi_database_support",
        sql: include_str!("../../migrations/002_add_multi_database_support.sql"),
        earlier: &[],
    },
    File {
        name: "002a_adopt_older_studio",
        sql: include_str!("../../migrations/002a_adopt_older_studio.sql"),
        earlier: &[
            "d5ed36b54077e0c1607ecace6eb2ae5596404bba8fe425000b63e8b2a1c900cf",
            "5a29f20ff00189b613fb4001ba49bbcad35c6cefd082cd464192be431ab06e2a",
            "cda85dfdb4f948b134dfcf4012b651b50e596a1a03a088371d81203c2b51c428",
        ],
    },
];

/// What happened, or in a dry run would happen, to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It ran before.
    Present,
    /// It would run.
    Pending,
    /// It ran now.
    Applied,
}

/// One migration file.
#[derive(Debug, Clone, Serialize)]
pub struct Migration {
    /// File name without its ending.
    pub name: &'static str,
    /// SHA-256 of the file, in hexadecimal.
    pub checksum: String,
    /// What happened to it.
    pub state: State,
}

/// What a run did, or in a dry run would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// The files in order.
    pub migrations: Vec<Migration>,
    /// What is imported from an older Studio's table of databases.
    pub imported: legacy::Imported,
    /// What else in the database uses that table.
    pub readers: Vec<Reader>,
    /// Where secrets lie in plain text, and what removes them.
    pub plaintext: Vec<Plaintext>,
    /// What the database warned of, and what else somebody should know.
    pub warnings: Vec<String>,
}

/// Where an older Studio's table is, before and after it has stepped aside.
const OLD_TABLE: &str = "platform.databases";
const LEGACY_TABLE: &str = "platform.databases_legacy";

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

impl Registry {
    /// Applies the migrations that are missing. With `dry_run` nothing is changed.
    pub async fn migrate(&self, dry_run: bool) -> Result<Report> {
        let platform = self.store()?;
        let mut report = Report { dry_run, ..Report::default() };
        if dry_run {
            let mut session = platform.session().await?;
            report.migrations = states(&mut session, State::Pending).await?;
        } else {
            self.apply(platform, &mut report).await?;
            self.caches.forget_all();
        }
        // What was applied stays applied, and is reported, whatever cannot be looked at.
        if let Err(error) = self.look_around(platform, &mut report).await {
            let message = format!("not everything could be looked at: {}", error.message());
            report.warnings.push(message);
        }
        Ok(report)
    }

    /// What is there besides the migrations' own. It reads, and changes nothing.
    async fn look_around(&self, platform: &Platform, report: &mut Report) -> Result<()> {
        let mut session = platform.session().await?;
        session.begin().await?;
        session.batch("SET TRANSACTION READ ONLY").await?;
        let found = session.rows(WHAT_IS_THERE, &[]).await?;
        let (old, legacy, projects, connections) =
            found.first().map_or((false, false, false, false), |row| {
                (row.get(0), row.get(1), row.get(2), row.get(3))
            });
        let table = if old { OLD_TABLE } else { LEGACY_TABLE };
        if report.dry_run
            && is_missing(&report.migrations)
            && let Some(taken) = collisions::find(&mut session).await?
        {
            report.warnings.push(format!("this would fail: {}", taken.message()));
        }
        report.readers = readers::of(&mut session, table).await?;
        if report.dry_run && projects && (old || legacy) {
            if old && legacy {
                report.warnings.push(format!(
                    "{OLD_TABLE} is a table, and {LEGACY_TABLE} exists already; rename one of the \
                     two before you migrate"
                ));
            } else if let Err(error) = self.vault().require_keys() {
                report.warnings.push(error.message().to_owned());
            } else {
                report.imported = legacy::plan(&mut session, self.vault(), table, legacy).await?;
            }
        }
        report.warnings.extend(report.imported.names_told());
        if projects && (old || legacy) {
            report.warnings.extend(legacy::left_behind(&mut session, table).await?);
        }
        if old && report.dry_run {
            report.warnings.push(format!(
                "{OLD_TABLE} becomes a view that shows no secrets and takes no writes; the table is \
                 kept as {LEGACY_TABLE}. `npx studio-multidb init <studio>` lists the files that \
                 query it"
            ));
        }
        session.commit().await?;
        drop(session);
        if connections {
            report.warnings.extend(self.closed_secrets().await?);
        }
        // Last, because it looks into tables of any size.
        report.plaintext = plaintext::find(platform, &mut report.warnings).await?;
        Ok(())
    }

    async fn apply(&self, platform: &Platform, report: &mut Report) -> Result<()> {
        let mut session = platform.session().await?;
        session.begin().await?;
        session.batch(BEGIN_WORK).await?;
        session.warnings();
        report.migrations = states(&mut session, State::Applied).await?;
        if is_missing(&report.migrations)
            && let Some(taken) = collisions::find(&mut session).await?
        {
            return Err(taken);
        }
        for (file, migration) in FILES.iter().zip(&report.migrations) {
            if migration.state == State::Present {
                continue;
            }
            run(&mut session, file, &migration.checksum)
                .await
                .map_err(|e| e.context(&format!("migration {}", file.name)))?;
        }
        // On every run: the project of a row may have appeared only after the first import.
        report.imported = legacy::import(&mut session, self.vault())
            .await
            .map_err(|e| e.context("the import of an older Studio's connections"))?;
        session.commit().await?;
        report.warnings.extend(session.warnings());
        Ok(())
    }
}

/// Whether one of the files that make names is still to run.
fn is_missing(migrations: &[Migration]) -> bool {
    migrations.iter().any(|migration| migration.state != State::Present)
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

const WHAT_IS_THERE: &str = "
    SELECT
        EXISTS (
            SELECT FROM pg_class
            WHERE oid = to_regclass('platform.databases') AND relkind IN ('r', 'p')
        ),
        to_regclass('platform.databases_legacy') IS NOT NULL,
        to_regclass('platform.projects') IS NOT NULL,
        to_regclass('platform.database_connections') IS NOT NULL";

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
