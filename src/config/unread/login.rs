//! As whom, and to which database, a URL connects.

use secrecy::ExposeSecret;

use super::words::{Switch, bare};
use crate::target::Target;

/// A name is about one of these if it holds one of the first words, and else only of the others: what
/// has more words is about something else, such as a sentinel's password.
const DATABASES: [&[&str]; 2] =
    [&["DB", "DATABASE"], &["INDEX", "NUMBER", "NUM", "NAME", "ID", "DEFAULT"]];
const USERS: [&[&str]; 2] = [&["USER", "USERNAME", "LOGIN"], &["NAME", "AUTH", "ACL", "DEFAULT"]];
const PASSWORDS: [&[&str]; 2] =
    [&["PASSWORD", "PASS", "PASSWD", "PWD"], &["AUTH", "USER", "ACL", "DEFAULT", "FILE"]];

/// Whether a variable says something else than the target of the URL.
pub(super) fn differs(target: &Target, name: &str, value: &str) -> bool {
    let given = value.trim();
    if given.is_empty() {
        return false;
    }
    let is_switch = Switch::of(&bare(value)).is_some();
    // Every request to another server names its own.
    let db = if let Target::Redis(target) = target { Some(target.db) } else { None };
    if is_about(name, DATABASES) {
        return db.is_some_and(|db| given.parse() != Ok(db));
    }
    if is_about(name, USERS) {
        let default = db.is_some().then_some("default");
        return target.columns().username.as_deref().or(default) != Some(given);
    }
    let password = target.password().map(ExposeSecret::expose_secret);
    if is_about(name, PASSWORDS) && name.split('_').any(|word| word == "FILE") {
        // What is in the file is not known; that there is no password in the URL is.
        return password.is_none();
    }
    if is_about(name, PASSWORDS) || (name == "AUTH" && !is_switch) {
        return password.is_none_or(|known| known != value && known != given);
    }
    false
}

fn is_about(name: &str, [these, others]: [&[&str]; 2]) -> bool {
    let mut words = name.split('_');
    words.clone().any(|word| these.contains(&word))
        && words.all(|word| these.contains(&word) || others.contains(&word))
}
