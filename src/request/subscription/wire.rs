//! The protocol's side of a socket: bytes in, messages out, and what must be answered.
//!
//! The state machine is `tungstenite`'s; it reads from what has arrived and writes into a buffer.
//! Messages to the client do not pass through it: they are encoded once for all sockets.

use std::io::{self, Read, Write};
use std::time::Instant;

use bytes::{Buf as _, Bytes};
use tungstenite::error::CapacityError;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message, Utf8Bytes};

use super::ending::Ending;

/// Largest message of a client: a list of channels, not data.
pub(super) const MAX_MESSAGE: usize = 64 << 10;

const READ_BUFFER: usize = 4 << 10;

/// Frames that a client may send at once, and per second from then on.
const BURST: f64 = 200.0;
const PER_SECOND: f64 = 50.0;

/// The protocol of one socket.
pub(super) struct Wire {
    protocol: WebSocketContext,
    memory: Memory,
    allowance: f64,
    counted: Instant,
}

/// What has arrived, and what is to be sent.
#[derive(Default)]
struct Memory {
    arrived: Bytes,
    sent: Vec<u8>,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.arrived.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = buffer.len().min(self.arrived.len());
        self.arrived.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire {
    pub(super) fn new() -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        Self {
            protocol: WebSocketContext::new(Role::Server, Some(config)),
            memory: Memory::default(),
            allowance: BURST,
            counted: Instant::now(),
        }
    }

    /// Takes bytes that arrived; what they say is read with [`Wire::next`].
    pub(super) fn arrived(&mut self, bytes: Bytes) {
        debug_assert!(self.memory.arrived.is_empty(), "everything was read before");
        self.memory.arrived = bytes;
    }

    /// The next text of the client; `None` until more arrives. Pings and the closing handshake are
    /// answered on the way ([`Wire::answers`]).
    pub(super) fn next(&mut self) -> Result<Option<Utf8Bytes>, Ending> {
        loop {
            let message = match self.protocol.read(&mut self.memory) {
                Ok(message) => message,
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(None);
                }
                Err(error) => return Err(ending(&error)),
            };
            self.count()?;
            match message {
                Message::Text(text) => return Ok(Some(text)),
                Message::Binary(_) => {
                    return Err(Ending::Broken(1003, "messages are JSON text"));
                }
                // What must be answered, the protocol has an answer ready for.
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Asks whether the client still lives.
    pub(super) fn ping(&mut self) {
        let _ = self.protocol.write(&mut self.memory, Message::Ping(Bytes::new()));
        let _ = self.protocol.flush(&mut self.memory);
    }

    /// Says goodbye, unless that was done.
    pub(super) fn close(&mut self, frame: CloseFrame) {
        let _ = self.protocol.close(&mut self.memory, Some(frame));
    }

    /// Whole frames that are to be sent to the client: pings, answers to its own, goodbyes.
    pub(super) fn answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.memory.sent)
    }

    /// Holds the client to the number of frames it may send.
    fn count(&mut self) -> Result<(), Ending> {
        let now = Instant::now();
        let earned = now.duration_since(self.counted).as_secs_f64() * PER_SECOND;
        self.counted = now;
        self.allowance = (self.allowance + earned).min(BURST) - 1.0;
        if self.allowance < 0.0 {
            return Err(Ending::Broken(1008, "too many messages"));
        }
        Ok(())
    }
}

fn ending(error: &Error) -> Ending {
    match error {
        Error::ConnectionClosed => Ending::Closed,
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Ending::Broken(1009, "a message has at most 64 KiB")
        }
        Error::Utf8(_) => Ending::Broken(1007, "text must be UTF-8"),
        _ => Ending::Broken(1002, "what was sent is not the WebSocket protocol"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
    use tungstenite::protocol::frame::{Frame, FrameHeader};

    const MASK: [u8; 4] = [1, 2, 3, 4];

    /// A frame as a client sends it, masked unless `mask` says otherwise.
    fn frame(opcode: OpCode, payload: &[u8], alter: impl FnOnce(&mut FrameHeader)) -> Vec<u8> {
        let mut header = FrameHeader { opcode, mask: Some(MASK), ..FrameHeader::default() };
        alter(&mut header);
        let mut out = Vec::new();
        Frame::from_payload(header, payload.to_vec().into()).format(&mut out).unwrap();
        out
    }

    fn text(payload: &[u8]) -> Vec<u8> {
        frame(OpCode::Data(Data::Text), payload, |_| {})
    }

    /// All texts, and how it ended.
    fn read(wire: &mut Wire, bytes: &[u8], piece: usize) -> (Vec<String>, Option<Ending>) {
        let mut texts = Vec::new();
        for piece in bytes.chunks(piece) {
            wire.arrived(Bytes::copy_from_slice(piece));
            loop {
                match wire.next() {
                    Ok(Some(text)) => texts.push(text.to_string()),
                    Ok(None) => break,
                    Err(ending) => return (texts, Some(ending)),
                }
            }
        }
        (texts, None)
    }

    fn broken(bytes: &[u8], piece: usize) -> u16 {
        match read(&mut Wire::new(), bytes, piece).1 {
            Some(Ending::Broken(code, _)) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_breaks_the_protocol_is_refused_with_its_code() {
        let reserved = |header: &mut FrameHeader| header.rsv1 = true;
        let unmasked = |header: &mut FrameHeader| header.mask = None;
        let data = OpCode::Data(Data::Text);
        let cases: [(&str, Vec<u8>, u16); 7] = [
            ("unmasked", frame(data, b"{}", unmasked), 1002),
            ("a reserved bit", frame(data, b"{}", reserved), 1002),
            ("a reserved opcode", frame(OpCode::Data(Data::Reserved(5)), b"", |_| {}), 1002),
            ("a continuation of nothing", frame(OpCode::Data(Data::Continue), b"", |_| {}), 1002),
            ("no text", text(&[0xff, 0xfe]), 1007),
            ("binary", frame(OpCode::Data(Data::Binary), b"x", |_| {}), 1003),
            ("too large", text(&vec![b'x'; MAX_MESSAGE + 1])[..16].to_vec(), 1009),
        ];
        for (what, bytes, code) in cases {
            assert_eq!(broken(&bytes, usize::MAX), code, "{what}");
            assert_eq!(broken(&bytes, 1), code, "{what}, byte by byte");
        }
    }

    #[test]
    fn fragments_that_add_up_to_too_much_are_refused() {
        let part = |opcode| frame(opcode, &vec![b'x'; 60_000], |header| header.is_final = false);
        let mut bytes = part(OpCode::Data(Data::Text));
        bytes.extend(part(OpCode::Data(Data::Continue)));
        assert_eq!(broken(&bytes, 1000), 1009);
    }

    #[test]
    fn a_flood_of_frames_is_refused() {
        let ping = frame(OpCode::Control(Control::Ping), b"", |_| {});
        assert_eq!(broken(&ping.repeat(1000), 4096), 1008);
    }

    #[test]
    fn a_ping_is_answered_and_a_close_too() {
        let mut wire = Wire::new();
        let ping = frame(OpCode::Control(Control::Ping), b"hi", |_| {});
        assert!(read(&mut wire, &ping, 1).1.is_none());
        assert_eq!(wire.answers(), b"\x8a\x02hi");
        let close = frame(OpCode::Control(Control::Close), &1000_u16.to_be_bytes(), |_| {});
        assert!(matches!(read(&mut wire, &close, 1).1, Some(Ending::Closed)));
        assert_eq!(wire.answers(), b"\x88\x02\x03\xe8");
    }

    #[test]
    fn our_own_goodbye_is_over_once_it_is_answered() {
        let mut wire = Wire::new();
        wire.close(Ending::Away.frame().unwrap());
        assert_eq!(wire.answers()[..4], [0x88, 29, 0x03, 0xe9]);
        let mut bytes = text(b"{}");
        bytes.extend(frame(OpCode::Control(Control::Close), &1001_u16.to_be_bytes(), |_| {}));
        let (texts, ending) = read(&mut wire, &bytes, usize::MAX);
        assert_eq!(texts, ["{}"]);
        assert!(matches!(ending, Some(Ending::Closed)));
    }

    proptest! {
        #[test]
        fn texts_are_the_same_in_whatever_fragments_and_pieces_they_come(
            texts in proptest::collection::vec("\\PC{0,60}", 1..5),
            fragment in 1_usize..30, piece in 1_usize..50
        ) {
            let mut bytes = Vec::new();
            for sent in &texts {
                let parts: Vec<&[u8]> = sent.as_bytes().chunks(fragment).collect();
                let count = parts.len().max(1);
                for i in 0..count {
                    let opcode = if i == 0 { Data::Text } else { Data::Continue };
                    let payload = parts.get(i).copied().unwrap_or_default();
                    let last = i + 1 == count;
                    bytes.extend(frame(OpCode::Data(opcode), payload, |h| h.is_final = last));
                }
            }
            let (read, ending) = read(&mut Wire::new(), &bytes, piece);
            prop_assert_eq!(read, texts);
            prop_assert!(ending.is_none());
        }

        #[test]
        fn garbage_never_panics(garbage: Vec<u8>, piece in 1_usize..20) {
            let _ = read(&mut Wire::new(), &garbage, piece);
        }
    }
}
