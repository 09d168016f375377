//! From a method and a path to an operation.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use matchit::Router as PathRouter;
use percent_encoding::percent_decode_str;

use super::members::MOST_VALUES;
use super::operation::Operation;
use super::params::Params;
use crate::error::{Error, Result};
use crate::operations;

/// All paths start with it.
pub const BASE_PATH: &str = "/api/platform";

/// The operations of each path, in the order in which methods are told.
type Paths = PathRouter<Vec<&'static Operation>>;

static PATHS: LazyLock<Paths> =
    LazyLock::new(|| paths().expect("no two operations claim one path"));

static NAMES: LazyLock<HashMap<&'static str, &'static Operation>> =
    LazyLock::new(|| operations::all().map(|operation| (operation.name, operation)).collect());

/// Where a request goes.
#[derive(Debug)]
pub enum Route {
    /// To this operation, with the parameters of its path.
    Found(&'static Operation, Params),
    /// The path exists, but not for this method; these do.
    MethodNotAllowed(Vec<&'static str>),
    /// No such path.
    NotFound,
}

/// Finds the operation of a request. The path is as it was sent: segments are split before they are
/// decoded, so that an encoded slash stays inside its segment.
pub fn route(method: &str, path: &str) -> Result<Route> {
    let Some(path) = path.strip_prefix(BASE_PATH) else { return Ok(Route::NotFound) };
    let Ok(matched) = PATHS.at(path) else { return Ok(Route::NotFound) };
    let Some(operation) = matched.value.iter().find(|o| o.method.as_str() == method) else {
        return Ok(Route::MethodNotAllowed(
            matched.value.iter().map(|o| o.method.as_str()).collect(),
        ));
    };
    let mut params = Params::default();
    for (name, value) in matched.params.iter() {
        params.text(name, decode_segment(value)?);
    }
    if operation.path.ends_with("{key}")
        && let Some((_, key)) = path.rsplit_once('/')
    {
        params.text("key", decode_segment(key)?);
    }
    Ok(Route::Found(operation, params))
}

fn paths() -> Result<Paths, matchit::InsertError> {
    let mut by_path: Vec<(&str, Vec<&'static Operation>)> = Vec::new();
    for operation in operations::all() {
        match by_path.iter_mut().find(|(path, _)| *path == operation.path) {
            Some((_, found)) => found.push(operation),
            None => by_path.push((operation.path, vec![operation])),
        }
    }
    add_methods_of_keys(&mut by_path);
    let mut paths = PathRouter::new();
    for (path, operations) in by_path {
        // An empty last segment is a key of no bytes; the router would not match it.
        if let Some(parent) = path.strip_suffix("{key}") {
            paths.insert(parent, operations.clone())?;
        }
        paths.insert(path, operations)?;
    }
    Ok(paths)
}

/// `…/keys/bulk` is also the path of a key named `bulk`, as far as methods of its own don't say
/// otherwise.
fn add_methods_of_keys(by_path: &mut [(&str, Vec<&'static Operation>)]) {
    let keys: Vec<_> =
        by_path.iter().filter(|(path, _)| path.ends_with("{key}")).cloned().collect();
    for (path, operations) in by_path.iter_mut().filter(|(path, _)| !path.ends_with('}')) {
        let Some((parent, _)) = path.rsplit_once('/') else { continue };
        let of_keys = keys.iter().filter(|(path, _)| path.strip_suffix("/{key}") == Some(parent));
        for operation in of_keys.flat_map(|(_, operations)| operations) {
            if operations.iter().all(|own| own.method != operation.method) {
                operations.push(operation);
            }
        }
    }
}

fn decode_segment(segment: &str) -> Result<String> {
    percent_decode_str(segment).decode_utf8().map(Cow::into_owned).map_err(|_| {
        Error::validation(
            "a path segment is not valid UTF-8; send it as base64url with ?encoding=base64url",
        )
    })
}

/// The operation of that name.
pub fn by_name(name: &str) -> Option<&'static Operation> {
    NAMES.get(name).copied()
}

/// Adds the pairs of a query string (`application/x-www-form-urlencoded`). A name that comes twice is
/// refused: one of the two values would be dropped silently.
pub fn add_query(params: &mut Params, query: &str) -> Result<()> {
    let mut names = HashSet::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode_query(name)?, decode_query(value)?);
        if !names.insert(name.clone()) {
            return Err(Error::validation(format!("`{name}` is given twice in the query")));
        }
        if names.len() > MOST_VALUES {
            return Err(Error::validation(format!("the query has more than {MOST_VALUES} names")));
        }
        params.text(name, value);
    }
    Ok(())
}

/// Bytes that are no text have no place here: replaced by U+FFFD they would ask for something else.
fn decode_query(text: &str) -> Result<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| Error::validation("the query is not valid UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_names_than_any_input_has_are_refused_in_the_query() {
        let pairs: Vec<String> = (0..5000).map(|n| format!("{n}=0")).collect();
        assert!(add_query(&mut Params::default(), &pairs.join("&")).is_err());
    }

    #[test]
    fn a_key_may_be_named_like_an_endpoint() {
        let path = "/api/platform/redis/default/keys/bulk";
        let found = |method: &str| match route(method, path).unwrap() {
            Route::Found(operation, mut params) => {
                (operation.name, params.take_text("key").unwrap())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(found("GET"), ("redis.keys.get", Some("bulk".to_owned())));
        assert_eq!(found("POST").0, "redis.bulk");
    }
}
