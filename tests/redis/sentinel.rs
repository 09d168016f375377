//! A primary behind sentinels.

use std::time::{Duration, Instant};

use crate::support::{Admin, batch, connect, prefix, server, soon, target};

/// The old primary answers `READONLY` or goes away; both prove or leave open what they should, and
/// the new one is found without a restart.
#[tokio::test]
async fn the_primary_is_found_and_a_failover_is_followed() {
    let Some(url) = server("TEST_REDIS_SENTINEL_URL") else { return };
    let client = connect(&url).await;
    let key = prefix();
    assert_eq!(batch(&client, &[&["INCR", &key]]).await[0]["ok"], 1);
    let sentinel = &target(&url).endpoints[0];
    let mut admin = Admin::connect(&format!("{}:{}", sentinel.host, sentinel.port)).await;
    let replication = |info: &serde_json::Value| info["raw"]["server"]["tcp_port"].clone();
    let before = serde_json::to_value(client.info(soon()).await.unwrap()).unwrap();
    assert_eq!(before["server"]["mode"], "sentinel");
    assert_eq!(before["replication"]["role"], "master");
    admin.done(&["SENTINEL", "FAILOVER", "mymaster"]).await;
    let started = Instant::now();
    let (mut applied, mut unknown) = (1, 0);
    loop {
        let result = batch(&client, &[&["INCR", &key]]).await.remove(0);
        match result["error"]["outcome"].as_str() {
            None => applied += 1,
            Some("unknown") => unknown += 1,
            Some(_) => {}
        }
        if let Ok(info) = client.info(soon()).await {
            let info = serde_json::to_value(info).unwrap();
            if replication(&info) != replication(&before) && result["error"].is_null() {
                assert_eq!(info["replication"]["role"], "master");
                break;
            }
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{result}");
    }
    let found = batch(&client, &[&["GET", &key]]).await[0]["ok"].clone();
    let found: i64 = found.as_str().unwrap().parse().unwrap();
    // A failover may lose what the replica had not heard of; it must not add anything.
    assert!(found <= applied + unknown, "{found} > {applied} + {unknown}");
}
