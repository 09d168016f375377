//! Sealing every stored secret again, under the first key of the ring.
//!
//! Row by row, each in a statement of its own that only takes effect where the row still holds what
//! was read. So readers find an openable value at any moment, an edit that comes in between wins,
//! and a run that was killed is simply run again: rows already sealed under the first key are passed
//! over.

use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::Registry;
use super::vault::{Column, Owner, Vault};
use crate::error::{Error, Result};
use crate::platform::{Platform, named};

pub(super) const PAGE: &str = "
    SELECT id, project_id, database_type::text, connection_string, password
    FROM platform.database_connections
    WHERE $1::uuid IS NULL OR id > $1
    ORDER BY id
    LIMIT 200";

const ONE: &str = "
    SELECT id, project_id, database_type::text, connection_string, password
    FROM platform.database_connections
    WHERE id = $1";

/// The setting tells the row's trigger that the secrets stay what they are, so that the version,
/// and with it every open pool, is kept. The join makes sure that it is set before a row is touched.
const RESEAL: &str = "
    WITH announced AS MATERIALIZED (
        SELECT set_config('studio_multidb.resealing', 'on', true)
    )
    UPDATE platform.database_connections c
    SET connection_string = $2, password = $3
    FROM announced
    WHERE c.id = $1
      AND c.project_id = $6
      AND c.connection_string IS NOT DISTINCT FROM $4
      AND c.password IS NOT DISTINCT FROM $5
    RETURNING c.id";

/// What a run of [`Registry::rotate_keys`] did.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "KeyRotation")]
pub struct Rotation {
    /// Rows looked at.
    pub rows: u64,
    /// Rows sealed again.
    pub resealed: u64,
    /// Rows that were already sealed under the first key, or hold no secret.
    pub unchanged: u64,
    /// Rows whose secret does not open; they were left as they are.
    pub failed: Vec<Failed>,
}

/// A row that could not be sealed again.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "FailedRotation")]
pub struct Failed {
    /// The connection.
    #[schemars(with = "String")]
    pub id: Uuid,
    /// Why.
    pub message: String,
}

/// The secrets of a row, as it holds them.
pub(super) struct Stored {
    pub(super) owner: Owner,
    pub(super) connection_string: Option<String>,
    pub(super) password: Option<String>,
}

impl TryFrom<&Row> for Stored {
    type Error = Error;

    fn try_from(row: &Row) -> Result<Self> {
        let owner =
            Owner { id: row.get(0), project_id: row.get(1), database_type: named(row.get(2))? };
        Ok(Self { owner, connection_string: row.get(3), password: row.get(4) })
    }
}

impl Registry {
    /// Seals every stored secret under the first key. Safe to run beside anything else, and to run
    /// again after it was interrupted.
    pub async fn rotate_keys(&self) -> Result<Rotation> {
        let platform = self.require_platform()?;
        self.vault.require_keys()?;
        let mut rotation = Rotation::default();
        let mut after: Option<Uuid> = None;
        loop {
            let page = platform.read(PAGE, &[&after]).await?;
            let Some(last) = page.last() else { return Ok(rotation) };
            after = Some(last.get(0));
            for row in &page {
                let id = row.get(0);
                rotation.rows += 1;
                let resealed = match Stored::try_from(row) {
                    Ok(stored) => reseal(platform, &self.vault, stored).await,
                    Err(error) => Err(Interrupted::Secret(error)),
                };
                match resealed {
                    Ok(true) => rotation.resealed += 1,
                    Ok(false) => rotation.unchanged += 1,
                    Err(Interrupted::Platform(error)) => return Err(error),
                    Err(Interrupted::Secret(error)) => {
                        rotation.failed.push(Failed { id, message: error.message().to_owned() });
                    }
                }
            }
        }
    }

    /// Seals the secrets of one connection again, after they were opened with something else than
    /// the first key. It is a courtesy to the next reader: that it failed changes nothing.
    pub(super) async fn reseal_one(&self, id: Uuid) {
        let work = async {
            let platform = self.require_platform()?;
            match platform.read(ONE, &[&id]).await?.first() {
                None => Ok(()),
                Some(row) => match reseal(platform, &self.vault, Stored::try_from(row)?).await {
                    Ok(_) => Ok(()),
                    Err(Interrupted::Platform(error) | Interrupted::Secret(error)) => Err(error),
                },
            }
        };
        if let Err(error) = work.await {
            tracing::warn!(connection = %id, %error, "a stored secret could not be sealed again");
        }
    }
}

/// Where a row failed: at the database, which ends the run, or at its own secret.
enum Interrupted {
    Platform(Error),
    Secret(Error),
}

/// Seals the secrets of a row again; `false` if there was nothing to do.
async fn reseal(
    platform: &Platform,
    vault: &Vault,
    mut stored: Stored,
) -> Result<bool, Interrupted> {
    loop {
        let owner = stored.owner;
        let renew = |value: &Option<String>, column| match value {
            Some(old) if vault.needs_reseal(old) => vault.reseal(old, column, owner).map(Some),
            kept => Ok(kept.clone()),
        };
        let connection_string = renew(&stored.connection_string, Column::ConnectionString)
            .map_err(Interrupted::Secret)?;
        let password = renew(&stored.password, Column::Password).map_err(Interrupted::Secret)?;
        if connection_string == stored.connection_string && password == stored.password {
            return Ok(false);
        }
        let done = platform
            .write(
                RESEAL,
                &[
                    &owner.id,
                    &connection_string,
                    &password,
                    &stored.connection_string,
                    &stored.password,
                    &owner.project_id,
                ],
            )
            .await
            .map_err(Interrupted::Platform)?;
        if !done.is_empty() {
            return Ok(true);
        }
        // Somebody edited or deleted the row in between; what is there now counts.
        let again = platform.read(ONE, &[&owner.id]).await.map_err(Interrupted::Platform)?;
        match again.first() {
            Some(row) => stored = Stored::try_from(row).map_err(Interrupted::Platform)?,
            None => return Ok(false),
        }
    }
}
