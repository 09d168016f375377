//! What a statement would leave on its session, or take from it, decided on its tokens: settings,
//! temporary objects, locks, cursors, names. Behind a pooler that session is others' as well.
//!
//! The body of a DO block is looked at like a statement, and so are the strings that it may execute.
//! What a function leaves behind, or a text that is put together when it runs, can't be seen.

use super::lexer::{Token, strings, tokens};

/// What works on the session by its first word.
const OF_THE_SESSION: [&str; 8] =
    ["SET", "RESET", "LISTEN", "UNLISTEN", "PREPARE", "DEALLOCATE", "DISCARD", "LOAD"];

/// What works on cursors and names that only others can have made. In a DO block they are its own.
const OF_OTHERS: [&str; 4] = ["FETCH", "MOVE", "CLOSE", "EXECUTE"];

/// Functions of the server and its extensions that work on the session.
const FUNCTIONS: [&str; 14] = [
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "pg_advisory_unlock",
    "pg_advisory_unlock_shared",
    "pg_advisory_unlock_all",
    "pg_backup_start",
    "pg_replication_origin_session_setup",
    "pg_replication_origin_session_reset",
    "setseed",
    "set_limit",
    "dblink_connect",
    "dblink_connect_u",
];

/// A block in a string in a block, and so on: nobody writes more.
const DEEPEST: usize = 4;

/// What a statement would leave behind, for people to read.
pub(super) fn of(sql: &str) -> Option<String> {
    within(sql, 0)
}

fn within(sql: &str, depth: usize) -> Option<String> {
    // What the lexer does not read is not a statement.
    let tokens = tokens(sql).ok()?;
    match tokens.first() {
        Some(first) if first.is("do") => of_blocks(sql, depth),
        _ => begins(&tokens).or_else(|| into_temporary(&tokens)).or_else(|| anywhere(&tokens)),
    }
}

/// What the body of a DO block would leave behind.
fn of_blocks(sql: &str, depth: usize) -> Option<String> {
    if depth == DEEPEST {
        return Some("a DO block so deep in others".to_owned());
    }
    // A body in escapes of Unicode's; nobody writes it so.
    if sql.contains("U&'") || sql.contains("u&'") {
        return Some("a DO block that can't be read here".to_owned());
    }
    strings(sql).iter().find_map(|body| {
        let Ok(tokens) = tokens(body) else {
            return Some("a DO block that can't be read here".to_owned());
        };
        let executes = tokens.iter().any(|token| token.is("execute"));
        let texts_inside = || strings(body).iter().find_map(|text| within(text, depth + 1));
        let mut starts = (0..tokens.len()).filter(|at| *at == 0 || ends_before(&tokens[at - 1]));
        starts
            .find_map(|at| of_the_session(&tokens[at..]))
            .or_else(|| anywhere(&tokens))
            .or_else(|| texts_inside().filter(|_| executes))
    })
}

/// Whether a statement of a block begins behind this.
fn ends_before(token: &Token<'_>) -> bool {
    let words = ["begin", "then", "else", "loop"];
    matches!(token, Token::Symbol(';' | '>')) || words.iter().any(|word| token.is(word))
}

fn is(tokens: &[Token<'_>], at: usize, words: &[&str]) -> bool {
    tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is(word)))
}

fn begins(tokens: &[Token<'_>]) -> Option<String> {
    let Some(Token::Word(word)) = tokens.first() else { return None };
    let first = word.to_ascii_uppercase();
    if OF_OTHERS.contains(&&*first) {
        return Some(first);
    }
    if first == "DECLARE"
        && (1..tokens.len()).any(|at| is(tokens, at, &["with"]) && is(tokens, at + 1, &["hold"]))
    {
        return Some("a cursor WITH HOLD".to_owned());
    }
    of_the_session(tokens)
}

fn of_the_session(tokens: &[Token<'_>]) -> Option<String> {
    let Some(Token::Word(word)) = tokens.first() else { return None };
    let first = word.to_ascii_uppercase();
    let of_transaction = first == "SET" && is(tokens, 1, &["local", "constraints", "transaction"]);
    // A variable of a block may have such a name: `load := 1`.
    let variable = matches!(tokens.get(1), Some(Token::Symbol(':' | '=' | '.' | '[')));
    let works = OF_THE_SESSION.contains(&&*first) && !of_transaction && !variable;
    works.then_some(first)
}

/// `SELECT … INTO TEMP t`. In a block, INTO leads to a variable.
fn into_temporary(tokens: &[Token<'_>]) -> Option<String> {
    (1..tokens.len()).find_map(|at| {
        // `INSERT INTO temp` names a table.
        let selects = is(tokens, at, &["into"]) && !is(tokens, at - 1, &["insert", "merge"]);
        (selects && is_temporary(tokens, at + 1)).then(|| "a temporary table".to_owned())
    })
}

fn is_temporary(tokens: &[Token<'_>], at: usize) -> bool {
    let at = at + usize::from(is(tokens, at, &["local", "global"]));
    is(tokens, at, &["temp", "temporary"])
}

fn anywhere(tokens: &[Token<'_>]) -> Option<String> {
    (0..tokens.len()).find_map(|at| {
        let behind = at + 1 + 2 * usize::from(is(tokens, at + 1, &["or"]));
        let creates = is(tokens, at, &["create"]) && is_temporary(tokens, behind);
        if creates && !ends_with_transaction(&tokens[at..]) {
            return Some("a temporary object".to_owned());
        }
        let name = tokens[at].name()?;
        let next = tokens.get(at + 1);
        if (name == "pg_temp" || name.starts_with("pg_temp_"))
            && (next == Some(&Token::Symbol('.'))
                || at > 0 && is(tokens, at - 1, &["schema", "into"]))
        {
            return Some("a temporary object".to_owned());
        }
        if name == "pg_settings" && is_updated(&tokens[..at]) {
            return Some("an UPDATE of pg_settings".to_owned());
        }
        let called = next == Some(&Token::Symbol('('));
        // `(1).pg_advisory_lock` calls it as well.
        let dotted = at > 0 && tokens[at - 1] == Token::Symbol('.');
        if (called || dotted) && FUNCTIONS.contains(&&*name) {
            return Some(format!("the function {name}"));
        }
        if called && name == "set_config" && !is_local(&tokens[at + 2..]) {
            return Some("set_config without `true` at its end".to_owned());
        }
        None
    })
}

/// `ON COMMIT DROP`, in the same statement.
fn ends_with_transaction(tokens: &[Token<'_>]) -> bool {
    let end = tokens.iter().position(|token| *token == Token::Symbol(';'));
    let statement = &tokens[..end.unwrap_or(tokens.len())];
    statement.windows(3).any(|w| w[0].is("on") && w[1].is("commit") && w[2].is("drop"))
}

/// Whether what stands before a table's name updates it.
fn is_updated(mut before: &[Token<'_>]) -> bool {
    if let [rest @ .., schema, Token::Symbol('.')] = before
        && schema.name().is_some()
    {
        before = rest;
    }
    while let [rest @ .., last] = before
        && (last.is("only") || *last == Token::Symbol('('))
    {
        before = rest;
    }
    before.last().is_some_and(|last| last.is("update"))
}

/// Whether the last argument of a `set_config` is `true`: then it ends with the transaction.
fn is_local(arguments: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    for (at, token) in arguments.iter().enumerate() {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') if depth > 0 => depth -= 1,
            Token::Symbol(')') => {
                let last = arguments[..at].last_chunk::<2>();
                return last.is_some_and(|[comma, value]| {
                    *comma == Token::Symbol(',') && value.is("true")
                });
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_stay_on_the_session_of_others_is_refused() {
        for sql in [
            "set search_path = a",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "set role postgres",
            "set session authorization x",
            "/* x */ reset all",
            "listen a",
            "unlisten *",
            "prepare p as select 1",
            "prepare transaction 'x'",
            "deallocate all",
            "discard all",
            "load 'auto_explain'",
            "declare c cursor with hold for select 1",
            "close all",
            "fetch all from c",
            "move c",
            "execute p",
            "create temp table t (a int)",
            "create temporary view v as select 1",
            "create local temporary table t (a int)",
            "create or replace temp view v as select 1",
            "create or replace temporary recursive view v (a) as select 1",
            "create or replace local temp view v as select 1",
            "create temp sequence s",
            "explain analyze create temp table t as select 1",
            "explain (analyze) create global temporary table t as select 1",
            "create table pg_temp.t (a int)",
            "create unlogged table \"pg_temp\" . t (a int)",
            "create table pg_temp_3.t (a int)",
            "create function pg_temp.f() returns int language sql as 'select 1'",
            "create table a.b.c as select pg_temp.f()",
            "import foreign schema x from server y into pg_temp",
            "create extension x schema pg_temp",
            "select 1 as a into temp t",
            "select 1 as a into local temp t",
            "select 1 as a into global temporary t",
            "with a as (select 1) select * into pg_temp.t from a",
            "select pg_advisory_lock(1)",
            "select pg_advisory_unlock_all()",
            "select pg_catalog.\"pg_try_advisory_lock\" (1)",
            "select U&\"pg_advisory_l\\006fck\"(43)",
            "select (1).pg_advisory_lock, $1.\"pg_try_advisory_lock_shared\"",
            "select setseed(0.5)",
            "select set_config('a.b', 'c', false)",
            "select pg_catalog.set_config('a.b', 'c', false), 'x' is true",
            "select set_config('a.b', 'c', false), true",
            "select set_config('a.b', 'c', not true)",
            "select set_config('a.b', 'c', (select true))",
            "update pg_settings set setting = '1MB' where name = 'work_mem'",
            "update only pg_catalog.pg_settings set setting = 1",
        ] {
            assert!(of(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn what_a_block_would_leave_is_refused_however_it_is_quoted() {
        for body in [
            "perform pg_advisory_lock(44)",
            "set work_mem='79MB'",
            "if true then reset all; end if",
            "perform 1; <<l>> loop set role x; end loop",
            "execute 'listen x'",
            "execute format('set work_mem = %L', '1MB')",
            "execute 'select ' || 'pg_advisory_lock(1)'",
            "execute 'select set_config(''work_mem'', ''1MB'', false)'",
            "create temp table t (a int)",
            "create temp table t (a int); create temp table u (a int) on commit drop",
            "create table pg_temp.t (a int)",
            "execute 'do $i$ begin listen x; end $i$'",
            "execute 'select 1 into temp t'",
        ] {
            let block = format!("begin {body}; end");
            let doubled = block.replace('\'', "''");
            for sql in [
                format!("do $$ {block} $$"),
                format!("DO language plpgsql $body$ {block} $body$"),
                format!("do '{doubled}'"),
                format!("do E'{}'", block.replace('\'', "\\'")),
            ] {
                // Of two kinds of escapes, one in the other, only one is undone.
                if sql.starts_with("do E") && body.contains("''") {
                    continue;
                }
                assert!(of(&sql).is_some(), "{sql}");
            }
        }
        assert!(of("do U&'\\006cisten x'").is_some());
    }

    #[test]
    fn what_ends_with_its_transaction_passes() {
        for sql in [
            "select 1",
            "set local work_mem = '1MB'",
            "set constraints all deferred",
            "create table temp (a int)",
            "create table t as select 1 as temporary",
            "create or replace view temp as select 1",
            "insert into temporary_things values (1)",
            "insert into temp (a) values (1)",
            "merge into temp using t on true when matched then delete",
            "create function f() returns int security definer set search_path = a, pg_temp \
             language sql as 'select set_config(''a.b'', ''c'', false)'",
            "create temp table t (a int) on commit drop",
            "update t set a = setting from pg_settings",
            "select pg_advisory_xact_lock(1)",
            "select set_config('a.b', 'c', true)",
            "select set_config('a.b', concat('c', (1)), true) as t",
            "select t.pg_advisory_xact_lock, pg_advisory_lock from t",
            "declare c cursor without hold for select 1",
            "alter role x set search_path = a",
            "update t set a = 1",
            "vacuum t",
            "call p('set work_mem = 1')",
            "do $$ begin perform 1; end $$",
            "do $$ declare load int; temp int; begin load := 1; select 1 into temp; \
             update t set a = 1; set local work_mem = '1MB'; -- set it
             create temp table u (a int) on commit drop; raise notice 'Set up'; end $$",
            "do $$ declare c cursor for select 1; r int; begin open c; fetch c into r; close c; \
             execute 'insert into t values (1)'; commit; end $$",
        ] {
            assert_eq!(of(sql), None, "{sql}");
        }
    }
}
