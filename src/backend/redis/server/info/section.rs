//! Parts of `INFO` that are names and values: read, and summed over a cluster.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Map;

use super::text::Text;
use crate::backend::redis::server::scalar::Scalar;
use crate::json::Integer64;

/// How a value is read.
#[derive(Debug, Clone, Copy)]
enum FieldKind {
    Number,
    Float,
    Flag,
    Word,
}

/// What the values of several servers are together.
#[derive(Debug, Clone, Copy)]
pub(super) enum Together {
    Sum,
    Least,
    Most,
    /// The first's.
    First,
    /// Only true if it is of all.
    All,
    /// True if it is of any.
    Any,
    /// Nothing: it is told of each.
    Apart,
}

/// A name in an answer, and where its value is from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    name: &'static str,
    from: &'static str,
    kind: FieldKind,
    together: Together,
    /// Where it is made of the values before it.
    derive: Option<fn(&Section) -> Scalar>,
}

pub(super) const fn count(name: &'static str) -> Field {
    Field::new(name, FieldKind::Number, Together::Sum)
}

pub(super) const fn float(name: &'static str) -> Field {
    Field::new(name, FieldKind::Float, Together::Sum)
}

pub(super) const fn flag(name: &'static str) -> Field {
    Field::new(name, FieldKind::Flag, Together::Any)
}

pub(super) const fn word(name: &'static str) -> Field {
    Field::new(name, FieldKind::Word, Together::Apart)
}

impl Field {
    const fn new(name: &'static str, kind: FieldKind, together: Together) -> Self {
        Self { name, from: name, kind, together, derive: None }
    }

    /// The name that the server uses.
    pub(super) const fn from(mut self, name: &'static str) -> Self {
        self.from = name;
        self
    }

    pub(super) const fn derived(mut self, derive: fn(&Section) -> Scalar) -> Self {
        self.derive = Some(derive);
        self
    }

    /// What the values of several servers are together, where it is not what they usually are.
    pub(super) const fn is(mut self, together: Together) -> Self {
        self.together = together;
        self
    }

    fn read(&self, text: &Text) -> Scalar {
        let found = || text.get(self.from);
        let read = match self.kind {
            FieldKind::Number => {
                found().and_then(|value| value.parse().ok()).map(Integer64).map(Scalar::Number)
            }
            FieldKind::Float => found().and_then(|value| value.parse().ok()).map(Scalar::Float),
            FieldKind::Flag => found().map(|value| Scalar::Flag(value == "1" || value == "yes")),
            FieldKind::Word => found().map(|value| Scalar::Word(value.to_owned())),
        };
        read.unwrap_or(Scalar::Null)
    }

    fn together(&self, values: &[&Scalar]) -> Scalar {
        let fold = |whole: fn(i64, i64) -> i64, float: fn(f64, f64) -> f64| {
            let numbers = values.iter().copied().filter(|value| value.number().is_some()).cloned();
            let folded = numbers.reduce(|a, b| match (a, b) {
                (Scalar::Number(a), Scalar::Number(b)) => {
                    Scalar::Number(Integer64(whole(a.0, b.0)))
                }
                (a, b) => {
                    let both = a.number().zip(b.number());
                    both.map_or(Scalar::Null, |(a, b)| Scalar::Float(float(a, b)))
                }
            });
            folded.unwrap_or(Scalar::Null)
        };
        let mut flags = values.iter().filter_map(|value| match value {
            Scalar::Flag(flag) => Some(*flag),
            _ => None,
        });
        match self.together {
            Together::Sum => fold(i64::saturating_add, |a, b| a + b),
            Together::Least => fold(i64::min, f64::min),
            Together::Most => fold(i64::max, f64::max),
            Together::First => values.first().map_or(Scalar::Null, |value| (*value).clone()),
            Together::All => Scalar::Flag(flags.all(|flag| flag)),
            Together::Any => Scalar::Flag(flags.any(|flag| flag)),
            Together::Apart => Scalar::Null,
        }
    }
}

/// The values of a list of fields.
#[derive(Debug, Clone)]
pub(super) struct Section {
    fields: &'static [Field],
    values: Vec<Scalar>,
}

impl Section {
    pub(super) fn read(fields: &'static [Field], text: &Text) -> Self {
        let values = fields.iter().map(|field| field.read(text)).collect();
        Self { fields, values }.with_derived()
    }

    /// What several servers are together.
    pub(super) fn together(fields: &'static [Field], of: &[&Self]) -> Self {
        let value = |(at, field): (usize, &Field)| {
            let values: Vec<&Scalar> = of.iter().map(|section| &section.values[at]).collect();
            field.together(&values)
        };
        let values = fields.iter().enumerate().map(value).collect();
        Self { fields, values }.with_derived()
    }

    fn with_derived(mut self) -> Self {
        for (at, field) in self.fields.iter().enumerate() {
            if let Some(derive) = field.derive {
                self.values[at] = derive(&self);
            }
        }
        self
    }

    pub(super) fn get(&self, name: &str) -> &Scalar {
        let at = self.fields.iter().position(|field| field.name == name);
        at.map_or(&Scalar::Null, |at| &self.values[at])
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.get(name).number()
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Scalar::Number(number) => Some(number.0),
            _ => None,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Scalar) {
        if let Some(at) = self.fields.iter().position(|field| field.name == name) {
            self.values[at] = value;
        }
    }
}

impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|field| field.name).zip(&self.values))
    }
}

/// What a section of these fields is written as.
pub(super) fn schema(
    fields: &[Field],
    description: &str,
    generator: &mut SchemaGenerator,
) -> Schema {
    let members = fields.iter().map(|field| {
        let schema = match field.kind {
            FieldKind::Number => generator.subschema_for::<Option<Integer64>>(),
            FieldKind::Float => generator.subschema_for::<Option<f64>>(),
            FieldKind::Flag => generator.subschema_for::<Option<bool>>(),
            FieldKind::Word => generator.subschema_for::<Option<String>>(),
        };
        (field.name.to_owned(), schema.to_value())
    });
    let members: Map<_, _> = members.collect();
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    json_schema!({
        "description": description,
        "type": "object",
        "properties": members,
        "required": names,
    })
}
