//! What a request asks for, and what holds for all of them: who made the browser send it, what it says
//! it is, and how large it is.

use super::call::Named;
use super::http::{Request, shows_token};
use super::media;
use super::origin;
use super::router::{Route, add_query, route};
use crate::error::{Code, Error, Result};
use crate::request::operation::{Operation, Subject, Takes};
use crate::request::params::Params;
use crate::service::Service;

/// An operation and its input, as far as that was read.
pub(super) struct Found {
    pub(super) operation: &'static Operation,
    pub(super) params: Params,
    /// All input is there; the body has none.
    pub(super) is_whole: bool,
}

/// Why there is no answer but a failure, and what HTTP says to that.
pub(super) enum Refusal {
    Failed(Error),
    MethodNotAllowed { method: String, allow: Vec<&'static str> },
    NoHandshake(Error),
    UnknownType(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Finds the operation of a request.
pub(super) fn find(service: &Service, request: &Request) -> Result<Found, Refusal> {
    match admitted(service, request)? {
        Route::Found(operation, mut params) => {
            add_query(&mut params, &request.query)?;
            Ok(Found { operation, params, is_whole: false })
        }
        Route::ByName => {
            let Named { operation, params } = Named::read(&request.body, &request.query)?;
            Ok(Found { operation, params, is_whole: true })
        }
        Route::MethodNotAllowed(allow) => {
            Err(Refusal::MethodNotAllowed { method: request.method.clone(), allow })
        }
        Route::NotFound => {
            Err(Error::not_found(format!("there is no endpoint {}", request.path)).into())
        }
    }
}

/// Whether the body of a request must be there before its operation begins. Who may not send it, or
/// sends it to nowhere, is refused before it is read.
pub(super) fn wants_whole(service: &Service, request: &Request) -> Result<bool, Refusal> {
    let takes = match admitted(service, request)? {
        Route::Found(operation, _) => operation.takes,
        Route::ByName => Takes::Json,
        Route::MethodNotAllowed(_) | Route::NotFound => return Ok(false),
    };
    service.access.known(request.user.as_ref())?;
    Ok(takes == Takes::Json)
}

/// What a request asks for, if a browser may have been made to send it, and as what it says it is.
fn admitted(service: &Service, request: &Request) -> Result<Route, Refusal> {
    let route = route(&request.method, &request.path)?;
    // Whoever can reach the process may have these, and no page knows the operator's token.
    let is_open = match &route {
        Route::Found(operation, _) => match operation.subject {
            Subject::Public => true,
            Subject::Operator => shows_token(service, request),
            _ => false,
        },
        _ => false,
    };
    if !is_open {
        let config = &service.config;
        origin::admit(request, &config.allowed_origins, config.authorization)?;
    }
    match &route {
        Route::Found(operation, _) => check_body(service, request, operation.takes)?,
        Route::ByName => check_body(service, request, Takes::Json)?,
        Route::MethodNotAllowed(_) | Route::NotFound => {}
    }
    Ok(route)
}

fn check_body(service: &Service, request: &Request, takes: Takes) -> Result<(), Refusal> {
    // What comes after a `GET` is nothing, or a socket.
    if request.method != "GET" {
        media::check(request, takes).map_err(Refusal::UnknownType)?;
    }
    let limit = service.config.max_result_bytes;
    if request.body.len() > limit {
        let message = format!("the request body is larger than {limit} bytes");
        return Err(Error::new(Code::PayloadTooLarge, message).into());
    }
    Ok(())
}
