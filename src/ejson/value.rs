//! Documents as trees of JSON, for the details of failures.

use mongodb::bson::RawDocument;
use serde_json::{Map, Value};

use super::raw::fields;
use super::read::{ARRAY, DOCUMENT};
use super::write::{Mode, write_raw};
use crate::error::{Error, Result};
use crate::json::Writer;

/// The document as Extended JSON. It is made level by level: as text, it may be deeper than JSON is
/// read.
pub fn value_of(document: &RawDocument, mode: Mode) -> Result<Value> {
    members(document.as_bytes(), mode).map(Value::Object)
}

fn members(document: &[u8], mode: Mode) -> Result<Map<String, Value>> {
    let named = fields(document)?.into_iter().map(|field| {
        let name = String::from_utf8_lossy(field.name).into_owned();
        Ok((name, value(field.kind, field.value, mode)?))
    });
    named.collect()
}

fn value(kind: u8, bytes: &[u8], mode: Mode) -> Result<Value> {
    match kind {
        DOCUMENT => members(bytes, mode).map(Value::Object),
        ARRAY => {
            let items = fields(bytes)?.into_iter().map(|item| value(item.kind, item.value, mode));
            items.collect::<Result<_>>().map(Value::Array)
        }
        _ => {
            let mut writer = Writer::new();
            write_raw(&mut writer, kind, bytes, mode)?;
            serde_json::from_slice(&writer.into_bytes())
                .map_err(|_| Error::internal("a value was written as broken JSON"))
        }
    }
}
