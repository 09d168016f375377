//! Whatever a server sends is one JSON text, or no reply.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use studio_multidb::backend::redis::console;

fuzz_target!(|wire: &[u8]| {
    if let Some(json) = console::transcode(wire) {
        // Not into a tree: replies may nest more deeply than serde_json builds one.
        let json = std::str::from_utf8(&json).expect("text");
        serde_json::from_str::<IgnoredAny>(json).expect("a JSON text");
    }
});
