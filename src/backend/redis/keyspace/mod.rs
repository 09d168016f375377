//! Keys by their names, whatever they hold: pages of them ([`scan`]), their namespaces ([`tree`]),
//! all that fit a filter ([`sweep`], [`selection`]), how many these are ([`reach`]); and what is done
//! to a key as a whole: its time ([`lifetime`]), another name or a copy (`relocate`), and one change
//! of many ([`bulk`]).
//!
//! A `walk` asks `SCAN` of one node after the other, and a `cursor` says where it stands.

pub mod bulk;
pub(super) mod cursor;
mod filter;
mod glob;
pub mod lifetime;
pub(super) mod metadata;
pub mod reach;
mod relocate;
pub mod scan;
pub mod selection;
pub mod sweep;
pub mod tree;
pub(super) mod walk;

pub use filter::Filter;
pub use glob::starting_with;
pub use metadata::Columns;
pub use walk::Budget;
