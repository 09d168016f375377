//! Any line is read or refused, and what it says is ruled on.

#![no_main]

use libfuzzer_sys::fuzz_target;
use studio_multidb::backend::redis::{console, gate};

fuzz_target!(|line: &str| {
    let Ok(words) = console::split(line) else { return };
    assert!(words.iter().map(Vec::len).sum::<usize>() <= line.len());
    let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    if let Ok(ruling) = gate::rule(&args) {
        assert!(ruling.keys.indices().all(|key| key > 0 && key < args.len()));
    }
});
