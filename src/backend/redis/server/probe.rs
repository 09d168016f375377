//! Trying a target step by step.

use redis::Value;

use super::info;
use crate::backend::ConnectOptions;
use crate::backend::probe::Probe;
use crate::backend::redis::servers::Dialer;
use crate::backend::redis::wire::connection::Connection;
use crate::backend::redis::wire::{Commands, Effect, failure};
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::target::{RedisTarget, RedisTopology};

/// Tries the target step by step: `resolve`, `connect`, `tls`, `auth`, `ping`, `capabilities`.
///
/// Of a cluster the first seed that can be reached is tried, of sentinels the primary that they
/// name.
pub async fn probe(
    target: &RedisTarget,
    options: &ConnectOptions,
    probe: &mut Probe,
) -> Result<()> {
    let dialer = Dialer::new(target, options)?;
    let deadline = probe.deadline;
    let resolving = async {
        let mut resolved = dialer.first().map(drop);
        for endpoint in &target.endpoints {
            resolved = dialer.resolve(endpoint, deadline).await;
            if resolved.is_ok() {
                break;
            }
        }
        resolved
    };
    probe.step("resolve", resolving).await?;
    let connecting = async {
        let endpoints = match &target.topology {
            RedisTopology::Sentinel { master } => vec![dialer.primary(master, deadline).await?],
            _ => target.endpoints.clone(),
        };
        let mut failed = Error::validation("the Redis connection has no host");
        for (endpoint, left) in endpoints.iter().zip((1..=endpoints.len()).rev()) {
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            let share = deadline.or_after(deadline.remaining() / left);
            match dialer.socket(endpoint, share).await {
                Ok(socket) => return Ok((endpoint.clone(), socket)),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    };
    let (endpoint, socket) = probe.step("connect", Box::pin(connecting)).await?;
    let securing = dialer.secure(socket, &endpoint, deadline);
    let stream =
        if target.tls.is_some() { probe.step("tls", securing).await? } else { securing.await? };
    let mut connection = probe.step("auth", dialer.log_in(stream)).await?;
    probe.step("ping", ask(&mut connection, &[b"PING"])).await?;
    let learned = probe.step("capabilities", learn(&mut connection, target)).await?;
    let Some(learned) = learned else { return Ok(()) };
    probe.fact("version", learned.version());
    let sentinel = matches!(target.topology, RedisTopology::Sentinel { .. });
    let mode = if sentinel { Some("sentinel".to_owned()) } else { learned.mode() };
    probe.fact("mode", mode);
    probe.fact("memory_used", learned.used_memory());
    Ok(())
}

/// `None` where the user may not ask: that is no reason not to connect.
async fn learn(
    connection: &mut Connection,
    target: &RedisTarget,
) -> Result<Option<info::Sections>> {
    let learned = match ask(connection, &[b"INFO"]).await {
        Ok(reply) => info::read(&reply)?,
        Err(error) if error.code() == Code::PermissionDenied => return Ok(None),
        Err(error) => return Err(error),
    };
    if target.topology == RedisTopology::Cluster && learned.mode().as_deref() != Some("cluster") {
        return Err(Error::validation(
            "the server is not part of a cluster; turn the cluster option off",
        ));
    }
    Ok(Some(learned))
}

async fn ask(connection: &mut Connection, args: &[&[u8]]) -> Result<Value> {
    let command = Commands::one(Effect::Read, 0, args);
    let mut replies = Vec::with_capacity(1);
    connection
        .exchange(command.all(), 1, &mut replies)
        .await
        .map_err(|lost| failure::lost(&lost, Outcome::NotApplied))?;
    replies.pop().map_or_else(|| Err(failure::unexpected("a command")), failure::check)
}
