//! Positions as text that callers hand back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use mongodb::bson::{Array, Bson, Document, RawDocument, RawDocumentBuf, doc};
use sha2::{Digest as _, Sha256};

use super::key::Key;
use super::position::Position;
use crate::backend::mongodb::names::Namespace;
use crate::error::{Error, Result};

const VERSION: u8 = 1;
/// Bytes of a position. It stands in URLs, of which servers take 8 KB and more.
const MAX_BYTES: usize = 4096;

/// Tells a query from others. A position of one means nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity([u8; 8]);

impl Identity {
    /// Of a query in a collection: its filter, its sort order, and whatever else its result or the order
    /// of it depends on.
    pub fn of(namespace: &Namespace, parts: &[Option<&RawDocument>]) -> Self {
        let mut hash = Sha256::new();
        for part in [Some(namespace.db().as_bytes()), Some(namespace.coll().as_bytes())]
            .into_iter()
            .chain(parts.iter().map(|part| part.map(RawDocument::as_bytes)))
        {
            hash.update(part.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
            hash.update(part.unwrap_or_default());
        }
        let hash = hash.finalize();
        Self(std::array::from_fn(|at| hash[at]))
    }
}

impl Position {
    /// The position as text; `None` if it is too long for a URL.
    pub fn encode(&self, identity: Identity) -> Result<Option<String>> {
        let before = i64::try_from(self.before).unwrap_or(i64::MAX);
        let key: Vec<Bson> = self.key.0.iter().cloned().map(Bson::Array).collect();
        let body = RawDocumentBuf::try_from(&doc! { "k": key, "n": before })
            .map_err(|_| Error::internal("a position could not be encoded"))?;
        let bytes = [&[VERSION], identity.0.as_slice(), body.as_bytes()].concat();
        Ok((bytes.len() <= MAX_BYTES).then(|| BASE64URL.encode(bytes)))
    }

    /// Reads what [`Position::encode`] wrote for the same query, which sorts by so many fields.
    pub fn decode(text: &str, identity: Identity, fields: usize) -> Result<Self> {
        let unreadable = || Error::validation("`cursor` is not one that was given out here");
        let bytes = BASE64URL.decode(text).map_err(|_| unreadable())?;
        let (head, body) = bytes.split_at_checked(9).ok_or_else(unreadable)?;
        if head[0] != VERSION {
            return Err(unreadable());
        }
        if head[1..] != identity.0 {
            return Err(Error::validation(
                "`cursor` belongs to another query; filter, sort order, collation and `let` must be \
                 those of the page that gave it out",
            ));
        }
        let body = RawDocument::from_bytes(body).and_then(Document::try_from);
        let body = body.map_err(|_| unreadable())?;
        let before = body.get_i64("n").ok().and_then(|n| u64::try_from(n).ok());
        let candidates = body.get_array("k").map_err(|_| unreadable())?;
        let candidates: Option<Vec<Array>> = candidates
            .iter()
            .map(|candidate| candidate.as_array().filter(|c| c.len() == fields).cloned())
            .collect();
        match (candidates, before) {
            (Some(key), Some(before)) if !key.is_empty() => Ok(Self { key: Key(key), before }),
            _ => Err(unreadable()),
        }
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::bson;
    use proptest::prelude::*;

    use super::*;

    fn identity(filter: &Document) -> Identity {
        let namespace = Namespace::new("db", "coll").unwrap();
        Identity::of(&namespace, &[Some(&RawDocumentBuf::try_from(filter).unwrap()), None])
    }

    fn position(value: impl Into<Bson>) -> Position {
        let key = Key(vec![vec![bson!([1, (value.into())]), bson!([0])]]);
        Position { key, before: 7 }
    }

    #[test]
    fn a_position_of_another_query_is_refused() {
        let text = position(1).encode(identity(&doc! { "a": 1 })).unwrap().unwrap();
        assert_eq!(Position::decode(&text, identity(&doc! { "a": 1 }), 2).unwrap(), position(1));
        let error = Position::decode(&text, identity(&doc! { "a": 2 }), 2).unwrap_err();
        assert!(error.message().contains("another query"), "{error}");
        assert!(Position::decode(&text, identity(&doc! { "a": 1 }), 3).is_err());
    }

    #[test]
    fn a_position_that_no_url_could_hold_is_not_given_out() {
        assert_eq!(position("x".repeat(5000)).encode(identity(&doc! {})).unwrap(), None);
    }

    proptest! {
        #[test]
        fn any_value_comes_back(number in any::<i64>(), double in any::<f64>(), text in ".{0,50}") {
            for value in [Bson::Int64(number), Bson::Double(double), Bson::String(text)] {
                let here = identity(&doc! {});
                let encoded = position(value.clone()).encode(here).unwrap().unwrap();
                let decoded = Position::decode(&encoded, here, 2).unwrap();
                prop_assert_eq!(format!("{decoded:?}"), format!("{:?}", position(value)));
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "[A-Za-z0-9_-]{0,80}") {
            let _ = Position::decode(&text, identity(&doc! {}), 1);
        }
    }
}
