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
}

/// For each type of connection, what is below `/{type}/{scope}/connections`.
macro_rules! types {
    ($($module:ident $path:literal $type:ident $shown:literal)*) => {$(
        /// The connections of one type.
        pub mod $module {
            use super::{connections, databases, trial};
            use crate::request::operation::operations;

            operations! {
                #[doc = concat!("The project's ", $shown, " connections.")]
                ///
                /// One page: the primary first, then in order of registration. `cursor` leads to the next one.
                $path ".connections.list" GET "/" $path "/{scope}/connections"
                    Project($type) Read 1 => connections::list;
                #[doc = concat!("Registers a ", $shown, " connection in the project.")]
                ///
                /// It is tried first, and not saved if it does not work. With `skip_test` it is saved as INACTIVE.
                $path ".connections.create" POST "/" $path "/{scope}/connections"
                    Project($type) Admin 5
                    fails DbQueryError, DbInvalidCredentials, PoolExhausted, DbTlsError
                    => connections::create;
                #[doc = concat!("Changes a ", $shown, " connection.")]
                ///
                /// A new scheme, host, port, user, TLS or authentication needs the password again.
                $path ".connections.update" PUT "/" $path "/{scope}/connections/{id}"
                    Member($type) Admin 2 => databases::update;
                #[doc = concat!("Removes a ", $shown, " connection from the registry.")]
                ///
                /// What is open to it is closed. What it connects to stays as it is.
                $path ".connections.delete" DELETE "/" $path "/{scope}/connections/{id}"
                    Member($type) Admin 2 => databases::delete;
                #[doc = concat!("Tries a ", $shown, " connection step by step and notes the result.")]
                ///
                /// That it does not work is an answer and no failure.
                $path ".connections.test" POST "/" $path "/{scope}/connections/{id}/test"
                    Member($type) Read 5 does reads => trial::saved;
            }
        }
    )*};
}

types! {
    redis "redis" Redis "Redis"
    mongodb "mongodb" Mongodb "MongoDB"
    postgres "postgres" Postgres "PostgreSQL"
    bun "bun" BunApi "Bun API"
}
