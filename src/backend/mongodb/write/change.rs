//! Changing and deleting one document.

use mongodb::bson::{Bson, Document, RawDocument, RawDocumentBuf, doc};
use mongodb::options::{
    Collation, FindOneAndDeleteOptions, FindOneAndReplaceOptions, FindOneAndUpdateOptions,
    ReturnDocument, UpdateModifications,
};

use super::{diff, exact};
use crate::backend::mongodb::command::Call;
use crate::backend::mongodb::names::Namespace;
use crate::backend::mongodb::read::{by_id, primary};
use crate::ejson::raw::fields;
use crate::ejson::{Mode, ShownAs, etag, value_of};
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// How one document is to be changed. Operators, filters and stages must have passed the gate.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Update operators, and which items of arrays they mean by `$[name]`.
    Operators {
        /// `{ "$set": … }`.
        operators: Document,
        /// One filter for each name.
        array_filters: Vec<Document>,
    },
    /// Update stages.
    Pipeline(Vec<Document>),
    /// A new document in place of the old one.
    Replacement(RawDocumentBuf),
}

impl Change {
    /// Update operators by themselves.
    pub fn operators(operators: Document) -> Self {
        Self::Operators { operators, array_filters: Vec::new() }
    }

    /// The least that makes `edited` of `original`; `None` if they are the same. Where single fields
    /// can't say it, because of their names or their order, it is the whole document.
    pub fn between(original: &RawDocument, edited: RawDocumentBuf) -> Result<Option<Self>> {
        let edited = diff::with_id_of(original, edited)?;
        if edited.as_bytes() == original.as_bytes() {
            return Ok(None);
        }
        Ok(Some(match diff::operators(original, &edited)? {
            Some(operators) => Self::operators(operators),
            None => Self::Replacement(edited),
        }))
    }

    /// A form of it that a server takes for what it is: a replacement whose fields look like operators
    /// is written as a stage.
    pub(super) fn unmistakable(self) -> Result<Self> {
        let Self::Replacement(replacement) = &self else { return Ok(self) };
        let operators = fields(replacement.as_bytes())?.iter().any(|f| f.name.starts_with(b"$"));
        if !operators {
            return Ok(self);
        }
        let literal = Document::try_from(replacement)
            .map_err(|_| Error::validation("the document can't be encoded as BSON"))?;
        Ok(Self::Pipeline(vec![doc! { "$replaceWith": { "$literal": literal } }]))
    }
}

/// What became of a change.
#[derive(Debug)]
pub struct Changed {
    /// The document was not there and was made.
    pub inserted: bool,
    /// The document as it is now; `None` if it was deleted meanwhile.
    pub document: Option<RawDocumentBuf>,
}

/// Why a document was not changed.
#[derive(Debug)]
pub enum ChangeFailure {
    /// It is another by now: this one.
    Stale(RawDocumentBuf),
    /// Anything else.
    Other(Error),
}

impl From<Error> for ChangeFailure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl ChangeFailure {
    /// As it is told, with the current document in this form.
    pub fn told(self, shown_as: ShownAs) -> Error {
        let current = match self {
            Self::Other(error) => return error,
            Self::Stale(current) => current,
        };
        let shown = match value_of(&current, Mode::Canonical) {
            Err(error) => return error,
            Ok(shown) if shown_as == ShownAs::Text => shown.to_string().into(),
            Ok(shown) => shown,
        };
        let message = "the document was changed by someone else since it was loaded; look at the \
                       current one and try again";
        Error::new(Code::Conflict, message).detail("current", shown).detail("etag", etag(&current))
    }
}

impl Call<'_> {
    /// Changes the document with this id; `None` if there is none. With `expected`, only while it is
    /// exactly that; otherwise the failure is the current one.
    pub async fn change(
        &self,
        namespace: &Namespace,
        id: Bson,
        change: Change,
        expected: Option<&RawDocument>,
    ) -> Result<Option<Changed>, ChangeFailure> {
        let document = self.modify(namespace, &id, change, expected, false).await?;
        if document.is_none() && expected.is_some() {
            self.refuse_if_changed(namespace, id).await?;
        }
        Ok(document.map(|document| Changed { inserted: false, document: Some(document) }))
    }

    /// Changes the document with this id, or makes it.
    pub async fn upsert(&self, namespace: &Namespace, id: Bson, change: Change) -> Result<Changed> {
        // Only what was there before tells a change from an insert.
        let before = self.modify(namespace, &id, change, None, true).await?;
        // The write is done, whatever becomes of looking at it.
        let current = self.current(namespace, &id).await;
        let document = current.map_err(|error| error.outcome(Outcome::Applied))?;
        Ok(Changed { inserted: before.is_none(), document })
    }

    /// The document with this id, if it is exactly `expected`: what becomes of a change that changes
    /// nothing.
    pub async fn confirm(
        &self,
        namespace: &Namespace,
        id: Bson,
        expected: &RawDocument,
    ) -> Result<Option<Changed>, ChangeFailure> {
        let filter = exact::filter(&id, expected)?;
        let document = self.one(namespace, filter, Some(simple()), Some(primary())).await?;
        if document.is_none() {
            self.refuse_if_changed(namespace, id).await?;
        }
        Ok(document.map(|document| Changed { inserted: false, document: Some(document) }))
    }

    /// Deletes the document with this id; `false` if there is none. With `expected`, only while it is
    /// exactly that.
    pub async fn delete(
        &self,
        namespace: &Namespace,
        id: Bson,
        expected: Option<&RawDocument>,
    ) -> Result<bool, ChangeFailure> {
        let filter = matching(&id, expected)?;
        let options = FindOneAndDeleteOptions::builder()
            .projection(doc! { "_id": 1 })
            .collation(expected.map(|_| simple()))
            .max_time(self.max_time())
            .comment(self.comment())
            .build();
        let collection = self.collection(namespace);
        let deleted = self
            .write(async {
                Ok(collection.find_one_and_delete(filter).with_options(options).await?)
            })
            .await?;
        if deleted.is_none() && expected.is_some() {
            self.refuse_if_changed(namespace, id).await?;
        }
        Ok(deleted.is_some())
    }

    /// `findAndModify`, because it is the one write that takes `maxTimeMS` and returns the document:
    /// as it was for an upsert, else as it is.
    async fn modify(
        &self,
        namespace: &Namespace,
        id: &Bson,
        change: Change,
        expected: Option<&RawDocument>,
        upsert: bool,
    ) -> Result<Option<RawDocumentBuf>> {
        let filter = matching(id, expected)?;
        let collation = expected.map(|_| simple());
        let wanted = if upsert { ReturnDocument::Before } else { ReturnDocument::After };
        let (time, comment) = (self.max_time(), self.comment());
        let collection = self.collection(namespace);
        let (modifications, array_filters) = match change.unmistakable()? {
            Change::Replacement(replacement) => {
                let options = FindOneAndReplaceOptions::builder()
                    .upsert(upsert)
                    .return_document(wanted)
                    .collation(collation)
                    .max_time(time)
                    .comment(comment)
                    .build();
                let replace = collection.find_one_and_replace(filter, replacement);
                return self.write(async { Ok(replace.with_options(options).await?) }).await;
            }
            Change::Operators { operators, array_filters } => {
                (UpdateModifications::Document(operators), array_filters)
            }
            Change::Pipeline(stages) => (UpdateModifications::Pipeline(stages), Vec::new()),
        };
        let options = FindOneAndUpdateOptions::builder()
            .array_filters((!array_filters.is_empty()).then_some(array_filters))
            .upsert(upsert)
            .return_document(wanted)
            .collation(collation)
            .max_time(time)
            .comment(comment)
            .build();
        let update = collection.find_one_and_update(filter, modifications);
        self.write(async { Ok(update.with_options(options).await?) }).await
    }

    /// The document with this id, if it is in the state of which the caller has the etag; `None` if
    /// there is none. A change must expect it all the same: it may change meanwhile.
    pub async fn matching(
        &self,
        namespace: &Namespace,
        id: &Bson,
        seen: &str,
    ) -> Result<Option<RawDocumentBuf>, ChangeFailure> {
        match self.current(namespace, id).await? {
            Some(current) if etag(&current) != seen => Err(ChangeFailure::Stale(current)),
            current => Ok(current),
        }
    }

    /// Fails if there is a document with this id: then it is not the expected one.
    async fn refuse_if_changed(
        &self,
        namespace: &Namespace,
        id: Bson,
    ) -> Result<(), ChangeFailure> {
        match self.current(namespace, &id).await? {
            Some(current) => Err(ChangeFailure::Stale(current)),
            None => Ok(()),
        }
    }
}

fn matching(id: &Bson, expected: Option<&RawDocument>) -> Result<Document> {
    expected.map_or_else(|| Ok(by_id(id)), |expected| exact::filter(id, expected))
}

/// Text compared byte by byte, whatever the collection's own rules are.
fn simple() -> Collation {
    Collation::builder().locale("simple").build()
}
