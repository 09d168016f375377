//! A database per test, registries on it, and a proxy that can be cut.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use studio_multidb::config::Config;
use studio_multidb::error::Result;
use studio_multidb::platform::Platform as Sessions;
use studio_multidb::registry::{Address, Connection, NewConnection, Project, Registry, Status};
use studio_multidb::target::egress::Egress;
use studio_multidb::target::{DatabaseType, Target, TargetInput};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::{Client, NoTls};
use url::Url;
use uuid::Uuid;

pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const NEW_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

/// The connection at an address, for somebody who needs no permission.
pub async fn resolve(
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

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A database that is dropped with the value.
pub struct Platform {
    pub url: Url,
    pub client: Client,
    name: String,
    server: Url,
}

impl Platform {
    /// An empty database, or `None` where no server is named.
    pub async fn empty() -> Option<Self> {
        let Ok(server) = std::env::var("TEST_PLATFORM_URL") else {
            eprintln!("skipped: TEST_PLATFORM_URL is not set");
            return None;
        };
        let server: Url = server.parse().expect("TEST_PLATFORM_URL is a URL");
        let name =
            format!("registry_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let admin = connect(&server).await;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a new database");
        let mut url = server.clone();
        url.set_path(&name);
        let client = connect(&url).await;
        Some(Self { url, client, name, server })
    }

    /// A migrated database with the projects `alpha` and `beta`.
    pub async fn migrated() -> Option<Self> {
        let platform = Self::empty().await?;
        platform.registry(&[]).migrate(false).await.expect("migrations");
        for project in ["alpha", "beta"] {
            platform
                .sql(&format!(
                    "INSERT INTO platform.organizations (name, slug) VALUES ('{project}', '{project}');
                     INSERT INTO platform.projects (organization_id, name, slug, ref, database_host,
                        database_name, database_user, database_password)
                     SELECT id, 'Project {project}', slug, '{project}', '', '', '', ''
                     FROM platform.organizations WHERE slug = '{project}'"
                ))
                .await;
        }
        Some(platform)
    }

    pub async fn sql(&self, sql: &str) {
        self.client.batch_execute(sql).await.expect(sql);
    }

    /// The first column of the first row, as text.
    pub async fn text(&self, sql: &str) -> Option<String> {
        let row = self.client.query_opt(sql, &[]).await.expect(sql)?;
        row.get(0)
    }

    /// A registry of its own, as another process would have it.
    pub fn registry(&self, settings: &[(&str, &str)]) -> Registry {
        self.registry_at(self.url.as_str(), settings)
    }

    /// A registry that reaches the database another way.
    #[allow(clippy::unused_self)]
    pub fn registry_at(&self, url: &str, settings: &[(&str, &str)]) -> Registry {
        let mut all = vec![("DATABASE_URL", url), ("DATABASE_ENCRYPTION_KEY", KEY)];
        all.extend_from_slice(settings);
        registry(&all)
    }

    /// The sessions of another process at this address, and the registry that uses them.
    #[allow(clippy::unused_self)]
    pub fn open_at(&self, url: &str) -> (Arc<Sessions>, Registry) {
        let (sessions, registry) = open(&[("DATABASE_URL", url), ("DATABASE_ENCRYPTION_KEY", KEY)]);
        (sessions.expect("DATABASE_URL is set"), registry)
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                let _ = connect(&server).await.batch_execute(&drop).await;
            });
        })
        .join();
    }
}

pub fn config(settings: &[(&str, &str)]) -> Config {
    let env: HashMap<_, _> = settings.iter().copied().collect();
    let read = |name: &str| env.get(name).map(|value| (*value).to_owned());
    Config::from_env(read, &serde_json::Map::new()).expect("a configuration")
}

/// The platform database of a configuration, where it names one, and the registry in it.
pub fn open(settings: &[(&str, &str)]) -> (Option<Arc<Sessions>>, Registry) {
    let config = config(settings);
    let sessions = Sessions::open(&config, Arc::new(Egress::default())).expect("a database");
    let registry = Registry::open(&config, sessions.clone()).expect("a registry");
    (sessions, registry)
}

pub fn registry(settings: &[(&str, &str)]) -> Registry {
    open(settings).1
}

async fn connect(url: &Url) -> Client {
    let (client, connection) =
        tokio_postgres::connect(url.as_str(), NoTls).await.expect("the platform server");
    tokio::spawn(connection);
    client
}

pub fn target(kind: DatabaseType, url: &str) -> Target {
    let input = TargetInput::from_connection_string(url);
    Target::parse(kind, &input, studio_multidb::target::Rules { self_hosted: true }).expect(url)
}

pub fn redis(identifier: &str) -> NewConnection {
    NewConnection {
        identifier: identifier.to_owned(),
        description: None,
        target: target(DatabaseType::Redis, "redis://default:canary@redis.example:6380/2"),
        is_primary: false,
        status: Status::Inactive,
    }
}

pub async fn create(registry: &Registry, project: &str, new: NewConnection) -> Arc<Connection> {
    let project: Arc<Project> = registry.project(project).await.expect("the project");
    registry.create(&project, new).await.expect("a connection")
}

/// The password that a connection's target has when it is opened.
pub async fn password(registry: &Registry, id: Uuid) -> Result<Option<String>> {
    let connection = registry.connection(id, true).await?;
    let target = registry.target(&connection).await?;
    Ok(target.password().map(|password| password.expose_secret().to_owned()))
}

/// Waits until something is so.
pub async fn until<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    let started = Instant::now();
    while !check().await {
        assert!(started.elapsed() < Duration::from_secs(60), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A TCP proxy that can be cut and restored.
pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
    accept: tokio::task::JoinHandle<()>,
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
    pub async fn to(server: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = format!(
            "{}:{}",
            server.host_str().unwrap_or("127.0.0.1"),
            server.port().unwrap_or(5432)
        );
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        let accept = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (state, server) = (Arc::clone(&shared), server.clone());
                tokio::spawn(async move {
                    state.open.fetch_add(1, Ordering::SeqCst);
                    forward(client, &server, &state).await;
                    state.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, state, accept }
    }

    /// Returns once every connection is gone.
    pub async fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        until("the proxy is cut", async || self.state.open.load(Ordering::SeqCst) == 0).await;
    }

    /// Connections stay, and nothing comes through any more. Returns once that is so.
    pub async fn freeze(&self) {
        self.state.is_frozen.store(true, Ordering::SeqCst);
        until("the proxy is frozen", async || {
            self.state.frozen.load(Ordering::SeqCst) == self.state.open.load(Ordering::SeqCst)
        })
        .await;
    }

    pub fn restore(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
    }

    pub fn url(&self, database: &Url) -> String {
        let mut url = database.clone();
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(self.port)).expect("a port");
        url.into()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
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
