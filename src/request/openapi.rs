//! The OpenAPI 3.1 document, made from the operations table, so that it cannot tell of an endpoint
//! that does not exist or miss one that does.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::feed::Format;
use super::operation::{BASE_PATH, CALL_PATH, Gives, Method, Operation, Subject, Takes};
use super::upload;
use crate::error::Code;

/// Selects a connection where `scope` is a project.
const SELECTORS: [(&str, &str); 2] = [
    ("connection_id", "Id of the connection, where `scope` is a project."),
    ("identifier", "Name of the connection, where `scope` is a project."),
];

/// The document of these operations.
#[must_use]
pub fn document(operations: impl Iterator<Item = &'static Operation>) -> Value {
    let mut generator = SchemaSettings::openapi3().into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let described = describe(operation, &mut generator);
        let path = format!("{BASE_PATH}{}", operation.path);
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[operation.method.as_str().to_ascii_lowercase()] = described;
    }
    paths.insert(format!("{BASE_PATH}{CALL_PATH}"), json!({ "post": call() }));
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Failure".to_owned(), failure_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "studio-multidb",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let input = (operation.input)(generator);
    let members = members(&input, generator);
    let in_path: Vec<&str> = path_names(operation.path).collect();
    let mut parameters: Vec<Value> = in_path
        .iter()
        .map(|name| {
            let schema = json!({ "type": "string" });
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    if matches!(operation.subject, Subject::Connection(_)) {
        parameters.extend(SELECTORS.iter().map(|(name, description)| {
            json!({
                "name": name, "in": "query", "description": description,
                "schema": { "type": "string" },
            })
        }));
    }
    let own = members.iter().filter(|member| !in_path.contains(&member.name.as_str()));
    let mut described = json!({
        "operationId": operation.name,
        "summary": operation.summary.trim(),
        "x-permission": operation.permission.as_str(),
        "x-effect": operation.effect.as_str(),
        "x-cost": operation.cost,
        "responses": responses(operation),
    });
    let in_query = matches!(operation.method, Method::GET | Method::DELETE);
    if operation.takes == Takes::Upload {
        let bytes = json!({ "schema": { "type": "string", "format": "binary" } });
        let content: Map<String, Value> =
            upload::MEDIA_TYPES.iter().map(|name| ((*name).to_owned(), bytes.clone())).collect();
        described["requestBody"] = json!({ "content": content });
    }
    if in_query || operation.takes == Takes::Upload {
        parameters.extend(own.map(|Member { name, schema, required }| {
            json!({ "name": name, "in": "query", "required": required, "schema": schema })
        }));
    } else {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for member in own {
            properties.insert(member.name.clone(), member.schema.clone());
            if member.required {
                required.push(member.name.as_str());
            }
        }
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        described["requestBody"] = json!({
            "required": !required.is_empty(),
            "content": { "application/json": { "schema": schema } },
        });
    }
    described["parameters"] = Value::Array(parameters);
    described
}

/// The door to all operations but uploads, for input that no URL can carry.
fn call() -> Value {
    json!({
        "operationId": "service.call",
        "summary": "Any operation by its operationId, with all its input as JSON: for names that a \
                    URL can't carry exactly, and for long ones. Permissions, limits and answers are \
                    those of the operation.",
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": {
                "type": "object",
                "properties": {
                    "operation": { "type": "string" },
                    "input": {
                        "type": "object",
                        "description": "What stands in the operation's path, query and body, such \
                                        as `scope`.",
                    },
                },
                "required": ["operation"],
                "additionalProperties": false,
            } } },
        },
        "responses": {
            "2XX": { "description": "What the operation answers" },
            "default": {
                "description": "Failure",
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Failure" },
                } },
            },
        },
    })
}

/// What it answers, by status and media type.
fn responses(operation: &Operation) -> Value {
    let envelope = json!({ "type": "object", "required": ["data"], "properties": { "data": {} } });
    let envelope = ("application/json", envelope);
    // OpenAPI 3.1 has no word for a sequence: the schema of a stream is that of one record.
    let lines = ("application/x-ndjson", json!({}));
    let events = ("text/event-stream", json!({}));
    let types = match operation.gives {
        Gives::Json => vec![envelope],
        Gives::Stream => vec![envelope, lines, events],
        Gives::Records | Gives::Socket => vec![lines, events],
        Gives::Documents => vec![envelope, lines],
        Gives::Bare => vec![("application/json", json!({ "type": "object" }))],
        Gives::File(formats) => formats.iter().map(|f| (f.media_type(), schema_of(*f))).collect(),
    };
    let content: Map<String, Value> = types
        .into_iter()
        .map(|(media_type, schema)| (media_type.to_owned(), json!({ "schema": schema })))
        .collect();
    let mut responses = json!({
        "2XX": { "description": "Success", "content": content },
        "default": {
            "description": "Failure",
            "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Failure" },
            } },
        },
    });
    if operation.gives == Gives::Socket {
        responses["101"] = json!({ "description": "A WebSocket whose messages are JSON texts" });
        responses["2XX"]["description"] = "The same messages as a stream".into();
    }
    responses
}

/// Of a file's bytes, or of its records.
fn schema_of(format: Format) -> Value {
    match format {
        Format::Bytes | Format::Frames => json!({ "type": "string", "format": "binary" }),
        Format::Csv | Format::Metrics => json!({ "type": "string" }),
        Format::Ndjson | Format::Documents | Format::Events => json!({}),
        Format::Json => json!({ "type": "array", "items": {} }),
    }
}

/// A member of an input struct.
struct Member {
    name: String,
    schema: Value,
    required: bool,
}

/// The members of an input struct, through the reference that stands for it.
fn members(schema: &Schema, generator: &SchemaGenerator) -> Vec<Member> {
    let value = schema.as_value();
    let definition = value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.rsplit('/').next())
        .and_then(|name| generator.definitions().get(name))
        .unwrap_or(value);
    let required = definition.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let properties = definition.get("properties").and_then(Value::as_object);
    let member = |(name, schema): (&String, &Value)| Member {
        name: name.clone(),
        schema: schema.clone(),
        required: is_required(name),
    };
    properties.into_iter().flatten().map(member).collect()
}

fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn failure_schema() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "required": ["message", "error"],
        "properties": {
            "message": { "type": "string" },
            "error": {
                "type": "object",
                "required": ["message", "code", "retryable", "outcome", "request_id"],
                "properties": {
                    "message": { "type": "string" },
                    "code": { "type": "string", "enum": codes },
                    "details": { "type": "object" },
                    "retryable": { "type": "boolean" },
                    "outcome": { "type": "string", "enum": ["applied", "not_applied", "unknown"] },
                    "request_id": { "type": "string" },
                },
            },
        },
    })
}
