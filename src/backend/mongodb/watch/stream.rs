//! A change stream that goes on after its cursor is lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryFutureExt as _};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReadConcern;
use mongodb::raw_batch_cursor::RawBatchCursor;
use rand::Rng as _;

use super::changes::Changes;
use super::failure::{is_resumable, told};
use super::options::{Start, WatchOptions, Watched};
use super::turns::{Own, Turns};
use crate::backend::mongodb::client::Client;
use crate::backend::mongodb::command::{Effect, Failure};
use crate::backend::mongodb::read::Batch;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A server is not asked to wait longer than this at a time, however long it is to wait in all: as long
/// as it does, the stream holds a connection that others queue for.
const LONGEST_TURN: Duration = Duration::from_secs(1);

/// A server that answers sooner than this with nothing does not wait for events, and must not be
/// asked over and over.
const TOO_SOON: Duration = Duration::from_millis(100);

/// The changes of a collection, a database or a cluster, as they are made. Dropped, its cursor is
/// closed on the server.
pub struct ChangeStream {
    watched: Watched,
    options: WatchOptions,
    mark: Arc<str>,
    cursor: Option<RawBatchCursor>,
    /// Where the next cursor begins.
    start: Start,
    /// Attempts since the server was last heard.
    attempts: u32,
    /// Whether the cursor's first batch, which came with it, was taken.
    begun: bool,
    idle: bool,
    /// What it shares with its user's other streams.
    own: Option<Arc<Own>>,
}

/// What there is to know.
#[derive(Debug)]
pub enum News {
    /// Changes, or none but a newer token. Whoever takes them hands out all of them: the stream goes
    /// on after them.
    Changes(Changes),
    /// The server can't be heard any more, or still not. The next call tries again, after a while.
    Lost(Error),
}

impl ChangeStream {
    /// Begins to watch. That the server can't do so is told here.
    pub async fn open(
        client: &Client,
        request_id: &str,
        user: Option<&str>,
        watched: Watched,
        options: WatchOptions,
        start: Start,
        deadline: Deadline,
    ) -> Result<Self> {
        let mark = client.call(deadline, request_id).mark;
        let mut stream = Self {
            watched,
            options,
            mark,
            cursor: None,
            start,
            attempts: 0,
            begun: false,
            idle: false,
            own: client.turns.own(user),
        };
        let (_, opened) = stream.reopen(client, deadline).await;
        opened?;
        Ok(stream)
    }

    /// Waits for news. `patience` is how long the server may take for an answer, beyond the time that
    /// it was asked to wait for events. `client` is the one that opened the stream.
    pub async fn next(&mut self, client: &Client, patience: Duration) -> Result<News> {
        let until = Instant::now() + self.options.wait;
        // That a stream has begun is told at once.
        let begins = self.cursor.is_none() || !self.begun;
        loop {
            let news = self.listen(client, patience).await?;
            let is_quiet = matches!(&news, News::Changes(changes)
                if changes.count() == 0 && !changes.is_last());
            let left = until.saturating_duration_since(Instant::now());
            let goes_on = self.options.wait > LONGEST_TURN && left > TOO_SOON;
            if begins || !is_quiet || !goes_on {
                return Ok(news);
            }
        }
    }

    /// Listens for one turn.
    async fn listen(&mut self, client: &Client, patience: Duration) -> Result<News> {
        if self.cursor.is_none() {
            tokio::time::sleep(pause(self.attempts)).await;
            let (resumable, opened) = self.reopen(client, Deadline::after(patience)).await;
            match opened {
                Ok(()) => {}
                Err(error) if resumable => return Ok(self.lost(error)),
                Err(error) => return Err(error),
            }
        }
        if std::mem::take(&mut self.idle) {
            tokio::time::sleep(TOO_SOON).await;
        }
        // Its first batch came with the cursor and costs no connection.
        let own = self.own.as_deref();
        let turn = if self.begun { Some(client.turns.listen(own).await) } else { None };
        let asked = Instant::now();
        let deadline = Deadline::after(self.turn() + patience);
        let (resumable, batch) = self.batch(client, deadline).await;
        drop(turn);
        let batch = match batch {
            Ok(Some(batch)) => batch,
            Ok(None) => {
                let ended = Error::unreachable("the change stream's cursor was lost");
                return Ok(self.lost(ended));
            }
            Err(error) if resumable => return Ok(self.lost(error)),
            Err(error) => return Err(error),
        };
        let changes = Changes::of(batch)?;
        if self.begun || changes.count() > 0 {
            self.attempts = 0;
        }
        self.idle = self.begun && changes.count() == 0 && asked.elapsed() < TOO_SOON;
        self.begun = true;
        self.start.advance(&changes);
        Ok(News::Changes(changes))
    }

    /// How long the server waits for events at a time.
    fn turn(&self) -> Duration {
        self.options.wait.min(LONGEST_TURN)
    }

    fn lost(&mut self, error: Error) -> News {
        self.cursor = None;
        self.attempts += 1;
        News::Lost(error)
    }

    /// Opens a cursor where the stream is to go on, and tells whether a failure may pass.
    async fn reopen(&mut self, client: &Client, deadline: Deadline) -> (bool, Result<()>) {
        let own = self.own.clone();
        let Some(_turn) = deadline.run(Turns::open(own.as_deref())).await else {
            let message = "your other change streams on this connection are still being opened";
            return (true, Err(Error::new(Code::PoolExhausted, message)));
        };
        let stage = self.stage();
        let call = client.call(deadline, "");
        let options = mongodb::options::AggregateOptions::builder()
            .batch_size(self.options.batch)
            .comment(Bson::String(self.mark.as_ref().to_owned()))
            .max_await_time(self.turn())
            .max_time(call.max_time())
            // Servers refuse any other, and the connection may have one.
            .read_concern(ReadConcern::majority())
            .build();
        let source = self.watched.source();
        let work = Box::pin(async {
            let mut pipeline = vec![doc! { "$changeStream": stage? }];
            pipeline.extend(self.options.pipeline.iter().cloned());
            Ok(source.aggregate(client, pipeline, options).await?)
        });
        let (resumable, opened) = judged(client, &self.mark, deadline, work).await;
        let opened = opened.map(|cursor| {
            self.cursor = Some(cursor);
            self.begun = false;
        });
        (resumable, opened)
    }

    async fn batch(
        &mut self,
        client: &Client,
        deadline: Deadline,
    ) -> (bool, Result<Option<Batch>>) {
        let Some(cursor) = &mut self.cursor else { return (true, Ok(None)) };
        let work = async { Ok(cursor.next().await.transpose()?.map(Batch)) };
        judged(client, &self.mark, deadline, work).await
    }

    /// The `$changeStream` stage.
    fn stage(&self) -> Result<Document> {
        let mut stage = self.options.stage()?;
        if matches!(self.watched, Watched::Cluster) {
            stage.insert("allChangesForCluster", true);
        }
        self.start.describe(&mut stage);
        Ok(stage)
    }
}

/// Does work of a stream, and tells whether a failure may pass: of the driver's as it was found, of
/// ours if they say so.
async fn judged<T>(
    client: &Client,
    mark: &Arc<str>,
    deadline: Deadline,
    work: impl Future<Output = Result<T, Failure>>,
) -> (bool, Result<T>) {
    let mut resumable = None;
    let work = work.inspect_err(|failure| {
        if let Failure::Driver(error) = failure {
            resumable = Some(is_resumable(error));
        }
    });
    let result = client.run(mark, Effect::Read, deadline, work).await.map_err(told);
    let ours = result.as_ref().is_err_and(|error| error.code().retryable());
    (resumable.unwrap_or(ours), result)
}

/// How long to wait before the next attempt; a failover must not bring all streams back at once.
fn pause(attempts: u32) -> Duration {
    let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempts.min(10)));
    pause.min(LONGEST_PAUSE).mul_f64(rand::rng().random_range(0.5..1.0))
}
