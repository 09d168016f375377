//! The four kinds of target, each read from a draft, and the one that is any of them.

mod http;
mod mongodb;
mod postgres;
mod redis;
mod spelling;
mod target;

pub use self::http::HttpTarget;
pub use self::mongodb::MongoTarget;
pub use self::postgres::{ChannelBinding, PostgresTarget};
pub use self::redis::{RedisTarget, RedisTopology};
pub use self::target::Target;
