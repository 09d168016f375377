//! Variables beside `REDIS_URL` and `MONGODB_URL` that say in words which nothing here reads how to
//! connect: with TLS, checked in some way, as a user, to a database.
//!
//! Every wrapper has names of its own for it, so no list of them is whole: what counts are the words.
//! Whoever set such a variable counts on it; passed over, that would be plain text without a word.

mod login;
#[cfg(test)]
mod tests;
mod words;

use secrecy::{ExposeSecret, SecretString};

use self::login::Login;
use self::words::{Asks, asked};
use super::{Config, SETTINGS, beside};
use crate::error::{Error, Result};
use crate::target::{DatabaseType, Rules, Target, TargetInput};

/// How variables of a URL's wrappers begin. The first is what is read here.
const PREFIXES: [(DatabaseType, &[&str]); 2] = [
    (DatabaseType::Redis, &["REDIS", "REDISS", "VALKEY"]),
    (DatabaseType::Mongodb, &["MONGODB", "MONGO"]),
];

/// What a URL says itself.
struct Said<'u> {
    url: &'u SecretString,
    tls: bool,
    /// Nothing of a URL that can't be read: it is refused elsewhere, for what is wrong with it.
    login: Option<Login>,
}

/// Refuses the first of the variables that asks for what it does not get.
pub(super) fn refuse<'v>(
    config: &Config,
    variables: impl Iterator<Item = (&'v str, &'v str)>,
) -> Result<()> {
    let variables: Vec<_> = variables.collect();
    let mut refused = Vec::new();
    for (kind, prefixes) in PREFIXES {
        let url = if kind == DatabaseType::Redis { &config.redis_url } else { &config.mongodb_url };
        let Some(said) = url.as_ref().map(|url| said(kind, url)) else { continue };
        for prefix in prefixes {
            if is_of_another(prefix, said.url, &variables) {
                continue;
            }
            let asks = variables.iter().filter_map(|(name, value)| {
                let why = unfulfilled(prefix, name, value, &said)?;
                Some((*name, prefixes[0], why))
            });
            refused.extend(asks);
        }
    }
    let Some((name, prefix, why)) = refused.into_iter().min() else { return Ok(()) };
    Err(Error::validation(match why {
        Why::Tls => format!(
            "{name} is not read here, and what it asks for would not happen: say it in {prefix}_URL, \
             or with {prefix}_USE_TLS, {prefix}_CA_CERT, {prefix}_CLIENT_CERT and \
             {prefix}_CLIENT_KEY, and leave {name} out"
        ),
        Why::Login => format!(
            "{name} is not read here, and {prefix}_URL does not say the same: say it there, and \
             leave {name} out"
        ),
    })
    .detail("variable", name))
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Tls,
    Login,
}

/// Why a variable can't be passed over.
fn unfulfilled(prefix: &str, name: &str, value: &str, said: &Said<'_>) -> Option<Why> {
    let (before, rest) = name.split_once('_')?;
    let is_setting = SETTINGS.iter().any(|s| s.variable == name || s.alias == Some(name));
    let is_read = matches!(before, "REDIS" | "MONGODB") && beside::reads(rest);
    if is_setting || is_read || !before.eq_ignore_ascii_case(prefix) {
        return None;
    }
    let rest = rest.to_ascii_uppercase();
    match asked(&rest, value) {
        Asks::Tls if !said.tls => return Some(Why::Tls),
        Asks::More => return Some(Why::Tls),
        Asks::Tls | Asks::Nothing => {}
    }
    let differs = said.login.as_ref().is_some_and(|login| login.differs(&rest, value));
    differs.then_some(Why::Login)
}

/// Variables by another product's name may be about another server: one with an address of its own.
fn is_of_another(prefix: &str, url: &SecretString, variables: &[(&str, &str)]) -> bool {
    let may_be = matches!(prefix, "VALKEY" | "MONGO");
    let own = ["URL", "URI"].map(|ending| format!("{prefix}_{ending}"));
    let mut addresses = variables.iter().filter(|(name, _)| own.iter().any(|own| own == name));
    may_be
        && addresses
            .any(|(_, value)| !value.is_empty() && value.trim() != url.expose_secret().trim())
}

fn said(kind: DatabaseType, url: &SecretString) -> Said<'_> {
    let input = TargetInput { connection_string: Some(url.clone()), ..TargetInput::default() };
    match Target::parse(kind, &input, Rules::default()) {
        Ok(Target::Redis(target)) => {
            let tls = target.tls.is_some();
            let db = Some(target.db);
            let login = Login { username: target.username, password: target.password, db };
            Said { url, tls, login: Some(login) }
        }
        Ok(Target::Mongodb(target)) => {
            let tls = target.tls.is_some();
            // No database: every request to MongoDB names its own.
            let login = Login { username: target.username, password: target.password, db: None };
            Said { url, tls, login: Some(login) }
        }
        _ => Said { url, tls: false, login: None },
    }
}
