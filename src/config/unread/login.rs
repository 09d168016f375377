//! As whom, and to which database, a URL connects.

use secrecy::{ExposeSecret, SecretString};

use super::words::{Switch, bare};

/// What a URL says of it.
pub(super) struct Login {
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
    /// A numbered database.
    pub(super) db: Option<i64>,
}

/// A name is about one of these if it holds one of the first words, and else only of the others: what
/// has more words is about something else, such as a sentinel's password.
const DATABASES: [&[&str]; 2] =
    [&["DB", "DATABASE"], &["INDEX", "NUMBER", "NUM", "NAME", "ID", "DEFAULT"]];
const USERS: [&[&str]; 2] = [&["USER", "USERNAME", "LOGIN"], &["NAME", "AUTH", "ACL", "DEFAULT"]];
const PASSWORDS: [&[&str]; 2] =
    [&["PASSWORD", "PASS", "PASSWD", "PWD"], &["AUTH", "USER", "ACL", "DEFAULT", "FILE"]];

impl Login {
    /// Whether a variable says something else than the URL.
    pub(super) fn differs(&self, name: &str, value: &str) -> bool {
        let given = value.trim();
        if given.is_empty() {
            return false;
        }
        let is_switch = Switch::of(&bare(value)).is_some();
        if is_about(name, DATABASES) {
            return self.db.is_some_and(|db| given.parse() != Ok(db));
        }
        if is_about(name, USERS) {
            let default = self.db.is_some().then_some("default");
            return self.username.as_deref().or(default) != Some(given);
        }
        if is_about(name, PASSWORDS) && name.split('_').any(|word| word == "FILE") {
            // What is in the file is not known; that there is no password in the URL is.
            return self.password.is_none();
        }
        if is_about(name, PASSWORDS) || (name == "AUTH" && !is_switch) {
            return self.password.as_ref().is_none_or(|known| known.expose_secret() != value)
                && self.password.as_ref().is_none_or(|known| known.expose_secret() != given);
        }
        false
    }
}

fn is_about(name: &str, [these, others]: [&[&str]; 2]) -> bool {
    let mut words = name.split('_');
    words.clone().any(|word| these.contains(&word))
        && words.all(|word| these.contains(&word) || others.contains(&word))
}
