//! How much a user may ask for, in weighted requests per window.
//!
//! The generic cell rate algorithm: one instant per key says how far ahead of its allowance a user
//! is, so that there is no window edge at which twice the limit passes.

use std::time::{Duration, Instant};

use moka::ops::compute::Op;
use moka::sync::Cache;

use super::User;
use crate::config::RateLimit;

/// Keys are forgotten, oldest first, beyond this many; a forgotten key starts anew.
const MAX_KEYS: u64 = 100_000;
/// A key that was not seen for this long has its whole allowance again, whatever the window.
const FORGET_AFTER: Duration = RateLimit::LONGEST_WINDOW;

/// Counts requests per key.
#[derive(Debug)]
pub struct Limiter {
    ahead: Cache<String, Instant>,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { ahead: Cache::builder().max_capacity(MAX_KEYS).time_to_idle(FORGET_AFTER).build() }
    }
}

impl Limiter {
    /// Counts `cost` against `key`, which may spend `limit` per `window`. Says how long to wait
    /// where that is too much; then nothing was counted.
    pub fn admit(&self, key: &str, cost: u32, limit: u32, window: Duration) -> Option<Duration> {
        let now = Instant::now();
        let one = window / limit.max(1);
        let spent = one * cost.min(limit.max(1));
        let mut wait = None;
        self.ahead.entry_by_ref(key).and_compute_with(|entry| {
            let ahead = entry.map_or(now, moka::Entry::into_value).max(now) + spent;
            let over = ahead.saturating_duration_since(now).saturating_sub(window);
            if over.is_zero() {
                return Op::Put(ahead);
            }
            wait = Some(over);
            Op::Nop
        });
        wait
    }

    /// Counts a request to the host's own code, which has limits of its own: of its user, or where nobody
    /// is logged in of its address.
    pub fn admit_to_host(
        &self,
        user: Option<User>,
        address: &str,
        limit: u32,
        window: Duration,
    ) -> Option<Duration> {
        // No user is called as an address is, and neither as what the core counts of the same user.
        let key = match user {
            Some(user) => format!("rateLimit user {}", user.canonical().id),
            None => format!("rateLimit address {address}"),
        };
        self.admit(&key, 1, limit, window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn admits_the_limit_and_then_says_how_long_to_wait() {
        let limiter = Limiter::default();
        for _ in 0..100 {
            assert_eq!(limiter.admit("anna", 1, 100, MINUTE), None);
        }
        let wait = limiter.admit("anna", 1, 100, MINUTE).unwrap();
        assert!(wait <= Duration::from_millis(600), "{wait:?}");
    }

    #[test]
    fn one_user_does_not_spend_the_allowance_of_another() {
        let limiter = Limiter::default();
        assert_eq!(limiter.admit("anna", 100, 100, MINUTE), None);
        assert!(limiter.admit("anna", 1, 100, MINUTE).is_some());
        assert_eq!(limiter.admit("ben", 1, 100, MINUTE), None);
    }

    #[test]
    fn an_operation_dearer_than_the_limit_still_runs_once_per_window() {
        let limiter = Limiter::default();
        assert_eq!(limiter.admit("anna", 500, 100, MINUTE), None);
        assert!(limiter.admit("anna", 500, 100, MINUTE).is_some());
    }
}
