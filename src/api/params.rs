//! The input of an operation: path, query and body as one typed value.
//!
//! Path and query carry text, the body carries JSON. Both are read into the same struct: text is
//! parsed to whatever the field asks for, JSON is taken as it is. A name that the operation does not
//! know is refused, so that a misspelt filter can't silently mean "everything".

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor,
};
use serde_json::value::RawValue;

use super::members::Members;
use super::text::{DecodeError, TextDeserializer};
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

impl Params {
    /// Adds a value from the path or the query. The path is added first and cannot be overridden.
    pub fn text(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        if self.get(&name).is_none() {
            self.values.push((name, Source::Text(value.into())));
        }
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
        for (name, value) in members {
            if self.get(&name).is_none() {
                self.values.push((name, Source::Json(value)));
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
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{:?}", self.values)
    }

    fn get(&self, name: &str) -> Option<&Source> {
        self.values.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Reads everything into the operation's input type.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T> {
        T::deserialize(ParamsDeserializer { values: self.values.iter(), current: None })
            .map_err(|e| Error::validation(e.0))
    }
}

struct ParamsDeserializer<'p> {
    values: std::slice::Iter<'p, (String, Source)>,
    current: Option<&'p (String, Source)>,
}

impl<'de> MapAccess<'de> for ParamsDeserializer<'de> {
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

impl<'de> Deserializer<'de> for ParamsDeserializer<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
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
        params.text("key", "a");
        params.text("count", "5");
        params.text("with", "type,ttl");
        params.body(br#"{"nx":true}"#).unwrap();
        let input: Input = params.decode().unwrap();
        let with = vec!["type".to_owned(), "ttl".to_owned()];
        assert_eq!(input, Input { key: "a".into(), count: Some(5), with, nx: true });
    }

    #[test]
    fn the_path_cannot_be_overridden_by_the_body() {
        let mut params = Params::default();
        params.text("key", "from the path");
        params.body(br#"{"key":"from the body"}"#).unwrap();
        assert_eq!(params.decode::<Input>().unwrap().key, "from the path");
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
        params.text("key", "a");
        params.text("count", "many");
        let error = params.decode::<Input>().unwrap_err();
        assert_eq!(error.message(), "`count`: expected a whole number, got \"many\"");
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let mut params = Params::default();
        params.text("key", "a");
        params.text("patern", "b*");
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
