//! What a statement would leave on its session, or take from it, decided on its tokens: settings,
//! temporary objects, locks, cursors, names. Behind a pooler that session is others' as well.
//!
//! The body of a DO block is looked at like a statement, and so are the strings that it may execute.
//! What a function leaves behind, or a text that is put together when it runs, can't be seen.

mod blocks;
mod calls;
#[cfg(test)]
mod tests;

use super::lexer::{Token, texts, tokens};

/// What works on the session by its first word.
const OF_THE_SESSION: [&str; 8] =
    ["SET", "RESET", "LISTEN", "UNLISTEN", "PREPARE", "DEALLOCATE", "DISCARD", "LOAD"];

/// What works on cursors and names that only others can have made. In a DO block they are its own.
const OF_OTHERS: [&str; 4] = ["FETCH", "MOVE", "CLOSE", "EXECUTE"];

/// A block in a string in a block, and so on: nobody writes more.
const DEEPEST: usize = 4;

/// What a statement would leave behind, for people to read.
pub(crate) fn of(sql: &str) -> Option<String> {
    within(sql, 0)
}

/// Whether it may begin a backup, which ends with the session alone.
pub(crate) fn begins_backup(sql: &str) -> bool {
    begins_backup_within(sql, 0)
}

fn begins_backup_within(sql: &str, depth: usize) -> bool {
    let (Ok(tokens), Ok(texts)) = (tokens(sql), texts(sql)) else {
        // A text that is no SQL, unless it is the statement itself.
        return depth == 0;
    };
    let named = |token: &Token<'_>| {
        token.name().is_some_and(|name| ["pg_backup_start", "pg_start_backup"].contains(&&*name))
    };
    tokens.iter().any(named)
        || depth < DEEPEST && texts.iter().any(|text| begins_backup_within(&text.value, depth + 1))
}

fn within(sql: &str, depth: usize) -> Option<String> {
    // What the lexer does not read is not a statement.
    let tokens = tokens(sql).ok()?;
    if tokens.first().is_some_and(|first| first.is("do")) {
        return blocks::of(sql, &tokens, depth);
    }
    begins(&tokens)
        .or_else(|| into_temporary(&tokens))
        .or_else(|| anywhere(&tokens))
        .or_else(|| in_texts(sql, &tokens, depth))
}

/// What a function that runs SQL from a string would leave.
fn in_texts(sql: &str, tokens: &[Token<'_>], depth: usize) -> Option<String> {
    if !(0..tokens.len()).any(|at| calls::runs_texts(tokens, at)) {
        return None;
    }
    let Ok(texts) = texts(sql) else { return Some(calls::UNREADABLE.to_owned()) };
    if depth == DEEPEST || !calls::are_readable(tokens, &texts) {
        return Some(calls::UNREADABLE.to_owned());
    }
    texts.iter().find_map(|text| within(&text.value, depth + 1))
}

fn is(tokens: &[Token<'_>], at: usize, words: &[&str]) -> bool {
    tokens.get(at).is_some_and(|token| token.is_any(words))
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
    // `SET local.x` is a setting of that name.
    let of_transaction = first == "SET"
        && is(tokens, 1, &["local", "constraints", "transaction"])
        && tokens.get(2) != Some(&Token::Symbol('.'));
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
        if (name == "pg_temp" || name.starts_with("pg_temp_"))
            && (tokens.get(at + 1) == Some(&Token::Symbol('.'))
                || at > 0 && is(tokens, at - 1, &["schema", "into"]))
        {
            return Some("a temporary object".to_owned());
        }
        if name == "pg_settings" && is_updated(&tokens[..at]) {
            return Some("an UPDATE of pg_settings".to_owned());
        }
        calls::leaves(tokens, at, &name)
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
    while let [rest @ .., schema, Token::Symbol('.')] = before
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
