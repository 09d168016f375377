//! The schemas that others refer to, by name: those of the types that inputs and answers hold, and an
//! operation's own, which are named after it.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::error::Failure;

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
            })
        };
        Self {
            input: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
            own: Map::new(),
        }
    }

    /// Keeps a schema under a name. Returns a reference to it.
    pub(super) fn keep(&mut self, name: String, schema: Schema) -> Value {
        let reference = refer(&name);
        self.own.insert(name, schema.to_value());
        reference
    }

    /// All of them.
    pub(super) fn into_components(mut self) -> Map<String, Value> {
        self.answers.subschema_for::<Failure<'_>>();
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
