//! Pages of hashes, sets, lists and sorted sets.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::Value;

use super::commands::{Commands, Effect};
use super::metadata;
use super::read::{Subject, Window, write_end};
use super::{cursor, failure, reply, value, walk};
use crate::error::Result;
use crate::json::Writer;

/// Whether a server knows an optional command; found out by using it once.
#[derive(Debug)]
pub(super) struct Feature(AtomicBool);

impl Default for Feature {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Feature {
    pub(super) fn may_exist(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set_missing(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Writes `fields`, and `binary_fields` for names that can't be those of a JSON object.
pub(super) async fn hash(subject: &Subject<'_>, window: &Window, out: &mut Writer) -> Result<()> {
    let (length, next, elements) = scanned(subject, window, b"HLEN", b"HSCAN").await?;
    let mut seen = HashSet::with_capacity(elements.len() / 2);
    let pairs: Vec<(&[u8], &Value)> = elements
        .chunks_exact(2)
        .filter_map(|pair| Some((reply::bytes(&pair[0])?, &pair[1])))
        .filter(|(name, _)| seen.insert(*name))
        .collect();
    let ttls = field_ttls(subject, &pairs).await;
    out.raw(b",\"fields\":{");
    let mut first = true;
    let mut binary = Vec::new();
    for (name, content) in &pairs {
        let Ok(name) = std::str::from_utf8(name) else {
            binary.push((name, content));
            continue;
        };
        out.comma(&mut first);
        out.string(name);
        out.raw(b":");
        value::write(out, content);
    }
    out.raw(b"}");
    if !binary.is_empty() {
        out.raw(b",\"binary_fields\":[");
        let mut first = true;
        for (name, content) in binary {
            out.comma(&mut first);
            out.raw(b"[");
            out.text_or_bytes(name);
            out.raw(b",");
            value::write(out, content);
            out.raw(b"]");
        }
        out.raw(b"]");
    }
    if let Some(ttls) = ttls {
        out.raw(b",\"field_ttls\":{");
        let mut first = true;
        for ((name, _), ttl) in pairs.iter().zip(ttls) {
            if ttl >= 0
                && let Ok(name) = std::str::from_utf8(name)
            {
                out.comma(&mut first);
                out.string(name);
                out.raw(b":");
                out.integer(metadata::seconds(ttl));
            }
        }
        out.raw(b"}");
    }
    write_end(out, length, &next);
    Ok(())
}

/// The milliseconds that each field has left, where the server knows such a thing and any of them
/// has a limit.
async fn field_ttls(subject: &Subject<'_>, pairs: &[(&[u8], &Value)]) -> Option<Vec<i64>> {
    let feature = &subject.client.hash_field_ttl;
    if pairs.is_empty() || !feature.may_exist() {
        return None;
    }
    let count = pairs.len().to_string();
    let mut args: Vec<&[u8]> = vec![b"HPTTL", subject.key, b"FIELDS", count.as_bytes()];
    args.extend(pairs.iter().map(|(name, _)| *name));
    let ask = Commands::one(Effect::Read, 1, &args);
    let mut results = subject.client.run(&ask, None, subject.deadline).await;
    match results.pop()?.ok()? {
        Value::Array(ttls) => {
            let ttls: Vec<i64> = ttls.iter().map(|t| reply::integer(t).unwrap_or(-1)).collect();
            ttls.iter().any(|&ttl| ttl >= 0).then_some(ttls)
        }
        Value::ServerError(_) => {
            feature.set_missing();
            None
        }
        _ => None,
    }
}

/// Writes `members`.
pub(super) async fn set(subject: &Subject<'_>, window: &Window, out: &mut Writer) -> Result<()> {
    let (length, next, elements) = scanned(subject, window, b"SCARD", b"SSCAN").await?;
    let mut seen = HashSet::with_capacity(elements.len());
    out.raw(b",\"members\":[");
    let mut first = true;
    for member in elements.iter().filter_map(reply::bytes).filter(|m| seen.insert(*m)) {
        out.comma(&mut first);
        out.text_or_bytes(member);
    }
    out.raw(b"]");
    write_end(out, length, &next);
    Ok(())
}

/// Writes `values`.
pub(super) async fn list(subject: &Subject<'_>, window: &Window, out: &mut Writer) -> Result<()> {
    let (length, next, elements) = ranged(subject, window, b"LLEN", b"LRANGE", &[]).await?;
    out.raw(b",\"values\":");
    value::list(out, &elements);
    write_end(out, length, &next);
    Ok(())
}

/// Writes `members` as `{ member, score }`, from the lowest score on.
pub(super) async fn sorted_set(
    subject: &Subject<'_>,
    window: &Window,
    out: &mut Writer,
) -> Result<()> {
    let scores: &[&[u8]] = &[b"WITHSCORES"];
    let (length, next, elements) = ranged(subject, window, b"ZCARD", b"ZRANGE", scores).await?;
    out.raw(b",\"members\":[");
    let mut first = true;
    for pair in elements.chunks_exact(2) {
        out.comma(&mut first);
        out.raw(b"{\"member\":");
        value::write(out, &pair[0]);
        out.raw(b",\"score\":");
        value::write(out, &pair[1]);
        out.raw(b"}");
    }
    out.raw(b"]");
    write_end(out, length, &next);
    Ok(())
}

/// A page that a server's cursor leads through.
async fn scanned(
    subject: &Subject<'_>,
    window: &Window,
    length: &[u8],
    read: &[u8],
) -> Result<(u64, String, Vec<Value>)> {
    let position = window.scan_position()?.to_string();
    let count = window.elements()?.to_string();
    let mut commands = Commands::with_capacity(2);
    commands.push(Effect::Read, 1, &[length, subject.key]);
    let args = [read, subject.key, position.as_bytes(), b"COUNT", count.as_bytes()];
    commands.push(Effect::Read, 1, &args);
    let [length, page] = subject.ask(&commands).await?;
    let length = reply::integer(&length).unwrap_or(0).cast_unsigned();
    let (next, elements) = walk::scanned(page).ok_or_else(|| failure::unexpected("SCAN"))?;
    Ok((length, next.to_string(), elements))
}

/// A page that is a range of indexes or ranks.
async fn ranged(
    subject: &Subject<'_>,
    window: &Window,
    length: &[u8],
    read: &[u8],
    options: &[&[u8]],
) -> Result<(u64, String, Vec<Value>)> {
    let start = window.start()?;
    let last = start.saturating_add(window.elements()?.max(1)) - 1;
    let (start_text, last_text) = (start.to_string(), last.to_string());
    let mut commands = Commands::with_capacity(2);
    commands.push(Effect::Read, 1, &[length, subject.key]);
    let mut args = vec![read, subject.key, start_text.as_bytes(), last_text.as_bytes()];
    args.extend(options);
    commands.push(Effect::Read, 1, &args);
    let [length, page] = subject.ask(&commands).await?;
    let length = reply::integer(&length).unwrap_or(0).cast_unsigned();
    let page = reply::elements(page).ok_or_else(|| failure::unexpected("a range"))?;
    // RESP3 nests a member and its score, RESP2 does not.
    let elements: Vec<Value> = if page.first().is_some_and(|e| matches!(e, Value::Array(_))) {
        page.into_iter().filter_map(reply::elements).flatten().collect()
    } else {
        page
    };
    let read = elements.len() / if options.is_empty() { 1 } else { 2 };
    let next = start.saturating_add(read as u64);
    let end = read == 0 || next >= length;
    let next = if end { cursor::END.to_owned() } else { next.to_string() };
    Ok((length, next, elements))
}
