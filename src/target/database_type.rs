//! Which kind of backend a connection goes to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The four kinds of backend.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseType {
    /// PostgreSQL 12 to 18.
    Postgres,
    /// Redis 6.0 and later, Valkey 7 and later.
    Redis,
    /// MongoDB 5.0 and later.
    Mongodb,
    /// An HTTP service.
    BunApi,
}

impl DatabaseType {
    /// All kinds, in the order they are listed.
    pub const ALL: [Self; 4] = [Self::Postgres, Self::Redis, Self::Mongodb, Self::BunApi];

    /// The name in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Mongodb => "mongodb",
            Self::BunApi => "bun_api",
        }
    }

    /// The name people read in messages.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
            Self::Mongodb => "MongoDB",
            Self::BunApi => "Bun API",
        }
    }
}
