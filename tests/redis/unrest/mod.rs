//! What is true while slots move, and while other servers become primaries.
//!
//! Each test begins its work, has the servers changed while it is under way, and puts everything back.
//! No other test may run on them meanwhile.

mod bulk;
mod copy;
mod edits;
mod scene;
mod shifting;
mod slots;
mod takeover;
mod transfer;
mod views;
mod walks;

use serde_json::Value;
use studio_multidb::backend::redis::Client;

use crate::support::batch;

/// Runs commands, those about keys; all must succeed.
async fn all(client: &Client, commands: Vec<Vec<String>>) {
    for commands in commands.chunks(500) {
        let commands: Vec<Vec<&str>> =
            commands.iter().map(|c| c.iter().map(String::as_str).collect()).collect();
        let commands: Vec<&[&str]> = commands.iter().map(Vec::as_slice).collect();
        for result in batch(client, &commands).await {
            assert!(result.get("error").is_none(), "{result}");
        }
    }
}

/// What each command about a key answers.
async fn each(client: &Client, keys: &[String], command: &str) -> Vec<Value> {
    let mut answers = Vec::with_capacity(keys.len());
    for keys in keys.chunks(500) {
        let commands: Vec<[&str; 2]> = keys.iter().map(|key| [command, key.as_str()]).collect();
        let commands: Vec<&[&str]> = commands.iter().map(<[&str; 2]>::as_slice).collect();
        answers.extend(batch(client, &commands).await.into_iter().map(|result| {
            assert!(result.get("error").is_none(), "{result}");
            result["ok"].clone()
        }));
    }
    answers
}

/// What may be told while servers change: that they could not be reached, never that we were wrong.
fn is_honest(code: &Value) -> bool {
    ["DB_CONNECTION_FAILED", "DB_TIMEOUT", "POOL_EXHAUSTED"].iter().any(|known| code == known)
}
