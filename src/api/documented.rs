//! The OpenAPI document tells of what is routed, and of nothing else.

use serde_json::{Value, json};

use super::router::{Route, route};
use crate::operations;
use crate::request::openapi;
use crate::request::operation::BASE_PATH;

fn document() -> Value {
    openapi::document(operations::all())
}

#[test]
fn every_documented_path_is_routed_to_its_operation() {
    let document = document();
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let concrete = path.replace(['{', '}'], "");
        for (method, described) in methods.as_object().unwrap() {
            let method = method.to_ascii_uppercase();
            let name = match route(&method, &concrete) {
                Ok(Route::Found(operation, _)) => operation.name,
                Ok(Route::ByName) => "service.call",
                other => panic!("{method} {path} is documented and not routed: {other:?}"),
            };
            assert_eq!(described["operationId"], name);
            seen += 1;
        }
    }
    assert_eq!(seen, operations::all().count() + 1);
}

#[test]
fn what_is_no_json_is_described_as_what_it_is() {
    let document = document();
    let answers = |method: &str, path: &str| {
        let path = format!("{BASE_PATH}{path}");
        document["paths"][path][method]["responses"]["2XX"]["content"].clone()
    };
    let types =
        |content: &Value| -> Vec<String> { content.as_object().unwrap().keys().cloned().collect() };
    let download = answers("get", "/redis/{scope}/keys/{key}/download");
    assert_eq!(types(&download), ["application/octet-stream"]);
    let bytes = json!({ "type": "string", "format": "binary" });
    assert_eq!(download["application/octet-stream"]["schema"], bytes);
    let export = answers("get", "/mongodb/{scope}/databases/{db}/collections/{coll}/export");
    assert_eq!(types(&export), ["application/x-ndjson", "application/json", "text/csv"]);
    assert_eq!(export["application/json"]["schema"]["type"], "array");
    for (method, path, expected) in [
        ("get", "/redis/{scope}/export", &["application/x-ndjson"] as &[_]),
        ("post", "/redis/{scope}/export", &["application/x-ndjson"]),
        ("post", "/redis/{scope}/import", &["application/x-ndjson", "text/event-stream"]),
        ("post", "/redis/{scope}/keys/bulk", &["application/x-ndjson", "text/event-stream"]),
        (
            "get",
            "/redis/{scope}/stats",
            &["application/json", "application/x-ndjson", "text/event-stream"],
        ),
        (
            "post",
            "/mongodb/{scope}/databases/{db}/collections/{coll}/aggregate",
            &["application/json", "application/x-ndjson"],
        ),
        ("get", "/redis/{scope}/keys", &["application/json"]),
        ("get", "/multidb/metrics", &["text/plain"]),
    ] {
        assert_eq!(types(&answers(method, path)), expected, "{method} {path}");
    }
}

#[test]
fn what_must_be_given_is_told() {
    let document = document();
    let operation =
        |method: &str, path: &str| document["paths"][format!("{BASE_PATH}{path}")][method].clone();
    let query = &operation("post", "/postgres/{scope}/query")["requestBody"];
    assert_eq!(query["required"], true);
    assert_eq!(query["content"]["application/json"]["schema"]["required"], json!(["query"]));
    let get = operation("get", "/redis/{scope}/get");
    let required = |name: &str| {
        let parameters = get["parameters"].as_array().unwrap();
        parameters.iter().find(|p| p["name"] == name).unwrap()["required"] == true
    };
    assert!(required("key") && required("scope") && !required("identifier"));
}

#[test]
fn names_of_operations_are_unique() {
    let mut names: Vec<&str> = operations::all().map(|o| o.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn every_operation_says_in_short_and_in_full_what_it_does() {
    for operation in operations::all() {
        let (summary, description) = operation.summary_and_description();
        assert!(!summary.is_empty() && !description.is_empty(), "{}", operation.name);
    }
}

#[test]
fn every_operation_shows_an_answer() {
    for methods in document()["paths"].as_object().unwrap().values() {
        for described in methods.as_object().unwrap().values() {
            let name = &described["operationId"];
            let content = described["responses"]["2XX"]["content"].as_object();
            let mut types = content.into_iter().flat_map(serde_json::Map::values);
            let shows = types.any(|content| content.get("example").is_some());
            assert!(shows || name == "service.call", "{name}");
        }
    }
}

/// Schemas and what is shown of them.
#[cfg(feature = "checked-answers")]
fn shown<'d>(name: &str, value: &'d Value, found: &mut Vec<(&'d Value, Value)>) {
    if let (Some(schema), Some(example)) = (value.get("schema"), value.get("example")) {
        let is_lines = name == "application/x-ndjson" && schema["type"] != "string";
        match example.as_str().filter(|_| is_lines) {
            Some(lines) => {
                found.extend(lines.lines().map(|line| (schema, line.parse().unwrap())));
            }
            None => found.push((schema, example.clone())),
        }
    }
    if matches!(name, "x-sends" | "x-hears") {
        let examples = value["examples"].as_array().into_iter().flatten();
        found.extend(examples.map(|example| (value, example.clone())));
    }
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| shown(name, value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| shown("", value, found)),
        _ => {}
    }
}

#[cfg(feature = "checked-answers")]
#[test]
fn what_is_shown_is_as_its_schema_says() {
    let document = document();
    let mut found = Vec::new();
    shown("", &document["paths"], &mut found);
    let (schemas, examples): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let root = json!({ "components": document["components"], "prefixItems": schemas });
    let validator = jsonschema::draft202012::new(&root).unwrap();
    let examples = Value::Array(examples);
    let faults = validator.iter_errors(&examples).map(|fault| {
        let place = fault.instance_path().to_string();
        let at: usize = place.split('/').nth(1).unwrap().parse().unwrap();
        format!("{place}: {fault} in {}", examples[at])
    });
    assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
}
