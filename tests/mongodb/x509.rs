//! Users that are known by their certificate. The server in front of the scripted one does TLS and
//! looks at certificates as MongoDB does.

use std::sync::Arc;

use mongodb::bson::doc;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use serde_json::{Value, json};
use studio_multidb::backend::mongodb::{Client, Namespace};
use studio_multidb::backend::test_connection;
use studio_multidb::error::{Code, Error};
use studio_multidb::outcome::Outcome;
use studio_multidb::target::{DatabaseType, MongoTarget, Rules, Target, TargetInput};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::fake::{Answer, Fake};
use super::support::{connect, passes_every_step};
use crate::fixtures::{options, serve, soon};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key.
fn identity(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

/// TLS before `fake`, for clients whose certificate is of the authority. Returns the port.
async fn guarded(fake: &Fake, authority: &Authority) -> u16 {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let (certificate, key) = identity(authority, "localhost");
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let behind = fake.port;
    let (port, _) = serve(move |client| {
        let acceptor = acceptor.clone();
        async move {
            let mut client = match acceptor.accept(client).into_fallible().await {
                Ok(client) => client,
                // The reason is on its way until the client has left.
                Err((_, mut client)) => {
                    tokio::io::copy(&mut client, &mut tokio::io::sink()).await.ok()?;
                    return None;
                }
            };
            let mut server = TcpStream::connect(("127.0.0.1", behind)).await.ok()?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await.ok()
        }
    })
    .await;
    port
}

fn parse(url: &str, given: Value) -> Result<MongoTarget, Error> {
    let mut input = TargetInput::from_connection_string(url);
    let Value::Object(given) = given else { panic!("options are an object") };
    input.options = Some(given);
    match Target::parse(DatabaseType::Mongodb, &input, Rules { self_hosted: true })? {
        Target::Mongodb(target) => Ok(target),
        other => panic!("{other:?}"),
    }
}

fn target(port: u16, authority: &Authority, (certificate, key): &(String, String)) -> MongoTarget {
    let given = json!({
        "tls": true, "ca_pem": authority.pem(), "client_pem": format!("{certificate}{key}"),
        "authMechanism": "MONGODB-X509",
    });
    parse(&format!("mongodb://localhost:{port}/app"), given).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_who_its_certificate_says() {
    let fake = Fake::standalone(|name, _| match name {
        "count" => Answer::With(doc! { "n": 7, "ok": 1.0 }),
        _ => Answer::Done,
    })
    .await;
    let ours = authority("ours");
    let target = target(guarded(&fake, &ours).await, &ours, &identity(&ours, "ada"));
    let client = connect(&target).await;
    let namespace = Namespace::new("app", "c").unwrap();
    let call = client.call(soon(), "x509");
    assert_eq!(call.count(&namespace, doc! {}).await.unwrap().value, Some(7));
    let login = &fake.asked("authenticate")[0];
    assert_eq!(login.get_str("mechanism").unwrap(), "MONGODB-X509");
    assert_eq!(login.get_str("$db").unwrap(), "$external");
    // The server reads the name from the certificate.
    assert!(!login.contains_key("username") && !login.contains_key("user"), "{login}");
    client.close().await;

    passes_every_step(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_server_does_not_know_is_refused_as_such() {
    let fake = Fake::standalone(|name, _| match name {
        "authenticate" => Answer::With(doc! { "ok": 0.0, "code": 18,
        "codeName": "AuthenticationFailed", "errmsg": "Could not find user \"CN=ada\"" }),
        _ => Answer::Done,
    })
    .await;
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let port = guarded(&fake, &ours).await;
    let known = target(port, &ours, &identity(&ours, "ada"));
    let error = Client::connect(&known, &options(), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbInvalidCredentials, "{error}");
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
    let result = test_connection(&Target::Mongodb(known), &options(), soon()).await;
    assert_eq!(result.steps.last().unwrap().name, "auth");
    assert_eq!(result.code, Some(Code::DbInvalidCredentials));

    // One of another authority does not get so far.
    let before = fake.asked("authenticate").len();
    let unknown = target(port, &ours, &identity(&theirs, "ada"));
    let error = Client::connect(&unknown, &options(), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTlsError, "{error}");
    assert_eq!(error.details()["reason"], "client_certificate_refused", "{error}");
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
    assert_eq!(fake.asked("authenticate").len(), before);
}

#[test]
fn a_login_by_certificate_needs_one_and_nothing_else() {
    let (certificate, key) = identity(&authority("ours"), "ada");
    let pem = format!("{certificate}{key}");
    let with =
        |url: &str, given: Value| parse(url, given).map_err(|error| error.message().to_owned());
    let mechanism = "MONGODB-X509";
    let refused = with("mongodb://h/", json!({ "tls": true, "authMechanism": mechanism }));
    assert!(refused.unwrap_err().contains("client_pem"));
    let given = json!({ "tls": false, "authMechanism": mechanism, "client_pem": pem });
    assert!(with("mongodb://h/", given).unwrap_err().contains("TLS only"));
    let given = json!({ "authMechanism": mechanism, "client_pem": pem });
    assert!(with("mongodb://u:p@h/", given.clone()).unwrap_err().contains("password"));
    // The key stays in the settings, and is in nothing that is shown.
    let target = with("mongodb://CN=ada@h/", given).unwrap();
    assert_eq!(target.username.as_deref(), Some("CN=ada"));
    assert!(!format!("{target:?}").contains(key.lines().nth(1).unwrap()));
    for file in ["tlsCertificateKeyFile", "tlsCAFile", "sslPEMKeyFile"] {
        let refused = with(&format!("mongodb://h/?tls=true&{file}=/etc/key.pem"), json!({}));
        assert!(refused.is_err(), "{file}");
    }
}
