//! The statements of a bulk write, as commands take them.

use mongodb::bson::raw::{CStr, cstr};
use mongodb::bson::{Document, RawArrayBuf, RawDocumentBuf, doc};

use crate::backend::mongodb::read::Reading;
use crate::backend::mongodb::write::change::Change;
use crate::error::{Error, Result};

/// Which command a statement belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteKind {
    Insert,
    Update,
    Delete,
}

impl WriteKind {
    /// Name of the command, and of its list of statements.
    pub(super) fn command(self) -> (&'static CStr, &'static CStr) {
        match self {
            Self::Insert => (cstr!("insert"), cstr!("documents")),
            Self::Update => (cstr!("update"), cstr!("updates")),
            Self::Delete => (cstr!("delete"), cstr!("deletes")),
        }
    }
}

/// One write of a bulk. What it holds must have passed the gate.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(super) kind: WriteKind,
    pub(super) body: RawDocumentBuf,
    /// It may change any number of documents.
    pub(super) many: bool,
}

/// Which documents a statement changes or deletes.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// A query.
    pub filter: Document,
    /// All that match, or the first one.
    pub many: bool,
    /// How text is compared, and which index to use.
    pub reading: Reading,
}

impl Statement {
    /// Inserts a document, which must have an `_id`.
    pub fn insert(document: RawDocumentBuf) -> Self {
        Self { kind: WriteKind::Insert, body: document, many: false }
    }

    /// Changes documents; with `upsert`, makes one where none matches.
    pub fn update(selection: &Selection, change: Change, upsert: bool) -> Result<Self> {
        let many = selection.many;
        let mut body = selection.encode()?;
        match change.unmistakable()? {
            Change::Replacement(_) if many => {
                return Err(Error::validation("a replacement is for one document"));
            }
            Change::Replacement(replacement) => body.append(cstr!("u"), replacement),
            Change::Operators { operators, array_filters } => {
                body.append(cstr!("u"), encoded(&operators)?);
                if !array_filters.is_empty() {
                    body.append(cstr!("arrayFilters"), list(&array_filters)?);
                }
            }
            Change::Pipeline(stages) => body.append(cstr!("u"), list(&stages)?),
        }
        body.append(cstr!("multi"), many);
        if upsert {
            body.append(cstr!("upsert"), true);
        }
        Ok(Self { kind: WriteKind::Update, body, many })
    }

    /// Deletes documents.
    pub fn delete(selection: &Selection) -> Result<Self> {
        let mut body = selection.encode()?;
        body.append(cstr!("limit"), i32::from(!selection.many));
        Ok(Self { kind: WriteKind::Delete, body, many: selection.many })
    }

    /// The command that has nothing but this statement.
    pub(crate) fn alone(&self, coll: &str) -> Result<Document> {
        let (name, list) = self.kind.command();
        let body = Document::try_from(&self.body)
            .map_err(|_| Error::internal("a statement could not be read"))?;
        Ok(doc! { name.as_str(): coll, list.as_str(): [body] })
    }
}

impl Selection {
    fn encode(&self) -> Result<RawDocumentBuf> {
        let mut body = doc! { "q": self.filter.clone() };
        self.reading.describe(&mut body)?;
        encoded(&body)
    }
}

fn list(documents: &[Document]) -> Result<RawArrayBuf> {
    let mut array = RawArrayBuf::new();
    for document in documents {
        array.push(encoded(document)?);
    }
    Ok(array)
}

fn encoded(document: &Document) -> Result<RawDocumentBuf> {
    RawDocumentBuf::try_from(document)
        .map_err(|e| Error::validation(format!("a document can't be encoded as BSON: {e}")))
}
