//! Writing a service's answer: `{ "status": …, "headers": { … }, "body": … }`.

use hyper::header::HeaderValue;
use serde_json::value::RawValue;

use crate::backend::http::Answer;
use crate::json::Writer;
use crate::request::reply::Reply;

/// The answer as `data`.
pub(super) fn reply(answer: &Answer) -> Reply {
    let mut writer = Reply::open();
    writer.raw("{");
    write_members(&mut writer, answer);
    writer.raw("}");
    Reply::close(writer)
}

/// Its members, without the braces. The body is the service's own JSON, byte for byte, where it is
/// JSON by type and by content; else text, or `$binary`; `null` where there is none. A header that
/// came several times is joined by commas.
pub(super) fn write_members(writer: &mut Writer, answer: &Answer) {
    writer.key("status");
    writer.integer(answer.status.as_u16().into());
    writer.raw(",\"headers\":{");
    let mut first = true;
    for name in answer.headers.keys() {
        writer.comma(&mut first);
        writer.string(name.as_str());
        writer.raw(":");
        let values: Vec<_> =
            answer.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        writer.text_or_bytes(&values.join(b", ".as_slice()));
    }
    writer.raw("},\"body\":");
    let json = answer.says_json().then(|| serde_json::from_slice::<&RawValue>(&answer.body).ok());
    match json.flatten() {
        _ if answer.body.is_empty() => writer.raw("null"),
        Some(json) => writer.raw(json.get()),
        None => writer.text_or_bytes(&answer.body),
    }
}
