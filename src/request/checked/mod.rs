//! Holds every answer to what its operation declares, in test builds; elsewhere nothing of this is there.
//!
//! What differs is told as a failure, so that the test that receives it fails too. Where `CHECKED_ANSWERS`
//! names a folder, each process also notes there which operations answered, and with which codes they
//! failed.

mod strict;

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use jsonschema::Validator;
use parking_lot::Mutex;
use serde_json::Value;

use super::openapi::{codes, schemas_of};
use super::operation::{Gives, Operation};
use super::reply::{Body, Reply};
use crate::error::{Error, Result};

/// Of the schemas of one operation.
struct Validators {
    data: Option<Validator>,
    record: Option<Validator>,
}

static VALIDATORS: LazyLock<Mutex<HashMap<&'static str, Arc<Validators>>>> =
    LazyLock::new(Mutex::default);

/// The answer, if it is as declared.
pub(crate) fn answer(operation: &Operation, result: Result<Reply>) -> Result<Reply> {
    match &result {
        Err(error) => failure(operation, error)?,
        Ok(Reply { body: Body::Stream(_), .. }) => {}
        // 204
        Ok(Reply { body: Body::Whole(body), .. }) if body.is_empty() => {}
        Ok(Reply { body: Body::Whole(body), .. }) => {
            let Some(mut value) = parse(operation, body)? else { return result };
            if operation.gives != Gives::Bare {
                let envelope = value.as_object_mut().filter(|members| members.len() == 1);
                value = envelope
                    .and_then(|members| members.remove("data"))
                    .ok_or_else(|| wrong(operation, "the answer is not {\"data\": …}"))?;
            }
            validate(operation, validators(operation).data.as_ref(), &value)?;
            note(&format!("ok {}", operation.name));
        }
    }
    result
}

/// Whether an operation may fail so.
pub(crate) fn failure(operation: &Operation, error: &Error) -> Result<()> {
    let code = error.code();
    note(&format!("failed {} {}", operation.name, code.as_str()));
    if codes(operation).contains(&code) {
        return Ok(());
    }
    Err(wrong(operation, &format!("{} is not declared: {error}", code.as_str())))
}

/// Whether a record of a stream, or a message of a socket, is as declared.
pub(crate) fn record(operation: &Operation, text: &[u8]) -> Result<()> {
    let Some(value) = parse(operation, text)? else { return Ok(()) };
    validate(operation, validators(operation).record.as_ref(), &value)
}

/// A stream has come to its end.
pub(crate) fn ended(operation: &Operation) {
    note(&format!("ok {}", operation.name));
}

fn validators(operation: &Operation) -> Arc<Validators> {
    let mut all = VALIDATORS.lock();
    let made = all.entry(operation.name).or_insert_with(|| {
        let (answers, components) = schemas_of(operation);
        let make = |schema: schemars::Schema| {
            let mut root = schema.to_value();
            root["components"] = components.clone();
            strict::close(&mut root);
            jsonschema::draft202012::new(&root).expect("a schema of ours is one")
        };
        Arc::new(Validators { data: answers.data.map(make), record: answers.record.map(make) })
    });
    Arc::clone(made)
}

fn validate(operation: &Operation, validator: Option<&Validator>, value: &Value) -> Result<()> {
    let validator =
        validator.ok_or_else(|| wrong(operation, "no answer of this kind is declared"))?;
    let faults: Vec<String> = validator
        .iter_errors(value)
        .take(3)
        .map(|fault| {
            let text: String = fault.to_string().chars().take(300).collect();
            format!("{} {text}", fault.instance_path())
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(wrong(operation, &faults.join("; "))) }
}

/// `None` for what is nested more deeply than is read here.
fn parse(operation: &Operation, text: &[u8]) -> Result<Option<Value>> {
    match serde_json::from_slice(text) {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.to_string().starts_with("recursion limit exceeded") => Ok(None),
        Err(e) => Err(wrong(operation, &format!("it is no JSON: {e}"))),
    }
}

fn wrong(operation: &Operation, what: &str) -> Error {
    note(&format!("wrong {}: {}", operation.name, what.replace('\n', " ")));
    Error::internal(format!("{} does not answer as it declares: {what}", operation.name))
}

static FOLDER: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| std::env::var_os("CHECKED_ANSWERS").map(PathBuf::from));

static NOTED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Each thing once.
fn note(line: &str) {
    let Some(folder) = &*FOLDER else { return };
    let file = folder.join(std::process::id().to_string());
    if NOTED.lock().insert(line.to_owned())
        && let Ok(mut file) = OpenOptions::new().append(true).create(true).open(file)
    {
        let _ = writeln!(file, "{line}");
    }
}
