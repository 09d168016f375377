//! Servers that answer a transaction otherwise than they should: a command is refused, and `EXEC`
//! answers all the same. What is not known to be whole is not called done.

use serde_json::{Value, json};
use studio_multidb::request::upload::Upload;

use crate::fixtures::told;
use crate::http::{send, service};
use crate::rogue::serve_each;
use crate::streams::import;

/// What looks at a key find before it is written.
fn looks(command: &[&str]) -> Option<String> {
    Some(match command {
        ["HELLO" | "CLIENT" | "PING" | "WATCH" | "MULTI" | "DISCARD", ..] => "+OK\r\n".to_owned(),
        ["TYPE", ..] => "+hash\r\n".to_owned(),
        ["EXISTS", ..] => ":1\r\n".to_owned(),
        ["HGET", ..] => "$1\r\na\r\n".to_owned(),
        ["INFO", ..] => "$0\r\n\r\n".to_owned(),
        ["TIME"] => "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n".to_owned(),
        // Inside of the transaction too: what would be queued has run.
        ["HPEXPIRETIME", ..] => "*1\r\n:-1\r\n".to_owned(),
        ["PTTL", ..] => ":-1\r\n".to_owned(),
        _ => return None,
    })
}

fn queue(command: &[&str], refused: &str, exec: &str) -> String {
    match command {
        ["EXEC"] => exec.to_owned(),
        [name, ..] if *name == refused => "-ERR refused\r\n".to_owned(),
        _ => looks(command).unwrap_or_else(|| "+QUEUED\r\n".to_owned()),
    }
}

fn hset_refused(command: &[&str]) -> String {
    queue(command, "HSET", "*1\r\n:1\r\n")
}

fn hset_refused_and_answered(command: &[&str]) -> String {
    queue(command, "HSET", "*3\r\n:1\r\n:1\r\n:1\r\n")
}

fn unlink_refused(command: &[&str]) -> String {
    queue(command, "UNLINK", "*1\r\n:1\r\n")
}

fn one_answer_too_few(command: &[&str]) -> String {
    queue(command, "", "*1\r\n:1\r\n")
}

fn no_answer(command: &[&str]) -> String {
    queue(command, "", "*0\r\n")
}

fn something_else(command: &[&str]) -> String {
    queue(command, "", "+OK\r\n")
}

fn nothing_ran(command: &[&str]) -> String {
    queue(command, "", "*-1\r\n")
}

fn an_error_within(command: &[&str]) -> String {
    queue(command, "", "*3\r\n:1\r\n-WRONGTYPE no\r\n:1\r\n")
}

fn not_queued(command: &[&str]) -> String {
    match command {
        ["HSET", ..] => ":1\r\n".to_owned(),
        _ => queue(command, "", "-ERR EXEC without MULTI\r\n"),
    }
}

const IMPORT: &str = concat!(
    "{\"redis_export\":1}\n",
    "{\"key\":\"k\",\"type\":\"hash\",\"value\":[[\"f\",\"v\"]]}\n",
    "{\"key\":\"l\",\"type\":\"hash\",\"value\":[[\"f\",\"v\"]],\"more\":true}\n",
    "{\"part\":[[\"g\",\"v\"]]}\n",
);

#[tokio::test]
async fn a_transaction_that_is_not_answered_whole_is_never_called_done() {
    type Answer = fn(&[&str]) -> String;
    let servers: [(&str, Answer); 9] = [
        ("hset refused", hset_refused),
        ("hset refused and answered", hset_refused_and_answered),
        ("unlink refused", unlink_refused),
        ("one answer too few", one_answer_too_few),
        ("no answer", no_answer),
        ("something else", something_else),
        ("nothing ran", nothing_ran),
        ("an error within", an_error_within),
        ("not queued", not_queued),
    ];
    for (what, answer) in servers {
        let port = serve_each(answer).await;
        let service = service(&format!("redis://127.0.0.1:{port}"));
        let hash = json!({ "value": { "f": "v" } });
        let edit = json!({ "edit": { "hash": { "set": { "fields": [["f", "v"]] } } }, "ttl": 5 });
        for (method, body) in [
            ("POST", hash.clone()),
            ("POST", json!({ "value": { "f": "v" }, "xx": true })),
            ("POST", json!({ "value": { "f": "v" }, "ttl": 7 })),
            ("PUT", edit),
        ] {
            let (status, answer) = send(&service, method, "/keys/k", body.clone()).await;
            assert!(status >= 400, "{what}: {method} {body} {answer}");
            assert_ne!(answer["error"]["code"], "VALIDATION_ERROR", "{what}: {body} {answer}");
            let expected: &[&str] = match what {
                "nothing ran" | "no answer" | "not queued" => &["not_applied", "unknown"],
                _ => &["unknown"],
            };
            let outcome = answer["error"]["outcome"].as_str().unwrap();
            assert!(expected.contains(&outcome), "{what}: {method} {body} {answer}");
        }
        for policy in ["skip", "replace"] {
            let (query, file) = (format!("on_conflict={policy}"), Upload::whole(IMPORT.as_bytes()));
            let records = import(&service, &query, file).await.unwrap().all().await;
            let ended: Vec<&Value> = told(&records, "end");
            assert_eq!(ended[0]["done"], 0, "{what} {policy}: {records:?}");
        }
    }
}
