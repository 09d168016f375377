//! Keeps `platform.database_stats` fresh, the numbers that dashboards read with their own SQL.
//!
//! Of all instances the one does it whose listening session got the advisory lock; the next one takes
//! over when that session ends. The refresh itself runs on another session: a busy one hears nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_postgres::Client;
use tokio_util::task::AbortOnDropHandle;

use super::pool::Platform;

/// One of the numbers, `recently_connected`, changes with time alone.
const EVERY: Duration = Duration::from_secs(30);
/// How long after a change; several are often made together.
const AFTER_CHANGE: Duration = Duration::from_secs(1);

const LEAD: &str = "SELECT pg_try_advisory_lock(hashtextextended('platform.database_stats', 0))";
/// Concurrently: readers are not held up.
const REFRESH: &str = "REFRESH MATERIALIZED VIEW CONCURRENTLY platform.database_stats";

/// When the view is refreshed next, and whether by us.
pub(super) struct Dashboard {
    leads: bool,
    due: Instant,
    refreshing: Option<AbortOnDropHandle<()>>,
}

impl Dashboard {
    /// Due at once.
    pub(super) fn new() -> Self {
        Self { leads: false, due: Instant::now(), refreshing: None }
    }

    /// What it counts changed.
    pub(super) fn changed(&mut self) {
        self.due = self.due.min(Instant::now() + AFTER_CHANGE);
    }

    /// Waits until it is to be refreshed.
    pub(super) async fn due(&self) {
        sleep_until(self.due).await;
    }

    /// Begins to refresh it, if that is for this session's instance to do.
    pub(super) async fn refresh(
        &mut self,
        session: &Client,
        platform: &Arc<Platform>,
    ) -> Result<(), tokio_postgres::Error> {
        self.due = Instant::now() + EVERY;
        if self.leads {
            session.batch_execute("").await?;
        } else {
            self.leads = session.query_one(LEAD, &[]).await?.get(0);
        }
        if self.leads && self.refreshing.as_ref().is_none_or(AbortOnDropHandle::is_finished) {
            let platform = Arc::clone(platform);
            self.refreshing = Some(AbortOnDropHandle::new(tokio::spawn(async move {
                // Not migrated yet, perhaps, or by a role that the view does not belong to.
                if let Err(error) = platform.write(REFRESH, &[]).await {
                    tracing::debug!(%error, "platform.database_stats was not refreshed");
                }
            })));
        }
        Ok(())
    }
}
