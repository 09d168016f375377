//! Where a statement calls a function, by its tokens.

use std::collections::HashSet;

use super::effects::Reached;
use crate::backend::postgres::statement::lexer::Token;

/// A call as the statement spells it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    schema: Option<String>,
    attribute: bool,
    pub(crate) name: String,
}

impl Call {
    pub(crate) fn reached(&self) -> Reached<'_> {
        match &self.schema {
            _ if self.attribute => Reached::Attribute,
            Some(schema) => Reached::CalledIn(schema),
            None => Reached::Called,
        }
    }
}

/// All that a statement calls. What calls a function has its name before a parenthesis, behind a dot,
/// or as the type of a TREAT; a name that stands alone is a column's or an alias.
pub(crate) fn calls(tokens: &[Token<'_>]) -> Vec<Call> {
    let statement = PairedTokens { tokens, pairs: pairs(tokens) };
    let defined = statement.names_of_with();
    let mut calls = Vec::new();
    for at in 0..tokens.len() {
        if !(defined.contains(&at) || statement.is_alias(at)) {
            calls.extend(statement.called(at));
        }
        calls.extend(statement.treated(at));
    }
    calls
}

struct PairedTokens<'t> {
    tokens: &'t [Token<'t>],
    /// Of each parenthesis, where the other one is.
    pairs: Vec<Option<usize>>,
}

impl PairedTokens<'_> {
    fn called(&self, at: usize) -> Option<Call> {
        let dotted = at > 0 && self.is(at - 1, '.');
        let before_list = self.is(at + 1, '(');
        let name = self.tokens[at].name().filter(|_| dotted || before_list)?;
        let schema = if dotted && at > 1 { self.tokens[at - 2].name() } else { None };
        Some(Call { schema, attribute: !before_list, name })
    }

    /// `TREAT(x AS f)` is, to PostgreSQL, `pg_catalog.f(x)`, whatever `f` is written like: `SETOF f`,
    /// `a.f`, `f(5)`. All names that may be the type's are taken for it.
    fn treated(&self, at: usize) -> Vec<Call> {
        let mut calls = Vec::new();
        if !(self.tokens[at].is("treat") && self.is(at + 1, '(')) {
            return calls;
        }
        // One that is not closed is refused by the server.
        let mut back = self.pairs[at + 1].unwrap_or(0);
        while back > at + 2 {
            back -= 1;
            let token = &self.tokens[back];
            if token.is("as") {
                break;
            }
            if self.is(back, ')') {
                back = self.pairs[back].unwrap_or(back);
            }
            let name = token.name();
            calls.extend(name.map(|name| Call { schema: None, attribute: false, name }));
        }
        calls
    }

    /// Whether it names what stands before it: `f(1) AS nextval (a, b)`, `(VALUES (1)) http (status)`.
    fn is_alias(&self, at: usize) -> bool {
        if at == 0 || self.tokens[at - 1].is("as") {
            return at > 0;
        }
        // Elsewhere an expression may follow: `DISTINCT ON (…) f(1)`, `OPERATOR(…) f(1)`.
        let of_from = |open: usize| {
            let before = open.checked_sub(1).map(|before| &self.tokens[before]);
            before.is_some_and(|token| {
                *token == Token::Symbol(',') || token.is_any(&["from", "join", "lateral"])
            })
        };
        let open = if self.is(at - 1, ')') { self.pairs[at - 1] } else { None };
        self.is(at + 1, '(') && open.is_some_and(of_from)
    }

    /// Where names of a WITH stand, as far as its list can be followed: `WITH nextval (n) AS (…), …`.
    fn names_of_with(&self) -> HashSet<usize> {
        let mut names = HashSet::new();
        for (start, token) in self.tokens.iter().enumerate() {
            if !(token.is("with") && (start == 0 || self.is(start - 1, '('))) {
                continue;
            }
            let recursive = self.tokens.get(start + 1).is_some_and(|next| next.is("recursive"));
            let mut at = start + 1 + usize::from(recursive);
            while let Some(end) = self.end_of_definition(at) {
                names.insert(at);
                if !self.is(end + 1, ',') {
                    break;
                }
                at = end + 2;
            }
        }
        names
    }

    /// Where `name (a, b) AS MATERIALIZED (…)` ends.
    fn end_of_definition(&self, at: usize) -> Option<usize> {
        self.tokens.get(at)?.name()?;
        let mut next = at + 1;
        if self.is(next, '(') {
            next = self.pairs[next]? + 1;
        }
        self.tokens.get(next).filter(|token| token.is("as"))?;
        next += 1;
        let hint = |token: &Token<'_>| token.is_any(&["not", "materialized"]);
        while self.tokens.get(next).is_some_and(hint) {
            next += 1;
        }
        if self.is(next, '(') { self.pairs[next] } else { None }
    }

    fn is(&self, at: usize, sign: char) -> bool {
        self.tokens.get(at) == Some(&Token::Symbol(sign))
    }
}

fn pairs(tokens: &[Token<'_>]) -> Vec<Option<usize>> {
    let (mut pairs, mut open) = (vec![None; tokens.len()], Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Symbol('(') => open.push(at),
            Token::Symbol(')') => {
                if let Some(start) = open.pop() {
                    (pairs[start], pairs[at]) = (Some(at), Some(start));
                }
            }
            _ => {}
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::postgres::statement::lexer::tokens;

    fn names(sql: &str) -> Vec<String> {
        let known = ["select", "values", "in", "on", "treat", "distinct"];
        let calls = calls(&tokens(sql).unwrap()).into_iter().map(|call| call.name);
        calls.filter(|name| !known.contains(&name.as_str())).collect()
    }

    #[test]
    fn a_call_is_found_in_every_form() {
        for sql in [
            "select f(1)",
            "select a.f (1)",
            "select (1).f",
            "select ($1).\"f\"[1]",
            "select distinct on (a) f(1)",
            "select 1 operator(pg_catalog.+) f(1)",
            "select treat(1 as f)",
            "select treat((1) as setof \"f\")",
            "select treat(1 as f(5)[])",
            "select treat /**/ (case when true then 1 end as f)",
            "select treat((select 1 as b) as f)",
            "select * from f(1) as materialized (a int)",
            "select * from t, f(1) as (a int)",
            "with recursive as (select 1) select f(1)",
            "with a (b) as (select 1), c as (select 1) select f(1)",
            "select 1 where f (1)",
        ] {
            assert!(names(sql).contains(&"f".to_owned()), "{sql}: {:?}", names(sql));
        }
        // All names are taken that may be the type's.
        assert_eq!(names("select treat(1 as a.f)"), ["f", "a", "f"]);
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for sql in [
            "select f from t f",
            "select 1 as f from g as f (a, b)",
            "select * from (values (1)) f (a)",
            "select * from (select 1) f (a), (values (1)) f (b)",
            "with f (a) as (select 1) select 1",
            "with recursive f (a) as not materialized (select 1), f (b) as (values (1)) table f",
            "(with a as (values (1)), f (n) as materialized (select 1) table f)",
            "select treat(1 as g)",
        ] {
            assert!(!names(sql).contains(&"f".to_owned()), "{sql}: {:?}", names(sql));
        }
    }

    #[test]
    fn deep_and_long_texts_take_no_longer_than_they_are() {
        let deep = "treat((".repeat(100_000) + &")) with a (b) as (f)".repeat(100_000);
        let _ = calls(&tokens(&format!("select {deep}")).unwrap());
    }
}
