//! Which indexes cost more than they are worth, and why.

use std::time::Duration;

use mongodb::bson::{Bson, DateTime, Document};
use schemars::JsonSchema;
use serde::Serialize;

use super::kind::IndexKind;
use super::list::IndexEntry;

/// An index that was not used for this long is told of.
const IDLE: Duration = Duration::from_secs(24 * 3600);

/// What speaks against keeping an index as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "IndexAdvice")]
pub struct Advice {
    /// What it is.
    pub kind: AdviceKind,
    /// The same for people.
    pub reason: String,
    /// The index that serves the same queries, if that speaks against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered_by: Option<String>,
}

/// What speaks against keeping an index as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "IndexAdviceKind")]
pub enum AdviceKind {
    /// Another index has the same fields.
    Duplicate,
    /// Another index begins with the same fields.
    Prefix,
    /// No operation used it for a day or longer.
    Unused,
    /// No operation can use it.
    Hidden,
}

/// What decides whether an index can stand in for another.
struct Shape<'d> {
    name: &'d str,
    /// Each with whether it goes down; `None` if not all are kept in the order of their values.
    fields: Option<Vec<(&'d str, bool)>>,
    collation: Option<&'d Document>,
    partial: Option<&'d Document>,
    sparse: bool,
    hidden: bool,
    /// It is there for something else than queries: it keeps values unique or removes documents.
    purpose: bool,
}

/// Adds what speaks against each of the indexes.
pub(super) fn advise(entries: &mut [IndexEntry], now: DateTime) {
    let advice: Vec<Vec<Advice>> = {
        let shapes: Vec<Shape> = entries.iter().map(shape).collect();
        let of = |at: usize| {
            let shape: &Shape = &shapes[at];
            let others = (0..shapes.len()).filter(|other| *other != at);
            let ready = others.filter(|other| entries[*other].building.is_none());
            let covered = ready.filter_map(|other| covers(shape, &shapes[other], other < at));
            let hidden = shape.hidden.then(|| Advice {
                kind: AdviceKind::Hidden,
                reason: "no query can use it, and it is still kept up to date".to_owned(),
                covered_by: None,
            });
            covered.take(1).chain(hidden).chain(unused(&entries[at], shape, now)).collect()
        };
        (0..entries.len()).map(of).collect()
    };
    for (entry, advice) in entries.iter_mut().zip(advice) {
        entry.advice = advice;
    }
}

fn shape(entry: &IndexEntry) -> Shape<'_> {
    let definition = &entry.definition;
    let has = |name| definition.get_bool(name).unwrap_or(false);
    let name = entry.name();
    let plain = matches!(IndexKind::of(definition), IndexKind::Single | IndexKind::Compound);
    let key = definition.get_document("key").ok().filter(|_| plain);
    Shape {
        name,
        fields: key.map(|key| {
            key.iter().map(|(field, value)| (field.as_str(), goes_down(value))).collect()
        }),
        collation: definition.get_document("collation").ok(),
        partial: definition.get_document("partialFilterExpression").ok(),
        sparse: has("sparse"),
        hidden: has("hidden"),
        purpose: name == "_id_"
            || has("unique")
            || has("prepareUnique")
            || has("clustered")
            || definition.contains_key("expireAfterSeconds"),
    }
}

fn goes_down(value: &Bson) -> bool {
    match value {
        Bson::Int32(order) => *order < 0,
        Bson::Int64(order) => *order < 0,
        Bson::Double(order) => *order < 0.0,
        _ => false,
    }
}

/// Whether `other` serves all queries that `index` serves. Of two that serve the same, the one that
/// comes first stays.
fn covers(index: &Shape, other: &Shape, first: bool) -> Option<Advice> {
    let (fields, others) = (index.fields.as_ref()?, other.fields.as_ref()?);
    if index.purpose
        || other.hidden
        || index.sparse != other.sparse
        || index.collation != other.collation
        || index.partial != other.partial
        || others.len() < fields.len()
    {
        return None;
    }
    // An index can be read from either end.
    let same = |turned: bool| {
        fields
            .iter()
            .zip(others)
            .all(|((a, down), (b, theirs))| a == b && (down == theirs) != turned)
    };
    if !same(false) && !same(true) {
        return None;
    }
    let name = other.name;
    let (kind, reason) = if others.len() == fields.len() {
        if !other.purpose && !first {
            return None;
        }
        (AdviceKind::Duplicate, format!("the index {name:?} has the same fields"))
    } else if index.sparse {
        // The longer one has documents that this one leaves out, and the other way round.
        return None;
    } else {
        let reason =
            format!("the index {name:?} begins with the same fields and serves the same queries");
        (AdviceKind::Prefix, reason)
    };
    Some(Advice { kind, reason, covered_by: Some(name.to_owned()) })
}

fn unused(entry: &IndexEntry, shape: &Shape, now: DateTime) -> Option<Advice> {
    let usage = entry.usage.as_ref()?;
    let since = usage.since?;
    if usage.ops > 0 || shape.purpose || shape.hidden || entry.building.is_some() {
        return None;
    }
    let idle = now.checked_duration_since(since)?;
    if idle < IDLE {
        return None;
    }
    let hosts: Vec<&str> = usage.hosts.iter().map(|host| host.host.as_str()).collect();
    let reason = format!(
        "no query has used it since {} on {}; other servers count for themselves",
        since.try_to_rfc3339_string().ok()?,
        hosts.join(", "),
    );
    Some(Advice { kind: AdviceKind::Unused, reason, covered_by: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::mongodb::catalog::indexes::usage::HostUsage;
    use crate::backend::mongodb::catalog::indexes::usage::Usage;
    use mongodb::bson::doc;

    fn index(definition: Document) -> IndexEntry {
        let (size, usage, building) = (None, None, None);
        IndexEntry { definition, size, usage, building, advice: Vec::new() }
    }

    /// What is advised about each index, as `name: kind other`.
    fn advised(definitions: Vec<Document>) -> Vec<String> {
        let mut entries: Vec<IndexEntry> = definitions.into_iter().map(index).collect();
        advise(&mut entries, DateTime::from_millis(0));
        let told = |entry: &IndexEntry, advice: &Advice| {
            let other = advice.covered_by.as_deref().unwrap_or("-");
            format!("{}: {:?} {other}", entry.name(), advice.kind)
        };
        entries.iter().flat_map(|e| e.advice.iter().map(move |a| told(e, a))).collect()
    }

    fn named(name: &str, key: Document) -> Document {
        doc! { "v": 2, "key": key, "name": name }
    }

    fn with(name: &str, key: Document, more: Document) -> Document {
        let mut definition = named(name, key);
        definition.extend(more);
        definition
    }

    #[test]
    fn an_index_that_another_begins_with_is_told() {
        let found = advised(vec![
            named("_id_", doc! { "_id": 1 }),
            named("a", doc! { "a": 1 }),
            named("a_b", doc! { "a": -1, "b": 1.0 }),
            named("a_b_c", doc! { "a": 1, "b": -1_i64, "c": 1 }),
        ]);
        assert_eq!(found, ["a: Prefix a_b", "a_b: Prefix a_b_c"]);
    }

    #[test]
    fn an_order_that_cannot_be_read_from_the_other_index_is_its_own() {
        let a_b = named("a_b", doc! { "a": 1, "b": 1 });
        let other = named("a_b_c", doc! { "a": 1, "b": -1, "c": 1 });
        assert!(advised(vec![a_b.clone(), other]).is_empty());
        let b = named("b", doc! { "b": 1 });
        assert!(advised(vec![a_b, b]).is_empty());
    }

    #[test]
    fn an_index_with_a_purpose_of_its_own_is_kept() {
        let longer = || named("z", doc! { "a": 1, "b": 1 });
        for more in [
            doc! { "unique": true },
            doc! { "expireAfterSeconds": 60 },
            doc! { "sparse": true },
            doc! { "partialFilterExpression": { "x": 1 } },
            doc! { "collation": { "locale": "de" } },
        ] {
            assert!(advised(vec![with("a", doc! { "a": 1 }, more), longer()]).is_empty());
        }
        let hidden = with("z", doc! { "a": 1, "b": 1 }, doc! { "hidden": true });
        assert_eq!(advised(vec![named("a", doc! { "a": 1 }), hidden]), ["z: Hidden -"]);
        let text = named("z", doc! { "a": 1, "_fts": "text", "_ftsx": 1 });
        assert!(advised(vec![named("a", doc! { "a": 1 }), text]).is_empty());
    }

    #[test]
    fn of_two_with_the_same_fields_the_one_that_does_more_stays() {
        let unique = with("z", doc! { "a": 1 }, doc! { "unique": true });
        assert_eq!(advised(vec![named("a", doc! { "a": 1 }), unique]), ["a: Duplicate z"]);
        let two = vec![named("a", doc! { "a": 1 }), named("b", doc! { "a": -1 })];
        assert_eq!(advised(two), ["b: Duplicate a"]);
        let by_id = vec![named("_id_", doc! { "_id": 1 }), named("x", doc! { "_id": -1 })];
        assert_eq!(advised(by_id), ["x: Duplicate _id_"]);
        let partial = || doc! { "partialFilterExpression": { "x": 1 } };
        let two = vec![
            with("a", doc! { "a": 1 }, partial()),
            with("b", doc! { "a": 1, "b": 1 }, partial()),
        ];
        assert_eq!(advised(two), ["a: Prefix b"]);
    }

    #[test]
    fn an_index_that_was_not_used_for_a_day_is_told_with_since_when() {
        let usage = |ops| Usage {
            ops,
            since: Some(DateTime::from_millis(0)),
            hosts: vec![HostUsage { host: "h:1".into(), shard: None, ops, since: None }],
            building: false,
        };
        let day = DateTime::from_millis(24 * 3_600_000);
        let used = |ops, definition, now| {
            let mut entries = vec![index(definition)];
            entries[0].usage = Some(usage(ops));
            advise(&mut entries, now);
            entries.remove(0).advice
        };
        let a = || named("a", doc! { "a": 1 });
        let told = used(0, a(), day);
        assert_eq!(told[0].kind, AdviceKind::Unused);
        assert!(told[0].reason.contains("1970-01-01T00:00:00Z on h:1"), "{}", told[0].reason);
        assert!(used(1, a(), day).is_empty());
        assert!(used(0, a(), DateTime::from_millis(24 * 3_600_000 - 1)).is_empty());
        let unique = with("a", doc! { "a": 1 }, doc! { "unique": true });
        assert!(used(0, unique, day).is_empty());
    }
}
