//! Names of databases and collections.

use crate::error::{Code, Error, Result};

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
        if coll.is_empty()
            || coll.len() > 235
            || coll.contains(['\0', '$'])
            || coll.starts_with('.')
        {
            return Err(Error::validation(format!("{coll:?} can't be the name of a collection")));
        }
        Ok(Self { db: db.to_owned(), coll: coll.to_owned() })
    }

    /// Name of the database.
    #[must_use]
    pub fn db(&self) -> &str {
        &self.db
    }

    /// Name of the collection.
    #[must_use]
    pub fn coll(&self) -> &str {
        &self.coll
    }

    /// Whether it belongs to the server: users and their passwords, sessions, shards, views.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.coll.starts_with("system.") || matches!(self.db.as_str(), "config" | "local")
    }

    /// Refuses writes to what belongs to the server.
    pub fn check_writable(&self) -> Result<()> {
        if self.is_system() {
            return Err(Error::new(
                Code::OperationNotAllowed,
                format!("{self} belongs to the server and can't be written to here"),
            ));
        }
        Ok(())
    }
}

impl std::fmt::Display for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.db, self.coll)
    }
}

/// Refuses what can't be the name of a database.
pub fn check_database(db: &str) -> Result<()> {
    let wrong = |c: char| {
        matches!(c, '\0' | '/' | '\\' | '.' | ' ' | '"' | '$' | '*' | '<' | '>' | ':' | '|' | '?')
    };
    if db.is_empty() || db.len() > 63 || db.contains(wrong) {
        return Err(Error::validation(format!("{db:?} can't be the name of a database")));
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
