use super::*;
use crate::config::Sources;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

/// The settings of an installation in `folder` that reaches nobody outside.
fn sources(folder: &Path) -> Sources {
    Sources::default()
        .with_flag("environment", "development", "test")
        .with_flag("data.dir", folder.display().to_string(), "test")
        .with_flag("server.port", "0", "test")
        // A port on which nobody listens: what needs Meta says that it cannot check.
        .with_flag("whatsapp.graph_base_url", "http://127.0.0.1:1", "test")
}

/// A private folder, as the first start makes it.
fn private() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    folder
}

/// An installation that was started once.
async fn installed() -> tempfile::TempDir {
    let folder = private();
    drop(start::open(Config::load(&sources(folder.path())).unwrap()).await.unwrap());
    folder
}

async fn examined(sources: &Sources) -> Vec<Check> {
    examine(Config::load(sources).unwrap()).await
}

fn of<'c>(checks: &'c [Check], name: &str) -> &'c Check {
    checks
        .iter()
        .find(|check| check.name == name)
        .unwrap_or_else(|| panic!("{name} was not looked at: {checks:?}"))
}

#[tokio::test]
async fn a_good_installation_has_nothing_that_fails_and_an_unreachable_meta_is_no_failure() {
    let folder = installed().await;
    let checks = examined(&sources(folder.path())).await;
    let failed: Vec<_> = checks.iter().filter(|check| check.status == Verdict::Fail).collect();
    assert!(failed.is_empty(), "{failed:?}");
    for name in ["data folder", "database", "keystore", "master key", "keys", "port", "keystore place"] {
        assert_eq!(of(&checks, name).status, Verdict::Ok, "{name}");
    }
    assert_eq!(of(&checks, "clock").status, Verdict::Warn);
}

#[tokio::test]
async fn looking_at_what_is_not_installed_yet_makes_nothing() {
    let folder = private();
    let checks = examined(&sources(folder.path())).await;
    assert!(checks.iter().all(|check| check.status != Verdict::Fail), "{checks:?}");
    assert_eq!(of(&checks, "database").status, Verdict::Warn);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_lost_master_key_fails_and_is_not_replaced() {
    let folder = installed().await;
    fs::remove_file(folder.path().join("master.key")).unwrap();
    let checks = examined(&sources(folder.path())).await;
    let check = of(&checks, "master key");
    assert_eq!(check.status, Verdict::Fail);
    assert!(check.cure.as_ref().unwrap().contains("restore master.key"));
    assert!(!folder.path().join("master.key").exists());
}

#[tokio::test]
async fn a_damaged_master_key_is_restored_where_it_is_needed_and_never_replaced() {
    let folder = installed().await;
    let key = folder.path().join("master.key");
    fs::write(&key, "0123").unwrap();
    let checks = examined(&sources(folder.path())).await;
    let check = of(&checks, "master key");
    assert_eq!(check.status, Verdict::Fail);
    assert!(check.cure.as_ref().unwrap().contains("restore master.key"), "{check:?}");
    assert!(!check.to_text().contains("openssl"), "{check:?}");
    let lost = fs::remove_file(folder.path().join("keys.db"));
    assert!(lost.is_ok());
    let checks = examined(&sources(folder.path())).await;
    let check = of(&checks, "master key");
    assert!(
        check.cure.as_ref().unwrap().contains("restore master.key"),
        "the data is still there: {check:?}"
    );
    let check = of(&checks, "keystore");
    assert_eq!(check.status, Verdict::Fail);
    assert!(check.cure.as_ref().unwrap().contains("restore the keystore"), "{check:?}");

    let new = private();
    fs::write(new.path().join("master.key"), "").unwrap();
    fs::set_permissions(new.path().join("master.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let checks = examined(&sources(new.path())).await;
    assert!(of(&checks, "master key").cure.as_ref().unwrap().contains("nothing was encrypted yet"));
}

#[tokio::test]
async fn a_master_key_of_another_installation_fails() {
    let (folder, other) = (installed().await, installed().await);
    fs::copy(other.path().join("master.key"), folder.path().join("master.key")).unwrap();
    let checks = examined(&sources(folder.path())).await;
    assert_eq!(of(&checks, "master key").status, Verdict::Ok, "the file itself is fine");
    assert_eq!(of(&checks, "keys").status, Verdict::Fail);
}

#[tokio::test]
async fn wrong_permissions_fail_and_the_cure_is_the_command() {
    let folder = installed().await;
    let key = folder.path().join("master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let checks = examined(&sources(folder.path())).await;
    let check = of(&checks, "master key");
    assert_eq!(
        (check.status, check.cure.clone()),
        (Verdict::Fail, Some(format!("run chmod 600 {}", key.display())))
    );
    let check = of(&checks, "data folder");
    assert_eq!(check.status, Verdict::Fail);
    assert_eq!(check.cure, Some(format!("run chmod 700 {}", folder.path().display())));
}

#[tokio::test]
async fn a_database_that_is_behind_or_ahead_or_none_fails_each_with_its_own_cure() {
    let behind = private();
    let url = Config::load(&sources(behind.path())).unwrap().database_url();
    db::migrate::apply(
        &db::Db::open(&url, &db::Options { create: true, connections: 1 }).await.unwrap(),
        &MIGRATIONS[..1],
        None,
        1,
    )
    .await
    .unwrap();
    let checks = examined(&sources(behind.path())).await;
    assert!(of(&checks, "database").cure.as_ref().unwrap().contains("zelo migrate"));
    assert_eq!(of(&checks, "database").status, Verdict::Fail);

    let (_, ahead) =
        stores::open("database", &installed_url(&installed().await), &MIGRATIONS[..1], "DATABASE_URL").await;
    assert_eq!(ahead.status, Verdict::Fail);
    assert!(ahead.detail.contains("newer"), "{ahead:?}");

    let broken = private();
    fs::write(broken.path().join("zelo.db"), "this is a letter and no database, however long it may be")
        .unwrap();
    let checks = examined(&sources(broken.path())).await;
    assert_eq!(of(&checks, "database").status, Verdict::Fail);
}

fn installed_url(folder: &tempfile::TempDir) -> db::DatabaseUrl {
    Config::load(&sources(folder.path())).unwrap().database_url()
}

#[tokio::test]
async fn a_server_that_does_not_answer_fails() {
    let folder = private();
    let sources = sources(folder.path())
        .with_flag("database.url", "postgres://zelo@127.0.0.1:1/zelo", "test")
        .with_flag("database.keys_url", "postgres://zelo@127.0.0.1:1/zelo_keys", "test");
    let checks = examined(&sources).await;
    let check = of(&checks, "database");
    assert_eq!(check.status, Verdict::Fail);
    assert!(check.cure.as_ref().unwrap().contains("DATABASE_URL"));
}

#[tokio::test]
async fn a_port_that_another_program_has_fails() {
    let folder = private();
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap().port();
    let sources = sources(folder.path()).with_flag("server.port", taken.to_string(), "test");
    let check = port::check(&Config::load(&sources).unwrap()).await;
    assert_eq!(check.status, Verdict::Fail);
    assert!(check.cure.unwrap().contains(&taken.to_string()));
}

/// What `port::check` says of a port at which this answers.
async fn port_with(router: axum::Router) -> Check {
    let folder = private();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = listener.local_addr().unwrap().port();
    let sources = sources(folder.path()).with_flag("server.port", taken.to_string(), "test");
    let config = Config::load(&sources).unwrap();
    tokio::select! {
        served = axum::serve(listener, router).into_future() => panic!("{served:?}"),
        check = port::check(&config) => check,
    }
}

#[tokio::test]
async fn a_port_that_zelo_has_itself_is_fine() {
    let folder = installed().await;
    let app = start::open(Config::load(&sources(folder.path())).unwrap()).await.unwrap();
    let check = port_with(crate::router::router(&app)).await;
    assert_eq!(check.status, Verdict::Ok);
    assert!(
        check.detail.contains(concat!("Zelo ", env!("CARGO_PKG_VERSION"), " answers")),
        "{}",
        check.detail
    );
}

#[tokio::test]
async fn a_server_that_only_looks_like_zelo_is_another_program() {
    use axum::{Router, routing::get};
    let with_id = |text: &'static str| get(move || async move { ([("x-request-id", "0190a7c2")], text) });
    let rails = Router::new().route("/alive", with_id("ok")).route("/health", with_id("ok"));
    let polite = Router::new()
        .route("/alive", with_id("alive\n"))
        .route("/health", with_id(r#"{"status": "healthy", "version": "1.0"}"#));
    for other in [rails, polite, Router::new()] {
        let check = port_with(other).await;
        assert_eq!(check.status, Verdict::Fail, "{check:?}");
        assert!(check.detail.contains("another program"), "{check:?}");
    }
}

#[test]
fn keys_beside_the_data_fail_whoever_logs_in() {
    let folder = private();
    let with = |keys: &str| {
        let sources = sources(folder.path())
            .with_flag("database.url", "postgres://zelo:a@db/desk", "test")
            .with_flag("database.keys_url", keys, "test");
        stores::keystore_is_apart(&Config::load(&sources).unwrap()).status
    };
    assert_eq!(with("postgres://keeper:b@db:5432/desk"), Verdict::Fail);
    assert_eq!(with("postgres://keeper:b@vault/desk"), Verdict::Ok);
    assert_eq!(with("postgres://keeper:b@db:5433/desk_keys"), Verdict::Ok);
}

#[test]
fn keys_on_the_same_server_are_warned_of_because_physical_backups_copy_whole_servers() {
    let folder = private();
    let with = |data: &str, keys: &str| {
        let sources = sources(folder.path()).with_flag("database.url", data, "test").with_flag(
            "database.keys_url",
            keys,
            "test",
        );
        stores::keystore_is_apart(&Config::load(&sources).unwrap())
    };
    let check = with("postgres://zelo:a@db/desk", "postgres://keeper:b@db:5432/desk_keys");
    assert_eq!(check.status, Verdict::Warn);
    assert!(check.detail.contains("physical backup"), "{}", check.detail);
    assert!(check.cure.unwrap().contains("KEYS_DATABASE_URL"));
    let one_machine = with("postgres://zelo@localhost/desk", "postgres://zelo@127.0.0.1/desk_keys");
    assert_eq!(one_machine.status, Verdict::Warn);
    let two_clusters = with("postgres://zelo@localhost/desk", "postgres://zelo@127.0.0.1:5433/desk_keys");
    assert_eq!(two_clusters.status, Verdict::Ok);
}

#[test]
fn a_role_that_may_not_read_is_told_how_it_gets_its_rights() {
    let url = db::DatabaseUrl::parse("postgres://zelo@127.0.0.1/zelo").unwrap();
    let denied = db::Error::Statement("permission denied for table schema_migrations (42501)".into());
    let cure = stores::refused("database", &url, &denied, "DATABASE_URL").cure.unwrap();
    assert!(cure.contains("zelo migrate") && cure.contains("DATABASE_ADMIN_URL"), "{cure}");
    let gone = db::Error::Unavailable("connection refused".into());
    let cure = stores::refused("database", &url, &gone, "DATABASE_URL").cure.unwrap();
    assert!(cure.contains("start the server"), "{cure}");
}

/// PostgreSQL takes part where `ZELO_TEST_POSTGRES_URL` names a server's superuser.
#[tokio::test]
async fn a_role_that_row_level_security_does_not_bind_is_warned_of() {
    #[expect(clippy::disallowed_methods, reason = "the test run says by its environment where its server is")]
    let Some(server) = std::env::var("ZELO_TEST_POSTGRES_URL").ok() else { return };
    let url = db::DatabaseUrl::parse(&server).unwrap();
    let db = db::Db::open(&url, &db::Options { connections: 1, ..db::Options::default() }).await.unwrap();
    let check = stores::role(&db).await.unwrap();
    assert_eq!(check.status, Verdict::Warn);
    assert!(check.cure.unwrap().contains("DATABASE_ADMIN_URL"));
}
