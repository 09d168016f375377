use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use secrecy::SecretString;
use studio_multidb::crypto::cryptojs;

use crate::fixtures::{KEY, Platform, eventually};
use crate::support::{NEW_KEY, create, password, redis};

fn ring() -> String {
    format!("new:{NEW_KEY},old:{KEY}")
}

#[tokio::test]
async fn every_secret_is_sealed_again_and_pools_are_kept() {
    let Some(platform) = Platform::migrated().await else { return };
    let old = platform.registry(&[]);
    let mut ids = Vec::new();
    for i in 0..20 {
        ids.push(create(&old, "alpha", redis(&format!("cache-{i}"))).await.id);
    }
    let both = platform.registry(&[("DATABASE_ENCRYPTION_KEY", &ring())]);
    let rotation = both.rotate_keys().await.unwrap();
    assert_eq!((rotation.rows, rotation.resealed), (20, 20));
    let again = both.rotate_keys().await.unwrap();
    assert_eq!((again.resealed, again.unchanged), (0, 20));
    let only_new = platform.registry(&[("DATABASE_ENCRYPTION_KEY", &format!("new:{NEW_KEY}"))]);
    for id in ids {
        assert_eq!(password(&only_new, id).await.unwrap().as_deref(), Some("canary"));
        assert_eq!(only_new.connection(id, true).await.unwrap().version, 1);
    }
}

#[tokio::test]
async fn a_run_killed_at_any_row_is_resumed_and_every_row_stays_readable() {
    let Some(platform) = Platform::migrated().await else { return };
    let old = platform.registry(&[]);
    let mut ids = Vec::new();
    for i in 0..40 {
        ids.push(create(&old, "alpha", redis(&format!("cache-{i}"))).await.id);
    }
    ids.sort();
    let ring = ring();
    let settings = [("DATABASE_ENCRYPTION_KEY", ring.as_str())];
    let reader = platform.registry(&settings);
    let (locked, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let reading = async {
        while !done.load(Ordering::SeqCst) {
            // Readers seal what they find under the old key: they leave the rows to come to the run.
            for id in ids[..locked.load(Ordering::SeqCst)].iter().chain(ids.last()) {
                assert_eq!(password(&reader, *id).await.unwrap().as_deref(), Some("canary"));
            }
        }
    };
    let rotating = async {
        for at in (0..40).step_by(7) {
            locked.store(at, Ordering::SeqCst);
            platform
                .sql(&format!(
                    "BEGIN; SELECT FROM platform.database_connections WHERE id = '{}' FOR UPDATE",
                    ids[at]
                ))
                .await;
            let registry = platform.registry(&settings);
            let waits = eventually("the run waits for the row", async || {
                let waiting = "SELECT count(*)::text FROM pg_locks
                    WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
                platform.text(waiting).await.as_deref() != Some("0")
            });
            tokio::select! {
                run = registry.rotate_keys() => panic!("{run:?}"),
                () = waits => {}
            }
            platform.sql("ROLLBACK").await;
        }
        let rotation = platform.registry(&settings).rotate_keys().await.unwrap();
        assert_eq!(rotation.resealed + rotation.unchanged, 40);
        done.store(true, Ordering::SeqCst);
    };
    tokio::join!(reading, rotating);
    let left = "SELECT count(*)::text FROM platform.database_connections
        WHERE connection_string NOT LIKE 'mdb1:new:%' OR password NOT LIKE 'mdb1:new:%'";
    assert_eq!(platform.text(left).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn a_row_that_does_not_open_is_reported_and_the_others_are_sealed() {
    let Some(platform) = Platform::migrated().await else { return };
    let old = platform.registry(&[]);
    let good = create(&old, "alpha", redis("good")).await;
    let moved = create(&old, "alpha", redis("moved")).await;
    platform
        .sql(&format!(
            "UPDATE platform.database_connections SET password =
                (SELECT password FROM platform.database_connections WHERE id = '{}')
             WHERE id = '{}'",
            good.id, moved.id
        ))
        .await;
    let both = platform.registry(&[("DATABASE_ENCRYPTION_KEY", &ring())]);
    let rotation = both.rotate_keys().await.unwrap();
    assert_eq!(rotation.resealed, 1);
    assert_eq!(rotation.failed.len(), 1);
    assert_eq!(rotation.failed[0].id, moved.id);
    assert_eq!(password(&both, good.id).await.unwrap().as_deref(), Some("canary"));
}

#[tokio::test]
async fn a_secret_of_another_row_does_not_open() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let one = create(&registry, "alpha", redis("one")).await;
    let two = create(&registry, "alpha", redis("two")).await;
    platform
        .sql(&format!(
            "UPDATE platform.database_connections SET connection_string =
                (SELECT connection_string FROM platform.database_connections WHERE id = '{}')
             WHERE id = '{}'",
            one.id, two.id
        ))
        .await;
    let error = password(&registry, two.id).await.unwrap_err();
    assert!(!error.message().contains("canary"), "{error}");
    assert!(password(&registry, one.id).await.is_ok());
}

#[tokio::test]
async fn what_an_older_studio_stored_is_sealed_at_first_use() {
    let Some(platform) = Platform::migrated().await else { return };
    let phrase = "an old passphrase, long enough";
    let registry = platform.registry(&[("REDIS_CRYPTO_KEY", phrase)]);
    let made = create(&registry, "alpha", redis("cache")).await;
    let stored = cryptojs::encrypt("redis://:canary-old@old.example", &SecretString::from(phrase));
    platform
        .sql(&format!(
            "UPDATE platform.database_connections
             SET connection_string = '{}', password = NULL, host = NULL WHERE id = '{}'",
            stored.unwrap(),
            made.id
        ))
        .await;
    let version = registry.connection(made.id, true).await.unwrap().version;
    assert_eq!(password(&registry, made.id).await.unwrap().as_deref(), Some("canary-old"));
    let sealed = "SELECT connection_string FROM platform.database_connections";
    eventually("the secret is sealed", async || {
        platform.text(sealed).await.unwrap().starts_with("mdb1:")
    })
    .await;
    let without_phrase = platform.registry(&[]);
    assert_eq!(password(&without_phrase, made.id).await.unwrap().as_deref(), Some("canary-old"));
    assert_eq!(registry.connection(made.id, true).await.unwrap().version, version);
}
