//! The documents that are looked at.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backend::mongodb::command::Call;
use crate::backend::mongodb::names::Namespace;
use crate::backend::mongodb::read::{AggregateOptions, Documents, Reading};
use crate::error::Result;

/// How to choose documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "SampleMethod")]
pub enum Method {
    /// At random.
    #[default]
    Random,
    /// Those that the server finds first.
    Head,
}

impl Call<'_> {
    /// Opens a sample of so many documents that match; the filter must have passed the gate. The server
    /// may work on it for `longest`.
    pub async fn sample(
        &self,
        namespace: &Namespace,
        filter: Document,
        (method, size): (Method, u32),
        reading: Reading,
        longest: Duration,
    ) -> Result<Documents> {
        let mut stages = Vec::new();
        if !filter.is_empty() {
            stages.push(doc! { "$match": filter });
        }
        stages.push(match method {
            Method::Random => doc! { "$sample": { "size": i64::from(size) } },
            Method::Head => doc! { "$limit": i64::from(size) },
        });
        let options = AggregateOptions {
            // A sample of more than one in twenty is sorted.
            allow_disk_use: Some(true),
            reading,
            ..AggregateOptions::default()
        };
        self.open_aggregate(namespace, stages, options, Some(longest)).await
    }
}
