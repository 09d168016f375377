//! How the documents of an answer are shown, and what tells one state of a document from another.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use mongodb::bson::RawDocument;
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::write::{Mode, write_document};
use crate::error::Result;
use crate::json::Writer;

/// Whether documents are parts of the answer or texts in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShownAs {
    /// Objects.
    #[default]
    Json,
    /// Texts that hold Extended JSON. They reach a caller as they are, whatever its JSON parser does
    /// with the order of fields, with large numbers or with `-0`.
    Text,
}

/// How documents are shown.
#[derive(Debug, Default)]
pub struct Form<'w> {
    mode: Mode,
    shown_as: ShownAs,
    /// Where their etags go, if anywhere.
    etags: Option<&'w mut Vec<String>>,
}

impl From<Mode> for Form<'_> {
    fn from(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }
}

impl<'w> Form<'w> {
    /// Texts are canonical unless something else is asked for.
    pub fn of(mode: Option<Mode>, shown_as: ShownAs) -> Self {
        let by_default = match shown_as {
            ShownAs::Json => Mode::Relaxed,
            ShownAs::Text => Mode::Canonical,
        };
        Self { mode: mode.unwrap_or(by_default), shown_as, etags: None }
    }

    /// Keeps the etag of each document.
    #[must_use]
    pub fn with_etags(self, etags: &'w mut Vec<String>) -> Self {
        Self { etags: Some(etags), ..self }
    }

    /// Writes a document.
    pub fn write(&mut self, writer: &mut Writer, document: &RawDocument) -> Result<()> {
        if let Some(etags) = &mut self.etags {
            etags.push(etag(document));
        }
        match self.shown_as {
            ShownAs::Json => write_document(writer, document, self.mode),
            ShownAs::Text => {
                let mut text = Writer::new();
                write_document(&mut text, document, self.mode)?;
                let text = text.into_bytes();
                writer.string(&String::from_utf8_lossy(&text));
                Ok(())
            }
        }
    }
}

/// A digest of the document as it is stored, byte for byte: no two states have the same one.
pub fn etag(document: &RawDocument) -> String {
    BASE64URL.encode(Sha256::digest(document.as_bytes()))
}

/// Whether a text can be the etag of a document.
pub fn is_etag(text: &str) -> bool {
    BASE64URL.decode(text).is_ok_and(|digest| digest.len() == Sha256::output_size())
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{RawDocumentBuf, doc};

    use super::*;

    fn raw(document: &mongodb::bson::Document) -> RawDocumentBuf {
        RawDocumentBuf::try_from(document).unwrap()
    }

    #[test]
    fn documents_that_are_only_equal_have_etags_of_their_own() {
        let states = [
            doc! { "a": 1_i32, "10": 2 },
            doc! { "10": 2, "a": 1_i32 },
            doc! { "a": 1_i64, "10": 2 },
            doc! { "a": 1.0, "10": 2 },
            doc! { "a": 0.0, "10": 2 },
            doc! { "a": -0.0, "10": 2 },
        ];
        let mut etags: Vec<String> = states.iter().map(|state| etag(&raw(state))).collect();
        assert_eq!(etags[0], etag(&raw(&states[0])));
        assert!(etags.iter().all(|etag| is_etag(etag)));
        assert!(!["", "*", "W/\"x\"", "abc"].into_iter().any(is_etag));
        etags.sort_unstable();
        etags.dedup();
        assert_eq!(etags.len(), states.len());
    }

    #[test]
    fn a_text_holds_the_document_with_its_order_and_its_types() {
        let document = raw(&doc! { "b": 1_i32, "10": -0.0 });
        let written = |mode, shown_as| {
            let (mut writer, mut etags) = (Writer::new(), Vec::new());
            let mut form = Form::of(mode, shown_as).with_etags(&mut etags);
            form.write(&mut writer, &document).unwrap();
            form.write(&mut Writer::new(), &document).unwrap();
            assert_eq!(etags, [etag(&document), etag(&document)]);
            String::from_utf8(writer.into_bytes()).unwrap()
        };
        assert_eq!(
            serde_json::from_str::<String>(&written(None, ShownAs::Text)).unwrap(),
            r#"{"b":{"$numberInt":"1"},"10":{"$numberDouble":"-0.0"}}"#
        );
        assert_eq!(written(Some(Mode::Relaxed), ShownAs::Text), r#""{\"b\":1,\"10\":-0.0}""#);
        assert_eq!(written(None, ShownAs::Json), r#"{"b":1,"10":-0.0}"#);
    }
}
