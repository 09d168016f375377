//! What somebody may not see: others' connections, others' clients, the process.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, handle};
use studio_multidb::request::reply::Body;
use studio_multidb::service::Service;
use tokio::net::TcpStream;
use url::Url;
use uuid::Uuid;

use crate::fixtures::{KEY, Platform, ask, asked_by, carry, request, serve, service_of};
use crate::support::{address, at_port, create, redis};

/// A way to the platform database that counts what is asked.
struct Counter {
    url: String,
    asked: Arc<AtomicU64>,
}

impl Counter {
    async fn to(database: &Url) -> Self {
        let asked = Arc::<AtomicU64>::default();
        let (count, behind) = (Arc::clone(&asked), address(database));
        let (port, _) = serve(move |client| {
            let (count, server) = (Arc::clone(&count), behind.clone());
            async move {
                let server = TcpStream::connect(server).await.unwrap();
                let up = |sent: &[u8]| {
                    count.fetch_add(sent.len() as u64, Ordering::SeqCst);
                    ready(true)
                };
                carry(client, server, up, |_| ready(true)).await;
            }
        })
        .await;
        Self { url: at_port(database, port), asked }
    }
}

/// A service that enforces roles.
fn service(url: &str, more: &[(&str, &str)]) -> Arc<Service> {
    let settings = [
        ("DATABASE_URL", url),
        ("DATABASE_ENCRYPTION_KEY", KEY),
        ("MULTIDB_AUTHORIZATION", "members"),
        ("MULTIDB_RATE_LIMIT", "off"),
    ];
    service_of(&[&settings[..], more].concat())
}

/// The status and the answer, without what differs from request to request.
async fn told(service: &Arc<Service>, user: Uuid, request: Request) -> (u16, Value) {
    let (status, mut body) = ask(service, asked_by(&user, request)).await;
    if let Some(error) = body["error"].as_object_mut() {
        error.remove("request_id");
    }
    (status, body)
}

fn get(path: &str) -> Request {
    request("GET", path, &Value::Null)
}

#[tokio::test]
async fn what_is_foreign_asks_the_platform_database_as_much_as_what_is_missing() {
    let Some(platform) = Platform::migrated().await else { return };
    let foreign = create(&platform.registry(&[]), "beta", redis("cache")).await.id;
    let (owner, user) =
        (platform.somebody("beta", "owner").await, platform.somebody("alpha", "owner").await);
    let counter = Counter::to(&platform.url).await;
    let service = service(&counter.url, &[]);
    let missing = Uuid::new_v4();
    let shapes: [(&str, &str, Value); 10] = [
        ("GET", "/databases/ID", Value::Null),
        ("PATCH", "/databases/ID", json!({ "description": "x" })),
        ("POST", "/databases/ID/test", Value::Null),
        ("GET", "/redis/ID/info", Value::Null),
        // Of another type.
        ("GET", "/mongodb/ID/databases", Value::Null),
        ("GET", "/redis/ID/connections", Value::Null),
        ("PUT", "/redis/alpha/connections/ID", json!({ "description": "x" })),
        ("GET", "/redis/REFS/info", Value::Null),
        ("GET", "/redis/REFS/connections", Value::Null),
        ("POST", "/databases", json!({ "projectRef": "REFS", "type": "redis", "name": "a" })),
    ];
    for (method, path, body) in &shapes {
        let named = |id: Uuid, project: &str| {
            let fill = |text: &str| text.replace("ID", &id.to_string()).replace("REFS", project);
            (fill(path), serde_json::from_str::<Value>(&fill(&body.to_string())).unwrap())
        };
        let (known, _) = named(foreign, "beta");
        let mut least = [u64::MAX; 2];
        // More than once: a session that rested is checked, statements are prepared, and roles are
        // read again after a while, whoever asks.
        for _ in 0..20 {
            let mut answers = Vec::new();
            for (least, (id, project)) in
                least.iter_mut().zip([(foreign, "beta"), (missing, "zeta")])
            {
                let (path, body) = named(id, project);
                // Somebody else keeps it in memory.
                if *method == "GET" {
                    told(&service, owner, get(&known)).await;
                }
                let before = counter.asked.load(Ordering::SeqCst);
                answers.push(told(&service, user, request(method, &path, &body)).await);
                *least = counter.asked.load(Ordering::SeqCst).wrapping_sub(before).min(*least);
            }
            assert_eq!(answers[0], answers[1], "{method} {path}");
            assert_eq!(answers[0].0, 404, "{method} {path}");
        }
        assert_eq!(least[0], least[1], "{method} {path}");
    }
}

#[tokio::test]
async fn clients_are_shown_to_the_members_of_their_projects() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let mut ids = Vec::new();
    for project in ["alpha", "beta"] {
        ids.push((project, create(&registry, project, redis("cache")).await.id));
    }
    let service = service(platform.url.as_str(), &[("MULTIDB_DENIED_HOSTS", "redis.example")]);
    for (project, id) in &ids {
        let owner = platform.somebody(project, "owner").await;
        told(&service, owner, get(&format!("/redis/{id}/info"))).await;
    }
    for (project, own) in &ids {
        for role in ["owner", "admin", "developer", "member"] {
            let user = platform.somebody(project, role).await;
            let (status, answer) = told(&service, user, get("/multidb/pools")).await;
            assert_eq!(status, 200, "{answer}");
            let text = answer.to_string();
            for (_, id) in &ids {
                assert_eq!(
                    text.contains(&id.to_string()),
                    id == own,
                    "{role} of {project}: {text}"
                );
            }
        }
    }
    let (status, _) = told(&service, Uuid::new_v4(), get("/multidb/pools")).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn figures_of_the_process_are_for_the_operators_token() {
    let Some(platform) = Platform::migrated().await else { return };
    let owner = platform.somebody("alpha", "owner").await;
    let send =
        async |service: &Arc<Service>, path: &str, user: Option<Uuid>, shown: Option<&str>| {
            let user = user.and_then(|id| User::named(id.to_string()));
            let headers = shown.map(|value| ("authorization".to_owned(), value.to_owned()));
            let headers = headers.into_iter().collect();
            handle(service, Request { user, headers, ..get(path) }).await
        };
    let metrics = "/multidb/metrics";
    let token = "a-token-of-the-operator";
    let open = service(platform.url.as_str(), &[("MULTIDB_METRICS_TOKEN", token)]);
    for user in [None, Some(owner)] {
        let right = send(&open, metrics, user, Some(&format!("bearer {token}"))).await;
        assert_eq!(right.status, 200);
        assert!(matches!(right.body, Body::Stream(_)));
        for wrong in [None, Some("Bearer"), Some("Bearer "), Some(token), Some("Bearer a-token")] {
            assert_eq!(send(&open, metrics, user, wrong).await.status, 401, "{wrong:?}");
        }
    }
    // The token is good for nothing else.
    let listed = send(&open, "/databases", None, Some(&format!("Bearer {token}"))).await;
    assert_eq!(listed.status, 401);
    // Where none is set, nobody has it.
    for authorization in ["members", "off"] {
        let more = [("MULTIDB_AUTHORIZATION", authorization)];
        let closed = service(platform.url.as_str(), &more);
        for shown in [None, Some("Bearer "), Some("Bearer undefined")] {
            assert_eq!(send(&closed, metrics, Some(owner), shown).await.status, 403);
        }
    }
}

#[tokio::test]
async fn whether_the_process_lives_is_told_without_asking_anybody() {
    let Some(platform) = Platform::migrated().await else { return };
    let counter = Counter::to(&platform.url).await;
    let service = service(&counter.url, &[]);
    let ok = async || {
        let (_, body) = ask(&service, get("/multidb/health")).await;
        assert!(body["data"].get("pools").is_none(), "{body}");
        body["data"]["platform_database"]["ok"].clone()
    };
    for _ in 0..10 {
        assert_eq!(ok().await, Value::Null);
    }
    assert_eq!(counter.asked.load(Ordering::SeqCst), 0);
    let owner = platform.somebody("alpha", "owner").await;
    told(&service, owner, get("/databases")).await;
    assert_eq!(ok().await, true);
}
