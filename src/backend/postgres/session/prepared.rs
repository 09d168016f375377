//! Statements that a session keeps parsed, so that repeated SQL is not planned again.

use std::collections::HashMap;
use std::sync::Arc;

use crate::backend::postgres::error::ServerError;
use crate::backend::postgres::rows::Columns;
use crate::backend::postgres::statement::are_settled;

/// Statements kept per session.
const KEPT: usize = 64;
/// Longer statements are rarely repeated and cost the server memory.
const LONGEST: usize = 16 << 10;

/// What is remembered of the statements that a session has run.
#[derive(Debug)]
pub(crate) struct Statements {
    entries: HashMap<Box<str>, Entry>,
    clock: u64,
    named: u64,
    /// Part of every name. A pooler may hand our messages to a session that another of ours has
    /// used: a name must never mean two statements.
    unique: u64,
}

impl Default for Statements {
    fn default() -> Self {
        Self { entries: HashMap::new(), clock: 0, named: 0, unique: rand::random() }
    }
}

#[derive(Debug)]
struct Entry {
    used: u64,
    /// Its parameters have the same types whatever becomes of the tables: it may be kept.
    settled: bool,
    /// `None` after it was run once: a name is given the second time.
    prepared: Option<Prepared>,
}

/// A statement that the server holds under a name.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub name: Arc<str>,
    /// Result columns; `None` until they were described.
    pub columns: Option<Arc<Columns>>,
    /// Type oids of the parameters; `None` until they were described.
    pub parameters: Option<Arc<[u32]>>,
}

/// How a statement is to be run.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Parse it without a name, with these types of its parameters where they are known.
    Once(Option<Arc<[u32]>>),
    /// Parse it under this name, and report to [`Statements::keep`].
    Name(Arc<str>),
    /// It was parsed before.
    Reuse(Prepared),
}

impl Statements {
    /// How to run `sql`. `at_once` asks for a name the first time already. The name of a statement
    /// that must be closed to make room comes with it.
    ///
    /// The server parses a kept statement again when a table has changed, but for the types that its
    /// parameters had at first. Where those came from a column, it would read the new column's values
    /// as the old one's, and say nothing: it is parsed each time.
    pub(crate) fn plan(&mut self, sql: &str, at_once: bool) -> (Plan, Option<Arc<str>>) {
        self.clock += 1;
        if sql.len() > LONGEST && !at_once {
            return (Plan::Once(None), None);
        }
        if let Some(entry) = self.entries.get_mut(sql) {
            entry.used = self.clock;
            return match &entry.prepared {
                Some(prepared) => (Plan::Reuse(prepared.clone()), None),
                None if !entry.settled => (Plan::Once(None), None),
                None => (Plan::Name(self.name()), None),
            };
        }
        let evicted = if self.entries.len() < KEPT { None } else { self.evict() };
        let settled = are_settled(sql);
        self.entries.insert(sql.into(), Entry { used: self.clock, settled, prepared: None });
        let plan = if at_once && settled { Plan::Name(self.name()) } else { Plan::Once(None) };
        (plan, evicted)
    }

    /// Remembers that the server holds `sql` under a name.
    pub(crate) fn keep(&mut self, sql: &str, prepared: Prepared) {
        let entry = Entry { used: self.clock, settled: true, prepared: Some(prepared) };
        self.entries.insert(sql.into(), entry);
    }

    /// Forgets a statement; the server keeps it under its name until that is closed.
    pub(crate) fn forget(&mut self, sql: &str) -> Option<Arc<str>> {
        self.entries.remove(sql)?.prepared.map(|p| p.name)
    }

    /// Whether the server says of a name of ours that it does not know it, or knows it from before.
    /// Others may say the same of names of their own, or raise it.
    pub(crate) fn are_meant(&self, error: &ServerError) -> bool {
        let routine = match error.sqlstate.as_str() {
            "26000" => "FetchPreparedStatement",
            "42P05" => "StorePreparedStatement",
            _ => return false,
        };
        let ours = format!("mdb_{:x}_", self.unique);
        error.is_of_the_server()
            && error.other("routine") == Some(routine)
            && error.message.contains(&ours)
    }

    fn name(&mut self) -> Arc<str> {
        self.named += 1;
        format!("mdb_{:x}_{}", self.unique, self.named).into()
    }

    fn evict(&mut self) -> Option<Arc<str>> {
        let oldest = self.entries.iter().min_by_key(|(_, e)| e.used).map(|(sql, _)| sql.clone())?;
        self.forget(&oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(name: &Arc<str>) -> Prepared {
        Prepared { name: name.clone(), columns: None, parameters: None }
    }

    #[test]
    fn a_statement_gets_a_name_when_it_is_repeated() {
        let mut statements = Statements::default();
        assert!(matches!(statements.plan("select 1", false), (Plan::Once(None), None)));
        let (Plan::Name(name), None) = statements.plan("select 1", false) else { panic!() };
        statements.keep("select 1", prepared(&name));
        assert!(matches!(statements.plan("select 1", false), (Plan::Reuse(_), None)));
    }

    #[test]
    fn a_statement_whose_parameters_have_the_types_of_columns_gets_none() {
        let mut statements = Statements::default();
        for at_once in [false, true, false] {
            let (plan, _) = statements.plan("select a from t where a = $1", at_once);
            assert!(matches!(plan, Plan::Once(None)));
        }
    }

    #[test]
    fn two_sessions_never_give_the_same_name() {
        let name = || match Statements::default().plan("select 1", true) {
            (Plan::Name(name), None) => name,
            other => panic!("{other:?}"),
        };
        assert_ne!(name(), name());
    }

    #[test]
    fn the_statement_unused_for_longest_makes_room() {
        let mut statements = Statements::default();
        for n in 0..KEPT {
            let sql = format!("select {n}");
            let (Plan::Name(name), None) = statements.plan(&sql, true) else { panic!() };
            statements.keep(&sql, prepared(&name));
        }
        statements.plan("select 0", false);
        let (_, closed) = statements.plan("select 'more'", false);
        assert!(closed.is_some_and(|name| name.ends_with("_2")));
        assert!(matches!(statements.plan("select 0", false).0, Plan::Reuse(_)));
    }
}
