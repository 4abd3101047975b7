//! The test application: everything real but the clock, the outside world and the people.
//!
//! Each test has its own databases, a clock that stands still, the whole router on a port of its own, and Meta faked
//! faithfully on another. Nothing runs beside the requests until the test says [`TestApp::run_jobs`].

mod database;
mod people;
mod socket;
mod web;

pub(crate) use database::{Databases, engine_is_postgres, environment, how_many};
pub(crate) use people::{Agent, Browser, Number, PASSWORD, Person, Tenant, wire};
pub(crate) use socket::Socket;
pub(crate) use web::{Answer, Web, http, http_without_redirects};

use simulator::{RetrySchedule, Simulator, SimulatorConfig};
use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;
use zelo::{
    app::App,
    clock::{Clock, Millis},
    config::{Config, Sources},
    crypto::MasterKey,
    identity::{self, NewUser, Role},
    ids::TenantId,
    inbound::{self, Counts, Processing, Quarantined},
    router, tasks,
};

/// 2026-11-20 12:00:00 UTC, the hour of the fixtures.
pub(crate) const NOON: Millis = 1_795_176_000_000;

/// Settings under which log-ins may fail as often as somebody likes, for tests of what comes after the limits.
pub(crate) const ENDLESS_TRIES: [(&str, &str); 3] = [
    ("auth.login_attempts", "1000000"),
    ("limits.login_network_failures", "1000000"),
    ("limits.account_failures", "1000000"),
];

/// A whole Zelo for one test. Clones are the same one; the last of them fails the test when work was left over.
#[derive(Clone)]
pub(crate) struct TestApp {
    stage: Arc<Stage>,
}

pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) simulator: Simulator,
    pub(crate) clock: Clock,
    pub(crate) web: Web,
    databases: Databases,
    sources: Sources,
    folder: TempDir,
    people: AtomicU64,
    leaves_work: AtomicBool,
}

impl Deref for TestApp {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with_settings(&[]).await
    }

    /// An application with settings of its own, such as `("ingest.batch", "2")`.
    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), None, settings, Clock::standing_at(NOON)).await
    }

    /// An application on the host's clock, for scenes about how fast something is.
    pub(crate) async fn in_real_time(settings: &[(&str, &str)]) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), None, settings, Clock::of_the_host()).await
    }

    /// An application whose data lies elsewhere than in a folder of its own.
    pub(crate) async fn with_data_in(data: &Path) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), Some(data.to_owned()), &[], Clock::standing_at(NOON))
            .await
    }

    async fn in_folder(
        folder: TempDir,
        data: Option<PathBuf>,
        settings: &[(&str, &str)],
        clock: Clock,
    ) -> Self {
        let data = data.unwrap_or_else(|| folder.path().to_owned());
        let simulator = fake_meta(&clock);
        let graph = serve(simulator.router()).await;
        let databases = Databases::create(&data).await;
        let mut sources = Sources::default()
            .with_flag("environment", "development", "test")
            .with_flag("data.dir", data.display().to_string(), "test")
            .with_flag("database.connections", "4", "test")
            .with_flag("whatsapp.graph_base_url", graph, "test")
            .with_flag("outbound.messages_per_second", "1000000", "test");
        // A scene is told faster than people act, by one address and at one moment; tests of limits say theirs.
        for setting in
            ["anonymous", "api_key", "user", "session", "tenant", "send", "refresh", "socket", "probe"]
        {
            sources = sources.with_flag(&format!("limits.{setting}_per_minute"), "1000000", "test");
        }
        for (setting, value) in databases.settings() {
            sources = sources.with_flag(setting, value, "test");
        }
        for (setting, value) in settings {
            sources = sources.with_flag(setting, *value, "test");
        }
        let config = Config::load(&sources).unwrap();
        let stores = zelo::stores::open_stores(&config, &clock).await.unwrap();
        let master = MasterKey::from_directory(&config.data.dir, true).unwrap();
        let app = App::assemble(config, stores, master, clock.clone()).await.unwrap();
        let url = serve(router::router(&app)).await;
        let stage = Stage {
            app,
            simulator,
            clock,
            web: Web::new(url),
            databases,
            sources,
            folder,
            people: AtomicU64::new(0),
            leaves_work: AtomicBool::new(false),
        };
        Self { stage: Arc::new(stage) }
    }

    /// The address of one more process on the same data, with settings of its own.
    pub(crate) async fn another_process(&self, settings: &[(&str, &str)]) -> Web {
        Web::new(serve(router::router(&self.another_app(settings).await)).await)
    }

    /// One more process on the same data, with settings of its own.
    pub(crate) async fn another_app(&self, settings: &[(&str, &str)]) -> App {
        let mut sources = self.sources.clone();
        for (setting, value) in settings {
            sources = sources.with_flag(setting, *value, "test");
        }
        let config = Config::load(&sources).unwrap();
        let stores = zelo::stores::open_stores(&config, &self.clock).await.unwrap();
        let master = MasterKey::from_directory(&config.data.dir, true).unwrap();
        App::assemble(config, stores, master, self.clock.clone()).await.unwrap()
    }

    /// The real program on the same data, as an operator runs it beside the product.
    pub(crate) fn program(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_zelo"));
        command.args(arguments).env_clear().env("PORT", "0").current_dir(self.folder()).kill_on_drop(true);
        for flag in &self.sources.flags {
            command.env(format!("ZELO__{}", flag.setting.to_uppercase().replace('.', "__")), &flag.value);
        }
        command
    }

    /// An organisation with a connected number.
    pub(crate) async fn tenant(&self, slug: &str) -> Tenant {
        Tenant::create(self, slug).await
    }

    /// Do all promised work, and let Meta tell everything that follows from it, until nothing is left to do.
    pub(crate) async fn run_jobs(&self) {
        let processing = Processing::new(self.app.clone());
        let workers = tasks::workers(&self.app);
        loop {
            self.simulator.idle().await;
            let events = processing.drain().await.unwrap();
            let jobs = workers.run_until_idle().await.unwrap();
            self.simulator.idle().await;
            if events == 0 && jobs == 0 && self.counts().await.waiting == 0 {
                return;
            }
        }
    }

    /// Let time pass.
    pub(crate) fn passes(&self, time: Millis) {
        self.clock.advance(time);
    }

    /// What became of the events that came in.
    pub(crate) async fn counts(&self) -> Counts {
        inbound::count_events(&self.app).await.unwrap()
    }

    /// Why events are in the quarantine, newest first.
    pub(crate) async fn quarantine(&self) -> Vec<Quarantined> {
        inbound::list_quarantined(&self.app, 100).await.unwrap()
    }

    /// This test leaves work behind on purpose.
    pub(crate) fn may_leave_work(&self) {
        self.leaves_work.store(true, Ordering::Relaxed);
    }

    /// Where everything of this application lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A number that no other caller gets.
    pub(crate) fn next_number(&self) -> u64 {
        self.people.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A single number out of the database, past every rule of the product. `$1` is the tenant, where one is named.
    pub(crate) async fn count(&self, tenant: Option<Uuid>, sql: &'static str) -> i64 {
        let scope = tenant.map_or(db::Scope::Platform, db::Scope::Tenant);
        db::read!(self.app.db, "count_in_test", scope, |tx| -> db::Result<i64> {
            match tenant {
                Some(tenant) => tx.query_one(sql, db::params![tenant], |row| row.get(0)).await,
                None => tx.query_one(sql, &[], |row| row.get(0)).await,
            }
        })
        .unwrap()
    }

    /// The address of one of the platform's owners, who has everybody's password.
    pub(crate) async fn platform_owner(&self) -> String {
        let email = format!("root{}@zelo.example.com", self.next_number());
        let password = zeroize::Zeroizing::new(PASSWORD.to_owned());
        let new = NewUser { name: "Root".into(), email: email.clone(), role: Role::SuperAdmin, password };
        identity::create_user(&self.app, TenantId(Uuid::nil()), &new).await.unwrap();
        email
    }

    /// The databases behind this application.
    pub(crate) fn databases(&self) -> &Databases {
        &self.databases
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let checks = !std::thread::panicking() && !self.leaves_work.load(Ordering::Relaxed);
        let left = self.databases.close(checks);
        assert!(
            !checks || left.is_empty(),
            "the test left work over: {left:?}; say run_jobs() or may_leave_work()"
        );
    }
}

fn fake_meta(clock: &Clock) -> Simulator {
    let ticking = clock.clone();
    let mut config = SimulatorConfig::new(http(), Arc::new(move || ticking.now()));
    config.seed = Some(1);
    config.sent_after = Duration::ZERO;
    config.delivered_after = Duration::ZERO;
    config.review_after = None;
    config.retries =
        RetrySchedule { first: Duration::from_millis(1), longest: Duration::from_millis(4), attempts: 4 };
    Simulator::new(config)
}

/// Serve on a free port of this machine; the server ends with the test's runtime.
#[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
pub(crate) async fn serve(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    format!("http://{address}")
}

#[tokio::test]
#[should_panic(expected = "the test left work over")]
async fn a_test_that_leaves_work_over_fails() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
}
