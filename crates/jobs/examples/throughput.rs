//! How many jobs a second go through one process: `cargo run -p jobs --example throughput -- <empty database's url>`.

use db::{DatabaseUrl, Db, Options, Scope, migrate, migrate::Migration};
use jobs::{Jobs, NewJob, Outcome, Queue, QueueOptions, Settings, Untraced, Workers};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

const WORK: Queue = jobs::queue!("work");
const WAITING: u32 = 100_000;
const MEASURED: usize = 20_000;

/// The migration `job_traces` as far as this crate's table goes.
const TRACES: &str = "alter table jobs add column trace text";

const MIGRATIONS: [Migration; 2] = [
    Migration {
        number: 1,
        name: "jobs",
        sqlite: include_str!("../../../migrations/sqlite/0002_jobs.sql"),
        postgres: include_str!("../../../migrations/postgres/0002_jobs.sql"),
    },
    Migration { number: 2, name: "job_traces", sqlite: TRACES, postgres: TRACES },
];

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the numbers are what it is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("give the url of an empty database")?;
    let db = Db::open(&DatabaseUrl::parse(&url)?, &Options { create: true, ..Options::default() }).await?;
    migrate::apply(&db, &MIGRATIONS, None, 0).await?;
    let (ids, begun) = (AtomicU64::new(1), Instant::now());
    let queue = Jobs::new(Settings {
        db: db.clone(),
        queues: &[WORK],
        clock: Arc::new(move || i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX)),
        ids: Arc::new(move || Uuid::from_u128(u128::from(ids.fetch_add(1, Ordering::Relaxed)))),
        worker: "throughput".to_owned(),
        traces: Arc::new(Untraced),
    });
    let started = Instant::now();
    for batch in 0..WAITING / 1000 {
        let asked = (0..1000).map(|number| {
            let tenant = Uuid::from_u128(u128::from((batch + number) % 20) + 1);
            let asked = NewJob::new(WORK, "measure", "{}").tenant(tenant);
            if number % 2 == 0 {
                asked.key(Uuid::from_u128(u128::from(batch * 1000 + number)))
            } else {
                asked
            }
        });
        let asked: Vec<NewJob> = asked.collect();
        db::write!(db, "ask", Scope::Platform, |tx| -> db::Result<_> {
            queue.enqueue_many(tx, asked.clone()).await
        })?;
    }
    println!("enqueued {:.0} jobs/s", f64::from(WAITING) / started.elapsed().as_secs_f64());
    for (concurrency, in_own_transaction) in [(16, false), (128, false), (16, true), (128, true)] {
        measure(&db, &queue, concurrency, in_own_transaction).await?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the numbers are what it is for")]
async fn measure(db: &Db, queue: &Jobs, concurrency: usize, in_own_transaction: bool) -> db::Result<()> {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let options = QueueOptions { concurrency, ..QueueOptions::default() };
    let handler_db = db.clone();
    let workers = Workers::new(queue.clone()).queue(WORK, options, move |job| {
        let (tell, db) = (tell.clone(), handler_db.clone());
        async move {
            if in_own_transaction {
                let completed = db::write!(db, "own", Scope::Platform, |tx| -> Result<(), jobs::Error> {
                    jobs::complete(tx, &job).await
                });
                if let Err(error) = completed {
                    return Outcome::retry(error.to_string());
                }
            }
            let _ = tell.send(());
            Outcome::Done
        }
    });
    let started = Instant::now();
    let running = workers.start().await?;
    for _ in 0..MEASURED {
        let _ = told.recv().await;
    }
    let rate = MEASURED as f64 / started.elapsed().as_secs_f64();
    running.drain(Duration::from_secs(10)).await;
    println!("{concurrency} at a time, own transaction: {in_own_transaction}: {rate:.0} jobs/s");
    Ok(())
}
