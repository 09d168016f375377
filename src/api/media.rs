//! What a request's body may say it is.
//!
//! A page of another site can make a browser send a body as a form or as plain text without asking
//! first, and nothing else. So a body says what it is, and is none of these.

use super::http::Request;
use crate::error::{Error, Result};
use crate::request::operation::Takes;
use crate::request::upload;

const JSON: &str = "application/json";

/// Refuses a body of another type than `takes` has. The program's own requests may leave it out.
pub(super) fn check(request: &Request, takes: Takes) -> Result<()> {
    let types = match takes {
        Takes::Json => &[JSON][..],
        Takes::Upload => &upload::MEDIA_TYPES,
    };
    let has_body = !request.body.is_empty() || request.upload.is_some();
    let Some(sent) = request.header("content-type").filter(|sent| !sent.trim().is_empty()) else {
        if has_body && request.host().is_some() {
            return Err(wrong("without a `Content-Type` header", types));
        }
        return Ok(());
    };
    if !types.iter().any(|known| is(sent, known)) {
        return Err(wrong(&format!("as {:?}", sent.chars().take(100).collect::<String>()), types));
    }
    Ok(())
}

/// Whether a header says this type, in UTF-8.
fn is(sent: &str, known: &str) -> bool {
    let mut parts = sent.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(known))
        && parts.filter(|part| !part.is_empty()).all(|parameter| match pair(parameter) {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
            }
            other => other.is_some(),
        })
}

/// A parameter's name and value, which may stand in quotation marks. Where a comma or semicolon stood
/// in one, it could not be told from where the next type begins.
fn pair(parameter: &str) -> Option<(&str, &str)> {
    let token = |text: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        !text.is_empty() && text.bytes().all(fits)
    };
    let (name, value) = parameter.split_once('=')?;
    let quoted = value.strip_prefix('"').map(|rest| rest.strip_suffix('"'));
    let fits = match quoted {
        None => token(value),
        Some(text) => text?.bytes().all(|b| (b' '..=b'~').contains(&b) && !b"\"\\,;".contains(&b)),
    };
    (token(name) && fits).then_some((name, quoted.flatten().unwrap_or(value)))
}

fn wrong(sent: &str, types: &[&str]) -> Error {
    Error::validation(format!(
        "the body was sent {sent}; send the header `Content-Type: {}`",
        types.join("`, or `Content-Type: ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(sent: Option<&str>, body: &str, takes: Takes) -> bool {
        let mut headers = vec![("host".to_owned(), "localhost".to_owned())];
        headers.extend(sent.map(|sent| ("content-type".to_owned(), sent.to_owned())));
        let request =
            Request { method: "POST".into(), headers, body: body.into(), ..Request::default() };
        check(&request, takes).is_ok()
    }

    #[test]
    fn json_is_taken_in_every_spelling_of_its_name() {
        for sent in [
            JSON,
            "Application/JSON",
            "application/json; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json;",
            "application/json; profile=\"https://example.com/a b\"; charset=utf-8",
        ] {
            assert!(takes(Some(sent), "{}", Takes::Json), "{sent}");
        }
    }

    #[test]
    fn what_a_page_can_send_unasked_is_refused_even_without_a_body() {
        for sent in [
            "text/plain",
            "text/plain; application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain, application/json",
            "application/jsonx",
            "application/json; charset=utf-16",
            "application/json, text/plain",
            "application/json; x, text/plain",
            "application/json; x=y, text/plain",
            "application/json; x=\"y, text/plain\"",
            "application/json; x=\"a;b\"",
            "application/json; x",
            "application/json; =y",
            "application/json; charset=\"utf-8",
            "application/json; charset=utf-8\"",
            "application/json; charset=\"\"utf-8\"\"",
            "application/json; charset=",
            "application/json; charset=utf-8; charset=utf-16",
            "json",
            ";",
        ] {
            for body in ["{}", ""] {
                assert!(!takes(Some(sent), body, Takes::Json), "{sent}");
                assert!(!takes(Some(sent), body, Takes::Upload), "{sent}");
            }
        }
        assert!(!takes(None, "{}", Takes::Json));
        assert!(takes(None, "", Takes::Json));
    }

    #[test]
    fn uploads_have_types_of_their_own() {
        for sent in upload::MEDIA_TYPES {
            assert!(takes(Some(sent), "x", Takes::Upload), "{sent}");
            assert_eq!(takes(Some(sent), "x", Takes::Json), sent == JSON, "{sent}");
        }
    }
}
