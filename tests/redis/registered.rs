//! Several registered connections of one project.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use studio_multidb::registry::{NewConnection, Status};
use studio_multidb::service::Service;
use studio_multidb::target::{DatabaseType, Rules, Target, TargetInput};
use tokio_postgres::{Client, NoTls};
use url::Url;
use uuid::Uuid;

use crate::http::service_of;
use crate::support::server;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The projects that there are.
const PROJECTS: [&str; 2] = ["alpha", "beta"];

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A service on a platform database of its own, which is dropped with it.
pub(crate) struct Registered {
    pub(crate) service: Arc<Service>,
    pub(crate) platform: Client,
    name: String,
    server: Url,
}

impl Registered {
    /// `None` where no platform database is given.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Option<Self> {
        let server: Url = server("TEST_PLATFORM_URL")?.parse().unwrap();
        let name = format!("redis_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        connect(&server).await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let mut url = server.clone();
        url.set_path(&name);
        let mut all = vec![("DATABASE_URL", url.as_str()), ("DATABASE_ENCRYPTION_KEY", KEY)];
        all.extend_from_slice(settings);
        let service = service_of(&all);
        service.registry.migrate(false).await.unwrap();
        let platform = connect(&url).await;
        for project in PROJECTS {
            let sql = format!(
                "INSERT INTO platform.organizations (name, slug) VALUES ('{project}', '{project}');
                 INSERT INTO platform.projects (organization_id, name, slug, ref, database_host,
                    database_name, database_user, database_password)
                 SELECT id, name, slug, slug, '', '', '', ''
                 FROM platform.organizations WHERE slug = '{project}'"
            );
            platform.batch_execute(&sql).await.unwrap();
        }
        Some(Self { service, platform, name, server })
    }

    /// The id of a new connection.
    pub(crate) async fn add(
        &self,
        project: &str,
        identifier: &str,
        kind: DatabaseType,
        url: &str,
    ) -> Uuid {
        let registry = &self.service.registry;
        let input = TargetInput::from_connection_string(url);
        let new = NewConnection {
            identifier: identifier.to_owned(),
            description: None,
            target: Target::parse(kind, &input, Rules { self_hosted: true }).unwrap(),
            is_primary: false,
            status: Status::Active,
        };
        let project = registry.project(project).await.unwrap();
        registry.create(&project, new).await.unwrap().id
    }

    /// Lets a user do something with one connection, as a developer or reader of its project.
    pub(crate) async fn grant(&self, user: Uuid, role: &str, connection: Uuid) {
        let sql = format!(
            "INSERT INTO platform.project_members (project_id, user_id, role)
             SELECT project_id, '{user}', 'read_only' FROM platform.database_connections c
             WHERE id = '{connection}' AND NOT EXISTS (SELECT FROM platform.project_members m
                WHERE m.project_id = c.project_id AND m.user_id::text = '{user}');
             INSERT INTO platform.database_permissions (database_id, user_id, role)
             VALUES ('{connection}', '{user}', '{role}')"
        );
        self.platform.batch_execute(&sql).await.unwrap();
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                let _ = connect(&server).await.batch_execute(&drop).await;
            });
        })
        .join();
    }
}

async fn connect(url: &Url) -> Client {
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
