//! Schemas that allow no member that they do not name. In the document they are open, so that a client
//! may meet a later version; here each member must have been declared.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Where one schema has others that say more of the same value.
const BRANCHES: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Closes all objects of a schema and of the `components` that stand in it.
pub(super) fn close(root: &mut Value) {
    let mut open = HashSet::new();
    find_open(root, &mut open);
    if let Some(Value::Object(schemas)) = root.pointer_mut("/components/schemas") {
        for (name, schema) in schemas {
            walk(schema, open.contains(&format!("#/components/schemas/{name}")));
        }
    }
    walk(root, false);
}

/// References that stand beside members, or in a schema that others add members to: what they name is only
/// a part of the object.
fn find_open(value: &Value, open: &mut HashSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_open(item, open)),
        Value::Object(members) => {
            let refers = |schema: &Value| schema["$ref"].as_str().map(str::to_owned);
            if members.contains_key("properties") {
                open.extend(refers(value));
                open.extend(branches(members).filter_map(refers));
            }
            let all = members.get("allOf").and_then(Value::as_array);
            open.extend(all.into_iter().flatten().filter_map(refers));
            members.values().for_each(|member| find_open(member, open));
        }
        _ => {}
    }
}

fn branches(members: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    BRANCHES.iter().filter_map(|name| members.get(*name)?.as_array()).flatten()
}

fn walk(schema: &mut Value, is_part: bool) {
    let Value::Object(members) = schema else { return };
    let has_members = members.contains_key("properties");
    for name in BRANCHES {
        let parts = members.get_mut(name).and_then(Value::as_array_mut);
        let is_part = is_part || has_members || name == "allOf";
        parts.into_iter().flatten().for_each(|part| walk(part, is_part));
    }
    for name in ["items", "additionalProperties"] {
        members.get_mut(name).into_iter().for_each(|inner| walk(inner, false));
    }
    if let Some(Value::Array(items)) = members.get_mut("prefixItems") {
        for item in items {
            walk(item, false);
        }
    }
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.values_mut().for_each(|property| walk(property, false));
    }
    let is_object = has_members || (members.contains_key("allOf") && !is_part);
    if is_object && !is_part && !members.contains_key("additionalProperties") {
        members.insert("unevaluatedProperties".to_owned(), false.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_that_are_not_named_are_refused_wherever_they_stand() {
        let mut schema = json!({
            "components": { "schemas": {
                "Part": { "type": "object", "properties": { "b": {} } },
                "Whole": { "type": "object", "properties": { "x": { "type": "integer" } } },
            } },
            "oneOf": [
                { "properties": { "kind": { "const": "tagged" } }, "required": ["kind"],
                  "$ref": "#/components/schemas/Part" },
                { "properties": {
                    "kind": { "const": "nested" },
                    "list": { "items": { "$ref": "#/components/schemas/Whole" } },
                    "map": { "additionalProperties": { "$ref": "#/components/schemas/Whole" } },
                }, "required": ["kind"] },
                { "properties": { "kind": { "const": "flat" } }, "required": ["kind"],
                  "anyOf": [{ "properties": { "m": {} } }, { "$ref": "#/components/schemas/Part" }] },
            ],
        });
        close(&mut schema);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for (value, fits) in [
            (json!({ "kind": "tagged", "b": 1 }), true),
            (json!({ "kind": "tagged", "b": 1, "c": 1 }), false),
            (json!({ "kind": "nested", "list": [{ "x": 1 }], "map": { "any": { "x": 1 } } }), true),
            (json!({ "kind": "nested", "list": [{ "x": 1, "y": 1 }] }), false),
            (json!({ "kind": "nested", "map": { "any": { "y": 1 } } }), false),
            (json!({ "kind": "flat", "m": 1 }), true),
            (json!({ "kind": "flat", "b": 1 }), true),
            (json!({ "kind": "flat", "n": 1 }), false),
        ] {
            assert_eq!(validator.is_valid(&value), fits, "{value}");
        }
    }
}
