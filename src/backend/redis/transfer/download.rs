//! A string of any length, chunk by chunk.

use crate::backend::redis::Client;
use crate::backend::redis::run::exactly;
use crate::backend::redis::values::string::push_range;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, failure, reply};
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
        let [length, exists] = exactly(self.run(&commands, None, deadline).await);
        let length = match length.and_then(failure::check) {
            Ok(length) => reply::count(&length).unwrap_or(0),
            Err(error) if error.code() == Code::WrongType => {
                return Err(self.wrong_type(&key, "string", deadline).await);
            }
            Err(error) => return Err(error),
        };
        if reply::integer(&exists?) == Some(0) {
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
        let [chunk, length] = self.run_all(&commands, deadline).await?;
        let (chunk, length) = (failure::check(chunk)?, failure::check(length)?);
        let chunk = reply::bytes(&chunk).ok_or_else(|| failure::unexpected("GETRANGE"))?;
        let has_changed = reply::count(&length) != Some(download.length);
        if has_changed || chunk.len() as u64 != wanted {
            let message = "the value was changed while it was downloaded; begin again";
            return Err(Error::new(Code::Conflict, message));
        }
        download.offset += wanted;
        Ok(Some(chunk.to_vec()))
    }
}
