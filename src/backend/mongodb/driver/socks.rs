//! The server's side of a SOCKS5 handshake (RFC 1928 and RFC 1929), as far as the driver uses it.

use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, Ipv6Addr};

use subtle::ConstantTimeEq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::error::Code;
use crate::target::Endpoint;

const VERSION: u8 = 5;
const WITH_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;

/// What a client must know.
pub(super) struct Login {
    pub(crate) user: String,
    pub(super) password: String,
}

/// Reads the handshake up to the name that is to be connected to. Whoever does not know the login is
/// turned away.
pub(super) async fn accept(client: &mut TcpStream, login: &Login) -> Result<Endpoint> {
    let [version, methods] = read(client).await?;
    let mut offered = vec![0; usize::from(methods)];
    client.read_exact(&mut offered).await?;
    if version != VERSION || !offered.contains(&WITH_PASSWORD) {
        client.write_all(&[VERSION, NO_METHOD]).await?;
        return Err(ErrorKind::PermissionDenied.into());
    }
    client.write_all(&[VERSION, WITH_PASSWORD]).await?;

    let [_version] = read(client).await?;
    let user = short_text(client).await?;
    let password = short_text(client).await?;
    let known = user.ct_eq(login.user.as_bytes()) & password.ct_eq(login.password.as_bytes());
    let known = bool::from(known);
    client.write_all(&[1, u8::from(!known)]).await?;
    if !known {
        return Err(ErrorKind::PermissionDenied.into());
    }

    let [_version, command, _reserved, kind] = read(client).await?;
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(client).await?).to_string(),
        4 => Ipv6Addr::from(read::<16>(client).await?).to_string(),
        3 => String::from_utf8(short_text(client).await?)
            .map_err(|_| Error::from(ErrorKind::InvalidData))?,
        _ => return Err(ErrorKind::Unsupported.into()),
    };
    let port = u16::from_be_bytes(read(client).await?);
    if command != CONNECT {
        return Err(ErrorKind::Unsupported.into());
    }
    Ok(Endpoint { host, port })
}

/// Says whether the connection was made.
pub(crate) async fn answer(client: &mut TcpStream, refusal: Option<Code>) -> Result<()> {
    let reply = match refusal {
        None => 0,
        Some(Code::HostNotAllowed) => 2,
        Some(Code::DbConnectionFailed) => 5,
        Some(Code::DbTimeout) => 6,
        Some(_) => 1,
    };
    client.write_all(&[VERSION, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

async fn read<const N: usize>(client: &mut TcpStream) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn short_text(client: &mut TcpStream) -> Result<Vec<u8>> {
    let [length] = read(client).await?;
    let mut text = vec![0; usize::from(length)];
    client.read_exact(&mut text).await?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// What the proxy makes of a client's bytes, and what it answers.
    async fn handshake(bytes: &[u8]) -> (Result<Endpoint>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let login = Login { user: "user".into(), password: "pass".into() };
        let asked = accept(&mut server, &login).await;
        drop(server);
        let mut answers = Vec::new();
        let _ = client.read_to_end(&mut answers).await;
        (asked, answers)
    }

    #[tokio::test]
    async fn who_knows_the_login_is_told_to_go_on() {
        let name = b"\x05\x02\x00\x02\x01\x04user\x04pass\x05\x01\x00\x03\x04host\x69\x89";
        let (asked, answers) = handshake(name).await;
        assert_eq!(asked.unwrap(), Endpoint { host: "host".into(), port: 27017 });
        assert_eq!(answers, [5, 2, 1, 0]);
        let address = b"\x05\x01\x02\x01\x04user\x04pass\x05\x01\x00\x01\x7f\x00\x00\x01\x69\x89";
        assert_eq!(handshake(address).await.0.unwrap().host, "127.0.0.1");
    }

    #[tokio::test]
    async fn who_does_not_know_the_login_is_turned_away() {
        for stranger in [
            &b"\x05\x01\x00\x05\x01\x00\x03\x04host\x69\x89"[..],
            b"\x05\x01\x02\x01\x04user\x04word\x05\x01\x00\x03\x04host\x69\x89",
            b"\x05\x01\x02\x01\x04user\x00\x05\x01\x00\x03\x04host\x69\x89",
            b"\x04\x01\x69\x89\x7f\x00\x00\x01\x00",
            b"GET / HTTP/1.1\r\n\r\n",
            b"",
        ] {
            assert!(handshake(stranger).await.0.is_err());
        }
    }
}
