//! In place of `checked` where answers are not held to what is declared.

use super::operation::Operation;
use super::reply::Reply;
use crate::error::{Error, Result};

#[inline]
pub(crate) fn answer(_: &Operation, result: Result<Reply>) -> Result<Reply> {
    result
}

#[inline]
#[allow(clippy::unnecessary_wraps)] // as the other
pub(crate) fn failure(_: &Operation, _: &Error) -> Result<()> {
    Ok(())
}

#[inline]
#[allow(clippy::unnecessary_wraps)] // as the other
pub(crate) fn record(_: &Operation, _: &[u8]) -> Result<()> {
    Ok(())
}

#[inline]
pub(crate) fn ended(_: &Operation) {}
