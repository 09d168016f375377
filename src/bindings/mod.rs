//! The Node side: converts, and nothing else.

// What JavaScript reaches is public for the macro, and reached from nowhere in Rust.
#![allow(unreachable_pub)]

mod answer;
mod errors;
mod mailbox;
mod manager;
mod runtime;
mod standalone;
