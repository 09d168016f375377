//! The keys that seal and open stored secrets: `DATABASE_ENCRYPTION_KEY`.
//!
//! One key alone, or a comma list `id:key,…` of which the first seals and all open. Every key also
//! answers to an id made from the key itself, which is what a key without an id is called. So an
//! operator who began with one bare key rotates by writing `new:<new key>,old:<old key>`, with any
//! names: what was sealed under the bare key names it by the derived id and still opens. A key that
//! once had a name keeps it for as long as values sealed under that name remain.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::gcm::KEY_LEN;
use crate::error::{Error, Result};

const MAX_ID_LEN: usize = 32;

/// Separates the id of a key from every other use of a hash of it.
const ID_DOMAIN: &[u8] = b"studio-multidb key id v1";

/// What is wrong with a key, in words that fit behind the name of the variable.
const KEY_FORM: &str =
    "must be 64 hexadecimal digits or the base64 of 32 bytes; `openssl rand -hex 32` makes one";

/// Keys by id; the first one seals. Cheap to clone; the keys are wiped with the last clone.
#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<[Key]>,
}

pub(super) struct Key {
    pub(super) id: String,
    /// The id that this key has wherever it stands without one.
    derived_id: String,
    pub(super) bytes: Zeroizing<[u8; KEY_LEN]>,
}

impl KeyRing {
    /// Reads one key, or a comma list of `id:key` whose first seals.
    ///
    /// Ids are 1 to 32 of `A-Z a-z 0-9 _ -` and unique. A message never shows any part of `text`
    /// but ids.
    pub fn parse(text: &str) -> Result<Self> {
        let mut keys: Vec<Key> = Vec::new();
        for (at, entry) in text.split(',').enumerate() {
            let key = Key::parse(entry.trim(), at + 1)?;
            for other in &keys {
                if bool::from(other.bytes.as_slice().ct_eq(key.bytes.as_slice())) {
                    return Err(Error::validation(format!(
                        "holds the same key twice, as `{}` and as `{}`; a rotation needs a new key",
                        other.id, key.id
                    )));
                }
                if other.answers_to(&key.id)
                    || other.answers_to(&key.derived_id)
                    || key.answers_to(&other.id)
                {
                    return Err(Error::validation(format!(
                        "gives two keys the id `{}`; each key needs its own",
                        key.id
                    )));
                }
            }
            keys.push(key);
        }
        Ok(Self { keys: keys.into() })
    }

    /// The key that seals.
    pub(super) fn first(&self) -> &Key {
        // `parse` is the only constructor, and splitting a text gives at least one entry.
        &self.keys[0]
    }

    /// All keys, the sealing one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    /// The key that a sealed value names.
    pub(super) fn find(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.answers_to(id))
    }

    /// The ids of the ring, the sealing one first. Ids are not secret.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// Adds the whole ring to a hash, for telling configurations apart.
    pub(crate) fn update(&self, hasher: &mut Sha256) {
        hasher.update((self.keys.len() as u64).to_be_bytes());
        for key in self.iter() {
            hasher.update((key.id.len() as u64).to_be_bytes());
            hasher.update(&key.id);
            hasher.update(key.bytes.as_slice());
        }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Key {
    /// Reads `key` or `id:key`; `position` is for messages, since a key itself can't be shown.
    fn parse(entry: &str, position: usize) -> Result<Self> {
        let both = entry.split_once(':');
        let (id, key) = both.map_or((None, entry), |(id, key)| (Some(id.trim()), key.trim()));
        if id.is_some_and(|id| !is_id(id)) {
            // Whatever stands before the colon may be a piece of a secret pasted wrongly.
            return Err(Error::validation(format!(
                "entry {position}: an id must be 1 to {MAX_ID_LEN} letters, digits, `_` or `-`"
            )));
        }
        let bytes = decode(key)
            .ok_or_else(|| Error::validation(format!("entry {position}: the key {KEY_FORM}")))?;
        let derived_id = derive_id(&bytes);
        let id = id.map_or_else(|| derived_id.clone(), str::to_owned);
        Ok(Self { id, derived_id, bytes })
    }

    fn answers_to(&self, id: &str) -> bool {
        self.id == id || self.derived_id == id
    }
}

/// Whether `id` can name a key in a sealed value.
pub(super) fn is_id(id: &str) -> bool {
    (1..=MAX_ID_LEN).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The first 8 hexadecimal digits of a hash of the key, which say nothing useful about it.
fn derive_id(key: &[u8; KEY_LEN]) -> String {
    let digest = Sha256::new().chain_update(ID_DOMAIN).chain_update(key).finalize();
    hex::encode(&digest[..4])
}

fn decode(text: &str) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    /// Padding may be missing, as it is where keys are made in base64url.
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

    let mut key = Zeroizing::new([0; KEY_LEN]);
    if text.len() == 2 * KEY_LEN {
        hex::decode_to_slice(text, key.as_mut_slice()).ok()?;
        return Some(key);
    }
    // One byte more than a key has, so that a longer text is seen to be longer; base64's decoder
    // wants room for whole groups of three.
    let mut room = Zeroizing::new([0; KEY_LEN + 4]);
    let written = STANDARD
        .decode_slice(text, room.as_mut_slice())
        .or_else(|_| URL_SAFE.decode_slice(text, room.as_mut_slice()))
        .ok()?;
    if written != KEY_LEN {
        return None;
    }
    key.copy_from_slice(&room[..KEY_LEN]);
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::test_keys::{NEW as OTHER, OLD as HEX};

    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn ids(text: &str) -> Vec<String> {
        KeyRing::parse(text).unwrap().ids().map(str::to_owned).collect()
    }

    #[test]
    fn reads_a_key_in_every_form_as_the_same_key() {
        for text in [HEX, &HEX.to_uppercase(), BASE64, BASE64.trim_end_matches('='), " \t", "\n"]
            .map(|t| if t.trim().is_empty() { format!("{t}{HEX}{t}") } else { t.to_owned() })
        {
            let ring = KeyRing::parse(&text).unwrap();
            assert_eq!(ring.first().bytes.as_slice(), hex::decode(HEX).unwrap());
            assert_eq!(ids(&text), ids(HEX));
        }
        // The two alphabets differ in `+` and `/` against `-` and `_`.
        let standard = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";
        let url_safe = standard.replace('+', "-").replace('/', "_");
        assert_eq!(ids(standard), ids(&url_safe));
    }

    #[test]
    fn the_id_of_a_bare_key_never_changes() {
        // Stored values name it: this text may only change together with the format's number.
        assert_eq!(ids(HEX), [BARE_ID]);
        assert_eq!(ids(&format!("new:{OTHER},{HEX}")), ["new", BARE_ID]);
    }

    const BARE_ID: &str = "09dba857";

    #[test]
    fn a_named_key_also_answers_to_the_id_it_has_without_a_name() {
        let ring = KeyRing::parse(&format!("new:{OTHER}, old:{HEX}")).unwrap();
        assert_eq!(ring.find(BARE_ID).unwrap().id, "old");
        assert_eq!(ring.find("old").unwrap().id, "old");
        assert!(ring.find("older").is_none());
        assert_eq!(ring.first().id, "new");
    }

    #[test]
    fn refuses_a_bad_ring_without_showing_it() {
        let long_id = "a".repeat(33);
        for text in [
            "",
            "   ",
            ",",
            "SAMPLE_KEY",
            "canary-secret-canary-secret-canary",
            &HEX[1..],
            &format!("{HEX}00"),
            &format!("{}zz", &HEX[2..]),
            &BASE64[4..],
            &format!("AAAA{BASE64}"),
            // Another spelling of the same bytes: the unused bits of the last digit are not zero.
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
            &format!("{HEX},"),
            &format!(":{HEX}"),
            &format!("a b:{HEX}"),
            &format!("{long_id}:{HEX}"),
            &format!("a:{HEX},a:{OTHER}"),
            &format!("a:{HEX},b:{HEX}"),
            &format!("{BARE_ID}:{OTHER},old:{HEX}"),
            &format!("old:{HEX},{BARE_ID}:{OTHER}"),
            "canary:secret",
        ] {
            let error = KeyRing::parse(text).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(&HEX[8..16]), "{shown}");
            assert!(!shown.contains("secret"), "{shown}");
            assert!(!shown.contains("AAEC"), "{shown}");
        }
    }

    #[test]
    fn shows_ids_and_no_key_when_debugged() {
        let ring = KeyRing::parse(&format!("new:{OTHER},old:{HEX}")).unwrap();
        assert_eq!(format!("{ring:?}"), r#"["new", "old"]"#);
    }
}
