//! Which database and collection a request means.

use crate::backend::mongodb::{Client, Namespace};
use crate::error::Result;
use crate::permission::Permission;
use crate::request::context::Context;

/// Names a collection that is to be read from. What belongs to the server, such as users and their
/// password hashes, is for administrators.
pub(super) fn readable(cx: &Context, db: &str, coll: &str) -> Result<Namespace> {
    let namespace = Namespace::new(db, coll)?;
    if namespace.is_system() {
        cx.require(Permission::Admin)?;
    }
    Ok(namespace)
}

/// Names a collection that is to be written to.
pub(super) fn writable(db: &str, coll: &str) -> Result<Namespace> {
    let namespace = Namespace::new(db, coll)?;
    namespace.check_writable()?;
    Ok(namespace)
}

/// The database of a connection, else the one that every server has.
pub(super) fn own_database(client: &Client) -> String {
    client.default_database().unwrap_or_else(|| "admin".to_owned())
}
