use std::collections::HashSet;

use proptest::prelude::*;

use super::table::FAMILIES;
use super::*;

fn rule_on(line: &str) -> Result<Ruling> {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    rule(&args)
}

fn permission(line: &str) -> Option<Permission> {
    rule_on(line).ok().map(|ruling| ruling.permission)
}

fn all_are(lines: &[&str], permission: Permission, effect: Effect) {
    for line in lines {
        let ruling = rule_on(line).unwrap();
        assert_eq!((ruling.permission, ruling.effect), (permission, effect), "{line}");
    }
}

fn keys(line: &str) -> Vec<&str> {
    let words: Vec<&str> = line.split(' ').collect();
    rule_on(line).unwrap().keys.indices().map(|at| words[at]).collect()
}

#[test]
fn every_command_is_found_by_its_name_in_any_case() {
    let mut seen = HashSet::new();
    for command in FAMILIES.iter().copied().flatten() {
        assert!(seen.insert(command.name), "{} is in the table twice", command.name);
        for name in [command.name.to_owned(), command.name.to_ascii_lowercase()] {
            assert_eq!(find(name.as_bytes(), None).unwrap().name, command.name);
        }
    }
}

#[test]
fn subcommands_are_named_after_their_command() {
    for command in FAMILIES.iter().copied().flatten().filter(|command| command.has_subcommands()) {
        for sub in command.subcommands {
            let word = sub.name.strip_prefix(command.name).and_then(|rest| rest.strip_prefix(' '));
            let found = find(command.name.as_bytes(), Some(word.unwrap().as_bytes())).unwrap();
            assert_eq!(found.name, sub.name);
        }
    }
}

#[test]
fn what_is_not_in_the_table_is_refused() {
    for line in ["NOPE", "", "GETT", "CONFIG NOPE", "CLIENT LISTS", "CONFIG|GET", "get\0 a"] {
        let refused = rule_on(line).unwrap_err();
        assert_eq!(refused.code(), Code::OperationNotAllowed, "{line}");
    }
    assert_eq!(rule(&[]).unwrap_err().code(), Code::ValidationError);
}

#[test]
fn what_nobody_may_do_is_refused_with_the_reason() {
    let cases = [
        ("MODULE LOAD x", "dangerous"),
        ("DEBUG SLEEP 1", "dangerous"),
        ("SHUTDOWN NOSAVE", "dangerous"),
        ("REPLICAOF NO ONE", "dangerous"),
        ("SLAVEOF NO ONE", "dangerous"),
        ("FAILOVER", "dangerous"),
        ("MIGRATE h 1 k 0 1", "dangerous"),
        ("RESTORE k 0 x", "dangerous"),
        ("SYNC", "internal"),
        ("PSYNC ? -1", "internal"),
        ("MONITOR", "endless"),
        ("SAVE", "blocks"),
        ("config set requirepass x", "dangerous"),
        ("CONFIG REWRITE", "dangerous"),
        ("ACL SETUSER x", "dangerous"),
        ("ACL DELUSER x", "dangerous"),
        ("ACL LOG RESET", "dangerous"),
        ("CLUSTER FAILOVER", "dangerous"),
        ("CLUSTER RESET", "dangerous"),
        ("CLIENT KILL x", "dangerous"),
        ("CLIENT PAUSE 1", "dangerous"),
        ("CLIENT REPLY OFF", "session"),
        ("SCRIPT DEBUG YES", "dangerous"),
        ("FUNCTION LOAD x", "dangerous"),
        ("SELECT 1", "session"),
        ("AUTH x", "session"),
        ("HELLO 3", "session"),
        ("MULTI", "session"),
        ("WATCH k", "session"),
        ("RESET", "session"),
        ("SUBSCRIBE c", "endless"),
        ("BLPOP k 0", "blocks"),
        ("WAIT 1 0", "blocks"),
        ("XREAD BLOCK 0 STREAMS s $", "blocks"),
        ("CONFIG", "incomplete"),
    ];
    for (line, reason) in cases {
        let refused = rule_on(line).unwrap_err();
        assert_eq!(refused.code(), Code::OperationNotAllowed, "{line}");
        assert_eq!(refused.details()["reason"], reason, "{line}");
    }
}

#[test]
fn what_looks_like_a_read_and_writes_is_a_write() {
    let lines = [
        "GETEX k",
        "GETDEL k",
        "GETSET k v",
        "SET k v GET",
        "SORT k STORE d",
        "SORT k BY p* store d",
        "GEORADIUS k 1 2 3 m STORE d",
        "GEORADIUS k 1 2 3 m WITHDIST STOREDIST d",
        "GEORADIUSBYMEMBER k m 3 m COUNT 5 ANY STORE d",
        "BITFIELD k SET u8 0 1",
        "BITFIELD k GET u8 0 INCRBY u8 0 1",
        "XREADGROUP GROUP g c STREAMS s >",
        "SPOP k",
        "PUBLISH c m",
        "SPUBLISH c m",
        "HGETEX k FIELDS 1 f",
        "COPY a b",
    ];
    all_are(&lines, Permission::Write, Effect::Write);
}

#[test]
fn what_only_reads_is_a_read() {
    let lines = [
        "get k",
        "SORT k BY p LIMIT 0 5 GET a GET b DESC ALPHA",
        "SORT k GET STORE",
        "SORT_RO k",
        "GEORADIUS k 1 2 3 m WITHCOORD COUNT 5 ASC",
        "GEORADIUSBYMEMBER k m 3 m",
        "BITFIELD k GET u8 0 get u8 8",
        "BITFIELD k",
        "XREAD COUNT 5 STREAMS s 0",
        "XREAD STREAMS BLOCK 0",
        "INFO",
        "OBJECT ENCODING k",
        "MEMORY USAGE k",
        "XINFO STREAM s",
        "COMMAND",
        "COMMAND DOCS get",
        "CLUSTER NODES",
        "JSON.GET k",
    ];
    all_are(&lines, Permission::Read, Effect::Read);
}

#[test]
fn what_reads_on_is_for_readers_and_is_sent_once() {
    all_are(&["FT.CURSOR READ i 7"], Permission::Read, Effect::Write);
}

#[test]
fn what_affects_others_is_for_administrators() {
    let writes = [
        "FLUSHALL",
        "FLUSHDB",
        "SWAPDB 0 1",
        "EVAL x 0",
        "EVALSHA x 0",
        "FCALL f 0",
        "SCRIPT FLUSH",
        "CONFIG RESETSTAT",
        "FUNCTION DELETE l",
        "BGSAVE",
    ];
    all_are(&writes, Permission::Admin, Effect::Write);
    let reads = ["KEYS *", "CONFIG GET *", "CLIENT LIST", "SLOWLOG GET", "ACL LIST", "ACL LOG 5"];
    all_are(&reads, Permission::Admin, Effect::Read);
}

#[test]
fn options_that_are_not_understood_count_as_the_worst() {
    assert_eq!(permission("SORT k NEW"), Some(Permission::Write));
    assert_eq!(permission("SORT k LIMIT 0"), Some(Permission::Write));
    assert_eq!(permission("BITFIELD k GET u8"), Some(Permission::Write));
    assert_eq!(permission("XREAD NEW STREAMS s 0"), None);
    assert_eq!(permission("XREADGROUP GROUP g STREAMS s >"), None);
}

#[test]
fn keys_are_found_wherever_they_stand() {
    let cases: [(&str, &[&str]); 26] = [
        ("GET a", &["a"]),
        ("PING", &[]),
        ("DEL a b c", &["a", "b", "c"]),
        ("MSET a 1 b 2", &["a", "b"]),
        ("MSETEX 2 a 1 b 2 EX 5", &["a", "b"]),
        ("RENAME a b", &["a", "b"]),
        ("BITOP AND d a b", &["d", "a", "b"]),
        ("OBJECT ENCODING a", &["a"]),
        ("XGROUP CREATE a g $", &["a"]),
        ("MEMORY USAGE a SAMPLES 0", &["a"]),
        ("ZUNION 2 a b WEIGHTS 1 2", &["a", "b"]),
        ("ZUNIONSTORE d 2 a b", &["d", "a", "b"]),
        ("SINTERCARD 2 a b LIMIT 1", &["a", "b"]),
        ("LMPOP 1 a LEFT", &["a"]),
        ("EVAL x 2 a b c", &["a", "b"]),
        ("EVAL x 0 a", &[]),
        ("EVAL x -1 a", &[]),
        ("EVAL x 9 a", &[]),
        ("EVAL x 18446744073709551615 a", &[]),
        ("XREAD COUNT 1 STREAMS a b 0 0", &["a", "b"]),
        ("SORT a GET p STORE d", &["d", "a"]),
        ("GEORADIUS a 1 2 3 m STOREDIST d", &["d", "a"]),
        ("GEOSEARCHSTORE d a FROMMEMBER m BYRADIUS 1 m", &["d", "a"]),
        ("JSON.MGET a b $", &["a", "b"]),
        ("STRALGO LCS LEN KEYS a b", &["a", "b"]),
        ("SPUBLISH c m", &["c"]),
    ];
    for (line, expected) in cases {
        assert_eq!(keys(line), expected, "{line}");
    }
}

proptest! {
    #[test]
    fn no_arguments_lead_to_a_key_that_is_not_there(
        at in 0_usize..1000, args in proptest::collection::vec("[a-z0-9-]{0,3}|STORE|STREAMS|KEYS", 0..8)
    ) {
        let commands: Vec<&Command> = FAMILIES.iter().copied().flatten()
            .flat_map(|c| std::iter::once(c).chain(c.subcommands)).collect();
        let command = commands[at % commands.len()];
        let mut words: Vec<&[u8]> = command.name.split(' ').map(str::as_bytes).collect();
        words.extend(args.iter().map(String::as_bytes));
        if let Ok(ruling) = rule(&words) {
            prop_assert!(ruling.keys.indices().all(|key| key > 0 && key < words.len()));
        }
    }

    #[test]
    fn any_bytes_are_ruled_on(args in proptest::collection::vec(any::<Vec<u8>>(), 0..5)) {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let _ = rule(&args);
    }
}
