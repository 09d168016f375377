//! Numbers that an operation takes only within bounds.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::deadline::MAX_TIMEOUT_MS;
use crate::error::{Code, Error, Result};

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

/// The same of what an answer may hold: `PAYLOAD_TOO_LARGE` where it is more.
pub fn up_to(name: &str, value: usize, most: usize) -> Result<usize> {
    match value {
        0 => Err(Error::validation(format!("`{name}` must be at least 1"))),
        _ if value > most => {
            Err(Error::new(Code::PayloadTooLarge, format!("`{name}` is at most {most}")))
        }
        _ => Ok(value),
    }
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
