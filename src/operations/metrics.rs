//! `GET /multidb/metrics`: this process in the text format of Prometheus. Ids are in it, and no name,
//! address or secret of anybody.

use std::fmt::{Display, Write as _};

use crate::error::Result;
use crate::pool::PoolStatus;
use crate::request::context::Context;
use crate::request::feed::Format;
use crate::request::operation::Operation;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

/// A number of each client.
type Figure = fn(&PoolStatus) -> f64;

/// Name, meaning and value of what is told of each client, whose labels are its key and version.
const OF_CLIENTS: [(&str, &str, Figure); 6] = [
    ("client_leases", "Requests that hold the client.", |p| p.leases.into()),
    ("client_connections_open", "Connections that are open.", |p| p.gauge.open.into()),
    ("client_connections_in_use", "Connections that work on a request.", |p| p.gauge.in_use.into()),
    ("client_requests_waiting", "Requests that wait for a connection.", |p| p.gauge.waiting.into()),
    (
        "client_circuit_open",
        "1 while callers are refused because the endpoint keeps failing.",
        |p| p.circuit_open.into(),
    ),
    ("client_ready", "1 once the client is connected.", |p| (p.state == "ready").into()),
];

/// `service.metrics`
pub(super) async fn metrics(cx: &Context, _: Nothing) -> Result<Reply> {
    let mut text = Exposition::default();
    text.describe("info", "gauge", "The version of the package.");
    text.sample("info", concat!("{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1);
    text.gauge("uptime_seconds", "Since the process was first asked.", super::service::uptime());
    if let Some(platform) = &cx.service.platform {
        let answered = platform.check(cx.deadline).await;
        let up = u8::from(answered.is_ok());
        text.gauge("platform_database_up", "1 while the platform database answers.", up);
        if let Ok(latency) = answered {
            let meaning = "How long the platform database took to answer.";
            text.gauge("platform_database_latency_seconds", meaning, latency.as_secs_f64());
        }
    }
    operations(&mut text);
    let open = cx.service.seats.open();
    text.gauge("subscriptions", "WebSockets, event streams and other streams that are open.", open);
    clients(&mut text, cx);
    Reply::stream(cx, Format::Metrics, move |_, sink| {
        Box::pin(async move {
            sink.writer().raw(text.0);
            Ok(())
        })
    })
}

/// Those that ran at all, in the order of the table.
fn ran() -> impl Iterator<Item = &'static Operation> {
    super::all().filter(|operation| operation.tally.ended() > 0)
}

fn operations(text: &mut Exposition) {
    let name = "operations_total";
    text.describe(name, "counter", "Operations that ended, by how.");
    for Operation { name: operation, tally, .. } in ran() {
        for (code, n) in tally.outcomes() {
            text.sample(name, &format!("{{operation=\"{operation}\",code=\"{code}\"}}"), n);
        }
    }
    let name = "operation_duration_seconds";
    text.describe(name, "histogram", "How long operations took; a stream, until it ended.");
    for Operation { name: operation, tally, .. } in ran() {
        let mut bucket = |bound: &str, n| {
            let labels = format!("{{operation=\"{operation}\",le=\"{bound}\"}}");
            text.sample(&format!("{name}_bucket"), &labels, n);
        };
        for (ms, n) in tally.within() {
            bucket(&(std::time::Duration::from_millis(ms).as_secs_f64()).to_string(), n);
        }
        let ended = tally.ended();
        bucket("+Inf", ended);
        let labels = format!("{{operation=\"{operation}\"}}");
        text.sample(&format!("{name}_sum"), &labels, tally.took().as_secs_f64());
        text.sample(&format!("{name}_count"), &labels, ended);
    }
}

fn clients(text: &mut Exposition, cx: &Context) {
    let clients = cx.service.pools.status();
    text.gauge("clients", "Clients of this process.", clients.len());
    text.gauge("clients_max", "Most clients that it keeps.", cx.service.config.max_clients);
    for (name, meaning, figure) in OF_CLIENTS {
        text.describe(name, "gauge", meaning);
        for client in &clients {
            // `{project_id}:{type}:{connection_id}`: nothing in it needs to be escaped.
            let labels = format!("{{client=\"{}\",version=\"{}\"}}", client.key, client.version);
            text.sample(name, &labels, figure(client));
        }
    }
}

/// The text of the answer.
#[derive(Default)]
struct Exposition(String);

impl Exposition {
    fn describe(&mut self, name: &str, kind: &str, meaning: &str) {
        let _ = writeln!(self.0, "# HELP studio_multidb_{name} {meaning}");
        let _ = writeln!(self.0, "# TYPE studio_multidb_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "studio_multidb_{name}{labels} {value}");
    }

    fn gauge(&mut self, name: &str, meaning: &str, value: impl Display) {
        self.describe(name, "gauge", meaning);
        self.sample(name, "", value);
    }
}
