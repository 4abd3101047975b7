//! `zelo migrate`: the database, brought up to date.

use super::{Context, failure::Result, say, start};
use crate::{
    clock::Clock,
    config::Config,
    crypto::KEYSTORE_MIGRATIONS,
    schema::MIGRATIONS,
    stores::{is_absent, open_stores},
};
use clap::Args;
use db::{
    DatabaseUrl, Db,
    migrate::{Migration, Standing, standing},
};
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<()> {
    let config = start::settings(&context.sources)?;
    let mut missing = Vec::new();
    for (name, url, migrations) in [
        ("data", config.admin_database_url(), MIGRATIONS),
        ("keys", config.keys_database_url(), KEYSTORE_MIGRATIONS),
    ] {
        for migration in list_missing(&config, &url, migrations).await? {
            missing.push(format!("{name}: {migration}"));
        }
    }
    let mut copy = None;
    if !arguments.dry_run {
        start::private_folder(&config.data.dir)?;
        let stores = open_stores(&config, &Clock::of_the_host()).await;
        copy = stores.map_err(|error| start::unreachable(&config, &error))?.copy;
    }
    let key = if arguments.dry_run { "pending" } else { "applied" };
    let text = match (missing.is_empty(), arguments.dry_run) {
        (true, _) => "The database is up to date.".to_owned(),
        (false, true) => format!("These migrations would be applied:\n  {}", missing.join("\n  ")),
        (false, false) => format!("These migrations were applied:\n  {}", missing.join("\n  ")),
    };
    let copy = copy.map(|path| path.display().to_string());
    let told = copy.as_ref().map(|path| format!("\nA copy of the database as it was before is {path}"));
    let text = text + &told.unwrap_or_default();
    say::either(context.json, &json!({ key: missing, "copy": copy }), &text);
    Ok(())
}

/// The names of the migrations that a database lacks; all of them where there is no file yet.
async fn list_missing(
    config: &Config,
    url: &DatabaseUrl,
    migrations: &[Migration],
) -> Result<Vec<&'static str>> {
    if is_absent(url) {
        return Ok(migrations.iter().map(|migration| migration.name).collect());
    }
    let opened = async {
        let db = Db::open(url, &db::Options { create: false, connections: 1 }).await?;
        standing(&db, migrations).await
    };
    match opened.await.map_err(|error| start::unreachable(config, &error))? {
        Standing::Current => Ok(Vec::new()),
        Standing::Behind(names) => Ok(names),
        other => Err(start::not_ours(url, &other)),
    }
}
