//! Names of databases and collections.

use crate::error::{Error, Result};

/// Bytes of a database's and a collection's name with the dot between them.
const MAX_NAMESPACE: usize = 255;

/// A collection in a database, by names that a server accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    db: String,
    coll: String,
}

impl Namespace {
    /// Checks both names.
    pub fn new(db: &str, coll: &str) -> Result<Self> {
        check_database(db)?;
        if coll.is_empty() || coll.contains(['\0', '$']) || coll.starts_with('.') {
            return Err(Error::validation(format!("{coll:?} can't be the name of a collection")));
        }
        if db.len() + 1 + coll.len() > MAX_NAMESPACE {
            return Err(Error::validation(format!(
                "the names of a database and a collection have at most {MAX_NAMESPACE} bytes \
                 together, with the dot between them"
            )));
        }
        Ok(Self { db: db.to_owned(), coll: coll.to_owned() })
    }

    /// Name of the database.
    pub fn db(&self) -> &str {
        &self.db
    }

    /// Name of the collection.
    pub fn coll(&self) -> &str {
        &self.coll
    }

    /// Whether it belongs to the server: users and their passwords, sessions, shards, views.
    pub fn is_system(&self) -> bool {
        self.coll.starts_with("system.") || matches!(self.db.as_str(), "config" | "local")
    }

    /// Refuses writes to what belongs to the server.
    pub fn check_writable(&self) -> Result<()> {
        if self.is_system() {
            return Err(Error::not_allowed(format!(
                "{self} belongs to the server and can't be written to here"
            )));
        }
        Ok(())
    }
}

impl std::fmt::Display for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.db, self.coll)
    }
}

/// Refuses what can't be the name of a database. Servers on Windows refuse some more.
pub fn check_database(db: &str) -> Result<()> {
    if db.is_empty() || db.len() > 63 || db.contains(['\0', '/', '\\', '.', ' ', '"', '$']) {
        return Err(Error::validation(format!("{db:?} can't be the name of a database")));
    }
    Ok(())
}

/// Refuses what would remove a database that servers need.
pub fn check_removable(db: &str) -> Result<()> {
    check_database(db)?;
    if matches!(db, "admin" | "config" | "local") {
        let message = format!("the database {db:?} belongs to the server and can't be removed");
        return Err(Error::not_allowed(message));
    }
    Ok(())
}

/// Refuses what names no index, or more than one, or the one that a collection can't be without.
pub fn check_index_name(name: &str) -> Result<()> {
    if name == "_id_" {
        return Err(Error::not_allowed(
            "the index `_id_` is part of its collection and can't be changed or dropped",
        ));
    }
    if name.is_empty() || name == "*" || name.contains('\0') {
        return Err(Error::validation(format!(
            "{name:?} is not the exact name of one index; indexes are dropped one by one"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_server_would_misread_are_refused() {
        for db in ["", "a.b", "a/b", "a b", "$external", "a\0", &"x".repeat(64)] {
            assert!(Namespace::new(db, "c").is_err(), "{db:?}");
        }
        for coll in ["", "$cmd", "a$b", "a\0b", ".a"] {
            assert!(Namespace::new("db", coll).is_err(), "{coll:?}");
        }
        assert!(Namespace::new("db", "a.b c-é/").is_ok());
        assert!(Namespace::new("a:b*", "c").is_ok());
        assert!(Namespace::new("db", &"x".repeat(252)).is_ok());
        assert!(Namespace::new("db", &"x".repeat(253)).is_err());
    }

    #[test]
    fn databases_that_servers_need_are_not_removed() {
        assert!(["admin", "config", "local"].iter().all(|db| check_removable(db).is_err()));
        assert!(check_removable("app").is_ok());
    }

    #[test]
    fn what_belongs_to_the_server_is_not_written_to() {
        let check = |db, coll| Namespace::new(db, coll).unwrap().check_writable();
        assert!(check("admin", "system.users").is_err());
        assert!(check("app", "system.views").is_err());
        assert!(check("local", "oplog.rs").is_err());
        assert!(check("app", "systems").is_ok());
    }
}
