//! The registered connections: lists, changes, tests and counts.
//!
//! `/databases` is the registry across types and projects; `/{type}/{scope}/connections` is the
//! same for one project and type.

mod connections;
mod databases;
mod input;
mod overview;
mod trial;

use crate::request::operation::operations;

operations! {
    /// One page of the registered connections.
    ///
    /// Those of projects that the user may see, without their secrets: those of the environment first, then
    /// from the newest on. `cursor` leads to the next page.
    "registry.databases.list" GET "/databases" Registry Read 1 => databases::list;
    /// Registers a connection.
    ///
    /// It is tried first, and not saved if it does not work: the failure's `test` has the steps. With
    /// `skip_test` it is saved as INACTIVE.
    "registry.databases.create" POST "/databases" Registry Admin 5
        fails DbQueryError, DbInvalidCredentials, PoolExhausted, DbTlsError => databases::create;
    /// Counts of connections by type and state.
    ///
    /// Of projects that the user may see.
    "registry.databases.stats" GET "/databases/stats" Registry Read 2 => overview::stats;
    /// How connections are doing.
    ///
    /// As far as is known; with `probe` each of the page is tried now.
    "registry.databases.health" GET "/databases/health" Registry Read 5 => overview::health;
    /// Tries a connection that is not saved.
    ///
    /// Or a saved one with changes that are not. That it does not work is an answer and no failure.
    "registry.databases.test_unsaved" POST "/databases/test" Registry Admin 5 does reads => trial::unsaved;
    /// One connection, without its secrets.
    ///
    /// One of a project that the user has no part in is not found, like one that there is not.
    "registry.databases.get" GET "/databases/{id}" Entry Read 1 => databases::get;
    /// Changes a connection.
    ///
    /// A new scheme, host, port, user, TLS or authentication needs the password again.
    "registry.databases.update" PATCH "/databases/{id}" Entry Admin 2 => databases::update;
    /// Removes a connection from the registry.
    ///
    /// What is open to it is closed. What it connects to stays as it is.
    "registry.databases.delete" DELETE "/databases/{id}" Entry Admin 2 => databases::delete;
    /// Tries a connection step by step and notes the result.
    ///
    /// That it does not work is an answer and no failure.
    "registry.databases.test" POST "/databases/{id}/test" Entry Read 5 does reads => trial::saved;

    /// The project's Redis connections.
    ///
    /// One page: the primary first, then in order of registration. `cursor` leads to the next one.
    "redis.connections.list" GET "/redis/{scope}/connections" Project(Redis) Read 1
        => connections::list;
    /// Registers a Redis connection in the project.
    ///
    /// It is tried first, and not saved if it does not work. With `skip_test` it is saved as INACTIVE.
    "redis.connections.create" POST "/redis/{scope}/connections" Project(Redis) Admin 5
        fails DbQueryError, DbInvalidCredentials, PoolExhausted, DbTlsError => connections::create;
    /// Changes a Redis connection.
    ///
    /// A new scheme, host, port, user, TLS or authentication needs the password again.
    "redis.connections.update" PUT "/redis/{scope}/connections/{id}" Member(Redis) Admin 2
        => databases::update;
    /// Removes a Redis connection from the registry.
    ///
    /// What is open to it is closed. What it connects to stays as it is.
    "redis.connections.delete" DELETE "/redis/{scope}/connections/{id}" Member(Redis) Admin 2
        => databases::delete;
    /// Tries a Redis connection step by step and notes the result.
    ///
    /// That it does not work is an answer and no failure.
    "redis.connections.test" POST "/redis/{scope}/connections/{id}/test" Member(Redis) Read 5 does reads
        => trial::saved;

    /// The project's MongoDB connections.
    ///
    /// One page: the primary first, then in order of registration. `cursor` leads to the next one.
    "mongodb.connections.list" GET "/mongodb/{scope}/connections" Project(Mongodb) Read 1
        => connections::list;
    /// Registers a MongoDB connection in the project.
    ///
    /// It is tried first, and not saved if it does not work. With `skip_test` it is saved as INACTIVE.
    "mongodb.connections.create" POST "/mongodb/{scope}/connections" Project(Mongodb) Admin 5
        fails DbQueryError, DbInvalidCredentials, PoolExhausted, DbTlsError => connections::create;
    /// Changes a MongoDB connection.
    ///
    /// A new scheme, host, port, user, TLS or authentication needs the password again.
    "mongodb.connections.update" PUT "/mongodb/{scope}/connections/{id}" Member(Mongodb) Admin 2
        => databases::update;
    /// Removes a MongoDB connection from the registry.
    ///
    /// What is open to it is closed. What it connects to stays as it is.
    "mongodb.connections.delete" DELETE "/mongodb/{scope}/connections/{id}" Member(Mongodb) Admin 2
        => databases::delete;
    /// Tries a MongoDB connection step by step and notes the result.
    ///
    /// That it does not work is an answer and no failure.
    "mongodb.connections.test" POST "/mongodb/{scope}/connections/{id}/test" Member(Mongodb) Read 5 does reads
        => trial::saved;

    /// The project's PostgreSQL connections.
    ///
    /// One page: the primary first, then in order of registration. `cursor` leads to the next one.
    "postgres.connections.list" GET "/postgres/{scope}/connections" Project(Postgres) Read 1
        => connections::list;
    /// Registers a PostgreSQL connection in the project.
    ///
    /// It is tried first, and not saved if it does not work. With `skip_test` it is saved as INACTIVE.
    "postgres.connections.create" POST "/postgres/{scope}/connections" Project(Postgres) Admin 5
        fails DbQueryError, DbInvalidCredentials, PoolExhausted, DbTlsError => connections::create;
    /// Changes a PostgreSQL connection.
    ///
    /// A new scheme, host, port, user, TLS or authentication needs the password again.
    "postgres.connections.update" PUT "/postgres/{scope}/connections/{id}" Member(Postgres) Admin 2
        => databases::update;
    /// Removes a PostgreSQL connection from the registry.
    ///
    /// What is open to it is closed. What it connects to stays as it is.
    "postgres.connections.delete" DELETE "/postgres/{scope}/connections/{id}" Member(Postgres) Admin 2
        => databases::delete;
    /// Tries a PostgreSQL connection step by step and notes the result.
    ///
    /// That it does not work is an answer and no failure.
    "postgres.connections.test" POST "/postgres/{scope}/connections/{id}/test" Member(Postgres) Read 5 does reads
        => trial::saved;

    /// The project's Bun API connections.
    ///
    /// One page: the primary first, then in order of registration. `cursor` leads to the next one.
    "bun.connections.list" GET "/bun/{scope}/connections" Project(BunApi) Read 1
        => connections::list;
    /// Registers a Bun API connection in the project.
    ///
    /// It is tried first, and not saved if it does not work. With `skip_test` it is saved as INACTIVE.
    "bun.connections.create" POST "/bun/{scope}/connections" Project(BunApi) Admin 5
        fails DbQueryError, DbInvalidCredentials, PoolExhausted, DbTlsError => connections::create;
    /// Changes a Bun API connection.
    ///
    /// A new scheme, host, port, user, TLS or authentication needs the password again.
    "bun.connections.update" PUT "/bun/{scope}/connections/{id}" Member(BunApi) Admin 2
        => databases::update;
    /// Removes a Bun API connection from the registry.
    ///
    /// What is open to it is closed. What it connects to stays as it is.
    "bun.connections.delete" DELETE "/bun/{scope}/connections/{id}" Member(BunApi) Admin 2
        => databases::delete;
    /// Tries a Bun API connection step by step and notes the result.
    ///
    /// That it does not work is an answer and no failure.
    "bun.connections.test" POST "/bun/{scope}/connections/{id}/test" Member(BunApi) Read 5 does reads
        => trial::saved;
}
