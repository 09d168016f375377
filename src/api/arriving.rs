//! A body that still arrives, of a request that begins once it is whole.

use super::http::Request;
use crate::access::User;
use crate::error::{Error, Result};
use crate::request::operation::Takes;
use crate::request::upload::Upload;
use crate::service::Service;

/// Reads such a body into the request. What is given back holds the place of its bytes.
pub(super) async fn whole(
    service: &Service,
    request: &mut Request,
    takes: Takes,
) -> Result<Option<Upload>> {
    // What comes after a `GET` is nothing, or a socket.
    if request.upload.is_none() || request.method == "GET" {
        return Ok(None);
    }
    // Who may not send it is refused before it is read.
    service.access.known(request.user.as_ref())?;
    let Some(upload) = request.upload.take_if(|_| takes == Takes::Json) else { return Ok(None) };
    let user = request.user.clone().map(User::canonical);
    let seat = service.uploads.enter_whole(user.as_ref().map(|user| user.id.as_str()));
    let mut upload = upload.held_to(seat, service.config.request_timeout);
    let limit = service.config.max_result_bytes;
    while let Some(chunk) = upload.chunk().await? {
        let length = request.body.len() + chunk.len();
        if length > limit {
            return Err(Error::too_large(format!("the request body is larger than {limit} bytes")));
        }
        upload.keep(length)?;
        request.body.extend_from_slice(&chunk);
    }
    Ok(Some(upload))
}
