//! A key whose value is being read.

use redis::Value;

use super::window::Window;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::wire::{Commands, failure};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::Object;

/// A key whose value is being read, and the answer that is written of it.
pub(super) struct Reading<'a, 'w> {
    pub(super) client: &'a Client,
    pub(super) key: &'a [u8],
    pub(super) window: &'a Window,
    pub(super) deadline: Deadline,
    pub(super) out: Object<'w>,
    pub(super) warnings: Warnings,
}

impl Reading<'_, '_> {
    /// Runs reads of one value; they are useless without each other.
    pub(super) async fn ask<const N: usize>(&self, commands: &Commands) -> Result<[Value; N]> {
        let replies = self.client.run_all(commands, self.deadline).await?;
        replies.iter().find_map(failure::refusal).map_or(Ok(replies), Err)
    }

    /// Writes `length` and `cursor`, which follow each value.
    pub(super) fn end(&mut self, length: u64, cursor: &str) {
        self.out.key("length").integer(length.cast_signed());
        self.out.key("cursor").string(cursor);
    }
}
