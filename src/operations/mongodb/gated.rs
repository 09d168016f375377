//! Parts of requests that hold operators, once they passed the gate.

use mongodb::bson;

use crate::backend::mongodb::{Change, collation, gate};
use crate::ejson::{Document, Update};
use crate::error::{Error, Result};

/// Operators with the filters that they name, or stages.
pub(super) fn of_update(update: Update, array_filters: &[Document]) -> Result<Change> {
    match update {
        Update::Operators(operators) => {
            let operators = operators.tree()?;
            gate::update(&operators)?;
            let array_filters = array_filters.iter().map(checked).collect::<Result<_>>()?;
            Ok(Change::Operators { operators, array_filters })
        }
        Update::Pipeline(pipeline) => {
            refuse_filters(array_filters)?;
            let stages = pipeline.trees()?;
            gate::update_pipeline(&stages)?;
            Ok(Change::Pipeline(stages))
        }
    }
}

/// Only operators can name filters.
pub(super) fn refuse_filters(array_filters: &[Document]) -> Result<()> {
    if array_filters.is_empty() {
        return Ok(());
    }
    Err(Error::validation("`array_filters` are for update operators"))
}

/// A filter, a projection, a sort order or another document of operators for the driver.
pub(super) fn checked(document: &Document) -> Result<bson::Document> {
    let tree = document.tree()?;
    gate::expression(&tree)?;
    Ok(tree)
}

/// The rules of a language by which text is compared.
pub(super) fn collation_rules(rules: &Document) -> Result<bson::Document> {
    let tree = rules.tree()?;
    collation(&tree)?;
    Ok(tree)
}
