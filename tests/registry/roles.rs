use std::time::{Duration, Instant};

use studio_multidb::access::{Access, Authorization, User};
use studio_multidb::error::{Code, Result};
use studio_multidb::permission::Permission::{self, Admin, Read, Write};
use studio_multidb::registry::{Address, Visible};
use studio_multidb::target::DatabaseType::Redis;
use uuid::Uuid;

use crate::fixtures::Platform;
use crate::support::{Proxy, create, open_at, redis};

fn user(id: Uuid) -> User {
    User { id: id.to_string() }
}

impl Platform {
    async fn member(&self, table: &str, column: &str, of: Uuid, user: Uuid, role: &str) {
        self.sql(&format!(
            "INSERT INTO platform.{table} ({column}, user_id, role) VALUES ('{of}', '{user}', '{role}')"
        ))
        .await;
    }

    async fn organization(&self, slug: &str) -> Uuid {
        let sql = format!("SELECT id::text FROM platform.organizations WHERE slug = '{slug}'");
        self.text(&sql).await.unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn roles_of_organization_project_and_connection_decide() {
    let Some(platform) = Platform::migrated().await else { return };
    let (sessions, registry) = open_at(platform.url.as_str());
    let connection = create(&registry, "alpha", redis("cache")).await;
    let (project, organization) = (connection.project.id, platform.organization("alpha").await);
    let access = Access::new(Authorization::Members, Some(sessions));
    let granted =
        async |user: &User| access.granted(Some(user), project, Some(connection.id)).await;

    for (role, expected) in [
        ("owner", Some(Admin)),
        ("admin", Some(Admin)),
        ("developer", Some(Write)),
        ("member", Some(Read)),
        ("billing_admin", None),
    ] {
        let id = Uuid::new_v4();
        platform.member("organization_members", "organization_id", organization, id, role).await;
        let found: Result<Permission> = granted(&user(id)).await;
        assert_eq!(found.as_ref().ok(), expected.as_ref(), "{role}");
    }

    let reader = Uuid::new_v4();
    platform.member("project_members", "project_id", project, reader, "read_only").await;
    platform.member("database_permissions", "database_id", connection.id, reader, "write").await;
    assert_eq!(granted(&user(reader)).await.unwrap(), Write, "widened for one connection");
    assert_eq!(access.granted(Some(&user(reader)), project, None).await.unwrap(), Read);
    let upper = User { id: reader.to_string().to_uppercase() };
    assert_eq!(granted(&upper).await.unwrap(), Write);
    let visible = access.visible_projects(Some(&user(reader))).await.unwrap();
    assert_eq!(visible, Visible::of([project]));
    assert_eq!(access.granted_anywhere(Some(&user(reader))).await.unwrap(), Read);

    let owner = Uuid::new_v4();
    platform.member("organization_members", "organization_id", organization, owner, "owner").await;
    platform.member("database_permissions", "database_id", connection.id, owner, "read").await;
    assert_eq!(granted(&user(owner)).await.unwrap(), Read, "narrowed for one connection");
}

#[tokio::test]
async fn strangers_cannot_tell_what_exists() {
    let Some(platform) = Platform::migrated().await else { return };
    let (sessions, registry) = open_at(platform.url.as_str());
    let foreign = create(&registry, "beta", redis("one")).await;
    create(&registry, "beta", redis("two")).await;
    let access = Access::new(Authorization::Members, Some(sessions));
    let stranger = user(Uuid::new_v4());
    platform
        .sql(
            "INSERT INTO platform.organization_members (organization_id, user_id, role) \
         SELECT id, gen_random_uuid(), 'owner' FROM platform.organizations",
        )
        .await;
    let ask = async |scope: &str, id: Option<Uuid>, identifier: Option<&str>| {
        let address =
            Address { scope, database_type: Redis, connection_id: id, identifier, fresh: false };
        access.resolve(&registry, Some(&stranger), &address).await.unwrap_err().to_string()
    };
    let nothing = ask("gamma", None, None).await;
    assert!(nothing.starts_with("DB_NOT_FOUND"), "{nothing}");
    // Two connections and no primary: a member would be told their names.
    assert_eq!(ask("beta", None, None).await, nothing);
    assert_eq!(ask("beta", Some(foreign.id), None).await, nothing);
    assert_eq!(ask("beta", None, Some("one")).await, nothing);
    assert_eq!(ask(&foreign.id.to_string(), None, None).await, nothing);
    assert_eq!(ask(&Uuid::new_v4().to_string(), None, None).await, nothing);
}

#[tokio::test]
async fn without_a_user_nothing_is_granted_unless_authorization_is_off() {
    let Some(platform) = Platform::migrated().await else { return };
    let (sessions, registry) = open_at(platform.url.as_str());
    let project = registry.project("alpha").await.unwrap().id;
    let members = Access::new(Authorization::Members, Some(sessions.clone()));
    let error = members.granted(None, project, None).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    assert_eq!(members.known(None).unwrap_err().code(), Code::Unauthenticated);
    let odd = User { id: "' OR true --".into() };
    assert_eq!(
        members.granted(Some(&odd), project, None).await.unwrap_err().code(),
        Code::DbNotFound
    );
    let off = Access::new(Authorization::Off, Some(sessions));
    assert_eq!(off.granted(None, project, None).await.unwrap(), Admin);
}

#[tokio::test]
async fn while_roles_cannot_be_confirmed_known_members_may_only_read() {
    let Some(platform) = Platform::migrated().await else { return };
    let proxy = Proxy::to(&platform.url).await;
    let (sessions, registry) = open_at(&proxy.url);
    let project = registry.project("alpha").await.unwrap().id;
    let owner = Uuid::new_v4();
    platform.member("project_members", "project_id", project, owner, "owner").await;
    let access = Access::with_belief(Authorization::Members, Some(sessions), Duration::ZERO);
    assert_eq!(access.granted(Some(&user(owner)), project, None).await.unwrap(), Admin);
    proxy.cut().await;
    assert_eq!(access.granted(Some(&user(owner)), project, None).await.unwrap(), Read);
    let stranger = access.granted(Some(&user(Uuid::new_v4())), project, None).await.unwrap_err();
    assert_eq!(stranger.code(), Code::DbConnectionFailed);
}

#[tokio::test]
async fn a_silent_platform_database_holds_nobody_up_for_long() {
    let Some(platform) = Platform::migrated().await else { return };
    let proxy = Proxy::to(&platform.url).await;
    let (sessions, registry) = open_at(&proxy.url);
    let project = registry.project("alpha").await.unwrap().id;
    let owner = Uuid::new_v4();
    platform.member("project_members", "project_id", project, owner, "owner").await;
    let access = Access::with_belief(Authorization::Members, Some(sessions), Duration::ZERO);
    assert_eq!(access.granted(Some(&user(owner)), project, None).await.unwrap(), Admin);
    proxy.freeze().await;
    let started = Instant::now();
    for _ in 0..100 {
        assert_eq!(access.granted(Some(&user(owner)), project, None).await.unwrap(), Read);
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let started = Instant::now();
    let stranger = access.granted(Some(&user(Uuid::new_v4())), project, None).await.unwrap_err();
    assert!(stranger.message().contains("platform database"), "{stranger}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}
