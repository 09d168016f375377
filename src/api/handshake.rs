//! The opening handshake (RFC 6455, section 4.2): what a client asks, and what it is answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest as _, Sha1};

use crate::error::{Error, Result};

/// The subprotocol that a client may name, beside others that carry its credentials: a browser
/// refuses an answer that takes up none of those it offered.
const SUBPROTOCOL: &str = "studio-multidb";

const VERSION: &str = "13";

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// An upgrade that was asked for as it should be.
#[derive(Debug)]
pub(crate) struct Handshake {
    accept: String,
    subprotocol: bool,
}

/// Whether a request asks to become a WebSocket.
pub(crate) fn is_asked_for(header: impl Fn(&str) -> Option<String>) -> bool {
    header("upgrade").is_some_and(|upgrade| lists(&upgrade, "websocket"))
}

impl Handshake {
    /// Reads the headers of a request. `header` finds one by its lower-case name.
    pub(crate) fn read(header: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let text = |name: &str| header(name).unwrap_or_default();
        if !lists(&text("connection"), "upgrade") {
            return Err(Error::validation("the `Connection` header must say `Upgrade`"));
        }
        if text("sec-websocket-version") != VERSION {
            let message = format!("only version {VERSION} of the WebSocket protocol is spoken");
            return Err(Error::validation(message));
        }
        let key = text("sec-websocket-key");
        if BASE64.decode(&key).map(|nonce| nonce.len()) != Ok(16) {
            return Err(Error::validation("`Sec-WebSocket-Key` must be 16 bytes in base64"));
        }
        let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
        Ok(Self {
            accept: BASE64.encode(digest),
            subprotocol: lists(&text("sec-websocket-protocol"), SUBPROTOCOL),
        })
    }

    /// The headers of the answer.
    pub(crate) fn headers(self) -> impl Iterator<Item = (&'static str, String)> {
        let own = [
            ("upgrade", "websocket".to_owned()),
            ("connection", "Upgrade".to_owned()),
            ("sec-websocket-accept", self.accept),
        ];
        let subprotocol =
            self.subprotocol.then(|| ("sec-websocket-protocol", SUBPROTOCOL.to_owned()));
        own.into_iter().chain(subprotocol)
    }

    /// The headers that tell a request which is no handshake what to send instead.
    pub(crate) fn required() -> [(&'static str, String); 2] {
        [("upgrade", "websocket".to_owned()), ("sec-websocket-version", VERSION.to_owned())]
    }
}

/// Whether a comma-separated header holds a token.
fn lists(header: &str, token: &str) -> bool {
    header.split(',').any(|listed| listed.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn read(headers: &[(&str, &str)]) -> Result<Handshake> {
        let find = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into());
        assert!(is_asked_for(find));
        Handshake::read(find)
    }

    #[test]
    fn the_example_of_the_specification_is_accepted() {
        let answer: Vec<_> = read(&GOOD).unwrap().headers().collect();
        assert!(answer.contains(&("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".into())));
        assert_eq!(answer.len(), 3);
    }

    #[test]
    fn a_subprotocol_is_taken_up_where_it_is_ours() {
        let mut headers = GOOD.to_vec();
        headers.push(("sec-websocket-protocol", "bearer.token, studio-multidb"));
        let answer: Vec<_> = read(&headers).unwrap().headers().collect();
        assert!(answer.contains(&("sec-websocket-protocol", "studio-multidb".into())));
    }

    #[test]
    fn half_a_handshake_is_none() {
        for (name, bad) in [
            ("connection", "keep-alive"),
            ("sec-websocket-version", "8"),
            ("sec-websocket-key", "c2hvcnQ="),
            ("sec-websocket-key", "no base64"),
        ] {
            let headers = GOOD.map(|(n, good)| (n, if n == name { bad } else { good }));
            assert!(read(&headers).is_err(), "{name}: {bad}");
        }
    }
}
