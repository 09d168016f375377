//! Extended JSON as a part of an answer that is serialised.

use std::borrow::Borrow;

use mongodb::bson::{Bson, RawDocument};
use schemars::JsonSchema;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::write::{Mode, encoded, write_document, write_raw, write_value};
use crate::error::{Error, Result};
use crate::json::Writer;

/// A document that is at hand as a tree of values; for small ones.
pub fn json_of(document: &mongodb::bson::Document, mode: Mode) -> Result<Box<RawValue>> {
    written(|writer| write_document(writer, &encoded(document)?, mode))
}

/// Serialises a stored document as relaxed Extended JSON.
pub fn relaxed<S: Serializer>(document: &RawDocument, serializer: S) -> Result<S::Ok, S::Error> {
    let json = written(|writer| write_document(writer, document, Mode::Relaxed));
    json.map_err(S::Error::custom)?.serialize(serializer)
}

/// A document as MongoDB Extended JSON v2.
#[derive(Debug, JsonSchema)]
#[schemars(extend("type" = "object"))]
pub struct ShownDocument(#[schemars(with = "Value")] ());

/// A value of any type as canonical Extended JSON.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(rename = "CanonicalValue", bound = "")]
pub struct Canonical<B = Bson>(#[schemars(with = "Value")] pub B);

impl<B: Borrow<Bson>> Serialize for Canonical<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = written(|writer| write_value(writer, self.0.borrow(), Mode::Canonical));
        json.map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// A value that is still as it is stored, in a field of the type `kind`.
#[derive(Debug)]
pub(crate) struct Stored<'v> {
    pub(crate) kind: u8,
    pub(crate) value: &'v [u8],
    pub(crate) mode: Mode,
}

impl Serialize for Stored<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = written(|writer| write_raw(writer, self.kind, self.value, self.mode));
        json.map_err(S::Error::custom)?.serialize(serializer)
    }
}

fn written(write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<Box<RawValue>> {
    let mut writer = Writer::new();
    write(&mut writer)?;
    String::from_utf8(writer.into_bytes())
        .ok()
        .and_then(|text| RawValue::from_string(text).ok())
        .ok_or_else(|| Error::internal("a value was written as broken JSON"))
}
