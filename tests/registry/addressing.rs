use studio_multidb::error::Code;
use studio_multidb::registry::{Changes, NewConnection};
use studio_multidb::target::DatabaseType::{BunApi, Mongodb, Postgres, Redis};
use uuid::Uuid;

use crate::fixtures::Platform;
use crate::support::{create, redis, registry, resolve};

#[tokio::test]
async fn a_project_leads_to_the_named_the_primary_or_the_only_connection() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let found = async |id: Option<Uuid>, name: Option<&str>| {
        resolve(&registry, "alpha", Redis, id, name, false).await
    };
    let none = found(None, None).await.unwrap_err();
    assert_eq!(none.code(), Code::DbNotFound);

    let first = create(&registry, "alpha", redis("first")).await;
    assert_eq!(found(None, None).await.unwrap().id, first.id);

    let second = create(&registry, "alpha", redis("second")).await;
    let several = found(None, None).await.unwrap_err();
    assert_eq!(several.code(), Code::Conflict);
    assert_eq!(several.details()["identifiers"], serde_json::json!(["first", "second"]));
    assert_eq!(found(Some(second.id), None).await.unwrap().id, second.id);
    assert_eq!(found(None, Some("first")).await.unwrap().id, first.id);
    assert!(found(Some(second.id), Some("first")).await.is_err());

    let third = NewConnection { is_primary: true, ..redis("third") };
    let third = create(&registry, "alpha", third).await;
    assert_eq!(found(None, None).await.unwrap().id, third.id);
    assert!(resolve(&registry, "alpha", Mongodb, None, None, false).await.is_err());
}

#[tokio::test]
async fn a_connections_id_is_a_scope_of_its_own() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let made = create(&registry, "alpha", redis("cache")).await;
    let scope = made.id.to_string();
    let found = resolve(&registry, &scope, Redis, None, None, false).await.unwrap();
    assert_eq!((found.id, found.project.project_ref.as_str()), (made.id, "alpha"));
    assert_eq!(registry.project(&scope).await.unwrap().project_ref, "alpha");
    let other_type = resolve(&registry, &scope, Mongodb, None, None, false).await.unwrap_err();
    assert_eq!(other_type.code(), Code::DbNotFound);
}

#[tokio::test]
async fn another_projects_connection_answers_like_one_that_does_not_exist() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let foreign = create(&registry, "beta", redis("cache")).await;
    create(&registry, "alpha", redis("own")).await;
    let resolve = async |id| resolve(&registry, "alpha", Redis, Some(id), None, false).await;
    let (theirs, nobodys) = (resolve(foreign.id).await, resolve(Uuid::new_v4()).await);
    assert_eq!(theirs.unwrap_err().to_string(), nobodys.unwrap_err().to_string());
}

#[tokio::test]
async fn a_project_is_found_by_its_ref_and_by_its_id() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&[]);
    let project = registry.project("alpha").await.unwrap();
    assert_eq!(registry.project(&project.id.to_string()).await.unwrap(), project);
    assert_eq!(project.organization_slug.as_deref(), Some("alpha"));
    assert_eq!(registry.project("gamma").await.unwrap_err().code(), Code::DbNotFound);
}

#[tokio::test]
async fn a_disabled_type_answers_as_if_there_were_none() {
    let Some(platform) = Platform::migrated().await else { return };
    let made = create(&platform.registry(&[]), "alpha", redis("cache")).await;
    let disabled = platform.registry(&[("ENABLE_REDIS_MANAGEMENT", "false")]);
    let error = resolve(&disabled, "alpha", Redis, None, None, false).await.unwrap_err();
    assert_eq!(error.code(), Code::DbNotFound);
    assert!(disabled.connection(made.id, false).await.is_err());
    let project = disabled.project("alpha").await.unwrap();
    assert!(disabled.connections_of(&project, false).await.unwrap().is_empty());
}

const ENVIRONMENT: [(&str, &str); 4] = [
    ("REDIS_URL", "redis://:canary@127.0.0.1:6379"),
    ("MONGODB_URL", "mongodb://127.0.0.1/app"),
    ("BUN_API_URL", "http://127.0.0.1:4000/api"),
    ("BUN_API_KEY", "canary"),
];

#[tokio::test]
async fn connections_of_the_environment_need_no_platform_database() {
    let registry = registry(&ENVIRONMENT);
    let ids = async |kind| resolve(&registry, "default", kind, None, None, false).await.unwrap().id;
    let redis = ids(Redis).await;
    assert_ne!(redis, ids(Mongodb).await);
    assert_ne!(redis, ids(BunApi).await);
    let found = registry.connection(redis, false).await.unwrap();
    assert!(found.is_env() && found.has_password && found.identifier == "env");
    assert_eq!(registry.target(&found).await.unwrap().database_type(), Redis);
    let named = resolve(&registry, "default", Redis, Some(redis), Some("env"), false).await;
    assert_eq!(named.unwrap().id, redis);
    assert!(resolve(&registry, "default", Postgres, None, None, false).await.is_err());
    assert!(resolve(&registry, "alpha", Redis, None, None, false).await.is_err());

    for refused in [
        registry.delete(&found).await.unwrap_err(),
        registry.update(&found, Changes::default()).await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), Code::OperationNotAllowed);
    }
    let project = registry.project("default").await.unwrap();
    let error = registry.create(&project, crate::support::redis("cache")).await.unwrap_err();
    assert_eq!(error.code(), Code::OperationNotAllowed);
}

#[tokio::test]
async fn a_registered_primary_goes_before_the_environment_and_others_do_not() {
    let Some(platform) = Platform::migrated().await else { return };
    let registry = platform.registry(&ENVIRONMENT);
    create(&registry, "default", redis("cache")).await;
    let found = resolve(&registry, "default", Redis, None, None, false).await.unwrap();
    assert!(found.is_env());
    let project = registry.project("default").await.unwrap();
    assert_eq!(found.project.id, project.id);
    let primary = NewConnection { is_primary: true, ..redis("primary") };
    let primary = create(&registry, "default", primary).await;
    let found = resolve(&registry, "default", Redis, None, None, false).await.unwrap();
    assert_eq!(found.id, primary.id);
}
