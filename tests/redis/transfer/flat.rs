//! A value of any length passes through without being held.
//!
//! Memory is that of a process, so what is measured runs in one of its own. By hand, of any size:
//!
//! `TEST_REDIS_URL=… PASSING_MIB=1024 cargo test --test redis flat -- --ignored --nocapture`

use std::process::Command;

use bytes::Bytes;
use serde_json::{Value, json};
use studio_multidb::request::upload::Upload;

use super::end;
use crate::fixtures::given;
use crate::http::service;
use crate::streams;
use crate::support::{batch, command, connect, prefix};

/// Megabytes that pass, and how many more than before the process may ever have.
const PASSING: usize = 96;
const HELD: u64 = 40;

/// What one element of the list has besides its number.
const ELEMENT: usize = 1 << 10;

#[test]
fn a_list_of_any_length_is_exported_and_imported_with_flat_memory() {
    if given("TEST_REDIS_URL").is_none() {
        return;
    }
    let this = std::env::current_exe().unwrap();
    let measured = "transfer::flat::much_passes_and_little_is_held";
    let run = Command::new(this).args(["--ignored", "--exact", measured]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "what is measured is the whole process"]
#[allow(clippy::print_stderr)]
async fn much_passes_and_little_is_held() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let passing = std::env::var("PASSING_MIB").ok().and_then(|mib| mib.parse().ok());
    let passing = passing.unwrap_or(PASSING);
    let (client, there) = (connect(&url).await, connect(&format!("{url}/3")).await);
    let key = prefix();
    // A script makes it, a few megabytes at a time: nothing of it comes from here.
    let script = format!(
        "for i = 1, 4096 do redis.call('RPUSH', KEYS[1], string.rep('x', {ELEMENT})..i) end"
    );
    for _ in 0..passing.div_ceil(4) {
        command(&client, &["EVAL", &script, "1", &key]).await.unwrap();
    }
    let (from, to) = (service(&url), service(&format!("{url}/3")));
    let before = resident("VmRSS:");
    std::fs::write("/proc/self/clear_refs", "5").unwrap();

    let mut export = streams::export(&from, &format!("pattern={key}")).await.unwrap();
    let (sender, upload) = Upload::channel();
    let import = streams::import(&to, "", upload).await.unwrap();
    let importing = tokio::spawn(import.all());
    let mut passed = 0;
    while let Some(line) = export.line().await {
        passed += line.len();
        assert!(sender.send(Bytes::from(line)).await, "the import has ended");
    }
    sender.end().await;
    let records = importing.await.unwrap();
    let (ended, error) = end(&records);
    assert_eq!((error, &ended["done"]), (None, &json!(1)), "{records:?}");
    let held = resident("VmHWM:").saturating_sub(before) >> 10;
    eprintln!("{} MiB passed, {held} MiB more than the {} MiB before", passed >> 20, before >> 10);

    let length = async |client| batch(client, &[&["LLEN", &key]]).await[0]["ok"].clone();
    let (sent, arrived): (Value, Value) = (length(&client).await, length(&there).await);
    for client in [&client, &there] {
        batch(client, &[&["UNLINK", &key]]).await;
    }
    assert_eq!(sent, arrived);
    assert!(passed >> 20 >= passing, "{passed} bytes passed");
    assert!(held <= HELD, "{held} MiB were held");
}

/// A line of what the system says of this process, in KiB.
fn resident(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}
