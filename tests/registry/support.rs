//! Registries on a database of a test's own, and a proxy that can be cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use secrecy::ExposeSecret;
use studio_multidb::error::Result;
use studio_multidb::platform::Platform as Sessions;
use studio_multidb::registry::{Address, Connection, NewConnection, Project, Registry, Status};
use studio_multidb::target::DatabaseType;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use url::Url;
use uuid::Uuid;

use crate::fixtures::{KEY, Platform, config, eventually, open, serve, target};

pub(crate) const NEW_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

/// The connection at an address, for somebody who needs no permission.
pub(crate) async fn resolve(
    registry: &Registry,
    scope: &str,
    database_type: DatabaseType,
    connection_id: Option<Uuid>,
    identifier: Option<&str>,
    fresh: bool,
) -> Result<Arc<Connection>> {
    let address = Address { scope, database_type, connection_id, identifier, fresh };
    registry.locate(&address).await?.choose()
}

impl Platform {
    /// The first column of the first row, as text.
    pub(crate) async fn text(&self, sql: &str) -> Option<String> {
        let row = self.client.query_opt(sql, &[]).await.expect(sql)?;
        row.get(0)
    }

    /// A registry of its own, as another process would have it.
    pub(crate) fn registry(&self, settings: &[(&str, &str)]) -> Registry {
        registry(&[&self.settings()[..], settings].concat())
    }

    /// A user with this role in a project's organization.
    pub(crate) async fn somebody(&self, project: &str, role: &str) -> Uuid {
        let id = Uuid::new_v4();
        let sql = format!(
            "INSERT INTO platform.organization_members (organization_id, user_id, role)
             SELECT id, '{id}', '{role}' FROM platform.organizations WHERE slug = '{project}'"
        );
        self.sql(&sql).await;
        id
    }
}

pub(crate) fn registry(settings: &[(&str, &str)]) -> Registry {
    open(&config(settings)).1
}

/// The sessions of another process at this address, and the registry that uses them.
pub(crate) fn open_at(url: &str) -> (Arc<Sessions>, Registry) {
    let settings = [("DATABASE_URL", url), ("DATABASE_ENCRYPTION_KEY", KEY)];
    let (sessions, registry) = open(&config(&settings));
    (sessions.expect("DATABASE_URL is set"), registry)
}

pub(crate) fn redis(identifier: &str) -> NewConnection {
    NewConnection {
        identifier: identifier.to_owned(),
        description: None,
        target: target(DatabaseType::Redis, "redis://default:canary@redis.example:6380/2"),
        is_primary: false,
        status: Status::Inactive,
    }
}

pub(crate) async fn create(
    registry: &Registry,
    project: &str,
    new: NewConnection,
) -> Arc<Connection> {
    let project: Arc<Project> = registry.project(project).await.expect("the project");
    registry.create(&project, new).await.expect("a connection")
}

/// The password that a connection's target has when it is opened.
pub(crate) async fn password(registry: &Registry, id: Uuid) -> Result<Option<String>> {
    let connection = registry.connection(id, true).await?;
    let target = registry.target(&connection).await?;
    Ok(target.password().map(|password| password.expose_secret().to_owned()))
}

/// The same server at another port of this host.
pub(crate) fn at_port(server: &Url, port: u16) -> String {
    let mut url = server.clone();
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(port)).expect("a port");
    url.into()
}

/// Where a server listens.
pub(crate) fn address(server: &Url) -> String {
    format!("{}:{}", server.host_str().unwrap_or("127.0.0.1"), server.port().unwrap_or(5432))
}

/// A TCP proxy that can be cut and restored.
pub(crate) struct Proxy {
    /// The server's URL by way of it.
    pub(crate) url: String,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    is_frozen: AtomicBool,
    /// The connections, and those of them that are frozen.
    open: AtomicU64,
    frozen: AtomicU64,
}

impl Proxy {
    pub(crate) async fn to(server: &Url) -> Self {
        let state = Arc::<State>::default();
        let (shared, behind) = (Arc::clone(&state), address(server));
        let (port, task) = serve(move |client| {
            let (state, server) = (Arc::clone(&shared), behind.clone());
            async move {
                state.open.fetch_add(1, Ordering::SeqCst);
                forward(client, &server, &state).await;
                state.open.fetch_sub(1, Ordering::SeqCst);
            }
        })
        .await;
        Self { url: at_port(server, port), state, task }
    }

    /// Returns once every connection is gone.
    pub(crate) async fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        eventually("cutting", async || self.state.open.load(Ordering::SeqCst) == 0).await;
    }

    /// Connections stay, and nothing comes through any more. Returns once that is so.
    pub(crate) async fn freeze(&self) {
        self.state.is_frozen.store(true, Ordering::SeqCst);
        eventually("freezing", async || {
            self.state.frozen.load(Ordering::SeqCst) == self.state.open.load(Ordering::SeqCst)
        })
        .await;
    }

    pub(crate) fn restore(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(mut client: TcpStream, server: &str, state: &State) {
    if state.is_cut.load(Ordering::SeqCst) {
        return;
    }
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let raised = async |flag: &AtomicBool| {
        while !flag.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        biased;
        () = raised(&state.is_cut) => return,
        () = raised(&state.is_frozen) => {}
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
    }
    // A frozen connection never thaws; it ends when the proxy is cut.
    state.frozen.fetch_add(1, Ordering::SeqCst);
    raised(&state.is_cut).await;
    state.frozen.fetch_sub(1, Ordering::SeqCst);
}
