//! Every capability, declared once per backend; `api` finds them here.

use crate::request::operation::Operation;

pub mod clients;
mod guard;
pub mod http;
mod metrics;
pub mod mongodb;
pub mod postgres;
pub mod redis;
pub mod registry;
pub mod service;
mod transfer;

/// All operations.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    [
        registry::OPERATIONS,
        registry::redis::OPERATIONS,
        registry::mongodb::OPERATIONS,
        registry::postgres::OPERATIONS,
        registry::bun::OPERATIONS,
        redis::OPERATIONS,
        redis::pubsub::OPERATIONS,
        redis::bulk::OPERATIONS,
        redis::transfer::OPERATIONS,
        mongodb::catalog::OPERATIONS,
        mongodb::indexes::OPERATIONS,
        mongodb::server::OPERATIONS,
        redis::keys::OPERATIONS,
        redis::server::OPERATIONS,
        mongodb::OPERATIONS,
        mongodb::aggregate::OPERATIONS,
        mongodb::analysis::OPERATIONS,
        mongodb::watch::OPERATIONS,
        mongodb::transfer::OPERATIONS,
        postgres::OPERATIONS,
        http::OPERATIONS,
        service::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}
