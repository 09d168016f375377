//! A string of any length, chunk by chunk.

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::values::string::push_range;
use crate::backend::redis::wire::commands::{Commands, Effect, NO_ARGS};
use crate::backend::redis::wire::{failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

/// Bytes of one chunk.
const CHUNK: u64 = 1 << 20;

/// A download that is under way.
#[derive(Debug)]
pub struct Download {
    key: Vec<u8>,
    length: u64,
    offset: u64,
}

impl Download {
    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl Client {
    /// Begins to download the string at `key`.
    pub async fn download(&self, key: Vec<u8>, deadline: Deadline) -> Result<Download> {
        let mut commands = Commands::with_capacity(2);
        commands.push_about(Effect::Read, "STRLEN", &key, NO_ARGS);
        commands.push_about(Effect::Read, "EXISTS", &key, NO_ARGS);
        let mut results = self.run(&commands, None, deadline).await.into_iter();
        let length = match results.next().unwrap_or(Ok(Value::Nil)).and_then(failure::check) {
            Ok(length) => reply::integer(&length).unwrap_or(0).cast_unsigned(),
            Err(error) if error.code() == Code::WrongType => {
                return Err(self.wrong_type(&key, "string", deadline).await);
            }
            Err(error) => return Err(error),
        };
        let exists = results.next().unwrap_or(Ok(Value::Nil))?;
        if reply::integer(&exists) == Some(0) {
            return Err(failure::not_found(&key));
        }
        Ok(Download { key, length, offset: 0 })
    }

    /// The next chunk; `None` at the end. Fails where the value has another length than it had at
    /// the beginning, since its chunks would not belong together.
    pub async fn download_chunk(
        &self,
        download: &mut Download,
        deadline: Deadline,
    ) -> Result<Option<Vec<u8>>> {
        if download.offset == download.length {
            return Ok(None);
        }
        let wanted = CHUNK.min(download.length - download.offset);
        let mut commands = Commands::with_capacity(2);
        push_range(&mut commands, &download.key, download.offset, wanted);
        commands.push_about(Effect::Read, "STRLEN", &download.key, NO_ARGS);
        let replies = self.run_all(&commands, deadline).await?;
        let [chunk, length] =
            <[Value; 2]>::try_from(replies).map_err(|_| Error::internal("a reply is missing"))?;
        let (chunk, length) = (failure::check(chunk)?, failure::check(length)?);
        let chunk = reply::bytes(&chunk).ok_or_else(|| failure::unexpected("GETRANGE"))?;
        let has_changed = reply::integer(&length) != i64::try_from(download.length).ok();
        if has_changed || chunk.len() as u64 != wanted {
            let message = "the value was changed while it was downloaded; begin again";
            return Err(Error::new(Code::Conflict, message));
        }
        download.offset += wanted;
        Ok(Some(chunk.to_vec()))
    }
}
