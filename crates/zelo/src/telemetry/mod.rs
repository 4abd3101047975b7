//! What the process tells about itself: log lines and metrics. Neither holds a person's data.
//!
//! A line carries the ids of the request or job that wrote it, without its code doing anything for that; extractors
//! that grant a scope name tenant and user with [`crate::http::set_caller`].

mod lines;
mod mask;
mod process;
mod prometheus;

pub use prometheus::{BUCKETS, Metrics, MetricsError};

use crate::config::Config;
use lines::Lines;
use std::sync::Arc;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

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
}

/// A text with everything that looks like a person's data or a secret replaced, as lines of the log have it.
pub(crate) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    mask::mask(text, &mut out);
    out
}

/// Begin to write log lines to standard output, and report panics there as lines too.
///
/// # Errors
/// When this process already writes a log.
pub fn start_log(config: &Config, clock: Clock) -> Result<(), LogError> {
    let level: Targets = config.log.level.parse()?;
    let lines = Lines::new(config.logs_json(), clock, lines::to_stdout());
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(level).with(lines))?;
    report_panics();
    Ok(())
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
