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

/// Which documents to look at.
#[derive(Debug, Clone)]
pub struct Sampling {
    /// Among those that match; it must have passed the gate.
    pub filter: Document,
    /// How many.
    pub size: u32,
    /// How to choose them.
    pub method: Method,
    /// How to read.
    pub reading: Reading,
}

impl Call<'_> {
    /// Opens a sample; the server may work on it for `longest`.
    pub async fn sample(
        &self,
        namespace: &Namespace,
        sampling: Sampling,
        longest: Duration,
    ) -> Result<Documents> {
        let size = i64::from(sampling.size);
        let mut stages = Vec::new();
        if !sampling.filter.is_empty() {
            stages.push(doc! { "$match": sampling.filter });
        }
        stages.push(match sampling.method {
            Method::Random => doc! { "$sample": { "size": size } },
            Method::Head => doc! { "$limit": size },
        });
        let options = AggregateOptions {
            // A sample of more than one in twenty is sorted.
            allow_disk_use: Some(true),
            reading: sampling.reading,
            ..AggregateOptions::default()
        };
        self.open_aggregate(namespace, stages, options, Some(longest)).await
    }
}
