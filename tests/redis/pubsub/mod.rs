//! Channels through the HTTP door, and through the WebSocket.

mod cluster;
mod faults;
mod messages;
mod rules;
mod socket;
mod users;
