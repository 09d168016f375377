//! Documents for the server, put together of what a request gives.

use mongodb::bson::{self, Bson, Document};
use serde::Serialize;

use crate::error::{Error, Result};

/// Adds a field that is given.
pub fn insert_given(document: &mut Document, name: &str, value: Option<impl Into<Bson>>) {
    if let Some(value) = value {
        document.insert(name, value);
    }
}

/// An option as servers name it.
pub fn encoded(option: impl Serialize) -> Result<Bson> {
    bson::serialize_to_bson(&option).map_err(|_| Error::internal("an option could not be encoded"))
}
