//! Where a connection goes: typed targets, made only from options that are on a list.
//!
//! A user's connection string is parsed into one of these and then forgotten; each driver's own
//! configuration is built from the typed form, so that nothing a driver would read from a URI
//! (file paths, proxies, insecure switches) can be smuggled past us.
//!
//! [`TargetInput`] → [`Target::parse`] → [`Target`] → [`Target::stored`], and back by
//! [`TargetInput::from_stored`]. Sockets are opened by [`egress`], secured by [`tls`].

mod caller_headers;
mod columns;
mod database_type;
mod draft;
pub mod egress;
mod endpoint;
pub mod host;
mod input;
mod kinds;
mod options;
mod reader_paths;
mod refused;
pub mod stored;
#[cfg(test)]
mod tests;
pub mod tls;
mod uri;

pub use self::caller_headers::CallerHeaders;
pub use self::columns::Columns;
pub use self::database_type::DatabaseType;
pub use self::endpoint::Endpoint;
pub use self::input::{Rules, TargetInput};
pub use self::kinds::{
    ChannelBinding, HttpTarget, MongoTarget, PostgresTarget, RedisTarget, RedisTopology, Target,
};
pub use self::reader_paths::ReaderPaths;
pub use self::stored::Stored;
pub use self::tls::Tls;
