//! Many writes in one request.
//!
//! They are put into commands by hand: the driver would send some of them again when the answer is
//! lost, and here each is sent once. What became of the writes before a failure is in its details.

mod batch;
mod report;
mod statement;

use mongodb::bson::raw::cstr;
use mongodb::bson::{self, Document, RawArrayBuf, RawBson, RawDocumentBuf};

pub use self::report::{BulkFailure, Report, Sent, WriteError};
pub use self::statement::{Selection, Statement};

use self::batch::{WriteBatch, batches};
use crate::backend::mongodb::command::{Call, Effect};
use crate::backend::mongodb::names::Namespace;
use crate::backend::mongodb::read::primary;
use crate::error::{Error, Result};

impl Call<'_> {
    /// Writes everything. With `ordered`, in this order, and the first statement that fails is the last
    /// that is tried; else all are tried, those of one kind together. A failure has every error with
    /// the index of its statement, and what was written in spite of it.
    pub async fn bulk(
        &self,
        namespace: &Namespace,
        statements: &[Statement],
        ordered: bool,
    ) -> Result<Report, BulkFailure> {
        let mut report = Report::default();
        let batches = batches(statements, ordered)?;
        for (at, batch) in batches.iter().enumerate() {
            match self.send_batch(namespace, batch, statements, ordered).await {
                Ok(answer) => report.add(batch, &answer, ordered)?,
                Err(error) => return Err(report.interrupted(batch, &batches[at + 1..], error)),
            }
            if ordered && report.has_errors() {
                break;
            }
        }
        report.finish(statements)
    }

    async fn send_batch(
        &self,
        namespace: &Namespace,
        batch: &WriteBatch,
        statements: &[Statement],
        ordered: bool,
    ) -> Result<Document> {
        let unencodable = |_| Error::internal("a command could not be encoded");
        let driver = &self.client.driver;
        let (name, list) = batch.kind.command();
        let mut bodies = RawArrayBuf::new();
        for &index in &batch.indexes {
            bodies.push(&*statements[index].body);
        }
        let mut command = RawDocumentBuf::new();
        command.append(name, namespace.coll());
        command.append(list, bodies);
        command.append(cstr!("ordered"), ordered);
        command.append(cstr!("maxTimeMS"), self.max_time_ms());
        command.append(cstr!("comment"), RawBson::try_from(self.comment()).map_err(unencodable)?);
        if let Some(concern) = driver.write_concern() {
            let concern = bson::serialize_to_raw_document_buf(concern).map_err(unencodable)?;
            command.append(cstr!("writeConcern"), concern);
        }
        self.run(Effect::WriteMany, async {
            let database = driver.database(namespace.db());
            Ok(database.run_raw_command(command).selection_criteria(primary()).await?)
        })
        .await
    }
}
