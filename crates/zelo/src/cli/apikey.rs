//! `zelo apikey`: keys for programs.

use super::{
    Context,
    failure::{Failure, Result},
    say, start,
};
use crate::{
    api_keys::{self, ApiKey, NewApiKey},
    app::App,
    clock::HOUR,
    identity::{self, User},
    ids::ApiKeyId,
    rights::Permissions,
    tenants::{Tenant, TenantScope},
};
use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key; its secret is printed once.
    #[command(
        after_help = "Example: zelo apikey create --tenant hotel-mirante --user marina@hotel.com.br --name n8n --permission conversations:read --permission messages:send"
    )]
    Create {
        /// The tenant's slug.
        #[arg(long)]
        tenant: String,
        /// The address of the one whose key it is: it is never stronger than they are.
        #[arg(long)]
        user: String,
        /// What people call it.
        #[arg(long)]
        name: String,
        /// What it allows: resource:action, with * for any. Several times for several.
        #[arg(long = "permission", required = true)]
        permissions: Vec<String>,
        /// From where it works, such as 10.0.0.0/8; from everywhere if left out.
        #[arg(long = "network")]
        networks: Vec<String>,
        /// For how many days it works; until it is revoked if left out.
        #[arg(long)]
        days: Option<u16>,
    },
    /// Show the keys of a tenant.
    #[command(after_help = "Example: zelo apikey list --tenant hotel-mirante")]
    List {
        /// The tenant's slug.
        #[arg(long)]
        tenant: String,
    },
    /// Let a key open nothing from now on.
    #[command(
        after_help = "Example: zelo apikey revoke --tenant hotel-mirante --id 01890a5d-ac96-774b-bcce-b302099a8057"
    )]
    Revoke {
        /// The tenant's slug.
        #[arg(long)]
        tenant: String,
        /// The key's id, as `zelo apikey list` shows it.
        #[arg(long)]
        id: Uuid,
    },
    /// Put a new key in the place of an old one, which goes on working for a while.
    #[command(
        after_help = "Example: zelo apikey rotate --tenant hotel-mirante --user marina@hotel.com.br --id 01890a5d-ac96-774b-bcce-b302099a8057 --overlap-hours 24"
    )]
    Rotate {
        /// The tenant's slug.
        #[arg(long)]
        tenant: String,
        /// The address of the one whose key the new one is.
        #[arg(long)]
        user: String,
        /// The old key's id.
        #[arg(long)]
        id: Uuid,
        /// For how long the old key goes on working.
        #[arg(long, default_value_t = 24)]
        overlap_hours: u16,
    },
}

pub(super) async fn run(command: Command, context: &Context) -> Result<()> {
    // Keys belong to people of a tenant, who are there already.
    let app = start::open_to_look(&context.sources).await?;
    match command {
        Command::Create { tenant, user, name, permissions, networks, days } => {
            let (tenant, scope) = find(&app, &tenant).await?;
            let maker = find_user(&app, &tenant, &user).await?;
            let permissions =
                Permissions::of_patterns(&permissions).map_err(|error| Failure::usage(error.to_string()))?;
            let expires_at = days.map(|days| app.clock.now() + i64::from(days) * 24 * HOUR);
            let new = NewApiKey { name, permissions, networks, expires_at };
            let rights = identity::rights_of_user(&app, tenant.id, maker.id).await?;
            let (key, secret) = api_keys::create_key(&app, scope, maker.id, &rights, &new).await?;
            show_once(context, &key, &secret);
        }
        Command::List { tenant } => {
            let (_, scope) = find(&app, &tenant).await?;
            let keys = api_keys::list_keys(&app, scope).await?;
            let data: Vec<Value> = keys.iter().map(to_json).collect();
            let lines: Vec<String> = keys.iter().map(to_line).collect();
            let text = if lines.is_empty() { "There are no API keys yet.".into() } else { lines.join("\n") };
            say::either(context.json, &json!({ "data": data }), &text);
        }
        Command::Revoke { tenant, id } => {
            let (_, scope) = find(&app, &tenant).await?;
            api_keys::revoke_key(&app, scope, ApiKeyId(id)).await?;
            say::either(context.json, &json!({ "id": id }), "The key opens nothing any more.");
        }
        Command::Rotate { tenant, user, id, overlap_hours } => {
            let (tenant, scope) = find(&app, &tenant).await?;
            let maker = find_user(&app, &tenant, &user).await?;
            let rights = identity::rights_of_user(&app, tenant.id, maker.id).await?;
            let overlap = i64::from(overlap_hours) * HOUR;
            let (key, secret) =
                api_keys::rotate_key(&app, scope, maker.id, &rights, ApiKeyId(id), overlap).await?;
            show_once(context, &key, &secret);
        }
    }
    Ok(())
}

async fn find(app: &App, slug: &str) -> Result<(Tenant, TenantScope)> {
    let tenant = super::tenant::find(app, slug).await?;
    let scope = TenantScope::of_work(tenant.id);
    Ok((tenant, scope))
}

async fn find_user(app: &App, tenant: &Tenant, email: &str) -> Result<User> {
    let staff = identity::list_users(app, tenant.id).await?;
    let found = staff.into_iter().find(|user| user.email.eq_ignore_ascii_case(email));
    found.ok_or_else(|| Failure::new(format!("nobody of {} has the address {email}", tenant.slug)))
}

fn show_once(context: &Context, key: &ApiKey, secret: &str) {
    let mut shown = to_json(key);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("secret".into(), secret.into());
    }
    say::either(
        context.json,
        &shown,
        &format!("{secret}\nThis is shown once: keep it where secrets are kept."),
    );
}

fn to_json(key: &ApiKey) -> Value {
    json!({
        "id": key.id, "name": key.name, "hint": key.hint, "maker_id": key.maker, "permissions": key.permissions,
        "networks": key.networks, "is_revoked": key.revoked_at.is_some(),
    })
}

fn to_line(key: &ApiKey) -> String {
    let state = if key.revoked_at.is_some() { "revoked" } else { "live" };
    format!("{} {:<8} {:<16} {}", key.id, state, key.hint, key.name)
}
