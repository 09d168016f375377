//! What is watched, how, and from when.

use std::time::Duration;

use mongodb::bson::{Document, RawDocumentBuf, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::changes::Changes;
use crate::backend::mongodb::Namespace;
use crate::backend::mongodb::command::{encoded, insert_given};
use crate::backend::mongodb::read::Source;
use crate::error::Result;

/// Whose changes.
#[derive(Debug, Clone)]
pub enum Watched {
    /// Those of a collection.
    Collection(Namespace),
    /// Those of all collections of a database.
    Database(String),
    /// Those of all databases.
    Cluster,
}

impl Watched {
    /// Whether it belongs to the server, which tells nothing of that.
    pub fn is_system(&self) -> bool {
        match self {
            Self::Collection(namespace) => namespace.is_system() || namespace.db() == "admin",
            Self::Database(name) => matches!(name.as_str(), "admin" | "config" | "local"),
            Self::Cluster => false,
        }
    }

    pub(super) fn source(&self) -> Source<'_> {
        match self {
            Self::Collection(namespace) => Source::Collection(namespace),
            Self::Database(name) => Source::Database(name),
            Self::Cluster => Source::Database("admin"),
        }
    }
}

/// Which document an update is told with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FullDocument {
    /// None, only what was changed.
    Default,
    /// The document as it is when the event is read, which may be later.
    UpdateLookup,
    /// The document as the update left it, if the collection keeps that.
    WhenAvailable,
    /// The same; the stream fails if the collection does not keep it.
    Required,
}

/// Whether a change is told with the document as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BeforeChange {
    /// It is not.
    Off,
    /// If the collection keeps it.
    WhenAvailable,
    /// The stream fails if the collection does not keep it.
    Required,
}

/// How to watch.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// Stages that events go through. They must have passed the gate.
    pub pipeline: Vec<Document>,
    /// The document after an update.
    pub full_document: Option<FullDocument>,
    /// The document before a change.
    pub before_change: Option<BeforeChange>,
    /// Events about indexes and collections too (MongoDB 6.0).
    pub expanded_events: bool,
    /// Events per batch.
    pub batch: Option<u32>,
    /// How long the server waits for events before it answers that there are none.
    pub wait: Duration,
}

impl WatchOptions {
    /// What the `$changeStream` stage says of them.
    pub(super) fn stage(&self) -> Result<Document> {
        let mut stage = Document::new();
        let full = self.full_document.map(encoded).transpose()?;
        insert_given(&mut stage, "fullDocument", full);
        let before = self.before_change.map(encoded).transpose()?;
        insert_given(&mut stage, "fullDocumentBeforeChange", before);
        // Servers before 6.0 refuse the option, even where it asks for nothing.
        if self.expanded_events {
            stage.insert("showExpandedEvents", true);
        }
        Ok(stage)
    }
}

/// Where a stream begins.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Start {
    /// With what happens from now on.
    #[default]
    Now,
    /// After the event of this token.
    ResumeAfter(RawDocumentBuf),
    /// The same; the event may have been the end of a stream.
    StartAfter(RawDocumentBuf),
    /// At a time of the server.
    At(Timestamp),
}

impl Start {
    pub(super) fn describe(&self, stage: &mut Document) {
        match self {
            Self::Now => {}
            Self::ResumeAfter(token) => insert(stage, "resumeAfter", token),
            Self::StartAfter(token) => insert(stage, "startAfter", token),
            Self::At(time) => {
                stage.insert("startAtOperationTime", *time);
            }
        }
    }

    /// Moves behind a batch.
    pub(super) fn advance(&mut self, changes: &Changes) {
        match changes.resume_token() {
            // The token may still be that of a stream's end, which is no place to resume after.
            Some(token) if changes.count() == 0 && matches!(self, Self::StartAfter(_)) => {
                *self = Self::StartAfter(token.to_owned());
            }
            Some(token) => *self = Self::ResumeAfter(token.to_owned()),
            None => {
                if let (Self::Now, Some(time)) = (&self, changes.operation_time()) {
                    *self = Self::At(time);
                }
            }
        }
    }
}

fn insert(stage: &mut Document, name: &str, token: &RawDocumentBuf) {
    // A token is what a server sent, or what was read as a document.
    if let Ok(token) = Document::try_from(token.as_ref()) {
        stage.insert(name, token);
    }
}
