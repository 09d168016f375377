//! What is known of one field.

use std::cmp::Ordering;

use super::distinct::DistinctCount;
use super::frequent::Frequent;
use super::order::compare;

/// Stored values up to this many bytes are kept as frequent values and as ends of a range; of longer
/// text the beginning is.
const KEPT: usize = 100;

/// What is known of a field, or of the items of an array.
#[derive(Debug, Default)]
pub(super) struct FieldProfile {
    /// Documents that have it.
    pub(super) documents: u64,
    /// The last of them.
    last: u64,
    /// How often it was seen; in an array of documents that may be several times in one document.
    pub(super) occurrences: u64,
    /// By type, in the order in which they were met.
    pub(super) types: Vec<TypeProfile>,
    /// Different values, but for documents and arrays.
    pub(super) distinct: DistinctCount,
}

/// What is known of a field's values of one type.
#[derive(Debug, Default)]
pub(super) struct TypeProfile {
    pub(super) kind: u8,
    pub(super) count: u64,
    pub(super) range: Option<(Kept, Kept)>,
    pub(super) lengths: Lengths,
    pub(super) frequent: Frequent,
}

/// A value that is kept; of long text the beginning.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) value: Box<[u8]>,
    pub(super) cut: bool,
}

/// Lengths: characters of text, bytes of binary data, items of arrays, fields of documents.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lengths {
    pub(super) count: u64,
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) sum: u64,
}

impl Lengths {
    pub(super) fn add(&mut self, length: u64) {
        self.min = if self.count == 0 { length } else { self.min.min(length) };
        self.max = self.max.max(length);
        self.sum = self.sum.saturating_add(length);
        self.count += 1;
    }
}

impl FieldProfile {
    /// Notes a value of the document with this number, which is never zero.
    pub(super) fn note(&mut self, document: u64, kind: u8) -> &mut TypeProfile {
        if self.last != document {
            self.last = document;
            self.documents += 1;
        }
        self.occurrences += 1;
        let at = self.types.iter().position(|of_type| of_type.kind == kind);
        let at = at.unwrap_or_else(|| {
            self.types.push(TypeProfile { kind, ..TypeProfile::default() });
            self.types.len() - 1
        });
        let of_type = &mut self.types[at];
        of_type.count += 1;
        of_type
    }

    /// Notes a value that is neither a document nor an array.
    pub(super) fn note_value(
        &mut self,
        document: u64,
        kind: u8,
        value: &[u8],
        hash: u64,
        counters: usize,
    ) {
        self.distinct.add(hash);
        let of_type = self.note(document, kind);
        if let Some(length) = length(kind, value) {
            of_type.lengths.add(length);
        }
        of_type.widen(value);
        if value.len() <= KEPT && has_values(kind) {
            of_type.frequent.add(hash, kind, value, counters);
        }
    }
}

impl TypeProfile {
    fn widen(&mut self, value: &[u8]) {
        let kind = self.kind;
        match &mut self.range {
            None if compare(kind, value, value).is_some() => {
                let kept = Kept::of(kind, value);
                self.range = Some((kept.clone(), kept));
            }
            None => {}
            Some((min, max)) => {
                if compare(kind, value, &min.value) == Some(Ordering::Less) {
                    *min = Kept::of(kind, value);
                }
                if compare(kind, value, &max.value) == Some(Ordering::Greater) {
                    *max = Kept::of(kind, value);
                }
            }
        }
    }
}

impl Kept {
    fn of(kind: u8, value: &[u8]) -> Self {
        if value.len() <= KEPT || !is_text(kind) {
            return Self { value: value.into(), cut: false };
        }
        // Text stands after its length and before a zero; it is cut between two characters.
        let mut end = KEPT;
        while end > 4 && value[end] & 0b1100_0000 == 0b1000_0000 {
            end -= 1;
        }
        let text = &value[4..end];
        let length = i32::try_from(text.len() + 1).unwrap_or(i32::MAX).to_le_bytes();
        Self { value: [&length[..], text, &[0]].concat().into(), cut: true }
    }
}

fn is_text(kind: u8) -> bool {
    matches!(kind, 0x02 | 0x0e)
}

/// Whether values of a type can differ.
fn has_values(kind: u8) -> bool {
    !matches!(kind, 0x06 | 0x0a | 0x7f | 0xff)
}

fn length(kind: u8, value: &[u8]) -> Option<u64> {
    let length = match kind {
        0x02 | 0x0e => {
            let text = value.get(4..value.len() - 1)?;
            text.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
        }
        0x05 => value.len().checked_sub(5)?,
        _ => return None,
    };
    u64::try_from(length).ok()
}
