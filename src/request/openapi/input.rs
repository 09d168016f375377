//! Where the members of an operation's input stand in a request.

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::examples::Example;
use super::schemas::{Schemas, pascal, refer, unwrap_lines};
use crate::request::operation::{Method, Operation, Subject, Takes};
use crate::request::upload;

/// Selects a connection where `scope` is a project.
const SELECTORS: [(&str, &str); 2] = [
    ("connection_id", "Id of the connection, where `scope` is a project."),
    ("identifier", "Name of the connection, where `scope` is a project."),
];

/// What paths have besides members of an input.
const SUBJECTS: [(&str, &str); 2] = [
    ("scope", "The `ref` of a project, or the id of a connection."),
    ("id", "Id of the connection."),
];

/// Adds `parameters` and `requestBody`.
pub(super) fn describe(
    operation: &Operation,
    example: &Example,
    schemas: &mut Schemas,
    described: &mut Value,
) {
    let mut input = (operation.input)(&mut schemas.input);
    unwrap_lines(&mut input);
    let properties = input.get("properties").and_then(Value::as_object).cloned();
    let properties = properties.unwrap_or_default();
    let required = input.get("required").cloned().unwrap_or_default();
    let is_required =
        |name: &String| required.as_array().is_some_and(|names| names.iter().any(|n| n == name));
    let in_path: Vec<&str> = path_names(operation.path).collect();
    schemas.keep(name_of(operation), by_name(operation, input, &in_path));
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
    let own = properties.iter().filter(|(name, _)| !in_path.contains(&name.as_str()));
    let in_query = matches!(operation.method, Method::GET | Method::DELETE);
    if operation.takes == Takes::Upload {
        let bytes = json!({ "schema": { "type": "string", "format": "binary" } });
        let mut content: Map<String, Value> =
            upload::MEDIA_TYPES.iter().map(|name| ((*name).to_owned(), bytes.clone())).collect();
        if let Some(body) = &example.body {
            content["application/x-ndjson"]["example"] = body.as_str().into();
        }
        described["requestBody"] = json!({ "content": content });
    }
    if in_query || operation.takes == Takes::Upload {
        parameters.extend(own.map(|(name, schema)| {
            let required = is_required(name);
            json!({ "name": name, "in": "query", "required": required, "schema": schema })
        }));
    } else {
        let names = own.clone().map(|(name, _)| name);
        let required: Vec<_> = names.clone().filter(|name| is_required(name)).collect();
        let given = names.filter_map(|name| Some((name.clone(), example.input.get(name)?.clone())));
        let given: Map<_, _> = given.collect();
        let properties: Map<_, _> =
            own.map(|(name, schema)| (name.clone(), schema.clone())).collect();
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        let mut content = json!({ "schema": schema });
        if !given.is_empty() {
            content["example"] = given.into();
        }
        described["requestBody"] = json!({
            "required": !required.is_empty(),
            "content": { "application/json": content },
        });
    }
    for parameter in &mut parameters {
        if let Some(value) = parameter["name"].as_str().and_then(|name| example.input.get(name)) {
            parameter["example"] = value.clone();
        }
    }
    described["parameters"] = Value::Array(parameters);
}

/// A call of the operation by its name.
pub(super) fn call_of(operation: &Operation) -> Value {
    json!({ "properties": {
        "operation": { "const": operation.name },
        "input": refer(&name_of(operation)),
    } })
}

/// All that a call by name gives: the input, and what its path and query say of its subject.
fn by_name(operation: &Operation, mut input: Schema, in_path: &[&str]) -> Schema {
    let object = input.ensure_object();
    let named = SUBJECTS.iter().filter(|(name, _)| in_path.contains(name));
    let selecting = matches!(operation.subject, Subject::Connection(_));
    for (name, description) in named.chain(SELECTORS.iter().filter(|_| selecting)) {
        let properties = object.entry("properties").or_insert_with(|| json!({}));
        // A document has an `id` too.
        if properties.get(*name).is_some() {
            continue;
        }
        properties[name] = json!({ "type": "string", "description": description });
        if in_path.contains(name) {
            let required = object.entry("required").or_insert_with(|| json!([]));
            required.as_array_mut().into_iter().for_each(|names| names.push(json!(name)));
        }
    }
    input
}

fn name_of(operation: &Operation) -> String {
    format!("{}Input", pascal(operation.name))
}

fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}
