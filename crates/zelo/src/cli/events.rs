//! `zelo events`: events of Meta that could not be understood.

use super::{Context, failure::Result, say, start};
use crate::{
    api::{from_rfc3339, rfc3339},
    clock::Millis,
    inbound::{self, ReplayFilter},
};
use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

/// Events that `list` shows.
const SHOWN: i64 = 200;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the newest events in the quarantine, and why they are there.
    #[command(after_help = "Example: zelo events list --json")]
    List,
    /// Process events of the quarantine again, for example after their number was connected. The running product, or
    /// the next one that runs, does the work.
    #[command(
        after_help = "Example: zelo events replay --from 2026-11-20T00:00:00Z --reason unknown_channel"
    )]
    Replay(Which),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Which {
    /// This event; may be given several times.
    #[arg(long, value_name = "ID")]
    id: Vec<Uuid>,
    /// Events that came in then or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Millis>,
    /// Events that came in before.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Millis>,
    /// Events that are there for this reason.
    #[arg(long)]
    reason: Option<String>,
    /// All events that were not processed again before.
    #[arg(long)]
    all: bool,
}

fn time(text: &str) -> std::result::Result<Millis, String> {
    from_rfc3339(text).ok_or_else(|| "write a time such as 2026-11-20T12:00:00Z".to_owned())
}

pub(super) async fn run(command: Command, context: &Context) -> Result<()> {
    let app = match &command {
        Command::List => start::open_to_look(&context.sources).await?,
        Command::Replay(_) => start::open_from(&context.sources).await?,
    };
    match command {
        Command::List => {
            let events = inbound::list_quarantined(&app, SHOWN).await?;
            let line = |event: &inbound::Quarantined| {
                let again = event.replayed_at.map_or("", |_| " (processed again)");
                format!(
                    "{} {} {:<18} {}{again}",
                    event.id,
                    rfc3339(event.received_at),
                    event.reason,
                    event.detail
                )
            };
            let mut lines: Vec<String> = events.iter().map(line).collect();
            if lines.is_empty() {
                lines.push("No event is in the quarantine.".into());
            }
            say::either(context.json, &json!({ "data": events }), &lines.join("\n"));
        }
        Command::Replay(Which { id, from, to, reason, all: _ }) => {
            let filter = ReplayFilter { ids: id, from, to, reason };
            let replayed = inbound::replay_all(&app, &filter).await?;
            let text = format!("{replayed} events will be processed again.");
            say::either(context.json, &json!({ "replayed": replayed }), &text);
        }
    }
    Ok(())
}
