//! `zelo tenant`: the organisations that work here.

use super::{
    Context,
    failure::{Failure, Result},
    say, start,
};
use crate::{
    api::rfc3339,
    app::App,
    error::Error,
    media,
    quotas::{self, Used},
    tenants::{self, NewTenant, QuotasChange, SettingsChange, Tenant, TenantChange},
};
use clap::Subcommand;
use serde_json::{Value, json};
use std::str::FromStr;

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
        /// Its CPF or CNPJ, with or without signs.
        #[arg(long)]
        tax_id: Option<String>,
    },
    /// Ask for everything of a cancelled tenant to be deleted. The running product does it when its time has come.
    #[command(
        after_help = "Example: zelo tenant delete --slug hotel-mirante --confirm hotel-mirante --grace-days 7"
    )]
    Delete {
        /// Which one.
        #[arg(long)]
        slug: String,
        /// The slug once more: everything of it goes.
        #[arg(long)]
        confirm: String,
        /// Days in which it can be called off; `tenants.deletion_grace_days` where nothing is said.
        #[arg(long)]
        grace_days: Option<u32>,
    },
    /// Let a tenant stay that was to be deleted.
    #[command(after_help = "Example: zelo tenant keep --slug hotel-mirante")]
    Keep {
        /// Which one.
        #[arg(long)]
        slug: String,
    },
    /// Show what a tenant may have and uses, or say how much it may have.
    #[command(after_help = "Example: zelo tenant quota --slug hotel-mirante --messages-per-month 50000")]
    Quota {
        /// Which one.
        #[arg(long)]
        slug: String,
        /// Bytes of files: a number, 0 for no limit, or `default` for `quota.media_bytes` of the settings.
        #[arg(long)]
        media_bytes: Option<Most>,
        /// Messages in a month: a number, 0 for no limit, or `default` for `quota.messages_per_month` of the settings.
        #[arg(long)]
        messages_per_month: Option<Most>,
    },
    /// Change a tenant's name, or how its desk works; what is left out stays.
    #[command(after_help = "Example: zelo tenant update --slug hotel-mirante --reopen-within-hours 48")]
    Update {
        /// Which one.
        #[arg(long)]
        slug: String,
        /// The name as people write it from now on.
        #[arg(long)]
        name: Option<String>,
        /// Within so many hours of resolving a message reopens the conversation, at most 720; 0: every one begins a new one.
        #[arg(long, value_name = "HOURS")]
        reopen_within_hours: Option<u32>,
        /// Whether numbers without a country code are Brazilian: true or false.
        #[arg(long, value_name = "BOOL")]
        in_brazil: Option<bool>,
    },
    /// Show all tenants.
    #[command(after_help = "Example: zelo tenant list --json")]
    List,
}

/// How much a tenant may have, as it is written: nothing leaves it to the settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most(Option<u64>);

impl FromStr for Most {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "default" => Ok(Self(None)),
            number => match number.parse() {
                Ok(most) => Ok(Self(Some(most))),
                Err(_) => Err("write a whole number, or `default`".to_owned()),
            },
        }
    }
}

pub(super) async fn run(command: Command, context: &Context) -> Result<()> {
    let app = match &command {
        Command::List => start::open_to_look(&context.sources).await?,
        _ => start::open_from(&context.sources).await?,
    };
    match command {
        Command::Create { name, slug, tax_id } => {
            let tenant = tenants::create_tenant(&app, &NewTenant { name, slug, tax_id }).await?;
            let text = format!("Tenant {} ({}) was added.", tenant.name, tenant.slug);
            say::either(context.json, &to_json(&tenant), &text);
        }
        Command::Delete { slug, confirm, grace_days } => {
            let tenant = find(&app, &slug).await?;
            let tenant = tenants::ask_deletion(&app, tenant.id, &confirm, grace_days, None).await?;
            let when = tenant.deletion_due_at.map(rfc3339).unwrap_or_default();
            let text = format!("Everything of {} will be deleted after {when}.", tenant.slug);
            say::either(context.json, &to_json(&tenant), &text);
        }
        Command::Keep { slug } => {
            let tenant = find(&app, &slug).await?;
            let tenant = tenants::call_off_deletion(&app, tenant.id).await?;
            say::either(context.json, &to_json(&tenant), &format!("Tenant {} stays.", tenant.slug));
        }
        Command::Quota { slug, media_bytes, messages_per_month } => {
            let quotas = QuotasChange {
                media_bytes: media_bytes.map(|most| most.0),
                messages_per_month: messages_per_month.map(|most| most.0),
            };
            quota(&app, &slug, quotas, context).await?;
        }
        Command::Update { slug, name, reopen_within_hours, in_brazil } => {
            let settings = SettingsChange { reopen_within_hours, in_brazil };
            let change = TenantChange { name, settings, ..TenantChange::default() };
            let tenant = tenants::update_tenant(&app, find(&app, &slug).await?.id, &change).await?;
            say::either(context.json, &to_json(&tenant), &format!("Tenant {} was changed.", tenant.slug));
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

async fn quota(app: &App, slug: &str, change: QuotasChange, context: &Context) -> Result<()> {
    let mut tenant = find(app, slug).await?;
    if change.media_bytes.is_some() || change.messages_per_month.is_some() {
        let change = TenantChange { quotas: change, ..TenantChange::default() };
        tenant = tenants::update_tenant(app, tenant.id, &change).await?;
        media::fetch_waiting(app, tenant.id).await?;
    }
    let usage = quotas::usage(app, &tenant).await?;
    let of = |used: Used| match used.limit {
        Some(limit) => format!("{} of {limit}", used.used),
        None => format!("{}, without a limit", used.used),
    };
    let text = format!(
        "{}: bytes of files {}; messages in {} {}.",
        tenant.slug,
        of(usage.media_bytes),
        usage.month,
        of(usage.messages_per_month)
    );
    let json = json!({ "slug": tenant.slug, "quotas": tenant.quotas, "usage": usage });
    say::either(context.json, &json, &text);
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
    json!({
        "id": tenant.id, "slug": tenant.slug, "name": tenant.name, "status": tenant.status,
        "deletion_due_at": tenant.deletion_due_at.map(rfc3339),
        "settings": {
            "reopen_within_hours": tenant.settings.reopen_within_hours(), "in_brazil": tenant.settings.in_brazil,
        },
    })
}
