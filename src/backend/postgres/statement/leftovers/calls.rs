//! Functions of the server and its extensions that work on the session, or run SQL from a string on
//! it.

use std::sync::LazyLock;

use crate::backend::WordList;
use crate::backend::postgres::statement::lexer::{Text, Token};

pub(super) const UNREADABLE: &str = "a function that runs SQL which can't be read here";

/// What works on the session, whatever its arguments.
static ON_THE_SESSION: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&["pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock \
         pg_try_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_shared \
         pg_advisory_unlock_all pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup \
         pg_replication_origin_session_setup pg_replication_origin_session_reset setseed \
         set_limit dblink_connect dblink_connect_u dblink_disconnect hypopg_create_index \
         hypopg_hide_index http_set_curlopt isn_weak reset_user sepgsql_setcon set_session_auth \
         set_user set_user_u pgv_set…"])
});

/// What makes a replication slot that ends with the session, where its third argument says so.
const SLOTS: [&str; 4] = [
    "pg_create_physical_replication_slot",
    "pg_create_logical_replication_slot",
    "pg_copy_physical_replication_slot",
    "pg_copy_logical_replication_slot",
];

/// The server's own that run SQL from a string.
const OF_TEXTS: [&str; 5] =
    ["query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "ts_stat", "ts_rewrite"];

/// Extensions' that do. Their arguments may come from columns: what is spelt out is looked at.
static OF_OTHER_TEXTS: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&["connectby crosstab crosstab2 crosstab3 crosstab4 crosstabn xpath_table pgr_…"])
});

/// What is called at this place, and would leave something.
pub(super) fn leaves(tokens: &[Token<'_>], at: usize, name: &str) -> Option<String> {
    if !is_reached(tokens, at) {
        return None;
    }
    // It calls the function that its type is named like.
    if tokens[at].is("treat") {
        return Some("TREAT".to_owned());
    }
    if ON_THE_SESSION.has(name) {
        return Some(format!("the function {name}"));
    }
    let arguments = arguments(tokens, at)?;
    if name == "set_config" && !is_local(&arguments) {
        return Some("set_config without `true` at its end".to_owned());
    }
    if SLOTS.contains(&name) && is_of_the_session(&arguments) {
        return Some("a temporary replication slot".to_owned());
    }
    None
}

/// Whether SQL from a string is run at this place.
pub(super) fn runs_texts(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(name) = tokens[at].name() else { return false };
    (OF_TEXTS.contains(&&*name) || OF_OTHER_TEXTS.has(&name)) && is_reached(tokens, at)
}

/// Whether all that the server's own functions would run is spelt out.
pub(super) fn are_readable(tokens: &[Token<'_>], texts: &[Text]) -> bool {
    let literal =
        |at: usize| texts.iter().any(|text| (text.tokens.0..=text.tokens.1).contains(&at));
    (0..tokens.len()).all(|at| {
        let listed = tokens[at].name().is_some_and(|name| OF_TEXTS.contains(&&*name));
        if !listed || !is_reached(tokens, at) {
            return true;
        }
        let Some((start, end)) = extent(tokens, at) else { return false };
        (start..end).all(|inside| match &tokens[inside] {
            Token::Value => literal(inside),
            word @ Token::Word(_) => {
                // `::text`, `query =>`
                let typed = tokens[inside - 1] == Token::Symbol(':');
                let names = named(&tokens[inside..end]).is_some();
                typed || names || word.is_any(&["true", "false", "null"])
            }
            token => matches!(token, Token::Symbol(',' | ':' | '=' | '>')),
        })
    })
}

/// Whether the function of this name would be called here; `(1).pg_advisory_lock` calls it as well.
fn is_reached(tokens: &[Token<'_>], at: usize) -> bool {
    let called = tokens.get(at + 1) == Some(&Token::Symbol('('));
    called || at > 0 && tokens[at - 1] == Token::Symbol('.')
}

/// Where the arguments of a call begin, and where they end.
fn extent(tokens: &[Token<'_>], at: usize) -> Option<(usize, usize)> {
    if tokens.get(at + 1) != Some(&Token::Symbol('(')) {
        return None;
    }
    let mut depth = 0_usize;
    let end = tokens[at + 2..].iter().position(|token| {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') if depth == 0 => return true,
            Token::Symbol(')') => depth -= 1,
            _ => {}
        }
        false
    })?;
    Some((at + 2, at + 2 + end))
}

fn arguments<'t, 's>(tokens: &'t [Token<'s>], at: usize) -> Option<Vec<&'t [Token<'s>]>> {
    let (start, end) = extent(tokens, at)?;
    let mut depth = 0_usize;
    let separates = |token: &Token<'_>| {
        match token {
            Token::Symbol('(' | '[') => depth += 1,
            Token::Symbol(')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == Token::Symbol(',')
    };
    Some(tokens[start..end].split(separates).collect())
}

/// The name and the value of an argument that is given by name.
fn named<'t, 's>(argument: &'t [Token<'s>]) -> Option<(&'t Token<'s>, &'t [Token<'s>])> {
    use Token::Symbol;
    match argument {
        [name, Symbol('='), Symbol('>'), value @ ..]
        | [name, Symbol(':'), Symbol('='), value @ ..] => Some((name, value)),
        _ => None,
    }
}

/// Whether the last argument of a `set_config` is `true`: then it ends with the transaction.
fn is_local(arguments: &[&[Token<'_>]]) -> bool {
    arguments.len() > 1 && matches!(arguments.last(), Some([value]) if value.is("true"))
}

/// Whether a replication slot may be temporary.
fn is_of_the_session(arguments: &[&[Token<'_>]]) -> bool {
    let is_false = |value: &[Token<'_>]| matches!(value, [value] if value.is("false"));
    arguments.iter().enumerate().any(|(n, argument)| match named(argument) {
        // A quoted name may be spelt in many ways.
        Some((Token::Word(name), _)) if !name.eq_ignore_ascii_case("temporary") => false,
        Some((_, value)) => !is_false(value),
        None => n == 2 && !is_false(argument),
    })
}
