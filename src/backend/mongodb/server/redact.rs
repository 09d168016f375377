//! Commands of others, shown without what they are about: which fields are compared and how, and not
//! with what. What logs somebody in is never shown.

use std::sync::LazyLock;

use mongodb::bson::{Bson, Document};

use crate::backend::WordList;

/// Stands for a value.
const HIDDEN: &str = "?";
/// Items of an array that are shown.
const ITEMS: usize = 20;
const DEPTH: usize = 100;

/// Commands that carry passwords, tokens or keys, in lower case.
static SECRET: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "authenticate copydbsaslstart createuser getnonce saslcontinue saslstart updateuser",
    ])
});
/// What drivers and servers add to commands for themselves.
static PROTOCOL: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&["$audit $client $clusterTime $configServerState $configTime $topologyTime \
         clientOperationKey lsid operationTime signature speculativeAuthenticate txnNumber"])
});
/// Members of a command that say how and not what.
static KEPT: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "$db $readPreference allowDiskUse awaitData batchSize bypassDocumentValidation \
         collation collection comment commitQuorum cursor dropTarget hint index key limit \
         maxTimeMS multi new noCursorTimeout ordered readConcern singleBatch skip sort tailable \
         to upsert writeConcern",
    ])
});
/// Stages whose members name collections and fields, and those members.
const NAMING_STAGES: [&str; 5] = ["$graphLookup", "$lookup", "$merge", "$unionWith", "$unwind"];
static NAMES: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&["as coll connectFromField connectToField db depthField foreignField from \
         includeArrayIndex into localField"])
});
/// Stages that say how many, in which order or where to.
const PLAIN_STAGES: [&str; 7] = ["$count", "$limit", "$out", "$sample", "$skip", "$sort", "$unset"];
/// Parts of expressions that hold literals.
const LITERALS: [&str; 4] = ["$literal", "$match", "query", "restrictSearchWithMatch"];

/// What text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    /// A value.
    Literal,
    /// Names a field if it begins with `$`.
    Expression,
    /// Names something if the member is on the list.
    Naming,
}

/// The shape of a command: its values are hidden.
pub(crate) fn shape(command: &Document) -> Document {
    shown(command, shape, |key, value| match key {
        _ if KEPT.has(key) => value.clone(),
        "projection" | "fields" => projection(value),
        "pipeline" => hide(key, value, Text::Expression, 0),
        "indexes" => indexes(value),
        _ => hide(key, value, Text::Literal, 0),
    })
}

/// The command as it was sent, except for secrets.
pub(crate) fn whole(command: &Document) -> Document {
    shown(command, whole, |_, value| value.clone())
}

fn shown(
    command: &Document,
    inner: fn(&Document) -> Document,
    show: impl Fn(&str, &Bson) -> Bson,
) -> Document {
    let Some((name, subject)) = command.iter().next() else { return Document::new() };
    if SECRET.has(&name.to_ascii_lowercase()) {
        return Document::from_iter([(name.clone(), Bson::from(HIDDEN))]);
    }
    // The first member names the command and its collection; `explain` has a command there.
    let subject = match subject {
        Bson::Document(command) => Bson::Document(inner(command)),
        _ if name.starts_with('$') => show(name, subject),
        _ => subject.clone(),
    };
    let rest = command.iter().skip(1).filter(|(key, _)| !PROTOCOL.has(key));
    let rest = rest.map(|(key, value)| (key.clone(), show(key, value)));
    std::iter::once((name.clone(), subject)).chain(rest).collect()
}

/// Which fields are shown; what they are made of is hidden.
fn projection(value: &Bson) -> Bson {
    let Bson::Document(fields) = value else { return HIDDEN.into() };
    let shown = fields.iter().map(|(field, value)| {
        let chosen = matches!(value, Bson::Int32(_) | Bson::Int64(_) | Bson::Boolean(_))
            || value.as_f64().is_some_and(|chosen| [0.0, 1.0].contains(&chosen));
        let value = if chosen { value.clone() } else { hide(field, value, Text::Literal, 0) };
        (field.clone(), value)
    });
    Bson::Document(shown.collect())
}

/// How indexes are to be made; which documents are in them is hidden.
fn indexes(value: &Bson) -> Bson {
    let Bson::Array(indexes) = value else { return HIDDEN.into() };
    let shown = indexes.iter().filter_map(Bson::as_document).map(|index| {
        let member = |(name, value): (&String, &Bson)| match name.as_str() {
            "partialFilterExpression" => (name.clone(), hide(name, value, Text::Literal, 0)),
            _ => (name.clone(), value.clone()),
        };
        Bson::Document(index.iter().map(member).collect())
    });
    Bson::Array(shown.collect())
}

fn hide(key: &str, value: &Bson, text: Text, depth: usize) -> Bson {
    if depth > DEPTH {
        return HIDDEN.into();
    }
    match value {
        _ if text == Text::Expression && PLAIN_STAGES.contains(&key) => value.clone(),
        Bson::Document(document) => {
            let members = document.iter().map(|(name, value)| {
                (name.clone(), hide(name, value, within(key, name, text), depth + 1))
            });
            Bson::Document(members.collect())
        }
        Bson::Array(items) => Bson::Array(hide_items(key, items, text, depth)),
        Bson::String(name) => {
            let named = match text {
                Text::Literal => false,
                Text::Expression => name.starts_with('$') || key == "$unionWith",
                Text::Naming => name.starts_with('$') || NAMES.has(key),
            };
            if named { value.clone() } else { HIDDEN.into() }
        }
        _ => HIDDEN.into(),
    }
}

/// What text is in the member `name` of the document at `key`.
fn within(key: &str, name: &str, text: Text) -> Text {
    if name == "$expr" {
        return Text::Expression;
    }
    match text {
        Text::Literal => Text::Literal,
        _ if LITERALS.contains(&name) => Text::Literal,
        Text::Expression if NAMING_STAGES.contains(&key) => {
            if NAMES.has(name) {
                Text::Naming
            } else {
                Text::Expression
            }
        }
        text => text,
    }
}

fn hide_items(key: &str, items: &[Bson], text: Text, depth: usize) -> Vec<Bson> {
    let mut shown: Vec<Bson> = Vec::new();
    for item in items.iter().take(ITEMS) {
        let item = hide(key, item, text, depth + 1);
        // A list of values is as long as it is.
        if item.as_str() != Some(HIDDEN) || shown.last() != Some(&item) {
            shown.push(item);
        }
    }
    if items.len() > ITEMS {
        shown.push(format!("and {} more", items.len() - ITEMS).into());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::doc;
    use proptest::prelude::*;

    #[test]
    fn a_query_is_shown_without_what_it_looks_for() {
        let command = doc! {
            "find": "people", "filter": { "name": "Ada", "age": { "$gt": 36, "$in": [1, 2, 3] },
                "$or": [{ "card": "$4242" }, { "ok": true }] },
            "sort": { "age": -1 }, "limit": 10, "$db": "app", "lsid": { "id": "x" },
            "$clusterTime": {},
        };
        let expected = doc! {
            "find": "people", "filter": { "name": "?", "age": { "$gt": "?", "$in": ["?"] },
                "$or": [{ "card": "?" }, { "ok": "?" }] },
            "sort": { "age": -1 }, "limit": 10, "$db": "app",
        };
        assert_eq!(shape(&command), expected);
        let mut whole = whole(&command);
        assert_eq!(whole.remove("lsid"), None);
        assert_eq!(whole.get_document("filter").unwrap().get_str("name").unwrap(), "Ada");
    }

    #[test]
    fn a_pipeline_is_shown_with_its_fields_and_collections() {
        let command = doc! { "aggregate": "orders", "pipeline": [
            { "$match": { "who": "Ada", "$expr": { "$gt": ["$total", "$$limit", 5] } } },
            { "$lookup": { "from": "people", "localField": "who", "foreignField": "_id", "as": "p",
                "pipeline": [{ "$match": { "secret": "s" } }] } },
            { "$group": { "_id": "$who", "n": { "$sum": 1 } } },
            { "$sort": { "n": -1 } }, { "$limit": 5 },
        ], "cursor": {}, "$db": "app" };
        let expected = doc! { "aggregate": "orders", "pipeline": [
            { "$match": { "who": "?", "$expr": { "$gt": ["$total", "$$limit", "?"] } } },
            { "$lookup": { "from": "people", "localField": "who", "foreignField": "_id", "as": "p",
                "pipeline": [{ "$match": { "secret": "?" } }] } },
            { "$group": { "_id": "$who", "n": { "$sum": "?" } } },
            { "$sort": { "n": -1 } }, { "$limit": 5 },
        ], "cursor": {}, "$db": "app" };
        assert_eq!(shape(&command), expected);
    }

    #[test]
    fn writes_are_shown_by_their_fields() {
        let command = doc! { "update": "people", "updates": [
            { "q": { "_id": 7 }, "u": { "$set": { "pin": "1234" } }, "multi": false },
        ], "ordered": true, "$db": "app" };
        let expected = doc! { "update": "people", "updates": [
            { "q": { "_id": "?" }, "u": { "$set": { "pin": "?" } }, "multi": "?" },
        ], "ordered": true, "$db": "app" };
        assert_eq!(shape(&command), expected);
        let many: Vec<Document> = (0..30).map(|i| doc! { "_id": i }).collect();
        let shape = shape(&doc! { "insert": "people", "documents": many });
        let documents = shape.get_array("documents").unwrap();
        assert_eq!(documents.last().unwrap().as_str().unwrap(), "and 10 more");
    }

    #[test]
    fn fields_that_are_called_like_options_hide_their_values() {
        let command = doc! { "find": "mail", "filter": { "from": "ada", "to": "bob", "limit": 3 },
        "projection": { "a": 1, "b": { "$elemMatch": { "from": "ada" } }, "c": "x" } };
        let expected = doc! { "find": "mail", "filter": { "from": "?", "to": "?", "limit": "?" },
        "projection": { "a": 1, "b": { "$elemMatch": { "from": "?" } }, "c": "?" } };
        assert_eq!(shape(&command), expected);
        let command = doc! { "aggregate": "mail", "pipeline": [
            { "$set": { "from": "ada", "cost": { "$literal": "$5" } } },
            { "$merge": { "into": { "db": "app", "coll": "sums" }, "on": "_id" } },
        ] };
        let expected = doc! { "aggregate": "mail", "pipeline": [
            { "$set": { "from": "?", "cost": { "$literal": "?" } } },
            { "$merge": { "into": { "db": "app", "coll": "sums" }, "on": "?" } },
        ] };
        assert_eq!(shape(&command), expected);
    }

    #[test]
    fn an_index_is_shown_by_its_fields() {
        let partial = |value: &str| {
            doc! { "key": { "a": 1 }, "name": "a_1",
            "partialFilterExpression": { "who": value } }
        };
        let command = doc! { "createIndexes": "people", "indexes": [partial("Ada")] };
        let shown = doc! { "createIndexes": "people", "indexes": [partial("?")] };
        assert_eq!(shape(&command), shown);
    }

    #[test]
    fn a_command_in_a_command_is_shown_like_one() {
        let find = doc! { "find": "people", "filter": { "name": "Ada" }, "limit": 1 };
        let shown = doc! { "find": "people", "filter": { "name": "?" }, "limit": 1 };
        let explain = doc! { "explain": find, "verbosity": "queryPlanner" };
        assert_eq!(shape(&explain).get_document("explain").unwrap(), &shown);
        // What a server cut off may be anything.
        let cut = doc! { "$truncated": "{ find: 'people', filter: { name: 'Ada'" };
        assert_eq!(shape(&cut), doc! { "$truncated": "?" });
    }

    #[test]
    fn what_logs_somebody_in_is_never_shown() {
        for name in ["saslStart", "saslContinue", "createUser", "updateUser", "authenticate"] {
            let mut command = Document::new();
            command.insert(name, 1);
            command.extend(doc! { "pwd": "secret", "payload": "secret" });
            for shown in [shape(&command), whole(&command)] {
                assert_eq!(shown, Document::from_iter([(name.to_owned(), Bson::from("?"))]));
            }
        }
        let hello = doc! { "hello": 1, "speculativeAuthenticate": { "payload": "secret" } };
        assert_eq!(whole(&hello), doc! { "hello": 1 });
    }

    fn values() -> impl Strategy<Value = Bson> {
        let leaf = prop_oneof![
            Just(Bson::from("s3cret")),
            Just(Bson::from("$s3cret")),
            Just(Bson::Int32(31_337)),
            Just(Bson::Double(31_337.5)),
        ];
        leaf.prop_recursive(6, 40, 4, |inner| {
            let name = prop_oneof!["[a-z]{1,3}", Just("$or".to_owned()), Just("$in".to_owned())];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Bson::Array),
                prop::collection::vec((name, inner), 0..4)
                    .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_value_of_a_filter_is_shown(filter in values()) {
            let fields = doc! { "x": filter };
            for command in [
                doc! { "find": "c", "filter": fields.clone() },
                doc! { "count": "c", "query": fields.clone() },
                doc! { "delete": "c", "deletes": [{ "q": fields.clone(), "limit": 1 }] },
                doc! { "aggregate": "c", "pipeline": [{ "$match": fields }] },
            ] {
                let shown = shape(&command).to_string();
                prop_assert!(!shown.contains("s3cret") && !shown.contains("31337"), "{shown}");
            }
        }
    }
}
