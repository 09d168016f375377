//! A statement from request to answer: deadline, cancelling, retrying, and what is told of it.

use std::pin::pin;
use std::time::{Duration, Instant};

use super::answer::{Answer, Column, Notice};
use super::exchange::exchange;
use super::pooler;
use super::progress::{Name, Progress, Stage, Summary, Within};
use super::request::Statement;
use crate::backend::postgres::client::Client;
use crate::backend::postgres::error::{Failure, ServerError};
use crate::backend::postgres::rows::FieldDescription;
use crate::backend::postgres::session::{Called, Lease, cancel};
use crate::backend::postgres::statement::gate;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::json::Writer;
use crate::outcome::Outcome;

/// How long the server may take to end a statement, once told to, and to say how it ended.
const GRACE: Duration = Duration::from_secs(1);

/// How an attempt failed.
enum Ended {
    /// For good.
    Told(Error),
    /// It did nothing, and may be made again on another session; the error is told if it is not.
    Elsewhere(Error),
    /// It only reads, and may be made again on a session that is opened now.
    Anew(Error),
    /// It did nothing, and may be made again on the same session.
    Here(Error),
    /// It did nothing, because it wants to be in no transaction of ours.
    Alone,
}

impl Client {
    /// Runs one statement, and writes its rows into `out` as a JSON array.
    ///
    /// What only reads is sent once more when the connection is lost; what writes never is, and a
    /// failure says whether it took effect. Dropping the future cancels the statement.
    pub async fn query(
        &self,
        statement: &Statement,
        deadline: Deadline,
        out: &mut Writer,
    ) -> Result<Answer> {
        if statement.read_only {
            gate::check_read(&statement.sql)?;
            self.check_extensions(&statement.sql, deadline).await?;
        } else {
            gate::check_write(&statement.sql)?;
        }
        self.run(statement, deadline, out).await
    }

    /// Runs a statement that passed the gate, or is our own.
    pub(crate) async fn run(
        &self,
        statement: &Statement,
        deadline: Deadline,
        out: &mut Writer,
    ) -> Result<Answer> {
        let start = out.len();
        let mut lease = self.session(deadline).await?;
        let mut again = true;
        let mut alone = false;
        loop {
            match self.attempt(&mut lease, statement, alone, deadline, out).await {
                Ok(summary) => return Ok(self.answer(lease, summary, deadline).await),
                Err(Ended::Told(error)) => return Err(error),
                Err(Ended::Alone) => {
                    alone = true;
                    out.buffer().truncate(start);
                    continue;
                }
                Err(Ended::Elsewhere(error) | Ended::Anew(error) | Ended::Here(error))
                    if !again || deadline.passed() =>
                {
                    return Err(error);
                }
                Err(Ended::Here(_)) => {}
                Err(Ended::Anew(_)) => lease = lease.replace(deadline).await?,
                Err(Ended::Elsewhere(_)) => {
                    drop(lease);
                    lease = self.session(deadline).await?;
                }
            }
            again = false;
            out.buffer().truncate(start);
        }
    }

    async fn attempt(
        &self,
        lease: &mut Lease,
        statement: &Statement,
        alone: bool,
        deadline: Deadline,
        out: &mut Writer,
    ) -> Result<Summary, Ended> {
        let started = Instant::now();
        lease.called = Called::by(&statement.sql);
        lease.dirty = !statement.read_only || lease.called != Called::Nothing;
        if self.is_behind_pooler() {
            lease.connection().pooled = Some(true);
        }
        let mut progress = Progress { alone, ..Progress::default() };
        let result = self.watched(lease, statement, deadline, out, &mut progress).await;
        let late = lease.retire;
        let failure = match result {
            Ok(Some(summary)) => return Ok(summary),
            Ok(None) if progress.stage == Stage::Unsent => {
                return Err(Ended::Told(not_begun(statement)));
            }
            Ok(None) => {
                let error = timeout(statement);
                let in_parts = is_in_parts(statement, &progress);
                let error = if in_parts { half_done(error, statement) } else { error };
                let read = statement.read_only;
                let outcome = if read { Outcome::NotApplied } else { Outcome::Unknown };
                return Err(Ended::Told(error.outcome(outcome)));
            }
            Err(failure) => failure,
        };
        let bound = progress.stage == Stage::Bound;
        Err(match failure {
            Failure::Refused(error) => Ended::Told(error),
            Failure::Lost(why) if statement.read_only => {
                Ended::Elsewhere(Error::unreachable(why).outcome(Outcome::NotApplied))
            }
            Failure::Lost(why) => {
                let unsent = progress.stage == Stage::Unsent;
                let outcome = if unsent { Outcome::NotApplied } else { Outcome::Unknown };
                Ended::Told(Error::unreachable(why).outcome(outcome))
            }
            Failure::Server(error) => {
                if !progress.parsed && progress.name != Name::Known {
                    lease.nothing_was_called(statement.read_only);
                }
                // It began, and none of ours is around it.
                let in_parts = bound && is_in_parts(statement, &progress) && !error.is_beforehand();
                let tell = |error| if in_parts { half_done(error, statement) } else { error };
                let told = tell(error.to_error(Some(&statement.sql)));
                let timed_out = late || started.elapsed() >= statement.timeout;
                let canceled = error.sqlstate == "57014";
                let known = progress.name == Name::Known && !bound;
                let reparse = known && !error.is_fatal() && !canceled;
                let stale = !reparse && error.is_of_stale_cache();
                self.doubt(lease, statement, &error, stale);
                match error.sqlstate.as_str() {
                    "57014" if timed_out => Ended::Told(tell(timeout(statement))),
                    // The statement has not begun to run.
                    _ if !bound && lease.connection().statements.are_meant(&error) => {
                        self.name_not_found(lease, statement, deadline, told).await
                    }
                    "25001"
                        if progress.within == Within::Ours
                            && error.is_of_the_server()
                            && pooler::refuses_transactions(&statement.sql) =>
                    {
                        Ended::Alone
                    }
                    // What it was parsed for may have changed since: parsed anew, it may well be
                    // right. What writes may have called a function while it was planned.
                    _ if reparse => {
                        lease.connection().forget(&statement.sql);
                        if statement.read_only
                            || (lease.called == Called::Nothing && error.is_of_parsing())
                        {
                            Ended::Here(told)
                        } else {
                            Ended::Told(told)
                        }
                    }
                    _ if stale && statement.read_only && lease.connection().is_pooled() => {
                        Ended::Here(told)
                    }
                    _ if stale && statement.read_only => Ended::Anew(told),
                    _ if error.is_fatal() && statement.read_only => Ended::Elsewhere(told),
                    _ if error.is_fatal() && progress.stage != Stage::Unsent => {
                        Ended::Told(told.outcome(Outcome::Unknown))
                    }
                    _ => Ended::Told(told),
                }
            }
        })
    }

    /// Gives up sessions that an error shows to be of no use. Only what the server says itself counts
    /// for more than the one.
    fn doubt(&self, lease: &mut Lease, statement: &Statement, error: &ServerError, stale: bool) {
        // The primary has become a standby: the name may lead to the new one by now. The next request
        // finds it. This one is not made again: there is no telling what of it has been done.
        let demoted = error.sqlstate == "25006"
            && !statement.read_only
            && error.is_of_the_server()
            && lease.connection().is_old();
        // The session remembers what is there no more, and would do so for ever. Behind a pooler
        // there is no telling which one the next would be.
        if stale && lease.connection().is_pooled() {
            lease.connection().replan = true;
        } else if stale || demoted {
            lease.retire = true;
            if error.is_of_the_server() {
                self.pool.clear();
            }
        }
    }

    /// The session does not know a name of ours, or knows it from before: a pooler in between, which
    /// was not noticed, may have given us another. It is asked; a function may have done it as well.
    async fn name_not_found(
        &self,
        lease: &mut Lease,
        statement: &Statement,
        deadline: Deadline,
        told: Error,
    ) -> Ended {
        let connection = lease.connection();
        connection.forget(&statement.sql);
        connection.pooled = None;
        if let Some(Ok(())) = deadline.run(pooler::detect(connection)).await {
            if connection.is_pooled() {
                self.found_pooler();
            }
            return Ended::Here(told);
        }
        lease.retire = true;
        Ended::Elsewhere(told)
    }

    /// Runs it until it ends, the deadline passes or the client is closed. `None` means that the
    /// server was told to end it and has not said how it ended.
    async fn watched(
        &self,
        lease: &mut Lease,
        statement: &Statement,
        deadline: Deadline,
        out: &mut Writer,
        progress: &mut Progress,
    ) -> Result<Option<Summary>, Failure> {
        // Some of the time is kept for cancelling, so that the outcome can still be told.
        let reserve = GRACE.min(deadline.remaining() / 10);
        let patience = deadline.remaining().saturating_sub(reserve);
        let patience = Deadline::after(patience).or_after(statement.timeout + GRACE);
        let key = lease.connection().key;
        let mut late = false;
        let result = {
            let mut work = pin!(exchange(lease.connection(), statement, out, progress));
            tokio::select! {
                result = &mut work => result.map(Some),
                () = self.pool.closed.cancelled() => {
                    Err(Failure::Lost("the connection was closed while it was in use".into()))
                }
                () = tokio::time::sleep_until(patience.instant().into()) => {
                    late = true;
                    let grace = Deadline::after(GRACE);
                    if let Some(key) = key {
                        cancel(&self.pool.dialer, key, grace).await;
                    }
                    grace.run(&mut work).await.map_or(Ok(None), |result| result.map(Some))
                }
            }
        };
        lease.retire |= late;
        result
    }

    async fn answer(&self, mut lease: Lease, summary: Summary, deadline: Deadline) -> Answer {
        let list = summary.columns.as_deref().map_or(&[][..], |columns| &columns.list);
        let names = self.types.of(&mut lease, list, deadline).await;
        let column = |(column, type_name): (&FieldDescription, _)| Column {
            name: column.name.clone(),
            type_oid: column.type_oid,
            type_name,
        };
        Answer {
            columns: list.iter().zip(names).map(column).collect(),
            row_count: summary.row_count,
            command: summary.command,
            truncated: summary.truncated,
            notices: summary.notices.into_iter().map(Notice::from).collect(),
        }
    }
}

/// Whether a statement may have taken effect in part, once it began.
fn is_in_parts(statement: &Statement, progress: &Progress) -> bool {
    progress.within == Within::Its && gate::takes_effect_in_parts(&statement.sql)
}

/// The failure of a statement that may have taken effect in part.
fn half_done(error: Error, statement: &Statement) -> Error {
    let error = error.outcome(Outcome::Unknown);
    if !gate::leaves_indexes(&statement.sql) {
        return error;
    }
    error.detail(
        "left",
        "an index that is not valid may be left: look for it in pg_index (not indisvalid), and drop \
         it before you try again",
    )
}

/// It was still to be sent: a pooler, say, had no session for it.
fn not_begun(statement: &Statement) -> Error {
    let what = "the server did not come to the statement in time, so that it was not sent; try again \
                later or raise timeout_ms";
    out_of_time(statement, what).outcome(Outcome::NotApplied)
}

fn timeout(statement: &Statement) -> Error {
    out_of_time(
        statement,
        "the statement took too long and was cancelled; make it faster or raise timeout_ms",
    )
}

fn out_of_time(statement: &Statement, what: &str) -> Error {
    let limit = u64::try_from(statement.timeout.as_millis()).unwrap_or(u64::MAX);
    Error::new(Code::DbTimeout, what).detail("timeout_ms", limit)
}
