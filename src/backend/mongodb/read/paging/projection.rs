//! Projections that keep what a position needs.
//!
//! A page shows the fields that were asked for, and its position takes those that it is sorted by.
//! Both come in one answer: asking again could meet the document after it was changed. So a server is
//! asked for more, and what was not asked for is taken out here.

use mongodb::bson::{Bson, Document, RawDocument, RawDocumentBuf};

use super::order::Order;
use crate::backend::mongodb::types::{ARRAY, DOCUMENT};
use crate::ejson::raw::{Field, fields};
use crate::error::{Error, Result};

/// A projection that shows enough, and what of that to take out again.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Widened {
    pub(super) projection: Option<Document>,
    pub(super) hidden: Vec<String>,
}

/// Adds the fields of the order; `None` if the projection makes something else of them.
pub(super) fn widen(projection: Option<Document>, order: &Order) -> Option<Widened> {
    let Some(asked) = projection.filter(|projection| !projection.is_empty()) else {
        return Some(Widened::default());
    };
    let needed: Vec<&str> = order.paths().map(|(path, _)| path).collect();
    let touched = |path: &str| needed.iter().any(|needed| overlap(path, needed));
    let computed = |path: &str, value| shows(value).is_none() || path.contains('$');
    if asked.iter().any(|(path, value)| computed(path, value) && touched(path)) {
        return None;
    }
    let mut listed = asked.iter().filter(|(path, _)| path.as_str() != "_id");
    let inclusive = match listed.find_map(|(_, value)| shows(value)) {
        Some(shows) => shows,
        None if asked.len() == 1 => asked.get("_id").and_then(shows)?,
        // Operators by themselves show the other fields or hide them, each in its way.
        None => return None,
    };
    if inclusive { including(&asked, &needed) } else { Some(excluding(asked, touched)) }
}

/// Whether a value of a projection shows a field or hides it; `None` if it is computed.
fn shows(value: &Bson) -> Option<bool> {
    match value {
        Bson::Int32(number) => Some(*number != 0),
        Bson::Int64(number) => Some(*number != 0),
        Bson::Double(number) => Some(*number != 0.0),
        Bson::Boolean(shown) => Some(*shown),
        _ => None,
    }
}

fn including(asked: &Document, needed: &[&str]) -> Option<Widened> {
    let mut hidden = Vec::new();
    let mut projection = asked.clone();
    if asked.get("_id").and_then(shows) == Some(false) {
        projection.remove("_id");
        hidden.push("_id".to_owned());
    }
    for &path in needed {
        let within = |outer: &str| begins_with(path, outer);
        if within("_id") || projection.keys().any(|shown| within(shown)) {
            continue;
        }
        if projection.keys().any(|shown| begins_with(shown, path)) {
            // Parts of the field are shown, and all of it is needed.
            return None;
        }
        projection.insert(path, 1);
        // The outermost part of the path that nothing else is shown of.
        let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
        let mut parts = ends.map(|end| &path[..end]);
        let extra = parts.find(|part| !asked.keys().any(|shown| begins_with(shown, part)));
        let extra = extra.unwrap_or(path).to_owned();
        if !hidden.contains(&extra) {
            hidden.push(extra);
        }
    }
    Some(Widened { projection: Some(projection), hidden })
}

fn excluding(asked: Document, touched: impl Fn(&str) -> bool) -> Widened {
    let (hidden, kept): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|(path, value)| touched(path) && shows(value) == Some(false));
    let projection: Document = kept.into_iter().collect();
    Widened {
        projection: (!projection.is_empty()).then_some(projection),
        hidden: hidden.into_iter().map(|(path, _)| path).collect(),
    }
}

/// Whether one path is the other or leads to it.
fn overlap(one: &str, other: &str) -> bool {
    begins_with(one, other) || begins_with(other, one)
}

fn begins_with(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The document without what is at these paths, as a projection would take it out.
pub(super) fn without(document: &RawDocument, hidden: &[String]) -> Result<RawDocumentBuf> {
    let paths: Vec<&str> = hidden.iter().map(String::as_str).collect();
    let mut out = Vec::with_capacity(document.as_bytes().len());
    strip(&mut out, DOCUMENT, document.as_bytes(), &paths)?;
    RawDocumentBuf::from_bytes(out).map_err(|_| Error::internal("a document was cut wrongly"))
}

fn strip(out: &mut Vec<u8>, kind: u8, bytes: &[u8], paths: &[&str]) -> Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    for field in fields(bytes)? {
        let below = if kind == ARRAY { paths.to_vec() } else { below(paths, &field) };
        if below.contains(&"") {
            continue;
        }
        out.push(field.kind);
        out.extend_from_slice(field.name);
        out.push(0);
        let nested = field.kind == DOCUMENT || field.kind == ARRAY && kind == DOCUMENT;
        if nested && !below.is_empty() {
            strip(out, field.kind, field.value, &below)?;
        } else {
            out.extend_from_slice(field.value);
        }
    }
    out.push(0);
    let length = i32::try_from(out.len() - start).unwrap_or(i32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// What of the paths is left behind this field; nothing is left of one that ends at it.
fn below<'p>(paths: &[&'p str], field: &Field<'_>) -> Vec<&'p str> {
    let rest = |path: &&'p str| {
        let rest = path.as_bytes().strip_prefix(field.name)?;
        match rest {
            [] => Some(""),
            [b'.', ..] => Some(&path[field.name.len() + 1..]),
            _ => None,
        }
    };
    paths.iter().filter_map(rest).collect()
}
