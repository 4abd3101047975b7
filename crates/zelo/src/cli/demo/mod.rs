//! `zelo demo`: everything in one process, on a throw-away database, for this machine only.

mod cast;
mod folder;
pub(super) mod people;
mod story;

pub(super) use folder::Folder;

use super::{
    Context,
    failure::Result,
    say, serve,
    simulator::{self as line},
    start,
};
use crate::{
    app::App,
    config::{Config, Sources},
    identity,
    router::router,
    tasks, telemetry,
    tenants::TenantScope,
};
use cast::Cast;
use clap::Args;
use simulator::{Simulator, SimulatorConfig};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, atomic::AtomicI64},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// The desk's port where none is given.
const PORT: u16 = 8080;
/// So many ports are tried after the wanted one.
const TRIED: u16 = 50;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The desk's port; without it 8080, or the next free one. 0 takes any. The simulator takes the one after it.
    #[arg(long)]
    port: Option<u16>,
    /// Keep the demo in this folder instead of a temporary one, and go on with what is in it.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Leave out the sample history and the simulated traffic.
    #[arg(long)]
    empty: bool,
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<()> {
    // Heard from the beginning, so that Ctrl-C never leaves a temporary folder behind.
    let mut told = serve::StopSignal::listen()?;
    let folder = Folder::open(arguments.data_dir.clone(), &context.sources.environment)?;
    let stage = tokio::select! {
        ready = Box::pin(open(&arguments, context, &folder)) => ready?,
        () = told.heard() => return Ok(()),
    };
    told.heard().await;
    stage.desk.stop().await;
    let _ = stage.phones.await;
    Ok(())
}

/// What runs until the demo ends.
struct Stage {
    desk: serve::Running,
    phones: JoinHandle<std::io::Result<()>>,
    _log: telemetry::LogGuard,
}

/// Open everything, play the story, and say where it is.
async fn open(arguments: &Arguments, context: &Context, folder: &Folder) -> Result<Stage> {
    let listener = listen(arguments.port, PORT).await?;
    let address = listener.local_addr()?;
    let phones = listen(None, address.port().saturating_add(1)).await?;
    let (url, simulator_url) = (format!("http://{address}"), format!("http://{}", phones.local_addr()?));
    let known = Cast::find(folder.path())?;
    let is_new = known.is_none();

    // Counting begins before anything is counted.
    telemetry::keep_metrics(telemetry::Metrics::install()?)?;
    let app = start::open(settings(&context.sources, folder, address, &simulator_url)?).await?;
    let cast = match known {
        Some(cast) => cast,
        None => Cast::create(&app, folder.path()).await?,
    };
    let behind = Arc::new(AtomicI64::new(0));
    let simulator = connect(&app, &cast, &url, &behind)?;
    let stop = app.stop.clone().cancelled_owned();
    let phones = app.tasks.spawn(simulator::serve(phones, simulator.clone(), stop));
    let work = tasks::start(&app).await?;
    let desk = serve::Running::begin(app.clone(), Some((listener, router(&app))), Some(work));

    if !arguments.empty {
        if is_new {
            play(&app, &cast, &simulator, &behind).await?;
        }
        story::go_on(&app, &simulator);
    }
    say::either(context.json, &cast.to_json(&url, &simulator_url), &cast.to_text(&url, &simulator_url));
    let log = begin_log(&app)?;
    Ok(Stage { desk, phones, _log: log })
}

/// The demo's settings: nothing of the environment or of a zelo.toml may lead it to real data.
fn settings(sources: &Sources, folder: &Folder, address: SocketAddr, simulator_url: &str) -> Result<Config> {
    let own = Sources::default()
        .with_flag("environment", "development", "demo")
        .with_flag("server.bind", address.ip().to_string(), "demo")
        .with_flag("server.port", address.port().to_string(), "demo")
        .with_flag("data.dir", folder.path().display().to_string(), "--data-dir")
        .with_flag("whatsapp.graph_base_url", simulator_url, "demo")
        // Nobody waits for a demo to end.
        .with_flag("server.shutdown_seconds", "2", "demo")
        // Its terminal belongs to the addresses and log-ins.
        .with_flag(
            "log.level",
            sources.environment.get("ZELO__LOG__LEVEL").map_or("warn", String::as_str),
            "demo",
        );
    start::settings(&own)
}

/// Listen on this machine: at the port that was asked for, or at the first free one from `first` on.
async fn listen(wanted: Option<u16>, first: u16) -> Result<TcpListener> {
    let here = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = wanted {
        return serve::bind(here(port)).await;
    }
    for port in first..=first.saturating_add(TRIED) {
        if let Ok(listener) = TcpListener::bind(here(port)).await {
            return Ok(listener);
        }
    }
    serve::bind(here(0)).await
}

fn connect(app: &App, cast: &Cast, url: &str, behind: &Arc<AtomicI64>) -> Result<Simulator> {
    let now = story::simulator_clock(app, behind);
    let config = SimulatorConfig {
        inbox_url: Some(url.to_owned()),
        ..SimulatorConfig::new(crate::egress::client_of_a_tool()?, now)
    };
    let simulator = Simulator::new(config);
    simulator.add_channel(line::channel(&cast.line(url))?);
    people::move_in(&simulator)?;
    Ok(simulator)
}

async fn play(app: &App, cast: &Cast, simulator: &Simulator, behind: &AtomicI64) -> Result<()> {
    let staff = identity::list_users(app, cast.tenant).await?;
    let staff = staff.into_iter().map(|user| (user.email, user.id)).collect();
    let scope = TenantScope::of_work(cast.tenant);
    Box::pin(story::Stage { app, scope, simulator, behind, staff: &staff }.play()).await
}

/// The log begins after the line that scripts wait for, which has to be the first.
fn begin_log(app: &App) -> Result<telemetry::LogGuard> {
    let clock = app.clock.clone();
    Ok(telemetry::start_log(&app.config, Arc::new(move || clock.now()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_environment_leads_a_demo_to_real_data_or_real_customers() {
        let folder = tempfile::tempdir().unwrap();
        let environment = [
            ("DATABASE_URL", "postgres://zelo@db/zelo"),
            ("ENCRYPTION_KEY", "nonsense"),
            ("ZELO__SERVER__BIND", "0.0.0.0"),
        ];
        let environment =
            environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let sources = Sources { environment, ..Sources::default() };
        let folder = Folder::open(Some(folder.path().join("demo")), &sources.environment).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        let config = settings(&sources, &folder, address, "http://127.0.0.1:8081").unwrap();
        assert!(
            matches!(config.database_url(), db::DatabaseUrl::Sqlite(path) if path.starts_with(folder.path()))
        );
        assert!(config.listen_address().ip().is_loopback() && config.is_development());
        assert_eq!(config.whatsapp.graph_base_url, "http://127.0.0.1:8081");
    }

    #[tokio::test]
    async fn a_taken_port_is_passed_over_unless_it_was_asked_for() {
        let taken = listen(Some(0), PORT).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(listen(Some(port), PORT).await.unwrap_err().to_string().contains("cannot listen"));
        let other = listen(None, port).await.unwrap().local_addr().unwrap();
        assert!(other.ip().is_loopback() && other.port() != port);
    }
}
