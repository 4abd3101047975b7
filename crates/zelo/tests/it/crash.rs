//! `kill -9` under load: what was acknowledged is stored, once, in order.

use crate::{
    program::{Installation, Server},
    stage::{Web, environment, wire},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use zelo::clock::Clock;

const NUMBER: &str = "200300400500601";
const ACCOUNT: &str = "100200300400501";
const SECRET: &str = "the secret of the crash test";
pub(crate) const PASSWORD: &str = "lagoa-calma-em-maio";
/// People who write all the time, each after the other message was acknowledged, as Meta does.
const PEOPLE: u64 = 20;
/// Between two messages of one person: together 500 a second.
const PACE: Duration = Duration::from_millis(1000 * PEOPLE / 500);

/// What the posting side knows.
#[derive(Default)]
struct Load {
    /// Where the server listens now; nothing while it is down.
    address: Mutex<Option<String>>,
    ends: AtomicBool,
    acknowledged: AtomicU64,
    refused: AtomicU64,
}

/// One person writes 0, 1, 2, …: each number until it is acknowledged. Returns how many were.
async fn write_without_end(load: Arc<Load>, person: u64) -> u64 {
    let clock = Clock::of_the_host();
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let client = crate::stage::http();
    let mut number = 0;
    while !load.ends.load(Ordering::Relaxed) {
        pace.tick().await;
        let Some(url) = load.address.lock().clone() else { continue };
        match signed(&client, &url, &event(person, number, clock.now() / 1000)).send().await {
            Ok(answer) if answer.status() == 200 => {
                load.acknowledged.fetch_add(1, Ordering::Relaxed);
                number += 1;
            }
            // Meta posts again what was not acknowledged.
            _ => {
                load.refused.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    number
}

/// An event as Meta posts it.
pub(crate) fn signed(client: &reqwest::Client, url: &str, event: &Value) -> reqwest::RequestBuilder {
    let body = wire(event);
    let signature = whatsapp::signature::sign(SECRET, &body);
    client.post(format!("{url}/webhooks/whatsapp")).header("x-hub-signature-256", signature).body(body)
}

pub(crate) fn event(person: u64, number: u64, seconds: i64) -> Value {
    let wa_id = format!("55119{person:08}");
    let message = json!({"from": wa_id, "id": format!("wamid.{person}.{number}"), "timestamp": seconds.to_string(),
                         "type": "text", "text": {"body": number.to_string()}});
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5511940020001", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": format!("Pessoa {person}")}, "wa_id": wa_id}],
        "messages": [message],
    });
    let change = json!({"value": value, "field": "messages"});
    json!({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": [change]}]})
}

pub(crate) async fn set_up(installation: &Installation) {
    installation.run(&["tenant", "create", "--name", "Loja Aurora", "--slug", "aurora", "--json"], "").await;
    let user = [
        "user",
        "create",
        "--tenant",
        "aurora",
        "--name",
        "Ana",
        "--email",
        "ana@aurora.example.com",
        "--role",
        "agent",
        "--password-stdin",
        "--json",
    ];
    installation.run(&user, PASSWORD).await;
    let secret = installation.path("app_secret");
    std::fs::write(&secret, SECRET).unwrap();
    let channel = [
        "channel",
        "create",
        "--tenant",
        "aurora",
        "--phone-number-id",
        NUMBER,
        "--waba-id",
        ACCOUNT,
        "--access-token-stdin",
        "--app-secret-file",
        &secret,
        "--json",
    ];
    installation.run(&channel, "token").await;
    std::fs::remove_file(secret).unwrap();
}

/// How long the server lives in a cycle: mostly too short to get far, sometimes long enough to take over the lanes of
/// the killed one, which takes its lease of 5 s, and to be killed in the middle of processing.
fn lifetime(cycle: u64) -> Duration {
    let random = u64::from_le_bytes(*zelo::crypto::random_bytes::<8>().unwrap());
    if cycle % 4 == 3 {
        Duration::from_millis(5_500 + random % 2_000)
    } else {
        Duration::from_millis(30 + random % 1_200)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the writers are joined at the end of the test")]
async fn what_was_acknowledged_survives_kill_9_at_any_moment() {
    let cycles = environment("ZELO_CRASH_CYCLES").map_or(8, |cycles| cycles.parse().unwrap());
    let installation = Installation::new().await;
    set_up(&installation).await;
    let load = Arc::new(Load::default());
    let writers: Vec<_> =
        (0..PEOPLE).map(|person| tokio::spawn(write_without_end(load.clone(), person))).collect();

    for cycle in 0..cycles {
        let server = Server::start(&installation, &["serve", "--port", "0", "--json"]).await;
        *load.address.lock() = Some(server.url().to_owned());
        tokio::time::sleep(lifetime(cycle)).await;
        // The address stays for a moment, so that requests are under way when the process dies.
        server.kill().await;
        *load.address.lock() = None;
    }
    // Reading back what 200 cycles left behind is more than a person asks for in a minute.
    let mut last = installation.command(&["serve", "--port", "0", "--json"]);
    last.env("ZELO__LIMITS__USER_PER_MINUTE", "1000000").env("ZELO__LIMITS__SESSION_PER_MINUTE", "1000000");
    let server = Server::start_as(last).await;
    *load.address.lock() = Some(server.url().to_owned());
    load.ends.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.push(writer.await.unwrap());
    }
    let total: u64 = acknowledged.iter().sum();
    println!("{cycles} cycles, {total} messages acknowledged, {} not", load.refused.load(Ordering::Relaxed));
    assert!(total > cycles * 20, "only {total} messages were acknowledged: this is no load");
    assert!(load.refused.load(Ordering::Relaxed) > 0, "no request was broken off: nothing was tested");

    let counts = wait_until_processed(&installation).await;
    assert_eq!(counts.stored, counts.processed + counts.duplicate + counts.quarantined);
    assert_eq!(counts.quarantined, 0);
    assert!(counts.processed >= i64::try_from(total).unwrap());
    each_person_is_whole(server.url(), &acknowledged).await;
    server.kill().await;
}

#[derive(Debug)]
struct Counts {
    stored: i64,
    processed: i64,
    duplicate: i64,
    quarantined: i64,
}

/// Asks the database itself, until no event waits.
async fn wait_until_processed(installation: &Installation) -> Counts {
    let db = db::Db::open(&installation.databases.serving(), &db::Options { create: false, connections: 1 })
        .await
        .unwrap();
    let mut look = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..1_200 {
        look.tick().await;
        let sql = "select cast(sum(i.last_seq) as $int_type), cast(sum(l.processed) as $int_type),
                       cast(sum(l.duplicate) as $int_type), cast(sum(l.quarantined) as $int_type),
                       cast(sum(i.last_seq - l.cursor) as $int_type)
                   from webhook_inlets i join webhook_lanes l on l.lane = i.lane";
        let (counts, waiting) =
            db::read!(db, "counts", db::Scope::Platform, |tx| -> db::Result<(Counts, i64)> {
                tx.query_one(sql, &[], |row| {
                    let (stored, processed) = (row.get(0)?, row.get(1)?);
                    Ok((
                        Counts { stored, processed, duplicate: row.get(2)?, quarantined: row.get(3)? },
                        row.get(4)?,
                    ))
                })
                .await
            })
            .unwrap();
        if waiting == 0 {
            return counts;
        }
    }
    panic!("events still wait after two minutes");
}

/// Of each person every message that was acknowledged is there, once, in the order in which it was written. The last
/// one may be there without an acknowledgement: it was stored, and the process died before it could say so.
async fn each_person_is_whole(url: &str, acknowledged: &[u64]) {
    let web = Web::new(url);
    let login = json!({"email": "ana@aurora.example.com", "password": PASSWORD});
    let tokens = web.call(reqwest::Method::POST, None, "/api/v1/auth/login", Some(&login)).await.ok();
    let token = tokens["access_token"].as_str().unwrap();
    let list = web.get(token, "/api/v1/conversations?limit=200").await.ok();
    let mut found = BTreeMap::new();
    for conversation in list["data"].as_array().unwrap() {
        let messages = all_messages(&web, token, conversation["id"].as_str().unwrap()).await;
        let person =
            messages[0]["wamid"].as_str().unwrap().split('.').nth(1).unwrap().parse::<u64>().unwrap();
        assert!(found.insert(person, messages).is_none(), "person {person} has two conversations");
    }
    for (person, count) in (0_u64..).zip(acknowledged) {
        let mut messages = found.remove(&person).unwrap_or_default();
        let texts = |messages: &[Value]| -> Vec<u64> {
            messages.iter().map(|message| message["text"].as_str().unwrap().parse().unwrap()).collect()
        };
        let shown = texts(&messages);
        let whole: Vec<u64> = (0..u64::try_from(shown.len()).unwrap()).collect();
        assert_eq!(shown, whole, "what person {person} wrote is not shown whole and in order");
        assert!(
            (*count..=count + 1).contains(&(shown.len() as u64)),
            "person {person}: {count} acknowledged, {} stored",
            shown.len()
        );
        messages.sort_by_key(|message| message["seq"].as_i64());
        assert_eq!(texts(&messages), whole, "the order of arrival of person {person}");
    }
    assert!(found.is_empty());
}

async fn all_messages(web: &Web, token: &str, conversation: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/conversations/{conversation}/messages?limit=200{cursor}");
        let page = web.get(token, &path).await.ok();
        all.splice(0..0, page["data"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { return all };
        cursor = format!("&cursor={next}");
    }
}
