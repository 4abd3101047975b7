//! `zelo serve`: the product.

use super::{
    Context,
    failure::{Failure, Result},
    say, start,
};
use crate::{
    app::App,
    config::Config,
    error::Error,
    identity::{self, NewUser, Role},
    ids::TenantId,
    router::{probes, router},
    tasks::{self, Tasks},
    telemetry,
};
use axum::{Router, serve::ListenerExt as _};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
};
use zeroize::Zeroizing;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What this process does. Periodic jobs run beside the queues: whoever has one of worker and scheduler does both.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "api,worker,scheduler")]
    roles: Vec<Part>,
    /// The port to listen on, instead of server.port.
    #[arg(long)]
    port: Option<u16>,
}

/// A part of the product that a process takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Api,
    Worker,
    Scheduler,
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<()> {
    let mut sources = context.sources.clone();
    if let Some(port) = arguments.port {
        sources = sources.with_flag("server.port", port.to_string(), "--port");
    }
    let config = start::settings(&sources)?;
    let _log = begin_telemetry(&config)?;
    let serves = arguments.roles.contains(&Part::Api);
    let works = arguments.roles.iter().any(|part| *part != Part::Api);
    // The port is tried first: whoever finds it taken has changed nothing.
    let listener = if serves { Some(bind(config.listen_address()).await?) } else { probe(&config).await? };
    let app = start::open(config).await?;
    create_first_admin(&app).await?;
    let running = if works { Some(tasks::start(&app).await?) } else { None };
    if !works {
        tasks::follow_directory(&app);
    }
    let address = match &listener {
        Some(listener) => Some(listener.local_addr()?),
        None => None,
    };
    let mut told = StopSignal::listen()?;
    announce(&app, address, &arguments.roles, context.json);
    let routes = if serves { router(&app) } else { probes(&app) };
    let running = Running::begin(app, listener.map(|listener| (listener, routes)), running);
    told.heard().await;
    running.stop().await;
    Ok(())
}

/// Begin to count and to log, until the guard is dropped. Counting comes first: what is counted before is lost.
pub(super) fn begin_telemetry(config: &Config) -> Result<telemetry::LogGuard> {
    telemetry::keep_metrics(telemetry::Metrics::install()?)?;
    let clock = crate::clock::Clock::of_the_host();
    Ok(telemetry::start_log(config, Arc::new(move || clock.now()))?)
}

/// Where a process that serves nothing says how it does, if the settings name an address for that.
pub(super) async fn probe(config: &Config) -> Result<Option<TcpListener>> {
    match config.metrics.listen {
        Some(address) => Ok(Some(bind(address).await?)),
        None => Ok(None),
    }
}

/// Listen at an address.
pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let cure = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "stop the program that has it, or choose another with --port or PORT"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need a right of their own: choose a higher one"
            }
            _ => "check server.bind and server.port, or metrics.listen",
        };
        Failure::new(format!("cannot listen on {address} ({error}): {cure}"))
    })
}

/// What runs until the process is told to stop.
pub(super) struct Running {
    app: App,
    server: Option<JoinHandle<std::io::Result<()>>>,
    tasks: Option<Tasks>,
}

impl Running {
    /// Begin to answer requests, where there is something to listen at.
    pub(super) fn begin(app: App, door: Option<(TcpListener, Router)>, tasks: Option<Tasks>) -> Self {
        let server = door.map(|(listener, routes)| {
            let service = routes.into_make_service_with_connect_info::<SocketAddr>();
            // Answers are small and people wait for them: nothing is gained by waiting for more to send.
            let listener = listener.tap_io(|connection| {
                let _ = connection.set_nodelay(true);
            });
            let stop = app.stop.clone();
            app.tasks.spawn(async move {
                axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await
            })
        });
        Self { app, server, tasks }
    }

    /// Take nothing new, and let requests and jobs finish for as long as the settings say.
    pub(super) async fn stop(self) {
        let Self { app, server, tasks } = self;
        tracing::info!("Stopping: no new work is taken");
        let grace = Duration::from_secs(app.config.server.shutdown_seconds);
        app.stop.cancel();
        let drained = async {
            if let Some(tasks) = tasks {
                tasks.drain(&app, grace).await;
            }
        };
        let served = async {
            if let Some(server) = server {
                let _ = server.await;
            }
        };
        let ended = async { tokio::join!(drained, served) };
        // A browser's open connection must not hold the process for ever.
        if tokio::time::timeout(grace + Duration::from_secs(1), ended).await.is_err() {
            tracing::warn!("Some requests or jobs did not end in time and were broken off");
        }
    }
}

/// Hears when the process is told to stop: Ctrl-C, or what service managers and containers send.
pub(super) struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignal {
    /// From now on the signals no longer end the process by themselves.
    pub(super) fn listen() -> Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    /// Resolves when one comes.
    pub(super) async fn heard(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The first administrator from the settings, while there is none.
async fn create_first_admin(app: &App) -> Result<()> {
    let first = &app.config.first_admin;
    let (Some(email), Some(password)) = (&first.email, &first.password) else { return Ok(()) };
    let platform = TenantId(uuid::Uuid::nil());
    if !identity::list_users(app, platform).await?.is_empty() {
        return Ok(());
    }
    let new = NewUser {
        name: "Administrator".into(),
        email: email.clone(),
        role: Role::SuperAdmin,
        password: Zeroizing::new(password.expose().to_owned()),
    };
    match identity::create_user(app, platform, &new).await {
        // Another process that started at the same time was faster.
        Ok(_) | Err(Error::Conflict { .. }) => Ok(()),
        Err(error) => Err(Failure::new(format!(
            "the first administrator cannot be created: {}; correct SUPER_ADMIN_EMAIL and SUPER_ADMIN_PASSWORD",
            Failure::from(error)
        ))),
    }
}

fn announce(app: &App, address: Option<SocketAddr>, roles: &[Part], as_json: bool) {
    let words: Vec<String> = roles.iter().map(|part| format!("{part:?}").to_lowercase()).collect();
    let url = address.map(|address| format!("http://{address}"));
    let place = url.as_ref().map_or_else(|| "without an address".to_owned(), |url| format!("at {url}"));
    let version = env!("CARGO_PKG_VERSION");
    let more = json!({"url": url, "roles": words, "version": version});
    let text = format!("Zelo {version} is ready {place} ({})", words.join(", "));
    say::ready(app, as_json, ("Zelo is ready", more), &text);
}
