//! Trying a target step by step.

use mongodb::bson::doc;

use super::client::Client;
use super::driver::{MongoTopology, Seeds, say_hello};
use crate::backend::ConnectOptions;
use crate::backend::probe::Probe;
use crate::error::{Error, Result};
use crate::target::{Endpoint, MongoTarget, tls};

/// How many database names are told.
const MOST_DATABASES: usize = 1000;

/// Tries the target step by step: the first of its hosts to `tls`, and then the whole.
pub async fn probe(
    target: &MongoTarget,
    options: &ConnectOptions,
    probe: &mut Probe,
) -> Result<()> {
    let deadline = probe.deadline;
    let egress = &options.egress;
    let (seeds, first) = probe
        .step("resolve", async {
            let seeds = Seeds::find(target, deadline).await?;
            let first = seeds.endpoints.first().cloned();
            let first = first.ok_or_else(|| Error::validation("the connection names no host"))?;
            egress.resolve(&first.host, first.port, deadline).await?;
            Ok((seeds, first))
        })
        .await?;
    let Endpoint { host, port } = &first;
    let replica_set = seeds.replica_set(target);
    let mut stream = probe.step("connect", egress.connect(host, *port, deadline)).await?;
    let topology = match &target.tls {
        Some(settings) => {
            let handshake = async {
                let config = tls::client_config(settings)?;
                let mut stream = tls::connect(&config, host, stream, deadline).await?;
                say_hello(&mut stream, &first, replica_set, deadline).await
            };
            probe.step("tls", handshake).await?
        }
        None => say_hello(&mut stream, &first, replica_set, deadline).await?,
    };
    let client = probe
        .step("auth", async {
            let client = Client::set_up(target, seeds, topology, options).await?;
            client.ping(deadline).await?;
            Ok(client)
        })
        .await?;
    let result = examine(&client, probe).await;
    client.close().await;
    result
}

async fn examine(client: &Client, probe: &mut Probe) -> Result<()> {
    let deadline = probe.deadline;
    probe.step("ping", client.ping(deadline)).await?;
    let call = client.call(deadline, "connection-test");
    let (hello, build, databases) = probe
        .step("capabilities", async {
            let hello = call.command("admin", doc! { "hello": 1 }).await?;
            let build = call.command("admin", doc! { "buildInfo": 1 }).await?;
            let databases = call.database_names().await;
            Ok((hello, build, databases))
        })
        .await?;
    probe.fact(
        "topology",
        MongoTopology::of(hello.get_str("msg").ok(), hello.get_str("setName").ok()),
    );
    probe.fact("version", build.get_str("version").unwrap_or_default());
    // A user that may do nothing but read one collection has a working connection too.
    let mut names = databases.unwrap_or_default();
    names.truncate(MOST_DATABASES);
    probe.fact("databases", names);
    Ok(())
}
