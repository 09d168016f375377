//! The OpenAPI 3.1 document, made from the operations table, so that it cannot tell of an endpoint
//! that does not exist or miss one that does.

mod answers;
mod examples;
mod failures;
mod input;
mod schemas;

use serde_json::{Map, Value, json};

use self::examples::Example;
use self::schemas::Schemas;
use super::operation::{BASE_PATH, CALL_PATH, Operation, Subject};

pub use self::failures::codes;

/// The document of these operations.
pub fn document(operations: impl Iterator<Item = &'static Operation>) -> Value {
    let mut schemas = Schemas::new();
    let mut examples = examples::read();
    let mut paths: Map<String, Value> = Map::new();
    let mut calls = Vec::new();
    for operation in operations {
        let example = examples.remove(operation.name).unwrap_or_default();
        let described = describe(operation, &example, &mut schemas);
        let path = format!("{BASE_PATH}{}", operation.path);
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[operation.method.as_str().to_ascii_lowercase()] = described;
        calls.push(input::call_of(operation));
    }
    debug_assert!(examples.is_empty(), "examples of no operation: {:?}", examples.keys());
    paths.insert(format!("{BASE_PATH}{CALL_PATH}"), json!({ "post": call(&calls) }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "studio-multidb",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas.into_components() },
    })
}

/// The part of [`document`] that a JSON Schema validator needs for one operation's answers: the schemas
/// of `data`, of a record and of a message that is heard, as far as the operation has them, with what
/// they refer to under `components/schemas`.
pub fn schemas_of(operation: &Operation) -> (super::operation::AnswerSchemas, Value) {
    let mut schemas = Schemas::new();
    let answers = (operation.answers)(&mut schemas.answers);
    (answers, json!({ "schemas": schemas.into_components() }))
}

fn describe(operation: &Operation, example: &Example, schemas: &mut Schemas) -> Value {
    let (summary, description) = operation.summary_and_description();
    let mut described = json!({
        "operationId": operation.name,
        "summary": summary,
        "description": description,
        "x-subject": subject(operation.subject),
        "x-permission": operation.permission.as_str(),
        "x-effect": operation.effect.as_str(),
        "x-cost": operation.cost,
    });
    input::describe(operation, example, schemas, &mut described);
    described["responses"] = answers::describe(operation, example, schemas);
    described
}

fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Connection(_) => "connection",
        Subject::Entry => "entry",
        Subject::Member(_) => "member",
        Subject::Project(_) => "project",
        Subject::Registry => "registry",
        Subject::Operator => "operator",
        Subject::Public => "public",
    }
}

/// The door to all operations but uploads, for input that no URL can carry.
fn call(calls: &[Value]) -> Value {
    json!({
        "operationId": "service.call",
        "summary": "Any operation by its operationId, with all its input as JSON.",
        "description": "For names that a URL can't carry exactly, and for long ones. Permissions, limits \
                        and answers are those of the operation.",
        "requestBody": {
            "required": true,
            "content": { "application/json": {
                "schema": {
                    "type": "object",
                    "properties": { "operation": { "type": "string" }, "input": { "type": "object" } },
                    "required": ["operation"],
                    "additionalProperties": false,
                    "anyOf": calls,
                },
                "example": {
                    "operation": "redis.keys.get",
                    "input": { "scope": "shop", "key": "stock:tea" },
                },
            } },
        },
        "responses": {
            "2XX": { "description": "What the operation answers" },
            "default": failures::any(),
        },
    })
}
