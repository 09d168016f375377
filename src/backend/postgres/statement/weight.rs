//! How much there is to plan in a statement.
//!
//! A server compares the parts of a statement with each other: every table of a FROM, every item of
//! an ORDER BY with all before it, and chains of subqueries again and again. That takes minutes for
//! some ten thousands of them, and much of it can't be cancelled. Plain values take no such time,
//! so that long lists of data are not counted.

use super::lexer::Token;
use crate::error::{Error, Result};

/// A server plans a statement of so many parts in some seconds.
const MOST: usize = 20_000;
/// Parts of a row of VALUES that are not counted: `now()`, `'…'::uuid`.
const FREE_IN_A_ROW: usize = 500;
/// What a join counts, which carries the columns of all before it.
const JOIN: usize = 20;
/// What a query of a WITH, or a window, counts: each is planned inside or on top of those before it.
const LAYER: usize = 60;

/// Refuses a statement that a server could plan for minutes.
pub(crate) fn check(tokens: &[Token<'_>]) -> Result<()> {
    if weigh(tokens) <= MOST {
        return Ok(());
    }
    Err(Error::validation(format!(
        "`query`: the statement has too many parts to be planned in time (at most {MOST} names and \
         operators, of which a join counts as {JOIN} and a query of a WITH or a window as {LAYER}); plain \
         values in VALUES, IN (…) and ARRAY[…] are not counted, and a list can be sent as one \
         parameter: = ANY($1)"
    )))
}

/// What stands between two parentheses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BracketKind {
    Plain,
    /// A list behind IN or ARRAY.
    List,
    /// A row of VALUES.
    Row,
}

#[derive(Clone, Copy)]
struct Bracket {
    kind: BracketKind,
    /// The rows of a VALUES come next.
    values: bool,
    /// Queries around what stands here.
    queries: usize,
    /// There is one here as well.
    query: bool,
}

fn weigh(tokens: &[Token<'_>]) -> usize {
    let mut frames =
        vec![Bracket { kind: BracketKind::Plain, values: false, queries: 0, query: false }];
    let mut frame = frames[0];
    let mut weight = 0;
    let mut row = 0;
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        let after = tokens.get(at + 1);
        let part = match token {
            Token::Symbol('(' | '[') => {
                let kind = inside(&frame, before, *token == Token::Symbol('['));
                if frame.values {
                    row = 0;
                }
                frames.push(frame);
                let queries = frame.queries + usize::from(frame.query);
                frame = Bracket { kind, values: false, queries, query: false };
                continue;
            }
            Token::Symbol(')' | ']') => {
                frame = frames.pop().unwrap_or(frame);
                continue;
            }
            Token::Symbol(',') => usize::from(frame.kind == BracketKind::Plain && !frame.values),
            _ => {
                // Behind a dot it is a function's name.
                let begins = before != Some(&Token::Symbol('.'));
                frame.values = begins && token.is("values") && after == Some(&Token::Symbol('('));
                if token.is_any(&["select", "with", "table"]) {
                    frame.kind = BracketKind::Plain;
                    frame.query = true;
                }
                part(token, before, after, &frame)
            }
        };
        if frame.kind == BracketKind::Row {
            row += part;
            weight += usize::from(row > FREE_IN_A_ROW) * part;
        } else {
            weight += part;
        }
        if weight > MOST {
            break;
        }
    }
    weight
}

/// What the parenthesis behind a token opens.
fn inside(frame: &Bracket, before: Option<&Token<'_>>, bracket: bool) -> BracketKind {
    match before {
        Some(word) if !bracket && word.is("in") => BracketKind::List,
        Some(word) if bracket && word.is("array") => BracketKind::List,
        _ if !bracket && frame.values => BracketKind::Row,
        _ if frame.kind == BracketKind::Row => BracketKind::Row,
        Some(Token::Word(_) | Token::Quoted(_)) => BracketKind::Plain,
        _ => frame.kind,
    }
}

/// What a token adds that is neither a parenthesis nor a comma.
fn part(
    token: &Token<'_>,
    before: Option<&Token<'_>>,
    after: Option<&Token<'_>>,
    frame: &Bracket,
) -> usize {
    let listed = frame.kind != BracketKind::Plain;
    let alone = || listed && matches!(before, Some(Token::Symbol('(' | '[' | ',' | ':')));
    match token {
        Token::Value | Token::Parameter | Token::Symbol('.' | ':' | ';') => 0,
        Token::Symbol('+' | '-') if alone() => 0,
        // `NULL`, `TRUE`, the type of a cast.
        Token::Word(_) if alone() && after != Some(&Token::Symbol('(')) => 0,
        Token::Word(_) if token.is("select") => 1 + frame.queries,
        Token::Word(_) if token.is("join") => JOIN,
        Token::Word(_) if token.is("over") => LAYER,
        Token::Word(_) if token.is("as") && after == Some(&Token::Symbol('(')) => LAYER,
        Token::Word(_) if token.is("materialized") => LAYER,
        Token::Symbol(_) | Token::Quoted(_) | Token::Word(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::postgres::statement::lexer::tokens;

    fn passes(sql: &str) -> bool {
        check(&tokens(sql).unwrap()).is_ok()
    }

    fn many(n: usize, item: &str, between: &str) -> String {
        vec![item; n].join(between)
    }

    #[test]
    fn data_is_not_counted() {
        for sql in [
            format!("select * from t where id in ({})", many(300_000, "1", ",")),
            format!("select * from t where id in ({})", many(100_000, "'a'::uuid", ", ")),
            format!("select * from t where (a, b) in ({})", many(100_000, "(1, -2)", ",")),
            format!("select array[{}]", many(100_000, "[1, null, -3]", ",")),
            format!("insert into t values {}", many(100_000, "(1, now(), null, 'x'::text)", ",")),
            format!("insert into t select * from (values {}) v", many(90_000, "(-1)", ", ")),
        ] {
            assert!(passes(&sql), "{}", &sql[..60]);
        }
    }

    #[test]
    fn what_is_compared_with_each_other_is_counted_wherever_it_stands() {
        let data = many(12_000, "1 + 1", ",");
        for sql in [
            format!("select 1 from {}", many(12_000, "a", ",")),
            format!("select 1 order by {data}"),
            format!("select 1 group by ({data})"),
            format!("select 1 order by {}", many(30_000, "$1", ",")),
            format!("select values, {data}"),
            format!("select 1 order by a.values (1), {}", many(12_000, "(1+1)", ",")),
            format!("select 1 where 1 in (select 1 order by {data})"),
            format!("values ((select 1 order by {data}))"),
            format!("select array[(select 1 order by {data})]"),
            format!("select array[{}]", many(20_001, "sum(1)", ",")),
            format!("values ({})", many(20_600, "case", " when 1 then ")),
            format!("select 1 where {}", many(10_001, "a", " and ")),
            format!("select 1 from a {}", many(1_001, "join a on true", " ")),
            format!("with {} select 1", many(340, "a as (select 1)", ",")),
            format!("with {} select 1", many(340, "a as not materialized (select 1)", ",")),
            format!("{}{}", "select * from (".repeat(250), ")".repeat(250)),
        ] {
            assert!(!passes(&sql), "{}…", &sql[..60]);
        }
    }
}
