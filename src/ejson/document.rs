//! What requests carry: documents, pipelines and updates, as JSON or as text that holds JSON.

use std::fmt;

use mongodb::bson::{self, Bson, RawDocument, RawDocumentBuf};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::read::{Element, document_into, members_into};
use super::wrapper;
use crate::error::{Error, Result};
use crate::json;

/// A document as MongoDB Extended JSON v2, or text that holds one.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(extend("type" = ["object", "string"]))]
pub struct Document(#[schemars(with = "Value")] RawDocumentBuf);

impl Default for Document {
    fn default() -> Self {
        Self(RawDocumentBuf::new())
    }
}

impl Document {
    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The BSON bytes.
    pub fn raw(&self) -> &RawDocument {
        &self.0
    }

    /// The BSON bytes, owned.
    pub fn into_raw(self) -> RawDocumentBuf {
        self.0
    }

    /// A tree of values, which is what the driver takes for filters and updates.
    pub fn tree(&self) -> Result<bson::Document> {
        bson::Document::try_from(self.raw())
            .map_err(|e| Error::validation(format!("the document can't be encoded as BSON: {e}")))
    }
}

/// The stages of an aggregation, or text that holds them as JSON.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema)]
#[schemars(extend("type" = ["array", "string"]))]
pub struct Pipeline(pub Vec<Document>);

impl Pipeline {
    /// Trees of values.
    pub fn trees(&self) -> Result<Vec<bson::Document>> {
        self.0.iter().map(Document::tree).collect()
    }
}

/// How a document is to be changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// Update operators: `{ "$set": … }`.
    Operators(Document),
    /// Stages that make the new document from the old one.
    Pipeline(Pipeline),
}

/// Reads one Extended JSON value of any type from text.
pub fn parse_value(text: &str) -> Result<Bson> {
    json::refuse_duplicates(text.as_bytes())?;
    let mut bytes = Vec::new();
    let mut json = serde_json::Deserializer::from_str(text);
    document_into(&mut bytes, |out| json.deserialize_any(Element::start(out, "v", 1)?))
        .and_then(|()| json.end())
        .map_err(|e| Error::validation(format!("not valid EJSON: {e}")))?;
    let document = bson::Document::try_from(
        RawDocument::from_bytes(&bytes).map_err(|_| Error::internal("a value was misread"))?,
    )
    .map_err(|e| Error::validation(format!("the value can't be encoded as BSON: {e}")))?;
    document.into_iter().next().map(|(_, value)| value).ok_or_else(|| Error::internal("no value"))
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object, or text that holds one")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Document, E> {
        json::refuse_duplicates(text.as_bytes()).map_err(|e| E::custom(e.message()))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let document = json.deserialize_map(Self).and_then(|read| json.end().map(|()| read));
        document.map_err(|e| E::custom(format!("not a valid document: {e}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let first: Option<String> = map.next_key()?;
        if let Some(key) = first.as_deref().filter(|key| wrapper::is_wrapper(key)) {
            return Err(de::Error::custom(format!("a document is expected, not a `{key}`")));
        }
        let mut bytes = Vec::new();
        document_into(&mut bytes, |out| members_into(out, first, &mut map, 1))?;
        RawDocumentBuf::from_bytes(bytes).map(Document).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct PipelineVisitor;

impl<'de> Visitor<'de> for PipelineVisitor {
    type Value = Pipeline;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array of objects, or text that holds one")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Pipeline, E> {
        json::refuse_duplicates(text.as_bytes()).map_err(|e| E::custom(e.message()))?;
        serde_json::from_str(text)
            .map(Pipeline)
            .map_err(|e| E::custom(format!("not a valid pipeline: {e}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, stages: A) -> Result<Pipeline, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(stages)).map(Pipeline)
    }
}

impl<'de> Deserialize<'de> for Pipeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PipelineVisitor)
    }
}

struct UpdateVisitor;

impl<'de> Visitor<'de> for UpdateVisitor {
    type Value = Update;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of update operators or an array of stages")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Update, E> {
        if text.trim_start().starts_with('[') {
            PipelineVisitor.visit_str(text).map(Update::Pipeline)
        } else {
            DocumentVisitor.visit_str(text).map(Update::Operators)
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Update, A::Error> {
        Document::deserialize(MapAccessDeserializer::new(map)).map(Update::Operators)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, stages: A) -> Result<Update, A::Error> {
        PipelineVisitor.visit_seq(stages).map(Update::Pipeline)
    }
}

impl<'de> Deserialize<'de> for Update {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UpdateVisitor)
    }
}

impl JsonSchema for Update {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Update".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Update operators (`{ \"$set\": … }`), or an array of stages.",
            "type": ["object", "array", "string"],
        })
    }
}
