//! The Node side: converts, and nothing else.

// What JavaScript reaches is public for the macro, and reached from nowhere in Rust.
#![allow(unreachable_pub)]
// The macro exports nothing from a test build.
#![cfg_attr(test, allow(dead_code))]
// Arguments are converted by value, and a call has as many as JavaScript passes.
#![allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]

mod answer;
mod errors;
mod launch;
mod mailbox;
mod manager;
mod runtime;
mod standalone;
mod stream;
