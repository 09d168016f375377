//! Pages of what has an order: lists by index, sorted sets by rank or score, from either end.

use redis::Value;

use super::reading::Reading;
use crate::backend::redis::keyspace::cursor;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, failure, json, reply};
use crate::error::{Error, Result};
use crate::json::Object;

/// Writes `values`; in reverse, the last is the first and offsets count from it.
pub(super) async fn list(reading: &mut Reading<'_, '_>) -> Result<()> {
    let window = reading.window;
    window.takes("list", &["offset", "reverse"])?;
    let (start, count) = (window.start()?, window.elements()?);
    let behind = start.saturating_add(count);
    let range = if window.reverse {
        [format!("-{behind}"), format!("-{}", start.saturating_add(1))]
    } else {
        [start.to_string(), (behind - 1).to_string()]
    };
    let mut commands = Commands::with_capacity(2);
    commands.push_about(Effect::Read, "LLEN", reading.key, NO_ARGS);
    commands.push_about(Effect::Read, "LRANGE", reading.key, &range);
    let [length, page] = reading.ask(&commands).await?;
    let mut elements = reply::elements(page).ok_or_else(|| failure::unexpected("LRANGE"))?;
    if window.reverse {
        elements.reverse();
    }
    let length = reply::count(&length).unwrap_or(0);
    json::list(reading.out.key("values"), &elements);
    reading.end(length, &next(start, elements.len(), length));
    Ok(())
}

/// Writes `members`, from the lowest score on, or in reverse from the highest. Between `min` and `max`,
/// offsets count within them, and `matched` is how many there are.
pub(super) async fn sorted_set(reading: &mut Reading<'_, '_>) -> Result<()> {
    let window = reading.window;
    window.takes("zset", &["offset", "reverse", "min", "max"])?;
    let (start, count) = (window.start()?, window.elements()?);
    let mut commands = Commands::with_capacity(3);
    commands.push_about(Effect::Read, "ZCARD", reading.key, NO_ARGS);
    let by_score = window.min.is_some() || window.max.is_some();
    if by_score {
        let min = bound(window.min.as_deref(), "-inf", "min")?;
        let max = bound(window.max.as_deref(), "+inf", "max")?;
        let (name, ends) = if window.reverse {
            ("ZREVRANGEBYSCORE", [max, min])
        } else {
            ("ZRANGEBYSCORE", [min, max])
        };
        let (start, count) = (start.to_string(), count.to_string());
        let args = [ends[0], ends[1], "WITHSCORES", "LIMIT", &start, &count];
        commands.push_about(Effect::Read, name, reading.key, &args);
        commands.push_about(Effect::Read, "ZCOUNT", reading.key, &[min, max]);
    } else {
        let name = if window.reverse { "ZREVRANGE" } else { "ZRANGE" };
        let last = (start.saturating_add(count) - 1).to_string();
        let args = [start.to_string(), last, "WITHSCORES".to_owned()];
        commands.push_about(Effect::Read, name, reading.key, &args);
        commands.push_about(Effect::Read, "ZCARD", reading.key, NO_ARGS);
    }
    let [length, page, matched] = reading.ask(&commands).await?;
    let page = reply::elements(page).ok_or_else(|| failure::unexpected("ZRANGE"))?;
    let pairs = scored(page);
    let read = pairs.len();
    let members =
        pairs.iter().filter_map(|(member, score)| Some((reply::bytes(member)?, spell(score))));
    write_members(&mut reading.out, members);
    let matched = reply::count(&matched).unwrap_or(0);
    if by_score {
        reading.out.key("matched").integer(matched.cast_signed());
    }
    let length = reply::count(&length).unwrap_or(0);
    reading.end(length, &next(start, read, matched));
    Ok(())
}

/// Writes `members`, with scores as Redis spells them.
pub(super) fn write_members<'a>(
    out: &mut Object<'_>,
    members: impl Iterator<Item = (&'a [u8], String)>,
) {
    out.key("members").list(members, |out, (member, score)| {
        let mut object = Object::open(out);
        object.key("member").text_or_bytes(member);
        object.key("score").string(&score);
        object.close();
    });
}

/// Members and their scores.
fn scored(page: Vec<Value>) -> Vec<(Value, Value)> {
    let mut flat = reply::flat(page).into_iter();
    std::iter::from_fn(|| Some((flat.next()?, flat.next()?))).collect()
}

/// A score as Redis spells it.
pub(super) fn spell(score: &Value) -> String {
    match score {
        Value::Double(score) => json::spell(*score),
        other => reply::text(other).unwrap_or_default(),
    }
}

/// The next offset, as a cursor.
fn next(start: u64, read: usize, length: u64) -> String {
    let next = start.saturating_add(read as u64);
    if read == 0 || next >= length { cursor::END.to_owned() } else { next.to_string() }
}

/// A bound of scores as Redis reads it: `1.5`, `(1.5`, `-inf`.
fn bound<'a>(given: Option<&'a str>, default: &'a str, name: &str) -> Result<&'a str> {
    let Some(given) = given else { return Ok(default) };
    let score = given.strip_prefix('(').unwrap_or(given);
    match score.parse::<f64>() {
        Ok(score) if !score.is_nan() => Ok(given),
        _ => Err(Error::validation(format!("`{name}`: {given:?} is not a score"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_scores_or_refused() {
        for given in ["1.5", "(1.5", "-inf", "+inf", "(inf", "1e5"] {
            assert_eq!(bound(Some(given), "", "min").unwrap(), given);
        }
        assert_eq!(bound(None, "-inf", "min").unwrap(), "-inf");
        for given in ["", "(", "nan", "[a", "1 2", "((1"] {
            assert!(bound(Some(given), "", "min").is_err(), "{given}");
        }
    }

    #[test]
    fn scores_are_read_in_both_protocols() {
        let text = |text: &str| Value::BulkString(text.into());
        let flat = vec![text("a"), text("1.5")];
        let nested = vec![Value::Array(vec![text("a"), Value::Double(1.5)])];
        for page in [flat, nested] {
            let pairs = scored(page);
            assert_eq!((pairs.len(), spell(&pairs[0].1).as_str()), (1, "1.5"));
        }
    }
}
