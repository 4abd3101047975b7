//! What the process tells about itself: log lines and metrics. Neither holds a person's data.
//!
//! A line carries the ids of the request or job that wrote it, without its code doing anything for that; extractors
//! that grant a scope name tenant and user with [`crate::http::set_caller`].

mod files;
mod lines;
mod mask;
mod process;
mod prometheus;

pub use files::LogGuard;
pub(crate) use lines::timestamp;
pub use prometheus::{BUCKETS, Metrics, MetricsError};

use crate::config::Config;
use lines::Lines;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

/// Prometheus asks every 15 seconds or more; this bounds what waits between two of its questions.
const UPKEEP: Duration = Duration::from_secs(5);

/// Gives the time in milliseconds since 1970: the application's own clock.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Logging cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level cannot be read; a configuration that was loaded has a good one.
    #[error("log.level cannot be read: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Something in this process already writes the log.
    #[error("the log is already being written: {0}")]
    Taken(#[from] tracing::subscriber::SetGlobalDefaultError),
    /// The folder that the settings name cannot be written to.
    #[error(
        "the log folder {path} cannot be used ({source}): let the user that runs Zelo write there, or correct log.dir"
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A text with everything that looks like a person's data or a secret replaced, as lines of the log have it.
pub(crate) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    mask::mask(text, &mut out);
    out
}

/// Begin to write log lines to standard output, or to the folder that the settings name, and report panics there as lines
/// too. What waits is written when the guard is dropped.
///
/// # Errors
/// When this process already writes a log, or the folder cannot be used.
pub fn start_log(config: &Config, clock: Clock) -> Result<LogGuard, LogError> {
    let level: Targets = config.log.level.parse()?;
    let (sink, guard) = match &config.log.dir {
        None => (lines::to_stdout(), LogGuard::default()),
        Some(folder) => files::to_folder(folder, clock.clone())
            .map_err(|source| LogError::Folder { path: folder.clone(), source })?,
    };
    let lines = Lines::new(config.logs_json(), clock, sink);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(level).with(lines))?;
    report_panics();
    Ok(guard)
}

/// Sort what is counted in the background, every few seconds, in whatever part the process has: without it durations pile
/// up between two scrapes, and without scrapes without end.
///
/// # Errors
/// When the system gives no thread.
pub fn keep_metrics(metrics: Metrics) -> std::io::Result<()> {
    repeat("metrics", UPKEEP, move || metrics.upkeep())
}

/// Do something again and again until the process ends.
fn repeat(name: &str, pause: Duration, mut work: impl FnMut() + Send + 'static) -> std::io::Result<()> {
    let repeating = move || {
        loop {
            std::thread::sleep(pause);
            work();
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(repeating).map(drop)
}

/// Look-ups in what a process remembers of the database, so that it need not ask again.
pub fn count_cache(kind: &'static str, outcome: &'static str, count: u64) {
    metrics::counter!("zelo_cache_requests_total", "kind" => kind, "tier" => "process", "outcome" => outcome)
        .increment(count);
}

/// The standard report of a panic is several lines that nothing masks.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("of an unknown kind");
        tracing::error!(panic.location = place, panic.text = text, "A task panicked");
    }));
}

#[cfg(test)]
mod tests;
