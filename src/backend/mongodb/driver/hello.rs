//! The first message to a server, sent by ourselves.
//!
//! The driver looks for servers in the background and tells what it found only as the text of a time
//! out. Asking one server before the driver is set up tells at once, and exactly, that a host can't be
//! reached or that something else listens there.

use mongodb::bson::{RawDocumentBuf, rawdoc};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::target::{Endpoint, tls};

const OP_MSG: i32 = 2013;
/// Header, flags and the kind of the one section.
const BEFORE_BODY: usize = 16 + 4 + 1;
/// A real answer has a few hundred bytes.
const MOST: usize = 64 * 1024;
/// MongoDB 5.0.
const OLDEST_WIRE_VERSION: i32 = 13;

/// How a MongoDB server stands to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MongoTopology {
    // It can't tell a write that is sent again from a new one.
    /// It is by itself.
    Standalone,
    /// It is a member of a replica set.
    ReplicaSet,
    /// It is a router in front of shards.
    Sharded,
}

/// Makes sure that a MongoDB server of a supported version is at the other end, and a member of the
/// replica set if one is given.
pub(crate) async fn say_hello<S>(
    stream: &mut S,
    endpoint: &Endpoint,
    replica_set: Option<&str>,
    deadline: Deadline,
) -> Result<MongoTopology>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Endpoint { host, port } = endpoint;
    let reply = deadline
        .run(exchange(stream))
        .await
        .ok_or_else(|| {
            Error::timeout(
                format!("{host}:{port} took the connection but does not answer"),
                Outcome::NotApplied,
            )
        })?
        .map_err(|e| {
            let message = format!(
                "{host}:{port} does not answer like a MongoDB server without TLS or with the TLS \
                 settings of this connection: {e}"
            );
            tls::explain(host, &e).unwrap_or_else(|| Error::unreachable(message))
        })?;
    let newest = reply.get_i32("maxWireVersion").unwrap_or(0);
    if newest < OLDEST_WIRE_VERSION {
        return Err(Error::unreachable(format!(
            "the server at {host}:{port} is older than MongoDB 5.0"
        )));
    }
    let set = reply.get_str("setName").ok();
    if let Some(wanted) = replica_set
        && set != Some(wanted)
    {
        let found =
            set.map_or("no replica set".to_owned(), |set| format!("the replica set {set:?}"));
        return Err(Error::unreachable(format!(
            "the server at {host}:{port} belongs to {found}, and the connection's `replicaSet` \
                 is {wanted:?}"
        )));
    }
    Ok(MongoTopology::of(reply.get_str("msg").ok(), set))
}

async fn exchange<S>(stream: &mut S) -> std::io::Result<RawDocumentBuf>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let garbage = || std::io::Error::other("the reply is not of its protocol");
    let body = rawdoc! { "hello": 1, "helloOk": true, "$db": "admin" };
    let length = i32::try_from(BEFORE_BODY + body.as_bytes().len()).map_err(|_| garbage())?;
    let mut message = Vec::new();
    for word in [length, 1, 0, OP_MSG, 0] {
        message.extend_from_slice(&word.to_le_bytes());
    }
    message.push(0);
    message.extend_from_slice(body.as_bytes());
    stream.write_all(&message).await?;
    stream.flush().await?;

    let length = usize::try_from(stream.read_i32_le().await?).map_err(|_| garbage())?;
    if !(BEFORE_BODY..MOST).contains(&length) {
        return Err(garbage());
    }
    let mut reply = vec![0; length - 4];
    stream.read_exact(&mut reply).await?;
    let body = reply.split_off(BEFORE_BODY - 4);
    let is_message = reply[8..12] == OP_MSG.to_le_bytes();
    RawDocumentBuf::from_bytes(body).ok().filter(|_| is_message).ok_or_else(garbage)
}

impl MongoTopology {
    /// Of the server whose `hello` has this `msg` and this `setName`.
    pub(crate) fn of(msg: Option<&str>, set: Option<&str>) -> Self {
        match set {
            _ if msg == Some("isdbgrid") => Self::Sharded,
            Some(_) => Self::ReplicaSet,
            None => Self::Standalone,
        }
    }
}
