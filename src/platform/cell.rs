//! Values of rows that others may have written.

use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::error::{Error, Result};

/// A column of a row, or a failure where its value can't be held here.
pub(crate) fn cell<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T> {
    row.try_get(at).map_err(|cause| {
        let column = row.columns().get(at).map_or("?", |column| column.name());
        let why = std::error::Error::source(&cause)
            .map_or_else(|| cause.to_string(), ToString::to_string);
        Error::internal(format!(
            "the platform database holds a value of {column} that can't be read: {why}"
        ))
    })
}

/// A value of an enumeration, by its name.
pub(crate) fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T> {
    serde_json::from_value(Value::String(name.to_owned())).map_err(|_| {
        Error::internal(format!(
            "the platform database holds {name:?} where this version knows no such name"
        ))
    })
}
