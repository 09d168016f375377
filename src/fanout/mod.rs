//! Messages on their way to many readers.
//!
//! A source encodes each message once ([`Frames`]) and offers it to the [`Outbox`] of every reader.
//! An outbox is bounded: what a slow reader has no room for is dropped, counted and told to that
//! reader, so that it neither grows nor slows the source or anybody else. How many readers there may be is
//! counted in [`Seats`].

mod frames;
mod gap;
mod outbox;
mod seats;

pub use frames::{Encoder, Frames, Framing};
pub use gap::{Gap, GapReason};
pub use outbox::Outbox;
pub use seats::{Seat, Seats};
