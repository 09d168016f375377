//! Functions that do more than compute.
//!
//! A name is matched whole, with the schema where the statement gives one: `http_logs` is not
//! `http_get`, and `app.nextval` is not PostgreSQL's. Functions that the database's owner has
//! defined are the owner's matter.

mod built_in;
mod calls;
mod effects;
mod extensions;
mod harmless;

use std::collections::BTreeSet;

use self::harmless::HARMLESS;
use super::lexer::Token;

pub(super) use self::calls::calls;
pub(super) use self::effects::has_effects;

/// Whether a call may leave something in the session: of a function that is not one of PostgreSQL's
/// that only compute. `mine(…)` and `(row).mine` do; `t.mine` is a column's name nearly always.
pub(super) fn may_stay(tokens: &[Token<'_>]) -> bool {
    let is = |at: usize, sign| tokens.get(at) == Some(&Token::Symbol(sign));
    (0..tokens.len()).any(|at| {
        let dotted = at > 0 && is(at - 1, '.');
        let of_value = dotted && at > 1 && (is(at - 2, ')') || is(at - 2, ']'));
        let of_parameter = dotted && at > 1 && tokens[at - 2] == Token::Parameter;
        let called = is(at + 1, '(');
        // What is named or written to, with its columns behind it.
        let named = at > 0 && tokens[at - 1].is_any(&["as", "into"]);
        if named || !(called || of_value || of_parameter) {
            return false;
        }
        let Some(name) = tokens[at].name() else { return false };
        let elsewhere = dotted && called && !(at > 1 && tokens[at - 2].is("pg_catalog"));
        elsewhere || !HARMLESS.has(&name)
    })
}

/// Names of what a statement calls, but for PostgreSQL's own functions that only compute, types and
/// key words.
pub(super) fn unknown(tokens: &[Token<'_>]) -> BTreeSet<String> {
    let names = calls(tokens).into_iter().map(|call| call.name);
    names.filter(|name| !HARMLESS.has(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::effects::Reached;
    use super::*;

    #[test]
    fn a_name_is_matched_whole_and_in_its_schema() {
        use Reached::{Attribute, Called, CalledIn};
        for (reached, name, expected) in [
            (Called, "pg_read_file", true),
            (CalledIn("pg_catalog"), "pg_read_file", true),
            (CalledIn("app"), "pg_read_file", false),
            (Attribute, "pg_read_file", true),
            (Called, "pg_read_files", false),
            // It takes three arguments, and an attribute is one.
            (Called, "set_config", true),
            (Attribute, "set_config", false),
            (CalledIn("anywhere"), "dblink_exec", true),
            (Called, "lo_count", false),
            (Called, "http_logs", false),
            (CalledIn("http"), "logs", false),
            (CalledIn("aws_lambda"), "invoke", true),
            (CalledIn("app"), "invoke", false),
            (Called, "invoke", true),
            (Attribute, "unschedule", true),
            (Attribute, "schedule", false),
            (Called, "pgr_bellmanford", true),
            (Called, "_pgr_dijkstra", true),
            (Attribute, "pgr_depthfirstsearch", true),
            (CalledIn("pgml"), "embed", true),
            (CalledIn("duckdb"), "raw_query", true),
            (CalledIn("net"), "_await_response", true),
            (CalledIn("azure_ml"), "invoke", true),
        ] {
            assert_eq!(has_effects(reached, name), expected, "{reached:?} {name}");
        }
    }

    #[test]
    fn only_what_calls_something_unknown_may_leave_something() {
        let stays =
            |sql| may_stay(&crate::backend::postgres::statement::lexer::tokens(sql).unwrap());
        for sql in [
            "select mine()",
            "select * from app.mine (1) as f(a, b)",
            "select app.count(1)",
            "select (1).mine, (row(1)).a",
            "select $1.mine",
            "select (array[1])[1].mine",
            "select \"In\"(1)",
        ] {
            assert!(stays(sql), "{sql}");
        }
        for sql in [
            "select a, t.b, count(*) from s.t where a in (1, 2) and b = any ($1)",
            "select pg_catalog.now(), cast(a as numeric(5, 2)) from f as count (a, b)",
            "insert into t (a, b) values (1, 2)",
            "select rank() over (partition by a order by b), coalesce(a, (select 1)) from t",
        ] {
            assert!(!stays(sql), "{sql}");
        }
    }

    #[test]
    fn no_name_is_so_long_that_the_server_would_cut_it() {
        let homes = extensions::AT_HOME.iter().flat_map(|(_, names)| names.split_whitespace());
        let lists = [
            &built_in::ONE_ARGUMENT,
            &built_in::OTHER,
            &extensions::ONE_ARGUMENT,
            &extensions::ONE_ARGUMENT_AT_HOME,
            &extensions::OTHER,
        ];
        for name in lists.iter().flat_map(|list| list.all()).chain(homes) {
            assert!(name.len() < 63 && *name == name.to_lowercase(), "{name}");
        }
    }
}
