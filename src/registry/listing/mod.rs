//! Connections across projects: lists of them in `pages`, each of what a `filter` picks from a
//! `position` on, and `counts`.

mod counts;
mod filter;
mod pages;
mod position;

pub use counts::ConnectionStats;
pub use filter::{Filter, Page, PageRequest, Visible};
pub use pages::ConnectionPage;
