//! What a request asks for, and what holds for all of them: who made the browser send it, what it says
//! it is, and how large it is.

use super::call::Named;
use super::http::{Request, shows_token};
use super::media;
use super::origin;
use super::router::{Route, add_query, route};
use crate::error::{Error, Result};
use crate::request::operation::{Subject, Takes};
use crate::service::Service;

/// An operation, with the parameters of its path; or none, where the body names it.
pub(super) type Admitted = Option<Named>;

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

/// Where a request goes, if a browser may have been made to send it, and as what it says it is.
pub(super) fn admit(service: &Service, request: &Request) -> Result<Admitted, Refusal> {
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
    let admitted = match route {
        Route::Found(operation, params) => Some(Named { operation, params }),
        Route::ByName => None,
        Route::MethodNotAllowed(allow) => {
            let method = request.method.clone();
            return Err(Refusal::MethodNotAllowed { method, allow });
        }
        Route::NotFound => {
            let message = format!("there is no endpoint {}", request.path);
            return Err(Error::not_found(message).into());
        }
    };
    check_body(service, request, takes(&admitted))?;
    Ok(admitted)
}

/// What the body of such a request is.
pub(super) fn takes(admitted: &Admitted) -> Takes {
    admitted.as_ref().map_or(Takes::Json, |named| named.operation.takes)
}

/// Reads what a request asks for, once a body that names it is there.
pub(super) fn read(request: &Request, admitted: Admitted) -> Result<Named> {
    let Some(mut named) = admitted else { return Named::read(&request.body, &request.query) };
    add_query(&mut named.params, &request.query)?;
    Ok(named)
}

fn check_body(service: &Service, request: &Request, takes: Takes) -> Result<(), Refusal> {
    // What comes after a `GET` is nothing, or a socket.
    if request.method != "GET" {
        media::check(request, takes).map_err(Refusal::UnknownType)?;
    }
    let limit = service.config.max_result_bytes;
    if request.body.len() > limit {
        let message = format!("the request body is larger than {limit} bytes");
        return Err(Error::too_large(message).into());
    }
    Ok(())
}
