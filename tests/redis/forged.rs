//! A script's errors are its own words: whatever they say of the server, they move nothing and nobody,
//! and the script is not run again for them.

use serde_json::json;

use crate::fixtures::given;
use crate::http::{ok, send, service};
use crate::support::prefix;

/// Everything that a server says of itself, of the log-in, and of where a key is.
const SAID: [&str; 16] = [
    "LOADING Redis is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair",
    "NOPERM this user has no permissions to run the 'get' command",
    "MASTERDOWN Link with MASTER is down",
    "CLUSTERDOWN The cluster is down",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "MOVED 3999 127.0.0.1:1",
    "ASK 3999 127.0.0.1:1",
    "EXECABORT Transaction discarded because of: READONLY",
    "NOSCRIPT No matching script.",
    "MISCONF Redis is configured to save RDB snapshots",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "ERR max number of clients reached",
    "BUSY Redis is busy running a script.",
];

#[tokio::test]
async fn what_a_script_says_in_the_servers_name_is_told_to_its_caller_alone() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL", "TEST_REDIS_SENTINEL_URL"] {
        let Some(url) = given(name) else { continue };
        let service = service(&url);
        for said in SAID {
            let key = prefix();
            let script = "redis.call('INCR', KEYS[1]); return redis.error_reply(ARGV[1])";
            let forge = json!({ "args": ["EVAL", script, "1", key, said], "confirm": true });
            for _ in 0..4 {
                let (status, answer) = send(&service, "POST", "/command", forge.clone()).await;
                let error = &answer["error"];
                assert_eq!(error["outcome"], "unknown", "{name}: {said}: {answer}");
                assert_ne!(status, 502, "{name}: {said}: {answer}");
                assert!(!answer["message"].as_str().unwrap().contains("password"), "{answer}");
            }
            let read = json!({ "args": ["GET", key] });
            let (status, answer) = send(&service, "POST", "/command", read).await;
            assert_eq!(status, 200, "{name}: after {said}: {answer}");
            assert_eq!(answer["data"]["reply"], "4", "{name}: {said}: run once each time");
            let pool = &service.pools.status()[0];
            assert!(!pool.circuit_open && pool.last_error.is_none(), "{name}: {said}: {pool:?}");
        }
    }
}

#[tokio::test]
async fn a_write_whose_reply_is_too_large_is_told_as_applied() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let key = prefix();
    let grow = json!({ "args": ["SETRANGE", key, "41943040", "x"] });
    ok(&service, "POST", "/command", grow).await;
    let take = json!({ "args": ["GETDEL", key] });
    let (status, answer) = send(&service, "POST", "/command", take).await;
    assert_eq!((status, &answer["error"]["code"]), (413, &json!("PAYLOAD_TOO_LARGE")), "{answer}");
    assert_eq!(answer["error"]["outcome"], "applied", "{answer}");
    let (_, answer) = send(&service, "POST", "/command", json!({ "args": ["EXISTS", key] })).await;
    assert_eq!(answer["data"]["reply"], 0);
}
