//! The connection that keys are copied to.

use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;

use crate::backend::redis::Client;
use crate::backend::redis::transfer::store::{Conflict, NewKey, Stored};
use crate::error::{Code, Error, Result};
use crate::operations::clients::Leased;
use crate::permission::Permission;
use crate::registry::Connection;
use crate::request::context::{Context, FAILED_CONNECTION};

/// Another connection than the request's own.
pub(crate) struct Target {
    connection: Arc<Connection>,
    pub(super) client: Leased<Client>,
    /// Tells temporary names of this copy from others'.
    token: String,
    /// Its server's time when the copy began, and when that was.
    now: i64,
    began: Instant,
    /// Whether values can be put together there, once that was needed.
    may_assemble: Option<Result<()>>,
}

impl Target {
    /// Finds a connection by its id, on which the user must have this permission. It must not be the
    /// one that is copied from, under whatever name.
    pub(crate) async fn open(
        cx: &Context,
        from: &Client,
        id: Uuid,
        permission: Permission,
    ) -> Result<Self> {
        let connection = cx.other(id, permission).await?;
        let this = cx.connection()?;
        let itself = |how: &str| Err(Error::validation(format!("{} {how}", connection.identifier)));
        if connection.id == this.id {
            return itself("is the connection that is copied from");
        }
        let client = cx.redis_of(&connection).await?;
        let place = |connection: &Connection| {
            let columns = &connection.columns;
            (columns.host.clone(), columns.port, columns.options.get("db").cloned())
        };
        // Where a user may not ask the servers who they are, their addresses must do.
        let same = from.shares_keys_with(&client, cx.deadline).await;
        if same.unwrap_or_else(|| place(&connection) == place(this)) {
            return itself("is the same database of the same server as what is copied from");
        }
        let now = client.now(cx.deadline).await;
        Ok(Self {
            connection,
            client,
            token: token(),
            now,
            began: Instant::now(),
            may_assemble: None,
        })
    }

    /// Which of the keys are there.
    pub(super) async fn has(&self, cx: &Context, keys: &[Vec<u8>]) -> Vec<Result<bool>> {
        let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let there = self.client.exist(&keys, cx.step()).await;
        there.into_iter().map(|there| there.map_err(|error| self.failed(cx, error))).collect()
    }

    /// Stores each value under its name.
    pub(super) async fn store(
        &self,
        cx: &Context,
        entries: &[NewKey],
        conflict: Conflict,
    ) -> Vec<Result<Stored>> {
        self.client.store(entries, conflict, &self.token, cx.step()).await
    }

    /// Whether the time of a key is over there.
    pub(super) fn has_passed(&self, expires_at: Option<i64>) -> bool {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        expires_at.is_some_and(|at| at <= self.now.saturating_add(passed))
    }

    /// Whether the user may use what values are put together with.
    pub(super) async fn may_assemble(&mut self, cx: &Context) -> Result<()> {
        if let Some(known) = &self.may_assemble {
            return known.clone();
        }
        let may = self.client.require_transactions(cx.step()).await;
        let may = may.map_err(|error| self.failed(cx, error));
        if !may.as_ref().is_err_and(|error| error.code().retryable()) {
            self.may_assemble = Some(may.clone());
        }
        may
    }

    /// That a key is there, which may end the copy.
    pub(super) fn has_it(&self, cx: &Context, key: &[u8], ends: bool) -> Error {
        let key = String::from_utf8_lossy(&key[..key.len().min(100)]);
        let ends = if ends { "; the copy ends here" } else { "" };
        let message = format!("the key {key:?} exists already{ends}");
        self.failed(cx, Error::new(Code::Conflict, message))
    }

    /// What failed there, so that nobody looks for it here.
    pub(super) fn failed(&self, cx: &Context, error: Error) -> Error {
        cx.of_other(&self.connection, error)
    }

    /// Notes that its keys were changed, and how it is doing.
    pub(crate) fn leave(&self, cx: &Context, failure: Option<&Error>) {
        let own = failure.filter(|error| error.details().contains_key(FAILED_CONNECTION));
        cx.service.pools.observe(&self.connection.pool_key(), cx.began, own);
        if cx.writes() {
            cx.service.answers.forget(self.connection.id);
        }
    }
}

/// Part of a temporary name.
pub(super) fn token() -> String {
    Uuid::new_v4().simple().to_string()
}
