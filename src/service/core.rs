//! The process-wide parts that all requests of one configuration share.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::access::limiter::Limiter;
use crate::access::{Access, User};
use crate::backend::{Client, ConnectOptions};
use crate::config::Config;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::fanout::Seats;
use crate::logging::Wanted;
use crate::permission::Permission;
use crate::platform::Platform;
use crate::pool::{Connect, Lease, PoolLimits, Pools};
use crate::registry::{Connection, Registry};
use crate::service::answers::Answers;
use crate::service::jobs::Jobs;
use crate::service::uploads::Uploads;
use crate::shares::Shares;
use crate::target::DatabaseType;
use crate::target::egress::Egress;

/// How often idle clients are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Configuration, registry and pools.
#[derive(Debug)]
pub struct Core {
    /// Configuration.
    pub config: Config,
    /// The platform database, where one is configured.
    pub platform: Option<Arc<Platform>>,
    /// Registered connections.
    pub registry: Registry,
    /// Roles.
    pub access: Access,
    /// Live clients.
    pub pools: Arc<Pools>,
    /// What users have of the connections' slots.
    pub shares: Shares<(Uuid, i64)>,
    /// Bodies that are arriving.
    pub uploads: Uploads,
    /// Answers that may be served again.
    pub answers: Answers,
    /// Subscriptions and other streams that are open.
    pub seats: Seats,
    /// Requests per user.
    pub limiter: Limiter,
    /// Long work that can be asked to stop.
    pub jobs: Jobs,
    egress: Arc<Egress>,
    operator_egress: Arc<Egress>,
    log: Wanted,
}

impl Core {
    pub(super) fn new(config: Config) -> Result<Self> {
        let egress = Arc::new(config.egress_policy()?);
        let operator_egress = Arc::new(Egress::operator());
        let platform = Platform::open(&config, Arc::clone(&operator_egress))?;
        let registry = Registry::open(&config, platform.clone())?;
        let access = Access::new(config.authorization, platform.clone());
        let pools = Pools::new(PoolLimits {
            max_clients: config.max_clients,
            idle_timeout: config.idle_timeout,
            sweep_interval: SWEEP_INTERVAL.min(config.idle_timeout),
        });
        // A connection that any instance removes keeps no socket open here.
        let closing = Arc::downgrade(&pools);
        registry.when_removed(move |id| {
            if let Some(pools) = closing.upgrade() {
                pools.forget(id);
            }
        });
        let log = Wanted::at(config.log_level.into());
        let seats = Seats::new(config.max_sockets, config.max_sockets_per_user);
        Ok(Self {
            config,
            platform,
            registry,
            access,
            pools,
            shares: Shares::default(),
            uploads: Uploads::default(),
            answers: Answers::default(),
            seats,
            limiter: Limiter::default(),
            jobs: Jobs::default(),
            egress,
            operator_egress,
            log,
        })
    }

    /// What a user may do in a project.
    pub async fn permission(&self, project_ref: &str, user: Option<&User>) -> Result<Permission> {
        Ok(self.access.project(&self.registry, user, project_ref).await?.1)
    }

    /// The client of a connection.
    pub(super) async fn lease(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        deadline: Deadline,
    ) -> Result<Lease> {
        let connect = || -> Connect {
            let (core, connection) = (Arc::clone(self), Arc::clone(connection));
            Box::new(move || {
                let (core, connection) = (Arc::clone(&core), Arc::clone(&connection));
                Box::pin(async move {
                    let target = core.registry.target(&connection).await?;
                    let options = core.connect_options(&connection);
                    let deadline = Deadline::after(options.connect_timeout);
                    Client::connect(&target, &options, deadline).await
                })
            })
        };
        self.pools.lease(connection.pool_key(), connect, deadline).await
    }

    /// How a connection is connected.
    pub fn connect_options(&self, connection: &Connection) -> ConnectOptions {
        // The operator's own connections may be where users' may not: next to the Studio.
        let egress = if connection.is_operators() { &self.operator_egress } else { &self.egress };
        self.options(connection.database_type, egress)
    }

    /// How a target that is not saved is tried.
    pub fn trial_options(&self, database_type: DatabaseType) -> ConnectOptions {
        self.options(database_type, &self.egress)
    }

    fn options(&self, database_type: DatabaseType, egress: &Arc<Egress>) -> ConnectOptions {
        ConnectOptions {
            egress: Arc::clone(egress),
            max_connections: self.config.max_connections(database_type),
            connect_timeout: self.config.connect_timeout,
            idle_timeout: self.config.idle_timeout,
        }
    }

    /// Lets work finish until the deadline, then closes every socket.
    pub(super) async fn end(&self, deadline: Deadline) {
        self.pools.shutdown(deadline).await;
        self.registry.close();
        if let Some(platform) = &self.platform {
            platform.close();
        }
        self.log.end();
    }
}
