//! How a server is to read.

use mongodb::bson::{self, Document};
use mongodb::options::{Collation, Hint, ReadConcern, ReadConcernLevel, SelectionCriteria};

use crate::backend::mongodb::command::{encoded, insert_given};
use crate::backend::mongodb::driver::read_preference;
use crate::error::{Error, Result};

/// What a request may say about how it is answered; what it leaves out is as the connection has it.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub(crate) collation: Option<Collation>,
    pub(super) hint: Option<Hint>,
    pub(crate) preference: Option<SelectionCriteria>,
    pub(crate) concern: Option<ReadConcern>,
}

impl Reading {
    /// Text is compared by these rules of a language: `{ locale, strength, … }`.
    pub fn collate(&mut self, rules: &Document) -> Result<()> {
        self.collation = Some(collation(rules)?);
        Ok(())
    }

    /// Whether text is compared by rules of its own.
    pub fn is_collated(&self) -> bool {
        self.collation.is_some()
    }

    /// Whether both compare text by the same rules.
    pub fn collates_like(&self, other: &Self) -> bool {
        let rules = |reading: &Self| bson::serialize_to_bson(&reading.collation).ok();
        rules(self) == rules(other)
    }

    /// Use the index with this name.
    pub fn use_index(&mut self, name: String) {
        self.hint = Some(Hint::Name(name));
    }

    /// Use the index with these keys, or `{ $natural: 1 }` for none.
    pub fn use_keys(&mut self, keys: Document) {
        self.hint = Some(Hint::Keys(keys));
    }

    /// Ask a member of the replica set of this kind.
    pub fn prefer(&mut self, name: &str) -> Result<()> {
        self.preference = Some(read_preference(name)?);
        Ok(())
    }

    /// Read data that is at least so safe from being rolled back.
    pub fn require(&mut self, level: &str) -> Result<()> {
        let level = match level {
            "local" => ReadConcernLevel::Local,
            "available" => ReadConcernLevel::Available,
            "majority" => ReadConcernLevel::Majority,
            "linearizable" => ReadConcernLevel::Linearizable,
            "snapshot" => ReadConcernLevel::Snapshot,
            _ => return Err(Error::validation(format!("{level:?} is not a read concern"))),
        };
        self.concern = Some(level.into());
        Ok(())
    }

    /// Adds collation and hint to a command that is put together by hand.
    pub(crate) fn describe(&self, command: &mut Document) -> Result<()> {
        insert_given(command, "collation", self.collation.as_ref().map(encoded).transpose()?);
        insert_given(command, "hint", self.hint.as_ref().map(encoded).transpose()?);
        Ok(())
    }

    /// Adds the read concern to a command that is put together by hand.
    pub(crate) fn describe_concern(&self, command: &mut Document) -> Result<()> {
        insert_given(command, "readConcern", self.concern.as_ref().map(encoded).transpose()?);
        Ok(())
    }
}

/// Reads `{ locale, strength, … }`, the rules of a language by which text is compared.
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
    fn a_misspelt_rule_of_a_collation_is_refused() {
        let mut reading = Reading::default();
        reading.collate(&doc! { "locale": "de", "strength": 2, "caseFirst": "upper" }).unwrap();
        let mut command = doc! {};
        reading.describe(&mut command).unwrap();
        let rules = command.get_document("collation").unwrap();
        assert_eq!(rules.get_str("locale").unwrap(), "de");
        assert_eq!(rules.get_i32("strength").unwrap(), 2);
        for rules in [
            doc! { "locale": "de", "strenght": 2 },
            doc! { "locale": "de", "strength": 9 },
            doc! { "strength": 2 },
        ] {
            assert!(reading.collate(&rules).is_err(), "{rules}");
        }
    }

    #[test]
    fn only_what_servers_know_is_asked_for() {
        let mut reading = Reading::default();
        reading.prefer("secondaryPreferred").unwrap();
        reading.require("majority").unwrap();
        assert!(reading.prefer("fastest").is_err());
        assert!(reading.require("certain").is_err());
    }
}
