//! The `mongodb` crate, set up from a target.
//!
//! It gets its options field by field, opens its sockets through a tunnel of ours, and tells a meter
//! of its connections. A server is greeted by ourselves before the driver is set up.

mod hello;
mod meter;
mod options;
mod socks;
mod tunnel;

pub use self::hello::MongoTopology;
pub(super) use self::hello::say_hello;
pub(super) use self::meter::{Meter, RunningCall};
pub(super) use self::options::{APP_NAME, Seeds, client_options, read_preference};
pub(super) use self::tunnel::{Tunnel, connect};
