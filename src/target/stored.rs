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
use super::draft::{Draft, MASK};
use super::input::{TargetInput, as_url, given};
use super::kinds::Target;
use super::{Rules, uri};
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
    pub fn stored(&self) -> Stored {
        Stored {
            columns: self.columns(),
            connection_string: self.connection_string(),
            password: self.password().cloned(),
        }
    }

    /// The complete connection string, with all secrets.
    pub fn connection_string(&self) -> SecretString {
        let kind = self.database_type();
        let in_userinfo = self.password().filter(|_| kind.spelling().has_password);
        let in_userinfo = in_userinfo.map(ExposeSecret::expose_secret);
        let mut text = self.columns().connection_string(kind, in_userinfo);
        for (name, secret) in self.named_secrets() {
            text.push(if text.contains('?') { '&' } else { '?' });
            text.extend([name, "=", uri::encode(secret.expose_secret()).as_str()]);
        }
        text.into()
    }

    /// Whether the edited target may not have the stored secrets, because it would send them
    /// elsewhere, to someone else, or less protected: another scheme, host, port, TLS setting, way
    /// of authentication or user.
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
        let mut input = as_url(kind, changes).unwrap_or_else(|| changes.clone());
        let cleared = input.password.as_ref().is_some_and(|p| p.expose_secret().is_empty());
        drop_masks(&mut input);
        if given(input.connection_string.as_ref()).is_none() {
            self.fill_fields(&mut input);
        }
        let kept = self.fill_secrets(&mut input, cleared, rules)?;
        let edited = Self::parse(kind, &input, rules)?;
        if kept.is_empty() || !self.requires_secret_again(&edited) {
            return Ok(edited);
        }
        Err(Error::validation(
            "this change would use the stored secret with another scheme, host, port, TLS setting \
             or user; give the password (and client certificate) again",
        )
        .detail("secrets", kept))
    }

    /// Puts the old value where no new one is given.
    fn fill_fields(&self, input: &mut TargetInput) {
        let old = self.columns();
        // Another host has its own usual port.
        if input.host.is_none() {
            input.port = input.port.or(old.port);
        }
        input.host = input.host.take().or(old.host);
        input.database_name = input.database_name.take().or(old.database_name);
        input.username = input.username.take().or(old.username);
        input.options = input.options.take().or(Some(old.options));
    }

    /// Puts the old secret where no new one is given, and says where. An option that is `null` is
    /// given: it clears the old one.
    fn fill_secrets(
        &self,
        input: &mut TargetInput,
        cleared: bool,
        rules: Rules,
    ) -> Result<Vec<&'static str>> {
        let draft = Draft::new(input, rules)?;
        let is_given = |name: &str| {
            draft.options.has(name) || input.options.as_ref().is_some_and(|o| o.contains_key(name))
        };
        let has_password = cleared || draft.password()?.is_some() || is_given("api_key");
        let mut kept = Vec::new();
        let mut options = input.options.clone().unwrap_or_default();
        for (name, secret) in self.named_secrets() {
            let again = is_given(name) || (name == "api_key" && has_password);
            if !again {
                options.insert(name.to_owned(), secret.expose_secret().into());
                kept.push(name);
            }
        }
        input.options = Some(options);
        if let Some(password) = self.password()
            && !has_password
            && !matches!(self, Self::Http(_))
        {
            input.password = Some(password.clone());
            kept.push("password");
        }
        Ok(kept)
    }
}

impl TargetInput {
    /// What a stored row says, its sealed columns opened.
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

/// Takes out passwords as they were shown to the user before: they count as not given.
fn drop_masks(input: &mut TargetInput) {
    if let Some(string) = &input.connection_string {
        let masked = format!(":{MASK}@");
        if let Some((before, after)) = string.expose_secret().split_once(&masked) {
            input.connection_string = Some(format!("{before}@{after}").into());
        }
    }
    if input.password.as_ref().is_some_and(|p| p.expose_secret() == MASK) {
        input.password = None;
    }
}
