//! The inbox in a real Chromium: log in, see a message arrive without a reload, answer it.

use crate::{
    clients::Script,
    stage::{PASSWORD, TestApp, environment},
};
use serde_json::json;
use std::{path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use zelo::tasks;

/// A browser without a window, which ends with this.
pub(crate) struct Browser {
    /// The address by which it is told what to do.
    pub(crate) devtools: String,
    _child: Child,
    _profile: TempDir,
}

impl Browser {
    /// None, with a word why, where the environment names no browser.
    pub(crate) async fn start() -> Option<Self> {
        let Some(program) = environment("ZELO_TEST_CHROMIUM") else {
            println!("skipped: ZELO_TEST_CHROMIUM names no browser; `./test browser` finds one");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let (child, devtools) = start_chromium(&program, profile.path()).await;
        Some(Self { devtools, _child: child, _profile: profile })
    }
}

#[expect(clippy::disallowed_methods, reason = "the reader ends with the browser")]
async fn start_chromium(program: &str, profile: &Path) -> (Child, String) {
    let mut command = Command::new(program);
    command
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ])
        // A microphone that beeps once a second, and nobody who has to be asked for it.
        .args(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"])
        .args(["--remote-debugging-port=0", "--disable-background-networking", "--lang=pt-BR"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank")
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await;
        let line = line.expect("Chromium says nothing").unwrap().expect("Chromium ended");
        if let Some(address) = line.strip_prefix("DevTools listening on ") {
            let address = address.trim().to_owned();
            // What it goes on to say must be read, or it stops when the pipe is full.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, address);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_arrives_in_the_open_inbox_and_is_answered_there() {
    let Some(browser) = Browser::start().await else { return };
    let app = TestApp::new().await;
    app.may_leave_work();
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let inbox = format!("{}/", app.web.url);
    let arguments = [
        &browser.devtools,
        &inbox,
        &ana.email,
        PASSWORD,
        "quero reservar",
        "ainda está aí?",
        "Claro! Para quando?",
    ];
    let Some(mut page) = Script::start("browser/inbox.cjs", &arguments) else { return };
    let work = tasks::start(&app.app).await.unwrap();

    let heard = page.until("browser", "logged_in").await;
    let cookies = heard[0]["payload"]["cookies"].as_str().unwrap();
    assert!(!cookies.contains("session"), "a script can read the session: {cookies}");
    helena.says("ainda está aí?").await;
    let heard = page.until("browser", "saw_live").await;
    assert_eq!(heard.last().unwrap()["payload"], json!({"reloaded": false}));
    let heard = page.until("browser", "answered").await;
    assert_eq!(heard.last().unwrap()["payload"], json!({"problems": [], "bubbles": 1, "language": "pt-BR"}));
    tasks::Tasks::drain(work, &app.app, Duration::from_secs(5)).await;

    assert_eq!(helena.has_received(), ["Claro! Para quando?"]);
    assert_eq!(ana.reads().await, ["quero reservar", "ainda está aí?", "Claro! Para quando?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_message_is_recorded_sent_and_played_with_the_keyboard_alone() {
    let Some(browser) = Browser::start().await else { return };
    let app = TestApp::new().await;
    app.may_leave_work();
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("pode gravar").await;
    app.run_jobs().await;
    let inbox = format!("{}/", app.web.url);
    let arguments = [&browser.devtools, &inbox, &ana.email, PASSWORD, "pode gravar"];
    let Some(mut page) = Script::start("browser/voice.cjs", &arguments) else { return };
    let work = tasks::start(&app.app).await.unwrap();
    let heard = page.until("browser", "heard").await.pop().unwrap()["payload"].clone();
    tasks::Tasks::drain(work, &app.app, Duration::from_secs(5)).await;

    assert_eq!(heard["problems"], json!([]), "{heard}");
    assert_eq!(heard["label"], "Enviar mensagem de voz", "{heard}");
    assert_eq!(heard["messages"], 1, "what was thrown away was not sent: {heard}");
    let played = &heard["played"];
    assert_eq!(
        (&played["magic"], &played["channels"], &played["bars"]),
        (&json!("OggS"), &json!(1), &json!(1))
    );
    let seconds = played["seconds"].as_f64().unwrap();
    assert!(
        (1.5..10.0).contains(&seconds) && (played["player"].as_f64().unwrap() - seconds).abs() < 0.1,
        "{heard}"
    );
    assert!(played["loudest"].as_f64().unwrap() > 0.01, "nothing is heard: {heard}");
    assert_eq!(heard["button"], false, "{heard}");
    assert!(heard["reason"].as_str().unwrap().starts_with("O microfone está bloqueado"), "{heard}");
    // The phone got the same.
    let (content, mime_type, bytes) = helena.newest_file().await;
    assert_eq!((&content["voice"], mime_type.as_str()), (&json!(true), "audio/ogg; codecs=opus"));
    let length = voice::listen(&bytes).unwrap().length_ms as f64 / 1000.0;
    assert!((length - seconds).abs() < 0.1, "{length} s here, {seconds} s in Chromium");
}
