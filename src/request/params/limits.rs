//! Numbers that an operation takes only within bounds.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::deadline::MAX_TIMEOUT_MS;
use crate::error::{Error, Result};

/// A number that lies within its bounds; the failure of another has its name.
pub fn within<N: PartialOrd + Display>(
    name: &str,
    value: N,
    bounds: RangeInclusive<N>,
) -> Result<N> {
    if bounds.contains(&value) {
        return Ok(value);
    }
    let (least, most) = bounds.into_inner();
    Err(Error::validation(format!("`{name}` must be between {least} and {most}")))
}

/// The same of what an answer may hold: `PAYLOAD_TOO_LARGE` where it is more, with what to do then.
pub fn up_to<N>(name: &str, value: N, most: N, advice: &str) -> Result<N>
where
    N: Copy + Default + PartialOrd + Display,
{
    if value == N::default() {
        return Err(Error::validation(format!("`{name}` must be at least 1")));
    }
    if value > most {
        return Err(Error::too_large(format!("`{name}` is at most {most}{advice}")));
    }
    Ok(value)
}

/// Fails with the first rule that is broken.
pub fn keep_to<'r>(rules: impl IntoIterator<Item = (bool, &'r str)>) -> Result<()> {
    match rules.into_iter().find(|(broken, _)| *broken) {
        Some((_, rule)) => Err(Error::validation(rule)),
        None => Ok(()),
    }
}

/// How long a request asks for at most.
pub fn timeout(ms: Option<u64>) -> Result<Option<Duration>> {
    let ms = ms.map(|ms| within("timeout_ms", ms, 1..=MAX_TIMEOUT_MS)).transpose()?;
    Ok(ms.map(Duration::from_millis))
}
