//! The schemas that others refer to, by name: those of the types that inputs and answers hold, and an
//! operation's own, which are named after it.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::error::Failure;
use crate::registry;

/// Where schemas stand in the document.
const PLACE: &str = "/components/schemas";

/// The schemas of a document while it is written.
pub(super) struct Schemas {
    /// Of what is read.
    pub(super) input: SchemaGenerator,
    /// Of what is written.
    pub(super) answers: SchemaGenerator,
    own: Map<String, Value>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = PLACE.into();
                settings.meta_schema = None;
                settings.transforms.push(Box::new(unwrap_lines));
            })
        };
        Self {
            input: settings().for_deserialize().into_generator(),
            answers: settings()
                .for_serialize()
                .with(|settings| settings.transforms.push(Box::new(never_null)))
                .into_generator(),
            own: Map::new(),
        }
    }

    /// Keeps a schema under a name. Returns a reference to it.
    pub(super) fn keep(&mut self, name: String, mut schema: Schema) -> Value {
        unwrap_lines(&mut schema);
        let reference = refer(&name);
        self.own.insert(name, schema.to_value());
        reference
    }

    /// All of them.
    pub(super) fn into_components(mut self) -> Map<String, Value> {
        self.answers.subschema_for::<Failure<'_>>();
        // What the operator's commands report, for their types in JavaScript.
        self.answers.subschema_for::<registry::Report>();
        self.answers.subschema_for::<registry::Rotation>();
        let mut all = self.own;
        for (name, schema) in [&mut self.input, &mut self.answers]
            .into_iter()
            .flat_map(|generator| generator.take_definitions(true))
        {
            let before = all.insert(name.clone(), schema.clone());
            // What is written may be read again: a type of both has one form, or two names.
            debug_assert!(before.is_none_or(|before| before == schema), "two schemas named {name}");
        }
        all
    }
}

/// Lines of a description end where its paragraphs do, and not where those of the source do.
pub(super) fn unwrap_lines(schema: &mut Schema) {
    transform_subschemas(&mut unwrap_lines, schema);
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}

/// Members that answers may leave out are not `null` where they are there.
fn never_null(schema: &mut Schema) {
    transform_subschemas(&mut never_null, schema);
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|r| r.iter().any(|n| n == name));
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, member) in properties.into_iter().flatten().filter(|(name, _)| !is_required(name)) {
        let Some(member) = member.as_object_mut() else { continue };
        if let Some(Value::Array(types)) = member.get_mut("type") {
            types.retain(|name| name != "null");
            if let [one] = types.as_slice() {
                member["type"] = one.clone();
            }
        }
        if let Some(Value::Array(forms)) = member.get_mut("anyOf") {
            forms.retain(|form| form["type"] != "null");
            if let [Value::Object(one)] = forms.as_mut_slice() {
                let one = std::mem::take(one);
                member.remove("anyOf");
                for (name, value) in one {
                    member.entry(name).or_insert(value);
                }
            }
        }
    }
}

/// `{ "$ref": … }` to the schema of this name.
pub(super) fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#{PLACE}/{name}") })
}

/// `redis.keys.list` as `RedisKeysList`.
pub(super) fn pascal(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    name.split(['.', '_']).map(capital).collect()
}
