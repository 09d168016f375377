//! An allowance that several processes share: the rate limit of `MULTIDB_SHARED_REDIS_URL`.

use std::time::Duration;

use crate::backend::redis::Client;
use crate::backend::redis::wire::{Commands, Effect, reply};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::shares;

/// The generic cell rate algorithm on the server's clock, so that processes with different clocks
/// agree. Answers 0, or the milliseconds to wait; then nothing was spent.
const SPEND: &[u8] = br"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, spent = tonumber(ARGV[1]), tonumber(ARGV[2])
local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + spent
local over = ahead - now - window
if over > 0 then return math.ceil(over) end
redis.call('SET', KEYS[1], string.format('%.3f', ahead), 'PX', math.ceil(ahead - now) + 1)
return 0";

impl Client {
    /// Spends `cost` of the `limit` that `key` has per `window`. Says how long to wait where that is
    /// too much.
    pub async fn spend(
        &self,
        key: &str,
        cost: u32,
        limit: u32,
        window: Duration,
        deadline: Deadline,
    ) -> Result<Option<Duration>> {
        let limit = limit.max(1);
        let window_ms = window.as_secs_f64() * 1000.0;
        let spent_ms = window_ms * f64::from(cost.min(limit)) / f64::from(limit);
        let (window_ms, spent_ms) = (window_ms.to_string(), spent_ms.to_string());
        let args: [&[u8]; 6] =
            [b"EVAL", SPEND, b"1", key.as_bytes(), window_ms.as_bytes(), spent_ms.as_bytes()];
        let commands = Commands::one(Effect::Write, 3, &args);
        let answer = shares::on_behalf_of(None, self.run_one(&commands, deadline)).await?;
        match reply::integer(&answer).and_then(|wait| u64::try_from(wait).ok()) {
            Some(0) => Ok(None),
            Some(wait) => Ok(Some(Duration::from_millis(wait))),
            None => Err(Error::internal("the shared rate limit gave no number")),
        }
    }
}
