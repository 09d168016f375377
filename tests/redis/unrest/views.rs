//! What a cluster says of itself.

use serde_json::{Value, json};
use studio_multidb::backend::redis::server::info::Depth;

use super::is_honest;
use super::scene::{Scene, Shift};
use crate::fixtures::soon;
use crate::http::{ok, service};
use crate::support::connect;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a replica takes over"]
async fn a_cluster_is_described_in_part_rather_than_not_at_all_while_a_replica_takes_over() {
    let Some(scene) = Scene::of(Shift::Cluster).await else { return };
    let (client, service) = (connect(&scene.url).await, service(&scene.url));
    let shifting = scene.shift().await;
    while shifting.is_under_way() {
        let info = client.info(Depth::Usual, soon()).await.unwrap();
        let info = serde_json::to_value(info).unwrap();
        for node in info["nodes"].as_array().unwrap() {
            let error = &node["error"];
            assert!(error.is_null() || is_honest(&error["code"]), "{node}");
        }
        assert_eq!(info["server"]["mode"], "cluster", "{info}");
        ok(&service, "GET", "/memory?max_ms=100", Value::Null).await;
        ok(&service, "GET", "/stats", Value::Null).await;
    }
    scene.end(shifting).await;
    let info = serde_json::to_value(client.info(Depth::Usual, soon()).await.unwrap()).unwrap();
    assert!(info["nodes"].as_array().unwrap().iter().all(|node| node["error"].is_null()), "{info}");
    assert_eq!(info["warnings"], json!([]));
}
