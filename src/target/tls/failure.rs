//! Why a TLS handshake failed, in words that say what to do.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as Rustls};

use crate::error::{Code, Error};

/// The TLS failure somewhere below an I/O error, if there is one. With TLS 1.3 a server refuses a
/// client's certificate when the handshake is done for the client, so it is told by the first read.
pub(crate) fn explain(host: &str, error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<Rustls>() {
            return Some(failure(host, tls));
        }
        // An `io::Error` shows the source of what it wraps, not what it wraps.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// `DB_TLS_ERROR` for a failed handshake with `host`.
fn failure(host: &str, error: &Rustls) -> Error {
    let (reason, message) = match error {
        Rustls::InvalidCertificate(why) => certificate(host, why),
        Rustls::AlertReceived(alert) => alert_from(host, *alert),
        Rustls::InvalidMessage(_) | Rustls::InappropriateMessage { .. } => (
            "not_tls",
            format!("{host} did not answer with TLS; it may not speak TLS on this port"),
        ),
        Rustls::PeerIncompatible(_) => (
            "incompatible",
            format!("{host} offers no TLS version or cipher that is considered safe (TLS 1.2 up)"),
        ),
        _ => ("handshake", format!("the TLS handshake with {host} failed")),
    };
    Error::new(Code::DbTlsError, message).detail("reason", reason)
}

fn certificate(host: &str, why: &CertificateError) -> (&'static str, String) {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("expired", format!("the certificate of {host} has expired"))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "not_valid_yet",
            format!("the certificate of {host} is not valid yet; are the clocks right?"),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "wrong_name",
            format!(
                "the certificate of {host} is for another name; connect by a name that is in it"
            ),
        ),
        CertificateError::UnknownIssuer => (
            "unknown_ca",
            format!(
                "the certificate of {host} was issued by an unknown authority; give that \
                 authority's certificate as PEM text in options.ca_pem"
            ),
        ),
        CertificateError::Revoked => ("revoked", format!("the certificate of {host} was revoked")),
        CertificateError::BadSignature => (
            "bad_signature",
            format!("the certificate of {host} is not signed by the authority it names"),
        ),
        CertificateError::Other(other) if other.0.to_string() == "CaUsedAsEndEntity" => (
            "unknown_ca",
            format!(
                "{host} presents a self-signed authority certificate; give that certificate as \
                 PEM text in options.ca_pem"
            ),
        ),
        _ => ("bad_certificate", format!("the certificate of {host} cannot be used: {why}")),
    }
}

fn alert_from(host: &str, alert: AlertDescription) -> (&'static str, String) {
    match alert {
        AlertDescription::CertificateRequired => (
            "client_certificate_required",
            format!("{host} asks for a client certificate; give it in options.client_pem"),
        ),
        AlertDescription::BadCertificate
        | AlertDescription::UnknownCA
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied => (
            "client_certificate_refused",
            format!("{host} refused the client certificate, or asks for one: {alert:?}"),
        ),
        AlertDescription::UnrecognisedName => {
            ("wrong_name", format!("{host} does not serve this name; is the host name right?"))
        }
        _ => (
            "handshake",
            format!("{host} ended the TLS handshake: {alert:?}; it may need another TLS version"),
        ),
    }
}
