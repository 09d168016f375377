//! Finding a setting's value: the option, else the variable, else its older name, else the default.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Config;
use super::table::{Fallback, Kind, SETTINGS, Setting};
use crate::error::{Error, Result};

/// Refuses options that no setting has, so that a misspelt one can't silently mean the default.
pub(super) fn check_names(options: &Map<String, Value>) -> Result<()> {
    match options.keys().find(|name| SETTINGS.iter().all(|s| s.option != name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<&str> = SETTINGS.iter().map(|s| s.option).collect();
            Err(Error::validation(format!(
                "`{name}` is not an option of ConnectionManager; there are {}",
                known.join(", ")
            ))
            .detail("option", name.as_str()))
        }
    }
}

impl Setting {
    /// Reads this setting into `config`.
    pub(super) fn read(
        &self,
        config: &mut Config,
        env: impl Fn(&str) -> Option<String>,
        options: &Map<String, Value>,
    ) -> Result<()> {
        if let Some((source, text)) = self.given(env, options)? {
            if !text.trim().is_empty() {
                return (self.store)(config, &text)
                    .map_err(|refusal| self.refused(&source, Some(&text), &refusal));
            }
            if self.kind == Kind::Key {
                return Err(self.refused(&source, None, "is empty; unset it or set a key"));
            }
        }
        let text = match self.fallback {
            Fallback::Unset => return Ok(()),
            Fallback::Text(text) => text,
            Fallback::Depends(_, text) => text(config),
        };
        (self.store)(config, text).map_err(|refusal| {
            Error::internal(format!("default of {}: {refusal}", self.variable()))
        })
    }

    /// The value and how to name where it came from. An option wins even when it is empty: that is
    /// how code takes back what the environment sets.
    fn given(
        &self,
        env: impl Fn(&str) -> Option<String>,
        options: &Map<String, Value>,
    ) -> Result<Option<(String, Zeroizing<String>)>> {
        if let Some(value) = options.get(self.option).filter(|value| !value.is_null()) {
            let source = format!("the option `{}` ({})", self.option, self.variable());
            let text = text(value).ok_or_else(|| {
                self.refused(
                    &source,
                    None,
                    "must be a text, a number, a boolean or a list of texts",
                )
            })?;
            return Ok(Some((source, text)));
        }
        // An empty key is an error and not skipped; for the rest, empty is as good as absent.
        let skip_empty = self.kind != Kind::Key;
        Ok(self.names.iter().find_map(|name| {
            env(name)
                .map(Zeroizing::new)
                .filter(|text| !(skip_empty && text.trim().is_empty()))
                .map(|text| ((*name).to_owned(), text))
        }))
    }

    fn refused(&self, source: &str, text: Option<&str>, refusal: &str) -> Error {
        let shown = match text {
            Some(text) if self.kind == Kind::Plain => format!(" is `{}`:", text.trim()),
            _ => ":".to_owned(),
        };
        Error::validation(format!("{source}{shown} {refusal}"))
            .detail("variable", self.variable())
            .detail("option", self.option)
    }
}

/// An option's value in the form that the environment would hold.
fn text(value: &Value) -> Option<Zeroizing<String>> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        // JavaScript has one kind of number: 20 may arrive as 20.0, and prints as 20.
        Value::Number(number) => match number.as_f64() {
            Some(n) if number.is_f64() => n.to_string(),
            _ => number.to_string(),
        },
        Value::Array(items) => {
            items.iter().map(Value::as_str).collect::<Option<Vec<&str>>>()?.join(",")
        }
        Value::Null | Value::Object(_) => return None,
    };
    Some(Zeroizing::new(text))
}
