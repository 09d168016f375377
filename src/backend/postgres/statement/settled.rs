//! Whether the types of a statement's parameters follow from its text alone: `$1::date`,
//! `CAST($1 AS date)`, `LIMIT $1`. Those of others follow from columns and functions, which change.

use super::lexer::{Token, tokens};

/// PostgreSQL's own types, which are found before any other of that name.
const TYPES: &str = "bigint bit bool boolean bpchar bytea char character cidr date dec decimal double \
    float float4 float8 inet int int2 int4 int8 integer interval json jsonb macaddr macaddr8 money \
    nchar numeric oid real smallint text time timestamp timestamptz timetz tsquery tsvector uuid varbit \
    varchar xml";

/// What may stand behind `LIMIT $1`.
const BEHIND: [&str; 7] = ["offset", "limit", "for", "fetch", "union", "intersect", "except"];

pub(crate) fn are_settled(sql: &str) -> bool {
    let Ok(tokens) = tokens(sql) else { return false };
    (0..tokens.len())
        .filter(|at| tokens[*at] == Token::Parameter)
        .all(|at| is_cast(&tokens, at) || is_count(&tokens, at))
}

fn is_cast(tokens: &[Token<'_>], at: usize) -> bool {
    let colon = Token::Symbol(':');
    match &tokens[at + 1..] {
        [first, second, rest @ ..] if *first == colon && *second == colon => is_type(rest),
        [r#as, rest @ ..] if r#as.is("as") && at > 1 => {
            tokens[at - 1] == Token::Symbol('(') && tokens[at - 2].is("cast") && is_type(rest)
        }
        _ => false,
    }
}

fn is_type(rest: &[Token<'_>]) -> bool {
    match rest {
        [schema, Token::Symbol('.'), rest @ ..] => schema.is("pg_catalog") && is_type(rest),
        [Token::Word(word), ..] => {
            TYPES.split_whitespace().any(|name| name.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

/// `LIMIT $1` and `OFFSET $1`, which are of type bigint.
fn is_count(tokens: &[Token<'_>], at: usize) -> bool {
    let counts = at > 0 && (tokens[at - 1].is_any(&["limit", "offset"]));
    let ends = match tokens.get(at + 1) {
        None | Some(Token::Symbol(')' | ';')) => true,
        Some(token) => token.is_any(&BEHIND),
    };
    counts && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_type_that_is_written_beside_a_parameter_is_settled() {
        for sql in [
            "select 1",
            "select a from t where a = $1::date and b = any ($2 :: pg_catalog.int4[])",
            "select cast($1 as double precision), $2::varchar(3), $1::DATE",
            "select * from (select * from t limit $1) t order by a limit $2 offset $3;",
        ] {
            assert!(are_settled(sql), "{sql}");
        }
        for sql in [
            "select a from t where a = $1",
            "select a from t where a = $1::date and b = $2",
            "select f($1), $1::mood, $2::public.text",
            "select $1::\"date\"",
            "select limit, a from t where \"limit\" = $1",
            "select a from t limit $1 + $2",
            "select a from t limit $1 * 2",
            "select f($1 as int)",
            "values ($1:int)",
        ] {
            assert!(!are_settled(sql), "{sql}");
        }
    }
}
