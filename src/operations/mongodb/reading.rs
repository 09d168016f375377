//! What requests say about how they are to be answered.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::{Call, Client, Reading};
use crate::ejson::Document;
use crate::error::Result;
use crate::request::context::Context;

/// How to read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ReadOptions {
    /// Milliseconds after which the server gives up; never more than the request has left.
    #[serde(rename = "maxTimeMS")]
    pub(super) max_time_ms: Option<u64>,
    /// How text is compared: `{ "locale": "de", "strength": 2 }`.
    pub(super) collation: Option<Document>,
    /// The index to use.
    pub(super) hint: Option<HintInput>,
    /// `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`.
    pub(super) read_preference: Option<String>,
    /// `local`, `available`, `majority`, `linearizable` or `snapshot`.
    pub(super) read_concern: Option<String>,
}

/// An index, by its keys or by its name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum HintInput {
    /// Its keys: `{ "a": 1 }`.
    Keys(Document),
    /// Its name.
    Name(String),
}

impl ReadOptions {
    /// As the backend takes it.
    pub(super) fn reading(&self) -> Result<Reading> {
        let mut reading = Reading::default();
        if let Some(collation) = &self.collation {
            reading.collate(&collation.tree()?)?;
        }
        match &self.hint {
            Some(HintInput::Keys(keys)) => reading.use_keys(keys.tree()?),
            Some(HintInput::Name(name)) => reading.use_index(name.clone()),
            None => {}
        }
        if let Some(preference) = &self.read_preference {
            reading.prefer(preference)?;
        }
        if let Some(concern) = &self.read_concern {
            reading.require(concern)?;
        }
        Ok(reading)
    }

    /// How long the server may take, where that is less than the request may.
    pub(super) fn longest(&self) -> Option<Duration> {
        self.max_time_ms.map(Duration::from_millis)
    }

    /// Begins a request that takes no longer than was asked for.
    pub(super) fn call<'c>(&self, cx: &Context, client: &'c Client) -> Call<'c> {
        let call = client.call(cx.deadline, &cx.request_id);
        match self.longest() {
            Some(longest) => call.within(longest),
            None => call,
        }
    }
}
