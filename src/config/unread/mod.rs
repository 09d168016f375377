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
use super::beside::{WRAPPED, Wrapped};
use super::{Config, SETTINGS, beside};
use crate::error::{Error, Result};
use crate::target::{DatabaseType, Rules, Target, TargetInput};

/// What a URL says itself.
struct Said<'u> {
    url: &'u SecretString,
    tls: bool,
    /// Nothing of a URL that can't be read: it is refused elsewhere, for what is wrong with it.
    login: Option<Login>,
}

/// Refuses the first of the variables that asks for what it does not get.
pub(super) fn refuse<'v>(
    mut config: Config,
    variables: impl Iterator<Item = (&'v str, &'v str)>,
) -> Result<Config> {
    let variables: Vec<_> = variables.collect();
    let mut refused = Vec::new();
    for Wrapped { kind, url, own, others } in WRAPPED {
        let Some(said) = url(&mut config).as_ref().map(|url| said(kind, url)) else { continue };
        let others = others.iter().filter(|other| !is_elsewhere(other, said.url, &variables));
        for prefix in own.iter().chain(others) {
            let asks = variables.iter().filter_map(|(name, value)| {
                Some((*name, own[0], unfulfilled(prefix, name, value, &said)?))
            });
            refused.extend(asks);
        }
    }
    let Some((name, prefix, why)) = refused.into_iter().min() else { return Ok(config) };
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
    let is_setting = SETTINGS.iter().any(|s| s.names.contains(&name));
    if is_setting || beside::reads(before, rest) || !before.eq_ignore_ascii_case(prefix) {
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
fn is_elsewhere(prefix: &str, url: &SecretString, variables: &[(&str, &str)]) -> bool {
    let own = ["URL", "URI"].map(|ending| format!("{prefix}_{ending}"));
    let mut addresses = variables.iter().filter(|(name, _)| own.iter().any(|own| own == name));
    addresses.any(|(_, value)| !value.is_empty() && value.trim() != url.expose_secret().trim())
}

fn said(kind: DatabaseType, url: &SecretString) -> Said<'_> {
    let input = TargetInput::from_connection_string(url.expose_secret());
    let Ok(target) = Target::parse(kind, &input, Rules::default()) else {
        return Said { url, tls: false, login: None };
    };
    let login = Login {
        username: target.columns().username,
        password: target.password().cloned(),
        // Every request to another server names its own.
        db: if let Target::Redis(target) = &target { Some(target.db) } else { None },
    };
    Said { url, tls: target.tls().is_some(), login: Some(login) }
}
