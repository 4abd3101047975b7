//! `kill -9` between a deed and its entry.

use crate::{
    program::{Installation, Server},
    stage::{Web, environment},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

const PASSWORD: &str = "lagoa-calma-em-maio";

async fn ids(db: &db::Db, tenant: uuid::Uuid, sql: &'static str) -> BTreeSet<String> {
    let found = db::read!(db, "ids", db::Scope::Tenant(tenant), |tx| -> db::Result<Vec<String>> {
        tx.query(sql, db::params![tenant], |row| row.get(0)).await
    });
    found.unwrap().into_iter().map(|id| id.to_lowercase().replace('-', "")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the callers are joined in each cycle")]
async fn u01_neither_a_deed_nor_its_entry_survives_kill_9_alone() {
    let cycles: u64 = environment("ZELO_AUDIT_CYCLES").map_or(6, |cycles| cycles.parse().unwrap());
    let installation = Installation::new().await;
    let create = ["tenant", "create", "--name", "Loja Aurora", "--slug", "aurora", "--json"];
    let tenant: uuid::Uuid =
        serde_json::from_value(installation.run(&create, "").await["id"].clone()).unwrap();
    let mut user = "user create --tenant aurora --name Dona --email dona@aurora.example.com --role owner"
        .split(' ')
        .collect::<Vec<_>>();
    user.extend(["--password-stdin", "--json"]);
    installation.run(&user, PASSWORD).await;
    let next = Arc::new(AtomicU64::new(1));
    let done = Arc::new(AtomicU64::new(0));
    for cycle in 0..cycles {
        let server = Server::start(&installation, &["serve", "--port", "0", "--json"]).await;
        let web = Web::new(server.url());
        let body = json!({"email": "dona@aurora.example.com", "password": PASSWORD});
        let tokens: Value = web.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok();
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        let ends = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let (url, token, next) = (server.url().to_owned(), token.clone(), next.clone());
                let (ends, done, client) = (ends.clone(), done.clone(), crate::stage::http());
                tokio::spawn(async move {
                    while !ends.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed).to_string();
                        let new = json!({
                            "name": number, "phone_number_id": number, "waba_id": "1", "display_phone": "+55 11 4002-8922",
                            "access_token": "t", "app_secret": "a secret of a test", "verify_token": "v",
                        });
                        let request = client.post(format!("{url}/api/v1/channels")).bearer_auth(&token).json(&new);
                        if request.send().await.is_ok_and(|answer| answer.status() == 201) {
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        let random = u64::from_le_bytes(*zelo::crypto::random_bytes::<8>().unwrap());
        tokio::time::sleep(Duration::from_millis(100 + random % 400 + cycle % 7)).await;
        server.kill().await;
        ends.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.await.unwrap();
        }
    }
    let verdict = installation.run(&["audit", "verify", "--json"], "").await;
    assert_eq!(verdict["whole"], true, "{verdict}");

    let options = db::Options { create: false, connections: 1 };
    let db = db::Db::open(&installation.databases.serving(), &options).await.unwrap();
    let deeds = match db.engine() {
        db::Engine::Sqlite => "select hex(id) from channels where tenant_id = $1",
        db::Engine::Postgres => "select id::text from channels where tenant_id = $1",
    };
    let deeds = ids(&db, tenant, deeds).await;
    let entries = "select target_id from audit_entries where tenant_id = $1 and action = 'channel_created'";
    let entries = ids(&db, tenant, entries).await;
    println!("U01: {cycles} kills, {} deeds ({} answered)", deeds.len(), done.load(Ordering::Relaxed));
    assert!(deeds.len() as u64 >= done.load(Ordering::Relaxed) && !deeds.is_empty());
    assert_eq!(deeds, entries, "a deed without an entry, or an entry without a deed");
}
