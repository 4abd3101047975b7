//! `zelo bench`: how much this machine takes. Everything runs in this process on a database of its own, so that the
//! numbers are those of the whole way: HTTP, signature, disk, queue, inbox.

use super::{
    Context,
    demo::Folder,
    failure::{Failure, Result, with_causes},
    say, serve, start,
};
use crate::{
    app::App,
    channels::{self, Credentials, NewChannel},
    config::Sources,
    crypto::random_bytes,
    inbound,
    schema::MIGRATIONS,
    tasks, telemetry,
    tenants::{self, NewTenant, TenantScope},
};
use bytes::Bytes;
use clap::{Args, Subcommand};
use db::{
    DatabaseUrl, Db,
    migrate::{Standing, standing},
};
use serde_json::json;
use std::{
    fs,
    io::IsTerminal as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use whatsapp::signature::AppSecret;

const NUMBER: &str = "200300400500601";
const ACCOUNT: &str = "100200300400501";
/// As many people write as a busy desk hears from in a day.
const PEOPLE: usize = 1_000;
/// After this long without an end something is broken.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How many webhooks a second are stored and processed.
    #[command(after_help = "Example: zelo bench ingest --messages 20000 --connections 32")]
    Ingest(Ingest),
}

#[derive(Debug, Args)]
pub(super) struct Ingest {
    /// How many webhooks are sent, with one message each.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    messages: u32,
    /// How many connections send them.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// An empty database to measure on; a throw-away SQLite file if left out.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// What was measured.
struct Measured {
    /// How long each answer took, shortest first.
    answers: Vec<Duration>,
    acknowledged_in: Duration,
    processed_in: Duration,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<()> {
    let Command::Ingest(ingest) = command;
    let folder = Folder::open(None, &context.sources.environment)?;
    let mut told = serve::StopSignal::listen()?;
    tokio::select! {
        measured = Box::pin(measure(&ingest, &folder)) => report(&ingest, &measured?, context.json),
        () = told.heard() => return Err(Failure::new("stopped before the end: nothing was measured")),
    }
    Ok(())
}

async fn measure(ingest: &Ingest, folder: &Folder) -> Result<Measured> {
    let mut sources = Sources::default()
        .with_flag("data.dir", folder.path().display().to_string(), "bench")
        .with_flag("server.port", "0", "bench")
        .with_flag("server.shutdown_seconds", "5", "bench");
    if let Some(url) = &ingest.database_url {
        refuse_used(url).await?;
        let keys = format!("sqlite:{}", folder.path().join("keys.db").display());
        sources = sources.with_flag("database.url", url, "--database-url").with_flag(
            "database.keys_url",
            keys,
            "bench",
        );
    }
    let config = start::settings(&sources)?;
    telemetry::keep_metrics(telemetry::Metrics::install()?)?;
    let listener = serve::bind(config.listen_address()).await?;
    let url = format!("http://{}/webhooks/whatsapp", listener.local_addr()?);
    let app = start::open(config).await?;
    let secret = hex::encode(random_bytes::<16>()?.as_ref());
    connect(&app, &secret).await?;
    let bodies = Arc::new(signed_bodies(ingest.messages as usize, &secret, app.clock.now() / 1000));
    let work = tasks::start(&app).await?;
    let running =
        serve::Running::begin(app.clone(), Some((listener, crate::router::router(&app))), Some(work));

    let begun = Instant::now();
    let answers = send(&app, &url, &bodies, ingest.connections as usize).await?;
    let acknowledged_in = begun.elapsed();
    settle(&app, ingest.messages.into()).await?;
    let processed_in = begun.elapsed();
    running.stop().await;
    Ok(Measured { answers, acknowledged_in, processed_in })
}

/// Thousands of invented messages belong into no database that somebody uses.
async fn refuse_used(url: &str) -> Result<()> {
    let url = DatabaseUrl::parse(url).map_err(|error| Failure::usage(error.to_string()))?;
    let db = Db::open(&url, &db::Options { create: false, connections: 1 }).await?;
    match standing(&db, MIGRATIONS).await? {
        Standing::Behind(missing) if missing.len() == MIGRATIONS.len() => Ok(()),
        _ => Err(Failure::new(format!("{url} is in use by Zelo: give --database-url an empty database"))),
    }
}

async fn connect(app: &App, secret: &str) -> Result<()> {
    let tenant =
        tenants::create_tenant(app, &NewTenant { name: "Bench".into(), slug: "bench".into(), tax_id: None })
            .await?;
    let new = NewChannel {
        name: "Bench".into(),
        phone_number_id: NUMBER.into(),
        waba_id: ACCOUNT.into(),
        display_phone: String::new(),
        credentials: Credentials {
            access_token: "never used".into(),
            app_secret: secret.to_owned(),
            verify_token: secret.to_owned(),
        },
    };
    channels::create_channel(app, TenantScope::of_work(tenant.id), &new).await?;
    Ok(())
}

/// Bodies as Meta sends them, with their signatures; made before the clock starts.
fn signed_bodies(count: usize, secret: &str, now: i64) -> Vec<(Bytes, String)> {
    let secret = AppSecret::new(secret);
    let body = |number: usize| {
        let wa_id = format!("55119{:08}", 10_000_000 + number % PEOPLE);
        let message = json!({
            "from": wa_id,
            "id": format!("wamid.BENCH{number:012}"),
            "timestamp": now.to_string(),
            "type": "text",
            "text": {"body": format!("Mensagem {number}: ainda tem quarto para o feriado?")},
        });
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "554830251000", "phone_number_id": NUMBER},
            "contacts": [{"profile": {"name": format!("Hóspede {}", number % PEOPLE)}, "wa_id": wa_id}],
            "messages": [message],
        });
        let change = json!({"field": "messages", "value": value});
        json!({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": [change]}]})
            .to_string()
    };
    (0..count)
        .map(|number| {
            let body = body(number);
            let signature = secret.sign(body.as_bytes());
            (Bytes::from(body), signature)
        })
        .collect()
}

/// Send everything over so many connections; returns how long each answer took, shortest first.
async fn send(
    app: &App,
    url: &str,
    bodies: &Arc<Vec<(Bytes, String)>>,
    connections: usize,
) -> Result<Vec<Duration>> {
    let (next, client) = (Arc::new(AtomicUsize::new(0)), crate::egress::client_of_a_tool()?);
    let senders: Vec<_> = (0..connections)
        .map(|_| {
            let (next, client, bodies, url) = (next.clone(), client.clone(), bodies.clone(), url.to_owned());
            app.tasks.spawn(async move {
                let mut answers = Vec::new();
                while let Some((body, signature)) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    answers.push(post(&client, &url, body.clone(), signature).await?);
                }
                Ok::<_, Failure>(answers)
            })
        })
        .collect();
    let progress = show_progress(app, &next, bodies.len());
    let mut answers = Vec::with_capacity(bodies.len());
    for sender in senders {
        answers.extend(sender.await.map_err(|error| Failure::new(error.to_string()))??);
    }
    progress.abort();
    answers.sort_unstable();
    Ok(answers)
}

async fn post(client: &reqwest::Client, url: &str, body: Bytes, signature: &str) -> Result<Duration> {
    let begun = Instant::now();
    let request = client.post(url).header("content-type", "application/json");
    let answer = request
        .header("x-hub-signature-256", signature)
        .body(body)
        .send()
        .await
        .map_err(|error| Failure::new(with_causes(&error)))?;
    if answer.status() != reqwest::StatusCode::OK {
        let cure = "send over fewer --connections";
        return Err(Failure::new(format!("a webhook was answered with {}: {cure}", answer.status())));
    }
    Ok(begun.elapsed())
}

/// On a terminal, say how far it is.
fn show_progress(app: &App, next: &Arc<AtomicUsize>, all: usize) -> tokio::task::JoinHandle<()> {
    let next = next.clone();
    app.tasks.spawn(async move {
        while std::io::stderr().is_terminal() {
            let sent = next.load(Ordering::Relaxed).min(all);
            say::aside(&format!("\x1b[1A\x1b[2K{:<40} {sent} of {all}", "#".repeat(sent * 40 / all.max(1))));
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    })
}

/// Wait until every event was processed, and make sure that none was lost on the way.
async fn settle(app: &App, expected: i64) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let counts = inbound::count_events(app).await?;
        if counts.waiting == 0 {
            if counts.processed == expected {
                return Ok(());
            }
            return Err(Failure::new(format!(
                "of {expected} messages only {} were processed",
                counts.processed
            )));
        }
        if Instant::now() > deadline {
            return Err(Failure::new(format!("{} messages still wait after 10 minutes", counts.waiting)));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn report(ingest: &Ingest, measured: &Measured, as_json: bool) {
    let rate = |time: Duration| (f64::from(ingest.messages) / time.as_secs_f64().max(1e-9)).round();
    let millis = |share: f64| quantile(&measured.answers, share).as_secs_f64() * 1000.0;
    let (acknowledged, end_to_end) = (rate(measured.acknowledged_in), rate(measured.processed_in));
    let (p50, p99, rss) = (millis(0.5), millis(0.99), resident_megabytes());
    let value = json!({
        "messages": ingest.messages,
        "connections": ingest.connections,
        "acknowledged_per_second": acknowledged,
        "acknowledged_p50_ms": p50,
        "acknowledged_p99_ms": p99,
        "end_to_end_per_second": end_to_end,
        "rss_mb": rss,
    });
    let memory = rss.map_or_else(|| "unknown".to_owned(), |rss| format!("{rss} MB"));
    let text = format!(
        "{} webhooks over {} connections, sent by this very process\n  acknowledged  {acknowledged} a second (p50 \
         {p50:.1} ms, p99 {p99:.1} ms)\n  in the inbox  {end_to_end} a second\n  memory        {memory}",
        ingest.messages, ingest.connections
    );
    say::either(as_json, &value, &text);
}

/// The value that this share of the sorted values does not exceed (nearest rank).
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among at most five million values"
    )]
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The memory of this process as Linux counts it.
fn resident_megabytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let sorted: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 0.5), Duration::from_millis(50));
        assert_eq!(quantile(&sorted, 0.99), Duration::from_millis(99));
        assert_eq!(quantile(&sorted[..1], 0.99), Duration::from_millis(1));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }

    #[test]
    fn bodies_are_what_meta_would_sign_and_each_is_a_message_of_its_own() {
        let bodies = signed_bodies(2, "a secret", 1_795_176_000);
        let secret = AppSecret::new("a secret");
        for (body, signature) in &bodies {
            assert!(secret.verify(signature.as_bytes(), body));
        }
        assert_ne!(bodies[0].0, bodies[1].0);
    }

    #[tokio::test]
    async fn a_database_that_somebody_uses_is_never_measured_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zelo.db");
        let url = DatabaseUrl::Sqlite(path.clone());
        let db = Db::open(&url, &db::Options { create: true, connections: 1 }).await.unwrap();
        let address = format!("sqlite:{}", path.display());
        assert!(refuse_used(&address).await.is_ok(), "an empty one is welcome");
        db::migrate::apply(&db, MIGRATIONS, None, 1).await.unwrap();
        assert!(refuse_used(&address).await.unwrap_err().to_string().contains("in use"));
    }
}
