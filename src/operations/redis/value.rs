//! Values of all types, from JSON.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::input::{Bytes, Score, each_once};
use crate::backend::redis::values::{NativeType, NewValue, StreamEntry};
use crate::error::{Error, Result};

/// Elements that one write carries at most.
const MAX_ELEMENTS: usize = 100_000;

/// Reads a value as the given type, or as what it looks like.
pub(super) fn parse(value_type: Option<NativeType>, value: Value) -> Result<NewValue> {
    let value_type = value_type.unwrap_or(match &value {
        Value::Array(_) => NativeType::List,
        Value::Object(members) if !members.keys().any(|name| name.starts_with('$')) => {
            NativeType::Hash
        }
        _ => NativeType::String,
    });
    let parsed = match value_type {
        NativeType::String => return Ok(NewValue::String(read::<Bytes>(value, "value")?.0)),
        NativeType::Hash => NewValue::Hash(pairs(value, "value").and_then(once)?),
        NativeType::List => NewValue::List(elements(value)?),
        NativeType::Set => NewValue::Set(elements(value)?),
        NativeType::SortedSet => NewValue::SortedSet(members(value).and_then(once)?),
        NativeType::Stream => NewValue::Stream(each(array(value)?, "value", entry)?),
    };
    if parsed.is_empty() {
        return Err(Error::validation("Redis has no empty collections; delete the key instead"));
    }
    if parsed.len() > MAX_ELEMENTS {
        return Err(Error::too_large(format!(
            "a key is written with at most {MAX_ELEMENTS} elements at once"
        )));
    }
    Ok(parsed)
}

fn read<T: DeserializeOwned>(value: Value, at: &str) -> Result<T> {
    serde_json::from_value(value).map_err(|e| Error::validation(format!("`{at}`: {e}")))
}

/// Reads each item, told where it stands.
fn each<T>(items: Vec<Value>, at: &str, read: impl Fn(Value, &str) -> Result<T>) -> Result<Vec<T>> {
    let item = |(i, item)| read(item, &format!("{at}[{i}]"));
    items.into_iter().enumerate().map(item).collect()
}

fn elements(value: Value) -> Result<Vec<Vec<u8>>> {
    each(array(value)?, "value", |element, at| Ok(read::<Bytes>(element, at)?.0))
}

fn array(value: Value) -> Result<Vec<Value>> {
    match value {
        Value::Array(elements) => Ok(elements),
        _ => Err(Error::validation("`value` must be an array for this type")),
    }
}

/// A member of a set that stands there twice is the same member; a name with two values is not one thing.
fn once<T>(named: Vec<(Vec<u8>, T)>) -> Result<Vec<(Vec<u8>, T)>> {
    each_once("value", named.iter().map(|(name, _)| name.as_slice())).map_err(Error::validation)?;
    Ok(named)
}

/// `{ name: value }`, or `[[name, value], …]` for names that are no text, or that repeat, which those of
/// a stream's entry may.
fn pairs(value: Value, at: &str) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value: Bytes = read(value, &format!("{at}.{name}"))?;
                Ok((name.into_bytes(), value.0))
            })
            .collect(),
        Value::Array(pairs) => each(pairs, at, |pair, at| {
            let [name, value] = pair_of(pair, at)?;
            Ok((read::<Bytes>(name, at)?.0, read::<Bytes>(value, at)?.0))
        }),
        _ => Err(Error::validation(format!("`{at}` must be an object, or [[name, value], …]"))),
    }
}

fn pair_of(value: Value, at: &str) -> Result<[Value; 2]> {
    let wrong = || Error::validation(format!("`{at}` must be an array of two"));
    let Value::Array(pair) = value else { return Err(wrong()) };
    pair.try_into().map_err(|_| wrong())
}

/// `[{ member, score }, …]`, `[[member, score], …]` or `{ member: score }`.
fn members(value: Value) -> Result<Vec<(Vec<u8>, String)>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Member {
        member: Bytes,
        score: Value,
    }

    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(member, value)| {
                let score: Score = read(value, &format!("value.{member}"))?;
                Ok((member.into_bytes(), score.0))
            })
            .collect(),
        value => each(array(value)?, "value", |element, at| {
            let (member, score) = if element.is_array() {
                let [member, score] = pair_of(element, at)?;
                (read(member, at)?, score)
            } else {
                let Member { member, score } = read(element, at)?;
                (member, score)
            };
            let (Bytes(member), Score(score)) = (member, read(score, at)?);
            Ok((member, score))
        }),
    }
}

fn entry(value: Value, at: &str) -> Result<StreamEntry> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        id: Option<String>,
        fields: Value,
    }

    let Entry { id, fields } = read(value, at)?;
    let fields = pairs(fields, &format!("{at}.fields"))?;
    if fields.is_empty() {
        return Err(Error::validation(format!("`{at}.fields` is empty")));
    }
    Ok(StreamEntry { id: id.unwrap_or_else(|| "*".to_owned()), fields })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_without_a_type_is_what_it_looks_like() {
        let type_of = |value| parse(None, value).unwrap().native_type();
        assert_eq!(type_of(json!("a")), NativeType::String);
        assert_eq!(type_of(json!(1)), NativeType::String);
        assert_eq!(type_of(json!({ "$binary": { "base64": "/w==" } })), NativeType::String);
        assert_eq!(type_of(json!({ "field": "a" })), NativeType::Hash);
        assert_eq!(type_of(json!(["a"])), NativeType::List);
    }

    #[test]
    fn names_that_are_no_text_are_given_in_pairs() {
        let fields = json!([[{ "$binary": { "base64": "/w==" } }, "a"]]);
        let expected = NewValue::Hash(vec![(vec![0xff], b"a".to_vec())]);
        assert_eq!(parse(Some(NativeType::Hash), fields).unwrap(), expected);
    }

    #[test]
    fn a_name_with_two_values_is_refused_and_told_by_its_place() {
        for (value_type, value) in [
            (NativeType::Hash, json!([["b", "1"], ["a", "1"], ["a", "2"]])),
            (NativeType::Hash, json!([["b", "1"], ["1", "1"], [1, "1"]])),
            (
                NativeType::Hash,
                json!([["b", "1"], ["a", "1"], [{ "$binary": { "base64": "YQ==" } }, "2"]]),
            ),
            (NativeType::SortedSet, json!([["b", 1], ["a", 1], ["a", 2]])),
            (NativeType::SortedSet, json!([["b", 1], ["a", 1], { "member": "a", "score": 1 }])),
        ] {
            let error = parse(Some(value_type), value.clone()).unwrap_err();
            let places =
                error.message().contains("`value[2]`") && error.message().contains("`value[1]`");
            assert!(places, "{value}: {error}");
        }
        for (value_type, value) in [
            (NativeType::Set, json!(["a", "a"])),
            (NativeType::List, json!(["a", "a"])),
            (NativeType::Stream, json!([{ "fields": [["a", "1"], ["a", "2"]] }])),
        ] {
            assert!(parse(Some(value_type), value).is_ok(), "{value_type:?}");
        }
    }

    #[test]
    fn all_forms_of_a_sorted_set_are_the_same() {
        let expected = NewValue::SortedSet(vec![(b"a".to_vec(), "-inf".to_owned())]);
        for value in [
            json!([{ "member": "a", "score": "-inf" }]),
            json!([["a", "-inf"]]),
            json!({ "a": "-inf" }),
        ] {
            assert_eq!(parse(Some(NativeType::SortedSet), value).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_score_is_refused() {
        for value in [json!({ "a": "nan" }), json!({ "a": "x" }), json!({ "a": null })] {
            assert!(parse(Some(NativeType::SortedSet), value).is_err());
        }
    }

    #[test]
    fn empty_collections_and_wrong_shapes_are_refused() {
        let cases = [
            (NativeType::List, json!([])),
            (NativeType::Hash, json!({})),
            (NativeType::List, json!("a")),
            (NativeType::String, json!({ "a": "b" })),
            (NativeType::Stream, json!([{ "fields": {} }])),
            (NativeType::Hash, json!({ "a": null })),
        ];
        for (value_type, value) in cases {
            assert!(parse(Some(value_type), value.clone()).is_err(), "{value_type:?} {value}");
        }
    }
}
