//! What an operation answers, by status and media type.

use serde_json::{Map, Value, json};

use super::examples::Example;
use super::failures;
use super::schemas::{Schemas, pascal};
use crate::request::feed::Format;
use crate::request::operation::{AnswerSchemas, Gives, Operation};

/// The `responses` of an operation.
pub(super) fn describe(operation: &Operation, example: &Example, schemas: &mut Schemas) -> Value {
    let AnswerSchemas { data, record, heard } = (operation.answers)(&mut schemas.answers);
    let name = pascal(operation.name);
    let mut keep = |schema: Option<_>, what: &str| match schema {
        Some(schema) => schemas.keep(format!("{name}{what}"), schema),
        None => json!({}),
    };
    let is_socket = operation.gives == Gives::Socket;
    let data = keep(data, "Answer");
    let record = keep(record, if is_socket { "Message" } else { "Record" });
    let envelope =
        json!({ "type": "object", "required": ["data"], "properties": { "data": data } });
    let envelope = ("application/json", envelope);
    // OpenAPI 3.1 has no word for a sequence: the schema of a stream is that of one record.
    let lines = ("application/x-ndjson", record.clone());
    let events = ("text/event-stream", record.clone());
    let types = match operation.gives {
        Gives::Json => vec![envelope],
        Gives::Stream => vec![envelope, lines, events],
        Gives::Records | Gives::Socket => vec![lines, events],
        Gives::Documents => vec![envelope, lines],
        Gives::Bare => vec![("application/json", data)],
        Gives::File(formats) => {
            formats.iter().map(|format| (format.media_type(), file(*format, &record))).collect()
        }
    };
    let mut content: Map<String, Value> = types
        .into_iter()
        .map(|(media_type, schema)| (media_type.to_owned(), json!({ "schema": schema })))
        .collect();
    show(example, operation.gives == Gives::Bare, &mut content);
    let mut responses = json!({
        "2XX": { "description": "Success", "content": content },
        "default": failures::describe(operation),
    });
    if is_socket {
        responses["101"] = json!({
            "description": "A WebSocket whose messages are JSON texts",
            "x-sends": with_examples(record, &example.sends),
            "x-hears": with_examples(keep(heard, "Request"), &example.hears),
        });
        responses["2XX"]["description"] = "The same messages as a stream".into();
    }
    responses
}

/// Puts an example where its media type is described.
fn show(example: &Example, is_bare: bool, content: &mut Map<String, Value>) {
    if let Some(answer) = &example.answer {
        let text = if is_bare { answer.clone() } else { json!({ "data": answer }) };
        content["application/json"]["example"] = text;
    }
    if let Some(lines) = example.lines() {
        content["application/x-ndjson"]["example"] = lines.into();
    }
    let mut types = content.values_mut();
    if let Some(text) = &example.file
        && let Some(of_text) = types.find(|described| described["schema"]["type"] == "string")
    {
        of_text["example"] = text.as_str().into();
    }
}

/// A schema of messages, with some of them.
fn with_examples(mut schema: Value, examples: &[Value]) -> Value {
    if !examples.is_empty() {
        schema["examples"] = examples.into();
    }
    schema
}

/// Of a file's bytes, or of its records.
fn file(format: Format, record: &Value) -> Value {
    match format {
        Format::Bytes | Format::Frames => json!({ "type": "string", "format": "binary" }),
        Format::Csv | Format::Metrics => json!({ "type": "string" }),
        Format::Ndjson | Format::Documents | Format::Events => record.clone(),
        Format::Json => json!({ "type": "array", "items": record }),
    }
}
