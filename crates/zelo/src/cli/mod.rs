//! The command line.
//!
//! Every command prints for people, or with `--json` for programs; it ends with 0, with 1 when something went wrong,
//! and with 2 when it was used wrongly.

mod apikey;
mod audit;
mod bench;
mod channel;
mod demo;
mod doctor;
mod events;
mod failure;
mod migrate;
mod say;
mod serve;
mod setup;
mod simulator;
mod start;
mod tenant;
mod user;
mod worker;

use crate::config::{Sources, Variables};
use clap::{Parser, Subcommand};
use failure::{Failure, Result};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Zelo, a customer-support desk for WhatsApp.
#[derive(Debug, Parser)]
#[command(name = "zelo", version, after_help = "Example: zelo demo")]
struct Cli {
    /// Read settings from this file instead of ./zelo.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try everything out: a throw-away installation with a simulated WhatsApp, on this machine only.
    #[command(after_help = "Example: zelo demo --port 9000")]
    Demo(demo::Arguments),
    /// Serve the product.
    #[command(after_help = "Example: DATABASE_URL=postgres://zelo@db/zelo zelo serve --roles api,worker")]
    Serve(serve::Arguments),
    /// Work on queues without serving anything.
    #[command(after_help = "Example: zelo worker --queue messages=8")]
    Worker(worker::Arguments),
    /// Bring the database up to date.
    #[command(after_help = "Example: zelo migrate --dry-run")]
    Migrate(migrate::Arguments),
    /// Say how the first administrator gets in.
    #[command(after_help = "Example: zelo setup")]
    Setup,
    /// Manage tenants.
    #[command(
        subcommand,
        after_help = "Example: zelo tenant create --name \"Hotel Mirante\" --slug hotel-mirante"
    )]
    Tenant(tenant::Command),
    /// Manage people.
    #[command(
        subcommand,
        after_help = "Example: zelo user create --tenant hotel-mirante --email ana@hotel.com.br --role agent --password-stdin"
    )]
    User(user::Command),
    /// Manage keys for programs.
    #[command(subcommand, after_help = "Example: zelo apikey list --tenant hotel-mirante")]
    Apikey(apikey::Command),
    /// Manage WhatsApp numbers.
    #[command(subcommand, after_help = "Example: zelo channel check --tenant hotel-mirante")]
    Channel(channel::Command),
    /// Look at events of Meta that could not be understood, and process them again.
    #[command(subcommand, after_help = "Example: zelo events replay --all")]
    Events(events::Command),
    /// Prove that the audit log is what was written, and take it along.
    #[command(subcommand, after_help = "Example: zelo audit verify --checkpoint /mnt/safe/zelo.checkpoint")]
    Audit(audit::Command),
    /// The fake Graph API and the customer's phone, alone.
    #[command(
        after_help = "Example: zelo simulator --port 8090 --callback http://127.0.0.1:8080/webhooks/whatsapp"
    )]
    Simulator(simulator::Arguments),
    /// Look for what is wrong with this installation, and say the cure.
    #[command(after_help = "Example: zelo doctor --json")]
    Doctor,
    /// Measure this installation.
    #[command(subcommand, after_help = "Example: zelo bench ingest --messages 20000 --connections 32")]
    Bench(bench::Command),
    /// Print the API description.
    #[command(after_help = "Example: zelo openapi > openapi.json")]
    Openapi,
    /// Print the settings that hold and where each came from, secrets hidden.
    #[command(after_help = "Example: zelo config --json")]
    Config,
}

/// What every command gets.
struct Context {
    sources: Sources,
    json: bool,
}

/// Run the command that the process was started with.
pub fn main(environment: Variables) -> ExitCode {
    crate::install_crypto_provider();
    let cli = Cli::parse();
    let sources =
        Sources { file: cli.config, folder: Some(PathBuf::from(".")), environment, flags: Vec::new() };
    let context = Context { sources, json: cli.json };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(Box::pin(run(cli.command, &context))));
    match done {
        Ok(code) => code,
        Err(failure) => {
            if context.json {
                say::json(&json!({"error": failure.to_string()}));
            }
            say::aside(&format!("zelo: {failure}"));
            ExitCode::from(failure.code)
        }
    }
}

async fn run(command: Command, context: &Context) -> Result<ExitCode> {
    match command {
        Command::Demo(arguments) => Box::pin(demo::run(arguments, context)).await?,
        Command::Serve(arguments) => Box::pin(serve::run(arguments, context)).await?,
        Command::Worker(arguments) => Box::pin(worker::run(arguments, context)).await?,
        Command::Migrate(arguments) => migrate::run(arguments, context).await?,
        Command::Setup => setup::run(context).await?,
        Command::Tenant(command) => tenant::run(command, context).await?,
        Command::User(command) => user::run(command, context).await?,
        Command::Apikey(command) => apikey::run(command, context).await?,
        Command::Channel(command) => return channel::run(command, context).await,
        Command::Events(command) => events::run(command, context).await?,
        Command::Audit(command) => return Box::pin(audit::run(command, context)).await,
        Command::Simulator(arguments) => simulator::run(arguments, context).await?,
        Command::Doctor => return Box::pin(doctor::run(context)).await,
        Command::Bench(command) => Box::pin(bench::run(command, context)).await?,
        Command::Openapi => say::line(crate::api::docs::document()),
        Command::Config => {
            let config = start::settings(&context.sources)?;
            let description = config.describe();
            say::either(context.json, &description.to_json(), &description.to_text());
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example: "), "{}", command.get_name());
            let typed = help.contains(&format!("zelo {}", command.get_name()));
            assert!(typed, "the example of {} is of another command: {help}", command.get_name());
        }
    }

    #[test]
    fn what_scripts_type_is_understood() {
        for line in [
            "zelo demo --json --port 9000 --data-dir /tmp/x --empty",
            "zelo serve --roles api,worker,scheduler",
            "zelo worker --queue messages=8",
            "zelo migrate --dry-run",
            "zelo doctor --json",
            "zelo audit verify --checkpoint f --checkpoint g",
            "zelo audit seal --output f --json",
            "zelo audit export --tenant hotel --checkpoint f --output g",
            "zelo bench ingest --messages 100 --connections 4 --json",
            "zelo tenant create --name Hotel --slug hotel --json",
            "zelo tenant delete --slug hotel --confirm hotel --grace-days 0",
            "zelo tenant keep --slug hotel",
            "zelo events list --json",
            "zelo events replay --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z --reason unknown_channel",
            "zelo events replay --all",
            "zelo user create --tenant hotel --email ana@hotel.com.br --role agent --password-stdin --json",
            "zelo channel create --tenant hotel --phone-number-id 1 --waba-id 2 --access-token-stdin --app-secret-file f --json",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }

    #[test]
    fn wrong_use_ends_with_2() {
        for line in [
            "zelo",
            "zelo dance",
            "zelo events replay",
            "zelo events replay --from yesterday",
            "zelo serve --roles api,dancer",
            "zelo demo --port 99999",
            "zelo user create --tenant hotel --email ana@hotel.com.br --role king --password-stdin",
        ] {
            let refused = Cli::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(refused.exit_code(), 2, "{line}");
        }
    }
}
