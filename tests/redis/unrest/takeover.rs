//! Replicas that become primaries.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::fixtures::{PATIENCE, eventually};
use crate::support::Admin;
use crate::topology::{named, nodes};

/// A replica takes over once it has everything that its primary has.
pub(super) async fn take_over(replica: &str) {
    let until = Instant::now() + PATIENCE * 2;
    let has_taken_over = async || {
        let own = nodes(replica).await.into_iter().find(|node| node.address == replica);
        own.is_some_and(|node| node.of.is_none() && !node.slots.is_empty())
    };
    loop {
        let answer = Admin::connect(replica).await.ask(&["CLUSTER", "FAILOVER"]).await;
        // An attempt lasts five seconds at most, and may succeed at the very last moment.
        let attempt = Instant::now() + Duration::from_secs(5);
        loop {
            if has_taken_over().await {
                return;
            }
            if answer != "+OK" || Instant::now() > attempt {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        assert!(Instant::now() < until, "no failover: {answer}");
        sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn replication(address: &str) -> String {
    Admin::connect(address).await.text(&["INFO", "replication"]).await
}

/// Waits until the server is a replica that has everything.
pub(super) async fn is_followed(address: &str) {
    eventually("the replica following", async || {
        let told = replication(address).await;
        told.contains("role:slave") && told.contains("master_link_status:up")
    })
    .await;
}

pub(super) async fn switch(sentinel: String, old: String) {
    let until = Instant::now() + PATIENCE * 2;
    loop {
        let answer =
            Admin::connect(&sentinel).await.ask(&["SENTINEL", "FAILOVER", "mymaster"]).await;
        if answer == "+OK" {
            break;
        }
        // It has not heard of the replica for a while.
        assert!(Instant::now() < until, "{answer}");
        sleep(Duration::from_millis(100)).await;
    }
    while named(&sentinel).await == old {
        assert!(Instant::now() < until, "no failover");
        sleep(Duration::from_millis(20)).await;
    }
}
