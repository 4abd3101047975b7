//! A house: a database of its own, a clock that is set by hand, and jobs that tell what they do.

use crate::{Jobs, Leased, NewJob, Outcome, Queue, QueueOptions, Settings, Workers};
use db::{DatabaseUrl, Db, Options, Scope, migrate, migrate::Migration, params};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use uuid::Uuid;

pub(super) const ROOMS: Queue = crate::queue!("rooms");
pub(super) const KITCHEN: Queue = crate::queue!("kitchen");

/// An arbitrary morning.
pub(super) const MORNING: i64 = 1_700_000_000_000;

/// The migration `job_traces` as far as this crate's table goes.
const TRACES: &str = "alter table jobs add column trace text";

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "jobs",
        sqlite: include_str!("../../../../migrations/sqlite/0002_jobs.sql"),
        postgres: include_str!("../../../../migrations/postgres/0002_jobs.sql"),
    },
    Migration { number: 2, name: "job_traces", sqlite: TRACES, postgres: TRACES },
    Migration {
        number: 3,
        name: "effects",
        sqlite: "create table effects (seq integer primary key autoincrement, payload text not null) strict",
        postgres: "create table effects (seq bigint generated always as identity primary key, payload text not null)",
    },
];

pub(super) struct House {
    pub(super) db: Db,
    clock: Arc<AtomicI64>,
    ids: Arc<AtomicU64>,
    _folder: Option<tempfile::TempDir>,
}

pub(super) async fn houses() -> Vec<House> {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("house.db"));
    let db = Db::open(&url, &Options { create: true, ..Options::default() }).await.unwrap();
    migrate::apply(&db, MIGRATIONS, None, 0).await.unwrap();
    let mut houses = vec![House::new(db, Some(folder))];
    #[expect(clippy::disallowed_methods, reason = "the test run says by its environment where its server is")]
    let server = std::env::var("ZELO_TEST_POSTGRES_URL").ok();
    if let Some(server) = server {
        houses.push(House::new(postgres(&server).await, None));
    }
    houses
}

async fn postgres(server: &str) -> Db {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("zelo_jobs_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let (admin, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::runtime::Handle::current().spawn(connection);
    admin.batch_execute(&format!("drop database if exists {name}")).await.unwrap();
    admin.batch_execute(&format!("create database {name}")).await.unwrap();
    let _ = admin.batch_execute("create role zelo_jobs_serving login").await;
    let at = server.rfind('/').unwrap();
    let owner = DatabaseUrl::parse(&format!("{}/{name}", &server[..at])).unwrap();
    let owner = Db::open(&owner, &Options { connections: 1, ..Options::default() }).await.unwrap();
    migrate::apply(&owner, MIGRATIONS, Some("zelo_jobs_serving"), 0).await.unwrap();
    let host = server[..at].rsplit('@').next().unwrap();
    let serving = DatabaseUrl::parse(&format!("postgres://zelo_jobs_serving@{host}/{name}")).unwrap();
    Db::open(&serving, &Options::default()).await.unwrap()
}

impl House {
    fn new(db: Db, folder: Option<tempfile::TempDir>) -> Self {
        let clock = Arc::new(AtomicI64::new(MORNING));
        Self { db, clock, ids: Arc::default(), _folder: folder }
    }

    /// The queue as one process sees it.
    pub(super) fn process(&self, worker: &str) -> Jobs {
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        Jobs::new(Settings {
            db: self.db.clone(),
            queues: &[ROOMS, KITCHEN],
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            ids: Arc::new(move || Uuid::from_u128(0x7000 + u128::from(ids.fetch_add(1, Ordering::SeqCst)))),
            worker: worker.to_owned(),
            traces: Arc::new(super::traces::Followed),
        })
    }

    /// Let time pass, and tell those who sleep.
    pub(super) fn pass(&self, time: Duration) {
        self.clock.fetch_add(time.as_millis() as i64, Ordering::SeqCst);
        self.db.wake(ROOMS.topic());
        self.db.wake(KITCHEN.topic());
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    /// Enqueue in a transaction of its own.
    pub(super) async fn ask(&self, jobs: &Jobs, asked: Vec<NewJob>) -> Vec<Option<Uuid>> {
        let scope = asked.first().and_then(|job| job.tenant).map_or(Scope::Platform, Scope::Tenant);
        db::write!(self.db, "ask", scope, |tx| -> db::Result<_> {
            jobs.enqueue_many(tx, asked.clone()).await
        })
        .unwrap()
    }

    pub(super) async fn effects(&self) -> Vec<String> {
        db::read!(self.db, "effects", Scope::Platform, |tx| -> db::Result<_> {
            tx.query("select payload from effects order by seq", &[], |row| row.get(0)).await
        })
        .unwrap()
    }

    /// How many jobs are in each state, as `queue state count`.
    pub(super) async fn standing(&self) -> Vec<String> {
        let counts = self.process("onlooker").counts().await.unwrap();
        counts.into_iter().map(|count| format!("{} {} {}", count.queue, count.state, count.jobs)).collect()
    }
}

pub(super) fn job(payload: impl Into<String>) -> NewJob {
    NewJob::new(ROOMS, "clean", payload)
}

pub(super) fn tenant(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Write an effect and complete the job in the same transaction.
pub(super) async fn clean(db: &Db, job: &Leased) -> Result<(), crate::Error> {
    db::write!(db, "clean", Scope::Platform, |tx| -> Result<(), crate::Error> {
        tx.execute("insert into effects (payload) values ($1)", params![&*job.payload]).await?;
        crate::complete(tx, job).await
    })
}

/// Workers whose handler sends each job to the test, and ends it as `outcome` says.
pub(super) fn telling(
    jobs: &Jobs,
    options: QueueOptions,
    outcome: impl Fn(&Leased) -> Outcome + Send + Sync + 'static,
) -> (Workers, mpsc::UnboundedReceiver<Leased>) {
    let (tell, told) = mpsc::unbounded_channel();
    let workers = Workers::new(jobs.clone()).queue(ROOMS, options, move |job| {
        let outcome = outcome(&job);
        tell.send(job).unwrap();
        std::future::ready(outcome)
    });
    (workers, told)
}

/// The next thing that a handler tells; a test that waits longer has failed.
pub(super) async fn next<T>(told: &mut mpsc::UnboundedReceiver<T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), told.recv())
        .await
        .expect("nothing happened for a minute")
        .expect("the workers are gone")
}

/// What was told up to now.
pub(super) fn payloads(told: &mut mpsc::UnboundedReceiver<Leased>) -> Vec<String> {
    std::iter::from_fn(|| told.try_recv().ok()).map(|job| job.payload.to_string()).collect()
}

pub(super) fn one_at_a_time() -> QueueOptions {
    QueueOptions { concurrency: 1, ..QueueOptions::default() }
}
