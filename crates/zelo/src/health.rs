//! Whether the product lives, is ready, and how each part is.

use crate::{
    app::App,
    audit,
    error::{Error, Result},
    identity::{self, Caller},
    inbound, quotas, telemetry,
};
use axum::{
    Extension,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// What a living process says; `zelo doctor` knows Zelo by it.
pub(crate) const ALIVE: &str = "alive\n";

/// The process runs.
pub async fn alive() -> &'static str {
    ALIVE
}

/// Requests can be served: the database takes writes and the keystore answers. Without Redis they can be, too.
pub async fn ready(State(app): State<App>) -> Response {
    let checks = check_all(&app).await;
    let failed: Vec<&str> =
        checks.iter().filter(|(_, check)| check.status == Status::Unhealthy).map(|(name, _)| *name).collect();
    if failed.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", failed.join(", "))).into_response()
}

/// How long an answer is given again. The question writes to the database, and anybody may ask it.
const FRESH: Duration = Duration::from_secs(1);

/// The newest answer. Who asks while another is asking gets that one's answer.
#[derive(Debug, Default)]
pub struct Checks {
    newest: tokio::sync::Mutex<Option<(Instant, Parts)>>,
}

type Parts = BTreeMap<&'static str, Check>;

/// How something is. The worst of the parts is how the whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Healthy,
    /// It goes on, but not as it should.
    Degraded,
    Unhealthy,
}

/// One part.
#[derive(Debug, Clone, Serialize)]
struct Check {
    status: Status,
    duration_ms: f64,
}

#[derive(Serialize)]
struct Health {
    status: Status,
    version: &'static str,
    uptime: i64,
    timestamp: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    checks: Parts,
}

/// How the product is; the parts only for those who are signed in or on the same machine.
pub async fn health(
    State(app): State<App>,
    connection: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    caller: Option<Caller>,
) -> Response {
    let checks = check_all(&app).await;
    let worst = checks.values().map(|check| check.status).max().unwrap_or(Status::Healthy);
    let may_see = caller.is_some() || is_local(connection, &headers);
    let now = app.clock.now();
    let health = Health {
        status: worst,
        version: env!("CARGO_PKG_VERSION"),
        uptime: (now - app.started_at) / 1_000,
        timestamp: crate::api::rfc3339(now),
        checks: if may_see { checks } else { Parts::new() },
    };
    let status = if worst == Status::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, axum::Json(health)).into_response()
}

/// Try one part; `otherwise` is how it is when it does not answer.
async fn timed(otherwise: Status, work: impl Future<Output = bool>) -> Check {
    let begun = Instant::now();
    let answers = tokio::time::timeout(Duration::from_secs(5), work).await.unwrap_or(false);
    let status = if answers { Status::Healthy } else { otherwise };
    Check { status, duration_ms: begun.elapsed().as_secs_f64() * 1_000.0 }
}

async fn check_all(app: &App) -> Parts {
    let mut newest = app.checks.newest.lock().await;
    if let Some((at, parts)) = newest.as_ref()
        && at.elapsed() < FRESH
    {
        return parts.clone();
    }
    let database = timed(Status::Unhealthy, async { inbound::check_writable(app).await.is_ok() });
    let keys = timed(Status::Unhealthy, async { app.keyring.platform().await.is_ok() });
    let (database, keys, cache) = tokio::join!(database, keys, cache(app));
    let mut parts = BTreeMap::from([("database", database), ("keys", keys)]);
    parts.extend(cache.map(|cache| ("cache", cache)));
    *newest = Some((Instant::now(), parts.clone()));
    parts
}

/// Redis, where the settings name one. Without it each process goes on by itself.
async fn cache(app: &App) -> Option<Check> {
    let redis = app.redis.as_ref()?;
    let ping = async { redis.send::<String>("PING", &[] as &[&str]).await.is_ok() };
    Some(timed(Status::Degraded, ping).await)
}

fn is_local(connection: Option<Extension<ConnectInfo<SocketAddr>>>, headers: &HeaderMap) -> bool {
    let forwarded =
        ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| headers.contains_key(*name));
    !forwarded && connection.is_some_and(|Extension(ConnectInfo(address))| address.ip().is_loopback())
}

/// Figures for Prometheus: with the token of the settings, or from the same machine.
///
/// # Errors
/// [`Error::Unauthorized`] otherwise.
pub async fn metrics(
    State(app): State<App>,
    connection: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response> {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let has_token = match (given, app.config.metrics.token.as_ref()) {
        (Some(given), Some(token)) => {
            aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), token.expose().as_bytes())
                .is_ok()
        }
        _ => false,
    };
    if !has_token && !is_local(connection, &headers) {
        return Err(Error::Unauthorized);
    }
    let recorder = telemetry::Metrics::install().map_err(Error::internal)?;
    publish_counts(&app).await?;
    let text = recorder.render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// Figures that live in the database, so that they survive a crash and add up.
async fn publish_counts(app: &App) -> Result<()> {
    let counts = inbound::count_events(app).await?;
    let outcomes = [
        ("stored", counts.stored),
        ("processed", counts.processed),
        ("duplicate", counts.duplicate),
        ("quarantined", counts.quarantined),
    ];
    for (outcome, count) in outcomes {
        let count = u64::try_from(count).unwrap_or(0);
        metrics::counter!("zelo_webhook_events_total", "outcome" => outcome).absolute(count);
    }
    let age = counts.oldest_waiting_at.map_or(0, |oldest| (app.clock.now() - oldest).max(0) / 1_000);
    metrics::gauge!("zelo_job_oldest_seconds", "queue" => "inbound").set(age as f64);
    metrics::gauge!("zelo_jobs", "queue" => "inbound", "state" => "ready").set(counts.waiting as f64);
    metrics::gauge!("zelo_sockets").set(app.audience.count() as f64);
    identity::publish_active(app);
    let unsealed = audit::count_unsealed(app).await?;
    metrics::gauge!("zelo_audit_unsealed_entries").set(unsealed as f64);
    audit::publish_seal_ages(app).await?;
    quotas::publish_gauges(app).await?;
    app.jobs.publish_gauges().await?;
    Ok(())
}
