//! A body that still arrives, of a request that begins once it is whole.

use super::find::{self, Refusal};
use super::http::Request;
use crate::access::User;
use crate::error::{Code, Error};
use crate::request::upload::Upload;
use crate::service::Service;

/// Reads such a body into the request. What is given back holds the place of its bytes.
pub(super) async fn whole(
    service: &Service,
    request: &mut Request,
) -> Result<Option<Upload>, Refusal> {
    // What comes after a `GET` is nothing, or a socket.
    if request.upload.is_none() || request.method == "GET" {
        return Ok(None);
    }
    if !find::wants_whole(service, request)? {
        return Ok(None);
    }
    let Some(upload) = request.upload.take() else { return Ok(None) };
    let user = request.user.clone().map(User::canonical);
    let seat = service.uploads.enter_whole(user.as_ref().map(|user| user.id.as_str()));
    let mut upload = upload.held_to(seat, service.config.request_timeout);
    let limit = service.config.max_result_bytes;
    let mut body = Vec::new();
    while let Some(chunk) = upload.chunk().await? {
        let length = body.len() + chunk.len();
        if length > limit {
            let message = format!("the request body is larger than {limit} bytes");
            return Err(Error::new(Code::PayloadTooLarge, message).into());
        }
        upload.keep(length)?;
        body.extend_from_slice(&chunk);
    }
    request.body = body;
    Ok(Some(upload))
}
