//! Telling whether a stored document is, byte for byte, the one that was loaded.

use mongodb::bson::{Bson, Document, RawDocument, RawDocumentBuf, doc};

use crate::backend::mongodb::types::{
    ARRAY, DECIMAL, DOCUMENT, DOUBLE, INT32, INT64, STRING, SYMBOL, alias,
};
use crate::ejson::raw::{Field, fields};
use crate::error::{Error, Result};

/// Bytes that a command may have, less what is in it besides the filter and the change.
const MAX_COMMAND: usize = 16_000_000;

/// Matches the document with this id while it is exactly `expected`. It is compared in the operation
/// that changes it, so that nothing can happen in between.
///
/// A server compares by value: to it 1, 1.0 and a 64-bit 1 are equal, and so are 0.0 and -0.0, the
/// decimals 1.0 and 1.00, a string and a symbol. So types are compared as well, and the text of the
/// numbers that can look alike. What a server can't tell apart in any way is the payload of a `NaN`.
/// The operation must have the simple collation, or strings are compared by rules of a language.
pub(crate) fn filter(id: &Bson, expected: &RawDocument) -> Result<Document> {
    if expected.as_bytes().len() > MAX_COMMAND / 2 {
        return Err(Error::too_large(
            "the document is too large to be compared with the stored one; change it without \
             `if_match` and `if_unchanged`",
        ));
    }
    let literal = Document::try_from(expected)
        .map_err(|_| Error::validation("the document can't be encoded as BSON"))?;
    if RawDocumentBuf::try_from(&literal).ok().as_deref() != Some(expected) {
        return Err(Error::validation(
            "the document has a field twice in one document, so it can't be compared with the stored \
             one; change it without `if_match` and `if_unchanged`",
        ));
    }
    let same = doc! { "$eq": ["$$ROOT", { "$literal": literal }] };
    let mut checks = Vec::new();
    check(&FieldPath::root(), DOCUMENT, expected.as_bytes(), &mut checks)?;
    // Places are looked at only where the document has them.
    let exact = doc! { "$cond": [same, { "$and": checks }, false] };
    Ok(doc! { "_id": { "$eq": id.clone() }, "$expr": exact })
}

/// Adds what must hold, besides equality, of the fields of a document or the items of an array.
fn check(place: &FieldPath, kind: u8, bytes: &[u8], checks: &mut Vec<Document>) -> Result<()> {
    let children = fields(bytes)?;
    if children.iter().any(|child| has_twins(child.kind)) {
        let types: Vec<&str> = children.iter().map(|child| alias(child.kind)).collect();
        let (input, item) = if kind == DOCUMENT {
            (doc! { "$objectToArray": place.0.clone() }.into(), "$$child.v")
        } else {
            (place.0.clone(), "$$child")
        };
        let stored = doc! { "$map": { "input": input, "as": "child", "in": { "$type": item } } };
        checks.push(doc! { "$eq": [stored, { "$literal": types }] });
    }
    for (index, child) in children.iter().enumerate() {
        let inside = || match kind {
            DOCUMENT => place.field(child),
            _ => Ok(place.item(index)),
        };
        match child.kind {
            DOCUMENT | ARRAY => check(&inside()?, child.kind, child.value, checks)?,
            DECIMAL => checks.push(text_is(&inside()?, child.bson()?.to_string())),
            DOUBLE if is_zero(child.value) => {
                let negative = child.value.last() == Some(&0x80);
                checks.push(text_is(&inside()?, if negative { "-0" } else { "0" }));
            }
            _ => {}
        }
    }
    Ok(())
}

fn text_is(place: &FieldPath, text: impl Into<Bson>) -> Document {
    doc! { "$eq": [{ "$toString": place.0.clone() }, { "$literal": text.into() }] }
}

/// Whether values of another type can be equal to one of this.
fn has_twins(kind: u8) -> bool {
    matches!(kind, DOUBLE | INT32 | INT64 | DECIMAL | STRING | SYMBOL)
}

fn is_zero(double: &[u8]) -> bool {
    matches!(double, [0, 0, 0, 0, 0, 0, 0, 0 | 0x80])
}

/// Where a value is, as an expression.
struct FieldPath(Bson);

impl FieldPath {
    fn root() -> Self {
        Self("$$ROOT".into())
    }

    fn field(&self, field: &Field<'_>) -> Result<Self> {
        let name = field.name().ok_or_else(|| Error::validation("a field name is not text"))?;
        let plain = !name.is_empty() && !name.starts_with('$') && !name.contains('.');
        Ok(Self(match &self.0 {
            Bson::String(path) if plain => format!("{path}.{name}").into(),
            place => {
                let field = doc! { "field": { "$literal": name }, "input": place.clone() };
                doc! { "$getField": field }.into()
            }
        }))
    }

    fn item(&self, index: usize) -> Self {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        Self(doc! { "$arrayElemAt": [self.0.clone(), index] }.into())
    }
}
