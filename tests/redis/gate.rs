//! The table of commands against what servers say of theirs.

use serde_json::Value;
use studio_multidb::backend::redis::gate::Effect;
use studio_multidb::backend::redis::{Client, gate};
use studio_multidb::permission::Permission;

use crate::fixtures::given;
use crate::support::{command, connect};

/// One server of every generation, and what a cluster has besides.
async fn generations() -> Vec<(&'static str, Client)> {
    let mut clients = Vec::new();
    for name in
        ["TEST_REDIS_URL", "TEST_REDIS_62_URL", "TEST_REDIS_70_URL", "TEST_REDIS_CLUSTER_URL"]
    {
        if let Some(url) = given(name) {
            clients.push((name, connect(&url).await));
        }
    }
    clients
}

fn text(reply: &Value) -> &str {
    reply.as_str().or_else(|| reply["$status"].as_str()).unwrap_or_default()
}

/// The words of a set or array.
fn words(reply: &Value) -> Vec<&str> {
    let elements = reply.as_array().or_else(|| reply["$set"].as_array());
    elements.map(|elements| elements.iter().map(text).collect()).unwrap_or_default()
}

/// `config|get` or `get`, as the table finds them.
fn find(name: &str) -> Option<&'static gate::Command> {
    let (name, subcommand) = name.split_once('|').unwrap_or((name, ""));
    let subcommand = (!subcommand.is_empty()).then_some(subcommand.as_bytes());
    gate::find(name.as_bytes(), subcommand)
}

/// Flagged as dangerous, and read by everybody all the same: the endpoint of `INFO` is for readers,
/// `ROLE` and `LASTSAVE` tell a part of it, and `SORT_RO` reads keys, which readers may.
const HARMLESS: [&str; 4] = ["info", "role", "lastsave", "sort_ro"];

/// Checks what `COMMAND` says of a command, and of its subcommands.
fn check(entry: &Value, unclassified: &mut Vec<String>, too_low: &mut Vec<String>) {
    let name = text(&entry[0]);
    let (flags, categories) = (words(&entry[2]), words(&entry[6]));
    let flagged = ["write", "admin", "blocking"].iter().any(|flag| flags.contains(flag))
        || (categories.contains(&"@dangerous") && !HARMLESS.contains(&name));
    match find(name) {
        None => unclassified.push(name.to_owned()),
        Some(found) => {
            let reads = found.class == Ok(Permission::Read);
            let repeatable = found.effect == Effect::Read && flags.contains(&"write");
            if (reads && flagged) || repeatable {
                too_low.push(format!("{name} {flags:?}"));
            }
        }
    }
    for sub in entry[9].as_array().into_iter().flatten() {
        check(sub, unclassified, too_low);
    }
}

#[tokio::test]
async fn every_command_of_every_generation_is_classified_and_none_too_low() {
    for (name, client) in generations().await {
        let commands = command(&client, &["COMMAND"]).await.unwrap();
        let commands = commands.as_array().unwrap();
        assert!(commands.len() > 200, "{name}: {}", commands.len());
        let (mut unclassified, mut too_low) = (Vec::new(), Vec::new());
        for entry in commands {
            check(entry, &mut unclassified, &mut too_low);
        }
        assert_eq!((unclassified, too_low), (vec![], vec![]), "{name}");
    }
}

/// Servers before 7.0 have neither.
#[tokio::test]
async fn every_command_that_is_listed_or_documented_is_classified() {
    for (name, client) in generations().await {
        let Ok(list) = command(&client, &["COMMAND", "LIST"]).await else { continue };
        let mut names: Vec<String> = words(&list).into_iter().map(str::to_owned).collect();
        let docs = command(&client, &["COMMAND", "DOCS"]).await.unwrap();
        for doc in docs["$map"].as_array().unwrap() {
            names.push(text(&doc[0]).to_owned());
            let members = doc[1]["$map"].as_array().unwrap();
            let subcommands = members.iter().find(|member| member[0] == "subcommands");
            for sub in subcommands.iter().flat_map(|member| member[1]["$map"].as_array().unwrap()) {
                names.push(text(&sub[0]).to_owned());
            }
        }
        assert!(names.len() > 600, "{name}: {}", names.len());
        names.retain(|name| find(name).is_none());
        assert!(names.is_empty(), "{name}: {names:?}");
    }
}

/// What a server before 7.0 tells of its subcommands is their help.
#[tokio::test]
async fn every_subcommand_that_has_help_is_classified() {
    for (name, client) in generations().await {
        let mut seen = 0;
        for container in [
            "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "FUNCTION", "LATENCY", "MEMORY",
            "OBJECT", "PUBSUB", "SCRIPT", "SLOWLOG", "XGROUP", "XINFO",
        ] {
            let Ok(help) = command(&client, &[container, "HELP"]).await else { continue };
            for line in words(&help).into_iter().skip(1) {
                let word = line.split(' ').next().unwrap_or_default();
                // Explanations are indented; some commands do something without a subcommand.
                if word.is_empty() || word.starts_with('(') {
                    continue;
                }
                seen += 1;
                let found = gate::find(container.as_bytes(), Some(word.as_bytes()));
                assert!(found.is_some(), "{name}: {container} {word}");
            }
        }
        assert!(seen > 60, "{name}: {seen}");
    }
}

#[tokio::test]
async fn keys_are_where_the_server_finds_them() {
    let lines = [
        "GET a",
        "DEL a b c",
        "MSET a 1 b 2",
        "RENAME a b",
        "COPY a b",
        "BITOP AND d a b",
        "OBJECT ENCODING a",
        "MEMORY USAGE a SAMPLES 0",
        "XGROUP CREATE a g $",
        "XINFO STREAM a",
        "ZUNION 2 a b WEIGHTS 1 2",
        "ZUNIONSTORE d 2 a b",
        "ZRANGESTORE d a 0 1",
        "ZINTERCARD 2 a b LIMIT 1",
        "SINTERCARD 2 a b",
        "SDIFFSTORE d a b",
        "LMPOP 2 a b LEFT",
        "ZMPOP 1 a MIN",
        "LMOVE a b LEFT RIGHT",
        "LCS a b",
        "EVAL x 2 a b c",
        "FCALL f 1 a b",
        "XREAD COUNT 1 STREAMS a b 0 0",
        "XREADGROUP GROUP g c STREAMS a >",
        "SORT a BY p GET q STORE d",
        "GEORADIUS a 1 2 3 m STORE d",
        "GEORADIUSBYMEMBER a m 3 m STOREDIST d",
        "GEOSEARCHSTORE d a FROMMEMBER m BYRADIUS 1 m",
        "PFMERGE d a b",
        "STRALGO LCS KEYS a b",
        "HEXPIRE a 5 FIELDS 1 f",
        "MSETEX 2 a 1 b 2 EX 5",
        "SPUBLISH a m",
    ];
    for (name, client) in generations().await {
        for line in lines {
            let args: Vec<&str> = line.split(' ').collect();
            let mut ask = vec!["COMMAND", "GETKEYS"];
            ask.extend(&args);
            let found = match command(&client, &ask).await {
                Ok(found) => found,
                // A generation that doesn't have the command, or doesn't tell its keys.
                Err(error) => {
                    let said = error.message().to_ascii_lowercase();
                    assert!(
                        said.contains("invalid command") || said.contains("no key arg"),
                        "{said}"
                    );
                    continue;
                }
            };
            let mut expected = words(&found);
            let bytes: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
            let keys = gate::rule(&bytes).unwrap().keys;
            let mut located: Vec<&str> = keys.indices().map(|at| args[at]).collect();
            expected.sort_unstable();
            located.sort_unstable();
            assert_eq!(located, expected, "{name}: {line}");
        }
    }
}
