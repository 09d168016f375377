//! Filters, expressions and update operators, and what is refused wherever it stands.

use std::sync::LazyLock;

use mongodb::bson::{Bson, Document};

use crate::backend::WordList;
use crate::error::{Error, Result};

/// Operators that run code on the server.
const CODE: [&str; 3] = ["$where", "$function", "$accumulator"];

static UPDATE_OPERATORS: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&["$addToSet $bit $currentDate $inc $max $min $mul $pop $pull $pullAll $push \
         $rename $set $setOnInsert $unset"])
});

/// Checks a filter, a projection, a sort order or an expression.
pub fn expression(document: &Document) -> Result<()> {
    // What stands here is data, whatever it looks like. Servers know `$literal` in expressions alone,
    // with nothing beside it, and refuse it everywhere else.
    if document.len() == 1 && document.contains_key("$literal") {
        return Ok(());
    }
    for (key, value) in document {
        operator(key)?;
        walk(value)?;
    }
    Ok(())
}

/// Checks update operators. A document without any would replace the whole stored one, and is refused
/// here so that it is never taken for an update.
pub fn update(document: &Document) -> Result<()> {
    if document.is_empty() {
        return Err(Error::validation("the update is empty"));
    }
    for key in document.keys() {
        if !key.starts_with('$') {
            return Err(Error::validation(format!(
                "`{key}` is not an update operator; use `$set` to change single fields, or \
                 `replacement` to replace the document"
            )));
        }
        if !UPDATE_OPERATORS.has(key) {
            return Err(Error::not_allowed(format!("the update operator `{key}` is not known")));
        }
    }
    expression(document)
}

fn walk(value: &Bson) -> Result<()> {
    match value {
        Bson::Document(document) => expression(document),
        Bson::Array(items) => items.iter().try_for_each(walk),
        _ => Ok(()),
    }
}

fn operator(key: &str) -> Result<()> {
    if CODE.contains(&key) {
        return Err(Error::not_allowed(format!(
            "`{key}` runs JavaScript on the server, which is not allowed"
        )));
    }
    if key.starts_with("$_internal") {
        return Err(Error::not_allowed(format!("`{key}` is for the server's own use")));
    }
    Ok(())
}
