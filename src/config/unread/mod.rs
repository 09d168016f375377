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

use self::words::{Asks, asked};
use super::beside::{WRAPPED, Wrapped};
use super::{Config, SETTINGS, beside};
use crate::error::{Error, Result};
use crate::target::{Rules, Target, TargetInput};

/// Refuses the first of the variables that asks for what it does not get.
pub(super) fn refuse<'v>(
    mut config: Config,
    variables: impl Iterator<Item = (&'v str, &'v str)>,
) -> Result<Config> {
    let variables: Vec<_> = variables.collect();
    let mut refused = Vec::new();
    for Wrapped { kind, url, own, others } in WRAPPED {
        let Some(url) = url(&mut config) else { continue };
        let input = TargetInput::from_connection_string(url.expose_secret());
        // A URL that can't be read is refused elsewhere, for what is wrong with it.
        let target = Target::parse(kind, &input, Rules::default()).ok();
        let others = others.iter().filter(|other| !is_elsewhere(other, url, &variables));
        for prefix in own.iter().chain(others) {
            let asks = variables.iter().filter_map(|(name, value)| {
                Some((*name, own[0], unfulfilled(prefix, name, value, target.as_ref())?))
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
fn unfulfilled(prefix: &str, name: &str, value: &str, target: Option<&Target>) -> Option<Why> {
    let (before, rest) = name.split_once('_')?;
    let is_setting = SETTINGS.iter().any(|s| s.names.contains(&name));
    if is_setting || beside::reads(before, rest) || !before.eq_ignore_ascii_case(prefix) {
        return None;
    }
    let rest = rest.to_ascii_uppercase();
    match asked(&rest, value) {
        Asks::Tls if target.is_none_or(|target| target.tls().is_none()) => return Some(Why::Tls),
        Asks::More => return Some(Why::Tls),
        Asks::Tls | Asks::Nothing => {}
    }
    let differs = target.is_some_and(|target| login::differs(target, &rest, value));
    differs.then_some(Why::Login)
}

/// Variables by another product's name may be about another server: one with an address of its own.
fn is_elsewhere(prefix: &str, url: &SecretString, variables: &[(&str, &str)]) -> bool {
    let own = ["URL", "URI"].map(|ending| format!("{prefix}_{ending}"));
    let mut addresses = variables.iter().filter(|(name, _)| own.iter().any(|own| own == name));
    addresses.any(|(_, value)| !value.is_empty() && value.trim() != url.expose_secret().trim())
}
