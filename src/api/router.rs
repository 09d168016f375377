//! From a method and a path to an operation.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use matchit::Router as PathRouter;

use super::exact;
use crate::error::{Error, Result};
use crate::operations;
use crate::request::operation::{BASE_PATH, CALL_PATH, Operation, Takes};
use crate::request::params::MOST_VALUES;
use crate::request::params::Params;

/// The operations of each path, in the order in which methods are told.
type Paths = PathRouter<Vec<&'static Operation>>;

static PATHS: LazyLock<Paths> =
    LazyLock::new(|| paths().expect("no two operations claim one path"));

static NAMES: LazyLock<HashMap<&'static str, &'static Operation>> =
    LazyLock::new(|| operations::all().map(|operation| (operation.name, operation)).collect());

/// What stands below a key in paths, such as `download`.
static BELOW_KEYS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let below = |path: &'static str| path.rsplit_once("/{key}/").map(|(_, name)| name);
    operations::all().filter_map(|operation| below(operation.path)).collect()
});

/// Where a request goes.
#[derive(Debug)]
pub enum Route {
    /// To this operation, with the parameters of its path.
    Found(&'static Operation, Params),
    /// To the operation that the body names.
    ByName,
    /// The path exists, but not for this method; these do.
    MethodNotAllowed(Vec<&'static str>),
    /// No such path.
    NotFound,
}

/// Finds the operation of a request. The path is as it was sent: segments are split before they are
/// decoded, so that an encoded slash stays inside its segment.
pub fn route(method: &str, path: &str) -> Result<Route> {
    exact::path(path)?;
    let Some(path) = path.strip_prefix(BASE_PATH) else { return Ok(Route::NotFound) };
    exact::segments(path)?;
    if path == CALL_PATH {
        return Ok(if method == "POST" {
            Route::ByName
        } else {
            Route::MethodNotAllowed(vec!["POST"])
        });
    }
    let Ok(matched) = PATHS.at(path) else { return Ok(Route::NotFound) };
    let Some(operation) = matched.value.iter().find(|o| o.method.as_str() == method) else {
        return Ok(Route::MethodNotAllowed(
            matched.value.iter().map(|o| o.method.as_str()).collect(),
        ));
    };
    let mut params = Params::default();
    for (name, value) in matched.params.iter() {
        params.text(name, exact::decode(value)?)?;
    }
    if operation.path.ends_with("{key}")
        && let Some((_, key)) = path.rsplit_once('/')
    {
        if BELOW_KEYS.contains(key) {
            return Err(exact::ambiguous(key));
        }
        params.text("key", exact::decode(key)?)?;
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

/// Whether an endpoint reads its body while it arrives.
pub fn takes_upload(method: &str, path: &str) -> bool {
    matches!(route(method, path), Ok(Route::Found(operation, _)) if operation.takes == Takes::Upload)
}

/// The operation of that name.
pub fn by_name(name: &str) -> Option<&'static Operation> {
    NAMES.get(name).copied()
}

/// Adds the pairs of a query string (`application/x-www-form-urlencoded`). A name that comes twice is
/// refused: one of the two values would be dropped silently.
pub fn add_query(params: &mut Params, query: &str) -> Result<()> {
    exact::query(query)?;
    let mut names = HashSet::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let spaced = |text: &str| text.replace('+', " ");
        let (name, value) = (exact::decode(&spaced(name))?, exact::decode(&spaced(value))?);
        if !names.insert(name.clone()) {
            return Err(Error::validation(format!("`{name}` is given twice in the query")));
        }
        if names.len() > MOST_VALUES {
            return Err(Error::validation(format!("the query has more than {MOST_VALUES} names")));
        }
        params.text(name, value)?;
    }
    Ok(())
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
    fn what_may_be_left_of_a_longer_path_names_no_key() {
        for name in ["download", "groups", "consumers", "pending", "expire", "rename", "copy"] {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                let path = format!("/api/platform/redis/default/keys/{name}");
                assert!(route(method, &path).is_err(), "{method} {name}");
            }
        }
        assert!(route("DELETE", "/api/platform/redis/default/keys/downloads").is_ok());
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
