//! What lies on disk tells nothing: no text, no name, no number, no secret in clear.

use crate::stage::{Databases, TestApp};
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
