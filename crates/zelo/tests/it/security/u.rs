//! The audit log.

mod crash;
mod events;
mod outside;
mod privacy;
mod tamper;

use crate::stage::{Agent, TestApp, how_many};
use db::Scope;
use serde_json::Value;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use tokio::sync::mpsc::error::TryRecvError;
use uuid::Uuid;
use zelo::{
    audit::{self, Depth, Entry, EventType, Pen, Verdict},
    ids::TenantId,
};

pub(super) const PLATFORM: TenantId = TenantId(Uuid::nil());

impl TestApp {
    /// Seal everything and look through the whole log.
    pub(super) async fn verifies(&self) -> Verdict {
        audit::seal_pending(&self.app).await.unwrap();
        audit::verify(&self.app, Depth::EverySeal, &[]).await.unwrap()
    }

    /// Write so many entries of a tenant.
    pub(super) async fn notes(&self, tenant: TenantId, count: usize) {
        let pen = Pen::of(&self.app, tenant).await.unwrap();
        for number in 0..count {
            let entry = Entry::of(EventType::ConfigUpdate, "colour_changed").on("setting", number);
            pen.note(entry.changed("colour", "green", number)).await.unwrap();
            self.clock.advance(1_000);
        }
    }

    /// The newest checkpoint, sealed just now.
    pub(super) async fn checkpoint(&self) -> String {
        audit::seal_pending(&self.app).await.unwrap();
        audit::newest_checkpoint(&self.app).await.unwrap().unwrap()
    }
}

impl Agent {
    /// The audit log, newest first.
    pub(super) async fn audit(&self, filter: &str) -> Vec<Value> {
        let page = self.get(&format!("/audit-logs?limit=200{filter}")).await.ok();
        page["data"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn u01_what_fails_leaves_no_entry_and_without_an_entry_nothing_is_done() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let entries = "select count(*) from audit_entries where tenant_id = $1 and action = 'channel_created'";
    let channels = "select count(*) from channels where tenant_id = $1";
    assert_eq!(app.count(Some(hotel.id.0), entries).await, 1);

    // The number is connected already: the transaction that would have written both is undone.
    let new = serde_json::json!({
        "name": "outra vez", "phone_number_id": hotel.number.phone_number_id, "waba_id": hotel.number.waba_id,
        "display_phone": hotel.number.phone, "access_token": "t", "app_secret": "a secret of a test", "verify_token": "v",
    });
    assert_eq!(hotel.owner().post("/channels", &new).await.problem(), (409, "number_connected"));
    assert_eq!(app.count(Some(hotel.id.0), entries).await, 1);
    assert_eq!(app.count(Some(hotel.id.0), channels).await, 1);

    // The log cannot be written: nor can anything else.
    let gone = "alter table audit_pending rename to gone";
    match app.databases().as_administrator().await {
        Some(client) => client.batch_execute(gone).await.unwrap(),
        None => {
            let renamed = db::write!(app.app.db, "break", db::Scope::Platform, |tx| -> db::Result<u64> {
                tx.execute(gone, &[]).await
            });
            renamed.unwrap();
        }
    }
    let ana = hotel.owner().clone();
    let user = serde_json::json!({"name": "Beto", "email": "beto@hotel.example.com", "role": "agent"});
    let before = app.count(Some(hotel.id.0), "select count(*) from users where tenant_id = $1").await;
    assert_eq!(ana.post("/users", &user).await.status, 500);
    assert_eq!(app.count(Some(hotel.id.0), "select count(*) from users where tenant_id = $1").await, before);
}

#[tokio::test]
async fn u04_the_database_refuses_to_change_what_was_written() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    app.notes(hotel.id, 3).await;
    assert!(app.verifies().await.is_whole());
    let scope = db::Scope::Tenant(hotel.id.0);
    for statement in [
        "update audit_entries set action = 'nothing' where tenant_id = $1",
        "delete from audit_entries where tenant_id = $1",
        "update audit_tree set tenant_id = $1",
        "delete from audit_tree where tenant_id = $1",
        "insert into audit_tree (seq, tenant_id, entry_id, leaf, seal) select seq, $1, entry_id, leaf, seal from audit_tree",
    ] {
        let tried = db::write!(app.app.db, "tamper", scope, |tx| -> db::Result<u64> {
            tx.execute(statement, db::params![hotel.id]).await
        });
        assert!(tried.is_err(), "{statement}");
    }
    if let Some(client) = app.databases().as_serving_role().await {
        for statement in
            ["truncate audit_entries", "update audit_entries set action = ''", "delete from audit_tree"]
        {
            let error = client.batch_execute(statement).await.unwrap_err();
            assert_eq!(error.code().unwrap().code(), "42501", "the role may: {statement}");
        }
        let owner = app.databases().as_administrator().await.unwrap();
        for statement in
            ["truncate audit_entries", "update audit_entries set action = ''", "delete from audit_tree"]
        {
            let error = owner.batch_execute(statement).await.unwrap_err().to_string();
            assert!(error.contains("db error"), "{error}");
        }
    } else {
        for statement in [
            "insert or replace into audit_entries select * from audit_entries",
            "insert or replace into audit_tree select * from audit_tree",
        ] {
            let tried = db::write!(app.app.db, "tamper", scope, |tx| -> db::Result<u64> {
                tx.execute(statement, &[]).await
            });
            assert!(tried.is_err(), "{statement}");
        }
    }
    assert!(app.verifies().await.is_whole());
}

/// Sealing runs beside writing: the time from an entry to its place in the tree.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u05_what_is_written_is_sealed_within_a_second() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    app.may_leave_work();
    let tasks = zelo::tasks::start(&app.app).await.unwrap();
    let pen = Pen::of(&app.app, hotel.id).await.unwrap();
    let mut lags = Vec::new();
    for number in 0..60 {
        // Several at once, as busy desks write.
        for _ in 0..20 {
            pen.note(Entry::of(EventType::ConfigUpdate, "x").on("setting", number)).await.unwrap();
        }
        let written = std::time::Instant::now();
        while audit::count_unsealed(&app.app).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
        lags.push(written.elapsed());
    }
    lags.sort_unstable();
    let p99 = lags[lags.len() * 99 / 100];
    println!("U05: seal lag p99 {p99:?}, median {:?}", lags[lags.len() / 2]);
    assert!(p99.as_millis() <= 1_000, "{p99:?}");
    tasks.drain(&app.app, std::time::Duration::from_secs(5)).await;
}

/// Entries come steadily in transactions of a hundred; the lag is that of each transaction's last entry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u05_a_steady_load_is_sealed_within_a_second() {
    let per_second = u32::try_from(how_many("ZELO_TEST_AUDIT_LOAD", 500)).unwrap();
    let seconds = u32::try_from(how_many("ZELO_TEST_AUDIT_SECONDS", 2)).unwrap();
    let app = TestApp::in_real_time(&[]).await;
    let hotel = app.tenant("hotel").await;
    app.may_leave_work();
    let tasks = zelo::tasks::start(&app.app).await.unwrap();
    let pen = Pen::of(&app.app, hotel.id).await.unwrap();
    while audit::count_unsealed(&app.app).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    let batches = seconds * per_second / 100;
    let (say, mut said) = tokio::sync::mpsc::unbounded_channel::<Instant>();
    let began = Instant::now();
    let writes = async {
        for batch in 0..batches {
            tokio::time::sleep_until((began + Duration::from_secs(1) * 100 * batch / per_second).into())
                .await;
            db::write!(app.app.db, "write_entries", Scope::Tenant(hotel.id.0), |tx| -> Result<
                (),
                zelo::Error,
            > {
                for number in 0..100 {
                    pen.write(tx, Entry::of(EventType::ConfigUpdate, "x").on("setting", number)).await?;
                }
                Ok(())
            })
            .unwrap();
            say.send(Instant::now()).unwrap();
        }
        let took = began.elapsed();
        drop(say);
        took
    };
    let seals = async {
        let (mut waiting, mut lags) = (VecDeque::new(), Vec::new());
        let mut is_over = false;
        while !is_over || !waiting.is_empty() {
            // What was written before the look, so that nothing counts as sealed that was not looked at.
            loop {
                match said.try_recv() {
                    Ok(written) => waiting.push_back(written),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        is_over = true;
                        break;
                    }
                }
            }
            let unsealed = audit::count_unsealed(&app.app).await.unwrap();
            let open = usize::try_from(unsealed).unwrap().div_ceil(100);
            while waiting.len() > open {
                lags.push(waiting.pop_front().unwrap().elapsed());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        lags
    };
    let (took, mut lags) = tokio::join!(writes, seals);
    lags.sort_unstable();
    let p99 = lags[lags.len() * 99 / 100];
    println!(
        "U05: {} entries in {took:?}, seal lag p99 {p99:?}, median {:?}",
        batches * 100,
        lags[lags.len() / 2]
    );
    assert_eq!(lags.len(), usize::try_from(batches).unwrap());
    assert!(p99.as_millis() <= 1_000, "{p99:?}");
    tasks.drain(&app.app, Duration::from_secs(5)).await;
}

#[tokio::test]
async fn u05_the_messages_of_customers_cost_the_log_nothing() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let entries = "select count(*) from audit_entries where tenant_id = $1";
    let before = app.count(Some(hotel.id.0), entries).await;
    let helena = hotel.contact("+55 11 98765-4321");
    for number in 0..20 {
        helena.says(&format!("mensagem {number}")).await;
    }
    app.run_jobs().await;
    assert_eq!(app.count(Some(hotel.id.0), entries).await, before);
    assert_eq!(app.counts().await.processed, 20);
}

#[tokio::test]
async fn the_metric_counts_what_is_not_sealed() {
    let app = TestApp::new().await;
    app.verifies().await;
    assert_eq!(audit::count_unsealed(&app.app).await.unwrap(), 0);
    app.notes(PLATFORM, 3).await;
    let metrics = app.web.get("", "/metrics").await.text;
    assert!(metrics.contains("zelo_audit_unsealed_entries 3"), "{metrics}");
}
