//! Holding users to their rate limit before anything is done for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::operation::Operation;
use crate::access::User;
use crate::backend::Client;
use crate::config::RateLimit;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::permission::Permission;
use crate::registry::direct::Direct;
use crate::service::Service;
use crate::target::DatabaseType;

/// The shared store is asked for no longer than this; a limit must not become an outage.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// Counts the operation against its user's limit. Callers without a user are the operator's own
/// code, or a Studio that tells no users apart.
pub(super) async fn admit(
    service: &Arc<Service>,
    operation: &Operation,
    user: Option<&User>,
) -> Result<()> {
    let (Some(limit), Some(user)) = (service.config.rate_limit, user) else { return Ok(()) };
    let wait = if service.config.shared_redis_url.is_some() {
        match shared(service, operation, user, limit).await {
            Ok(wait) => wait,
            // Readers go on under this process's own count; writers might be doing what the limit
            // is there to stop.
            Err(_) if operation.permission == Permission::Read => {
                local(service, operation, user, limit)
            }
            Err(error) => return Err(error.context("the shared rate limit can't be checked")),
        }
    } else {
        local(service, operation, user, limit)
    };
    match wait {
        None => Ok(()),
        Some(wait) => Err(Error::new(Code::RateLimited, "too many requests; wait and try again")
            .retry_after(wait)),
    }
}

fn local(
    service: &Service,
    operation: &Operation,
    user: &User,
    limit: RateLimit,
) -> Option<Duration> {
    service.limiter.admit(&user.id, operation.cost, limit.cost, limit.window)
}

async fn shared(
    service: &Arc<Service>,
    operation: &Operation,
    user: &User,
    limit: RateLimit,
) -> Result<Option<Duration>> {
    let deadline = Deadline::after(STORE_TIMEOUT);
    let store =
        Direct::SharedLimits.connection(&service.config, &service.registry, DatabaseType::Redis)?;
    let lease = service.lease(&store, deadline).await?;
    let Client::Redis(redis) = lease.client() else {
        return Err(Error::internal("the shared rate limit is in no Redis"));
    };
    let key = format!("studio-multidb:limit:{}", user.id);
    let began = Instant::now();
    let spent = redis.spend(&key, operation.cost, limit.cost, limit.window, deadline).await;
    service.pools.observe(&store.pool_key(), began, spent.as_ref().err());
    spent
}
