//! The registry's secrets: sealing them for their row, and opening them there.

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::config::Config;
use crate::crypto::{KeyRing, Place, cryptojs};
use crate::error::{Code, Error, Result};
use crate::target::{Columns, DatabaseType, Target};

/// The table whose secrets these are.
const TABLE: &str = "platform.database_connections";

/// A column that holds secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    ConnectionString,
    Password,
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::ConnectionString => "connection_string",
            Self::Password => "password",
        }
    }
}

/// The row a secret belongs to; it opens in no other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) id: Uuid,
    pub(super) project_id: Uuid,
    pub(super) database_type: DatabaseType,
}

/// A target as its row holds it.
pub(super) struct Sealed {
    pub(super) columns: Columns,
    pub(super) connection_string: Option<String>,
    pub(super) password: Option<String>,
}

/// The keys, and the passphrases of older Studios.
#[derive(Debug)]
pub(super) struct Vault {
    keys: Option<KeyRing>,
    passphrases: Vec<(DatabaseType, SecretString)>,
}

impl Vault {
    pub(super) fn new(config: &Config) -> Self {
        let passphrases = DatabaseType::ALL
            .into_iter()
            .flat_map(|kind| config.legacy_passphrases(kind).map(move |p| (kind, p.clone())))
            .collect();
        Self { keys: config.keyring.clone(), passphrases }
    }

    /// Seals a secret for its place.
    pub(super) fn seal(&self, secret: &str, column: Column, owner: Owner) -> Result<String> {
        self.keys()?.seal(secret, &place(column, owner))
    }

    /// Seals the secrets of a target for their row.
    pub(super) fn seal_target(&self, target: &Target, owner: Owner) -> Result<Sealed> {
        let stored = target.stored();
        let seal = |secret: &SecretString, column| self.seal(secret.expose_secret(), column, owner);
        Ok(Sealed {
            connection_string: Some(seal(&stored.connection_string, Column::ConnectionString)?),
            password: stored.password.map(|secret| seal(&secret, Column::Password)).transpose()?,
            columns: stored.columns,
        })
    }

    /// Opens a stored secret: a sealed one, or one that an older Studio encrypted with crypto-js.
    pub(super) fn open(&self, stored: &str, column: Column, owner: Owner) -> Result<SecretString> {
        if !cryptojs::is_legacy(stored) {
            return self.keys()?.open(stored, &place(column, owner));
        }
        let fitting = self.passphrases.iter().filter(|(kind, _)| *kind == owner.database_type);
        let mut failure = Error::new(
            Code::OperationNotAllowed,
            "an older Studio stored it; set the PG_META_CRYPTO_KEY, REDIS_CRYPTO_KEY or \
             MONGODB_CRYPTO_KEY it was encrypted with",
        );
        for (_, passphrase) in fitting {
            match cryptojs::decrypt(stored, passphrase) {
                Ok(secret) => return Ok(secret),
                Err(error) => failure = error,
            }
        }
        Err(failure.context(&format!("the {} of connection {}", column.name(), owner.id)))
    }

    /// Whether a stored secret is not yet sealed under the first key.
    pub(super) fn needs_reseal(&self, stored: &str) -> bool {
        self.keys.as_ref().is_some_and(|keys| keys.needs_reseal(stored))
    }

    /// The stored secret, sealed under the first key.
    pub(super) fn reseal(&self, stored: &str, column: Column, owner: Owner) -> Result<String> {
        let secret = self.open(stored, column, owner)?;
        self.seal(secret.expose_secret(), column, owner)
    }

    /// Refuses where nothing could be sealed, before anything else is done.
    pub(super) fn require_keys(&self) -> Result<()> {
        self.keys().map(|_| ())
    }

    fn keys(&self) -> Result<&KeyRing> {
        self.keys.as_ref().ok_or_else(|| {
            Error::new(
                Code::OperationNotAllowed,
                "secrets are stored sealed, and there is no key to seal or open them: set \
                 DATABASE_ENCRYPTION_KEY (`openssl rand -hex 32` makes one)",
            )
        })
    }
}

fn place(column: Column, owner: Owner) -> Place<'static> {
    Place { table: TABLE, column: column.name(), row: owner.id, project: owner.project_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn owner() -> Owner {
        Owner { id: Uuid::new_v4(), project_id: Uuid::new_v4(), database_type: DatabaseType::Redis }
    }

    fn vault(passphrases: Vec<(DatabaseType, SecretString)>) -> Vault {
        Vault { keys: Some(KeyRing::parse(KEY).unwrap()), passphrases }
    }

    #[test]
    fn a_secret_opens_in_its_own_row_column_and_project_only() {
        let vault = vault(Vec::new());
        let owner = owner();
        let sealed = vault.seal("secret", Column::Password, owner).unwrap();
        let opened = vault.open(&sealed, Column::Password, owner).unwrap();
        assert_eq!(opened.expose_secret(), "secret");
        assert!(vault.open(&sealed, Column::ConnectionString, owner).is_err());
        for moved in
            [Owner { id: Uuid::new_v4(), ..owner }, Owner { project_id: Uuid::new_v4(), ..owner }]
        {
            assert!(vault.open(&sealed, Column::Password, moved).is_err());
        }
    }

    #[test]
    fn what_an_older_studio_encrypted_opens_with_any_of_the_passphrases() {
        let passphrase = SecretString::from("an old passphrase");
        let stored = cryptojs::encrypt("redis://h", &passphrase).unwrap();
        let vault = vault(vec![
            (DatabaseType::Redis, SecretString::from("another one")),
            (DatabaseType::Redis, passphrase),
        ]);
        let owner = owner();
        assert!(vault.needs_reseal(&stored));
        let opened = vault.open(&stored, Column::ConnectionString, owner).unwrap();
        assert_eq!(opened.expose_secret(), "redis://h");
        let sealed = vault.reseal(&stored, Column::ConnectionString, owner).unwrap();
        assert!(!vault.needs_reseal(&sealed));
    }

    #[test]
    fn without_a_key_nothing_is_stored_and_the_message_says_what_to_set() {
        let vault = Vault { keys: None, passphrases: Vec::new() };
        let error = vault.seal("secret", Column::Password, owner()).unwrap_err();
        assert!(error.message().contains("DATABASE_ENCRYPTION_KEY"));
    }

    #[test]
    fn plain_text_is_never_taken_for_a_secret() {
        let vault = vault(Vec::new());
        assert!(vault.open("redis://h", Column::ConnectionString, owner()).is_err());
    }
}
