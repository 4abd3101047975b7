//! What lies on disk tells nothing: no text, no name, no number, no secret in clear.

use crate::{
    program::{Installation, Server},
    stage::{Databases, TestApp, Web, engine_is_postgres},
};
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};
use tokio_postgres::SimpleQueryMessage;

/// A scene in which everything personal appears that there is, and what must not be found of it afterwards.
async fn play(app: &TestApp) -> Vec<String> {
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("anabela").await;
    let helena = hotel.contact("+55 11 98765-4321");
    hotel.contact_without_phone("luiza.viaja").says("segredo da luiza").await;
    helena.says("quero reservar a suíte nupcial").await;
    app.run_jobs().await;
    let conversation =
        ana.conversations().await.into_iter().find(|it| it["contact"]["name"] == "Helena Duarte").unwrap();
    let path = format!("/conversations/{}/messages", conversation["id"].as_str().unwrap());
    ana.post(&path, &json!({"type": "text", "text": "reservada com champanhe"})).await.ok();
    // Half of everything: one event waits, one lies in the quarantine, one is a notice.
    app.web.post_signed(&hotel.number.app_secret, "isto não é json: lagosta").await;
    let mut notice = hotel.body(&json!({"decision": "sigilo absoluto"}));
    notice["entry"][0]["changes"][0]["field"] = json!("account_review_update");
    hotel.receives(&notice).await.ok();
    app.run_jobs().await;
    helena.says("a senha do cofre é pitanga").await;
    assert_eq!(helena.has_received(), ["reservada com champanhe"]);
    assert_eq!(app.counts().await.waiting, 1);
    app.may_leave_work();

    let said = [
        "segredo da luiza",
        "quero reservar",
        "nupcial",
        "champanhe",
        "lagosta",
        "sigilo absoluto",
        "pitanga",
    ];
    let people = ["Helena", "Duarte", "luiza.viaja", "anabela", "anabela@hotel.example.com"];
    let numbers = ["5511987654321", "+55 11 98765-4321", "98765-4321", "987654321"];
    let wamids = helena.received_wamids();
    let secrets = [hotel.number.app_secret.clone(), format!("token-of-{}", hotel.number.phone_number_id)];
    let words = ["lagoa-calma-em-maio".to_owned(), format!("verify-{}", hotel.number.phone_number_id)];
    said.iter()
        .chain(&people)
        .chain(&numbers)
        .map(|text| (*text).to_owned())
        .chain(wamids)
        .chain(secrets)
        .chain(words)
        .collect()
}

/// A tenant's number at Meta is no secret: it must be found, or the scan looks at the wrong place.
const IN_CLEAR: &str = "300300400500001";

#[tokio::test]
async fn nothing_personal_lies_in_clear_in_any_file_or_table() {
    let app = TestApp::new().await;
    let hidden = play(&app).await;

    let everything = everything(&app).await;

    assert!(found(&everything, IN_CLEAR).is_some(), "the scan finds nothing at all");
    for needle in &hidden {
        assert_eq!(found(&everything, needle), None, "{needle:?} lies in clear");
    }
}

/// Everything that lies on disk.
async fn everything(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    match app.databases() {
        Databases::Sqlite { .. } => files_below(app.folder()),
        Databases::Postgres { .. } => rows_of_all_tables(app).await,
    }
}

/// Whether a text lies in clear anywhere on disk.
pub(crate) async fn lies_in_clear(app: &TestApp, needle: &str) -> bool {
    found(&everything(app).await, needle).is_some()
}

/// What the demo's sample history says, and who says it, as its own agent reads it.
async fn read_the_demo(demo: &Server) -> Vec<String> {
    let web = Web::new(demo.url());
    let user = &demo.ready["users"][0];
    let log_in = json!({ "email": user["email"], "password": user["password"] });
    let tokens = web.call(Method::POST, None, "/api/v1/auth/login", Some(&log_in)).await.ok();
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let conversations = web.get(&token, "/api/v1/conversations").await.ok();
    let mut personal = vec![user["email"].as_str().unwrap().to_owned(), token.clone()];
    for conversation in conversations["data"].as_array().unwrap() {
        let contact = &conversation["contact"];
        personal
            .extend(["name", "phone"].iter().filter_map(|field| contact[field].as_str()).map(str::to_owned));
        let messages = format!("/api/v1/conversations/{}/messages", conversation["id"].as_str().unwrap());
        let said = json!({ "type": "text", "text": "combinado, até quinta-feira" });
        // Where the window is closed nothing leaves; what is tried must not show either.
        web.call(Method::POST, Some(&token), &messages, Some(&said)).await;
        let messages = web.get(&token, &messages).await.ok();
        let texts = messages["data"].as_array().unwrap().iter().filter_map(|it| it["text"].as_str());
        // Shorter ones may be part of a word of the log.
        personal.extend(texts.filter(|text| text.len() > 8).map(str::to_owned));
    }
    personal
}

#[tokio::test]
async fn the_demo_leaves_nothing_personal_in_its_files_nor_in_its_log() {
    if engine_is_postgres() {
        println!("skipped: the demo is always embedded");
        return;
    }
    let installation = Installation::new().await;
    let (data, log) = (installation.path("demo"), installation.path("demo.log"));
    let mut command = installation.command(&["demo", "--port", "0", "--json", "--data-dir", &data]);
    let written = std::fs::File::create(&log).unwrap();
    command.env("ZELO__LOG__LEVEL", "debug").env_remove("ZELO__DATABASE__URL").stderr(written);
    let demo = Server::start_as(command).await;

    let personal = read_the_demo(&demo).await;
    assert!(personal.len() > 20, "the demo has a history: {personal:?}");
    let said = demo.kill_and_read().await;

    let mut everything = files_below(Path::new(&data));
    // The demo's own note of its invented log-ins, so that a second start prints the same ones.
    everything.retain(|(name, _)| !name.ends_with("/demo.json"));
    let mut lines = std::fs::read(&log).unwrap();
    lines.extend(said.into_bytes());
    assert!(memchr::memmem::find(&lines, b"/auth/login").is_some(), "the log says nothing of the requests");
    everything.push((log, lines));
    for needle in &personal {
        assert_eq!(found(&everything, needle), None, "{needle:?} lies in clear");
    }
}

/// Where a text is found: as it is, in any case of letters, or as hexadecimal digits of its bytes.
fn found(everything: &[(String, Vec<u8>)], needle: &str) -> Option<String> {
    let forms = [needle.to_lowercase().into_bytes(), hex::encode(needle).into_bytes(), utf16(needle)];
    everything.iter().find_map(|(place, bytes)| {
        let lower = bytes.to_ascii_lowercase();
        forms.iter().any(|form| memchr::memmem::find(&lower, form).is_some()).then(|| place.clone())
    })
}

fn utf16(text: &str) -> Vec<u8> {
    text.to_lowercase().encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.rsplit('/').next().unwrap()).collect();
    for expected in ["zelo.db", "zelo.db-wal", "keys.db"] {
        assert!(names.contains(&expected), "{expected} is not among {names:?}");
    }
    files
}

/// Every row of every table of both databases as text, in which bytes are hexadecimal digits.
async fn rows_of_all_tables(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let mut everything = Vec::new();
    for client in [
        app.databases().as_administrator().await.unwrap(),
        app.databases().keys_as_administrator().await.unwrap(),
    ] {
        let tables = client
            .query("select tablename::text from pg_tables where schemaname = 'public'", &[])
            .await
            .unwrap();
        assert!(!tables.is_empty());
        for table in tables {
            let table: String = table.get(0);
            let rows = client.simple_query(&format!("select * from \"{table}\"")).await.unwrap();
            let mut text = String::new();
            for row in &rows {
                if let SimpleQueryMessage::Row(row) = row {
                    (0..row.len()).for_each(|column| text.push_str(row.get(column).unwrap_or_default()));
                    text.push('\n');
                }
            }
            everything.push((table, text.into_bytes()));
        }
    }
    everything
}
