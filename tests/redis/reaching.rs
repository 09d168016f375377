//! Which commands reach a server, whatever is asked of whichever operation: what is offered to nobody
//! leaves here only where it is named below.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use studio_multidb::api::http::{Request, handle};
use studio_multidb::backend::redis::gate;
use studio_multidb::operations;
use studio_multidb::request::openapi;
use studio_multidb::service::Service;

use crate::fixtures::{Examples, given, glance};
use crate::http::{request, service};
use crate::recorder::Recorder;
use crate::support::{address, command, connect, prefix};

/// What we ourselves send that nobody may ask for, and why.
const OUR_OWN: [&str; 13] = [
    // A connection is set up, tried and used for the database that was asked for.
    "HELLO",
    "AUTH",
    "SELECT",
    "CLIENT SETNAME",
    "CLIENT SETINFO",
    // What has conditions is written in a transaction of its own connection.
    "WATCH",
    "UNWATCH",
    "MULTI",
    "EXEC",
    "DISCARD",
    // Messages come over a connection of their own.
    "SUBSCRIBE",
    "PSUBSCRIBE",
    "UNSUBSCRIBE",
];

/// Texts that would be commands, if anything took them for such.
fn hostile(random: &mut StdRng, key: &str) -> Value {
    let texts = [
        key.to_owned(),
        "RESTORE".to_owned(),
        format!("{key} x\r\nRESTORE {key} 0 x\r\n"),
        "x\r\n*1\r\n$7\r\nMONITOR\r\n*4\r\n$7\r\nRESTORE\r\n$1\r\nk\r\n$1\r\n0\r\n$1\r\nx\r\n"
            .to_owned(),
        "CONFIG SET dir /tmp".to_owned(),
        "DEBUG".to_owned(),
        "*".to_owned(),
        "0".to_owned(),
        "1-1".to_owned(),
        String::new(),
    ];
    json!(texts[random.random_range(0..texts.len())])
}

async fn ask(service: &Arc<Service>, request: Request) -> u16 {
    glance(handle(service, request).await, Duration::from_millis(300)).await
}

/// Those of the commands that nobody may ask for.
fn refused(commands: &BTreeSet<String>) -> Vec<String> {
    let is_refused = |words: &&String| {
        let (name, second) = words.split_once(' ').unwrap_or((words, ""));
        let second = (!second.is_empty()).then_some(second.as_bytes());
        // `SORT`, `XREAD` and their like are ruled on with their arguments.
        let bare = [name.as_bytes()];
        let found = gate::find(name.as_bytes(), second);
        let is_never = found.is_none_or(|command| command.class.is_err())
            && !found.is_some_and(gate::Command::is_offered_to_scripts);
        let named = found.map_or(name, |command| command.name);
        is_never && gate::rule(&bare).is_err() && !OUR_OWN.contains(&named)
    };
    commands.iter().filter(is_refused).cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_operation_sends_what_is_offered_to_nobody() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"] {
        let Some(url) = given(name) else { continue };
        let recorder = Recorder::before(&url).await;
        // Not the database of other tests.
        let service = service(&format!("{}/11", recorder.url()));
        let document = openapi::document(operations::all());
        let (mut random, key) = (StdRng::seed_from_u64(7), prefix());
        let leaf = |random: &mut StdRng| hostile(random, &key);
        let examples = Examples {
            document: &document,
            leaf: &leaf,
            in_path: &|example| if example.is_empty() { key.clone() } else { example },
            file: &|random| {
                let lines = [
                    json!({ "redis_export": 1 }),
                    json!({ "key": key, "type": "string", "dump": "AAAA" }),
                    json!({ "key": key, "type": "ReJSON-RL", "dump": "AAAA", "seal": "a:AAAA" }),
                    json!({ "key": leaf(random), "type": "list", "value": [leaf(random)] }),
                ];
                lines.map(|line| format!("{line}\n")).concat()
            },
        };
        let mut reached = BTreeSet::new();
        for operation in examples.operations("redis") {
            for _ in 0..40 {
                let request = examples.request(operation, &mut random);
                if (200..300).contains(&ask(&service, request).await) {
                    reached.insert(operation.2["operationId"].to_string());
                }
            }
        }
        assert!(reached.len() > 20, "most operations are reached: {reached:?}");
        let sent = recorder.commands();
        assert_eq!(refused(&sent), Vec::<String>::new(), "{name}");
        crate::support::Admin::connect(address(&url)).await.ask(&["PING"]).await;
    }
}

/// Every command that a server has, through the doors that take commands.
#[tokio::test]
async fn no_door_for_commands_lets_one_through_that_is_offered_to_nobody() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"] {
        let Some(url) = given(name) else { continue };
        let recorder = Recorder::before(&url).await;
        let service = service(&format!("{}/11", recorder.url()));
        let listed = command(&connect(&url).await, &["COMMAND"]).await.unwrap();
        let mut asked = 0;
        for entry in listed.as_array().unwrap() {
            let name = entry[0].as_str().or_else(|| entry[0]["$status"].as_str()).unwrap();
            let subcommands = entry[9].as_array().into_iter().flatten();
            let words = subcommands.filter_map(|sub| sub[0].as_str()?.split_once('|'));
            let mut lines: Vec<Vec<&str>> = words.map(|(name, sub)| vec![name, sub]).collect();
            lines.push(vec![name]);
            for line in lines {
                let args: Vec<&[u8]> = line.iter().map(|word| word.as_bytes()).collect();
                if gate::rule(&args).is_ok() {
                    continue;
                }
                let with: Vec<&str> = line.iter().copied().chain(["k", "0", "x"]).collect();
                for (path, body) in [
                    ("/command", json!({ "args": with, "confirm": true })),
                    ("/command", json!({ "line": with.join(" "), "confirm": true })),
                    ("/command", json!({ "line": with.join(" ").to_uppercase(), "confirm": true })),
                    ("/batch", json!({ "commands": [with] })),
                ] {
                    asked += 1;
                    ask(&service, request("POST", path, &body)).await;
                }
            }
        }
        assert!(asked > 150, "{asked}");
        assert_eq!(refused(&recorder.commands()), Vec::<String>::new(), "{name}");
    }
}
