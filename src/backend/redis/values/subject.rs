//! A key whose value is being read.

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::wire::commands::Commands;
use crate::backend::redis::wire::failure;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json::Object;

/// A key and what step one learned of it.
pub(super) struct Subject<'a> {
    pub(super) client: &'a Client,
    pub(super) key: &'a [u8],
    pub(super) deadline: Deadline,
}

impl Subject<'_> {
    /// Runs reads of one value; they are useless without each other.
    pub(super) async fn ask<const N: usize>(&self, commands: &Commands) -> Result<[Value; N]> {
        let replies = self.client.run_all(commands, self.deadline).await?;
        let checked: Vec<Value> = replies.into_iter().map(failure::check).collect::<Result<_>>()?;
        checked.try_into().map_err(|_| Error::internal("a reply is missing"))
    }
}

/// Writes `length` and `cursor`, which follow each value.
pub(super) fn write_end(out: &mut Object<'_>, length: u64, cursor: &str) {
    out.key("length").integer(length.cast_signed());
    out.key("cursor").string(cursor);
}
