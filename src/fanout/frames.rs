//! Messages, each encoded once however many readers it has.
//!
//! A message is kept as the WebSocket frame that it is sent as: what a server sends is not masked,
//! so the frame is the same for every socket. A reader without a socket gets the message without the
//! frame's header, whose length its first bytes tell.

use bytes::Bytes;

use crate::error::Result;
use crate::json::Writer;

/// A whole text message.
const TEXT: u8 = 0x81;

/// Room for the header of a message of usual length; others are moved.
const HEADER: usize = 4;

/// How a reader tells one message from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// WebSocket frames.
    Socket,
    /// One per line.
    Lines,
    /// Server-sent events.
    Events,
}

/// Some messages in a row. Copies share the bytes.
#[derive(Debug, Clone)]
pub struct Frames {
    bytes: Bytes,
    count: u32,
}

impl Frames {
    /// One message: the JSON text that `write` writes.
    pub fn one(write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<Self> {
        let mut encoder = Encoder::default();
        encoder.message(write)?;
        Ok(encoder.finish())
    }

    /// How many messages there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Their length in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The messages' texts.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest: &[u8] = &self.bytes;
        std::iter::from_fn(move || {
            let (header, length) = match rest.get(1)? {
                126 => (4, u64::from(u16::from_be_bytes(*rest.get(2..)?.first_chunk()?))),
                127 => (10, u64::from_be_bytes(*rest.get(2..)?.first_chunk()?)),
                short => (2, u64::from(*short)),
            };
            let length = usize::try_from(length).ok()?;
            let text = rest.get(header..header + length)?;
            rest = &rest[header + length..];
            Some(text)
        })
    }

    /// Appends the messages to what is sent to a reader.
    pub fn append_to(&self, out: &mut Vec<u8>, framing: Framing) {
        let (before, after): (&[u8], &[u8]) = match framing {
            Framing::Socket => return out.extend_from_slice(&self.bytes),
            Framing::Lines => (b"", b"\n"),
            Framing::Events => (b"data: ", b"\n\n"),
        };
        for text in self.texts() {
            out.extend_from_slice(before);
            out.extend_from_slice(text);
            out.extend_from_slice(after);
        }
    }
}

/// Encodes messages that go to the same readers into one piece.
#[derive(Debug, Default)]
pub struct Encoder {
    out: Writer,
    count: u32,
}

impl Encoder {
    /// Adds a message: the JSON text that `write` writes. Of one that fails nothing is left.
    pub fn message(&mut self, write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        let start = self.out.len();
        self.out.raw([0; HEADER]);
        let written = write(&mut self.out);
        let out = self.out.buffer();
        if written.is_err() {
            out.truncate(start);
            return written;
        }
        let length = out.len() - start - HEADER;
        let mut header = [TEXT, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let header = if let Ok(short) = u8::try_from(length)
            && short < 126
        {
            header[1] = short;
            &header[..2]
        } else if let Ok(medium) = u16::try_from(length) {
            header[1] = 126;
            header[2..4].copy_from_slice(&medium.to_be_bytes());
            &header[..4]
        } else {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            &header[..]
        };
        out.splice(start..start + HEADER, header.iter().copied());
        self.count += 1;
        Ok(())
    }

    /// Bytes encoded so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was encoded since [`Encoder::finish`].
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What was encoded since the last time.
    pub fn finish(&mut self) -> Frames {
        let bytes = std::mem::take(&mut self.out).into_bytes().into();
        Frames { bytes, count: std::mem::take(&mut self.count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use proptest::prelude::*;
    use tungstenite::Message;
    use tungstenite::protocol::{Role, WebSocket};

    fn frames(texts: &[String]) -> Frames {
        let mut encoder = Encoder::default();
        for text in texts {
            encoder
                .message(|out| {
                    out.raw(text);
                    Ok(())
                })
                .unwrap();
        }
        encoder.finish()
    }

    /// What a client reads.
    fn read(bytes: &[u8]) -> Vec<String> {
        let stream = std::io::Cursor::new(bytes.to_vec());
        let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
        let mut texts = Vec::new();
        while let Ok(Message::Text(text)) = socket.read() {
            texts.push(text.to_string());
        }
        texts
    }

    #[test]
    fn a_message_that_fails_leaves_the_others_whole() {
        let mut encoder = Encoder::default();
        encoder.message(|out| out.value("a")).unwrap();
        let failed = encoder.message(|out| {
            out.raw(b"half");
            Err(Error::internal("no"))
        });
        assert!(failed.is_err());
        encoder.message(|out| out.value("b")).unwrap();
        let frames = encoder.finish();
        assert_eq!((frames.count(), frames.texts().count()), (2, 2));
        assert!(encoder.is_empty());
    }

    #[test]
    fn each_reader_gets_the_same_texts_in_its_own_framing() {
        let frames = frames(&["1".into(), "22".into()]);
        let mut lines = Vec::new();
        frames.append_to(&mut lines, Framing::Lines);
        assert_eq!(lines, b"1\n22\n");
        let mut events = Vec::new();
        frames.append_to(&mut events, Framing::Events);
        assert_eq!(events, b"data: 1\n\ndata: 22\n\n");
    }

    proptest! {
        #[test]
        fn a_client_reads_what_was_encoded(
            lengths in proptest::collection::vec(
                prop_oneof![0_usize..200, 65_500_usize..65_600], 0..6
            )
        ) {
            let texts: Vec<String> = lengths.iter().map(|&length| "x".repeat(length)).collect();
            let frames = frames(&texts);
            let mut out = Vec::new();
            frames.append_to(&mut out, Framing::Socket);
            prop_assert_eq!(&read(&out), &texts);
            let own: Vec<&[u8]> = frames.texts().collect();
            prop_assert_eq!(own, texts.iter().map(String::as_bytes).collect::<Vec<_>>());
        }
    }
}
