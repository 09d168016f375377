//! Pages of what has no order: hashes, sets, and the members of sorted sets by pattern. The server's
//! own cursor leads through them.

use std::collections::HashSet;

use redis::Value;

use super::reading::Reading;
use super::{edit, range};
use crate::backend::redis::keyspace::{cursor, metadata, walk};
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, failure, json, reply};
use crate::error::Result;
use crate::json::{Object, Writer};

/// Writes fields, and the times to live that they have.
pub(super) async fn hash(reading: &mut Reading<'_, '_>) -> Result<()> {
    reading.window.takes("hash", &["pattern"])?;
    let (length, next, elements) = scanned(reading, "HLEN", "HSCAN").await?;
    let pairs = pairs(&elements);
    let ttls = field_ttls(reading, &pairs).await;
    let out = &mut reading.out;
    let contents = pairs.iter().map(|(name, content)| (*name, *content));
    by_name(out, "fields", "binary_fields", true, contents, json::write);
    if let Some(ttls) = ttls {
        let ttls = pairs.iter().map(|(name, _)| *name).zip(&ttls).filter(|(_, ttl)| **ttl >= 0);
        by_name(out, "field_ttls", "binary_field_ttls", false, ttls, |out, ttl| {
            out.integer(metadata::seconds(*ttl));
        });
    }
    reading.end(length, &next);
    Ok(())
}

/// Writes what belongs to each name: as an object for names that are text, as pairs for others. What
/// has nothing in it is left out, unless it is `needed`.
fn by_name<'a, T: 'a>(
    out: &mut Object<'_>,
    text: &str,
    binary: &str,
    needed: bool,
    entries: impl Iterator<Item = (&'a [u8], &'a T)>,
    write: impl Fn(&mut Writer, &T),
) {
    let mut pairs = Vec::new();
    let mut texts = Vec::new();
    for (name, content) in entries {
        match std::str::from_utf8(name) {
            Ok(name) => texts.push((name, content)),
            Err(_) => pairs.push((name, content)),
        }
    }
    if needed || !texts.is_empty() {
        let mut object = Object::open(out.key(text));
        for (name, content) in texts {
            write(object.escaped_key(name), content);
        }
        object.close();
    }
    if !pairs.is_empty() {
        out.key(binary).list(pairs, |out, (name, content)| {
            out.pair(|out| out.text_or_bytes(name), |out| write(out, content));
        });
    }
}

/// The milliseconds that each field has left, where the server knows such a thing and any of them
/// has a limit.
async fn field_ttls(reading: &mut Reading<'_, '_>, pairs: &[(&[u8], &Value)]) -> Option<Vec<i64>> {
    let feature = &reading.client.hash_field_ttl;
    if pairs.is_empty() || !feature.may_exist() {
        return None;
    }
    let names: Vec<Vec<u8>> = pairs.iter().map(|(name, _)| name.to_vec()).collect();
    let mut ask = Commands::with_capacity(1);
    ask.push_about(Effect::Read, "HPTTL", reading.key, &edit::about_fields(None, &names));
    match reading.client.run_one(&ask, reading.deadline).await {
        Ok(reply) => {
            let ttls = reply::elements(reply).unwrap_or_default();
            let ttls: Vec<i64> = ttls.iter().map(|t| reply::integer(t).unwrap_or(-1)).collect();
            return ttls.iter().any(|&ttl| ttl >= 0).then_some(ttls);
        }
        Err(error) if failure::is_unknown_command(&error) => feature.set_missing(),
        Err(error) => reading.warnings.add("field_ttls", error),
    }
    None
}

/// Writes `members`.
pub(super) async fn set(reading: &mut Reading<'_, '_>) -> Result<()> {
    reading.window.takes("set", &["pattern"])?;
    let (length, next, elements) = scanned(reading, "SCARD", "SSCAN").await?;
    let mut seen = HashSet::with_capacity(elements.len());
    let members = elements.iter().filter_map(reply::bytes).filter(|m| seen.insert(*m));
    reading.out.key("members").list(members, Writer::text_or_bytes);
    reading.end(length, &next);
    Ok(())
}

/// Writes `members`, those that match the pattern, in no order.
pub(super) async fn sorted_set(reading: &mut Reading<'_, '_>) -> Result<()> {
    reading.window.takes("zset, read by pattern", &["pattern"])?;
    let (length, next, elements) = scanned(reading, "ZCARD", "ZSCAN").await?;
    let pairs = pairs(&elements);
    let members =
        pairs.into_iter().map(|(member, score)| (member, reply::text(score).unwrap_or_default()));
    range::write_members(&mut reading.out, members);
    reading.end(length, &next);
    Ok(())
}

/// Names and what belongs to them; a scan may give one twice.
fn pairs(elements: &[Value]) -> Vec<(&[u8], &Value)> {
    let mut seen = HashSet::with_capacity(elements.len() / 2);
    elements
        .chunks_exact(2)
        .filter_map(|pair| Some((reply::bytes(&pair[0])?, &pair[1])))
        .filter(|(name, _)| seen.insert(*name))
        .collect()
}

/// A page that a server's cursor leads through.
async fn scanned(
    reading: &Reading<'_, '_>,
    length: &str,
    read: &str,
) -> Result<(u64, String, Vec<Value>)> {
    let window = reading.window;
    let position = window.cursor.as_deref().map_or(Ok(0), cursor::position)?.to_string();
    let count = window.elements()?.to_string();
    let mut args: Vec<&[u8]> = vec![position.as_bytes(), b"COUNT", count.as_bytes()];
    if let Some(pattern) = &window.pattern {
        args.extend([b"MATCH", pattern.as_slice()]);
    }
    let mut commands = Commands::with_capacity(2);
    commands.push_about(Effect::Read, length, reading.key, NO_ARGS);
    commands.push_about(Effect::Read, read, reading.key, &args);
    let [length, page] = reading.ask(&commands).await?;
    let length = reply::count(&length).unwrap_or(0);
    let (next, elements) = walk::scanned(page).ok_or_else(|| failure::unexpected("SCAN"))?;
    Ok((length, next.to_string(), elements))
}
