//! Opening connections: socket through the egress guard, TLS, authentication.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use redis::Value;
use secrecy::ExposeSecret;

use crate::backend::ConnectOptions;
use crate::backend::redis::wire::connection::{Connection, Stream};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::target::egress::Egress;
use crate::target::{Endpoint, RedisTarget, RedisTopology, tls};

/// The name that connections carry in `CLIENT LIST`.
const CLIENT_NAME: &[u8] = b"studio-multidb";

/// Opens connections of one target.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(super) target: RedisTarget,
    tls: Option<Arc<rustls::ClientConfig>>,
    egress: Arc<Egress>,
    pub(super) connect_timeout: Duration,
    /// What the sentinels named last.
    pub(super) named: Mutex<Option<Endpoint>>,
}

/// Whose password is used, and what must be true of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Data,
    /// A data node that a sentinel named: it must be a primary.
    Primary,
    /// A data node that may be busy with a script: it is asked nothing that must wait for the end.
    Busy,
    Sentinel,
    /// A sentinel that is listened to, in RESP2: its messages are arrays like any other reply.
    Subscribed,
}

impl Dialer {
    /// Fails where the target's certificates can't be used.
    pub(crate) fn new(target: &RedisTarget, options: &ConnectOptions) -> Result<Self> {
        Ok(Self {
            target: target.clone(),
            tls: target.tls.as_ref().map(tls::client_config).transpose()?,
            egress: options.egress.clone(),
            connect_timeout: target
                .connect_timeout_ms
                .map_or(options.connect_timeout, Duration::from_millis),
            named: Mutex::default(),
        })
    }

    /// Connects to a node; `None` is the only server there is, or the primary that the sentinels
    /// name at this moment.
    pub(crate) async fn dial(&self, endpoint: Option<&Endpoint>) -> Result<Connection> {
        self.dial_as(endpoint, None, Deadline::after(self.connect_timeout)).await
    }

    /// The same by a deadline, and where the node may be busy with a script ([`Peer::Busy`]): then no
    /// database is selected, and what is sent must not be about keys.
    pub(super) async fn dial_as(
        &self,
        endpoint: Option<&Endpoint>,
        peer: Option<Peer>,
        deadline: Deadline,
    ) -> Result<Connection> {
        let deadline = deadline.or_after(self.connect_timeout);
        let connecting = async {
            let primary;
            let (endpoint, usual) = match (endpoint, &self.target.topology) {
                (Some(endpoint), _) => (endpoint, Peer::Data),
                (None, RedisTopology::Sentinel { master }) => {
                    primary = self.primary(master, deadline).await?;
                    (&primary, Peer::Primary)
                }
                (None, _) => (self.first()?, Peer::Data),
            };
            self.connect(endpoint, peer.unwrap_or(usual), deadline).await
        };
        deadline.run(connecting).await.unwrap_or_else(|| {
            Err(Error::timeout("connecting to Redis took too long", Outcome::NotApplied))
        })
    }

    /// The first configured endpoint.
    pub(crate) fn first(&self) -> Result<&Endpoint> {
        let first = self.target.endpoints.first();
        first.ok_or_else(|| Error::validation("the Redis connection has no host"))
    }

    pub(super) async fn connect(
        &self,
        endpoint: &Endpoint,
        peer: Peer,
        deadline: Deadline,
    ) -> Result<Connection> {
        let socket = self.socket(endpoint, deadline).await?;
        let stream = self.secure(socket, endpoint, deadline).await?;
        self.authenticate(stream, peer).await
    }

    /// Resolves the name and checks every address against the egress policy.
    pub(crate) async fn resolve(&self, endpoint: &Endpoint, deadline: Deadline) -> Result<()> {
        self.egress.resolve(&endpoint.host, endpoint.port, deadline).await.map(drop)
    }

    /// Opens the TCP connection.
    pub(crate) async fn socket(
        &self,
        endpoint: &Endpoint,
        deadline: Deadline,
    ) -> Result<tokio::net::TcpStream> {
        self.egress.connect(&endpoint.host, endpoint.port, deadline).await
    }

    /// Wraps the socket in TLS where the target wants it. Nothing secret was sent before.
    pub(crate) async fn secure(
        &self,
        socket: tokio::net::TcpStream,
        endpoint: &Endpoint,
        deadline: Deadline,
    ) -> Result<Box<dyn Stream>> {
        match &self.tls {
            None => Ok(Box::new(socket)),
            Some(config) => {
                Ok(Box::new(tls::connect(config, &endpoint.host, socket, deadline).await?))
            }
        }
    }

    /// Authenticates as a client of a data node.
    pub(crate) async fn log_in(&self, stream: Box<dyn Stream>) -> Result<Connection> {
        let sentinel = matches!(self.target.topology, RedisTopology::Sentinel { .. });
        let peer = if sentinel { Peer::Primary } else { Peer::Data };
        self.authenticate(stream, peer).await
    }

    /// Says hello, in RESP3 where the server speaks it, else in RESP2; one round trip.
    async fn authenticate(&self, stream: Box<dyn Stream>, peer: Peer) -> Result<Connection> {
        let mut connection = Connection::new(stream);
        let mut replies = Ok(Vec::new());
        if peer != Peer::Subscribed {
            let mut hello = self.hello(peer);
            replies = greet(&mut connection, &hello).await;
            hello.wipe();
        }
        if let Ok(answers) = &replies
            && answers.first().is_none_or(speaks_resp2_only)
        {
            let mut hello = self.hello_resp2(peer);
            replies = greet(&mut connection, &hello).await;
            hello.wipe();
        }
        let mut replies = replies?.into_iter();
        let mut next = || replies.next().unwrap_or(Value::Nil);
        failure::check(next())?;
        // What follows only names us; an ACL or an old server may refuse it.
        let _ = (next(), next());
        if self.selects(peer) {
            failure::check(next())
                .map_err(|e| e.context(&format!("database {} was not selected", self.target.db)))?;
        }
        if peer == Peer::Primary {
            require_primary(next())?;
        }
        Ok(connection)
    }

    fn selects(&self, peer: Peer) -> bool {
        matches!(peer, Peer::Data | Peer::Primary) && self.target.db != 0
    }

    fn credentials(&self, peer: Peer) -> Option<(Option<&str>, &str)> {
        if matches!(peer, Peer::Sentinel | Peer::Subscribed) {
            let password = self.target.sentinel_password.as_ref()?;
            return Some((None, password.expose_secret()));
        }
        let user = self.target.username.as_deref();
        match &self.target.password {
            Some(password) => Some((user, password.expose_secret())),
            // A user without a password is legal: `ACL SETUSER x nopass`.
            None => user.map(|user| (Some(user), "")),
        }
    }

    fn hello(&self, peer: Peer) -> Commands {
        // Room enough that growing leaves no copy of the password behind.
        let mut commands = Commands::with_capacity(32);
        match self.credentials(peer) {
            None => commands.push(Effect::Read, 0, &[b"HELLO", b"3", b"SETNAME", CLIENT_NAME]),
            Some((user, password)) => {
                let user = user.unwrap_or("default").as_bytes();
                let password = password.as_bytes();
                let hello: [&[u8]; 7] =
                    [b"HELLO", b"3", b"AUTH", user, password, b"SETNAME", CLIENT_NAME];
                commands.push(Effect::Read, 0, &hello);
            }
        }
        self.introduce(&mut commands, peer);
        commands
    }

    fn hello_resp2(&self, peer: Peer) -> Commands {
        let mut commands = Commands::with_capacity(32);
        match self.credentials(peer) {
            None => commands.push(Effect::Read, 0, &[b"CLIENT", b"SETNAME", CLIENT_NAME]),
            Some((None, password)) => {
                commands.push(Effect::Read, 0, &[b"AUTH", password.as_bytes()]);
            }
            Some((Some(user), password)) => {
                commands.push(Effect::Read, 0, &[b"AUTH", user.as_bytes(), password.as_bytes()]);
            }
        }
        self.introduce(&mut commands, peer);
        commands
    }

    fn introduce(&self, commands: &mut Commands, peer: Peer) {
        let version = env!("CARGO_PKG_VERSION").as_bytes();
        commands.push(Effect::Read, 0, &[b"CLIENT", b"SETINFO", b"LIB-NAME", CLIENT_NAME]);
        commands.push(Effect::Read, 0, &[b"CLIENT", b"SETINFO", b"LIB-VER", version]);
        if self.selects(peer) {
            let db = self.target.db.to_string();
            commands.push(Effect::Read, 0, &[b"SELECT", db.as_bytes()]);
        }
        if peer == Peer::Primary {
            commands.push(Effect::Read, 0, &[b"ROLE"]);
        }
    }
}

/// Sends the first commands of a connection. A server that refuses us altogether answers once and
/// closes; what it said is the error.
pub(super) async fn greet(connection: &mut Connection, commands: &Commands) -> Result<Vec<Value>> {
    let mut replies = Vec::with_capacity(commands.len());
    match connection.exchange(commands.all(), commands.len(), &mut replies).await {
        Ok(()) => Ok(replies),
        Err(lost) => match replies.into_iter().next() {
            Some(Value::ServerError(error)) => Err(failure::refused(&error)),
            _ => Err(failure::lost(&lost, Outcome::NotApplied)),
        },
    }
}

fn speaks_resp2_only(answer: &Value) -> bool {
    let Value::ServerError(error) = answer else { return false };
    let unknown = error.code() == "ERR"
        && error.details().is_some_and(|d| d.to_ascii_lowercase().contains("unknown command"));
    unknown || error.code() == "NOPROTO"
}

/// Sentinels learn of a failover before the old primary does.
fn require_primary(role: Value) -> Result<()> {
    let Value::Array(role) = failure::check(role)? else {
        return Err(failure::unexpected("ROLE"));
    };
    if role.first().and_then(reply::text).as_deref() == Some("master") {
        return Ok(());
    }
    Err(Error::new(
        Code::DbConnectionFailed,
        "the server that the sentinels name is not a primary (yet); a failover may be under way",
    ))
}
