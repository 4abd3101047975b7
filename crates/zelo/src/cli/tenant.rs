//! `zelo tenant`: the organisations that work here.

use super::{
    Context,
    failure::{Failure, Result},
    say, start,
};
use crate::{
    app::App,
    error::Error,
    tenants::{self, NewTenant, Tenant},
};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a tenant.
    #[command(after_help = "Example: zelo tenant create --name \"Hotel Mirante\" --slug hotel-mirante")]
    Create {
        /// The name as people write it.
        #[arg(long)]
        name: String,
        /// The short name: small letters, digits and hyphens.
        #[arg(long)]
        slug: String,
    },
    /// Show all tenants.
    #[command(after_help = "Example: zelo tenant list --json")]
    List,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<()> {
    let app = start::open_from(&context.sources).await?;
    match command {
        Command::Create { name, slug } => {
            let tenant = tenants::create_tenant(&app, &NewTenant { name, slug }).await?;
            let text = format!("Tenant {} ({}) was added.", tenant.name, tenant.slug);
            say::either(context.json, &to_json(&tenant), &text);
        }
        Command::List => {
            let all = tenants::list_tenants(&app).await?;
            let data: Vec<Value> = all.iter().map(to_json).collect();
            let mut text: Vec<String> = all
                .iter()
                .map(|it| format!("{:<24} {:<10} {}", it.slug, it.status.as_str(), it.name))
                .collect();
            if text.is_empty() {
                text.push("There are no tenants yet; add one with `zelo tenant create`.".into());
            }
            say::either(context.json, &json!({ "data": data }), &text.join("\n"));
        }
    }
    Ok(())
}

/// The tenant with this slug, or a failure that says how to find the right one.
pub(super) async fn find(app: &App, slug: &str) -> Result<Tenant> {
    match tenants::find_tenant(app, slug).await {
        Err(Error::NotFound) => {
            Err(Failure::new(format!("there is no tenant {slug:?}; see `zelo tenant list`")))
        }
        other => Ok(other?),
    }
}

fn to_json(tenant: &Tenant) -> Value {
    json!({"id": tenant.id, "slug": tenant.slug, "name": tenant.name, "status": tenant.status})
}
