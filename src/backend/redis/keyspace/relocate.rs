//! Giving a key another name, and copying it.

use redis::Value;

use super::lifetime::Lifetime;
use crate::backend::redis::Client;
use crate::backend::redis::client::Nodes;
use crate::backend::redis::run::exactly;
use crate::backend::redis::servers::slot;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

impl Client {
    /// Renames a key; value and time to live stay as they are. `replace` takes the place of a key that
    /// has the new name.
    pub async fn rename(
        &self,
        key: &[u8],
        to: &[u8],
        replace: bool,
        deadline: Deadline,
    ) -> Result<Lifetime> {
        self.must_share_a_slot(key, to)?;
        let mut commands = Commands::with_capacity(2);
        let name = if replace { "RENAME" } else { "RENAMENX" };
        commands.push_about(Effect::Write, name, key, &[to]);
        commands.push_about(Effect::Read, "PTTL", to, NO_ARGS);
        let [renamed, ttl] = exactly(self.run(&commands, None, deadline).await);
        match renamed.and_then(failure::check) {
            Ok(Value::Int(0)) => return Err(is_taken(to)),
            Ok(_) => {}
            Err(error) if error.message().contains("no such key") => {
                return Err(failure::not_found(key));
            }
            Err(error) => return Err(error),
        }
        Ok(Lifetime::of(&ttl.unwrap_or(Value::Nil)))
    }

    /// Copies a key with its time to live. `db` is another database of the same server; then there is no
    /// telling the time to live.
    pub async fn copy(
        &self,
        key: &[u8],
        to: &[u8],
        db: Option<u32>,
        replace: bool,
        deadline: Deadline,
    ) -> Result<Lifetime> {
        if db.is_some() && matches!(self.nodes, Nodes::Cluster(_)) {
            return Err(Error::validation("a cluster has one database; leave `db` out"));
        }
        self.must_share_a_slot(key, to)?;
        let db = db.map(|db| db.to_string());
        let mut args: Vec<&[u8]> = vec![to];
        if let Some(db) = &db {
            args.extend([b"DB", db.as_bytes()]);
        }
        if replace {
            args.push(b"REPLACE");
        }
        let mut commands = Commands::with_capacity(3);
        commands.push_about(Effect::Write, "COPY", key, &args);
        commands.push_about(Effect::Read, "EXISTS", key, NO_ARGS);
        if db.is_none() {
            commands.push_about(Effect::Read, "PTTL", to, NO_ARGS);
        }
        let mut results = self.run(&commands, None, deadline).await;
        let ttl = if db.is_none() { results.pop() } else { None };
        let [copied, exists] = exactly(results);
        let copied = match copied.and_then(failure::check) {
            Ok(copied) => reply::integer(&copied) == Some(1),
            Err(error) if failure::is_unknown_command(&error) => {
                return Err(Error::new(Code::DbQueryError, "the server copies since Redis 6.2"));
            }
            Err(error) => return Err(error),
        };
        if !copied {
            let is_there = exists.ok().as_ref().and_then(reply::integer) != Some(0);
            return Err(if is_there { is_taken(to) } else { failure::not_found(key) });
        }
        Ok(Lifetime::of(&ttl.and_then(Result::ok).unwrap_or(Value::Nil)))
    }

    /// A cluster moves nothing from one slot to another by itself.
    fn must_share_a_slot(&self, key: &[u8], to: &[u8]) -> Result<()> {
        let (from, at) = (slot::of(key), slot::of(to));
        if matches!(self.nodes, Nodes::One(_)) || from == at {
            return Ok(());
        }
        Err(Error::validation(format!(
            "the two keys are in different slots of the cluster, {from} and {at}, between which it \
             neither renames nor copies; names with the same part in braces, as in \
             `{{user1}}:name`, share a slot"
        ))
        .detail("slots", vec![from, at]))
    }
}

fn is_taken(key: &[u8]) -> Error {
    let key = String::from_utf8_lossy(key);
    Error::new(Code::Conflict, format!("there is a key {key:?} already; nothing was changed"))
}
