use studio_multidb::error::Code;
use studio_multidb::registry::{Changes, Filter, NewConnection, PageRequest, Status, Visible};
use studio_multidb::target::DatabaseType;

use crate::fixtures::{Platform, eventually, target};
use crate::support::{create, password, redis, registry, resolve};

fn page(limit: u32, cursor: Option<String>) -> PageRequest {
    let filter = Filter::default();
    PageRequest { filter, visible: Visible::All, limit, cursor }
}

#[tokio::test]
async fn secrets_are_stored_sealed_and_shown_masked() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let made = create(&registry, "alpha", redis("cache")).await;
    assert_eq!(made.version, 1);
    let row = platform.text("SELECT row_to_json(c)::text FROM platform.database_connections c");
    let row = row.await.unwrap();
    assert!(!row.contains("canary") && row.contains("mdb1:"), "{row}");

    let shown = serde_json::to_value(&made).unwrap();
    assert_eq!(shown["connection_string"], "redis://default:***@redis.example:6380/2");
    assert_eq!(shown["has_password"], true);
    assert_eq!((&shown["host"], &shown["port"]), (&"redis.example".into(), &6380.into()));
    assert!(shown.get("password").is_none());
    assert!(!format!("{made:?}").contains("mdb1:"));
    assert_eq!(password(&registry, made.id).await.unwrap().as_deref(), Some("canary"));
}

#[tokio::test]
async fn an_identifier_is_unique_in_its_project() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    create(&registry, "alpha", redis("cache")).await;
    create(&registry, "beta", redis("cache")).await;
    let alpha = registry.project("alpha").await.unwrap();
    let error = registry.create(&alpha, redis("cache")).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert!(error.message().contains("cache"), "{error}");
    // The session that failed is not handed to the next caller in its transaction.
    create(&registry, "alpha", redis("other")).await;
}

#[tokio::test]
async fn a_change_raises_the_version_and_a_note_does_not() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let made = create(&registry, "alpha", redis("cache")).await;
    registry.record_test(&made, Some("refused")).await;
    let failed = registry.connection(made.id, false).await.unwrap();
    assert_eq!((failed.version, failed.status), (1, Status::Error));
    assert_eq!(failed.last_error.as_deref(), Some("refused"));
    registry.record_test(&failed, None).await;
    let working = registry.connection(made.id, false).await.unwrap();
    assert_eq!((working.version, working.status), (1, Status::Active));
    assert!(working.last_connected_at.is_some() && working.last_error.is_none());

    let elsewhere = target(DatabaseType::Redis, "redis://:new@other.example");
    let changes = Changes { target: Some(elsewhere), ..Changes::default() };
    let updated = registry.update(&working, changes).await.unwrap();
    assert_eq!(updated.version, 2);
    assert_eq!(password(&registry, made.id).await.unwrap().as_deref(), Some("new"));
    // A test of the old target says nothing about the new one.
    registry.record_test(&working, Some("refused")).await;
    assert!(registry.connection(made.id, true).await.unwrap().last_error.is_none());
}

#[tokio::test]
async fn two_edits_of_the_same_version_do_not_overwrite_each_other() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let made = create(&registry, "alpha", redis("cache")).await;
    let named = |name: &str| Changes { identifier: Some(name.into()), ..Changes::default() };
    registry.update(&made, named("first")).await.unwrap();
    let error = registry.update(&made, named("second")).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    registry.delete(&made).await.unwrap();
    let error = registry.update(&made, named("third")).await.unwrap_err();
    assert_eq!(error.code(), Code::DbNotFound);
    assert_eq!(registry.delete(&made).await.unwrap_err().code(), Code::DbNotFound);
}

#[tokio::test]
async fn the_primary_moves_and_there_is_never_more_than_one() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let project = registry.project("alpha").await.unwrap();
    let primary = |i: usize| NewConnection { is_primary: true, ..redis(&format!("cache-{i}")) };
    let made =
        futures_util::future::join_all((0..8).map(|i| registry.create(&project, primary(i))));
    let made: Vec<_> = made.await.into_iter().map(Result::unwrap).collect();
    let count = "SELECT count(*)::text FROM platform.database_connections WHERE is_primary";
    assert_eq!(platform.text(count).await.as_deref(), Some("1"));
    for connection in &made {
        let now = registry.connection(connection.id, true).await.unwrap();
        let changes = Changes { is_primary: Some(true), ..Changes::default() };
        registry.update(&now, changes).await.unwrap();
        let found = resolve(&registry, "alpha", DatabaseType::Redis, None, None, false).await;
        assert_eq!(found.unwrap().id, connection.id);
    }
    assert_eq!(platform.text(count).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn pages_hold_every_connection_once() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[("REDIS_URL", "redis://env.example")]);
    for i in 0..23 {
        create(&registry, "alpha", redis(&format!("cache-{i}"))).await;
    }
    for limit in [1, 7, 24, 100] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let body = registry.page(&page(limit, cursor), false).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let found = body["databases"].as_array().unwrap();
            assert!(found.len() <= limit as usize);
            seen.extend(found.iter().map(|c| c["identifier"].as_str().unwrap().to_owned()));
            cursor = body["cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen[0], "env");
        assert_eq!(seen[1], "cache-22", "newest first");
        assert_eq!(seen.len(), 24, "limit {limit}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 24);
    }
    let error = registry.page(&page(5, Some("nonsense".into())), false).await.unwrap_err();
    assert_eq!(error.code(), Code::ValidationError);
}

#[tokio::test]
async fn a_change_is_seen_at_once_here_and_in_every_other_instance() {
    let Some(platform) = Platform::migrated().await else { return };
    let (here, there) = (platform.registry(&[]), platform.registry(&[]));
    let made = create(&here, "alpha", redis("cache")).await;
    // Read until the other instance listens and believes what it has.
    eventually("the other instance listens", async || {
        there.connection(made.id, false).await.unwrap();
        let listening = "SELECT count(*)::text FROM pg_stat_activity
            WHERE datname = current_database() AND query <> '' AND state = 'idle'
            AND application_name = 'studio-multidb listener'";
        platform.text(listening).await.as_deref() == Some("2")
    })
    .await;
    for version in 2..8 {
        let now = here.connection(made.id, false).await.unwrap();
        assert_eq!(now.version, version - 1);
        there.connection(made.id, false).await.unwrap();
        there.page(&page(10, None), false).await.unwrap();
        let changes =
            Changes { identifier: Some(format!("cache-{version}")), ..Changes::default() };
        here.update(&now, changes).await.unwrap();
        assert_eq!(here.connection(made.id, false).await.unwrap().version, version);
        eventually("the other instance sees it", async || {
            let page = there.page(&page(10, None), false).await.unwrap();
            there.connection(made.id, false).await.unwrap().version == version
                && String::from_utf8_lossy(&page).contains(&format!("cache-{version}"))
        })
        .await;
    }
    here.delete(&made).await.unwrap();
    eventually("the other instance sees it gone", async || {
        there.connection(made.id, false).await.is_err()
    })
    .await;
}

#[tokio::test]
async fn a_self_hosted_studio_gets_its_one_project_with_its_first_connection() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let made = create(&registry, "default", redis("cache")).await;
    let found =
        resolve(&registry, "default", DatabaseType::Redis, None, None, false).await.unwrap();
    assert_eq!(found.id, made.id);
    let hosted = platform.registry(&[("NEXT_PUBLIC_IS_PLATFORM", "true")]);
    platform.sql("DELETE FROM platform.projects WHERE ref = 'default'").await;
    assert_eq!(hosted.project("default").await.unwrap_err().code(), Code::DbNotFound);
}

#[tokio::test]
async fn nothing_is_stored_without_a_key() {
    let Some(platform) = Platform::migrated().await else { return };
    let keyless = registry(&[("DATABASE_URL", platform.url.as_str())]);
    let project = keyless.project("alpha").await.unwrap();
    let error = keyless.create(&project, redis("cache")).await.unwrap_err();
    assert!(error.message().contains("DATABASE_ENCRYPTION_KEY"), "{error}");
}

#[tokio::test]
async fn the_numbers_for_dashboards_follow_by_one_of_the_instances() {
    let Some(platform) = Platform::migrated().await else { return };
    let shows = async |total: &str| {
        let sql = "SELECT total::text FROM platform.database_stats WHERE type = 'redis'";
        eventually("the new total", || async {
            platform.text(sql).await.as_deref() == Some(total)
        })
        .await;
    };
    let first = platform.registry(&[]);
    create(&first, "alpha", redis("one")).await;
    shows("1").await;
    // Another instance listens too, and takes over when the first one has ended.
    let second = platform.registry(&[]);
    create(&second, "alpha", redis("two")).await;
    shows("2").await;
    let leader = "SELECT pid::text FROM pg_locks JOIN pg_database d ON d.oid = database
        WHERE locktype = 'advisory' AND datname = current_database()";
    let before = platform.text(leader).await;
    assert!(before.is_some());
    drop(first);
    eventually("the end of the session", || async { platform.text(leader).await != before }).await;
    create(&second, "alpha", redis("three")).await;
    shows("3").await;
}
