//! PEM texts, and real handshakes with servers whose certificates are wrong in one way each.

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

#[test]
fn what_is_wrong_with_a_pem_text_is_told() {
    let with = |ca: &str| {
        let tls = Tls { ca_pem: Some(ca.to_owned()), ..Tls::default() };
        client_config(&tls).unwrap_err().message().to_owned()
    };
    assert!(with("/etc/ssl/ca.pem").contains("not a file name"));
    assert!(with("-----BEGIN CERTIFICATE-----\nAAAA\n").contains("END"));
    assert!(
        with("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").contains("Base64")
    );
    assert!(
        with("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .contains("cannot be used")
    );
}

#[test]
fn a_client_certificate_needs_its_own_key() {
    let with = |pem: &str| {
        let tls = Tls { client_pem: Some(pem.into()), ..Tls::default() };
        client_config(&tls).unwrap_err().message().to_owned()
    };
    let (one, _) = leaf(&authority("a"), "localhost");
    let other = KeyPair::generate().unwrap();
    assert!(with(&one).contains("no private key"));
    assert!(with(&other.serialize_pem()).contains("CERTIFICATE"));
    assert!(with(&format!("{one}{}", other.serialize_pem())).contains("does not belong"));
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
    assert!(with(&format!("{one}{locked}")).contains("passphrase"));
}

#[test]
fn the_key_of_a_client_certificate_is_not_in_the_debug_output() {
    let tls = Tls { client_pem: Some("canary".into()), ..Tls::default() };
    assert!(!format!("{tls:?}").contains("canary"));
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// PEM texts of a certificate and its key.
fn leaf(authority: &Authority, name: &str) -> (String, String) {
    issue(authority, &CertificateParams::new(vec![name.to_owned()]).unwrap())
}

fn issue(authority: &Authority, params: &CertificateParams) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// Serves one connection and answers what it reads; `clients` are whose certificates it asks for.
async fn server(identity: &(String, String), clients: Option<&Authority>) -> u16 {
    let (chain, key) = client_identity(&format!("{}{}", identity.0, identity.1)).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let roots = Arc::new(private_roots(&authorities(&authority.pem()).unwrap()).unwrap());
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&PROVIDER));
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let config = builder.with_single_cert(chain, key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await {
            let mut byte = [0];
            let _ = stream.read(&mut byte).await;
            let _ = stream.write_all(&byte).await;
        }
    });
    port
}

/// Does a handshake with `localhost` and sends a byte to and fro.
async fn try_with(tls: &Tls, port: u16) -> Result<()> {
    let config = client_config(tls)?;
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let deadline = Deadline::after(Duration::from_secs(5));
    let mut stream = connect(&config, "localhost", stream, deadline).await?;
    // With TLS 1.3 a server refuses a client after its handshake is done.
    let exchange = async {
        stream.write_all(b"x").await?;
        stream.read_exact(&mut [0]).await
    };
    exchange.await.map(drop).map_err(|e| explain("localhost", &e).unwrap())
}

/// The same with a server of its own that asks for no certificate.
async fn try_server(tls: &Tls, identity: &(String, String)) -> Result<()> {
    try_with(tls, server(identity, None).await).await
}

/// A certificate for `name` from the first day of one year to that of another.
fn dated(authority: &Authority, name: &str, from: i32, until: i32) -> (String, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    issue(authority, &params)
}

fn trusting(authority: &Authority) -> Tls {
    Tls { ca_pem: Some(authority.pem()), ..Tls::default() }
}

fn reason(result: Result<()>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::DbTlsError);
    error.details()["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_certificate_of_the_given_authority_is_accepted() {
    let ours = authority("ours");
    try_server(&trusting(&ours), &leaf(&ours, "localhost")).await.unwrap();
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_told_apart() {
    let ours = authority("ours");
    let good = leaf(&ours, "localhost");
    let theirs = authority("theirs");
    for (trusted, identity, fault) in [
        (Tls::default(), &good, "unknown_ca"),
        (trusting(&theirs), &good, "unknown_ca"),
        (trusting(&ours), &leaf(&ours, "other.example"), "wrong_name"),
        (trusting(&ours), &dated(&ours, "localhost", 1975, 2020), "expired"),
        (trusting(&ours), &dated(&ours, "localhost", 3000, 3001), "not_valid_yet"),
    ] {
        assert_eq!(reason(try_server(&trusted, identity).await), fault);
    }
}

#[tokio::test]
async fn any_name_still_means_the_right_authority_and_date() {
    let ours = authority("ours");
    let any_name = Tls { any_name: true, ..trusting(&ours) };
    try_server(&any_name, &leaf(&ours, "other.example")).await.unwrap();
    let theirs = leaf(&authority("theirs"), "localhost");
    assert_eq!(reason(try_server(&any_name, &theirs).await), "unknown_ca");
    let old = dated(&ours, "other.example", 1975, 2020);
    assert_eq!(reason(try_server(&any_name, &old).await), "expired");
}

#[tokio::test]
async fn an_unverified_connection_takes_any_certificate() {
    let old = dated(&authority("theirs"), "other.example", 1975, 2020);
    try_server(&Tls { insecure: true, ..Tls::default() }, &old).await.unwrap();
}

#[tokio::test]
async fn a_self_signed_server_is_accepted_by_its_own_certificate_alone() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.clone().self_signed(&key).unwrap();
    let identity = (certificate.pem(), key.serialize_pem());
    let pinned = Tls { ca_pem: Some(certificate.pem()), ..Tls::default() };

    try_server(&pinned, &identity).await.unwrap();
    assert_eq!(reason(try_server(&Tls::default(), &identity).await), "unknown_ca");
    // The same key and name, but another certificate.
    let again = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let other = Tls { ca_pem: Some(again.pem()), ..Tls::default() };
    try_server(&other, &identity).await.unwrap_err();
    // The pinned one for another name.
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    let identity = (certificate.pem(), key.serialize_pem());
    let pinned = Tls { ca_pem: Some(certificate.pem()), ..Tls::default() };
    assert_eq!(reason(try_server(&pinned, &identity).await), "wrong_name");
}

#[tokio::test]
async fn a_server_that_asks_for_a_client_certificate_gets_the_given_one() {
    let ours = authority("ours");
    let server_identity = leaf(&ours, "localhost");
    let client = leaf(&ours, "client");
    let with = |client: Option<&(String, String)>| Tls {
        client_pem: client.map(|(certificate, key)| format!("{certificate}{key}").into()),
        ..trusting(&ours)
    };
    let port = server(&server_identity, Some(&ours)).await;
    try_with(&with(Some(&client)), port).await.unwrap();
    let port = server(&server_identity, Some(&ours)).await;
    assert_eq!(reason(try_with(&with(None), port).await), "client_certificate_required");
    let port = server(&server_identity, Some(&ours)).await;
    let stranger = leaf(&authority("theirs"), "client");
    assert_eq!(reason(try_with(&with(Some(&stranger)), port).await), "client_certificate_refused");
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_a_bad_certificate() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"-ERR unknown command\r\n").await;
        }
    });
    assert_eq!(reason(try_with(&Tls::default(), port).await), "not_tls");
}

#[tokio::test]
async fn a_silent_server_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let config = client_config(&Tls::default()).unwrap();
    let deadline = Deadline::after(Duration::from_millis(50));
    let error = connect(&config, "localhost", stream, deadline).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::NotApplied));
}
