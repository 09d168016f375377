//! The driver with its own way out.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use mongodb::bson::doc;

use super::driver::{
    Meter, MongoTopology, Seeds, Tunnel, client_options, connect, read_preference, say_hello,
};
use super::watch::Turns;
use crate::backend::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::target::{MongoTarget, tls};

/// How long closing waits for a server.
const GOODBYE: Duration = Duration::from_secs(1);

/// Operations that one request has under way at most.
const MOST_AT_A_TIME: usize = 4;

/// A live client of one target.
#[derive(Debug)]
pub struct Client {
    pub(super) driver: mongodb::Client,
    pub(super) tunnel: Tunnel,
    pub(super) meter: Arc<Meter>,
    pub(super) turns: Turns,
}

impl Client {
    /// Connects and authenticates; returns once a server answered.
    pub async fn connect(
        target: &MongoTarget,
        options: &ConnectOptions,
        deadline: Deadline,
    ) -> Result<Self> {
        let seeds = Seeds::find(target, deadline).await?;
        let topology = reach_any(target, &seeds, options, deadline).await?;
        let client = Self::set_up(target, seeds, topology, options).await?;
        client.ping(deadline).await?;
        Ok(client)
    }

    /// A client that has not connected to anything yet.
    pub(super) async fn set_up(
        target: &MongoTarget,
        seeds: Seeds,
        topology: MongoTopology,
        options: &ConnectOptions,
    ) -> Result<Self> {
        let tls = target.tls.as_ref().map(tls::client_config).transpose()?;
        let tunnel =
            Tunnel::open(Arc::clone(&options.egress), tls, options.connect_timeout).await?;
        let meter = Meter::new(options.max_connections, topology);
        let driver = client_options(target, seeds, topology, options, tunnel.proxy(), &meter)?;
        let driver = mongodb::Client::with_options(driver).map_err(|e| {
            Error::validation(format!("the connection's options don't fit together: {}", e.kind))
        })?;
        let turns = Turns::of(options.max_connections);
        Ok(Self { driver, tunnel, meter, turns })
    }

    /// Asks the nearest server whether it is there, over an authenticated connection.
    pub(super) async fn ping(&self, deadline: Deadline) -> Result<()> {
        let call = self.call(deadline, "connect");
        let nearest = read_preference("nearest")?;
        call.read(async {
            let admin = self.driver.database("admin");
            let ping = doc! { "ping": 1, "comment": call.comment() };
            admin.run_command(ping).selection_criteria(nearest).await?;
            Ok(())
        })
        .await
    }

    /// The database that the target names.
    pub fn default_database(&self) -> Option<String> {
        self.driver.default_database().map(|database| database.name().to_owned())
    }

    /// Closes every connection. Requests that still run fail.
    pub async fn close(&self) {
        // The driver says goodbye to its sessions first, and would look for a server to say it to.
        let goodbye = async { self.driver.clone().shutdown().immediate(true).await };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        self.tunnel.close();
    }

    /// How many operations one request may have under way at most, where its user's share has room.
    pub fn share(&self) -> usize {
        (self.meter.max_connections() as usize / 2).clamp(1, MOST_AT_A_TIME)
    }

    /// What it holds at this moment.
    pub fn gauge(&self) -> Gauge {
        self.meter.gauge()
    }
}

/// Makes sure that at least one of the servers can be reached, so that a wrong address or certificate
/// is told at once and exactly.
async fn reach_any(
    target: &MongoTarget,
    seeds: &Seeds,
    options: &ConnectOptions,
    deadline: Deadline,
) -> Result<MongoTopology> {
    let deadline = deadline.or_after(options.connect_timeout);
    let tls = target.tls.as_ref().map(tls::client_config).transpose()?;
    let replica_set = seeds.replica_set(target);
    let mut attempts: FuturesUnordered<_> = seeds
        .endpoints
        .iter()
        .map(async |endpoint| {
            let tls = tls.as_ref();
            let mut stream = connect(&options.egress, tls, endpoint, deadline).await?;
            say_hello(&mut stream, endpoint, replica_set, deadline).await
        })
        .collect();
    let mut failure = None;
    while let Some(reached) = attempts.next().await {
        match reached {
            Ok(topology) => return Ok(topology),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure.unwrap_or_else(|| Error::validation("the connection names no host")))
}
