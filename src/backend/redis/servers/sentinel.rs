//! Sentinels: which server is the primary, and word of a new one.
//!
//! Sentinels make a replica the primary while the old one may still take writes; what it takes from
//! then on is lost. So every sentinel is listened to, and connections to the old primary are given
//! up as soon as one of them names another.

use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::Value;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::dial::{Dialer, Peer, greet};
use super::node::Node;
use crate::backend::redis::pubsub::Hubs;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::target::Endpoint;

const SWITCHED: &str = "+switch-master";
/// A sentinel that is silent for this long is asked whether it still lives.
const PING_AFTER: Duration = Duration::from_secs(5);
const PONG_WITHIN: Duration = Duration::from_secs(2);
/// Before a sentinel that was lost is connected to again.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

impl Dialer {
    /// Asks the sentinels, one after the other, where the primary is.
    pub(crate) async fn primary(&self, master: &str, deadline: Deadline) -> Result<Endpoint> {
        let mut last = None;
        for sentinel in &self.target.endpoints {
            match self.ask_sentinel(sentinel, master, deadline).await {
                Ok(endpoint) => {
                    *self.named.lock() = Some(endpoint.clone());
                    return Ok(endpoint);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::validation("the Redis connection has no sentinel")))
    }

    async fn ask_sentinel(
        &self,
        sentinel: &Endpoint,
        master: &str,
        deadline: Deadline,
    ) -> Result<Endpoint> {
        // One dead sentinel must not use up the time for the others.
        let share = self.connect_timeout / u32::try_from(self.target.endpoints.len()).unwrap_or(1);
        let deadline = deadline.or_after(share.max(Duration::from_millis(500)));
        let asking = async {
            let mut connection = self.connect(sentinel, Peer::Sentinel, deadline).await?;
            let ask: [&[u8]; 3] = [b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", master.as_bytes()];
            let answers = greet(&mut connection, &Commands::one(Effect::Read, 0, &ask)).await?;
            let answer = failure::check(answers.into_iter().next().unwrap_or(Value::Nil))?;
            let Value::Array(address) = answer else {
                let message = format!("the sentinel knows no primary named {master:?}");
                return Err(Error::new(Code::DbConnectionFailed, message));
            };
            let text: Vec<String> = address.iter().filter_map(reply::text).collect();
            let [host, port] = text.as_slice() else {
                return Err(failure::unexpected("SENTINEL GET-MASTER-ADDR-BY-NAME"));
            };
            named(host, port).ok_or_else(|| failure::unexpected("SENTINEL GET-MASTER-ADDR-BY-NAME"))
        };
        deadline.run(asking).await.unwrap_or_else(|| {
            Err(Error::timeout("a sentinel did not answer in time", Outcome::NotApplied))
        })
    }
}

/// Listens to the sentinels while it lives.
#[derive(Debug)]
pub(crate) struct PrimaryWatch(Vec<AbortHandle>);

impl PrimaryWatch {
    /// Has `node` and `hubs` give up their connections whenever a sentinel names another primary than
    /// the one that they lead to.
    pub(crate) fn start(
        dialer: &Arc<Dialer>,
        node: &Arc<Node>,
        hubs: &Arc<Hubs>,
        master: &str,
    ) -> Self {
        let listen = |sentinel: &Endpoint| {
            let listener = Listener {
                dialer: Arc::clone(dialer),
                node: Arc::downgrade(node),
                hubs: Arc::downgrade(hubs),
                sentinel: sentinel.clone(),
                master: master.to_owned(),
            };
            tokio::spawn(listener.run()).abort_handle()
        };
        Self(dialer.target.endpoints.iter().map(listen).collect())
    }

    pub(crate) fn stop(&self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl Drop for PrimaryWatch {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What listens to one sentinel.
struct Listener {
    dialer: Arc<Dialer>,
    node: Weak<Node>,
    hubs: Weak<Hubs>,
    sentinel: Endpoint,
    master: String,
}

impl Listener {
    async fn run(self) {
        loop {
            // A sentinel that is down is no failure while another one answers.
            let _lost = self.listen().await;
            sleep(RECONNECT_AFTER).await;
        }
    }

    /// Returns when the connection is lost.
    async fn listen(&self) -> Result<()> {
        let deadline = Deadline::after(self.dialer.connect_timeout);
        let subscribing = async {
            let mut connection =
                self.dialer.connect(&self.sentinel, Peer::Subscribed, deadline).await?;
            let subscribe = Commands::one(Effect::Read, 0, &[b"SUBSCRIBE", SWITCHED.as_bytes()]);
            greet(&mut connection, &subscribe).await?;
            // What it said before it was listened to.
            let primary = self.dialer.ask_sentinel(&self.sentinel, &self.master, deadline).await?;
            self.follow(primary);
            Ok(connection)
        };
        let too_late = || Err(Error::timeout("a sentinel did not answer", Outcome::NotApplied));
        let mut connection = deadline.run(subscribing).await.unwrap_or_else(too_late)?;
        let ping = Commands::one(Effect::Read, 0, &[b"PING"]);
        let lost = |lost| failure::lost(&lost, Outcome::NotApplied);
        loop {
            let message = match timeout(PING_AFTER, connection.next()).await {
                Ok(message) => message,
                Err(_silent) => {
                    connection.send(ping.all()).await.map_err(lost)?;
                    match timeout(PONG_WITHIN, connection.next()).await {
                        Ok(message) => message,
                        Err(_silent) => return too_late().map(drop),
                    }
                }
            };
            if let Some(primary) = switched(&message.map_err(lost)?, &self.master) {
                self.follow(primary);
            }
        }
    }

    fn follow(&self, primary: Endpoint) {
        let mut named = self.dialer.named.lock();
        if named.as_ref() != Some(&primary) {
            *named = Some(primary);
            if let Some(node) = self.node.upgrade() {
                node.retire();
            }
            if let Some(hubs) = self.hubs.upgrade() {
                hubs.primary_changed();
            }
        }
    }
}

fn named(host: &str, port: &str) -> Option<Endpoint> {
    Some(Endpoint { host: host.to_owned(), port: port.parse().ok()? })
}

/// The new primary, from `<name> <old host> <old port> <new host> <new port>`.
fn switched(message: &Value, master: &str) -> Option<Endpoint> {
    let Value::Array(message) = message else { return None };
    let [kind, channel, text] = message.as_slice() else { return None };
    if reply::text(kind)? != "message" || reply::text(channel)? != SWITCHED {
        return None;
    }
    let text = reply::text(text)?;
    match text.split(' ').collect::<Vec<_>>().as_slice() {
        [name, _, _, host, port] if *name == master => named(host, port),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(parts: &[&str]) -> Value {
        let bulk = |part: &&str| Value::BulkString(part.as_bytes().to_vec());
        Value::Array(parts.iter().map(bulk).collect())
    }

    #[test]
    fn only_a_switch_of_the_primary_in_question_is_followed() {
        let text = "mymaster 10.0.0.1 6379 10.0.0.2 6380";
        let to = switched(&message(&["message", SWITCHED, text]), "mymaster").unwrap();
        assert_eq!((to.host.as_str(), to.port), ("10.0.0.2", 6380));
        assert!(switched(&message(&["message", SWITCHED, text]), "other").is_none());
        assert!(switched(&message(&["pong", ""]), "mymaster").is_none());
        assert!(switched(&message(&["message", "+sdown", text]), "mymaster").is_none());
        assert!(
            switched(&message(&["message", SWITCHED, "mymaster a b c d"]), "mymaster").is_none()
        );
        assert!(switched(&Value::Nil, "mymaster").is_none());
    }
}
