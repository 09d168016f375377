//! Targets at rest: what the registry writes into a row, and how a row becomes a target again.
//!
//! Writing. [`Target::stored`] gives three things for the row:
//!
//! - `columns`: `host`, `port`, `database_name`, `username`, `options`; unsealed, for lists, search
//!   and display. No secret is in them.
//! - `connection_string`: to be sealed into the column of that name. It is complete: it holds the
//!   password and every other secret (client certificate and key, sentinel password, API key), and
//!   parses to the same target alone.
//! - `password`: to be sealed into the column of that name, or `NULL`; `has_password` of an answer
//!   is `password IS NOT NULL`.
//!
//! Reading. A row with a `connection_string` is read from that alone; the other columns are not
//! used, so that whoever can write to the table cannot make a stored password go to another host. A
//! row without one (imported, or written by other tools) is read from columns and password.
//! [`TargetInput::from_stored`] does either; [`Target::parse`] then makes the target.
//!
//! Editing. [`Target::edited`] applies what a user changed, and decides whether the stored secrets
//! may be kept.

use secrecy::{ExposeSecret, SecretString};

use super::columns::Columns;
use super::draft::MASK;
use super::input::{TargetInput, given};
use super::{Rules, Target, uri};
use crate::error::{Error, Result};

/// A target as it is stored; see the module.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Stored unsealed.
    pub columns: Columns,
    /// Sealed before it is stored.
    pub connection_string: SecretString,
    /// Sealed before it is stored.
    pub password: Option<SecretString>,
}

impl Target {
    /// What the registry stores of it.
    #[must_use]
    pub fn stored(&self) -> Stored {
        Stored {
            columns: self.columns(),
            connection_string: self.connection_string(),
            password: self.password().cloned(),
        }
    }

    /// The complete connection string, with all secrets.
    #[must_use]
    pub fn connection_string(&self) -> SecretString {
        let kind = self.database_type();
        let in_userinfo = match self {
            Self::Http(_) => None,
            _ => self.password().map(ExposeSecret::expose_secret),
        };
        let mut text = self.columns().connection_string(kind, in_userinfo);
        for (name, secret) in self.named_secrets() {
            text.push(if text.contains('?') { '&' } else { '?' });
            text += &format!("{name}={}", uri::encode(secret.expose_secret()));
        }
        text.into()
    }

    /// Whether the edited target may not have the stored secrets, because it would send them
    /// elsewhere, to someone else, or less protected: another scheme, host, port, TLS setting, way
    /// of authentication or user.
    #[must_use]
    pub fn requires_secret_again(&self, edited: &Self) -> bool {
        self.destination() != edited.destination()
    }

    /// This target with a user's changes.
    ///
    /// A new connection string replaces everything, fields replace what they name, and `options`
    /// replaces all options. An empty text clears a field. Secrets that are not given again are
    /// kept, unless [`Target::requires_secret_again`]: then it is a `VALIDATION_ERROR` that asks for
    /// them. A masked password, as answers show it, counts as not given.
    pub fn edited(&self, changes: &TargetInput, rules: Rules) -> Result<Self> {
        let kind = self.database_type();
        let mut input = changes.clone();
        let mut masked = false;
        if let Some(string) = given(input.connection_string.as_ref()) {
            let (unmasked, was_masked) = without_mask(string.expose_secret());
            input.connection_string = Some(unmasked.into());
            masked = was_masked;
        } else {
            let old = self.columns();
            let keep = |new: Option<String>, old: Option<String>| new.or(old);
            input.port = match &input.host {
                Some(_) => input.port,
                None => input.port.or(old.port),
            };
            input.host = keep(input.host, old.host);
            input.database_name = keep(input.database_name, old.database_name);
            input.username = keep(input.username, old.username);
            input.options = input.options.or(Some(old.options));
        }
        masked |= input.password.as_ref().is_some_and(|p| p.expose_secret() == MASK);
        if masked {
            input.password = None;
        }
        let cleared = input.password.as_ref().is_some_and(|p| p.expose_secret().is_empty());

        // First with all old secrets, since some targets are not complete without them; what they
        // may be used for is decided below, before anyone else sees the result.
        let mut trial = input.clone();
        let options = trial.options.get_or_insert_default();
        let mut kept = Vec::new();
        for (name, secret) in self.named_secrets() {
            let again = input.options.as_ref().is_some_and(|o| o.contains_key(name))
                || (name == "api_key" && (cleared || given(input.password.as_ref()).is_some()));
            if !again {
                options.insert(name.to_owned(), secret.expose_secret().into());
                kept.push(name);
            }
        }
        let without = Self::parse(kind, &input, rules);
        let string_has_password = without.as_ref().is_ok_and(|t| t.password().is_some());
        if !cleared && !string_has_password && given(input.password.as_ref()).is_none() {
            if let (Some(password), false) = (self.password(), kept.contains(&"api_key")) {
                trial.password = Some(password.clone());
                kept.push("password");
            }
        }
        let edited = Self::parse(kind, &trial, rules)?;
        if kept.is_empty() || !self.requires_secret_again(&edited) {
            return Ok(edited);
        }
        Err(Error::validation(
            "this change would use the stored secret with another scheme, host, port, TLS setting \
             or user; give the password (and client certificate) again",
        )
        .detail("secrets", kept))
    }
}

impl TargetInput {
    /// What a stored row says, its sealed columns opened.
    #[must_use]
    pub fn from_stored(
        columns: Columns,
        connection_string: Option<SecretString>,
        password: Option<SecretString>,
    ) -> Self {
        if connection_string.is_some() {
            return Self { connection_string, ..Self::default() };
        }
        let Columns { host, port, database_name, username, options } = columns;
        Self {
            connection_string: None,
            host,
            port,
            database_name,
            username,
            password,
            options: Some(options),
        }
    }
}

/// Takes `:***` out of a connection string that was shown to the user before.
fn without_mask(text: &str) -> (String, bool) {
    let masked = format!(":{MASK}@");
    match text.split_once(&masked) {
        Some((before, after)) => (format!("{before}@{after}"), true),
        None => (text.to_owned(), false),
    }
}
