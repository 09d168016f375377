//! Against a scripted server on a real socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::backend::test_connection;
use crate::target::egress::{Egress, EgressPolicy};
use crate::target::{DatabaseType, Rules, Target, TargetInput};

/// What the server does with one request: the bytes it answers, then whether it closes.
type Script = fn(&str, usize) -> (Vec<u8>, bool);

/// Answers nothing after the health check.
const SILENT: Script = |_, n| if n == 0 { (ok("{}"), false) } else { (Vec::new(), false) };

struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

async fn server(script: Script) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let connections = Arc::new(AtomicUsize::new(0));
    let (seen, opened) = (Arc::clone(&requests), Arc::clone(&connections));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            opened.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream, script, Arc::clone(&seen)));
        }
    });
    Server { url, requests, connections }
}

async fn serve<S>(mut stream: S, script: Script, seen: Arc<AtomicUsize>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut text = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let head = loop {
            if let Some(end) = text.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&text[..end]).into_owned();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |length| length.parse::<usize>().unwrap());
                if text.len() >= end + 4 + length {
                    let request = String::from_utf8_lossy(&text[..end + 4 + length]).into_owned();
                    text.drain(..end + 4 + length);
                    break request;
                }
            }
            match stream.read(&mut chunk).await {
                Ok(read) if read > 0 => text.extend_from_slice(&chunk[..read]),
                _ => return,
            }
        };
        let (answer, close) = script(&head, seen.fetch_add(1, Ordering::SeqCst));
        if stream.write_all(&answer).await.is_err() || close {
            return;
        }
    }
}

fn ok(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn target(url: &str, key: &str) -> HttpTarget {
    with_options(url, key, &Value::Null)
}

fn with_options(url: &str, key: &str, options: &Value) -> HttpTarget {
    let mut input = TargetInput::from_connection_string(url);
    input.password = Some(key.into());
    input.options = options.as_object().cloned();
    match Target::parse(DatabaseType::BunApi, &input, Rules::default()).unwrap() {
        Target::Http(target) => target,
        other => panic!("{other:?}"),
    }
}

fn options() -> ConnectOptions {
    ConnectOptions {
        egress: Arc::new(Egress::operator()),
        max_connections: 2,
        connect_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(60),
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(5))
}

async fn connected(server: &Server) -> Client {
    Client::connect(&target(&server.url, "secret-canary"), &options(), soon()).await.unwrap()
}

/// How a request fails: the code, and what is known of its effect.
async fn failure(client: &Client, request: &Request) -> (Code, Outcome) {
    let error = client.send(request, soon()).await.unwrap_err();
    (error.code(), error.known_outcome())
}

fn post(path: &str) -> Request {
    Request { method: Method::POST, body: Bytes::from_static(b"{}"), ..Request::get(path) }
}

#[tokio::test]
async fn the_key_is_put_in_and_never_given_back() {
    let server = server(|head, _| (ok(&format!("{:?}", head.to_ascii_lowercase())), false)).await;
    let client = connected(&server).await;
    let answer = client.send(&Request::get("echo?a=1"), soon()).await.unwrap();
    let body = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(body.contains("get /v1/echo?a=1 http/1.1"), "{body}");
    assert!(body.contains("authorization: bearer ***"), "{body}");
    assert!(!format!("{client:?} {answer:?} {body}").contains("canary"));
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = server(|_, _| (ok("{}"), false)).await;
    let client = connected(&server).await;
    for _ in 0..20 {
        client.send(&post("a"), soon()).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    assert_eq!(client.gauge(), Gauge { open: 1, in_use: 0, waiting: 0 });
}

#[tokio::test]
async fn no_more_connections_are_opened_than_allowed() {
    let server = server(|_, _| (ok("{}"), false)).await;
    let client = Arc::new(connected(&server).await);
    let requests = (0..30).map(|_| {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.send(&post("a"), soon()).await.map(drop) })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap().unwrap();
    }
    assert!(server.connections.load(Ordering::SeqCst) <= 2);
    assert!(client.gauge().open <= 2);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_only_when_it_was_a_read() {
    // The first request after the health check loses its connection once it was received.
    let server = server(|_, n| if n == 1 { (Vec::new(), true) } else { (ok("{}"), false) }).await;
    let client = connected(&server).await;
    client.send(&Request::get("a"), soon()).await.unwrap();
    assert_eq!(server.requests.load(Ordering::SeqCst), 3);

    let server = self::server(|_, n| if n == 1 { (Vec::new(), true) } else { (ok("{}"), false) });
    let server = server.await;
    let client = connected(&server).await;
    assert_eq!(failure(&client, &post("a")).await, (Code::DbConnectionFailed, Outcome::Unknown));
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);
    client.send(&post("a"), soon()).await.unwrap();
}

#[tokio::test]
async fn a_read_is_repeated_once_and_not_more() {
    let server = server(|_, n| if n > 0 { (Vec::new(), true) } else { (ok("{}"), false) }).await;
    let client = connected(&server).await;
    assert_eq!(failure(&client, &Request::get("a")).await.1, Outcome::NotApplied);
    assert_eq!(server.requests.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_answer_that_is_cut_is_lost() {
    let cut: Script = |_, n| {
        if n == 1 {
            (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec(), true)
        } else {
            (ok("{}"), false)
        }
    };
    let server = server(cut).await;
    let client = connected(&server).await;
    assert_eq!(failure(&client, &post("a")).await.1, Outcome::Unknown);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_costs_nothing() {
    let server = server(|_, n| (ok("{}"), n == 0)).await;
    let client = connected(&server).await;
    // The server's end reaches the pool, or the next check-out finds it.
    let deadline = soon();
    while client.pool.lease(deadline).await.unwrap().is_reused() {
        assert!(!deadline.passed());
        tokio::task::yield_now().await;
    }
    client.send(&post("a"), soon()).await.unwrap();
}

#[tokio::test]
async fn a_silent_service_is_given_up_at_the_deadline() {
    let server = server(SILENT).await;
    let client = connected(&server).await;
    let short = || Deadline::after(Duration::from_millis(100));
    let error = client.send(&post("a"), short()).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::Unknown));
    let error = client.send(&Request::get("a"), short()).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::NotApplied));
    // Neither connection is used again.
    assert_eq!(client.gauge(), Gauge::default());
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_garbage_is_no_answer() {
    let server = server(|head, _| {
        if head.contains("/big") {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", (1 << 20) + 1);
            (head.into_bytes(), false)
        } else if head.contains("/garbage") {
            (b"\x16\x03\x01\x02\x00garbage\r\n\r\n".to_vec(), false)
        } else {
            (ok("{}"), false)
        }
    })
    .await;
    let client = connected(&server).await;
    assert_eq!(failure(&client, &Request::get("big")).await.0, Code::PayloadTooLarge);
    assert_eq!(failure(&client, &post("big")).await.1, Outcome::Applied);
    let error = client.send(&post("garbage"), soon()).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbConnectionFailed, Outcome::Unknown));
    assert!(error.message().contains("valid HTTP"), "{error}");
}

#[tokio::test]
async fn redirects_are_answers() {
    let server = server(|head, _| {
        if head.contains("/away") {
            let head = "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\
                        Content-Length: 0\r\n\r\n";
            (head.as_bytes().to_vec(), false)
        } else {
            (ok("{}"), false)
        }
    })
    .await;
    let answer = connected(&server).await.send(&Request::get("away"), soon()).await.unwrap();
    assert_eq!(answer.status, 302);
    assert_eq!(answer.headers["location"], "http://169.254.169.254/");
}

#[tokio::test]
async fn a_refused_key_is_told_from_a_service_that_is_down() {
    let server =
        server(|_, _| (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n".to_vec(), false)).await;
    let target = target(&server.url, "wrong-key");
    let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbInvalidCredentials);
    let result = test_connection(&Target::Http(target), &options(), soon()).await;
    assert_eq!(result.code, Some(Code::DbInvalidCredentials));
    assert_eq!(result.steps.last().map(|step| (step.name, step.ok)), Some(("auth", false)));
}

#[tokio::test]
async fn a_probe_takes_every_step() {
    let server = server(|head, _| {
        let body = if head.contains("/info") { r#"{"version":"1.2.3"}"# } else { "{}" };
        // This service closes after each answer.
        (ok(body), true)
    })
    .await;
    let target = Target::Http(target(&server.url, "k"));
    let result = test_connection(&target, &options(), soon()).await;
    assert!(result.success, "{result:?}");
    assert_eq!(result.version.as_deref(), Some("1.2.3"));
    let steps: Vec<_> = result.steps.iter().map(|step| step.name).collect();
    assert_eq!(steps, ["resolve", "connect", "auth", "ping", "capabilities"]);
}

#[tokio::test]
async fn addresses_that_are_not_allowed_get_no_connection() {
    let server = server(|_, _| (ok("{}"), false)).await;
    let policy = EgressPolicy { deny_private: true, ..EgressPolicy::default() };
    let options = ConnectOptions { egress: Arc::new(Egress::new(policy)), ..options() };
    for url in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
        let error = Client::connect(&target(&url, "k"), &options, soon()).await.unwrap_err();
        assert_eq!(error.code(), Code::HostNotAllowed);
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_request_that_is_cancelled_leaves_nothing_behind() {
    let server = server(SILENT).await;
    let client = connected(&server).await;
    for _ in 0..10 {
        // More at once than there are connections: some of them only wait.
        let requests = [(); 4].map(|()| post("a"));
        let all = futures_util::future::join_all(requests.iter().map(|r| client.send(r, soon())));
        assert!(tokio::time::timeout(Duration::from_millis(20), all).await.is_err());
        assert_eq!(client.gauge(), Gauge::default());
    }
}

#[tokio::test]
async fn closing_ends_what_runs_and_refuses_what_comes() {
    let server = server(SILENT).await;
    let client = Arc::new(connected(&server).await);
    let running = {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.send(&post("a"), soon()).await.unwrap_err() })
    };
    let deadline = soon();
    while server.requests.load(Ordering::SeqCst) < 2 {
        assert!(!deadline.passed());
        tokio::task::yield_now().await;
    }
    client.close().await;
    assert_eq!(running.await.unwrap().known_outcome(), Outcome::Unknown);
    assert_eq!(failure(&client, &post("a")).await.1, Outcome::NotApplied);
    assert_eq!(client.gauge().open, 0);
}

#[tokio::test]
async fn a_probe_over_tls_verifies_the_service() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key_der = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key_der)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream, |_, _| (ok("{}"), false), Arc::default()));
            }
        }
    });
    let url = format!("https://localhost:{port}/");
    let trusting = HttpTarget {
        tls: Some(crate::target::Tls {
            ca_pem: Some(certificate.pem()),
            ..crate::target::Tls::default()
        }),
        ..target(&url, "k")
    };
    let result = test_connection(&Target::Http(trusting), &options(), soon()).await;
    assert!(result.success, "{result:?}");
    assert!(result.steps.iter().any(|step| step.name == "tls"));

    let result = test_connection(&Target::Http(target(&url, "k")), &options(), soon()).await;
    assert_eq!(result.code, Some(Code::DbTlsError));
    assert_eq!(result.steps.last().map(|step| step.name), Some("tls"));
}

#[tokio::test]
async fn the_answer_is_asked_for_as_it_is_and_whole() {
    let server = server(|head, _| (ok(&format!("{:?}", head.to_ascii_lowercase())), false)).await;
    let client = connected(&server).await;
    let body = client.send(&Request::get("a"), soon()).await.unwrap().body;
    assert!(String::from_utf8_lossy(&body).contains("accept-encoding: identity"), "{body:?}");
    for name in ["accept-encoding", "range", "x-http-method-override", "x-real-ip", "x-mine"] {
        let mut request = Request::get("a");
        request.headers.insert(name, HeaderValue::from_static("gzip"));
        assert_eq!(failure(&client, &request).await.0, Code::OperationNotAllowed, "{name}");
    }
    let listing =
        with_options(&server.url, "secret-canary", &json!({ "request_headers": ["X-Mine"] }));
    let client = Client::connect(&listing, &options(), soon()).await.unwrap();
    let mut request = Request::get("a");
    request.headers.insert("x-mine", HeaderValue::from_static("1"));
    client.send(&request, soon()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_compressed_all_the_same_is_not_shown() {
    let server = server(|head, _| {
        let encoding = match head.split(' ').nth(1).unwrap_or_default() {
            "/v1/plain" => "identity",
            "/v1/twice" => "identity, br",
            _ => "GZIP",
        };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n");
        (format!("{head}Content-Length: 2\r\n\r\nxx").into_bytes(), false)
    })
    .await;
    // Its health comes compressed too, and it is there all the same.
    let client = connected(&server).await;
    assert_eq!(client.send(&Request::get("plain"), soon()).await.unwrap().body, "xx");
    for path in ["a", "twice"] {
        let told = failure(&client, &Request::get(path)).await;
        assert_eq!(told, (Code::DbQueryError, Outcome::NotApplied), "{path}");
        let told = failure(&client, &post(path)).await;
        assert_eq!(told, (Code::DbQueryError, Outcome::Applied), "{path}");
    }
}

#[tokio::test]
async fn an_answer_in_another_transfer_coding_than_chunked_is_not_shown() {
    let server = server(|head, _| {
        let codings: &[&str] = match head.split(' ').nth(1).unwrap_or_default() {
            "/v1/plain" => &["chunked"],
            "/v1/capitals" => &["Chunked "],
            "/v1/list" => &["gzip, chunked"],
            "/v1/lines" => &["gzip", "chunked"],
            "/v1/twice" => &["chunked, chunked"],
            "/v1/alone" => &["gzip"],
            "/v1/identity" => &["identity"],
            "/v1/own" => &["x-own;q=1, chunked"],
            _ => &["deflate, chunked"],
        };
        let lines = codings.iter().map(|coding| format!("Transfer-Encoding: {coding}\r\n"));
        let codings = lines.collect::<Vec<_>>().concat();
        let answer = format!("HTTP/1.1 200 OK\r\n{codings}\r\n2\r\nxx\r\n0\r\n\r\n");
        (answer.into_bytes(), false)
    })
    .await;
    let client = connected(&server).await;
    for path in ["list", "lines", "twice", "alone", "identity", "own"] {
        let told = failure(&client, &Request::get(path)).await;
        assert_eq!(told, (Code::DbQueryError, Outcome::NotApplied), "{path}");
        let told = failure(&client, &post(path)).await;
        assert_eq!(told, (Code::DbQueryError, Outcome::Applied), "{path}");
        for path in ["plain", "capitals"] {
            assert_eq!(client.send(&Request::get(path), soon()).await.unwrap().body, "xx");
        }
    }
}

#[tokio::test]
async fn readers_ask_for_the_paths_that_are_listed_for_them() {
    let server = server(|_, _| (ok("{}"), false)).await;
    let listing =
        with_options(&server.url, "secret-canary", &json!({ "reader_paths": "/tasks,/t/*" }));
    let client = Client::connect(&listing, &options(), soon()).await.unwrap();
    for (path, theirs) in [
        ("tasks", true),
        ("/tasks?a=../x", true),
        ("t/1/2", true),
        ("admin", false),
        ("tasks/", false),
        ("t//1", false),
        ("t/a%2Fb", false),
        ("t/", false),
        ("t/.. /admin", false),
        ("", false),
    ] {
        assert_eq!(client.is_for_readers(&Request::get(path)).unwrap(), theirs, "{path}");
        assert!(!client.is_for_readers(&post(path)).unwrap(), "{path}");
    }
    let client = connected(&server).await;
    assert!(client.is_for_readers(&Request::get("admin")).unwrap());
}
