//! What those who run the product see: health, figures, logs, and commands.

use crate::{
    program::{Installation, Server},
    stage::{TestApp, Web, environment},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{path::Path, process::Output};
use tokio::process::Command;

async fn ask(web: &Web, path: &str) -> crate::stage::Answer {
    web.call(Method::GET, None, path, None).await
}

/// The value of a series of `/metrics`.
fn value_of(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

#[tokio::test]
async fn a_redis_that_is_away_degrades_the_product_and_does_not_stop_it() {
    let app = TestApp::new().await;
    let alone = ask(&app.web, "/health").await.ok();
    assert_eq!(alone["status"], "healthy");
    assert!(alone["checks"]["cache"].is_null(), "there is none to ask: {alone}");

    // Nobody listens at port 1.
    let without = app.another_process(&[("redis.url", "redis://127.0.0.1:1")]).await;
    let health = ask(&without, "/health").await;
    assert_eq!((health.status, &health.body["status"]), (200, &json!("degraded")));
    assert_eq!(health.body["checks"]["cache"]["status"], "degraded");
    assert_eq!(health.body["checks"]["database"]["status"], "healthy");
    assert_eq!(ask(&without, "/ready").await.status, 200);

    let Some(url) = environment("ZELO_TEST_REDIS_URL") else { return };
    let with = app.another_process(&[("redis.url", &url)]).await;
    let health = ask(&with, "/health").await.ok();
    assert_eq!(
        (&health["status"], &health["checks"]["cache"]["status"]),
        (&json!("healthy"), &json!("healthy"))
    );
}

#[tokio::test]
async fn who_works_here_and_what_is_remembered_is_counted() {
    let app = TestApp::new().await;
    // Counting begins with the first question.
    ask(&app.web, "/metrics").await;
    let hotel = app.tenant("hotel").await;
    let (ana, beto) = (hotel.agent("ana").await, hotel.agent("beto").await);
    let before = ask(&app.web, "/metrics").await.text;
    for _ in 0..3 {
        ana.conversations().await;
    }
    beto.browser().await.page("/", "en").await;

    let text = ask(&app.web, "/metrics").await.text;

    let programs = value_of(&text, "zelo_active_users{type=\"program\"}").unwrap();
    let browsers = value_of(&text, "zelo_active_users{type=\"browser\"}").unwrap();
    assert!(programs >= 1.0, "{text}");
    assert_eq!(browsers, value_of(&before, "zelo_active_users{type=\"browser\"}").unwrap() + 1.0);
    let hits = "zelo_cache_requests_total{kind=\"session\",tier=\"process\",outcome=\"hit\"}";
    assert!(value_of(&text, hits).unwrap() >= value_of(&before, hits).unwrap_or(0.0) + 2.0, "{text}");
    assert!(!text.contains("ana@") && !text.contains("@hotel"), "no label holds a person");
}

#[tokio::test]
async fn a_call_to_meta_takes_no_longer_than_the_settings_say() {
    let app = TestApp::with_settings(&[("outbound.timeout_seconds", "1")]).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    ana.answers("Claro!").await.ok();

    // Without an end this waits for as long as calls are held.
    let held = app.simulator.hold_calls();
    zelo::tasks::workers(&app.app).run_until_idle().await.unwrap();

    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]["code"]), (&json!("queued"), &json!("unconfirmed")));
    drop(held);
    app.may_leave_work();
}

/// What a real process answers.
async fn fetch(server: &Server, path: &str) -> (u16, String) {
    let answer = crate::stage::http().get(format!("{}{path}", server.url())).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_worker_tells_how_it_does_where_the_settings_say_and_serves_nothing_else() {
    let installation = Installation::new().await;
    for arguments in [
        &["worker", "--queue", "messages=8", "--queue", "media=2", "--json"][..],
        &["serve", "--roles", "worker", "--json"],
    ] {
        let mut command = installation.command(arguments);
        command.env("ZELO__METRICS__LISTEN", "127.0.0.1:0");
        let worker = Server::start_as(command).await;

        assert_eq!(fetch(&worker, "/alive").await, (200, "alive\n".to_owned()));
        let (status, health) = fetch(&worker, "/health").await;
        assert!(status == 200 && health.contains("\"database\""), "{health}");
        let (status, figures) = fetch(&worker, "/metrics").await;
        assert!(status == 200 && figures.contains("zelo_jobs{"), "{figures}");
        for path in ["/", "/login", "/webhooks/whatsapp", "/api/v1/conversations", "/socket.io/"] {
            assert_eq!(fetch(&worker, path).await.0, 404, "{arguments:?} {path}");
        }
        worker.end().await;
    }
}

#[tokio::test]
async fn the_log_lies_in_the_folder_that_the_settings_name_and_is_whole_at_the_end() {
    let installation = Installation::new().await;
    let logs = installation.folder.path().join("logs");
    let mut command = installation.command(&["serve", "--json"]);
    command
        .env("ZELO__LOG__DIR", &logs)
        .env("ZELO__LOG__LEVEL", "info")
        .env("ZELO__LOG__FORMAT", "json")
        .env("PORT", "0");
    let server = Server::start_as(command).await;
    for name in ["timestamp", "level", "service", "message", "target", "version"] {
        assert!(server.ready[name].is_string(), "the first line has no {name}: {}", server.ready);
    }
    assert_eq!((&server.ready["level"], &server.ready["service"]), (&json!("info"), &json!("zelo")));
    for _ in 0..20 {
        fetch(&server, "/alive").await;
    }

    let said = server.end().await;

    assert_eq!(said, "", "the log is in its folder");
    let lines = |kind: &str| -> Vec<Value> {
        let name = std::fs::read_dir(&logs)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(kind));
        let text = name.map(|path| std::fs::read_to_string(path).unwrap()).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let asked = lines("http-").iter().filter(|line| line["http.route"] == "/alive").count();
    assert_eq!(asked, 20);
    let last = lines("combined-").pop().unwrap();
    assert!(last["message"].as_str().unwrap().starts_with("Stopping"), "{last}");
}

/// On PostgreSQL the role that serves may not make tables, not even those that are there.
#[tokio::test]
async fn a_schema_that_is_up_to_date_needs_no_owner_to_start() {
    let installation = Installation::new().await;
    installation.run(&["migrate", "--json"], "").await;
    let mut command = installation.command(&["serve", "--json"]);
    command.env("PORT", "0").env_remove("ZELO__DATABASE__ADMIN_URL");
    let server = Server::start_as(command).await;
    assert_eq!(fetch(&server, "/ready").await.0, 200);
    server.end().await;
}

/// The program in a folder, with no settings but these.
async fn in_folder(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zelo"));
    command.args(arguments).env_clear().current_dir(folder).envs(settings.iter().copied());
    command.output().await.unwrap()
}

const READERS: &[&[&str]] = &[
    &["tenant", "list"],
    &["user", "list"],
    &["events", "list"],
    &["audit", "verify"],
    &["channel", "list", "--tenant", "hotel"],
    &["apikey", "list", "--tenant", "hotel"],
];

#[tokio::test]
async fn a_command_that_only_reads_leaves_nothing_in_a_wrong_folder() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in READERS {
        let output = in_folder(folder.path(), arguments, &[]).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("no installation here") && said.contains("ZELO__DATA__DIR"), "{said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_command_that_only_reads_changes_no_schema_and_migrate_says_where_the_copy_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    for (name, migrations) in
        [("zelo.db", &zelo::schema::MIGRATIONS[..3]), ("keys.db", zelo::crypto::KEYSTORE_MIGRATIONS)]
    {
        let url = db::DatabaseUrl::Sqlite(data.join(name));
        let db = db::Db::open(&url, &db::Options { create: true, connections: 1 }).await.unwrap();
        db::migrate::apply(&db, migrations, None, 1).await.unwrap();
    }
    for arguments in READERS {
        let output = in_folder(folder.path(), arguments, &[]).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("lacks") && said.contains("run `zelo migrate`"), "{said}");
    }
    let migrated = in_folder(folder.path(), &["migrate", "--json"], &[]).await;
    let told: Value = serde_json::from_slice(&migrated.stdout).unwrap();
    assert!(told["applied"].as_array().unwrap().len() > 3, "the readers had left them to it: {told}");
    assert!(folder.path().join(told["copy"].as_str().unwrap()).is_file(), "{told}");
    let again = in_folder(folder.path(), &["migrate"], &[]).await;
    assert_eq!(String::from_utf8_lossy(&again.stdout).trim(), "The database is up to date.");
    let output = in_folder(folder.path(), &["tenant", "list"], &[]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("was never started"), "{output:?}");
}

#[tokio::test]
async fn commands_that_only_read_see_what_is_there() {
    let installation = Installation::new().await;
    installation.run(&["tenant", "create", "--name", "Hotel", "--slug", "hotel", "--json"], "").await;
    for arguments in READERS {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let said = installation.run(&arguments, "").await;
        assert!(said["data"].is_array() || said["whole"] == true, "{arguments:?}: {said}");
    }
    let listed = installation.run(&["tenant", "list", "--json"], "").await;
    assert_eq!(listed["data"][0]["slug"], "hotel");
}

#[tokio::test]
async fn a_database_that_is_away_is_told_with_its_cure_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let away = [
        ("DATABASE_URL", "postgres://zelo:geheim@127.0.0.1:1/zelo"),
        ("KEYS_DATABASE_URL", "postgres://zelo:geheim@127.0.0.1:1/keys"),
    ];
    for arguments in [&["migrate"][..], &["migrate", "--dry-run"], &["tenant", "list"], &["setup"]] {
        let output = in_folder(folder.path(), arguments, &away).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("check DATABASE_URL") && said.contains("zelo doctor"), "{arguments:?}: {said}");
        assert!(!said.contains("geheim"), "{said}");
    }
}
