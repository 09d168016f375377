//! Reading options by name: what a backend asks for is allowed, what is left over is refused.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::refused;
use crate::error::{Error, Result};

/// Options of the connection string and of the `options` object, until they are read.
#[derive(Default)]
pub(super) struct Options {
    left: Vec<Entry>,
}

struct Entry {
    /// As it was given.
    name: String,
    /// Lower case, without `_` and `-`.
    key: String,
    value: Value,
}

impl Options {
    /// Adds one option; `null` is the same as not naming it.
    pub(super) fn add(&mut self, name: String, value: Value) {
        if !value.is_null() {
            let key = key(&name);
            self.left.push(Entry { name, key, value });
        }
    }

    /// Adds the members of an `options` object.
    pub(super) fn add_all(&mut self, options: &Map<String, Value>) {
        for (name, value) in options {
            self.add(name.clone(), value.clone());
        }
    }

    /// Whether an option is named that was not read yet.
    pub(super) fn has(&self, name: &str) -> bool {
        let key = key(name);
        self.left.iter().any(|entry| entry.key == key)
    }

    /// Reads the option that has any of `names`. Given more than once, it must say the same.
    pub(super) fn take<T: PartialEq>(
        &mut self,
        names: &[&str],
        read: impl Fn(&Value) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found: Option<T> = None;
        for entry in self.left.extract_if(.., |entry| names.iter().any(|n| key(n) == entry.key)) {
            // A form field that was left empty.
            if entry.value.as_str() == Some("") {
                continue;
            }
            let value = read(&entry.value).map_err(|e| e.context(&format!("`{}`", entry.name)))?;
            if found.as_ref().is_some_and(|before| *before != value) {
                return Err(Error::validation(format!(
                    "`{}` is given twice with different values",
                    entry.name
                )));
            }
            found = Some(value);
        }
        Ok(found)
    }

    /// `true` or `false`, also as text or number.
    pub(super) fn flag(&mut self, names: &[&str]) -> Result<Option<bool>> {
        self.take(names, |value| match value {
            Value::Bool(flag) => Ok(*flag),
            Value::String(text) if matches!(&**text, "true" | "1" | "yes" | "on") => Ok(true),
            Value::String(text) if matches!(&**text, "false" | "0" | "no" | "off") => Ok(false),
            _ => Err(Error::validation("expected true or false")),
        })
    }

    /// A whole number from `least` to `most`, also as text.
    pub(super) fn number(&mut self, names: &[&str], least: u64, most: u64) -> Result<Option<u64>> {
        self.take(names, |value| {
            let number = match value {
                Value::Number(number) => number.as_u64(),
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            number.filter(|n| (least..=most).contains(n)).ok_or_else(|| {
                Error::validation(format!("expected a whole number from {least} to {most}"))
            })
        })
    }

    /// Text.
    pub(super) fn text(&mut self, names: &[&str]) -> Result<Option<String>> {
        self.take(names, |value| match value {
            Value::String(text) if !text.contains('\0') => Ok(text.clone()),
            _ => Err(Error::validation("expected text")),
        })
    }

    /// One of a few names, in any case; answers in the spelling of the list.
    pub(super) fn choice(
        &mut self,
        names: &[&str],
        choices: &[&'static str],
    ) -> Result<Option<&'static str>> {
        self.take(names, |value| {
            value
                .as_str()
                .and_then(|text| choices.iter().find(|c| c.eq_ignore_ascii_case(text)))
                .copied()
                .ok_or_else(|| Error::validation(format!("expected one of {}", choices.join(", "))))
        })
    }

    /// Text that is kept secret.
    pub(super) fn secret(&mut self, names: &[&str]) -> Result<Option<SecretString>> {
        Ok(self.text(names)?.map(SecretString::from))
    }

    /// Options that say something about the server or about other drivers and change nothing here.
    /// They are kept, so that what was given is shown again.
    pub(super) fn notes(&mut self, names: &[&'static str]) -> Result<Map<String, Value>> {
        let mut notes = Map::new();
        for name in names {
            let note = self.take(&[name], |value| match value {
                Value::Array(_) | Value::Object(_) => {
                    Err(Error::validation("expected text, a number, true or false"))
                }
                Value::String(text) if text.len() > 256 => Err(Error::validation("is too long")),
                plain => Ok(plain.clone()),
            })?;
            if let Some(note) = note {
                notes.insert((*name).to_owned(), note);
            }
        }
        Ok(notes)
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self) -> Result<()> {
        match self.left.first() {
            None => Ok(()),
            Some(entry) => Err(refused::error(&entry.name, &entry.key)),
        }
    }
}

/// The items of a list of texts, or of a text with commas between them; `None` for anything else.
pub(super) fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(text.split(',').map(str::trim).collect()),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// `serverSelectionTimeoutMS` and `server_selection_timeout_ms` are one option.
fn key(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(value: &Value) -> Options {
        let mut options = Options::default();
        options.add_all(value.as_object().unwrap());
        options
    }

    #[test]
    fn spelling_and_type_do_not_matter() {
        let mut given = options(&json!({ "maxPoolSize": "5", "TLS": 1, "retry_writes": "false" }));
        assert_eq!(given.number(&["max_pool_size"], 1, 9).unwrap(), Some(5));
        assert_eq!(given.flag(&["retryWrites"]).unwrap(), Some(false));
        assert!(given.flag(&["tls"]).is_err());
        given.finish().unwrap();
    }

    #[test]
    fn an_empty_text_is_as_good_as_none() {
        let mut given = options(&json!({ "ca_pem": "", "db": "", "tls": null, "other": "" }));
        assert_eq!(given.text(&["ca_pem"]).unwrap(), None);
        assert_eq!(given.number(&["db"], 0, 9).unwrap(), None);
        assert!(given.finish().is_err());
    }

    #[test]
    fn the_same_option_twice_must_say_the_same() {
        let mut given = options(&json!({ "ssl": true, "tls": "true" }));
        assert_eq!(given.flag(&["tls", "ssl"]).unwrap(), Some(true));
        let mut given = options(&json!({ "ssl": true, "tls": false }));
        assert!(given.flag(&["tls", "ssl"]).is_err());
    }

    #[test]
    fn what_nobody_asked_for_is_refused_by_name_without_its_value() {
        let error = options(&json!({ "whatever": "canary" })).finish().unwrap_err();
        assert!(error.message().contains("whatever"), "{error}");
        assert!(!error.message().contains("canary"), "{error}");
    }
}
