//! Servers that mean no good. These need no real one.

use serde_json::Value;
use studio_multidb::backend::redis::Client;
use studio_multidb::error::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fixtures::{options, sockets, soon};
use crate::support::{batch, connect, target};

/// A server that answers whatever `answer` says to what was sent.
pub(crate) async fn serve(
    answer: impl Fn(&str, u16) -> String + Send + Sync + Copy + 'static,
) -> u16 {
    let (port, _) = sockets::serve(move |mut client| async move {
        let port = client.local_addr().unwrap().port();
        let mut buffer = vec![0; 4096];
        while let Ok(read @ 1..) = client.read(&mut buffer).await {
            let answer = answer(&String::from_utf8_lossy(&buffer[..read]), port);
            let sent = client.write_all(answer.as_bytes()).await;
            // Redis closes on clients that it has no room for.
            if sent.is_err() || answer.contains("max number of clients") {
                break;
            }
        }
    })
    .await;
    port
}

/// A server that answers each command by itself: `answer` gets its words, the first in capitals.
pub(crate) async fn serve_each(
    answer: impl Fn(&[&str]) -> String + Send + Sync + Copy + 'static,
) -> u16 {
    serve(move |sent, _| {
        let mut lines = sent.split("\r\n").filter(|line| !line.is_empty());
        let mut answers = String::new();
        while let Some(count) =
            lines.next().and_then(|line| line.strip_prefix('*')?.parse::<usize>().ok())
        {
            let command: Vec<&str> = lines.by_ref().take(2 * count).skip(1).step_by(2).collect();
            answers += &answer(&command);
        }
        answers
    })
    .await
}

/// What comes of a write to a cluster of one node, which answers each command with a redirect.
async fn redirected(to: impl Fn(u16) -> String + Send + Sync + Copy + 'static) -> Value {
    let answer = move |sent: &str, port: u16| {
        if sent.contains("HELLO") {
            "+OK\r\n".repeat(3)
        } else if sent.contains("SLOTS") {
            let node = format!("*3\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$2\r\nid\r\n");
            format!("*1\r\n*3\r\n:0\r\n:16383\r\n{node}")
        } else {
            to(port)
        }
    };
    let client = connect(&format!("redis+cluster://127.0.0.1:{}", serve(answer).await)).await;
    let result = batch(&client, &[&["SET", "k", "v"]]).await.remove(0);
    assert_eq!(result["error"]["outcome"], "not_applied", "{result}");
    result["error"]["code"].clone()
}

#[tokio::test]
async fn a_redirect_to_a_metadata_address_gets_no_connection() {
    for kind in ["MOVED", "ASK"] {
        let code = redirected(move |_| format!("-{kind} 1 169.254.169.254:6379\r\n")).await;
        assert_eq!(code, "HOST_NOT_ALLOWED", "{kind}");
    }
}

#[tokio::test]
async fn a_sentinel_cannot_send_us_to_a_metadata_address() {
    let answer = |sent: &str, _: u16| {
        if sent.contains("HELLO") {
            "+OK\r\n".repeat(3)
        } else {
            "*2\r\n$15\r\n169.254.169.254\r\n$4\r\n6379\r\n".to_owned()
        }
    };
    let port = serve(answer).await;
    let target = target(&format!("redis+sentinel://127.0.0.1:{port}/mymaster"));
    let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::HostNotAllowed, "{error}");
}

#[tokio::test]
async fn endless_redirects_end() {
    let code = redirected(|port| format!("-MOVED 1 127.0.0.1:{port}\r\n")).await;
    assert_eq!(code, "DB_CONNECTION_FAILED");
}

#[tokio::test]
async fn what_does_not_speak_redis_is_told_as_such() {
    let port = serve(|_, _| "HTTP/1.1 400 Bad Request\r\n\r\n".to_owned()).await;
    let target = target(&format!("redis://127.0.0.1:{port}"));
    let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbConnectionFailed);
    assert!(error.message().contains("does not speak the Redis protocol"), "{error}");
}

#[tokio::test]
async fn a_server_that_takes_no_more_clients_is_a_full_pool() {
    let port = serve(|_, _| "-ERR max number of clients reached\r\n".to_owned()).await;
    let target = target(&format!("redis://127.0.0.1:{port}"));
    let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::PoolExhausted, "{error}");
}
