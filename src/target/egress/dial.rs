//! Looking up names and opening TCP connections.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// How long one address may stay silent before the next one is tried beside it (RFC 8305).
const NEXT_ATTEMPT: Duration = Duration::from_millis(250);

/// A connection that is silent this long is asked whether it still lives.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
#[cfg(not(windows))]
const KEEPALIVE_PROBES: u32 = 3;

/// All addresses of a name, those of both families taking turns.
pub(super) async fn look_up(host: &str, port: u16, deadline: Deadline) -> Result<Vec<SocketAddr>> {
    let unresolved = || {
        Error::new(
            Code::DbConnectionFailed,
            format!("the host name {host} could not be resolved; check its spelling"),
        )
    };
    let found: Vec<SocketAddr> = deadline
        .run(tokio::net::lookup_host((host, port)))
        .await
        .ok_or_else(|| {
            Error::timeout(format!("looking up {host} took too long"), Outcome::NotApplied)
        })?
        .map_err(|_| unresolved())?
        .collect();
    if found.is_empty() {
        return Err(unresolved());
    }
    Ok(interleave(found))
}

/// Keeps the order within each family, and the family that came first.
fn interleave(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut mixed = Vec::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return mixed;
        }
        mixed.extend(pair.into_iter().flatten());
    }
}

/// Tries the addresses in order, the next one as soon as the last failed or stayed silent; the
/// others are dropped when one answers.
pub(super) async fn first_to_answer(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            attempts.push(TcpStream::connect(*address));
        }
        let patience = if waiting.len() == 0 { Duration::MAX } else { NEXT_ATTEMPT };
        match tokio::time::timeout(patience, attempts.next()).await {
            Ok(Some(Ok(stream))) => return Ok(stream),
            Ok(Some(Err(error))) => failure = error,
            Ok(None) => return Err(failure),
            Err(_silent) => {}
        }
    }
}

pub(super) fn connect_failed(host: &str, port: u16, error: &io::Error) -> Error {
    let why = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "the connection was refused; is the server running, and does it listen on this \
             address and port?"
        }
        io::ErrorKind::TimedOut => "the server did not answer",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no route to it"
        }
        io::ErrorKind::ConnectionReset => "the connection was reset",
        _ => "the connection could not be opened",
    };
    Error::new(Code::DbConnectionFailed, format!("cannot connect to {host}:{port}: {why}"))
}

/// Finds dead peers and sends small requests at once. A system that refuses an option is no reason
/// to refuse the connection.
pub(super) fn keep_alive(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
    #[cfg(not(windows))]
    let keepalive = keepalive.with_retries(KEEPALIVE_PROBES);
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_keepalive(&keepalive);
    // Sent bytes that nobody acknowledges: the same patience as with a silent peer.
    #[cfg(target_os = "linux")]
    let _ =
        socket.set_tcp_user_timeout(Some(KEEPALIVE_IDLE + KEEPALIVE_INTERVAL * KEEPALIVE_PROBES));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |list: &[&str]| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<_>>();
        let found = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]);
        assert_eq!(interleave(found), parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
    }

    #[tokio::test]
    async fn a_refused_address_does_not_keep_the_next_one_waiting() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let closed = {
            let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            other.local_addr().unwrap()
        };
        let stream = first_to_answer(&[closed, open]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
    }

    #[tokio::test]
    async fn no_address_is_a_failure() {
        assert!(first_to_answer(&[]).await.is_err());
    }
}
