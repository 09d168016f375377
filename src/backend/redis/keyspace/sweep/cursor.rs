//! Where a sweep stands, as a string that survives the process.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::{Leg, Sweep};
use crate::backend::redis::keyspace::cursor;
use crate::backend::redis::keyspace::filter::Filter;
use crate::backend::redis::servers::{FNV, SlotSet, fnv};
use crate::error::Result;

/// Leads the parts, which are separated by dots.
const VERSION: &str = "s1";

impl Sweep {
    /// Where to go on after what was found so far.
    pub(crate) fn cursor(&self) -> String {
        let (id, position, run_id, slots) = match &self.leg {
            None => ("-", "-".to_owned(), "-", String::new()),
            Some(leg) => (
                leg.id.as_str(),
                leg.position.map_or_else(|| "-".to_owned(), |position| position.to_string()),
                leg.run_id.as_deref().unwrap_or("-"),
                leg.slots.spell(),
            ),
        };
        let filter = fingerprint(&self.filter);
        let (pass, swept) = (self.pass, self.swept.spell());
        let after = self.after.as_deref().unwrap_or("-");
        let parts =
            format!("{VERSION}.{filter:x}.{pass}.{swept}.{after}.{id}.{position}.{run_id}.{slots}");
        BASE64.encode(parts)
    }

    /// Goes on where a sweep with the same filter gave this cursor.
    pub(crate) fn resume(self, text: &str) -> Result<Self> {
        let filter = self.filter;
        let read = || {
            let plain = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
            let parts: Vec<&str> = plain.split('.').collect();
            let [version, fits, pass, swept, after, id, position, run_id, slots] =
                <[&str; 9]>::try_from(parts).ok()?;
            let given = |part: &str| (part != "-").then(|| part.to_owned());
            if version != VERSION || fits != format!("{:x}", fingerprint(&filter)) {
                return None;
            }
            let leg = match id {
                "-" => None,
                id => Some(Leg {
                    position: given(position).map(|text| text.parse()).transpose().ok()?,
                    run_id: given(run_id),
                    ..Leg::new(id, SlotSet::read(slots)?)
                }),
            };
            let mut sweep = Self::new(filter);
            sweep.pass = pass.parse().ok()?;
            sweep.swept = SlotSet::read(swept)?;
            sweep.after = given(after);
            sweep.leg = leg;
            Some(sweep)
        };
        read().ok_or_else(cursor::invalid)
    }
}

/// Tells filters apart.
fn fingerprint(filter: &Filter) -> u32 {
    let pattern = filter.pattern.as_deref().unwrap_or(b"*");
    let type_name = filter.type_name.as_deref().unwrap_or("");
    [pattern, &[0], type_name.as_bytes()].into_iter().fold(FNV, fnv)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filter(pattern: &str) -> Filter {
        Filter { pattern: Some(pattern.into()), type_name: None }
    }

    proptest! {
        #[test]
        fn a_walk_goes_on_where_it_was(
            position in proptest::option::of(any::<u64>()), id in "[0-9a-f]{0,40}",
            run_id in proptest::option::of("[0-9a-f]{40}"), pass in 0_u32..5, slot in 0_u16..16384
        ) {
            let mut sweep = Sweep::new(filter("a*"));
            sweep.pass = pass;
            sweep.swept.insert(slot);
            sweep.after = run_id.clone();
            sweep.leg = Some(Leg { position, run_id, ..Leg::new(&id, SlotSet::all()) });
            let read = Sweep::new(filter("a*")).resume(&sweep.cursor()).unwrap();
            prop_assert_eq!(read.leg, sweep.leg);
            prop_assert_eq!((read.swept, read.pass, read.after), (sweep.swept, pass, sweep.after));
        }

        #[test]
        fn any_other_text_is_refused(text in "\\PC*") {
            prop_assert!(Sweep::new(filter("*")).resume(&text).is_err());
        }
    }

    #[test]
    fn a_cursor_is_good_for_its_own_filter_only() {
        let sweep = Sweep::new(filter("a*"));
        assert!(Sweep::new(filter("b*")).resume(&sweep.cursor()).is_err());
        assert!(Sweep::new(filter("a*")).resume(&sweep.cursor()).is_ok());
    }
}
