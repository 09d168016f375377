//! A socket stays open only as long as its user may have it.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::request::feed::Feed;
use studio_multidb::request::upload::UploadSender;
use studio_multidb::service::Service;
use uuid::Uuid;

use crate::fixtures::{Platform, ask, given, request, service_of, stream, upgrading};

/// A project with a Redis connection, and a service that enforces roles.
struct Stage {
    platform: Platform,
    service: Arc<Service>,
    id: String,
}

impl Stage {
    async fn set() -> Option<Self> {
        let redis = given("TEST_REDIS_URL")?;
        let platform = Platform::migrated().await?;
        let with = |authorization| {
            let more = [("MULTIDB_AUTHORIZATION", authorization), ("LOG_LEVEL", "off")];
            service_of(&[&platform.settings()[..], &more].concat())
        };
        let made = json!({
            "projectRef": "alpha", "name": "main", "type": "redis", "connectionString": redis,
        });
        let (status, made) = ask(&with("off"), request("POST", "/databases", &made)).await;
        assert!(status < 300, "{made}");
        let id = made["data"]["id"].as_str().unwrap().to_owned();
        let service = with("members");
        Some(Self { platform, service, id })
    }

    async fn member(&self, role: &str) -> User {
        User { id: self.platform.somebody("alpha", role).await.to_string() }
    }

    async fn ask(&self, user: Option<User>) -> (Response, UploadSender) {
        let path = format!("/redis/{}/pubsub/subscribe?channels=a", self.id);
        let (request, sender) = upgrading(request("GET", &path, &Value::Null));
        (handle(&self.service, Request { user, ..request }).await, sender)
    }

    async fn open(&self, user: User) -> (Feed, UploadSender) {
        let (response, sender) = self.ask(Some(user)).await;
        assert_eq!(response.status, 101, "{:?}", response.body);
        (stream(response), sender)
    }
}

/// The close frame that a socket ends with.
async fn goodbye(mut feed: Feed) -> (u16, String) {
    let mut last = Vec::new();
    while let Some(Ok(chunk)) = feed.next().await {
        last = chunk;
    }
    let [0x88, _, high, low, reason @ ..] = last.as_slice() else { panic!("{last:?}") };
    (u16::from_be_bytes([*high, *low]), String::from_utf8(reason.to_vec()).unwrap())
}

#[tokio::test]
async fn who_may_not_read_gets_an_answer_and_no_socket() {
    let Some(stage) = Stage::set().await else { return };
    let (response, _sender) = stage.ask(None).await;
    assert_eq!(response.status, 401);
    let stranger = User { id: Uuid::new_v4().to_string() };
    let (response, _sender) = stage.ask(Some(stranger)).await;
    assert_eq!(response.status, 404);
    let reader = stage.member("member").await;
    let (feed, _sender) = stage.open(reader).await;
    assert_eq!(stage.service.seats.open(), 1);
    drop(feed);
}

#[tokio::test]
async fn a_connection_that_is_changed_or_removed_closes_its_sockets_at_once() {
    let Some(stage) = Stage::set().await else { return };
    let reader = stage.member("member").await;
    let (feed, _sender) = stage.open(reader.clone()).await;
    // By another instance: it is the database that tells.
    let change = "UPDATE platform.database_connections SET description = 'another'";
    stage.platform.sql(change).await;
    let changed = (1012, "the connection was changed; connect again".to_owned());
    assert_eq!(goodbye(feed).await, changed);
    let (feed, _sender) = stage.open(reader).await;
    stage.platform.sql("DELETE FROM platform.database_connections").await;
    assert_eq!(goodbye(feed).await, (4404, "the database connection was removed".to_owned()));
    assert_eq!(stage.service.seats.open(), 0);
}

#[tokio::test]
async fn a_role_that_is_taken_away_closes_its_sockets_soon() {
    let Some(stage) = Stage::set().await else { return };
    let (leaving, staying) = (stage.member("developer").await, stage.member("developer").await);
    let (feed, _sender) = stage.open(leaving.clone()).await;
    let (_kept, _other) = stage.open(staying).await;
    let removal =
        format!("DELETE FROM platform.organization_members WHERE user_id = '{}'", leaving.id);
    stage.platform.sql(&removal).await;
    let (code, reason) = goodbye(feed).await;
    assert_eq!((code, reason.as_str()), (4403, "you no longer have access to this connection"));
    assert_eq!(stage.service.seats.open(), 1);
}
