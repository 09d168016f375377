//! Trying a service step by step.

use serde_json::Value;

use super::client::{HEALTH, INFO};
use super::dialer::{Connection, Dialer};
use super::exchange::{Answer, Request};
use super::path;
use super::service::{Service, Try};
use crate::backend::ConnectOptions;
use crate::backend::probe::Probe;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::sockets::Dial as _;
use crate::target::HttpTarget;

/// Tries the target step by step: its health must be a success, its info is welcome.
pub async fn probe(target: &HttpTarget, options: &ConnectOptions, probe: &mut Probe) -> Result<()> {
    let dialer = Dialer::new(target, options)?;
    let service = Service::new(target)?;
    let deadline = probe.deadline;
    probe.step("resolve", dialer.resolve(deadline)).await?;
    let stream = probe.step("connect", dialer.tcp(deadline)).await?;
    let securing = dialer.secure(stream, deadline);
    let mut connection =
        if target.tls.is_some() { probe.step("tls", securing).await? } else { securing.await? };
    let health = probe
        .step("auth", async {
            let answer = service.ask(&mut connection, HEALTH).await?;
            service.check_accepted(answer.status)?;
            Ok(answer)
        })
        .await?;
    // Some services close the connection after each answer.
    let mut connection = dialer.again(connection, deadline).await?;
    probe
        .step("ping", async {
            let answer = service.ask(&mut connection, HEALTH).await?;
            check_healthy(&answer)
        })
        .await?;
    let mut connection = dialer.again(connection, deadline).await?;
    let info = probe
        .step("capabilities", async {
            let answer = service.ask(&mut connection, INFO).await?;
            Ok(answer.status.is_success().then_some(answer))
        })
        .await?;
    let version = [info.as_ref(), Some(&health)].into_iter().flatten().find_map(version);
    if let Some(version) = version {
        probe.fact("version", version);
    }
    if let Some(server) = health.headers.get("server").and_then(|value| value.to_str().ok()) {
        probe.fact("server", server);
    }
    Ok(())
}

fn check_healthy(answer: &Answer) -> Result<()> {
    let status = answer.status;
    if status.is_success() {
        return Ok(());
    }
    let hint = match status.as_u16() {
        300..400 => "; redirects are not followed, register the URL it leads to",
        404 => "; is the base URL right?",
        _ => "",
    };
    let message = format!("GET {HEALTH} was answered with {status}{hint}");
    Err(Error::new(Code::DbConnectionFailed, message))
}

/// The `version` member of a JSON answer.
fn version(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    body.get("version")?.as_str().filter(|text| text.len() <= 100).map(str::to_owned)
}

impl Dialer {
    /// The same connection, or another one where that was closed.
    async fn again(&self, mut connection: Connection, deadline: Deadline) -> Result<Connection> {
        if let Some(Ok(())) = deadline.run(connection.sender.ready()).await {
            return Ok(connection);
        }
        self.dial(deadline).await
    }
}

impl Service {
    async fn ask(&self, connection: &mut Connection, path: &str) -> Result<Answer> {
        let request = Request::get(path);
        let url = path::below(&self.base_url, path, &[])?;
        let message = self.message(&request, &url)?;
        match self.exchange(connection, message, &request).await? {
            Try::Answered(answer) => Ok(answer),
            Try::NotSent | Try::Lost => Err(Error::new(
                Code::DbConnectionFailed,
                "the service closed the connection before it answered",
            )),
        }
    }
}
