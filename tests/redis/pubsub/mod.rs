//! Channels through the HTTP door, and through the WebSocket.

mod messages;
mod rules;
mod socket;
