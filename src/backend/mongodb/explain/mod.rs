//! How a server finds what is asked for.
//!
//! The explanation of a server has the shape of its engine, of its version and of its topology. Here
//! it becomes one tree of stages, each with its index and its figures, and a summary with warnings.

mod command;
mod figures;
mod summary;
mod tree;

use mongodb::bson::Document;

pub use self::command::{Explained, Verbosity};
pub use self::summary::{Engine, Summary, Warning, WarningCode, summarize};
pub use self::tree::{Index, Node, plan};

use super::command::Call;
use super::names::Namespace;
use super::read::AggregateOptions;
use crate::error::Result;

impl Call<'_> {
    /// The server's explanation as it gives it. What holds operators must have passed the gate.
    pub async fn explain(
        &self,
        namespace: &Namespace,
        explained: Explained,
        options: AggregateOptions,
        verbosity: Verbosity,
    ) -> Result<Document> {
        let preference = options.reading.preference.clone();
        let command = command::build(namespace.coll(), explained, options, verbosity)?;
        self.ask(namespace.db(), command, preference).await
    }
}
