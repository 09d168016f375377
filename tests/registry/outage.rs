use std::time::{Duration, Instant};

use studio_multidb::error::Code;
use studio_multidb::registry::{Changes, Filter, PageRequest, Visible};
use studio_multidb::target::DatabaseType::Redis;

use crate::fixtures::{Platform, eventually};
use crate::support::{Proxy, create, open_at, redis, resolve};

fn page() -> PageRequest {
    PageRequest { filter: Filter::default(), visible: Visible::All, limit: 10, cursor: None }
}

#[tokio::test]
async fn cached_metadata_serves_reads_while_the_platform_database_is_down() {
    let Some(platform) = Platform::migrated().await else { return };
    let proxy = Proxy::to(&platform.url).await;
    let registry =
        platform.registry(&[("DATABASE_URL", &proxy.url), ("REDIS_URL", "redis://127.0.0.1")]);
    // Made by another instance before this one listens: its own notice would drop what it reads.
    let made = create(&platform.registry(&[]), "alpha", redis("cache")).await;
    registry.connection(made.id, false).await.unwrap();
    resolve(&registry, "alpha", Redis, None, None, false).await.unwrap();
    registry.page(&page(), false).await.unwrap();

    proxy.cut().await;
    let started = Instant::now();
    let found = resolve(&registry, "alpha", Redis, None, None, false).await.unwrap();
    registry.target(&found).await.unwrap();
    registry.connection(made.id, false).await.unwrap();
    registry.page(&page(), false).await.unwrap();
    let env = resolve(&registry, "default", Redis, None, Some("env"), false).await;
    assert!(env.unwrap().is_env());

    for error in [
        resolve(&registry, "alpha", Redis, None, None, true).await.unwrap_err(),
        resolve(&registry, "beta", Redis, None, None, false).await.unwrap_err(),
        registry.update(&made, Changes::default()).await.unwrap_err(),
        registry.delete(&made).await.unwrap_err(),
    ] {
        assert!(error.message().contains("platform database"), "{error}");
        assert!(error.code().retryable(), "{error}");
    }
    assert!(started.elapsed() < Duration::from_secs(15), "nobody waits long for it");

    proxy.restore();
    eventually("it is used again", async || {
        resolve(&registry, "alpha", Redis, None, None, true).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_session_that_died_unnoticed_is_replaced_within_the_same_read() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    for _ in 0..5 {
        registry.project("alpha").await.unwrap();
        platform
            .sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        let error = resolve(&registry, "alpha", Redis, None, None, true).await.unwrap_err();
        assert_eq!(error.code(), Code::DbNotFound, "{error}");
    }
}

#[tokio::test]
async fn changes_made_while_not_listening_are_found_after_reconnecting() {
    let Some(platform) = Platform::migrated().await else { return };
    let proxy = Proxy::to(&platform.url).await;
    let behind = platform.registry(&[("DATABASE_URL", &proxy.url)]);
    let direct = platform.registry(&[]);
    let made = create(&direct, "alpha", redis("cache")).await;
    eventually("it listens", async || {
        behind.connection(made.id, false).await.unwrap();
        platform
            .text(
                "SELECT count(*)::text FROM pg_stat_activity
                 WHERE datname = current_database() AND query <> '' AND state = 'idle'
                   AND application_name = 'studio-multidb listener'",
            )
            .await
            .as_deref()
            == Some("2")
    })
    .await;
    proxy.cut().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let changes = Changes { identifier: Some("renamed".into()), ..Changes::default() };
    direct.update(&made, changes).await.unwrap();
    assert_eq!(behind.connection(made.id, false).await.unwrap().identifier, "cache");
    proxy.restore();
    eventually("the change is seen", async || {
        behind.connection(made.id, false).await.unwrap().identifier == "renamed"
    })
    .await;
}

#[tokio::test]
async fn many_readers_share_few_sessions_and_cancelled_ones_leak_none() {
    let Some(platform) = Platform::migrated().await else { return };
    let (sessions, registry) = open_at(platform.url.as_str());
    let registry = std::sync::Arc::new(registry);
    let readers = (0..200).map(|i| {
        let registry = std::sync::Arc::clone(&registry);
        tokio::spawn(async move {
            let read = resolve(&registry, "alpha", Redis, None, None, true);
            if i % 2 == 0 {
                let _ = tokio::time::timeout(Duration::from_micros(50 * i), read).await;
            } else {
                assert_eq!(read.await.unwrap_err().code(), Code::DbNotFound);
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    let open = platform
        .text(
            "SELECT count(*)::text FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'studio-multidb'",
        )
        .await;
    assert!(open.unwrap().parse::<u32>().unwrap() <= 9, "8 sessions and the listening one");
    registry.close();
    sessions.close();
    eventually("all are closed", async || {
        platform
            .text(
                "SELECT count(*)::text FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'studio-multidb'",
            )
            .await
            .as_deref()
            == Some("0")
    })
    .await;
}
