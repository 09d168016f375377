//! Commands that the driver has no action for.

use mongodb::bson::Document;
use mongodb::options::SelectionCriteria;

use super::call::Call;
use crate::error::Result;

impl Call<'_> {
    /// Runs a command that changes nothing.
    pub(super) async fn command(&self, db: &str, command: Document) -> Result<Document> {
        self.ask(db, command, None).await
    }

    /// The same at a server of this kind. The driver does not retry commands, so a lost connection is
    /// met with one more try here.
    pub(super) async fn ask(
        &self,
        db: &str,
        mut command: Document,
        preference: Option<SelectionCriteria>,
    ) -> Result<Document> {
        self.mark(&mut command);
        let database = self.client.driver.database(db);
        let send = |command: Document| {
            let options = mongodb::options::RunCommandOptions::builder()
                .selection_criteria(preference.clone())
                .build();
            database.run_command(command).with_options(options)
        };
        self.read(async {
            match send(command.clone()).await {
                Err(error) if lost_connection(&error) => Ok(send(command).await?),
                answer => Ok(answer?),
            }
        })
        .await
    }

    pub(super) fn mark(&self, command: &mut Document) {
        command.insert("maxTimeMS", self.max_time_ms());
        command.insert("comment", self.comment());
    }
}

fn lost_connection(error: &mongodb::error::Error) -> bool {
    use mongodb::error::ErrorKind;
    matches!(*error.kind, ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. })
}
