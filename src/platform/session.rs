//! One session on the platform database.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::error::Elapsed;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Connection, Row, Statement};

use super::failure;
use super::tls::Stream;
use crate::error::Result;
use crate::outcome::Outcome;

/// No statement here is heavy; one that takes longer waits for a lock or for a dead peer.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// A statement that warns in a loop must not fill the memory.
const MOST_WARNINGS: usize = 100;

/// The parameters of a statement.
pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// One connection, with the statements it has prepared.
pub(crate) struct Session {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    driver: AbortHandle,
    /// What the server warned of since it was last asked.
    warnings: Arc<Mutex<Vec<String>>>,
    /// A statement was sent and its answer not read to the end.
    busy: bool,
    in_transaction: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        // The driver would wait for outstanding answers; from a dead peer they never come.
        self.driver.abort();
    }
}

impl Session {
    /// Takes over a connection that is logged in.
    pub(super) async fn start(
        client: Client,
        mut connection: Connection<TcpStream, Stream>,
    ) -> Result<Self> {
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&warnings);
        let driver = tokio::spawn(async move {
            // Its failure reaches every waiting statement; there is nothing to add here.
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = message {
                    note(&heard, &notice);
                }
            }
        })
        .abort_handle();
        let mut session = Self {
            client,
            statements: HashMap::new(),
            driver,
            warnings,
            busy: false,
            in_transaction: false,
        };
        let limits = format!(
            "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = 60000",
            STATEMENT_TIMEOUT.as_millis()
        );
        session.batch(&limits).await?;
        Ok(session)
    }

    /// Whether it is in the middle of nothing.
    pub(super) fn is_idle(&self) -> bool {
        !self.busy && !self.in_transaction
    }

    /// Whether it is known to have ended.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Begins a transaction. Until [`Session::commit`], dropping the session undoes it.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        self.in_transaction = true;
        self.batch("BEGIN").await
    }

    /// Ends the transaction; when the answer is lost the outcome is unknown.
    pub(crate) async fn commit(&mut self) -> Result<()> {
        self.send("COMMIT", Outcome::Unknown).await?;
        self.in_transaction = false;
        Ok(())
    }

    /// What the server warned of (`RAISE WARNING`) since this was last asked.
    pub(crate) fn warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock())
    }

    /// Rows of a statement that is made up for one occasion, and not kept.
    pub(crate) async fn ask(&mut self, sql: &str) -> Result<Vec<Row>> {
        self.busy = true;
        let answer = tokio::time::timeout(STATEMENT_TIMEOUT, self.client.query(sql, &[])).await;
        self.answered(answer).map_err(|e| failure::of(&e, Outcome::NotApplied))
    }

    /// Rows of a statement that only reads, or is undone unless a later `COMMIT` succeeds.
    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        self.run(sql, parameters).await.map_err(|e| failure::of(&e, Outcome::NotApplied))
    }

    /// Statements without parameters or results, as [`Session::rows`], in one round trip and without
    /// a time limit of our own: migrations.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        self.send(sql, Outcome::NotApplied).await
    }

    async fn send(&mut self, sql: &str, lost: Outcome) -> Result<()> {
        self.busy = true;
        let done = self.client.batch_execute(sql).await;
        self.busy = false;
        done.map_err(|e| failure::of(&failure::Cause::Driver(e), lost))
    }

    pub(super) async fn run(
        &mut self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, failure::Cause> {
        self.busy = true;
        let work = Box::pin(async {
            let statement = if let Some(statement) = self.statements.get(sql) {
                statement.clone()
            } else {
                let statement = self.client.prepare(sql).await?;
                self.statements.insert(sql, statement.clone());
                statement
            };
            self.client.query(&statement, parameters).await
        });
        let answer = tokio::time::timeout(STATEMENT_TIMEOUT, work).await;
        self.answered(answer)
    }

    /// After a late answer the session stays busy: what comes then is of no use to anybody.
    fn answered<T>(
        &mut self,
        answer: Result<Result<T, tokio_postgres::Error>, Elapsed>,
    ) -> Result<T, failure::Cause> {
        let answer = answer.map_err(|_| failure::Cause::Late(STATEMENT_TIMEOUT))?;
        self.busy = false;
        answer.map_err(failure::Cause::Driver)
    }
}

fn note(heard: &Mutex<Vec<String>>, notice: &DbError) {
    if notice.parsed_severity() != Some(Severity::Warning) {
        return;
    }
    let mut heard = heard.lock();
    if heard.len() < MOST_WARNINGS {
        heard.push(notice.message().to_owned());
    }
}
