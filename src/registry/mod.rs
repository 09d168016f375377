//! The registered connections, in the platform database.
//!
//! [`Registry`] is the door. Below it, top down: `resolve` turns what a URL says into one connection,
//! by way of a `scope`; `listing` and `edit` are the lists and the changes; `connection` is a
//! row without its secrets, which `rows` reads, `write` writes, `vault` opens and `shown` shows; `caches` keep what
//! was read and learn of changes. `migrate` and `rotate` are the operator's commands; `legacy` is what
//! an older Studio left, and `openable` tells which secrets don't open.
//!
//! Connections from the environment (`environment`) and those that the operator's own code names
//! ([`direct`]) stand beside the registered ones and work without any platform database.

mod caches;
mod connection;
pub mod direct;
mod edit;
mod environment;
mod legacy;
mod listing;
mod migrate;
mod open;
mod openable;
mod resolve;
mod rotate;
mod rows;
mod scope;
mod shown;
mod vault;
mod write;

pub use connection::{Connection, Project, Status};
pub use edit::{Changes, NewConnection};
pub use legacy::{Attention, Imported, Plaintext};
pub use listing::{ConnectionPage, ConnectionStats, Filter, Page, PageRequest, Visible};
pub use migrate::Report;
pub use open::Registry;
pub use rotate::{Failed, Rotation};
pub use scope::{Address, Located, not_found};
