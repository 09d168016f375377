//! Dumps: restored only where it is proved that this installation read them there.

use serde_json::{Value, json};

use super::{end, export, file, import};
use crate::fixtures::{given, service_of, soon, told};
use crate::rogue::serve_each;
use crate::support::{batch, connect, prefix};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A server that has one value of a module, and restores whatever comes.
fn module(command: &[&str]) -> String {
    match command {
        ["SCAN", ..] => "*2\r\n$1\r\n0\r\n*1\r\n$8\r\ndocument\r\n".to_owned(),
        ["TYPE", ..] => "+ReJSON-RL\r\n".to_owned(),
        ["PTTL" | "PEXPIRETIME", ..] => ":-1\r\n".to_owned(),
        ["MEMORY", ..] => ":1234\r\n".to_owned(),
        ["DBSIZE", ..] => ":1\r\n".to_owned(),
        ["DUMP", ..] => "$4\r\ndump\r\n".to_owned(),
        ["INFO", ..] => "$0\r\n\r\n".to_owned(),
        ["TIME"] => "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n".to_owned(),
        ["EXISTS", ..] => ":0\r\n".to_owned(),
        ["HELLO" | "CLIENT" | "MULTI" | "PING" | "DISCARD" | "RESTORE", ..] => "+OK\r\n".to_owned(),
        _ => "-ERR unknown command\r\n".to_owned(),
    }
}

#[tokio::test]
async fn no_dump_that_a_caller_brings_is_restored() {
    for url in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"].into_iter().filter_map(given) {
        let client = connect(&url).await;
        let (from, to) = (prefix(), prefix());
        batch(&client, &[&["SET", &from, "v"]]).await;
        let dump = client.dump(&[from.as_bytes()], soon()).await.remove(0).unwrap().unwrap();
        let dump = base64(&dump);
        for key in [Some(KEY), None] {
            let mut settings = vec![("REDIS_URL", url.as_str())];
            settings.extend(key.map(|key| ("DATABASE_ENCRYPTION_KEY", key)));
            let service = service_of(&settings);
            for kind in
                ["string", "list", "set", "zset", "hash", "stream", "ReJSON-RL", "MBbloom--", ""]
            {
                let mut lines = vec![json!({ "key": to, "type": kind, "dump": dump })];
                for seal in
                    ["", ":", "a", "09dba857:", "09dba857:AAAA", &format!("09dba857:{dump}")]
                {
                    lines.push(json!({ "key": to, "type": kind, "dump": dump, "seal": seal }));
                }
                for policy in ["skip", "replace", "fail"] {
                    let records =
                        import(&service, &format!("on_conflict={policy}"), &file(&lines)).await;
                    let (ended, error) = end(&records);
                    let all = json!(lines.len());
                    assert_eq!((error, &ended["failed"]), (None, &all), "{records:?}");
                    for problem in told(&records, "problem") {
                        let message = problem["message"].as_str().unwrap();
                        assert!(
                            message.contains("export") && message.contains("anew"),
                            "{message}"
                        );
                        assert_eq!(problem["outcome"], "not_applied");
                    }
                }
            }
        }
        assert_eq!(batch(&client, &[&["EXISTS", &to]]).await[0]["ok"], 0);
        batch(&client, &[&["DEL", &from]]).await;
    }
}

#[tokio::test]
async fn a_sealed_dump_is_restored_where_it_was_read_and_as_it_was_and_nowhere_else() {
    let (port, other) = (serve_each(module).await, serve_each(module).await);
    let (here, there) = (format!("redis://127.0.0.1:{port}"), format!("redis://127.0.0.1:{other}"));
    let of =
        |url: &str, key: &str| service_of(&[("REDIS_URL", url), ("DATABASE_ENCRYPTION_KEY", key)]);
    let service = of(&here, KEY);
    let lines = export(&service, "").await;
    let line: Value = serde_json::from_slice(&lines[1]).unwrap();
    assert!(line["dump"] == "ZHVtcA==" && line["seal"].is_string(), "{line}");

    let outcome = async |service: &_, line: &Value| {
        let records = import(service, "", &file(std::slice::from_ref(line))).await;
        let ended = end(&records).0;
        (ended["done"].as_u64().unwrap(), ended["failed"].as_u64().unwrap())
    };
    assert_eq!(outcome(&service, &line).await, (1, 0));
    let rotated = of(&here, &format!("new:{OTHER},old:{KEY}"));
    assert_eq!(outcome(&rotated, &line).await, (1, 0));

    assert_eq!(outcome(&of(&there, KEY), &line).await, (0, 1), "another address");
    assert_eq!(outcome(&of(&here, OTHER), &line).await, (0, 1), "another key");
    let keyless = service_of(&[("REDIS_URL", &here)]);
    assert_eq!(outcome(&keyless, &line).await, (0, 1), "no key");
    for (name, value) in [
        ("key", "other"),
        ("type", "ReJSON-R"),
        ("type", "string"),
        ("dump", "ZHVtcQ=="),
        ("dump", ""),
        ("seal", ""),
    ] {
        let mut changed = line.clone();
        changed[name] = json!(value);
        assert_eq!(outcome(&service, &changed).await, (0, 1), "{changed}");
    }
    let unsealed = export(&keyless, "").await;
    let unsealed: Value = serde_json::from_slice(&unsealed[1]).unwrap();
    assert!(unsealed.get("seal").is_none(), "{unsealed}");
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
