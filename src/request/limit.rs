//! Holding users to their rate limit before anything is done for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::effect::{Declared, Effect};
use crate::access::User;
use crate::backend::Client;
use crate::config::RateLimit;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::registry::direct::Direct;
use crate::service::Service;
use crate::target::DatabaseType;

/// The shared store is asked for no longer than this; a limit must not become an outage.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// What one request was let in with.
#[derive(Debug, Default)]
pub struct Admission {
    /// Who is held to a limit, and to which; `None` for those who are not.
    held: Option<(String, RateLimit)>,
    paid: Mutex<Paid>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Paid {
    cost: u32,
    /// The shared store was asked, or there is none.
    checked: bool,
}

/// Counts the operation against its user's limit. Callers without a user are the operator's own
/// code, or a Studio that tells no users apart.
///
/// What depends on the input is counted as reading at first, and again by [`Admission::charge`] once
/// the input was read.
pub(crate) async fn admit(
    service: &Arc<Service>,
    declared: Declared,
    cost: u32,
    user: Option<&User>,
) -> Result<Admission> {
    let held = service.config.rate_limit.zip(user).map(|(limit, user)| (user.id.clone(), limit));
    let admission = Admission { held, paid: Mutex::default() };
    let effect = match declared {
        Declared::Writes => Effect::Writes,
        Declared::Reads | Declared::ByInput => Effect::Reads,
    };
    admission.charge(service, effect, cost).await?;
    Ok(admission)
}

impl Admission {
    /// Counts what the request costs in all, as far as it was not counted yet. A write must have been
    /// counted where all instances count, so nothing of it may be sent before.
    pub(super) async fn charge(
        &self,
        service: &Arc<Service>,
        effect: Effect,
        cost: u32,
    ) -> Result<()> {
        let Some((user, limit)) = &self.held else { return Ok(()) };
        let paid = *self.paid.lock();
        // What is dearer than the limit still runs, once per window.
        let cost = cost.min(limit.cost);
        let more = cost.saturating_sub(paid.cost);
        let settled = paid.checked || (effect == Effect::Reads && paid.cost > 0);
        if more == 0 && settled {
            return Ok(());
        }
        let local = || service.limiter.admit(user, more, limit.cost, limit.window);
        let (wait, checked) = if service.config.shared_redis_url.is_none() {
            (local(), true)
        } else {
            match shared(service, user, more, *limit).await {
                Ok(wait) => (wait, true),
                // Readers go on under this process's own count; writers might be doing what the
                // limit is there to stop.
                Err(_) if effect == Effect::Reads => (local(), false),
                Err(error) => return Err(error.context("the shared rate limit can't be checked")),
            }
        };
        if let Some(wait) = wait {
            let message = "too many requests; wait and try again";
            return Err(Error::new(Code::RateLimited, message).retry_after(wait));
        }
        *self.paid.lock() = Paid { cost: paid.cost.max(cost), checked };
        Ok(())
    }
}

async fn shared(
    service: &Arc<Service>,
    user: &str,
    cost: u32,
    limit: RateLimit,
) -> Result<Option<Duration>> {
    let deadline = Deadline::after(STORE_TIMEOUT);
    let store =
        Direct::SharedLimits.connection(&service.config, &service.registry, DatabaseType::Redis)?;
    let lease = service.lease(&store, deadline).await?;
    let Client::Redis(redis) = lease.client() else {
        return Err(Error::internal("the shared rate limit is in no Redis"));
    };
    let key = format!("studio-multidb:limit:{user}");
    let began = Instant::now();
    let spent = redis.spend(&key, cost, limit.cost, limit.window, deadline).await;
    service.pools.observe(&store.pool_key(), began, spent.as_ref().err());
    spent
}
