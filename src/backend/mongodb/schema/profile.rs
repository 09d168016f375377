//! What a sample of documents looks like, path by path.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use mongodb::bson::RawDocument;

use super::field::FieldProfile;
use crate::backend::mongodb::types::{ARRAY, DOCUMENT};
use crate::ejson::MAX_DEPTH;
use crate::ejson::raw::{Field, Reader};
use crate::error::Result;

/// Names longer than this are not looked at.
const LONGEST_NAME: usize = 512;
/// Items of one array that are looked at.
const ITEMS: u64 = 10_000;
/// Counters for each value that is to be told; with more of them the counts are better.
const COUNTERS_PER_VALUE: usize = 4;
/// Fewer counters than this would lose the values that come often among a few that do so equally.
const LEAST_COUNTERS: usize = 40;

/// How much a profile may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Paths.
    pub paths: usize,
    /// Frequent values of each type at each path.
    pub values: usize,
}

impl Limits {
    /// Nothing at all.
    pub const NONE: Self = Self { paths: 0, values: 0 };

    fn counters(self) -> usize {
        match self.values {
            0 => 0,
            values => (values * COUNTERS_PER_VALUE).max(LEAST_COUNTERS),
        }
    }
}

/// What a sample of documents looks like.
#[derive(Debug)]
pub struct Profile {
    pub(super) limits: Limits,
    pub(super) documents: u64,
    pub(super) bytes: u64,
    /// Values that were not looked at, because there were too many paths or items.
    pub(super) left_out: u64,
    pub(super) cut: bool,
    /// The first is the document itself.
    pub(super) places: Vec<Place>,
    hasher: RandomState,
}

/// A path.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) parent: usize,
    /// `None` stands for the items of an array.
    pub(super) name: Option<Box<[u8]>>,
    pub(super) fields: HashMap<Box<[u8]>, usize>,
    pub(super) items: Option<usize>,
    pub(super) profile: FieldProfile,
}

impl Place {
    fn new(parent: usize, name: Option<Box<[u8]>>) -> Self {
        let profile = FieldProfile::default();
        Self { parent, name, fields: HashMap::new(), items: None, profile }
    }
}

impl Profile {
    /// Of no documents yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            documents: 0,
            bytes: 0,
            left_out: 0,
            cut: false,
            places: vec![Place::new(0, None)],
            hasher: RandomState::new(),
        }
    }

    /// How many documents it knows.
    pub fn documents(&self) -> u64 {
        self.documents
    }

    /// Looks at one more document.
    pub fn add(&mut self, document: &RawDocument) -> Result<()> {
        self.documents += 1;
        self.bytes += document.as_bytes().len() as u64;
        self.document(0, document.as_bytes(), 0)
    }

    fn document(&mut self, place: usize, bytes: &[u8], depth: usize) -> Result<()> {
        let mut reader = Reader::of(bytes)?;
        let mut fields = 0;
        while let Some(field) = reader.field()? {
            fields += 1;
            match self.field(place, field.name) {
                Some(place) => self.value(place, field, depth)?,
                None => self.left_out += 1,
            }
        }
        self.places[place].profile.note(self.documents, DOCUMENT).lengths.add(fields);
        Ok(())
    }

    fn array(&mut self, place: usize, bytes: &[u8], depth: usize) -> Result<()> {
        let mut reader = Reader::of(bytes)?;
        let mut items = 0;
        while let Some(item) = reader.field()? {
            items += 1;
            match self.items(place) {
                Some(place) if items <= ITEMS => self.value(place, item, depth)?,
                _ => self.left_out += 1,
            }
        }
        self.places[place].profile.note(self.documents, ARRAY).lengths.add(items);
        Ok(())
    }

    fn value(&mut self, place: usize, field: Field<'_>, depth: usize) -> Result<()> {
        let Field { kind, value, .. } = field;
        match kind {
            // Servers stop long before.
            DOCUMENT | ARRAY if depth >= MAX_DEPTH => self.left_out += 1,
            DOCUMENT => self.document(place, value, depth + 1)?,
            ARRAY => self.array(place, value, depth + 1)?,
            _ => {
                let hash = self.hasher.hash_one((kind, value));
                let counters = self.limits.counters();
                let profile = &mut self.places[place].profile;
                profile.note_value(self.documents, kind, value, hash, counters);
            }
        }
        Ok(())
    }

    /// The place of a field; `None` if there is no room for it.
    fn field(&mut self, parent: usize, name: &[u8]) -> Option<usize> {
        if let Some(place) = self.places[parent].fields.get(name) {
            return Some(*place);
        }
        if name.len() > LONGEST_NAME {
            self.cut = true;
            return None;
        }
        let place = self.make(Place::new(parent, Some(name.into())))?;
        self.places[parent].fields.insert(name.into(), place);
        Some(place)
    }

    fn items(&mut self, parent: usize) -> Option<usize> {
        if let Some(place) = self.places[parent].items {
            return Some(place);
        }
        let place = self.make(Place::new(parent, None))?;
        self.places[parent].items = Some(place);
        Some(place)
    }

    fn make(&mut self, place: Place) -> Option<usize> {
        if self.places.len() > self.limits.paths {
            self.cut = true;
            return None;
        }
        self.places.push(place);
        Some(self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests;
