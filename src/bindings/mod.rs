//! The Node side: converts, and nothing else.

mod answer;
mod errors;
mod mailbox;
mod manager;
mod runtime;
mod standalone;
