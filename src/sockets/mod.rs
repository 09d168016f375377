//! Sockets to one endpoint: opened when they are needed, lent to one request at a time, and kept while
//! they are used.
//!
//! [`Pool`] has the same rules and limits whatever is spoken over its sockets. A backend says how one
//! is opened and what there is to be seen of its state ([`Dial`]). What differs for a reason is in
//! [`Limits`].

mod circuit;
mod dial;
pub mod dialling;
mod gauge;
mod idle;
mod lease;
mod opening;
mod pool;
mod slots;

use std::time::Duration;

pub use self::circuit::{BUSY_WITH, Circuit, END_WITH, Trial};
pub use self::dial::{Condition, Dial};
pub use self::gauge::Gauge;
pub use self::lease::Lease;
pub use self::pool::Pool;

/// Sockets that are being opened at the same time: a server that comes back must not be met by all
/// who wait for it. One that swallows every packet holds up those alone who go to the same endpoint.
const OPENED_AT_ONCE: usize = 2;

/// One that was idle for longer is tried before it is lent: a firewall or a crash may have left it half
/// open.
const TRUSTED_IDLE: Duration = Duration::from_millis(500);

/// How long that trial may take before the socket counts as dead.
const TRIAL: Duration = Duration::from_secs(1);

/// They are replaced at this age, so that a server behind a changed address is found in time. Some are
/// a tenth younger or older: those opened together must not all end together.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// How long fewer are lent after the server had no more to give.
const WITHHELD: Duration = Duration::from_secs(10);

/// The longest time between two looks at those that are idle.
const SWEPT: Duration = Duration::from_secs(30);

/// How long attempts are held back after the first that failed.
pub const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Requests that may wait for each socket there may be, where each has it until it ends.
const WAITING_PER_SOCKET: u32 = 50;

/// What differs among pools.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sockets that may be open or being opened.
    pub most: u32,
    /// Requests that may wait for one.
    pub waiting: u32,
    /// How long an unused one is kept.
    pub idle: Duration,
}

impl Limits {
    /// Those of a pool whose requests have a socket until they end.
    pub fn of(most: u32, idle: Duration) -> Self {
        let most = most.max(1);
        Self { most, waiting: most.saturating_mul(WAITING_PER_SOCKET), idle }
    }
}

#[cfg(test)]
mod tests;
