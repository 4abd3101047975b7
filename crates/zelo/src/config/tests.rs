use super::*;

fn load(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::load(&Sources { environment, ..Sources::default() })
}

fn from_file(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("zelo.toml"), text).unwrap();
    Config::load(&Sources { folder: Some(folder.path().to_owned()), ..Sources::default() })
}

fn refusal(result: Result<Config, ConfigError>) -> String {
    result.expect_err("this must be refused").to_string()
}

#[test]
fn the_defaults_alone_are_a_working_configuration() {
    let config = load(&[]).unwrap();
    assert_eq!(config.listen_address().to_string(), "127.0.0.1:8080");
    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.server.webhook_body_limit_bytes, 4 * 1024 * 1024);
    assert_eq!(config.database_url(), DatabaseUrl::Sqlite("data/zelo.db".into()));
    assert_eq!(config.keys_database_url(), DatabaseUrl::Sqlite("data/keys.db".into()));
    assert_eq!((config.auth.access_token_minutes, config.ingest.lanes), (10, 16));
    assert!(config.logs_json() && config.keys.encryption_key.is_none() && config.notices().is_empty());
}

#[test]
fn every_setting_of_the_defaults_has_its_meaning_above_it() {
    let mut documented = false;
    for line in DEFAULTS.lines() {
        if line.starts_with('#') {
            documented = true;
        } else if line.contains(" = ") {
            // first_admin.password shares the words of the address above it.
            assert!(documented || line.starts_with("password"), "{line} says nothing about itself");
            documented = false;
        }
    }
}

#[test]
fn each_source_holds_over_the_ones_before_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("zelo.toml"), "[server]\nport = 1\nbind = \"0.0.0.0\"\n").unwrap();
    let mut sources = Sources { folder: Some(folder.path().to_owned()), ..Sources::default() };
    let port = |sources: &Sources| Config::load(sources).unwrap().server.port;
    assert_eq!(port(&sources), 1);
    sources.environment.insert("PORT".into(), "2".into());
    assert_eq!(port(&sources), 2);
    sources.environment.insert("ZELO__SERVER__PORT".into(), "3".into());
    assert_eq!(port(&sources), 3);
    assert!(Config::load(&sources).unwrap().notices()[0].contains("PORT both give server.port"));
    let sources = sources.with_flag("server.port", "4", "--port");
    assert_eq!(port(&sources), 4);
    assert_eq!(Config::load(&sources).unwrap().server.bind.to_string(), "0.0.0.0");
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let sources = Sources { file: Some("/nowhere/zelo.toml".into()), ..Sources::default() };
    assert!(refusal(Config::load(&sources)).contains("/nowhere/zelo.toml cannot be read"));
}

#[test]
fn an_unknown_setting_is_refused_with_the_nearest_known_one() {
    let text = refusal(from_file("[server]\nprot = 9\n[databse]\nurl = \"sqlite:x.db\"\n"));
    assert!(text.contains("server.prot") && text.contains("the nearest one is server.port"), "{text}");
    assert!(text.contains("databse.url") && text.contains("database.url"), "{text}");
    let text = refusal(load(&[("ZELO__LOG__LEVELL", "info")]));
    assert!(text.contains("ZELO__LOG__LEVELL") && text.contains("log.level (ZELO__LOG__LEVEL)"), "{text}");
}

#[test]
fn all_mistakes_are_named_at_once() {
    let text = refusal(load(&[("PORT", "eighty"), ("ZELO__INGEST__LANES", "many"), ("ZELO__X__Y", "1")]));
    for part in ["PORT (server.port) must be a whole number", "ZELO__INGEST__LANES", "ZELO__X__Y"] {
        assert!(text.contains(part), "{part} is missing from {text}");
    }
}

#[test]
fn the_customary_names_work() {
    let key = "0123456789abcdef".repeat(4);
    let secret = "jaguatirica-".repeat(4);
    let config = load(&[
        ("DATABASE_URL", "postgres://zelo:geheim@db/desk"),
        ("DATABASE_ADMIN_URL", "postgres://owner:geheim@db/desk"),
        ("MASTER_ENCRYPTION_KEY", &key),
        ("SECRET_KEY", &secret),
        ("FRONTEND_URL", "https://a.example, https://b.example"),
        ("NODE_ENV", "development"),
        ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "word"),
        ("SUPER_ADMIN_EMAIL", "ana@hotel.example"),
        ("SUPER_ADMIN_PASSWORD", "correct horse"),
        ("REDIS_HOST", "cache"),
        ("REDIS_PASSWORD", "p@ss"),
    ])
    .unwrap();
    assert_eq!(config.database_url(), DatabaseUrl::Postgres("postgres://zelo:geheim@db/desk".into()));
    assert_eq!(config.admin_database_url(), DatabaseUrl::Postgres("postgres://owner:geheim@db/desk".into()));
    assert_eq!(
        config.keys_database_url(),
        DatabaseUrl::Postgres("postgres://zelo:geheim@db/desk_keys".into())
    );
    assert_eq!(config.keys.encryption_key.unwrap().expose(), key);
    assert_eq!(config.auth.jwt_secret.unwrap().expose(), secret);
    assert_eq!(config.server.cors_origins, ["https://a.example", "https://b.example"]);
    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.whatsapp.webhook_verify_token.unwrap().expose(), "word");
    assert_eq!(config.first_admin.email.unwrap(), "ana@hotel.example");
    assert_eq!(config.redis.url.unwrap().expose(), "redis://:p%40ss@cache:6379");
}

#[test]
fn postgres_names_make_an_address_unless_one_is_given() {
    let parts = [
        ("POSTGRES_HOST", "db"),
        ("POSTGRES_USER", "ze/lo"),
        ("POSTGRES_PASSWORD", "a:b@c"),
        ("POSTGRES_DB", "desk"),
    ];
    let made = "postgres://ze%2Flo:a%3Ab%40c@db:5432/desk";
    assert_eq!(load(&parts).unwrap().database_url(), DatabaseUrl::Postgres(made.into()));
    let mut given = parts.to_vec();
    given.push(("DATABASE_URL", "sqlite:/srv/zelo.db"));
    assert_eq!(load(&given).unwrap().database_url(), DatabaseUrl::Sqlite("/srv/zelo.db".into()));
}

#[test]
fn whatever_does_not_say_development_is_production() {
    for (word, expected) in [
        ("development", Environment::Development),
        ("dev", Environment::Production),
        ("test", Environment::Production),
        ("", Environment::Production),
    ] {
        assert_eq!(load(&[("ZELO_ENV", word)]).unwrap().environment, expected, "{word}");
    }
    let both = load(&[("NODE_ENV", "development"), ("ZELO_ENV", "production")]).unwrap();
    assert_eq!(both.environment, Environment::Production);
}

#[test]
fn a_secret_can_lie_in_a_file_and_only_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwt");
    std::fs::write(&path, format!("{}\n", "jaguatirica-".repeat(4))).unwrap();
    let path = path.to_str().unwrap();
    for name in ["JWT_SECRET_FILE", "ZELO__AUTH__JWT_SECRET_FILE"] {
        let config = load(&[(name, path)]).unwrap();
        assert_eq!(config.auth.jwt_secret.unwrap().expose(), "jaguatirica-".repeat(4), "{name}");
        assert!(refusal(load(&[(name, "/nowhere")])).contains(&format!("{name} names /nowhere")));
    }
    let twice = load(&[("JWT_SECRET_FILE", path), ("JWT_SECRET", &"k".repeat(48))]);
    assert!(refusal(twice).contains("JWT_SECRET and JWT_SECRET_FILE are both set"));
    // What is no secret has no file form.
    assert!(refusal(load(&[("ZELO__SERVER__PORT_FILE", path)])).contains("ZELO__SERVER__PORT_FILE"));
}

#[test]
fn names_without_a_use_are_named_and_do_no_harm() {
    let config = load(&[
        ("JWT_REFRESH_SECRET", "x"),
        ("CELERY_BROKER_URL", "redis://x"),
        ("WHATSAPP_ACCESS_TOKEN", "EAAG"),
        ("WHATSAPP_APP_SECRET", "of the whole platform"),
        ("SENTRY_DSN", "https://x"),
        ("ZELO_PORT", "9"),
        ("BASE_DOMAIN", "desk.example"),
        ("REDIS_URL", "redis://cache"),
        ("PATH", "/bin"),
    ])
    .unwrap();
    let notices = config.notices().join("\n");
    for name in [
        "JWT_REFRESH_SECRET",
        "CELERY_BROKER_URL",
        "WHATSAPP_ACCESS_TOKEN",
        "SENTRY_DSN",
        "ZELO_PORT",
        "BASE_DOMAIN",
    ] {
        assert!(notices.contains(&format!("{name} is set but not used")), "{name}: {notices}");
    }
    assert!(!notices.contains("PATH") && !notices.contains("EAAG"), "{notices}");
    assert!(notices.contains("WHATSAPP_APP_SECRET is set but not used"), "{notices}");
    assert!(!notices.contains("of the whole platform"), "{notices}");
    assert_eq!(config.server.port, 8080);
}

#[test]
fn no_secret_is_ever_shown() {
    let key = "fedcba9876543210".repeat(4);
    let secret = "jaguatirica-".repeat(4);
    let config = load(&[
        ("DATABASE_URL", "postgres://zelo:geheim@db/desk"),
        ("ENCRYPTION_KEY", &key),
        ("JWT_SECRET", &secret),
        ("WHATSAPP_APP_SECRET", "appgeheim"),
        ("ZELO__METRICS__TOKEN", "metrikgeheim"),
        ("REDIS_URL", "redis://:redisgeheim@cache:6379"),
        ("SUPER_ADMIN_EMAIL", "ana@hotel.example"),
        ("SUPER_ADMIN_PASSWORD", "kennwortgeheim"),
    ])
    .unwrap();
    let shown = [config.describe().to_text(), config.describe().to_json().to_string(), format!("{config:?}")];
    for text in &shown {
        assert!(!text.contains("geheim") && !text.contains(&key) && !text.contains(&secret), "{text}");
        assert!(!text.contains("jaguatirica"), "{text}");
    }
    assert!(
        shown[0].contains("database.url = \"postgres://zelo@db:5432/desk\"  # DATABASE_URL"),
        "{}",
        shown[0]
    );
    assert!(shown[0].contains("keys.encryption_key = \"(hidden)\"  # ENCRYPTION_KEY"), "{}", shown[0]);
    assert!(shown[0].contains("server.port = 8080  # default"), "{}", shown[0]);
    let json = config.describe().to_json();
    assert_eq!(json["server.port"], serde_json::json!({ "value": 8080, "from": "default" }));
}

#[test]
fn a_secret_in_a_broken_file_does_not_reach_the_message() {
    let text = refusal(from_file("[auth]\njwt_secret = \"geheim\ntoken = 1\n"));
    assert!(text.contains("zelo.toml line 2") && !text.contains("geheim"), "{text}");
    let text = refusal(load(&[("DATABASE_URL", "postgers://zelo:geheim@db/x")]));
    assert!(text.contains("database") && text.contains("postgers") && !text.contains("geheim"), "{text}");
    let text = refusal(from_file("[auth]\njwt_secret = 12345678\n"));
    assert!(text.contains("auth.jwt_secret") && !text.contains("12345678"), "{text}");
}

#[test]
fn wrong_values_are_refused_with_the_setting_and_the_cure() {
    let zeros = "0".repeat(64);
    for (name, value, setting, cure) in [
        ("ENCRYPTION_KEY", "short", "keys.encryption_key", "openssl rand -hex 32"),
        ("ENCRYPTION_KEY", zeros.as_str(), "keys.encryption_key", "openssl rand -hex 32"),
        ("JWT_SECRET", "change-me", "auth.jwt_secret", "openssl rand -hex 32"),
        ("FRONTEND_URL", "*", "server.cors_origins", "without a path or a wildcard"),
        ("FRONTEND_URL", "https://a.example/", "server.cors_origins", "https://app.example.com"),
        ("ZELO__SERVER__PUBLIC_URL", "desk.example.com", "server.public_url", "https://desk.example.com"),
        ("ZELO__WHATSAPP__GRAPH_BASE_URL", "http://127.0.0.1:9", "whatsapp.graph_base_url", "https://"),
        ("WHATSAPP_API_VERSION", "26", "whatsapp.api_version", "v26.0"),
        ("ZELO__INGEST__LANES", "0", "ingest.lanes", "at least 1"),
        ("ZELO__LOCALE", "fr", "locale", "pt-BR"),
        ("ZELO__LOG__LEVEL", "zelo=loud", "log.level", "info"),
        ("SUPER_ADMIN_EMAIL", "ana@hotel.example", "first_admin.password", "zelo setup"),
        ("ZELO__SERVER__WEBHOOK_BODY_LIMIT_BYTES", "1000", "webhook_body_limit_bytes", "3 MB"),
        ("ZELO__SERVER__TRUSTED_PROXIES", "10.0.0.0/40", "trusted_proxies", "10.0.0.0/8"),
        ("ZELO__LOG__FORMAT", "xml", "format", "json"),
        ("PORT", "70000", "port", "u16"),
        ("ZELO__METRICS__LISTEN", "9464", "listen", "socket address"),
        ("ZELO__OUTBOUND__TIMEOUT_SECONDS", "600", "outbound.timeout_seconds", "120"),
    ] {
        let text = refusal(load(&[(name, value)]));
        assert!(text.contains(setting) && text.contains(cure), "{name}={value}: {text}");
    }
}

#[test]
fn the_simulator_is_accepted_in_development_and_only_on_this_machine() {
    let at = |url: &str| load(&[("ZELO_ENV", "development"), ("ZELO__WHATSAPP__GRAPH_BASE_URL", url)]);
    for simulator in ["http://127.0.0.1:9000", "http://localhost:9000/x", "http://[::1]:9000"] {
        assert!(at(simulator).is_ok(), "{simulator}");
    }
    for elsewhere in ["http://graph.example", "http://127.0.0.1.example:80", "http://localhost@evil.example"]
    {
        assert!(at(elsewhere).is_err(), "{elsewhere}");
    }
}
