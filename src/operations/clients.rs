//! The clients of the request's connection, and of others that it names.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::backend::{Client, http, mongodb, postgres, redis};
use crate::error::{Error, Result};
use crate::permission::Permission;
use crate::pool::Lease;
use crate::registry::Connection;
use crate::request::context::Context;
use crate::request::operation::Gives;
use crate::service::Core;
use crate::target::DatabaseType;

impl Context {
    /// A client of the request's connection. Nobody gets one before it is known what the request
    /// does: its limit might not allow that.
    async fn leased<C>(&self, pick: fn(&Client) -> Option<&C>) -> Result<Leased<C>> {
        self.told()?;
        let connection = self.connection()?;
        self.take_share(connection).await?;
        Leased::pick(self.service.lease(connection, self.deadline).await?, pick)
    }

    /// A request runs within its user's share of the connection. Subscriptions do not count: they have
    /// seats of their own, and give others a turn again and again. Those of Redis are taken anew each
    /// time that a socket is held ([`shares`](crate::shares)).
    async fn take_share(&self, connection: &Connection) -> Result<()> {
        let each_time = connection.database_type == DatabaseType::Redis;
        let held = self.operation.gives != Gives::Socket && !each_time;
        let Some(user) = self.user.as_ref().filter(|_| held) else { return Ok(()) };
        let mut share = self.share.lock().await;
        if share.is_none() {
            let most = self.service.config.max_connections(connection.database_type);
            let wanted = connection.columns.options.get("pool_size").and_then(Value::as_u64);
            let wanted = wanted.and_then(|size| u32::try_from(size).ok()).unwrap_or(u32::MAX);
            let of = (connection.id, connection.version);
            let shares = &self.service.shares;
            let slots = most.min(wanted);
            *share = Some(shares.take(of, user.id.clone(), slots, self.deadline).await?);
        }
        Ok(())
    }

    /// How many operations the request may have under way on its connection at once, `most` at most:
    /// each takes a part of its user's share.
    pub async fn room(&self, most: usize) -> usize {
        match self.share.lock().await.as_mut() {
            Some(share) => share.widen(most),
            // Nobody's share: the operator's own code.
            None => most,
        }
    }

    /// A request's work at MongoDB, some of which runs side by side.
    pub async fn side_by_side<'c>(&self, client: &'c mongodb::Client) -> mongodb::Call<'c> {
        let width = self.room(client.share()).await;
        client.call(self.deadline, &self.request_id).side_by_side(width)
    }

    fn told(&self) -> Result<()> {
        if self.effect.is_told() {
            return Ok(());
        }
        Err(Error::internal("the operation did not say whether it reads or writes"))
    }

    /// Another connection of the same type in the same project, by its id. The user must have this
    /// permission on it; to one who has no part in it, it does not exist.
    pub async fn other(&self, id: Uuid, permission: Permission) -> Result<Arc<Connection>> {
        let Core { registry, access, .. } = &**self.service;
        let this = self.connection()?;
        let user = self.user.as_ref();
        let (other, granted) = access.connection(registry, user, id, self.fresh).await?;
        let name = &other.identifier;
        let refused = |what: &str| Err(Error::validation(format!("{name} {what}")));
        if other.project.id != this.project.id || this.is_direct() {
            return refused("is in another project");
        }
        if other.database_type != this.database_type {
            let kind = this.database_type.display_name();
            return refused(&format!("is not a {kind} connection"));
        }
        granted.require(permission).map_err(|e| e.context(name))?;
        Ok(other)
    }

    /// The Redis client of another connection, on which the user was found to have enough
    /// permission. What fails there names it ([`Context::of_other`]).
    pub async fn redis_of(&self, other: &Arc<Connection>) -> Result<Leased<redis::Client>> {
        self.told()?;
        let lease = self.service.lease(other, self.deadline).await;
        Leased::pick(lease.map_err(|error| self.of_other(other, error))?, redis)
    }
}

/// For each kind, `cx.redis()` and the like.
macro_rules! clients {
    ($($kind:ident $variant:ident)*) => {
        impl Context {$(
            /// The connection's client, if it is of this kind.
            pub async fn $kind(&self) -> Result<Leased<$kind::Client>> {
                self.leased($kind).await
            }
        )*}
        $(fn $kind(client: &Client) -> Option<&$kind::Client> {
            match client {
                Client::$variant(client) => Some(client),
                _ => None,
            }
        })*
    };
}

clients! {
    redis Redis
    mongodb Mongodb
    postgres Postgres
    http Http
}

/// A leased client of a known kind; it counts as in use until it is dropped.
pub struct Leased<C> {
    lease: Lease,
    pick: fn(&Client) -> Option<&C>,
}

impl<C> Leased<C> {
    fn pick(lease: Lease, pick: fn(&Client) -> Option<&C>) -> Result<Self> {
        if pick(lease.client()).is_none() {
            return Err(Error::internal("the connection is of another type"));
        }
        Ok(Self { lease, pick })
    }
}

impl<C> std::ops::Deref for Leased<C> {
    type Target = C;

    fn deref(&self) -> &C {
        (self.pick)(self.lease.client()).expect("checked when it was leased")
    }
}
