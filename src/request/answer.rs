//! What answers hold that is nobody's own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// An answer whose form is not declared.
#[derive(Debug)]
pub struct Undeclared;

impl JsonSchema for Undeclared {
    fn schema_name() -> Cow<'static, str> {
        "Undeclared".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}
