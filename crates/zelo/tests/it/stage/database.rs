//! Databases of one test: files in its folder, or on PostgreSQL copies of a migrated template.

use db::{DatabaseUrl, Db, Options, Scope};
use std::path::{Path, PathBuf};
use tokio_postgres::{Client, NoTls};
use zelo::{clock::Clock, crypto, schema};

/// Owns the tables and migrates them.
const OWNER: &str = "zelo_test_owner";
/// Serves requests and owns nothing.
const SERVING: &str = "zelo_test_serving";
/// Held while a template is made; any number that nobody else uses.
const TEMPLATE_LOCK: i64 = 7_235_420;

#[expect(
    clippy::disallowed_methods,
    reason = "the suite is steered by its environment, which no setting reads"
)]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How much of a long test this run does: what the variable says, or else the short form.
pub(crate) fn how_many(name: &str, short: usize) -> usize {
    environment(name).map_or(short, |text| text.parse().unwrap())
}

/// Whether this run is about PostgreSQL. Anything but the two known words is a mistake of the one who runs it.
pub(crate) fn engine_is_postgres() -> bool {
    match environment("ZELO_TEST_ENGINE").as_deref() {
        None | Some("sqlite") => false,
        Some("postgres") => true,
        Some(other) => panic!("ZELO_TEST_ENGINE is {other:?}; write sqlite or postgres"),
    }
}

/// Where one test keeps its data and its keys.
pub(crate) enum Databases {
    Sqlite { data: PathBuf },
    Postgres { server: String, name: String },
}

impl Databases {
    pub(crate) async fn create(data: &Path) -> Self {
        if !engine_is_postgres() {
            return Self::Sqlite { data: data.join("zelo.db") };
        }
        let server = environment("ZELO_TEST_POSTGRES_URL")
            .expect("ZELO_TEST_POSTGRES_URL names the server of this run");
        let admin = connect(&server).await;
        let (template, keys_template) = ensure_templates(&admin, &server).await;
        // The test's folder has a name that nobody else has.
        let name =
            format!("zelo_{}", hex::encode(&crypto::digest(data.as_os_str().as_encoded_bytes())[..12]));
        for (copy, of) in [(name.clone(), template), (format!("{name}_keys"), keys_template)] {
            admin
                .batch_execute(&format!("create database {copy} owner {OWNER} template {of}"))
                .await
                .unwrap();
        }
        Self::Postgres { server, name }
    }

    /// The settings that lead to them.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Sqlite { .. } => Vec::new(),
            Self::Postgres { server, name } => vec![
                ("database.url", address(server, SERVING, name)),
                ("database.admin_url", address(server, OWNER, name)),
                ("database.keys_url", address(server, OWNER, &format!("{name}_keys"))),
            ],
        }
    }

    /// The data, as the role that serves requests.
    pub(crate) fn serving(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite { data } => DatabaseUrl::Sqlite(data.clone()),
            Self::Postgres { server, name } => DatabaseUrl::Postgres(address(server, SERVING, name)),
        }
    }

    /// A connection that sees everything: the server's administrator, whom no row-level security holds.
    pub(crate) async fn as_administrator(&self) -> Option<Client> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { server, name } => Some(connect(&with_name(server, name)).await),
        }
    }

    /// The same for the keystore.
    pub(crate) async fn keys_as_administrator(&self) -> Option<Client> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { server, name } => {
                Some(connect(&with_name(server, &format!("{name}_keys"))).await)
            }
        }
    }

    /// A connection with the rights that the product has.
    pub(crate) async fn as_serving_role(&self) -> Option<Client> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { server, name } => Some(connect(&address(server, SERVING, name)).await),
        }
    }

    /// A connection to the server itself, which stays when the test's databases refuse connections.
    pub(crate) async fn server_administrator(&self) -> Option<Client> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { server, .. } => Some(connect(server).await),
        }
    }

    /// What is left to do, if anybody wants to know; then PostgreSQL databases are dropped. Blocks, because it is called
    /// while the test ends; the runtime of the test may no longer run, so that it has one of its own.
    pub(crate) fn close(&self, wants_to_know: bool) -> Vec<String> {
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let left = if wants_to_know { left_over(&self.serving()).await } else { Vec::new() };
                if let Self::Postgres { server, name } = self {
                    let admin = connect(server).await;
                    for name in [name.clone(), format!("{name}_keys")] {
                        let dropped = admin
                            .batch_execute(&format!("drop database if exists {name} with (force)"))
                            .await;
                        assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
                    }
                }
                left
            })
        };
        std::thread::scope(|scope| scope.spawn(work).join().unwrap_or_default())
    }
}

async fn left_over(url: &DatabaseUrl) -> Vec<String> {
    let db = Db::open(url, &Options { create: false, connections: 1 }).await.unwrap();
    db::read!(db, "left_over", Scope::Platform, |tx| -> db::Result<Vec<String>> {
        // Notices about accounts wait for nobody in a scene.
        let jobs = "select kind || ' is ' || state || coalesce(': ' || last_error, '') from jobs where queue <> 'mail'";
        let mut left: Vec<String> = tx.query(jobs, &[], |row| row.get(0)).await?;
        let waiting = "select cast(sum(i.last_seq - l.cursor) as $int_type)
                       from webhook_inlets i join webhook_lanes l on l.lane = i.lane";
        let waiting: Option<i64> = tx.query_one(waiting, &[], |row| row.get(0)).await?;
        left.extend(waiting.filter(|count| *count > 0).map(|count| format!("{count} events wait")));
        Ok(left)
    })
    .unwrap()
}

/// Two databases that have every migration and no row, made once for each form of the schema.
async fn ensure_templates(admin: &Client, server: &str) -> (String, String) {
    let texts: Vec<&str> = schema::MIGRATIONS
        .iter()
        .chain(crypto::KEYSTORE_MIGRATIONS)
        .map(|migration| migration.postgres)
        .collect();
    let form = hex::encode(&crypto::digest(texts.concat().as_bytes())[..8]);
    let (data, keys) = (format!("zelo_template_{form}"), format!("zelo_template_{form}_keys"));
    admin.execute("select pg_advisory_lock($1)", &[&TEMPLATE_LOCK]).await.unwrap();
    for role in [OWNER, SERVING] {
        let known = admin.query_opt("select 1 from pg_roles where rolname = $1", &[&role]).await.unwrap();
        if known.is_none() {
            admin.batch_execute(&format!("create role {role} login")).await.unwrap();
        }
    }
    for (name, migrations) in [(&data, schema::MIGRATIONS), (&keys, crypto::KEYSTORE_MIGRATIONS)] {
        let known = admin.query_opt("select 1 from pg_database where datname = $1", &[name]).await.unwrap();
        if known.is_none() {
            make_template(admin, server, name, migrations).await;
        }
    }
    admin.execute("select pg_advisory_unlock($1)", &[&TEMPLATE_LOCK]).await.unwrap();
    (data, keys)
}

async fn make_template(admin: &Client, server: &str, name: &str, migrations: &[db::migrate::Migration]) {
    // It gets its name when it is whole, so that nobody copies half of one that a killed run left behind.
    let unfinished = format!("{name}_unfinished");
    let make = format!("create database {unfinished} owner {OWNER}");
    admin.batch_execute(&format!("drop database if exists {unfinished} with (force)")).await.unwrap();
    admin.batch_execute(&make).await.unwrap();
    // On a runtime of its own, because a copy is refused while a connection of the pool is still open.
    let url = DatabaseUrl::Postgres(address(server, OWNER, &unfinished));
    let migrations = migrations.to_vec();
    let migrate = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let owner = Db::open(&url, &Options { create: false, connections: 1 }).await.unwrap();
            let now = Clock::of_the_host().now();
            db::migrate::apply(&owner, &migrations, Some(SERVING), now).await.unwrap();
        });
    };
    tokio::task::spawn_blocking(migrate).await.unwrap();
    let end =
        format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{unfinished}'");
    admin.batch_execute(&end).await.unwrap();
    admin.batch_execute(&format!("alter database {unfinished} rename to {name}")).await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the connection ends with the client that is returned")]
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The same server, another role and database.
fn address(server: &str, role: &str, name: &str) -> String {
    let config: tokio_postgres::Config = server.parse().unwrap();
    let host = match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        _ => panic!("ZELO_TEST_POSTGRES_URL names no host"),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("postgres://{role}@{host}:{port}/{name}")
}

fn with_name(server: &str, name: &str) -> String {
    let config: tokio_postgres::Config = server.parse().unwrap();
    address(server, config.get_user().unwrap_or("postgres"), name)
}
