//! Pages of streams, from either end.

use redis::Value;

use super::reading::Reading;
use crate::backend::redis::keyspace::cursor;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, failure, json, reply};
use crate::error::{Error, Result};
use crate::json::{Object, Writer};

/// Writes `entries` between the ids `min` and `max`, both included; in reverse, the newest is the first.
pub(super) async fn read(reading: &mut Reading<'_, '_>) -> Result<()> {
    let window = reading.window;
    window.takes("stream", &["reverse", "min", "max"])?;
    let cursor = window.cursor.as_deref().filter(|&cursor| cursor != cursor::END);
    let (mut min, mut max) = (bound(window.min.as_ref(), "-")?, bound(window.max.as_ref(), "+")?);
    let (name, ends) = if window.reverse {
        if let Some(last) = cursor {
            max = before(last)?;
        }
        ("XREVRANGE", [max, min])
    } else {
        if let Some(last) = cursor {
            min = after(last)?;
        }
        ("XRANGE", [min, max])
    };
    let count = window.elements()?;
    let args = [ends[0].clone(), ends[1].clone(), "COUNT".to_owned(), count.to_string()];
    let mut commands = Commands::with_capacity(2);
    commands.push_about(Effect::Read, "XLEN", reading.key, NO_ARGS);
    commands.push_about(Effect::Read, name, reading.key, &args);
    let [length, page] = reading.ask(&commands).await?;
    let length = reply::count(&length).unwrap_or(0);
    let page = reply::elements(page).ok_or_else(|| failure::unexpected(name))?;
    let full = page.len() as u64 >= count;
    let mut last = cursor::END.to_owned();
    reading.out.key("entries").try_list(page, |out, entry| {
        last = write_entry(out, entry).ok_or_else(|| failure::unexpected(name))?;
        Ok(())
    })?;
    reading.end(length, if full { &last } else { cursor::END });
    Ok(())
}

/// Writes an entry and returns its id.
fn write_entry(out: &mut Writer, entry: Value) -> Option<String> {
    let [id, fields] = <[Value; 2]>::try_from(reply::elements(entry)?).ok()?;
    let id = reply::text(&id)?;
    let mut object = Object::open(out);
    object.key("id").string(&id);
    let fields = reply::elements(fields).unwrap_or_default();
    object.key("fields").list(fields.chunks_exact(2), json::list);
    object.close();
    Some(id)
}

/// An end of a range: `ms-sequence`, or `ms` for all of that millisecond.
pub(super) fn bound(given: Option<&String>, default: &str) -> Result<String> {
    let Some(given) = given else { return Ok(default.to_owned()) };
    let (ms, sequence) = given.split_once('-').unwrap_or((given, "0"));
    if ms.parse::<u64>().is_ok() && sequence.parse::<u64>().is_ok() {
        return Ok(given.clone());
    }
    Err(Error::validation(format!("{given:?} is not the id of a stream entry")))
}

/// The smallest id greater than `id`. Servers before 6.2 know no exclusive ranges.
pub(crate) fn after(id: &str) -> Result<String> {
    let (ms, sequence) = parts(id)?;
    Ok(match (ms.checked_add(1), sequence.checked_add(1)) {
        (_, Some(sequence)) => format!("{ms}-{sequence}"),
        (Some(ms), None) => format!("{ms}-0"),
        // The greatest id there is: asking from it on gives it again, and then no more.
        (None, None) => id.to_owned(),
    })
}

/// The greatest id less than `id`.
fn before(id: &str) -> Result<String> {
    let (ms, sequence) = parts(id)?;
    Ok(match (ms.checked_sub(1), sequence.checked_sub(1)) {
        (_, Some(sequence)) => format!("{ms}-{sequence}"),
        (Some(ms), None) => format!("{ms}-{}", u64::MAX),
        // No entry has it, and none is before it.
        (None, None) => id.to_owned(),
    })
}

fn parts(id: &str) -> Result<(u64, u64)> {
    let parts = || {
        let (ms, sequence) = id.split_once('-')?;
        Some((ms.parse().ok()?, sequence.parse().ok()?))
    };
    parts().ok_or_else(|| Error::validation("`cursor` is not the id of a stream entry"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_page_begins_behind_the_last_entry() {
        assert_eq!(after("5-0").unwrap(), "5-1");
        assert_eq!(after("5-18446744073709551615").unwrap(), "6-0");
        assert!(after("5").is_err() && after("a-b").is_err());
        assert_eq!(before("5-1").unwrap(), "5-0");
        assert_eq!(before("5-0").unwrap(), "4-18446744073709551615");
    }

    #[test]
    fn ends_of_a_range_are_ids() {
        assert_eq!(bound(Some(&"5".to_owned()), "-").unwrap(), "5");
        assert_eq!(bound(None, "-").unwrap(), "-");
        for given in ["", "-", "a", "5-", "5-1-1", "(5"] {
            assert!(bound(Some(&given.to_owned()), "-").is_err(), "{given}");
        }
    }

    proptest! {
        #[test]
        fn what_is_behind_comes_back(ms: u64, sequence in 0..u64::MAX) {
            let id = format!("{ms}-{sequence}");
            prop_assert_eq!(before(&after(&id).unwrap()).unwrap(), id);
        }
    }
}
