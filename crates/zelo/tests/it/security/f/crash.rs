//! Power cuts while files are stored.

use crate::{
    crash::{PASSWORD, event, set_up, signed},
    media::pdf,
    program::{Installation, Server},
    stage::{Web, environment, http},
};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use zelo::clock::Clock;

/// People who upload all the time, each after the other file was acknowledged.
const PEOPLE: u64 = 4;

/// A document that no other is like: from a few hundred bytes, within one chunk of 64 KiB, to ten chunks.
fn document(number: u64) -> Vec<u8> {
    let mut document = pdf(&format!("documento {number}"));
    let sizes = [0, 3_000, 65_536, 140_000, 640_000];
    let size = sizes[usize::try_from(number).unwrap() % sizes.len()];
    document.extend((0..size).map(|at: u64| u8::try_from((at * 7 + number) % 251).unwrap()));
    document.extend_from_slice(b"\n%%EOF\n");
    document
}

/// Where the server listens now, and by what it lets in; nothing while it is down.
#[derive(Clone)]
struct Door {
    url: String,
    token: String,
    conversation: String,
}

#[derive(Default)]
struct Load {
    door: Mutex<Option<Door>>,
    ends: AtomicBool,
    next: AtomicU64,
    /// Address and number of what was acknowledged.
    acknowledged: Mutex<Vec<(String, u64)>>,
    broken_off: AtomicU64,
}

async fn upload_without_end(load: Arc<Load>) {
    let client = http();
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    while !load.ends.load(Ordering::Relaxed) {
        pace.tick().await;
        let Some(door) = load.door.lock().clone() else { continue };
        let number = load.next.fetch_add(1, Ordering::Relaxed);
        let url = format!("{}/api/v1/conversations/{}/media", door.url, door.conversation);
        let request = client.post(url).bearer_auth(&door.token).header("content-type", "application/pdf");
        let answered = match request.body(document(number)).send().await {
            Ok(answer) if answer.status() == 201 => answer.json::<serde_json::Value>().await.ok(),
            _ => None,
        };
        match answered {
            Some(file) => {
                let url = file["url"].as_str().unwrap().to_owned();
                load.acknowledged.lock().push((url, number));
            }
            None => {
                load.broken_off.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

async fn token(web: &Web) -> String {
    let login = json!({"email": "ana@aurora.example.com", "password": PASSWORD});
    let tokens = web.call(Method::POST, None, "/api/v1/auth/login", Some(&login)).await.ok();
    tokens["access_token"].as_str().unwrap().to_owned()
}

async fn start(installation: &Installation) -> Server {
    let mut command = installation.command(&["serve", "--port", "0", "--json"]);
    for limit in ["ANONYMOUS", "USER", "SESSION", "TENANT", "REFRESH"] {
        command.env(format!("ZELO__LIMITS__{limit}_PER_MINUTE"), "1000000");
    }
    Server::start_as(command).await
}

/// Somebody has written, so that there is a conversation to upload for.
async fn conversation(server: &Server, token: &str) -> String {
    let body = event(0, 0, Clock::of_the_host().now() / 1000);
    assert_eq!(signed(&http(), server.url(), &body).send().await.unwrap().status(), 200);
    let web = Web::new(server.url());
    let mut look = tokio::time::interval(Duration::from_millis(50));
    loop {
        look.tick().await;
        let list = web.get(token, "/api/v1/conversations").await.ok();
        if let Some(id) = list["data"][0]["id"].as_str() {
            return id.to_owned();
        }
    }
}

/// Each cut comes at another moment: while a file comes in, while it is moved to its place, while its row is written, after
/// the answer. What was acknowledged is there and whole; what the database calls stored is, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the uploaders are joined at the end of the test")]
async fn f07_what_is_called_stored_is_whole_after_a_power_cut_at_any_moment() {
    let cuts: u64 = environment("ZELO_TEST_CUTS").map_or(8, |cuts| cuts.parse().unwrap());
    let installation = Installation::new().await;
    set_up(&installation).await;
    let load = Arc::new(Load::default());
    let uploaders: Vec<_> = (0..PEOPLE).map(|_| tokio::spawn(upload_without_end(load.clone()))).collect();
    let mut place = None;
    for _ in 0..cuts {
        let server = start(&installation).await;
        let token = token(&Web::new(server.url())).await;
        let conversation = match &place {
            Some(place) => String::clone(place),
            None => place.insert(conversation(&server, &token).await).clone(),
        };
        *load.door.lock() = Some(Door { url: server.url().to_owned(), token, conversation });
        let random = u64::from_le_bytes(*zelo::crypto::random_bytes::<8>().unwrap());
        tokio::time::sleep(Duration::from_millis(20 + random % 400)).await;
        // The address stays for a moment, so that uploads are under way when the process dies.
        server.kill().await;
        *load.door.lock() = None;
    }
    load.ends.store(true, Ordering::Relaxed);
    for uploader in uploaders {
        uploader.await.unwrap();
    }
    let acknowledged = std::mem::take(&mut *load.acknowledged.lock());
    let broken_off = load.broken_off.load(Ordering::Relaxed);
    assert!(
        acknowledged.len() as u64 > cuts,
        "only {} files were acknowledged: this is no load",
        acknowledged.len()
    );
    assert!(broken_off > 0, "no upload was broken off: nothing was tested");

    let server = start(&installation).await;
    let (client, token) = (http(), token(&Web::new(server.url())).await);
    for (url, number) in &acknowledged {
        let answer = client.get(format!("{}{url}", server.url())).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "document {number} was acknowledged");
        assert!(answer.bytes().await.unwrap() == document(*number), "document {number} is another one");
    }
    let stored = stored(&installation).await;
    for (id, size) in &stored {
        let url = format!("{}/api/v1/media/{id}", server.url());
        let answer = client.get(url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{id} is called stored");
        assert_eq!(answer.bytes().await.unwrap().len() as i64, *size, "{id} is short");
    }
    assert!(stored.len() >= acknowledged.len());
    println!(
        "f07: {cuts} cuts, {} uploads acknowledged, {broken_off} broken off, {} stored: 0 missing, 0 short",
        acknowledged.len(),
        stored.len()
    );
    server.kill().await;
}

/// Everything that the database calls stored, with its size.
async fn stored(installation: &Installation) -> Vec<(uuid::Uuid, i64)> {
    let options = db::Options { create: false, connections: 1 };
    let db = db::Db::open(&installation.databases.serving(), &options).await.unwrap();
    let tenant = db::read!(db, "tenant", db::Scope::Platform, |tx| -> db::Result<uuid::Uuid> {
        tx.query_one("select id from tenants where slug = 'aurora'", &[], |row| row.get(0)).await
    })
    .unwrap();
    db::read!(db, "stored", db::Scope::Tenant(tenant), |tx| -> db::Result<Vec<(uuid::Uuid, i64)>> {
        let sql = "select id, size from media where tenant_id = $1 and state = 'stored'";
        tx.query(sql, db::params![tenant], |row| Ok((row.get(0)?, row.get(1)?))).await
    })
    .unwrap()
}
