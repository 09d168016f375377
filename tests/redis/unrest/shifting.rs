//! Servers that are changing.

use studio_multidb::backend::redis::Client;
use studio_multidb::backend::redis::server::info::Depth;
use tokio::task::JoinHandle;

use super::slots::Move;
use super::takeover::is_followed;
use crate::fixtures::{eventually, soon};
use crate::support::Admin;
use crate::topology::named;

/// A change that is under way.
pub(super) struct Shifting {
    pub(super) task: JoinHandle<()>,
    pub(super) ended: bool,
    pub(super) back: Back,
}

/// What is to be put back.
pub(super) enum Back {
    Slots(Vec<Move>),
    /// Addresses of who was the primary, and of who knows the new one.
    Replica {
        old: String,
        sentinel: String,
    },
    None,
}

impl Shifting {
    /// Waits until nothing more changes.
    pub(super) async fn over(&mut self) {
        self.settled().await;
        if let Back::Replica { old, sentinel } = &self.back {
            // As the sentinels do, though they take their time.
            let now = named(sentinel).await;
            let (host, port) = now.split_once(':').unwrap();
            let answer = Admin::connect(old).await.ask(&["REPLICAOF", host, port]).await;
            assert!(answer.starts_with("+OK"), "{answer}");
            is_followed(old).await;
        }
    }

    /// Waits until the client has what it was told; an old primary behind sentinels may still think
    /// that it is one.
    pub(super) async fn followed_by(&mut self, client: &Client) {
        self.settled().await;
        let Back::Replica { sentinel, .. } = &self.back else { return };
        let now = named(sentinel).await;
        eventually("the client following", async || {
            let info = client.info(Depth::Usual, soon()).await.map(serde_json::to_value);
            let port = info.map(|info| info.unwrap()["raw"]["server"]["tcp_port"].clone());
            port.is_ok_and(|port| now.ends_with(port.as_str().unwrap()))
        })
        .await;
    }

    async fn settled(&mut self) {
        if !self.ended {
            (&mut self.task).await.unwrap();
            self.ended = true;
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        !self.task.is_finished()
    }
}
