//! What an older Studio left: its table `platform.databases`.
//!
//! Secrets lie there in plain text. `import` takes its connections over, each a `row`, and its target
//! where the columns contradict each other (`reconcile`); the old table is kept as
//! `platform.databases_legacy`. `left_behind` and `plaintext` are what is still to be looked after.

mod import;
mod imported;
mod left_behind;
mod plaintext;
mod reconcile;
mod row;

pub(super) use import::{import, plan};
pub use imported::{Attention, Imported};
pub(super) use left_behind::left_behind;
pub use plaintext::Plaintext;
pub(super) use plaintext::find as find_plaintext;
