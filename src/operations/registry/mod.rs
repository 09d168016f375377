//! The registered connections: lists, changes, tests and counts.
//!
//! `/databases` is the registry across types and projects; `/{type}/{scope}/connections` is the
//! same for one project and type. A deleted connection answers `{ "data": { "id": … } }`.

mod connections;
mod databases;
mod input;
mod overview;
mod trial;

use crate::request::operation::operations;

operations! {
    /// One page of the registered connections, newest first.
    "registry.databases.list" GET "/databases" Registry Read 1 => databases::list;
    /// Registers a connection. It is tried first; with `skip_test` it is saved as INACTIVE.
    "registry.databases.create" POST "/databases" Registry Admin 5 => databases::create;
    /// Counts of connections by type and state.
    "registry.databases.stats" GET "/databases/stats" Registry Read 2 => overview::stats;
    /// How connections are doing; with `probe` each is tried now.
    "registry.databases.health" GET "/databases/health" Registry Read 5 => overview::health;
    /// Tries a connection that is not saved.
    "registry.databases.test_unsaved" POST "/databases/test" Registry Admin 5 does reads => trial::unsaved;
    /// One connection, without its secrets.
    "registry.databases.get" GET "/databases/{id}" Entry Read 1 => databases::get;
    /// Changes a connection. A new scheme, host, port, user, TLS or authentication needs the
    /// password again.
    "registry.databases.update" PATCH "/databases/{id}" Entry Admin 2 => databases::update;
    /// Removes a connection from the registry.
    "registry.databases.delete" DELETE "/databases/{id}" Entry Admin 2 => databases::delete;
    /// Tries a connection step by step and notes the result.
    "registry.databases.test" POST "/databases/{id}/test" Entry Read 5 does reads => trial::saved;

    /// The project's Redis connections.
    "redis.connections.list" GET "/redis/{scope}/connections" Project(Redis) Read 1
        => connections::list;
    /// Registers a Redis connection in the project.
    "redis.connections.create" POST "/redis/{scope}/connections" Project(Redis) Admin 5
        => connections::create;
    /// Changes a Redis connection.
    "redis.connections.update" PUT "/redis/{scope}/connections/{id}" Member(Redis) Admin 2
        => databases::update;
    /// Removes a Redis connection from the registry.
    "redis.connections.delete" DELETE "/redis/{scope}/connections/{id}" Member(Redis) Admin 2
        => databases::delete;
    /// Tries a Redis connection and notes the result.
    "redis.connections.test" POST "/redis/{scope}/connections/{id}/test" Member(Redis) Read 5 does reads
        => trial::saved;

    /// The project's MongoDB connections.
    "mongodb.connections.list" GET "/mongodb/{scope}/connections" Project(Mongodb) Read 1
        => connections::list;
    /// Registers a MongoDB connection in the project.
    "mongodb.connections.create" POST "/mongodb/{scope}/connections" Project(Mongodb) Admin 5
        => connections::create;
    /// Changes a MongoDB connection.
    "mongodb.connections.update" PUT "/mongodb/{scope}/connections/{id}" Member(Mongodb) Admin 2
        => databases::update;
    /// Removes a MongoDB connection from the registry.
    "mongodb.connections.delete" DELETE "/mongodb/{scope}/connections/{id}" Member(Mongodb) Admin 2
        => databases::delete;
    /// Tries a MongoDB connection and notes the result.
    "mongodb.connections.test" POST "/mongodb/{scope}/connections/{id}/test" Member(Mongodb) Read 5 does reads
        => trial::saved;

    /// The project's PostgreSQL connections.
    "postgres.connections.list" GET "/postgres/{scope}/connections" Project(Postgres) Read 1
        => connections::list;
    /// Registers a PostgreSQL connection in the project.
    "postgres.connections.create" POST "/postgres/{scope}/connections" Project(Postgres) Admin 5
        => connections::create;
    /// Changes a PostgreSQL connection.
    "postgres.connections.update" PUT "/postgres/{scope}/connections/{id}" Member(Postgres) Admin 2
        => databases::update;
    /// Removes a PostgreSQL connection from the registry.
    "postgres.connections.delete" DELETE "/postgres/{scope}/connections/{id}" Member(Postgres) Admin 2
        => databases::delete;
    /// Tries a PostgreSQL connection and notes the result.
    "postgres.connections.test" POST "/postgres/{scope}/connections/{id}/test" Member(Postgres) Read 5 does reads
        => trial::saved;

    /// The project's Bun API connections.
    "bun.connections.list" GET "/bun/{scope}/connections" Project(BunApi) Read 1
        => connections::list;
    /// Registers a Bun API connection in the project.
    "bun.connections.create" POST "/bun/{scope}/connections" Project(BunApi) Admin 5
        => connections::create;
    /// Changes a Bun API connection.
    "bun.connections.update" PUT "/bun/{scope}/connections/{id}" Member(BunApi) Admin 2
        => databases::update;
    /// Removes a Bun API connection from the registry.
    "bun.connections.delete" DELETE "/bun/{scope}/connections/{id}" Member(BunApi) Admin 2
        => databases::delete;
    /// Tries a Bun API connection and notes the result.
    "bun.connections.test" POST "/bun/{scope}/connections/{id}/test" Member(BunApi) Read 5 does reads
        => trial::saved;
}
