//! Every command of Redis 6 to 8, Valkey 7 to 9 and the modules that come with them.

mod collections;
mod keyspace;
mod modules;
mod server;
mod session;
mod sorted_sets;
mod streams;
mod strings;

use super::command::Command;

pub(super) static FAMILIES: [&[Command]; 8] = [
    strings::COMMANDS,
    keyspace::COMMANDS,
    collections::COMMANDS,
    sorted_sets::COMMANDS,
    streams::COMMANDS,
    server::COMMANDS,
    session::COMMANDS,
    modules::COMMANDS,
];
