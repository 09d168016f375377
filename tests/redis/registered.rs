//! Several registered connections of one project.

use std::sync::Arc;

use studio_multidb::registry::{NewConnection, Status};
use studio_multidb::service::Service;
use studio_multidb::target::DatabaseType;
use uuid::Uuid;

use crate::fixtures::{Platform, service_of, target};

/// A service on a platform database of its own, which is dropped with it.
pub(crate) struct Registered {
    pub(crate) service: Arc<Service>,
    pub(crate) platform: Platform,
}

impl Registered {
    /// `None` where no platform database is given.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Option<Self> {
        let platform = Platform::migrated().await?;
        let service = service_of(&[&platform.settings()[..], settings].concat());
        Some(Self { service, platform })
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
        let new = NewConnection {
            identifier: identifier.to_owned(),
            description: None,
            target: target(kind, url),
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
        self.platform.sql(&sql).await;
    }
}
