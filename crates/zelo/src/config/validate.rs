//! Rules that a setting's kind alone does not express. Each complaint names the setting and the cure.

use super::{Config, Environment};

/// The least length of the secret that signs access tokens: 256 bits for HS256 (RFC 7518, section 3.2).
const JWT_SECRET_LEAST: usize = 32;
/// 64 random hexadecimal digits miss more than eight of the sixteen once in a hundred million tries.
const JWT_SECRET_LEAST_DIFFERENT: usize = 8;

/// What is wrong with these settings; empty when nothing is.
pub(super) fn problems(config: &Config) -> Vec<String> {
    let mut problems = Vec::new();
    secrets(config, &mut problems);
    addresses(config, &mut problems);
    numbers(config, &mut problems);
    if !["pt-BR", "en"].contains(&config.locale.as_str()) {
        problems.push(format!("locale is {:?}; write \"pt-BR\" or \"en\"", config.locale));
    }
    if let Err(error) = config.log.level.parse::<tracing_subscriber::filter::Targets>() {
        problems
            .push(format!("log.level is no level: {error}; write \"info\" or \"info,zelo::ingest=debug\""));
    }
    if config.mail.from.parse::<lettre::message::Mailbox>().is_err() {
        problems.push(format!("mail.from is {:?}; write \"Zelo <no-reply@example.com>\"", config.mail.from));
    }
    if config.tenants.deletion_grace_days > 365 {
        problems.push("tenants.deletion_grace_days is at most 365".to_owned());
    }
    if config.mfa.issuer.is_empty() || config.mfa.issuer.contains(':') {
        problems.push(format!("mfa.issuer is {:?}; write a name without a colon", config.mfa.issuer));
    }
    if config.first_admin.email.is_some() != config.first_admin.password.is_some() {
        problems.push(
            "first_admin.email and first_admin.password go together (SUPER_ADMIN_EMAIL, SUPER_ADMIN_PASSWORD); \
             give both or neither and use `zelo setup`"
                .to_owned(),
        );
    }
    problems
}

fn secrets(config: &Config, problems: &mut Vec<String>) {
    if let Some(key) = &config.keys.encryption_key {
        let key = key.expose();
        let is_hex = key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
        // A key of one repeated digit is a placeholder that someone forgot to replace.
        if !is_hex || key.bytes().all(|byte| Some(byte) == key.bytes().next()) {
            problems.push(
                "keys.encryption_key must be 64 hexadecimal digits that nobody can guess; set it to the one that this \
                 installation was made with. Only for one that holds nothing yet make one with `openssl rand -hex 32`, \
                 or leave it out and one is created in the data folder"
                    .to_owned(),
            );
        }
    }
    let signing = [
        ("auth.jwt_secret", &config.auth.jwt_secret),
        ("auth.jwt_other_secret", &config.auth.jwt_other_secret),
    ];
    for (setting, secret) in signing {
        if secret.as_ref().is_some_and(|secret| is_weak(secret.expose())) {
            problems.push(format!(
                "{setting} is shorter than {JWT_SECRET_LEAST} characters, or repeats a few of them; make one with \
                 `openssl rand -hex 32`, or leave it out and one is derived from the installation's keys"
            ));
        }
    }
    if config.auth.jwt_other_secret.is_some() && config.auth.jwt_secret.is_none() {
        problems.push("auth.jwt_other_secret stands alone; give auth.jwt_secret too".to_owned());
    }
}

/// Too short, or a placeholder: 32 random characters of any alphabet hold more than this many different ones.
fn is_weak(secret: &str) -> bool {
    let different = secret.bytes().collect::<std::collections::BTreeSet<_>>().len();
    secret.len() < JWT_SECRET_LEAST || different < JWT_SECRET_LEAST_DIFFERENT
}

fn addresses(config: &Config, problems: &mut Vec<String>) {
    for origin in &config.server.cors_origins {
        if !is_origin(origin) {
            problems.push(format!(
                "server.cors_origins has {origin:?}; write origins as browsers send them, such as \
                 \"https://app.example.com\", without a path or a wildcard"
            ));
        }
    }
    if let Some(url) = &config.server.public_url
        && !is_origin(url)
    {
        problems.push(format!(
            "server.public_url is {url:?}; write scheme and host alone, such as \"https://desk.example.com\""
        ));
    }
    // The address may hold a password, which a complaint must not repeat.
    if config.redis.url.as_ref().is_some_and(|url| !crate::redis_client::is_address(url.expose())) {
        problems.push(
            "redis.url is no address of a Redis server; write \"redis://:password@host:6379\", with rediss:// for TLS"
                .to_owned(),
        );
    }
    let graph = config.whatsapp.graph_base_url.as_str();
    let is_development = config.environment == Environment::Development;
    if !(graph.starts_with("https://") || (is_development && is_loopback(graph))) {
        problems.push(format!(
            "whatsapp.graph_base_url is {graph:?}; it must begin with https:// (the simulator's address on this \
             machine is accepted when ZELO_ENV=development)"
        ));
    }
    let version = config.whatsapp.api_version.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    if !version.is_some_and(|(major, minor)| major.parse::<u16>().is_ok() && minor.parse::<u16>().is_ok()) {
        problems.push(format!(
            "whatsapp.api_version is {:?}; write it as Meta does, such as \"v26.0\"",
            config.whatsapp.api_version
        ));
    }
}

fn numbers(config: &Config, problems: &mut Vec<String>) {
    let least_one = [
        ("database.connections", config.database.connections),
        ("ingest.workers", config.ingest.workers),
        ("ingest.batch", config.ingest.batch),
        ("ingest.lanes", config.ingest.lanes),
        ("silence.minutes", config.silence.minutes as usize),
        ("silence.learning_days", config.silence.learning_days as usize),
        ("outbound.concurrency", config.outbound.concurrency),
        ("outbound.concurrency_per_tenant", config.outbound.concurrency_per_tenant),
        ("outbound.breaker_failures", config.outbound.breaker_failures as usize),
        ("outbound.attempts", config.outbound.attempts as usize),
        ("outbound.messages_per_second", config.outbound.messages_per_second as usize),
        ("outbound.timeout_seconds", usize::try_from(config.outbound.timeout_seconds).unwrap_or(usize::MAX)),
        ("media.concurrency", config.media.concurrency),
        ("media.largest_megabytes", config.media.largest_megabytes as usize),
        ("media.largest_megapixels", config.media.largest_megapixels as usize),
        ("audit.seal_minutes", config.audit.seal_minutes as usize),
        ("auth.access_token_minutes", config.auth.access_token_minutes as usize),
        ("auth.refresh_days", config.auth.refresh_days as usize),
        ("auth.browser_hours", config.auth.browser_hours as usize),
        ("auth.idle_minutes", config.auth.idle_minutes as usize),
        ("auth.admin_idle_minutes", config.auth.admin_idle_minutes as usize),
        ("auth.login_attempts", config.auth.login_attempts as usize),
        ("auth.login_window_minutes", config.auth.login_window_minutes as usize),
    ];
    let limits = &config.limits;
    let of_limits = [
        ("limits.anonymous_per_minute", limits.anonymous_per_minute),
        ("limits.api_key_per_minute", limits.api_key_per_minute),
        ("limits.user_per_minute", limits.user_per_minute),
        ("limits.session_per_minute", limits.session_per_minute),
        ("limits.tenant_per_minute", limits.tenant_per_minute),
        ("limits.send_per_minute", limits.send_per_minute),
        ("limits.refresh_per_minute", limits.refresh_per_minute),
        ("limits.socket_per_minute", limits.socket_per_minute),
        ("limits.probe_per_minute", limits.probe_per_minute),
        ("limits.login_network_failures", limits.login_network_failures),
        ("limits.account_failures", limits.account_failures),
    ];
    let of_limits = of_limits.map(|(setting, value)| (setting, value as usize));
    for (setting, value) in least_one.into_iter().chain(of_limits) {
        if value == 0 {
            problems.push(format!("{setting} is 0; it must be at least 1"));
        }
    }
    // Meta's webhooks reach 3 MB (WhatsApp Cloud API, webhooks overview); a lower limit would lose them for good.
    if config.server.webhook_body_limit_bytes < 3 * 1024 * 1024 {
        problems.push(
            "server.webhook_body_limit_bytes is under 3145728, and Meta sends webhooks up to 3 MB".to_owned(),
        );
    }
    if config.limits.account_failures > 100 && config.environment == Environment::Production {
        problems.push(
            "limits.account_failures is over 100, the most that NIST SP 800-63B-4 allows in a row".to_owned(),
        );
    }
    // A window is counted in memory for no longer; a limit that long would keep people out by mistake.
    if config.auth.login_window_minutes > 24 * 60 {
        problems.push("auth.login_window_minutes is over 1440, a day".to_owned());
    }
    // WhatsApp carries no larger files (Meta, business-phone-numbers/media).
    if config.media.largest_megabytes > 100 {
        problems.push("media.largest_megabytes is over 100, the most that WhatsApp carries".to_owned());
    }
    // A send that hangs keeps its number's messages waiting, and its job is stopped after five minutes.
    if config.outbound.timeout_seconds > 120 {
        problems.push("outbound.timeout_seconds is over 120, two minutes".to_owned());
    }
    if config.silence.one_in < 2 {
        problems
            .push("silence.one_in is under 2; write how rare a silence has to be, such as 10000".to_owned());
    }
    if config.limits.most_subjects < 1_000 {
        problems.push("limits.most_subjects must be at least 1000".to_owned());
    }
    if config.server.api_body_limit_bytes < 16 * 1024 {
        problems.push("server.api_body_limit_bytes must be at least 16384".to_owned());
    }
}

/// Scheme, host and perhaps a port, in lower case: what browsers send as `Origin` (RFC 6454, section 6.2).
fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    !host.is_empty()
        && host.bytes().all(|byte| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'-' | b'.' | b':' | b'[' | b']')
        })
}

fn is_loopback(url: &str) -> bool {
    let Some(host) = url.strip_prefix("http://") else { return false };
    let host = host.split('/').next().unwrap_or_default();
    let name =
        host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}
