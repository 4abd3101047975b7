//! `zelo migrate`: the database, brought up to date.

use super::{
    Context,
    failure::{Failure, Result},
    say, start,
};
use crate::{clock::Clock, crypto::KEYSTORE_MIGRATIONS, schema::MIGRATIONS, stores::open_stores};
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
        for migration in list_missing(&url, migrations).await? {
            missing.push(format!("{name}: {migration}"));
        }
    }
    if !arguments.dry_run {
        start::private_folder(&config.data.dir)?;
        open_stores(&config, &Clock::of_the_host()).await?;
    }
    let key = if arguments.dry_run { "pending" } else { "applied" };
    let text = match (missing.is_empty(), arguments.dry_run) {
        (true, _) => "The database is up to date.".to_owned(),
        (false, true) => format!("These migrations would be applied:\n  {}", missing.join("\n  ")),
        (false, false) => format!("These migrations were applied:\n  {}", missing.join("\n  ")),
    };
    say::either(context.json, &json!({ key: missing }), &text);
    Ok(())
}

/// The names of the migrations that a database lacks; all of them where there is no file yet.
async fn list_missing(url: &DatabaseUrl, migrations: &[Migration]) -> Result<Vec<&'static str>> {
    if matches!(url, DatabaseUrl::Sqlite(path) if !path.exists()) {
        return Ok(migrations.iter().map(|migration| migration.name).collect());
    }
    let db = Db::open(url, &db::Options { create: false, connections: 1 }).await?;
    match standing(&db, migrations).await? {
        Standing::Current => Ok(Vec::new()),
        Standing::Behind(names) => Ok(names),
        Standing::Ahead(newer) => Err(Failure::new(format!(
            "{url} was written by a newer Zelo (schema {newer}): use that version or a newer one"
        ))),
        Standing::Altered(name) => Err(Failure::new(format!(
            "migration {name} is not the one that was applied to {url}: use an unaltered release of Zelo"
        ))),
    }
}
