//! A row of the old table, made ready for the new one.

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;
use uuid::Uuid;

use super::reconcile::reconcile;
use crate::crypto::cryptojs;
use crate::error::Result;
use crate::platform::{cell, named};
use crate::registry::vault::{Column, Owner, Sealed, Vault};
use crate::target::egress;
use crate::target::{Columns, Target, TargetInput};

/// A row of the old table, ready for the new one.
pub(super) struct LegacyRow {
    pub(super) owner: Owner,
    pub(super) sealed: Sealed,
    pub(super) status: String,
    pub(super) last_error: Option<String>,
    /// What was not taken over, or taken over otherwise than it stood there.
    pub(super) remarks: Vec<String>,
    /// Where the secrets that are kept in the new row stand in the old one.
    pub(super) secrets: Vec<String>,
}

impl LegacyRow {
    pub(super) fn read(row: &Row, vault: &Vault) -> Result<Self> {
        let (id, project_id): (Uuid, Uuid) = (cell(row, 0)?, cell(row, 1)?);
        let owner = Owner { id, project_id, database_type: named(cell(row, 2)?)? };
        let mut legacy = Self {
            owner,
            sealed: Sealed {
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
            },
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
                legacy.sealed.connection_string = cell(row, 5)?;
                legacy.sealed.password = cell(row, 10)?;
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
                legacy.sealed = vault.seal_target(&target, owner)?;
            }
            Err(error) => {
                let seal = |secret: &Option<SecretString>, column| {
                    let secret = secret.as_ref().map(ExposeSecret::expose_secret);
                    secret.map(|secret| vault.seal(secret, column, owner)).transpose()
                };
                let sealed = &mut legacy.sealed;
                sealed.connection_string =
                    seal(&input.connection_string, Column::ConnectionString)?;
                sealed.password = seal(&input.password, Column::Password)?;
                legacy.fail(error.message());
            }
        }
        Ok(legacy)
    }

    /// A string, and what `config` and other columns ask for.
    fn input(&self, string: Option<SecretString>, password: Option<SecretString>) -> TargetInput {
        let columns = self.sealed.columns.clone();
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

    /// The target of what was found.
    fn target(&mut self, input: &TargetInput) -> Result<Target> {
        let (target, mut refused) = reconcile(self.owner.database_type, input)?;
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
