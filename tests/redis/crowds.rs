//! What one user's crowd of streams, and a node that swallows everything, leave to the others.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use studio_multidb::api::http::Request;
use studio_multidb::request::upload::Upload;
use studio_multidb::target::DatabaseType;
use uuid::Uuid;

use crate::fixtures::{Records, ask, asked_by, door, given, silent};
use crate::registered::Registered;
use crate::rogue::{serve, serve_each};
use crate::support::{batch, connect};

/// How long what need not wait may take on a busy machine. Attempts that are swallowed take longer.
const AT_ONCE: Duration = Duration::from_secs(3);

/// A request of a user to a connection.
fn request(user: Uuid, connection: Uuid, method: &str, path: &str, body: &Value) -> Request {
    asked_by(&user, door::request(method, &format!("/redis/{connection}{path}"), body))
}

#[tokio::test]
async fn a_node_that_swallows_everything_keeps_nobody_from_the_others() {
    // Takes connections, and never says a word.
    let (dead, _listener) = silent().await;
    let port = serve(move |sent, port| {
        let range = |first: u16, last: u16, port: u16, id: &str| {
            format!(
                "*3\r\n:{first}\r\n:{last}\r\n*3\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$1\r\n{id}\r\n"
            )
        };
        if sent.contains("HELLO") {
            "+OK\r\n".repeat(3)
        } else if sent.contains("SLOTS") {
            format!("*2\r\n{}{}", range(0, 8191, port, "a"), range(8192, 16383, dead, "b"))
        } else {
            "$1\r\nv\r\n".to_owned()
        }
    })
    .await;
    let client = connect(&format!("redis+cluster://127.0.0.1:{port}")).await;
    // The slots of `foo` and `bar` are 12182 and 5061.
    let swallowed =
        futures_util::future::join_all((0..6).map(|_| batch(&client, &[&["GET", "foo"]])));
    let answered = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let began = Instant::now();
        // More than there are connections.
        let all = (0..12).map(|_| batch(&client, &[&["GET", "bar"]]));
        let results = futures_util::future::join_all(all).await;
        assert!(results.iter().all(|result| result[0]["ok"] == "v"), "{results:?}");
        began.elapsed()
    };
    tokio::select! {
        results = swallowed => panic!("answered first: {results:?}"),
        took = answered => assert!(took < AT_ONCE, "{took:?}"),
    }
}

/// A server whose large value never arrives.
fn stalls(command: &[&str]) -> String {
    match command {
        ["TYPE", ..] => "+string\r\n".to_owned(),
        ["STRLEN" | "MEMORY", ..] => ":100000000\r\n".to_owned(),
        ["EXISTS" | "DBSIZE", ..] => ":1\r\n".to_owned(),
        ["PTTL" | "PEXPIRETIME", ..] => ":-1\r\n".to_owned(),
        ["OBJECT", ..] => "$3\r\nraw\r\n".to_owned(),
        ["SCAN", ..] => "*2\r\n$1\r\n0\r\n*1\r\n$5\r\nlarge\r\n".to_owned(),
        ["TIME"] => "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n".to_owned(),
        ["INFO", ..] => "$0\r\n\r\n".to_owned(),
        ["GET", "small"] => "$1\r\nv\r\n".to_owned(),
        [_, "large", ..] => String::new(),
        _ => "+OK\r\n".to_owned(),
    }
}

#[tokio::test]
async fn streams_of_one_user_leave_connections_to_another() {
    let port = serve_each(stalls).await;
    let settings = [("MULTIDB_AUTHORIZATION", "members")];
    let Some(registered) = Registered::start(&settings).await else { return };
    let url = format!("redis://127.0.0.1:{port}");
    let from = registered.add("alpha", "from", DatabaseType::Redis, &url).await;
    let (anna, ben) = (Uuid::new_v4(), Uuid::new_v4());
    registered.grant(anna, "write", from).await;
    registered.grant(ben, "read", from).await;
    for path in ["/export?pattern=*", "/keys/large/download", "/memory"] {
        let streams: Vec<_> = (0..40)
            .map(|_| {
                let service = registered.service.clone();
                tokio::spawn(async move {
                    let request = request(anna, from, "GET", path, &Value::Null);
                    if let Ok(mut records) = Records::open(&service, request).await {
                        while records.line().await.is_some() {}
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        let body = json!({ "commands": [["GET", "small"]] });
        let request = request(ben, from, "POST", "/batch", &body);
        let (status, answer) = ask(&registered.service, request).await;
        assert_eq!(status, 200, "{path}: {answer}");
        assert!(began.elapsed() < AT_ONCE, "{path}: {:?}", began.elapsed());
        for stream in streams {
            stream.abort();
        }
    }
}

#[tokio::test]
async fn streams_are_counted_and_end_with_the_role_of_their_user() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let settings = [("MULTIDB_AUTHORIZATION", "members"), ("MULTIDB_MAX_SOCKETS_PER_USER", "3")];
    let Some(registered) = Registered::start(&settings).await else { return };
    let connection = registered.add("alpha", "one", DatabaseType::Redis, &url).await;
    let (anna, ben) = (Uuid::new_v4(), Uuid::new_v4());
    registered.grant(anna, "write", connection).await;
    registered.grant(ben, "read", connection).await;
    let open = async |user: Uuid, method: &str, path: &str, upload: Option<Upload>| {
        let request = request(user, connection, method, path, &Value::Null);
        Records::open(&registered.service, Request { upload, ..request }).await
    };
    let figures = "/stats?interval=0.25";
    let mut told = vec![open(anna, "GET", figures, None).await.unwrap()];
    told.push(open(anna, "GET", figures, None).await.unwrap());
    let (sender, upload) = Upload::channel();
    told.push(open(anna, "POST", "/import", Some(upload)).await.unwrap());
    for path in [figures, "/export?pattern=none*", "/memory"] {
        let Err((status, answer)) = open(anna, "GET", path, None).await else {
            panic!("{path} is one too many")
        };
        assert_eq!((status, &answer["error"]["code"]), (429, &json!("RATE_LIMITED")), "{answer}");
        let mut others = open(ben, "GET", path, None).await.unwrap();
        assert!(others.next().await.is_some());
    }
    // The import waits for its next line, which comes.
    assert!(sender.send(Bytes::from_static(b"{\"redis_export\":1}\n")).await);

    let sql = format!(
        "DELETE FROM platform.database_permissions WHERE user_id::text = '{anna}';
         DELETE FROM platform.project_members WHERE user_id::text = '{anna}'"
    );
    registered.platform.sql(&sql).await;
    let ends = told.into_iter().map(Records::all);
    let ended = tokio::time::timeout(Duration::from_secs(60), futures_util::future::join_all(ends));
    for records in ended.await.expect("they end") {
        let last = records.last().unwrap_or(&Value::Null);
        assert_eq!(last["error"]["code"], "PERMISSION_DENIED", "{last}");
    }
}
