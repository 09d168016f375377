//! The least change that makes one document of another.

use std::collections::HashMap;

use mongodb::bson::{Document, RawDocument, RawDocumentBuf};

use super::insert::prepended;
use crate::backend::mongodb::types::{ARRAY, DOCUMENT};
use crate::ejson::raw::{Field, fields};
use crate::error::{Error, Result};

/// The edited document with the `_id` of the original one, which it may leave out and not change.
pub(super) fn with_id_of(original: &RawDocument, edited: RawDocumentBuf) -> Result<RawDocumentBuf> {
    let id = |document: &RawDocument| -> Result<Option<Vec<u8>>> {
        let fields = fields(document.as_bytes())?;
        let id = fields.iter().find(|field| field.name == b"_id");
        Ok(id.map(|id| [&[id.kind], b"_id\0".as_slice(), id.value].concat()))
    };
    match (id(original)?, id(&edited)?) {
        (before, after) if before == after => Ok(edited),
        (Some(id), None) => prepended(&id, &edited),
        _ => Err(Error::validation(
            "the `_id` of a document can't be changed; insert a document with the new one, and \
             delete this",
        )),
    }
}

/// `$set` and `$unset` that make `edited` of a stored document that is exactly `original`; `None`
/// where operators can't say it, or take more to say than the whole document.
pub(super) fn operators(original: &RawDocument, edited: &RawDocument) -> Result<Option<Document>> {
    let mut changes = Operators::default();
    if !changes.document("", original.as_bytes(), edited.as_bytes())?
        || changes.bytes >= edited.as_bytes().len()
    {
        return Ok(None);
    }
    let Operators { set, unset, .. } = changes;
    let mut operators = Document::new();
    if !set.is_empty() {
        operators.insert("$set", set);
    }
    if !unset.is_empty() {
        operators.insert("$unset", unset);
    }
    Ok(Some(operators))
}

#[derive(Default)]
struct Operators {
    set: Document,
    unset: Document,
    /// What they take to be said.
    bytes: usize,
}

impl Operators {
    /// Notes what differs in a document; `false`, with nothing noted, if single fields can't say it.
    fn document(&mut self, path: &str, original: &[u8], edited: &[u8]) -> Result<bool> {
        let (original, edited) = (fields(original)?, fields(edited)?);
        let (before, after) = (by_name(&original), by_name(&edited));
        if !expressible(&original, &edited, &after) {
            return Ok(false);
        }
        for field in &original {
            match after.get(field.name) {
                Some(other) => self.value(&below(path, field), field, other)?,
                None => self.unset(&below(path, field)),
            }
        }
        for field in edited.iter().filter(|field| !before.contains_key(field.name)) {
            self.set(&below(path, field), field)?;
        }
        Ok(true)
    }

    fn value(&mut self, path: &str, original: &Field<'_>, edited: &Field<'_>) -> Result<()> {
        if (original.kind, original.value) == (edited.kind, edited.value) {
            return Ok(());
        }
        let told = match (original.kind, edited.kind) {
            (DOCUMENT, DOCUMENT) => self.document(path, original.value, edited.value)?,
            (ARRAY, ARRAY) => self.array(path, original.value, edited.value)?,
            _ => false,
        };
        if told { Ok(()) } else { self.set(path, edited) }
    }

    /// Items are told by their index, unless some came or went.
    fn array(&mut self, path: &str, original: &[u8], edited: &[u8]) -> Result<bool> {
        let (original, edited) = (fields(original)?, fields(edited)?);
        if original.len() != edited.len() {
            return Ok(false);
        }
        for (index, (original, edited)) in original.iter().zip(&edited).enumerate() {
            self.value(&format!("{path}.{index}"), original, edited)?;
        }
        Ok(true)
    }

    fn set(&mut self, path: &str, field: &Field<'_>) -> Result<()> {
        self.bytes += path.len() + field.value.len() + 2;
        self.set.insert(path, field.bson()?);
        Ok(())
    }

    fn unset(&mut self, path: &str) {
        self.bytes += path.len() + 4;
        self.unset.insert(path, "");
    }
}

/// Whether single fields can say what changed: their names are those that paths are made of, the
/// fields that stay keep their order, and the new ones come after them. A server appends new fields
/// in the order of their names, whatever the order in which they are given.
fn expressible(original: &[Field<'_>], edited: &[Field<'_>], after: &ByName<'_>) -> bool {
    if !original.iter().chain(edited).all(fits_into_a_path) {
        return false;
    }
    let kept = original.iter().filter(|field| after.contains_key(field.name));
    let (old, new) = edited.split_at(kept.clone().count());
    let in_order = kept.map(|field| field.name).eq(old.iter().map(|field| field.name));
    let numeric = |field: &Field<'_>| field.name.iter().all(u8::is_ascii_digit);
    in_order
        && new.is_sorted_by(|a, b| a.name < b.name)
        && (new.len() < 2 || !new.iter().any(numeric))
}

fn fits_into_a_path(field: &Field<'_>) -> bool {
    let name = field.name;
    !name.is_empty() && name[0] != b'$' && !name.contains(&b'.') && field.name().is_some()
}

/// Fields by their names, of which a document may have very many.
type ByName<'f> = HashMap<&'f [u8], &'f Field<'f>>;

fn by_name<'f>(fields: &'f [Field<'f>]) -> ByName<'f> {
    fields.iter().map(|field| (field.name, field)).collect()
}

fn below(path: &str, field: &Field<'_>) -> String {
    let name = field.name().unwrap_or_default();
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn one_edited_field_is_found_among_very_many() {
        let mut original: Document = (0..200_000).map(|n| (format!("f{n}"), n.into())).collect();
        let before = RawDocumentBuf::try_from(&original).unwrap();
        original.insert("f199999", -1);
        let after = RawDocumentBuf::try_from(&original).unwrap();
        let told = operators(&before, &after).unwrap();
        assert_eq!(told, Some(doc! { "$set": { "f199999": -1 } }));
    }
}
