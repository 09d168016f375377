//! What somebody may not see: others' connections, others' clients, the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::{KEY, Platform, config, create, redis};
use serde_json::{Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::request::reply::Body;
use studio_multidb::service::Service;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use uuid::Uuid;

/// A way to the platform database that counts what is asked.
struct Counter {
    url: String,
    asked: Arc<AtomicU64>,
}

impl Counter {
    async fn to(database: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url = database.clone();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let server =
            format!("{}:{}", database.host_str().unwrap(), database.port().unwrap_or(5432));
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, count) = (server.clone(), Arc::clone(&count));
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await.unwrap();
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_server, mut to_server) = server.into_split();
                    let back = tokio::io::copy(&mut from_server, &mut to_client);
                    let there = async {
                        let mut chunk = vec![0; 65536];
                        while let Ok(read @ 1..) = from_client.read(&mut chunk).await {
                            count.fetch_add(read as u64, Ordering::SeqCst);
                            to_server.write_all(&chunk[..read]).await.unwrap();
                        }
                    };
                    tokio::select! { _ = back => {}, () = there => {} }
                });
            }
        });
        Self { url: url.into(), asked }
    }
}

struct Api {
    service: Arc<Service>,
}

impl Api {
    fn on(url: &str, more: &[(&str, &str)]) -> Self {
        let mut settings = vec![
            ("DATABASE_URL", url),
            ("DATABASE_ENCRYPTION_KEY", KEY),
            ("MULTIDB_AUTHORIZATION", "members"),
            ("MULTIDB_RATE_LIMIT", "off"),
        ];
        settings.extend_from_slice(more);
        Self { service: Service::shared(config(&settings)).unwrap() }
    }

    async fn send(
        &self,
        user: Option<Uuid>,
        (method, path, body): (&str, &str, &Value),
        authorization: Option<&str>,
    ) -> Response {
        let headers = authorization.map(|value| ("authorization".to_owned(), value.to_owned()));
        let request = Request {
            method: method.to_owned(),
            path: format!("/api/platform{path}"),
            headers: headers.into_iter().collect(),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            user: user.map(|id| User { id: id.to_string() }),
            ..Request::default()
        };
        handle(&self.service, request).await
    }

    /// The status and the answer, without what differs from request to request.
    async fn ask(&self, user: Uuid, request: (&str, &str, &Value)) -> (u16, Value) {
        let response = self.send(Some(user), request, None).await;
        let mut body: Value = serde_json::from_slice(&response.body.whole().unwrap()).unwrap();
        if let Some(error) = body["error"].as_object_mut() {
            error.remove("request_id");
        }
        (response.status, body)
    }
}

impl Platform {
    /// A user with this role in a project's organization.
    async fn somebody(&self, project: &str, role: &str) -> Uuid {
        let id = Uuid::new_v4();
        self.sql(&format!(
            "INSERT INTO platform.organization_members (organization_id, user_id, role)
             SELECT id, '{id}', '{role}' FROM platform.organizations WHERE slug = '{project}'"
        ))
        .await;
        id
    }
}

#[tokio::test]
async fn what_is_foreign_asks_the_platform_database_as_much_as_what_is_missing() {
    let Some(platform) = Platform::migrated().await else { return };
    let foreign = create(&platform.registry(&[]), "beta", redis("cache")).await.id;
    let (owner, user) =
        (platform.somebody("beta", "owner").await, platform.somebody("alpha", "owner").await);
    let counter = Counter::to(&platform.url).await;
    let api = Api::on(&counter.url, &[]);
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
            let mut told = Vec::new();
            for (least, (id, project)) in
                least.iter_mut().zip([(foreign, "beta"), (missing, "zeta")])
            {
                let (path, body) = named(id, project);
                // Somebody else keeps it in memory.
                if *method == "GET" {
                    api.ask(owner, ("GET", &known, &Value::Null)).await;
                }
                let before = counter.asked.load(Ordering::SeqCst);
                told.push(api.ask(user, (method, &path, &body)).await);
                *least = counter.asked.load(Ordering::SeqCst).wrapping_sub(before).min(*least);
            }
            assert_eq!(told[0], told[1], "{method} {path}");
            assert_eq!(told[0].0, 404, "{method} {path}");
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
    let api = Api::on(platform.url.as_str(), &[("MULTIDB_DENIED_HOSTS", "redis.example")]);
    for (project, id) in &ids {
        let owner = platform.somebody(project, "owner").await;
        api.ask(owner, ("GET", &format!("/redis/{id}/info"), &Value::Null)).await;
    }
    for (project, own) in &ids {
        for role in ["owner", "admin", "developer", "member"] {
            let user = platform.somebody(project, role).await;
            let (status, answer) = api.ask(user, ("GET", "/multidb/pools", &Value::Null)).await;
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
    let (status, _) = api.ask(Uuid::new_v4(), ("GET", "/multidb/pools", &Value::Null)).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn figures_of_the_process_are_for_the_operators_token() {
    let Some(platform) = Platform::migrated().await else { return };
    let owner = platform.somebody("alpha", "owner").await;
    let metrics = ("GET", "/multidb/metrics", &Value::Null);
    let token = "a-token-of-the-operator";
    let api = Api::on(platform.url.as_str(), &[("MULTIDB_METRICS_TOKEN", token)]);
    for user in [None, Some(owner)] {
        let right = api.send(user, metrics, Some(&format!("bearer {token}"))).await;
        assert_eq!(right.status, 200);
        assert!(matches!(right.body, Body::Stream(_)));
        for wrong in [None, Some("Bearer"), Some("Bearer "), Some(token), Some("Bearer a-token")] {
            assert_eq!(api.send(user, metrics, wrong).await.status, 401, "{wrong:?}");
        }
    }
    // The token is good for nothing else.
    let list = ("GET", "/databases", &Value::Null);
    let listed = api.send(None, list, Some(&format!("Bearer {token}"))).await;
    assert_eq!(listed.status, 401);
    // Where none is set, nobody has it.
    for authorization in ["members", "off"] {
        let more = [("MULTIDB_AUTHORIZATION", authorization)];
        let api = Api::on(platform.url.as_str(), &more);
        for shown in [None, Some("Bearer "), Some("Bearer undefined")] {
            assert_eq!(api.send(Some(owner), metrics, shown).await.status, 403);
        }
    }
}

#[tokio::test]
async fn whether_the_process_lives_is_told_without_asking_anybody() {
    let Some(platform) = Platform::migrated().await else { return };
    let counter = Counter::to(&platform.url).await;
    let api = Api::on(&counter.url, &[]);
    let health = ("GET", "/multidb/health", &Value::Null);
    let ok = async || {
        let response = api.send(None, health, None).await;
        let body: Value = serde_json::from_slice(&response.body.whole().unwrap()).unwrap();
        assert!(body["data"].get("pools").is_none(), "{body}");
        body["data"]["platform_database"]["ok"].clone()
    };
    for _ in 0..10 {
        assert_eq!(ok().await, Value::Null);
    }
    assert_eq!(counter.asked.load(Ordering::SeqCst), 0);
    let owner = platform.somebody("alpha", "owner").await;
    api.ask(owner, ("GET", "/databases", &Value::Null)).await;
    assert_eq!(ok().await, true);
}
