use studio_multidb::error::Code;
use studio_multidb::platform::migrations::State;
use studio_multidb::registry::Imported;

use crate::fixtures::{KEY, Platform};
use crate::support::{password, registry};

#[tokio::test]
async fn a_fresh_database_is_migrated_once() {
    let Some(platform) = Platform::empty().await else { return };
    let registry = platform.registry(&[]);
    let planned = registry.migrate(true).await.unwrap();
    assert!(planned.migrations.iter().all(|m| m.state == State::Pending));
    let nothing = platform.text("SELECT to_regnamespace('platform')::text").await;
    assert_eq!(nothing, None, "a dry run changes nothing");

    let applied = registry.migrate(false).await.unwrap();
    assert!(applied.migrations.iter().all(|m| m.state == State::Applied));
    let again = registry.migrate(false).await.unwrap();
    assert!(again.migrations.iter().all(|m| m.state == State::Present));
    let dry = registry.migrate(true).await.unwrap();
    assert!(dry.migrations.iter().all(|m| m.state == State::Present));
}

#[tokio::test]
async fn instances_that_start_together_take_turns() {
    let Some(platform) = Platform::empty().await else { return };
    let registries: Vec<_> = (0..4).map(|_| platform.registry(&[])).collect();
    let runs = registries.iter().map(|registry| registry.migrate(false));
    for run in futures_util::future::join_all(runs).await {
        run.unwrap();
    }
    let kept = platform.text("SELECT count(*)::text FROM platform.multidb_migrations").await;
    assert_eq!(kept.as_deref(), Some("3"));
}

#[tokio::test]
async fn a_migration_that_changed_after_it_ran_is_refused() {
    let Some(platform) = Platform::migrated().await else { return };
    platform.sql("UPDATE platform.multidb_migrations SET checksum = 'other'").await;
    let error = platform.registry(&[]).migrate(false).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert!(error.message().contains("001_create_platform_schema"), "{error}");
}

#[tokio::test]
async fn an_older_studio_keeps_its_table_and_its_connections_are_imported_sealed() {
    let Some(platform) = Platform::empty().await else { return };
    platform.sql(include_str!("../../__test__/fixtures/legacy_studio.sql")).await;
    let before = platform.text("SELECT count(*)::text FROM platform.databases").await;

    let registry = platform.registry(&[]);
    let report = registry.migrate(false).await.unwrap();
    let listed = report.imported.needing_attention.len() as u64;
    let total = report.imported.connections + listed;
    assert!(report.imported.connections > 0);
    let count = |table: &str| format!("SELECT count(*)::text FROM platform.{table}");
    assert_eq!(platform.text(&count("databases_legacy")).await, before);
    let imported = platform.text(&count("database_connections")).await;
    assert_eq!(imported, Some(total.to_string()));

    let plain = platform
        .text(
            "SELECT string_agg(connection_string || coalesce(password, ''), ' ')
             FROM platform.database_connections",
        )
        .await
        .unwrap();
    assert!(plain.contains("mdb1:") && !plain.contains("://"), "{plain}");

    // Every one that is said to work opens.
    let ids = platform
        .client
        .query("SELECT id FROM platform.database_connections WHERE status = 'ACTIVE'", &[])
        .await
        .unwrap();
    for row in &ids {
        password(&registry, row.get(0)).await.unwrap();
    }

    let again = registry.migrate(false).await.unwrap();
    assert_eq!(again.imported, Imported::default());
    // One that is deleted stays deleted.
    platform.sql("DELETE FROM platform.database_connections").await;
    registry.migrate(false).await.unwrap();
    assert_eq!(platform.text(&count("database_connections")).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn an_import_that_cannot_seal_changes_nothing() {
    let Some(platform) = Platform::empty().await else { return };
    platform.sql(include_str!("../../__test__/fixtures/legacy_studio.sql")).await;
    let keyless = registry(&[("DATABASE_URL", platform.url.as_str())]);
    let error = keyless.migrate(false).await.unwrap_err();
    assert!(error.message().contains("DATABASE_ENCRYPTION_KEY"), "{error}");
    let table = platform.text("SELECT to_regclass('platform.databases_legacy')::text").await;
    assert_eq!(table, None, "the second migration was undone as a whole");
    platform.registry(&[("DATABASE_ENCRYPTION_KEY", KEY)]).migrate(false).await.unwrap();
}

#[tokio::test]
async fn a_database_that_was_never_migrated_says_what_to_run() {
    let Some(platform) = Platform::empty().await else { return };
    let error = platform.registry(&[]).project("alpha").await.unwrap_err();
    assert!(error.message().contains("studio-multidb migrate"), "{error}");
}
