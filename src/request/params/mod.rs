//! The input of an operation: path, query and body as one typed value.
//!
//! Path and query carry text, the body carries JSON. Both are read into the same struct: text is
//! parsed to whatever the field asks for, JSON is taken as it is. A name that the operation does not
//! know is refused, so that a misspelt filter can't silently mean "everything".

mod limits;
mod members;
mod text;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess};
use serde_json::Value;
use serde_json::value::RawValue;

pub use self::limits::{keep_to, timeout, up_to, within};
pub use self::members::MOST_VALUES;
use self::members::Members;
use self::text::{DecodeError, TextDeserializer};
use crate::error::{Error, Result};
use crate::json;

/// The input of an operation that asks for nothing but what its path says.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Named values from the path, the query and the body, not yet typed.
#[derive(Debug, Default)]
pub struct Params {
    values: Vec<(String, Source)>,
}

#[derive(Debug)]
enum Source {
    Text(String),
    Json(Box<RawValue>),
}

impl Source {
    /// Whether a second value repeats the first; `null` is as if it were not given.
    fn says_the_same(&self, again: &Self) -> bool {
        match (self, again) {
            (Self::Text(text), Self::Text(again)) => text == again,
            (Self::Text(text), Self::Json(json)) | (Self::Json(json), Self::Text(text)) => {
                serde_json::from_str(json.get()).is_ok_and(|value| spells(text, &value))
            }
            (Self::Json(json), Self::Json(again)) => json.get() == again.get(),
        }
    }
}

/// Whether a path or query would spell a value so.
fn spells(text: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(value) => value == text,
        Value::Bool(true) => matches!(text, "true" | "1" | ""),
        Value::Bool(false) => matches!(text, "false" | "0"),
        Value::Number(number) => number.to_string() == text,
        Value::Array(items) => {
            let parts: Vec<&str> = text.split(',').collect();
            parts.len() == items.len()
                && parts.iter().zip(items).all(|(part, item)| spells(part, item))
        }
        Value::Object(_) => false,
    }
}

impl Params {
    /// Adds a value from the path, the query or a header. One that says something else than what is
    /// there already is refused.
    pub fn text(&mut self, name: impl Into<String>, value: impl Into<String>) -> Result<()> {
        self.add(name.into(), Source::Text(value.into()))
    }

    /// Adds the members of a JSON object; an empty body adds nothing. One in which any object has a
    /// member twice is refused.
    pub fn body(&mut self, body: &[u8]) -> Result<()> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        json::refuse_duplicates(body)?;
        let Members(members) = serde_json::from_slice(body)
            .map_err(|e| Error::validation(format!("the body must be a JSON object: {e}")))?;
        members.into_iter().try_for_each(|(name, value)| self.add(name, Source::Json(value)))
    }

    /// Passing one of two values over would do something else than one of them asks for.
    fn add(&mut self, name: String, value: Source) -> Result<()> {
        match self.get(&name) {
            None => self.values.push((name, value)),
            Some(known) if known.says_the_same(&value) => {}
            Some(_) => {
                return Err(Error::validation(format!(
                    "`{name}` is given twice, with different values, in the path, the query, the \
                     headers or the body; give it once"
                )));
            }
        }
        Ok(())
    }

    /// Removes and returns a text value: the selectors that are not part of an operation's input.
    /// `null` is as if it were not given; anything else that is no text is refused, or a request that
    /// names a connection would be sent to another.
    pub fn take_text(&mut self, name: &str) -> Result<Option<String>> {
        let Some(at) = self.values.iter().position(|(n, _)| n == name) else { return Ok(None) };
        match self.values.remove(at).1 {
            Source::Text(text) => Ok(Some(text)),
            Source::Json(json) => serde_json::from_str(json.get())
                .map_err(|_| Error::validation(format!("`{name}` must be text"))),
        }
    }

    /// Equal for equal inputs; part of a cache key.
    pub fn fingerprint(&self) -> String {
        format!("{:?}", self.values)
    }

    fn get(&self, name: &str) -> Option<&Source> {
        self.values.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Reads everything into the operation's input type.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T> {
        let values = NamedValues { values: self.values.iter(), current: None };
        T::deserialize(MapAccessDeserializer::new(values)).map_err(|e| Error::validation(e.0))
    }
}

struct NamedValues<'p> {
    values: std::slice::Iter<'p, (String, Source)>,
    current: Option<&'p (String, Source)>,
}

impl<'de> MapAccess<'de> for NamedValues<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        self.current = self.values.next();
        match self.current {
            None => Ok(None),
            Some((name, _)) => {
                let name: StringDeserializer<DecodeError> = name.clone().into_deserializer();
                seed.deserialize(name).map(Some)
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let (name, value) = self.current.take().ok_or_else(|| de::Error::custom("no value"))?;
        let read = match value {
            Source::Text(text) => seed.deserialize(TextDeserializer(text)),
            Source::Json(json) => {
                let mut deserializer = serde_json::Deserializer::from_str(json.get());
                seed.deserialize(&mut deserializer).map_err(|e| DecodeError(strip_position(&e)))
            }
        };
        read.map_err(|e| DecodeError(format!("`{name}`: {}", e.0)))
    }
}

/// `serde_json` counts lines within one member, which means nothing to the caller.
fn strip_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
    // What serde_json calls it says nothing to someone who only sent a document.
    text.replace("recursion limit exceeded", "nested too deeply; at most 127 levels are taken")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Input {
        key: String,
        count: Option<u32>,
        #[serde(default)]
        with: Vec<String>,
        #[serde(default)]
        nx: bool,
    }

    #[test]
    fn text_and_json_reach_the_same_struct() {
        let mut params = Params::default();
        params.text("key", "a").unwrap();
        params.text("count", "5").unwrap();
        params.text("with", "type,ttl").unwrap();
        params.body(br#"{"nx":true}"#).unwrap();
        let input: Input = params.decode().unwrap();
        let with = vec!["type".to_owned(), "ttl".to_owned()];
        assert_eq!(input, Input { key: "a".into(), count: Some(5), with, nx: true });
    }

    #[test]
    fn what_is_said_twice_is_the_same_or_refused_with_its_name() {
        let said = |name: &str, text: &str, body: &str| {
            let mut params = Params::default();
            params.text(name, text).unwrap();
            params.body(format!(r#"{{"{name}":{body}}}"#).as_bytes())
        };
        for (text, body) in [
            ("a", r#""a""#),
            ("5", "5"),
            ("5", r#""5""#),
            ("true", "true"),
            ("0", "false"),
            ("a,b", r#"["a","b"]"#),
            ("a", "null"),
        ] {
            assert!(said("key", text, body).is_ok(), "{text} {body}");
        }
        for name in ["key", "scope", "connection_id", "encoding", "if_match"] {
            for (text, body) in [
                ("a", r#""b""#),
                ("a", r#""""#),
                ("", r#""a""#),
                ("a", r#""A""#),
                ("5", "6"),
                ("true", "false"),
                ("a,b", r#"["a"]"#),
                ("a", r#"{"$binary":{"base64":"YQ=="}}"#),
            ] {
                let error = said(name, text, body).unwrap_err();
                assert!(error.message().contains(&format!("`{name}`")), "{}", error.message());
            }
        }
        let mut params = Params::default();
        params.text("key", "path").unwrap();
        assert!(params.text("key", "path").is_ok());
        assert!(params.text("key", "query").is_err());
    }

    #[test]
    fn a_selector_that_is_no_text_is_refused_and_not_passed_over() {
        let taken = |body: &str| {
            let mut params = Params::default();
            params.body(body.as_bytes()).unwrap();
            params.take_text("connection_id")
        };
        assert_eq!(taken(r#"{"connection_id":"a"}"#).unwrap().as_deref(), Some("a"));
        assert_eq!(taken(r#"{"connection_id":null}"#).unwrap(), None);
        assert_eq!(taken("{}").unwrap(), None);
        for wrong in ["5", "true", "[\"a\"]", "{}"] {
            let error = taken(&format!(r#"{{"connection_id":{wrong}}}"#)).unwrap_err();
            assert_eq!(error.message(), "`connection_id` must be text");
        }
    }

    #[test]
    fn a_member_that_comes_twice_is_refused() {
        let error = Params::default().body(br#"{"key":"a","key":"b"}"#).unwrap_err();
        assert!(error.message().contains("`key` is given twice"), "{}", error.message());
        let body = br#"{"key":"a","value":{"list":[{},{"a":1,"\u0061":2}]}}"#;
        let error = Params::default().body(body).unwrap_err();
        assert_eq!(error.message(), "`value.list[1].a` is given twice");
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_name() {
        let mut params = Params::default();
        params.text("key", "a").unwrap();
        params.text("count", "many").unwrap();
        let error = params.decode::<Input>().unwrap_err();
        assert_eq!(error.message(), "`count`: expected a whole number, got \"many\"");
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let mut params = Params::default();
        params.text("key", "a").unwrap();
        params.text("patern", "b*").unwrap();
        assert!(params.decode::<Input>().unwrap_err().message().contains("patern"));
    }

    #[test]
    fn more_members_than_any_input_has_are_refused_before_they_are_compared() {
        let members: Vec<String> = (0..5000).map(|n| format!("\"{n}\":0")).collect();
        let body = format!("{{{}}}", members.join(","));
        let error = Params::default().body(body.as_bytes()).unwrap_err();
        assert!(error.message().contains("more than 1000"), "{}", error.message());
    }

    #[test]
    fn json_nested_too_deeply_is_refused() {
        let mut params = Params::default();
        let deep = format!(r#"{{"key":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(params.body(deep.as_bytes()).is_err() || params.decode::<Input>().is_err());
    }
}
