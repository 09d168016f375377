//! Logging in: the startup message and the authentication that follows it.

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;
use secrecy::ExposeSecret as _;

use fallible_iterator::FallibleIterator as _;

use super::connection::{CancelKey, Connection};
use super::stream::{Stream, is_encrypted, server_end_point};
use crate::backend::postgres::error::{Failure, ServerError};
use crate::error::{Code, Error, Result};
use crate::target::ChannelBinding::{Disable, Prefer, Require};
use crate::target::PostgresTarget;

/// What sessions are called in `pg_stat_activity`.
pub(crate) const APPLICATION_NAME: &str = "studio-multidb";

/// Logs in over a stream that is as secure as it will get.
pub(crate) async fn log_in(stream: Stream, target: &PostgresTarget) -> Result<Connection> {
    let mut connection = Connection::new(stream);
    let done = authenticate(&mut connection, target).await;
    done.map_err(|failure| failure.told(ServerError::to_log_in_error))?;
    Ok(connection)
}

async fn authenticate(connection: &mut Connection, target: &PostgresTarget) -> Result<(), Failure> {
    let parameters = [
        ("user", target.username.as_str()),
        ("database", target.database.as_str()),
        ("application_name", APPLICATION_NAME),
        ("client_encoding", "UTF8"),
        // The gate for viewers reads strings as the standard does; so must the server.
        ("standard_conforming_strings", "on"),
    ];
    frontend::startup_message(parameters, &mut connection.output)
        .map_err(|_| Error::validation("the user or database name holds a zero byte"))?;
    connection.flush().await?;
    let mut scram = None;
    let mut proven = false;
    loop {
        match connection.message().await? {
            // A server that began SCRAM must prove that it knows the password as well.
            Message::AuthenticationOk if scram.is_some() && !proven => {
                return Err(out_of_turn("the end of the log-in"));
            }
            // Nothing but SCRAM binds; without a password there is nothing to bind.
            Message::AuthenticationOk if target.channel_binding == Require && !proven => {
                return Err(unbound().into());
            }
            Message::AuthenticationOk => break,
            Message::AuthenticationCleartextPassword | Message::AuthenticationMd5Password(_)
                if target.channel_binding == Require =>
            {
                return Err(unbound().into());
            }
            Message::AuthenticationCleartextPassword => {
                if !is_encrypted(connection.stream()) {
                    return Err(refused(
                        "the server asks for the password in the clear on an unencrypted \
                         connection; turn TLS on, or set the server to scram-sha-256",
                    )
                    .into());
                }
                let password = password(target)?;
                frontend::password_message(password, &mut connection.output)?;
            }
            Message::AuthenticationMd5Password(body) => {
                let user = target.username.as_bytes();
                let hash = md5_hash(user, password(target)?, body.salt());
                frontend::password_message(hash.as_bytes(), &mut connection.output)?;
            }
            Message::AuthenticationSasl(body) => {
                scram = Some(begin_scram(connection, target, &body)?);
            }
            Message::AuthenticationSaslContinue(body) => {
                let scram = scram.as_mut().ok_or_else(|| out_of_turn("a SCRAM challenge"))?;
                scram.update(body.data()).map_err(Failure::protocol)?;
                frontend::sasl_response(scram.message(), &mut connection.output)?;
            }
            Message::AuthenticationSaslFinal(body) => {
                let scram = scram.as_mut().ok_or_else(|| out_of_turn("a SCRAM signature"))?;
                scram.finish(body.data()).map_err(|_| {
                    refused(
                        "the server could not prove that it knows the password; it may not be the \
                         server it claims to be",
                    )
                })?;
                proven = true;
            }
            Message::ErrorResponse(body) => return Err(connection.error(&body)),
            _ => {
                return Err(refused(
                    "the server asks for a way to log in that is not supported; scram-sha-256, \
                     md5 and password are",
                )
                .into());
            }
        }
        connection.flush().await?;
    }
    loop {
        match connection.message().await? {
            Message::BackendKeyData(body) => {
                connection.key =
                    Some(CancelKey { process_id: body.process_id(), secret: body.secret_key() });
            }
            Message::ReadyForQuery(_) => return Ok(()),
            Message::ErrorResponse(body) => return Err(connection.error(&body)),
            _ => return Err(out_of_turn("a message")),
        }
    }
}

/// Chooses SCRAM with channel binding where both sides can, and sends the first message.
fn begin_scram(
    connection: &mut Connection,
    target: &PostgresTarget,
    body: &AuthenticationSaslBody,
) -> Result<ScramSha256, Failure> {
    let offered: Vec<&str> = body.mechanisms().collect().map_err(Failure::protocol)?;
    let plain = offered.contains(&SCRAM_SHA_256);
    let plus = offered.contains(&SCRAM_SHA_256_PLUS);
    let end_point = match target.channel_binding {
        Disable => None,
        Prefer | Require => server_end_point(connection.stream()),
    };
    let (mechanism, binding) = match end_point {
        Some(data) if plus => (SCRAM_SHA_256_PLUS, ChannelBinding::tls_server_end_point(data)),
        _ if target.channel_binding == Require => return Err(unbound().into()),
        // Telling the server that we could have bound exposes whoever removed the offer.
        Some(_) if plain => (SCRAM_SHA_256, ChannelBinding::unrequested()),
        None if plain => (SCRAM_SHA_256, ChannelBinding::unsupported()),
        _ => return Err(refused("the server offers no SCRAM variant that can be used").into()),
    };
    let scram = ScramSha256::new(password(target)?, binding);
    frontend::sasl_initial_response(mechanism, scram.message(), &mut connection.output)?;
    Ok(scram)
}

fn password(target: &PostgresTarget) -> Result<&[u8]> {
    match &target.password {
        Some(password) => Ok(password.expose_secret().as_bytes()),
        None => Err(refused("the server asks for a password and this connection has none")),
    }
}

fn refused(why: &str) -> Error {
    Error::new(Code::DbInvalidCredentials, why)
}

fn unbound() -> Error {
    refused(
        "the log-in can't be bound to the TLS connection, which channel_binding=require asks for: \
         the server or its certificate does not allow it",
    )
}

fn out_of_turn(what: &str) -> Failure {
    Failure::protocol(format_args!("{what} came out of turn while logging in"))
}
