//! What somebody else can prove.

use super::PLATFORM;
use crate::{
    program::{Installation, in_repository},
    stage::{TestApp, engine_is_postgres},
};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};
use zelo::{audit, ids::TenantId};

struct Exported {
    folder: tempfile::TempDir,
    text: String,
    key: String,
}

async fn export(app: &TestApp, tenant: Option<TenantId>, size: Option<u64>) -> Exported {
    let mut bytes = Vec::new();
    let mut sink = |line: &serde_json::Value| writeln!(bytes, "{line}");
    audit::export(&app.app, tenant, size, &mut sink).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    Exported { folder: tempfile::tempdir().unwrap(), text, key: app.app.audit.verifier().to_string() }
}

impl Exported {
    fn write(&self, name: &str, text: &[u8]) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// What the other program says of a text: whether it believes it, and its words.
    fn judged(&self, text: &[u8], checkpoint: Option<&Path>) -> (bool, String) {
        self.judged_with(&self.key, text, checkpoint)
    }

    fn judged_with(&self, key: &str, text: &[u8], checkpoint: Option<&Path>) -> (bool, String) {
        let file = self.write("export.jsonl", text);
        let mut command = Command::new("python3");
        command.arg(in_repository("scripts/verify_audit_export.py")).arg(file).args(["--key", key]);
        if let Some(checkpoint) = checkpoint {
            command.arg("--checkpoint").arg(checkpoint);
        }
        let output = command.output().expect("python3 is needed for the independent verifier");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u10_another_program_believes_an_export_and_no_changed_bit_of_it() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    app.notes(hotel.id, 6).await;
    app.notes(PLATFORM, 3).await;
    audit::seal_pending(&app.app).await.unwrap();

    let whole = export(&app, None, None).await;
    let (believed, said) = whole.judged(whole.text.as_bytes(), None);
    assert!(believed, "{said}");
    let own = export(&app, Some(hotel.id), None).await;
    let (believed, said) = own.judged(own.text.as_bytes(), None);
    assert!(believed, "{said}");
    assert!(own.text.lines().skip(1).all(|line| line.contains(&hotel.id.to_string())));
    assert!(own.text.contains("colour"), "what was changed can be read");

    // One bit of what is proven: entries, texts, proofs, the checkpoint, in places all over the file.
    let bytes = own.text.as_bytes();
    let mut rejected = 0;
    for at in (7..bytes.len()).step_by(bytes.len() / 60) {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        // Names and white space of JSON are no part of what is proven; the key is given by the reader.
        let same = |text: &[u8]| {
            let lines = String::from_utf8(text.to_vec()).ok()?;
            let proven = |line: &str| -> Option<serde_json::Value> {
                let mut value: serde_json::Value = serde_json::from_str(line).ok()?;
                ["public_key", "origin"].iter().for_each(|name| {
                    value.as_object_mut().map(|map| map.remove(*name));
                });
                Some(value)
            };
            lines.lines().map(proven).collect::<Option<Vec<_>>>()
        };
        if same(&changed) == same(bytes) {
            continue;
        }
        let (believed, said) = own.judged(&changed, None);
        assert!(!believed, "byte {at}: {said}");
        rejected += 1;
    }
    assert!(rejected >= 40, "{rejected}");

    // A line taken out of the whole export, and another log's key.
    let without: Vec<&str> =
        whole.text.lines().enumerate().filter(|(at, _)| *at != 4).map(|(_, line)| line).collect();
    assert!(!whole.judged((without.join("\n") + "\n").as_bytes(), None).0);
    let stranger = translog::Signer::new("zelo/audit", &[9; 32]).unwrap().verifier().to_string();
    assert!(!whole.judged_with(&stranger, whole.text.as_bytes(), None).0);
    println!("U10: both exports believed, {rejected} of {rejected} changed bits rejected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u10_an_export_is_proven_against_a_checkpoint_that_was_kept_outside() {
    let app = TestApp::new().await;
    app.notes(PLATFORM, 4).await;
    let kept = app.checkpoint().await;
    let size = app.app.audit.verifier().open(&kept).unwrap().size;
    app.notes(PLATFORM, 5).await;
    let newer = app.checkpoint().await;

    let then = export(&app, None, Some(size)).await;
    let file = then.write("kept", kept.as_bytes());
    let (believed, said) = then.judged(then.text.as_bytes(), Some(&file));
    assert!(believed, "{said}");
    let other = then.write("newer", newer.as_bytes());
    assert!(!then.judged(then.text.as_bytes(), Some(&other)).0);
}

/// Takes what is posted to it, and answers what it is told to.
#[derive(Clone, Default)]
struct Keeper {
    got: std::sync::Arc<parking_lot::Mutex<Vec<String>>>,
    refuses: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Keeper {
    async fn open(&self) -> String {
        let keeper = self.clone();
        let take = axum::routing::post(move |note: String| {
            let keeper = keeper.clone();
            async move {
                if keeper.refuses.load(std::sync::atomic::Ordering::Relaxed) {
                    return axum::http::StatusCode::SERVICE_UNAVAILABLE;
                }
                keeper.got.lock().push(note);
                axum::http::StatusCode::NO_CONTENT
            }
        });
        crate::stage::serve(axum::Router::new().route("/seals", take)).await + "/seals"
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u09_checkpoints_get_outside_every_five_minutes_and_a_missing_one_is_seen() {
    use zelo::clock::MINUTE;
    let keeper = Keeper::default();
    let url = keeper.open().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("audit.seal_folder", folder.path().to_str().unwrap()),
        ("audit.seal_webhook", &url),
        ("egress.allow", "127.0.0.0/8"),
    ];
    let app = TestApp::with_settings(&settings).await;
    let newest = || std::fs::read_to_string(folder.path().join("newest.checkpoint")).unwrap();
    let open = |note: &str| app.app.audit.verifier().open(note).unwrap().size;
    let age = async |name: &str| {
        let metrics = app.web.get("", "/metrics").await.text;
        let line = format!("zelo_audit_outside_seal_age_seconds{{destination=\"{name}\"}} ");
        let found = metrics.lines().find_map(|it| it.strip_prefix(&line)).unwrap();
        found.parse::<f64>().unwrap()
    };

    app.notes(PLATFORM, 3).await;
    audit::seal_pending(&app.app).await.unwrap();
    assert_eq!(audit::deliver_seals(&app.app).await.unwrap(), 2);
    assert_eq!((open(&newest()), open(&keeper.got.lock()[0])), (3, 3));
    assert_eq!(audit::deliver_seals(&app.app).await.unwrap(), 0, "it is not yet time");

    app.notes(PLATFORM, 2).await;
    audit::seal_pending(&app.app).await.unwrap();
    app.clock.advance(5 * MINUTE);
    assert_eq!(audit::deliver_seals(&app.app).await.unwrap(), 2);
    assert_eq!(open(&newest()), 5);
    assert!(age("folder").await <= 300.0 && age("webhook").await <= 300.0);
    assert!(folder.path().join("000000000003.checkpoint").exists(), "older ones stay");

    keeper.refuses.store(true, std::sync::atomic::Ordering::Relaxed);
    app.clock.advance(16 * MINUTE);
    assert_eq!(audit::deliver_seals(&app.app).await.unwrap(), 1, "the folder gets its own all the same");
    assert!(age("webhook").await > 900.0, "an alert sees it");
    keeper.refuses.store(false, std::sync::atomic::Ordering::Relaxed);
    app.clock.advance(MINUTE);
    assert_eq!(audit::deliver_seals(&app.app).await.unwrap(), 1, "tried again soon");
    assert!(age("webhook").await < 1.0);
}

/// A service with one bucket, which keeps what it has. It asks for a signature and believes any.
#[derive(Clone, Default)]
struct Shelf {
    kept: std::sync::Arc<parking_lot::Mutex<std::collections::BTreeMap<String, String>>>,
}

impl Shelf {
    async fn open(&self) -> String {
        use axum::http::{HeaderMap, StatusCode};
        let shelf = self.clone();
        let take = async move |path: axum::extract::Path<String>, headers: HeaderMap, note: String| {
            let signature = headers.get("authorization").map(|it| it.to_str().unwrap()).unwrap_or_default();
            if !signature.starts_with("AWS4-HMAC-SHA256 Credential=zelo/") || signature.contains("geheim") {
                return (StatusCode::FORBIDDEN, HeaderMap::new());
            }
            let mut kept = shelf.kept.lock();
            let is_new = headers.get("if-none-match").is_some_and(|it| it == "*");
            if is_new && kept.contains_key(&path.0) {
                return (StatusCode::PRECONDITION_FAILED, HeaderMap::new());
            }
            kept.insert(path.0, note);
            let tag = HeaderMap::from_iter([(axum::http::header::ETAG, "\"1\"".parse().unwrap())]);
            (StatusCode::OK, tag)
        };
        crate::stage::serve(axum::Router::new().route("/{*path}", axum::routing::put(take))).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u09_checkpoints_get_into_a_bucket_and_to_somebody_by_mail() {
    use zelo::clock::{HOUR, MINUTE};
    let shelf = Shelf::default();
    let endpoint = shelf.open().await;
    let (post_office, smtp) = crate::mail::Server::start(0).await;
    let app = TestApp::with_settings(&[
        ("audit.seal_bucket", "s3://seals/zelo"),
        ("s3.endpoint", &endpoint),
        ("s3.region", "sa-east-1"),
        ("s3.access_key_id", "zelo"),
        ("s3.secret_access_key", "geheim"),
        ("audit.seal_mail", "auditoria@example.com"),
        ("mail.smtp_url", &smtp),
        ("mail.from", "Zelo <desk@example.com>"),
    ])
    .await;
    app.notes(PLATFORM, 3).await;
    audit::seal_pending(&app.app).await.unwrap();
    assert_eq!(audit::deliver_seals(&app.app).await.unwrap(), 2);

    let first = shelf.kept.lock().clone();
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(names, ["seals/zelo/000000000003.checkpoint", "seals/zelo/newest.checkpoint"]);
    let note = &first["seals/zelo/newest.checkpoint"];
    assert_eq!(app.app.audit.verifier().open(note).unwrap().size, 3);
    let mails = post_office.taken.lock().await.clone();
    assert!(mails[0].contains("To: auditoria@example.com"), "{mails:?}");

    // What was numbered stays as it was, even where somebody wrote there before; the newest moves on.
    app.clock.advance(5 * MINUTE);
    shelf.kept.lock().insert("seals/zelo/000000000004.checkpoint".into(), "somebody was here".into());
    app.notes(PLATFORM, 1).await;
    audit::seal_pending(&app.app).await.unwrap();
    assert_eq!(audit::deliver_seals(&app.app).await.unwrap(), 1, "nobody gets a mail every five minutes");
    let then = shelf.kept.lock().clone();
    assert_eq!(then["seals/zelo/000000000004.checkpoint"], "somebody was here");
    assert_eq!(app.app.audit.verifier().open(&then["seals/zelo/newest.checkpoint"]).unwrap().size, 4);
    app.clock.advance(HOUR);
    assert_eq!(audit::deliver_seals(&app.app).await.unwrap(), 2);
    assert_eq!(post_office.taken.lock().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u03_the_program_says_what_is_proven_and_what_is_not() {
    let installation = Installation::new().await;
    let create = ["tenant", "create", "--name", "Loja Aurora", "--slug", "aurora", "--json"];
    installation.run(&create, "").await;
    let (kept, taken) = (installation.path("kept"), installation.path("taken.jsonl"));
    let sealed = installation.run(&["audit", "seal", "--output", &kept, "--json"], "").await;
    let key = sealed["public_key"].as_str().unwrap().to_owned();

    let alone = installation.run(&["audit", "verify", "--json"], "").await;
    assert_eq!((&alone["whole"], &alone["truncation"]), (&true.into(), &"not provable".into()));
    let against = installation.run(&["audit", "verify", "--checkpoint", &kept, "--json"], "").await;
    assert_eq!(against["truncation"]["proven_until"], alone["size"]);
    let said = installation.command(&["audit", "verify"]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains("not provable"));

    installation.run(&["audit", "export", "--checkpoint", &kept, "--output", &taken, "--json"], "").await;
    let mut python = Command::new("python3");
    python.arg(in_repository("scripts/verify_audit_export.py")).arg(&taken);
    let judged = python.args(["--key", &key, "--checkpoint", &kept]).output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));

    if engine_is_postgres() {
        return;
    }
    let connection = rusqlite::Connection::open(installation.path("zelo.db")).unwrap();
    connection.execute_batch("drop trigger audit_entries_update").unwrap();
    connection.execute("update audit_entries set outcome = 'denied'", []).unwrap();
    let said = installation.command(&["audit", "verify"]).output().await.unwrap();
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(text.starts_with("The first bad entry is number 0 ("), "{text}");
}
