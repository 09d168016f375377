//! What a statement may be, decided on its tokens before it is sent.
//!
//! A statement that only reads must begin as one, must be the only one, and must not call a
//! function with an effect that a read-only transaction does not undo: files, other sessions, the
//! server's state, other servers. It then runs in a read-only transaction that is rolled back,
//! which is the second lock on the same door. Neither takes away what the stored role may *read*,
//! or what functions that its owner has defined may do: for that, store a role with few rights.

use std::collections::BTreeSet;

use super::functions::{self, has_effects};
use super::lexer::{Token, tokens};
use super::weight;
use crate::error::{Error, Result};

/// Lets a statement pass that only reads.
pub(crate) fn check_read(sql: &str) -> Result<()> {
    let tokens = one_statement(sql)?;
    let tokens = tokens.as_slice();
    let statement = match tokens {
        [first, rest @ ..] if first.is("explain") => explained(rest),
        [first, ..] if first.is("show") => return Ok(()),
        _ => tokens,
    };
    if !reads(statement) {
        let first = match tokens.first() {
            Some(Token::Word(word)) => word.to_uppercase(),
            _ => "this".to_owned(),
        };
        return Err(Error::not_allowed(format!(
            "a read-only statement begins with SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW; \
             {first} needs write permission and read_only off"
        )));
    }
    no_writes(statement)?;
    no_effects(tokens)
}

/// What it calls that may be an extension's, for the catalog to say.
pub(crate) fn unknown_functions(sql: &str) -> BTreeSet<String> {
    tokens(sql).map(|tokens| functions::unknown(&tokens)).unwrap_or_default()
}

/// Lets any one statement pass that can be run on its own, on a session that others use later.
pub(crate) fn check_write(sql: &str) -> Result<()> {
    let tokens = one_statement(sql)?;
    let Some(Token::Word(first)) = tokens.first() else { return Ok(()) };
    let first = first.to_ascii_uppercase();
    match first.as_str() {
        "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE" => {
            Err(Error::not_allowed(format!(
                "{first} would have no effect: each statement is a transaction of its own"
            )))
        }
        "COPY" => {
            Err(Error::not_allowed("COPY is not possible here: export and import stream rows"))
        }
        _ => Ok(()),
    }
}

/// Whether a statement commits where its own text says so.
pub(crate) fn commits_by_itself(sql: &str) -> bool {
    matches!(tokens(sql).as_deref(), Ok([first, ..]) if first.is_any(&["call", "do"]))
}

/// Whether a statement that failed may have taken effect in part, if no transaction is around it: it
/// can commit before it ends, or works on what no transaction takes back.
pub(crate) fn takes_effect_in_parts(sql: &str) -> bool {
    let Ok(tokens) = tokens(sql) else { return false };
    let [first, rest @ ..] = tokens.as_slice() else { return false };
    if first.is_any(&["call", "do", "vacuum", "cluster", "analyze", "analyse", "reindex", "repack"])
    {
        return true;
    }
    let next = |words: &[&str]| rest.first().is_some_and(|t| t.is_any(words));
    let has = |word: &str| rest.iter().any(|token| token.is(word));
    let outside = ["database", "tablespace", "subscription"];
    if first.is_any(&["create", "drop"]) {
        return next(&outside) || (next(&["index", "unique"]) && has("concurrently"));
    }
    first.is("alter")
        && (next(&outside) || next(&["system"]) || (has("detach") && has("concurrently")))
}

/// Whether a statement that takes effect in parts may leave an index behind that is not valid.
pub(crate) fn leaves_indexes(sql: &str) -> bool {
    let Ok(tokens) = tokens(sql) else { return false };
    let begins = |word: &str| tokens.first().is_some_and(|token| token.is(word));
    let has = |word: &str| tokens.iter().any(|token| token.is(word));
    has("concurrently") && (begins("reindex") || (has("index") && !begins("alter")))
}

/// Whether something that it calls may stay in the session, past the transaction.
pub(crate) fn may_stay(sql: &str) -> bool {
    // What can't be read was refused; our own statements are read.
    tokens(sql).is_ok_and(|tokens| {
        tokens.first().is_some_and(|first| first.is("do")) || functions::may_stay(&tokens)
    })
}

/// The tokens of a text that is exactly one statement, without a semicolon behind it.
fn one_statement(sql: &str) -> Result<Vec<Token<'_>>> {
    if sql.contains('\0') {
        return Err(Error::validation("`query`: SQL can't hold a zero byte"));
    }
    let mut tokens = tokens(sql)
        .map_err(|what| Error::validation(format!("`query`: {what} is not accepted")))?;
    while tokens.last() == Some(&Token::Symbol(';')) {
        tokens.pop();
    }
    if tokens.is_empty() {
        return Err(Error::validation("`query` holds no statement"));
    }
    // The body of an SQL-standard function (`CREATE FUNCTION … BEGIN ATOMIC …; END`) and the action
    // of a rule hold semicolons; the server makes sure that they are one statement.
    if tokens.contains(&Token::Symbol(';')) && !tokens[0].is("create") {
        return Err(Error::validation(
            "`query` holds more than one statement; send them one at a time",
        ));
    }
    weight::check(&tokens)?;
    Ok(tokens)
}

/// The statement that an EXPLAIN is about, behind its options. One that would be executed must only
/// read; one that is only planned may be a write.
fn explained<'t, 's>(mut rest: &'t [Token<'s>]) -> &'t [Token<'s>] {
    let mut analyze = false;
    if let [Token::Symbol('('), Token::Word(option), ..] = rest
        && !begins_query(option)
    {
        let end = rest.iter().position(|t| *t == Token::Symbol(')')).unwrap_or(rest.len() - 1);
        let options = &rest[..end];
        // `ANALYZE false` is taken for ANALYZE: that only refuses more.
        analyze = options.iter().any(|t| t.is_any(&["analyze", "analyse"]));
        analyze |= options.iter().any(|t| matches!(t, Token::Quoted(_)));
        rest = &rest[end + 1..];
    }
    while let [word, tail @ ..] = rest {
        if word.is_any(&["analyze", "analyse"]) {
            analyze = true;
        } else if !word.is("verbose") {
            break;
        }
        rest = tail;
    }
    match rest.first() {
        // Planning it is as harmless as planning a SELECT of the same tables.
        Some(first) if !analyze && first.is_any(&["insert", "update", "delete", "merge"]) => {
            PLANNED
        }
        _ => rest,
    }
}

/// Stands for a write that is only planned.
const PLANNED: &[Token<'static>] = &[Token::Word("select")];

fn begins_query(word: &str) -> bool {
    ["select", "with", "values", "table"].iter().any(|w| word.eq_ignore_ascii_case(w))
}

fn reads(statement: &[Token<'_>]) -> bool {
    let first = statement.iter().find(|t| **t != Token::Symbol('('));
    matches!(first, Some(Token::Word(word)) if begins_query(word))
}

/// Refuses INSERT, UPDATE, DELETE and MERGE in a WITH, and as what a WITH belongs to. These words
/// are also fit for names: what stands before and after tells a statement from a column.
fn no_writes(statement: &[Token<'_>]) -> Result<()> {
    for (at, token) in statement.iter().enumerate() {
        // Behind `SEARCH … SET column` and `CYCLE … USING column`, a WITH goes on as well.
        let column = at > 1 && (statement[at - 2].is("set") || statement[at - 2].is("using"));
        let begins = at == 0 || column || matches!(statement[at - 1], Token::Symbol('(' | ')'));
        let next = statement.get(at + 1);
        let named = |word: &str| next.is_some_and(|t| t.is(word));
        let writes = (token.is("insert") && named("into"))
            || (token.is("merge") && named("into"))
            || (token.is("delete") && named("from"))
            || (token.is("update") && matches!(next, Some(Token::Word(_) | Token::Quoted(_))));
        if begins && writes {
            return Err(Error::not_allowed(
                "the statement writes; that needs write permission and read_only off",
            ));
        }
    }
    Ok(())
}

/// Refuses functions that do more than compute, however they are called. What is called by an
/// operator, a cast, an aggregate or a view is the owner's, or harmless.
fn no_effects(tokens: &[Token<'_>]) -> Result<()> {
    let mut calls = functions::calls(tokens).into_iter();
    match calls.find(|call| has_effects(call.reached(), &call.name)) {
        Some(call) => Err(Error::not_allowed(format!(
            "the function {} does more than read; that needs write permission and read_only off",
            call.name
        ))
        .detail("function", call.name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use proptest::prelude::*;

    #[test]
    fn what_reads_passes() {
        for sql in [
            "select 1",
            "SELECT 1;",
            " -- a comment\n /* another */ select 1 ; ; ",
            "(select 1) union (select 2)",
            "with a as (select 1) select * from a",
            "with recursive a(n) as (values (1) union all select n + 1 from a) table a",
            "values (1), (2)",
            "table pg_class",
            "show all",
            "explain select 1",
            "explain analyze verbose select 1",
            "explain (analyze, buffers, format json) select 1",
            "explain (select 1)",
            "explain insert into t values (1)",
            "explain (costs off) delete from t",
            "select insert, update, delete from t where (delete) > 1",
            "select 'pg_read_file(1)', $$; drop table t$$, \"set_config\" from t",
            "select pg_sleep(1), count(*), now(), current_setting('x')",
            "select pg_size_pretty(pg_total_relation_size('t'))",
            "select * from http_logs(1), lo_count(2), net.revenue(3), cron.job",
            "select set_config, t.set_config, nextval from t",
            "select 1 as pg_read_file from f() as nextval (a, b)",
            "select app.nextval('s'), t.schedule, schedule.schedule from t",
            "select * from t tablesample system (10)",
            "select U&\"d\\0061ta\", U&'pg_read_file(1)' from t",
            "select E'a'\n'pg_read_file(1)\\'' as b",
            "select lo_get(1), ($1).lo_get",
        ] {
            check_read(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
    }

    #[test]
    fn what_writes_is_refused() {
        for sql in [
            "insert into t values (1)",
            "with a as (insert into t values (1) returning *) select * from a",
            "with a as materialized (delete from only t returning *) table a",
            "with a as (update \"t\" set x = 1 returning *) table a",
            "with a as (select 1) insert into t select * from a",
            "with a as (select 1) merge into t using a on true when matched then delete",
            "with a as (select 1) update t set x = 1",
            "with recursive a(n) as (select 1) search depth first by n set o insert into t table a",
            "with recursive a(n) as (select 1) search breadth first by n set \"o\" delete from t",
            "with recursive a(n) as (select 1) cycle n set c using p update t set x = 1",
            "with recursive a(n) as (select 1) cycle n set c to 1 default 0 using U&\"p\" \
             merge into t using a on true when matched then delete",
            "explain analyze insert into t values (1)",
            "explain (analyze) delete from t",
            "explain (\"analyze\") delete from t",
            "explain (verbose, analyze true) with a as (delete from t returning 1) table a",
            "explain execute p",
            "explain create table t as select 1",
            "copy t to '/tmp/x'",
            "copy (select 1) to program 'sh'",
            "do $$ begin end $$",
            "call p()",
            "set role postgres",
            "begin",
            "declare c cursor for select 1",
            "execute p",
            "prepare p as select 1",
            "listen a",
            "vacuum",
            "lock t",
            "create table t ()",
            "fetch c",
        ] {
            let error = check_read(sql).expect_err(sql);
            assert_eq!(error.code(), Code::OperationNotAllowed, "{sql}");
        }
    }

    #[test]
    fn functions_with_effects_are_refused_however_they_are_spelt() {
        for sql in [
            "select pg_read_file('/etc/passwd')",
            "select PG_READ_FILE ('/etc/passwd')",
            "select \"pg_read_file\"('/etc/passwd')",
            "select pg_catalog . \"pg_read_file\" /* here */ ('/etc/passwd')",
            "select * from pg_ls_dir('.')",
            "select 1 where exists (select pg_terminate_backend(1))",
            "select set_config('transaction_read_only', 'off', false)",
            "select query_to_xml('select pg_read_file(1)', true, true, '')",
            "select * from ts_stat('select 1')",
            "select * from dblink('', 'drop table t') as t(a int)",
            "select public.dblink_exec('', 'drop table t')",
            "select * from crosstab('select 1')",
            "select lo_import('/etc/passwd')",
            "select lo_export(1, '/tmp/x')",
            "select pg_advisory_lock(1)",
            "select nextval('s'), setval('s', 1)",
            "select net.http_get('http://169.254.169.254/')",
            "select pg_logical_emit_message(true, 'a', 'b')",
            "select ('/etc/passwd'::text).pg_read_file",
            "select ($1).pg_read_file",
            "select $1.pg_read_file",
            "select (array['/etc/passwd'])[1] . \"pg_read_file\"",
            "select f.pg_read_file from unnest(array['/etc/passwd']) f",
            "select (row('x')::t).a.pg_read_file.b",
            "select (1).pg_terminate_backend[1]",
            "select U&\"pg\\005fread_file\"('/etc/passwd')",
            "select ($1).U&\"pg!005fread!+00005ffile\" /* x */ uescape '!'",
            "select pg_read_f\u{130}le('/etc/passwd')",
            "select txid_current(), pg_catalog.pg_current_xact_id()",
            "select postgres.pg_catalog.pg_read_file('/etc/passwd')",
            "select E'\\'' /* ' */, pg_read_file('x') --'",
            "select distinct on (a) pg_read_file('x') from t",
            "explain analyze select pg_reload_conf()",
            "explain select pg_reload_conf()",
            "show all; select pg_reload_conf()",
        ] {
            check_read(sql).expect_err(sql);
        }
    }

    #[test]
    fn what_commits_before_it_ends_may_take_effect_in_parts() {
        for sql in [
            "call p()",
            "/* x */ DO $$ begin commit; end $$",
            "create index concurrently i on t (a)",
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
            "drop index concurrently i",
            "reindex index concurrently i",
            "reindex (concurrently) table t",
            "reindex (verbose, concurrently true) schema s",
            "reindex database d",
            "reindex system d",
            "reindex table of_many_parts",
            "alter table t detach partition p concurrently",
            "alter database d set tablespace s",
            "alter system set a = 1",
            "alter subscription s refresh publication",
            "create database d",
            "drop database d with (force)",
            "create tablespace s location '/x'",
            "drop tablespace s",
            "create subscription s connection '' publication p",
            "drop subscription s",
            "vacuum",
            "vacuum (full) t, u",
            "cluster",
            "analyze t, u",
        ] {
            assert!(takes_effect_in_parts(sql), "{sql}");
        }
        for sql in [
            "insert into t values (1)",
            "update t set concurrently = 1",
            "create index i on t (a)",
            "create table t (a int)",
            "create index on vacuum (a)",
            "drop index i",
            "drop table t",
            "refresh materialized view concurrently v",
            "alter table t detach partition p",
            "alter table t add column database int",
            "explain analyze select 1",
            "select 1",
        ] {
            assert!(!takes_effect_in_parts(sql), "{sql}");
        }
    }

    #[test]
    fn an_index_is_left_by_what_works_on_it_concurrently() {
        for sql in [
            "create unique index concurrently i on t (a)",
            "drop index concurrently i",
            "reindex (concurrently) table t",
        ] {
            assert!(leaves_indexes(sql), "{sql}");
        }
        for sql in [
            "create index i on t (a)",
            "reindex table t",
            "alter table index detach partition p concurrently",
            "vacuum t",
        ] {
            assert!(!leaves_indexes(sql), "{sql}");
        }
    }

    #[test]
    fn two_statements_are_refused_in_either_mode() {
        for sql in ["select 1; select 2", "select 1;;select 2", "; select 1", "", " ;", "-- x"] {
            assert_eq!(check_read(sql).unwrap_err().code(), Code::ValidationError, "{sql}");
            assert_eq!(check_write(sql).unwrap_err().code(), Code::ValidationError, "{sql}");
        }
        check_write("create function f() returns int begin atomic select 1; select 2; end")
            .unwrap();
    }

    #[test]
    fn transactions_across_requests_are_refused() {
        for sql in ["begin", "COMMIT", "rollback to a", "copy t from stdin"] {
            assert_eq!(check_write(sql).unwrap_err().code(), Code::OperationNotAllowed);
        }
        check_write("drop table t").unwrap();
    }

    proptest! {
        #[test]
        fn no_layout_hides_a_call(
            before in "[ \t\n]{0,3}(/\\*[a-z ]*\\*/)?",
            between in "[ \t\n]{0,3}(--[a-z ]*\n)?(/\\*[a-z' ]*\\*/)?",
            quoted in any::<bool>(),
            upper in any::<bool>(),
            name in prop::sample::select(vec!["pg_read_file", "lo_import", "dblink", "set_config"]),
        ) {
            let name = match (quoted, upper) {
                (true, _) => format!("\"{name}\""),
                (false, true) => name.to_uppercase(),
                (false, false) => name.to_owned(),
            };
            let sql = format!("select 'a', {before}{name}{between}('x')");
            prop_assert!(check_read(&sql).is_err());
        }

        #[test]
        fn any_text_is_judged_without_panic(sql in any::<String>()) {
            let _ = check_read(&sql);
            let _ = check_write(&sql);
        }
    }
}
