//! The platform database brought up to date, with what an older Studio left there.
//!
//! The import runs in the transaction of the migrations: the old table never steps aside without its
//! rows being kept elsewhere.

use schemars::JsonSchema;
use serde::Serialize;

use super::Registry;
use super::legacy::{self, Imported, Plaintext};
use crate::error::Result;
use crate::platform::Platform;
use crate::platform::migrations::readers::{self, Reader};
use crate::platform::migrations::{self, Migration};

/// What a run did, or in a dry run would do.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "MigrationReport")]
pub struct Report {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// The files in order.
    pub migrations: Vec<Migration>,
    /// What is imported from an older Studio's table of databases.
    pub imported: Imported,
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

impl Registry {
    /// Applies the migrations that are missing. With `dry_run` nothing is changed.
    pub async fn migrate(&self, dry_run: bool) -> Result<Report> {
        let platform = self.require_platform()?;
        let mut report = Report { dry_run, ..Report::default() };
        if dry_run {
            let mut session = platform.session().await?;
            report.migrations = migrations::plan(&mut session).await?;
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
            && let Some(taken) = migrations::collision(&mut session, &report.migrations).await?
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
            } else if let Err(error) = self.vault.require_keys() {
                report.warnings.push(error.message().to_owned());
            } else {
                report.imported = legacy::plan(&mut session, &self.vault, table, legacy).await?;
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
        report.plaintext = legacy::find_plaintext(platform, &mut report.warnings).await?;
        Ok(())
    }

    async fn apply(&self, platform: &Platform, report: &mut Report) -> Result<()> {
        let mut session = platform.session().await?;
        report.migrations = migrations::begin(&mut session).await?;
        // On every run: the project of a row may have appeared only after the first import.
        report.imported = legacy::import(&mut session, &self.vault)
            .await
            .map_err(|e| e.context("the import of an older Studio's connections"))?;
        session.commit().await?;
        report.warnings.extend(session.warnings());
        Ok(())
    }
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
