//! Taking the API key out of what a service answered.
//!
//! A service may repeat what it was sent. The key is looked for as it is and reversed, and in hex, in
//! decimal codes and in Base64 at each of its three alignments, of one, two or four bytes a character.
//! In each of these, any character may be escaped as URLs, JSON, programs or HTML do, also several
//! times over, and blanks and what separates the items of a list may stand between any two. A service
//! that changes it in any other way can't be outwitted: what readers may ask of such a service is for
//! the connection's `reader_paths`.

mod readings;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use self::readings::{between, readings};

/// What stands where the key was.
const MASK: &[u8] = b"***";

/// Shorter keys are not looked for: masking them would eat innocent text.
const SHORTEST: usize = 8;

/// So many blanks and separators may stand between two characters. A bound, so that the work stays in
/// proportion to the text.
const MOST_BETWEEN: usize = 64;

/// The spellings of one key.
pub(super) struct Mask {
    needles: Vec<Needle>,
    /// The needles that begin with a byte.
    by_first: Vec<Vec<usize>>,
    /// Which two bytes, neither escaped nor taken apart, a spelling can begin with.
    pairs: Vec<[bool; 256]>,
}

impl fmt::Debug for Mask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mask").finish_non_exhaustive()
    }
}

struct Needle {
    text: Vec<u8>,
    /// Capitals are as good as small letters.
    any_case: bool,
}

impl Mask {
    /// `None` for a key that is too short to be looked for.
    pub(super) fn of(key: &str) -> Option<Self> {
        if key.len() < SHORTEST {
            return None;
        }
        let any = |text: Vec<u8>| Needle { text, any_case: true };
        let reversed = key.chars().rev().collect::<String>();
        let mut needles = vec![any(key.as_bytes().to_vec()), any(reversed.into_bytes())];
        // UTF-16 and UTF-32, whichever end comes first, have zeros between the characters.
        for zeros in [0, 1, 3] {
            let bytes = key.as_bytes().iter().map(std::slice::from_ref).collect::<Vec<_>>();
            let bytes = bytes.join(vec![0; zeros].as_slice());
            needles.push(any(hex::encode(&bytes).into_bytes()));
            needles.push(any(bytes.iter().map(u8::to_string).collect::<String>().into_bytes()));
            for before in 0..3 {
                for url_safe in [false, true] {
                    let text = aligned(&bytes, before, url_safe);
                    if !needles.iter().any(|needle| needle.text == text) {
                        needles.push(Needle { text, any_case: false });
                    }
                }
            }
        }
        let (mut by_first, mut pairs) = (vec![Vec::new(); 256], vec![[false; 256]; 256]);
        for (index, needle) in needles.iter().enumerate() {
            let [first, second, ..] = needle.text[..] else { continue };
            for first in needle.cases(first) {
                by_first[usize::from(first)].push(index);
                for second in needle.cases(second) {
                    pairs[usize::from(first)][usize::from(second)] = true;
                }
            }
        }
        Some(Self { needles, by_first, pairs })
    }

    /// The text without the key; `None` where it is not in it.
    pub(super) fn apply(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut masked: Option<Vec<u8>> = None;
        let (mut at, mut copied) = (0, 0);
        while at < text.len() {
            let Some(length) = self.at(&text[at..]) else {
                at += 1;
                continue;
            };
            let masked = masked.get_or_insert_default();
            masked.extend_from_slice(&text[copied..at]);
            masked.extend_from_slice(MASK);
            at += length;
            copied = at;
        }
        masked.map(|mut masked| {
            masked.extend_from_slice(&text[copied..]);
            masked
        })
    }

    /// How long the key is at the beginning of the text. Nearly nowhere it is there: most of a text is
    /// passed over by its next two bytes.
    fn at(&self, text: &[u8]) -> Option<usize> {
        let &first = text.first()?;
        if !first.is_ascii_alphanumeric() {
            let mut may_begin = false;
            readings(text, |byte, _| may_begin |= !self.by_first[usize::from(byte)].is_empty());
            let all = self.needles.iter().filter(|_| may_begin);
            return all.filter_map(|needle| needle.at(text)).max();
        }
        // These two stand for themselves alone, and nothing is between them but the `0` of `0x`.
        if let Some(&second) = text.get(1)
            && second.is_ascii_alphanumeric()
            && second != b'0'
            && !self.pairs[usize::from(first)][usize::from(second)]
        {
            return None;
        }
        let those = self.by_first[usize::from(first)].iter();
        those.filter_map(|index| self.needles[*index].at(text)).max()
    }
}

impl Needle {
    fn is(&self, byte: u8, wanted: u8) -> bool {
        byte == wanted || (self.any_case && byte.eq_ignore_ascii_case(&wanted))
    }

    /// The bytes that are as good as this one.
    fn cases(&self, byte: u8) -> impl Iterator<Item = u8> + use<> {
        let cased = self.any_case && byte.is_ascii_alphabetic();
        let other = if byte.is_ascii_uppercase() {
            byte.to_ascii_lowercase()
        } else {
            byte.to_ascii_uppercase()
        };
        std::iter::once(byte).chain(cased.then_some(other))
    }

    /// How long it is at the beginning of the text, however it is escaped and taken apart there.
    fn at(&self, text: &[u8]) -> Option<usize> {
        let (&first, rest) = self.text.split_first()?;
        let byte = *text.first()?;
        if byte.is_ascii_alphanumeric() && !self.is(byte, first) {
            return None;
        }
        let mut ends = Ends::default();
        self.step(text, 0, first, &mut ends);
        for &wanted in rest {
            if ends.count == 0 {
                return None;
            }
            let mut next = Ends::default();
            for mut at in ends.all() {
                // What may stand between may also be the character itself.
                for _ in 0..=MOST_BETWEEN {
                    self.step(text, at, wanted, &mut next);
                    match between(text, at) {
                        0 => break,
                        length => at += length,
                    }
                }
            }
            ends = next;
        }
        ends.all().max()
    }

    /// Adds where the character that is looked for ends, if it begins there.
    fn step(&self, text: &[u8], at: usize, wanted: u8, ends: &mut Ends) {
        readings(&text[at..], |byte, length| {
            if self.is(byte, wanted) {
                ends.add(at + length);
            }
        });
    }
}

/// Where what was found so far may end: an `&` may stand for itself, or begin an escape.
#[derive(Default)]
struct Ends {
    at: [usize; 8],
    count: usize,
}

impl Ends {
    fn add(&mut self, end: usize) {
        if self.count < self.at.len() && !self.at[..self.count].contains(&end) {
            self.at[self.count] = end;
            self.count += 1;
        }
    }

    fn all(&self) -> impl Iterator<Item = usize> {
        self.at[..self.count].iter().copied()
    }
}

/// Characters of the Base64 of `key` behind so many other bytes that depend on nothing but the key.
fn aligned(key: &[u8], before: usize, url_safe: bool) -> Vec<u8> {
    let bytes = [&vec![0; before], key].concat();
    let text =
        if url_safe { URL_SAFE_NO_PAD.encode(&bytes) } else { STANDARD_NO_PAD.encode(&bytes) };
    let first = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    text.as_bytes()[first..end].to_vec()
}
