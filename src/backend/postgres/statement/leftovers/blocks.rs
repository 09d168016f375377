//! What the body of a DO block would leave on the session.

use super::{DEEPEST, anywhere, calls, of_the_session, within};
use crate::backend::postgres::statement::lexer::{Text, Token, texts, tokens};

const UNREADABLE: &str = "a DO block that can't be read here";

/// What a DO statement would leave behind.
pub(super) fn of(sql: &str, outer: &[Token<'_>], depth: usize) -> Option<String> {
    if depth == DEEPEST {
        return Some("a DO block so deep in others".to_owned());
    }
    let unreadable = || Some(UNREADABLE.to_owned());
    let Ok(bodies) = texts(sql) else { return unreadable() };
    if !is_plpgsql(outer, &bodies) {
        return Some("a DO block in another language than PL/pgSQL".to_owned());
    }
    bodies.iter().find_map(|body| {
        let Ok(tokens) = tokens(&body.value) else { return unreadable() };
        let mut starts = (0..tokens.len()).filter(|at| *at == 0 || ends_before(&tokens[at - 1]));
        starts
            .find_map(|at| of_the_session(&tokens[at..]))
            .or_else(|| anywhere(&tokens))
            .or_else(|| executed(&body.value, &tokens, depth))
    })
}

/// What the texts that a block may execute would leave.
fn executed(body: &str, tokens: &[Token<'_>], depth: usize) -> Option<String> {
    let runs = |at: usize| tokens[at].is("execute") || calls::runs_texts(tokens, at);
    if !(0..tokens.len()).any(runs) {
        return None;
    }
    let Ok(texts) = texts(body) else { return Some(UNREADABLE.to_owned()) };
    if !calls::are_readable(tokens, &texts) {
        return Some(calls::UNREADABLE.to_owned());
    }
    // A text that is put together is often so in the order of its pieces.
    let together: String = texts.iter().map(|text| text.value.as_str()).collect();
    let each = texts.iter().find_map(|text| within(&text.value, depth + 1));
    each.or_else(|| within(&together, depth + 1))
}

/// Whether it says no other language than what can be read here.
fn is_plpgsql(tokens: &[Token<'_>], texts: &[Text]) -> bool {
    let named = |at: usize| {
        let name = tokens.get(at).and_then(Token::name);
        let text = || texts.iter().find(|text| text.tokens.0 == at);
        name.or_else(|| text().map(|text| text.value.clone()))
    };
    (0..tokens.len())
        .filter(|at| tokens[*at].is("language"))
        .all(|at| named(at + 1).is_some_and(|name| name == "plpgsql"))
}

/// Whether a statement of a block begins behind this.
fn ends_before(token: &Token<'_>) -> bool {
    matches!(token, Token::Symbol(';' | '>')) || token.is_any(&["begin", "then", "else", "loop"])
}
