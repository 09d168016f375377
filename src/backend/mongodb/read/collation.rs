//! The rules of a language by which text is compared.

use mongodb::bson::{self, Document};
use mongodb::options::Collation;

use crate::error::{Error, Result};

/// Reads `{ locale, strength, … }`.
pub fn collation(rules: &Document) -> Result<Collation> {
    let known: Collation = bson::deserialize_from_document(rules.clone())
        .map_err(|e| Error::validation(format!("`collation` is not valid: {e}")))?;
    // The driver passes over what it does not know, and the comparison would be another.
    let kept = bson::serialize_to_document(&known)
        .map_err(|_| Error::internal("a collation could not be encoded"))?;
    if let Some(unknown) = rules.keys().find(|name| !kept.contains_key(name)) {
        return Err(Error::validation(format!("`collation` has no field {unknown:?}")));
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn a_misspelt_rule_is_refused() {
        assert!(collation(&doc! { "locale": "de", "strength": 2, "caseFirst": "upper" }).is_ok());
        assert!(collation(&doc! { "locale": "de", "strenght": 2 }).is_err());
        assert!(collation(&doc! { "locale": "de", "strength": 9 }).is_err());
        assert!(collation(&doc! { "strength": 2 }).is_err());
    }
}
