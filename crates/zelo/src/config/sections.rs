//! One struct per section of `config.default.toml`, which says what each setting means.

use super::{Network, Secret};
use db::DatabaseUrl;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

/// Whether real customers are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real customers: everything strict.
    Production,
    /// The demo and work on Zelo itself.
    Development,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub bind: IpAddr,
    pub port: u16,
    pub public_url: Option<String>,
    pub cors_origins: Vec<String>,
    pub trusted_proxies: Vec<Network>,
    pub webhook_body_limit_bytes: usize,
    pub api_body_limit_bytes: usize,
    pub shutdown_seconds: u64,
}

/// `[data]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub dir: PathBuf,
}

/// `[database]`. [`super::Config::database_url`] and its sisters give the addresses that hold in the end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    #[serde(default, deserialize_with = "database_url")]
    pub url: Option<DatabaseUrl>,
    #[serde(default, deserialize_with = "database_url")]
    pub admin_url: Option<DatabaseUrl>,
    #[serde(default, deserialize_with = "database_url")]
    pub keys_url: Option<DatabaseUrl>,
    pub connections: usize,
}

fn database_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DatabaseUrl>, D::Error> {
    let text = String::deserialize(deserializer)?;
    DatabaseUrl::parse(&text).map(Some).map_err(D::Error::custom)
}

/// `[keys]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    pub encryption_key: Option<Secret>,
}

/// `[auth]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub jwt_secret: Option<Secret>,
    pub jwt_other_secret: Option<Secret>,
    pub access_token_minutes: u32,
    pub refresh_days: u32,
    pub browser_hours: u32,
    pub idle_minutes: u32,
    pub admin_idle_minutes: u32,
    pub login_attempts: u32,
    pub rotation_days: u32,
    pub access_review_days: u32,
    pub login_window_minutes: u32,
}

/// `[tenants]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenants {
    pub deletion_grace_days: u32,
}

/// `[quota]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    pub media_bytes: u64,
    pub messages_per_month: u64,
}

/// `[mfa]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mfa {
    pub required: bool,
    pub required_for_admin: bool,
    pub issuer: String,
}

/// `[mail]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub smtp_url: Option<Secret>,
    pub from: String,
}

/// `[limits]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub anonymous_per_minute: u32,
    pub api_key_per_minute: u32,
    pub user_per_minute: u32,
    pub session_per_minute: u32,
    pub tenant_per_minute: u32,
    pub send_per_minute: u32,
    pub refresh_per_minute: u32,
    pub socket_per_minute: u32,
    pub probe_per_minute: u32,
    pub login_network_failures: u32,
    pub account_failures: u32,
    pub most_subjects: usize,
}

/// `[whatsapp]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whatsapp {
    pub api_version: String,
    pub graph_base_url: String,
    pub webhook_verify_token: Option<Secret>,
}

/// `[ingest]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    pub workers: usize,
    pub batch: usize,
    pub lanes: usize,
}

/// `[silence]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    pub one_in: u32,
    pub minutes: u32,
    pub learning_days: u32,
}

/// `[outbound]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    pub concurrency: usize,
    pub concurrency_per_tenant: usize,
    pub messages_per_second: u32,
    pub breaker_failures: u32,
    pub timeout_seconds: u64,
    pub attempts: u32,
}

/// `[media]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    pub folder: Option<PathBuf>,
    pub bucket: Option<String>,
    pub concurrency: usize,
    pub largest_megabytes: u32,
    pub largest_megapixels: u32,
    pub scanner: Option<String>,
    pub scanner_required: bool,
}

/// `[redis]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    pub url: Option<Secret>,
}

/// `[s3]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    pub endpoint: Option<String>,
    pub region: Option<String>,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<Secret>,
}

/// `[egress]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    pub allow: Vec<Network>,
    #[serde(deserialize_with = "ports")]
    pub ports: Vec<u16>,
}

/// `[audit]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    pub seal_folder: Option<PathBuf>,
    pub seal_webhook: Option<Secret>,
    pub seal_bucket: Option<String>,
    pub seal_mail: Option<String>,
    pub seal_minutes: u32,
}

/// Numbers in a file, texts from the environment.
fn ports<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Port {
        Number(u16),
        Text(String),
    }
    let ports = Vec::<Port>::deserialize(deserializer)?;
    ports
        .into_iter()
        .map(|port| match port {
            Port::Number(port) => Ok(port),
            Port::Text(text) => text.parse().map_err(|_| D::Error::custom(format!("{text:?} is no port"))),
        })
        .collect()
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text in development, JSON in production.
    Auto,
    /// One JSON object a line.
    Json,
    /// Lines for people.
    Text,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
    pub dir: Option<PathBuf>,
}

/// `[metrics]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    pub token: Option<Secret>,
    pub listen: Option<SocketAddr>,
}

/// `[first_admin]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstAdmin {
    pub email: Option<String>,
    pub password: Option<Secret>,
}
