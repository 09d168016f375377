use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::Request;
use studio_multidb::service::Service;
use url::Url;
use uuid::Uuid;

use crate::fixtures::{Platform, ask, request, service_of};

struct Api {
    service: Arc<Service>,
    user: Option<User>,
}

impl Api {
    fn on(platform: &Platform, settings: &[(&str, &str)]) -> Self {
        let service = service_of(&[&platform.settings()[..], settings].concat());
        Self { service, user: None }
    }

    async fn send(&self, method: &str, target: &str, body: Value) -> (u16, Value) {
        let request = Request { user: self.user.clone(), ..request(method, target, &body) };
        let (status, answer) = ask(&self.service, request).await;
        let text = answer.to_string();
        assert!(!text.contains("canary") && !text.contains("mdb1:"), "{text}");
        (status, answer)
    }

    async fn get(&self, target: &str) -> (u16, Value) {
        self.send("GET", target, Value::Null).await
    }
}

/// Where the platform server itself is, as a target to register.
fn postgres(url: &Url) -> Value {
    json!({
        "host": url.host_str(), "port": url.port(), "database_name": "postgres",
        "username": url.username(), "password": url.password().unwrap_or("canary"),
    })
}

fn with(mut object: Value, more: &Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

#[tokio::test]
async fn a_connection_is_tried_before_it_is_saved() {
    let Some(platform) = Platform::migrated().await else { return };
    let api = Api::on(&platform, &[]);
    let good = with(
        postgres(&platform.url),
        &json!({ "projectRef": "alpha", "name": "main", "type": "postgres", "description": "d" }),
    );
    let (status, made) = api.send("POST", "/databases", good).await;
    assert_eq!(status, 201, "{made}");
    let made = &made["data"];
    assert_eq!((&made["status"], &made["identifier"]), (&json!("ACTIVE"), &json!("main")));
    assert!(made["last_connected_at"].is_string());

    let refused = with(
        postgres(&platform.url),
        &json!({ "project_ref": "alpha", "identifier": "dead", "database_type": "postgres", "port": 1 }),
    );
    let (status, answer) = api.send("POST", "/databases", refused.clone()).await;
    assert_eq!((status, &answer["error"]["code"]), (503, &json!("DB_CONNECTION_FAILED")));
    assert_eq!(answer["error"]["details"]["test"]["success"], false);
    let (status, saved) = api.send("POST", "/databases?skip_test=true", refused).await;
    assert_eq!((status, &saved["data"]["status"]), (201, &json!("INACTIVE")), "{saved}");

    let id = made["id"].as_str().unwrap();
    let (status, test) = api.send("POST", &format!("/databases/{id}/test"), Value::Null).await;
    assert_eq!((status, &test["data"]["success"]), (200, &json!(true)), "{test}");
    let dead = saved["data"]["id"].as_str().unwrap();
    let (status, test) =
        api.send("POST", &format!("/postgres/alpha/connections/{dead}/test"), Value::Null).await;
    assert_eq!((status, &test["data"]["success"]), (200, &json!(false)), "{test}");
    let (_, health) = api.get("/databases/health").await;
    assert_eq!((&health["data"]["healthy"], &health["data"]["down"]), (&json!(1), &json!(1)));
    let (_, health) = api.get("/databases/health?probe=true").await;
    assert_eq!((&health["data"]["healthy"], &health["data"]["down"]), (&json!(1), &json!(1)));
    let (_, counts) = api.get("/databases/stats").await;
    assert_eq!(counts["data"]["by_type"]["postgres"]["total"], 2);
    assert_eq!(counts["data"]["by_type"]["redis"]["total"], 0);
    assert_eq!(counts["data"]["error"], 1);

    let unsaved = with(postgres(&platform.url), &json!({ "type": "postgres" }));
    let (status, test) = api.send("POST", "/databases/test", unsaved).await;
    assert_eq!((status, &test["data"]["success"]), (200, &json!(true)), "{test}");
    let edit = json!({ "connection_id": id, "database_name": "no-such-database" });
    let (status, test) = api.send("POST", "/databases/test", edit).await;
    assert_eq!((status, &test["data"]["success"]), (200, &json!(false)), "{test}");
}

#[tokio::test]
async fn a_connection_lives_through_its_requests() {
    let Some(platform) = Platform::migrated().await else { return };
    let api = Api::on(&platform, &[]);
    let new = json!({
        "identifier": "cache", "host": "redis.example", "port": 6379, "password": "canary",
        "options": { "db": 3 }, "is_primary": true,
    });
    let path = "/redis/alpha/connections";
    let (status, made) = api.send("POST", &format!("{path}?skip_test=true"), new.clone()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["data"]["connection_string"], "redis://default:***@redis.example:6379/3");
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    let (status, twice) = api.send("POST", &format!("{path}?skip_test=true"), new).await;
    assert_eq!((status, &twice["error"]["code"]), (409, &json!("CONFLICT")));

    let (_, list) = api.get(path).await;
    assert_eq!(list["data"]["connections"][0]["id"], id.as_str());
    assert_eq!(list["data"]["cursor"], Value::Null);
    let (_, all) = api.get("/databases?projectRef=alpha&type=redis&status=inactive").await;
    assert_eq!(all["data"]["databases"].as_array().unwrap().len(), 1);
    let (_, none) = api.get("/databases?projectRef=beta").await;
    assert_eq!(none["data"]["databases"], json!([]));

    // Another host without the password: the stored one must not go there.
    let own = format!("{path}/{id}");
    let (status, refused) = api.send("PUT", &own, json!({ "host": "evil.example" })).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("VALIDATION_ERROR")));
    let masked = json!({ "connection_string": "redis://default:***@evil.example:6379/3" });
    assert_eq!(api.send("PUT", &own, masked).await.0, 400);
    let moved = json!({ "host": "other.example", "password": "canary-2" });
    let (status, moved) = api.send("PUT", &own, moved).await;
    assert_eq!((status, &moved["data"]["host"]), (200, &json!("other.example")), "{moved}");
    assert_eq!(moved["data"]["version"], 2);
    let renamed = json!({ "name": "sessions", "description": "of users", "status": "ACTIVE" });
    let (status, renamed) = api.send("PATCH", &format!("/databases/{id}"), renamed).await;
    assert_eq!((status, &renamed["data"]["identifier"]), (200, &json!("sessions")), "{renamed}");
    assert_eq!(renamed["data"]["has_password"], true);
    let (status, _) = api.send("PATCH", &format!("/databases/{id}"), json!({ "nmae": "x" })).await;
    assert_eq!(status, 400);

    assert_eq!(api.get(&format!("/databases/{id}")).await.1["data"]["name"], "sessions");
    let (status, gone) = api.send("DELETE", &own, Value::Null).await;
    assert_eq!((status, gone), (200, json!({ "data": { "id": id } })));
    assert_eq!(api.get(&format!("/databases/{id}")).await.0, 404);
    assert_eq!(api.send("DELETE", &own, Value::Null).await.0, 404);
    assert_eq!(api.get(path).await.1["data"]["connections"], json!([]));
}

#[tokio::test]
async fn input_that_makes_no_sense_is_refused_by_name() {
    let Some(platform) = Platform::migrated().await else { return };
    let api = Api::on(&platform, &[]);
    let base = json!({ "type": "redis", "name": "x", "projectRef": "alpha", "host": "h" });
    for (more, named) in [
        (json!({ "type": "oracle" }), "type"),
        (json!({ "port": 70000 }), "port"),
        (json!({ "name": "Not A Name" }), "identifier"),
        (json!({ "conection_string": "redis://h" }), "conection_string"),
        (json!({ "options": { "tlsCAFile": "/etc/passwd" } }), "tlsCAFile"),
        (json!({ "password": 5 }), "expected text"),
        (json!({ "projectRef": "gamma" }), "no such project"),
    ] {
        let (status, answer) =
            api.send("POST", "/databases?skip_test=true", with(base.clone(), &more)).await;
        assert!(status == 400 || status == 404, "{status} {answer}");
        assert!(answer["message"].as_str().unwrap().contains(named), "{named}: {answer}");
    }
    for target in [
        "/databases?limit=1001",
        "/databases?limit=0",
        "/databases?cursor=x",
        "/databases?pattern=x",
    ] {
        assert_eq!(api.get(target).await.0, 400, "{target}");
    }
}

#[tokio::test]
async fn roles_hold_for_every_request() {
    let Some(platform) = Platform::migrated().await else { return };
    let mut api = Api::on(&platform, &[("MULTIDB_AUTHORIZATION", "members")]);
    assert_eq!(api.get("/databases").await.0, 401);
    let (owner, viewer) = (Uuid::new_v4(), Uuid::new_v4());
    platform
        .sql(&format!(
            "INSERT INTO platform.project_members (project_id, user_id, role)
             SELECT id, '{owner}'::uuid, 'owner' FROM platform.projects WHERE ref = 'alpha'
             UNION ALL
             SELECT id, '{viewer}'::uuid, 'read_only' FROM platform.projects WHERE ref = 'alpha'
             UNION ALL
             SELECT id, '{owner}'::uuid, 'owner' FROM platform.projects WHERE ref = 'beta'"
        ))
        .await;
    let new = |project: &str| json!({ "projectRef": project, "type": "redis", "name": "cache", "host": "h", "password": "canary" });
    api.user = User::named(owner.to_string());
    let (status, alpha) = api.send("POST", "/databases?skip_test=true", new("alpha")).await;
    assert_eq!(status, 201, "{alpha}");
    let (_, beta) = api.send("POST", "/databases?skip_test=true", new("beta")).await;
    let (alpha, beta) =
        (alpha["data"]["id"].as_str().unwrap(), beta["data"]["id"].as_str().unwrap());
    assert_eq!(api.get("/databases").await.1["data"]["databases"].as_array().unwrap().len(), 2);

    api.user = User::named(viewer.to_string());
    let (_, list) = api.get("/databases").await;
    assert_eq!(list["data"]["databases"].as_array().unwrap().len(), 1);
    assert_eq!(api.get("/databases/stats").await.1["data"]["total"], 1);
    assert_eq!(api.get(&format!("/databases/{alpha}")).await.0, 200);
    let (status, foreign) = api.get(&format!("/databases/{beta}")).await;
    let (_, nothing) = api.get(&format!("/databases/{}", Uuid::new_v4())).await;
    assert_eq!((status, &foreign["message"]), (404, &nothing["message"]));
    assert_eq!(api.get("/redis/beta/connections").await.0, 404);
    for (method, target, body) in [
        ("POST", "/databases?skip_test=true".to_owned(), new("alpha")),
        ("POST", "/databases/test".to_owned(), new("alpha")),
        (
            "POST",
            "/databases/test".to_owned(),
            json!({ "connection_id": alpha, "database_name": "1" }),
        ),
        ("POST", "/redis/alpha/connections?skip_test=true".to_owned(), new("alpha")),
        ("PATCH", format!("/databases/{alpha}"), json!({ "description": "x" })),
        ("PUT", format!("/redis/alpha/connections/{alpha}"), json!({ "description": "x" })),
        ("DELETE", format!("/databases/{alpha}"), Value::Null),
        ("DELETE", format!("/redis/alpha/connections/{alpha}"), Value::Null),
    ] {
        let (status, answer) = api.send(method, &target, body).await;
        assert_eq!(status, 403, "{method} {target}: {answer}");
    }
    let (status, _) =
        api.send("PATCH", &format!("/databases/{beta}"), json!({ "description": "x" })).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_host_that_may_not_be_registered_is_no_edit_either() {
    let Some(platform) = Platform::migrated().await else { return };
    let denied = ("MULTIDB_DENIED_HOSTS", "denied.example,10.0.0.0/8,*:1234");
    let api = Api::on(&platform, &[denied]);
    let body = |host: &str, port: u16| json!({ "host": host, "port": port, "password": "canary", "options": { "tls": false } });
    let new = |name: &str, target: Value| {
        let more =
            json!({ "projectRef": "alpha", "name": name, "type": "redis", "skip_test": true });
        with(target, &more)
    };
    let (status, made) = api.send("POST", "/databases", new("ok", body("127.0.0.1", 1))).await;
    assert_eq!(status, 201, "{made}");
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    for (host, port, expected) in [
        ("127.0.0.1", 2, None),
        ("never-there.invalid", 1, None),
        ("10.1.2.3", 1, Some("HOST_NOT_ALLOWED")),
        ("127.0.0.1", 1234, Some("HOST_NOT_ALLOWED")),
        ("169.254.169.254", 1, Some("HOST_NOT_ALLOWED")),
        ("2852039166", 1, Some("HOST_NOT_ALLOWED")),
        ("fd00:c1::a9fe:a9fe", 1, Some("HOST_NOT_ALLOWED")),
        ("::ffff:10.0.0.1", 1, Some("HOST_NOT_ALLOWED")),
        ("010.0.0.1", 1, Some("VALIDATION_ERROR")),
        ("0251.0376.0251.0376", 1, Some("VALIDATION_ERROR")),
        ("/var/run/redis", 1, Some("VALIDATION_ERROR")),
    ] {
        let target = body(host, port);
        let named = new(&format!("a-{}", Uuid::new_v4()), target.clone());
        let unscoped = with(
            target.clone(),
            &json!({ "name": format!("b-{}", Uuid::new_v4()), "skip_test": true }),
        );
        let doors = [
            ("POST", "/databases".to_owned(), named),
            ("POST", "/redis/alpha/connections".to_owned(), unscoped),
            ("PATCH", format!("/databases/{id}"), target.clone()),
            ("PUT", format!("/redis/alpha/connections/{id}"), target),
        ];
        for (method, path, body) in doors {
            let (status, answer) = api.send(method, &path, body).await;
            let code = answer["error"]["code"].as_str();
            assert_eq!(code, expected, "{method} {path} {host}: {status} {answer}");
        }
    }
}
