//! What scripts of an administrator's may call.

use serde_json::Value;
use studio_multidb::backend::redis::{Client, gate};
use studio_multidb::error::Result;
use studio_multidb::json::{Object, Writer};

use crate::fixtures::{given, soon};
use crate::support::{batch, command, connect, json, prefix};

/// Both ends of what is in use.
const GENERATIONS: [&str; 2] = ["TEST_REDIS_URL", "TEST_REDIS_62_URL"];

const REFUSED: &str = "is not offered to scripts";

async fn run(client: &Client, args: &[&[u8]]) -> Result<Value> {
    let ruling = gate::rule(args)?;
    let mut out = Writer::new();
    let mut object = Object::open(&mut out);
    client.command(args, &ruling, None, soon()).await?.write(&mut object)?;
    object.close();
    Ok(json(out)["reply"].take())
}

/// The name of a command, and of its subcommands, as `COMMAND` tells them.
fn names(entry: &Value, found: &mut Vec<String>) {
    let name = entry[0].as_str().or_else(|| entry[0]["$status"].as_str()).unwrap_or_default();
    found.push(name.replace('|', " "));
    for sub in entry[9].as_array().into_iter().flatten() {
        names(sub, found);
    }
}

#[tokio::test]
async fn no_command_that_is_refused_can_be_called_from_a_script() {
    for server_name in GENERATIONS {
        let Some(url) = given(server_name) else { continue };
        let client = connect(&url).await;
        let commands = command(&client, &["COMMAND"]).await.unwrap();
        let mut all = vec!["nothing of the kind".to_owned(), String::new()];
        commands.as_array().unwrap().iter().for_each(|entry| names(entry, &mut all));
        let mut refused = 0;
        for name in all {
            let (first, second) = name.split_once(' ').unwrap_or((&name, ""));
            let second_word = (!second.is_empty()).then_some(second.as_bytes());
            let found = gate::find(first.as_bytes(), second_word);
            if found.is_some_and(gate::Command::is_offered_to_scripts) {
                continue;
            }
            for (call, spelt) in [
                ("call", first.to_ascii_uppercase()),
                ("pcall", first.to_ascii_lowercase()),
                ("call", format!("{}{}", &first[..first.len().min(1)].to_uppercase(), first)),
            ] {
                let script = format!("return redis.{call}(ARGV[1], ARGV[2], ARGV[3])");
                let args = ["EVAL", &script, "0", &spelt, second, "x"];
                let error = command(&client, &args).await.unwrap_err();
                assert!(error.message().contains(REFUSED), "{server_name} {name}: {error}");
                refused += 1;
            }
        }
        assert!(refused > 100, "{refused}");
    }
}

/// Ways around a fence; `ARGV[1]` is a dump that the server would take.
const ESCAPES: [&str; 27] = [
    "return redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return redis.pcall('restore', KEYS[1], 0, ARGV[1])",
    "return redis.call('ReStOrE', KEYS[1], 0, ARGV[1])",
    "return redis.call('RESTORE-ASKING', KEYS[1], 0, ARGV[1])",
    "return server.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return _G.redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return _G['server'].call('RESTORE', KEYS[1], 0, ARGV[1])",
    "=_G return _G.redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "=1,2 return redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    ",x=_G return x.redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return loadstring(\"return redis.call('RESTORE', KEYS[1], 0, ARGV[1])\")()",
    "return load(function() return nil end) or redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return getfenv(0).redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return getfenv(redis.call).redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return setfenv(1, {}).redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return debug.getregistry().redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "local _, f = debug.getupvalue(redis.call, 1) return f('RESTORE', KEYS[1], 0, ARGV[1])",
    "return require('redis').call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return package.loaded.redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "local redis = nil return redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "return select(2, pcall(redis.call, 'RESTORE', KEYS[1], 0, ARGV[1]))",
    "return coroutine.wrap(function() return redis.call('RESTORE', KEYS[1], 0, ARGV[1]) end)()",
    "return redis.call(setmetatable({}, {__tostring = function() return 'RESTORE' end}), KEYS[1], 0, ARGV[1])",
    "return redis.call('EVAL', \"return redis.call('RESTORE', KEYS[1], 0, ARGV[1])\", 1, KEYS[1], ARGV[1])",
    "error = function() end return redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
    "string.upper = function() return 'GET' end return redis.call('restore', KEYS[1], 0, ARGV[1])",
    "pairs = function(t) taken = t end return redis.call('RESTORE', KEYS[1], 0, ARGV[1])",
];

#[tokio::test]
async fn no_script_finds_a_way_around() {
    for server_name in GENERATIONS {
        let Some(url) = given(server_name) else { continue };
        let client = connect(&url).await;
        let (from, to) = (prefix(), prefix());
        batch(&client, &[&["SET", &from, "v"]]).await;
        let dump = client.dump(&[from.as_bytes()], soon()).await.remove(0).unwrap().unwrap();
        // What a script does to the server's libraries must not help the next one: twice each.
        for script in ESCAPES.iter().chain(&ESCAPES) {
            for whole in [(*script).to_owned(), format!("#!lua\n{script}"), format!("\n{script}")] {
                let args: [&[u8]; 5] = [b"EVAL", whole.as_bytes(), b"1", to.as_bytes(), &dump];
                let _ = run(&client, &args).await;
                let loaded = run(&client, &[b"SCRIPT", b"LOAD", whole.as_bytes()]).await;
                if let Some(digest) = loaded.ok().as_ref().and_then(Value::as_str) {
                    let args: [&[u8]; 5] =
                        [b"EVALSHA", digest.as_bytes(), b"1", to.as_bytes(), &dump];
                    let _ = run(&client, &args).await;
                }
                let there = batch(&client, &[&["EXISTS", &to]]).await;
                assert_eq!(there[0]["ok"], 0, "{server_name}: {whole}");
            }
        }
        batch(&client, &[&["DEL", &from]]).await;
    }
}

#[tokio::test]
async fn scripts_go_on_doing_what_they_are_for() {
    for server_name in GENERATIONS {
        let Some(url) = given(server_name) else { continue };
        let client = connect(&url).await;
        let key = prefix();
        for (script, expected) in [
            ("return redis.call('SET', KEYS[1], ARGV[1]).ok", "OK"),
            ("return redis.call('get', KEYS[1])", "v"),
            ("return redis.call('OBJECT', 'ENCODING', KEYS[1])", "embstr"),
            ("return redis.call('object', 'encoding', KEYS[1])", "embstr"),
            ("return redis.pcall('LPUSH', KEYS[1], 'a').err and 'wrong type'", "wrong type"),
            ("return redis.sha1hex('')", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("return cjson.encode({ redis.status_reply('a').ok })", "[\"a\"]"),
            ("local redis = redis\nlocal get = redis.call\nreturn get('GET', KEYS[1])", "v"),
        ] {
            let ran = command(&client, &["EVAL", script, "1", &key, "v"]).await;
            assert_eq!(ran.unwrap(), expected, "{server_name}: {script}");
        }
        let error = command(&client, &["EVAL", "return 1\nnonsense", "0"]).await.unwrap_err();
        assert!(error.message().contains(":2:"), "the line is told as it is: {error}");
        batch(&client, &[&["DEL", &key]]).await;
    }
}
