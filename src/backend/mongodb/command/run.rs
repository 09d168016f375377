//! Commands that the driver has no call for.

use futures_util::StreamExt as _;
use mongodb::bson::{self, Document, RawBsonRef, RawDocumentBuf};
use mongodb::error::WriteConcernError;
use mongodb::options::{RunCommandOptions, RunCursorCommandOptions, SelectionCriteria};

use super::call::Call;
use super::failure::{Failure, not_replicated};
use super::given::{encoded, insert_given};
use crate::backend::mongodb::cap::Cap;
use crate::error::{Code, Error, Result};

/// The documents of a cursor.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) documents: Vec<RawDocumentBuf>,
    /// There are more.
    pub(crate) more: bool,
}

impl Call<'_> {
    /// Runs a command that changes nothing.
    pub(crate) async fn command(&self, db: &str, command: Document) -> Result<Document> {
        let preference = self.client.driver.selection_criteria().cloned();
        self.ask(db, command, preference).await
    }

    /// The same at a server of this kind. The driver does not retry commands, so a lost connection is
    /// met with one more try here.
    pub(crate) async fn ask(
        &self,
        db: &str,
        mut command: Document,
        preference: Option<SelectionCriteria>,
    ) -> Result<Document> {
        self.mark(&mut command);
        let database = self.client.driver.database(db);
        let send = |command: Document| {
            let options = RunCommandOptions::builder().selection_criteria(preference.clone());
            database.run_command(command).with_options(options.build())
        };
        self.read(async {
            match send(command.clone()).await {
                Err(error) if lost_connection(&error) => Ok(send(command).await?),
                answer => Ok(answer?),
            }
        })
        .await
    }

    /// All documents that a command answers with through a cursor.
    pub(crate) async fn documents(
        &self,
        db: &str,
        command: Document,
    ) -> Result<Vec<RawDocumentBuf>> {
        let all = Cap { documents: u32::MAX, bytes: usize::MAX };
        Ok(self.found(db, command, all).await?.documents)
    }

    /// The same as trees of values; `what` they are is for the failure of one that is none.
    pub(crate) async fn trees(
        &self,
        db: &str,
        command: Document,
        what: &str,
    ) -> Result<Vec<Document>> {
        trees(&self.documents(db, command).await?, what)
    }

    /// The same up to a cap, in bytes of BSON.
    pub(crate) async fn found(&self, db: &str, mut command: Document, cap: Cap) -> Result<Found> {
        self.mark(&mut command);
        let driver = &self.client.driver;
        let database = driver.database(db);
        let send = |command: Document| {
            let options = RunCursorCommandOptions::builder()
                .selection_criteria(driver.selection_criteria().cloned());
            database.run_cursor_command(command).with_options(options.build()).batch()
        };
        self.read(async {
            let mut cursor = match send(command.clone()).await {
                Err(error) if lost_connection(&error) => send(command).await?,
                answer => answer?,
            };
            let mut found = Found { documents: Vec::new(), more: false };
            let (mut left, mut bytes) = (cap.documents, 0);
            while let Some(batch) = cursor.next().await {
                for item in batch?.doc_slices()? {
                    let Ok(RawBsonRef::Document(document)) = item else { continue };
                    if left == 0 || bytes > cap.bytes {
                        found.more = true;
                        return Ok(found);
                    }
                    left -= 1;
                    bytes += document.as_bytes().len();
                    found.documents.push(document.to_owned());
                }
            }
            Ok(found)
        })
        .await
    }

    /// Runs a command that changes the catalog, once, with the connection's write concern.
    pub(crate) async fn alter(&self, db: &str, mut command: Document) -> Result<Document> {
        self.mark(&mut command);
        let driver = &self.client.driver;
        insert_given(
            &mut command,
            "writeConcern",
            driver.write_concern().map(encoded).transpose()?,
        );
        let database = driver.database(db);
        self.write(async {
            let answer = database.run_command(command).await?;
            match answer.get_document("writeConcernError") {
                Ok(error) => Err(unreplicated(error.clone())),
                Err(_) => Ok(answer),
            }
        })
        .await
    }

    pub(crate) fn mark(&self, command: &mut Document) {
        command.insert("maxTimeMS", self.max_time_ms());
        command.insert("comment", self.comment());
    }
}

fn lost_connection(error: &mongodb::error::Error) -> bool {
    use mongodb::error::ErrorKind;
    matches!(*error.kind, ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. })
}

/// The driver does not look for this in the answers to commands.
fn unreplicated(error: Document) -> Failure {
    match bson::deserialize_from_document::<WriteConcernError>(error) {
        Ok(concern) => not_replicated(&concern).into(),
        Err(_) => unexpected("a write concern").into(),
    }
}

pub(crate) fn trees(documents: &[RawDocumentBuf], what: &str) -> Result<Vec<Document>> {
    let unreadable = |_| Error::internal(format!("{what} could not be read"));
    documents.iter().map(|raw| Document::try_from(raw).map_err(unreadable)).collect()
}

/// Servers give the same number as an integer, a long or a double, depending on its size.
pub(crate) fn integer(document: &Document, name: &str) -> Option<i64> {
    let value = document.get(name)?;
    let double = value.as_f64().filter(|v| v.abs() < 9e18);
    #[allow(clippy::cast_possible_truncation)]
    let whole = double.map(|v| v as i64);
    value.as_i64().or_else(|| value.as_i32().map(i64::from)).or(whole)
}

pub(crate) fn unexpected(command: &str) -> Error {
    Error::new(Code::DbQueryError, format!("the server's answer to {command} lacks what it is for"))
}
