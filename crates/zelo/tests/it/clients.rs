//! Other people's programs against ours.

mod of_meta;

use crate::{
    program::in_repository,
    stage::{TestApp, environment},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::{io::Write as _, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use zelo::tasks;

/// A script of ours under node, with the modules of `scripts/clients`; it prints one line of JSON for what happens.
pub(crate) struct Script {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Script {
    /// None, with a word why, where the environment lacks node's modules.
    pub(crate) fn start(script: &str, arguments: &[&str]) -> Option<Self> {
        let Some(modules) = environment("ZELO_TEST_NODE_MODULES") else {
            println!(
                "skipped: ZELO_TEST_NODE_MODULES names no folder with npm's modules; `./test clients` makes one"
            );
            return None;
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(script);
        let mut command = Command::new("node");
        command.arg(path).args(arguments).env("NODE_PATH", modules).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Some(Self { _child: child, lines })
    }

    /// The next line.
    pub(crate) async fn hears(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(40), self.lines.next_line()).await;
        let line = line.expect("nothing happened for 40 s").unwrap().expect("the script ended");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the script said {line}"))
    }

    /// All lines up to and with the one that `who` says of `event`.
    pub(crate) async fn until(&mut self, who: &str, event: &str) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let line = self.hears().await;
            assert_ne!(line["event"], "failed", "{line}");
            let is_last = line["who"] == who && line["event"] == event;
            heard.push(line);
            if is_last {
                return heard;
            }
        }
    }
}

fn said<'h>(heard: &'h [Value], who: &str, event: &str) -> Vec<&'h Value> {
    heard
        .iter()
        .filter(|line| line["who"] == who && line["event"] == event)
        .map(|line| &line["payload"])
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_socket_hears_of_its_own_tenant_and_of_no_other() {
    let app = TestApp::new().await;
    app.may_leave_work();
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, beto) = (hotel.agent("ana").await, clinic.agent("beto").await);
    let (helena, otto) = (hotel.contact("+55 11 98765-4321"), clinic.contact("+55 11 98765-4329"));
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let conversation = ana.the_conversation().await;
    let (own, strange) = (ana.token().await, beto.token().await);
    let arguments = [&app.web.url, &own, &strange, conversation["id"].as_str().unwrap()];
    let Some(mut sockets) = Script::start("clients/listen.cjs", &arguments) else { return };
    let work = tasks::start(&app.app).await.unwrap();

    let heard = sockets.until("all", "ready").await;
    assert_eq!(said(&heard, "own", "refused")[0]["ok"], false, "before it said who it is");
    let me = ana.get("/auth/me").await.ok();
    assert_eq!(said(&heard, "own", "authenticated")[0]["ok"], true);
    assert_eq!(said(&heard, "own", "authenticated")[0]["user"]["id"], me["id"]);
    assert_eq!(said(&heard, "own", "joined")[0]["ok"], true);
    assert_eq!(*said(&heard, "stranger", "joined")[0], json!({"ok": false, "code": "not_found"}));
    assert_eq!(said(&heard, "nobody", "authenticated")[0]["ok"], false);

    assert_eq!(*said(&heard, "thief", "connect_error")[0], json!("Error: unauthorized"));

    helena.says("ainda está aí?").await;
    let mut heard = sockets.until("own", "message:new").await;
    otto.says("quero uma consulta").await;
    heard.extend(sockets.until("stranger", "message:new").await);
    ana.answers("Claro!").await.ok();
    heard.extend(sockets.until("own", "message:status").await);
    tasks::Tasks::drain(work, &app.app, Duration::from_secs(5)).await;

    let new = said(&heard, "own", "message:new");
    let texts: Vec<&Value> = new.iter().map(|payload| &payload["message"]["text"]).collect();
    assert_eq!(texts, ["ainda está aí?", "Claro!"]);
    let shown = ana.messages(&conversation).await;
    assert_eq!(new[0]["message"], shown[1], "a socket gets the shape that REST gives");
    assert_eq!(new[0]["conversation_id"], conversation["id"]);
    let strange: Vec<&Value> =
        said(&heard, "stranger", "message:new").iter().map(|it| &it["message"]["text"]).collect();
    assert_eq!(strange, ["quero uma consulta"]);
    assert!(said(&heard, "nobody", "message:new").is_empty());
    let seqs: Vec<i64> = heard
        .iter()
        .filter(|line| line["who"] == "own" && line["payload"]["conversation_id"] == conversation["id"])
        .map(|line| line["payload"]["seq"].as_i64().expect("every event of a conversation has its seq"))
        .collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
}

pub(crate) async fn run_python(python: &str, arguments: &[&str]) {
    let (script, rest) = arguments.split_first().unwrap();
    let mut command = Command::new(python);
    let output = command.arg(in_repository(script)).args(rest).kill_on_drop(true).output().await.unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

/// PyJWT and pyotp were written by others from the same standards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m01_s02_pyotp_and_pyjwt_agree_with_us() {
    let Some(python) = environment("ZELO_TEST_PYTHON") else {
        println!("skipped: ZELO_TEST_PYTHON names no Python with pyotp; `./test clients` makes one");
        return;
    };
    let secret = "0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa";
    let app = TestApp::with_settings(&[("auth.jwt_secret", secret)]).await;
    let ana = app.tenant("hotel").await.agent("ana").await;
    let (script, now) = (in_repository("tests/clients/identity_client.py"), app.clock.now().to_string());
    let arguments = [app.web.url.as_str(), &ana.email, crate::stage::PASSWORD, secret, &now];
    let output = Command::new(python).arg(script).args(arguments).kill_on_drop(true).output().await.unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    println!("{said}");
    app.run_jobs().await;
}

/// pymerkle and cryptography were written by others from the same standards (RFC 6962, RFC 8032).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u10_pymerkle_and_cryptography_find_the_same_root_proofs_and_signature() {
    let Some(python) = environment("ZELO_TEST_PYTHON") else {
        println!("skipped: ZELO_TEST_PYTHON names no Python with pymerkle; `./test clients` makes one");
        return;
    };
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    for _ in 0..20 {
        let body = json!({"email": ana.email, "password": crate::stage::PASSWORD});
        app.web.call(reqwest::Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok();
        assert_eq!(ana.get("/audit-logs").await.status, 403);
    }
    zelo::audit::seal_pending(&app.app).await.unwrap();
    let mut bytes = Vec::new();
    let mut sink = |line: &Value| writeln!(bytes, "{line}");
    zelo::audit::export(&app.app, None, None, &mut sink).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.jsonl");
    std::fs::write(&file, bytes).unwrap();
    let key = app.app.audit.verifier().to_string();
    run_python(&python, &["tests/clients/audit_client.py", file.to_str().unwrap(), &key]).await;
}

/// The most common passwords as zxcvbn's own authors list them, at PyPI: each that is long enough beside a second factor,
/// and each made long enough to stand alone in the ways that people do it.
#[tokio::test]
async fn a03_three_thousand_common_passwords_are_refused() {
    let Some(python) = environment("ZELO_TEST_PYTHON") else {
        println!("skipped: ZELO_TEST_PYTHON names no Python with zxcvbn; `./test clients` makes one");
        return;
    };
    let script = "from zxcvbn.frequency_lists import FREQUENCY_LISTS as f; print(chr(10).join(f['passwords'][:30000]))";
    let output = Command::new(python).args(["-c", script]).output().await.unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = list.lines().collect();
    let common = |password: &str, has_mfa: bool| {
        let problem = zelo::identity::password_problem("password", password, &[], has_mfa);
        problem.is_some_and(|problem| problem.code == "too_common")
    };
    let long: Vec<&&str> = words.iter().filter(|word| word.chars().count() >= 8).take(3000).collect();
    let mut alone = 0;
    for word in words.iter().take(3000) {
        for made in [word.repeat(15_usize.div_ceil(word.len())), format!("{word}{word}{word}12345")] {
            assert!(made.chars().count() < 15 || common(&made, false), "{made}");
            alone += 1;
        }
    }
    let mut times = Vec::new();
    for word in &long {
        let began = std::time::Instant::now();
        assert!(common(word, true), "{word}");
        times.push(began.elapsed());
    }
    for n in 0..1000 {
        let random = URL_SAFE_NO_PAD.encode(zelo::crypto::digest(format!("{n}").as_bytes()));
        let began = std::time::Instant::now();
        assert!(!common(&random[..15], false) && !common(&random[..10], true), "{random}");
        times.push(began.elapsed());
    }
    times.sort();
    let slowest = times[times.len() * 99 / 100];
    println!(
        "a03: {} of the list beside a factor, {alone} made long refused; 99 of 100 in {slowest:?}",
        long.len()
    );
    assert_eq!(long.len(), 3000);
}
