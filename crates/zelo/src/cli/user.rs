//! `zelo user`: the people who work here.

use super::{
    Context,
    failure::{Failure, Result},
    say, start,
};
use crate::{
    app::App,
    identity::{self, NewUser, Role, User},
    ids::TenantId,
};
use clap::Subcommand;
use serde_json::{Value, json};
use std::io::Read as _;
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add somebody.
    #[command(
        after_help = "Example: zelo user create --tenant hotel-mirante --email ana@hotel.com.br --role agent --password-stdin < password.txt"
    )]
    Create {
        /// The tenant's slug; left out for a super_admin.
        #[arg(long)]
        tenant: Option<String>,
        /// The address to log in with.
        #[arg(long)]
        email: String,
        /// What they may do: super_admin, owner, admin, manager, supervisor, agent or viewer.
        #[arg(long, value_parser = parse_role)]
        role: Role,
        /// What they are called; the part before the @ if left out.
        #[arg(long)]
        name: Option<String>,
        /// Read the password from standard input, so that it stays out of the shell's history.
        #[arg(long, required_unless_present = "password_hash_stdin", conflicts_with = "password_hash_stdin")]
        password_stdin: bool,
        /// Read the password's hash from standard input, as another system left it behind: argon2id or bcrypt.
        #[arg(long)]
        password_hash_stdin: bool,
    },
    /// Take away the second factor of somebody who lost phone and codes.
    #[command(after_help = "Example: zelo user reset-mfa --tenant hotel-mirante --email ana@hotel.com.br")]
    ResetMfa {
        /// The tenant's slug; left out for the platform's own.
        #[arg(long)]
        tenant: Option<String>,
        /// Their address.
        #[arg(long)]
        email: String,
    },
    /// Show the people of a tenant.
    #[command(after_help = "Example: zelo user list --tenant hotel-mirante")]
    List {
        /// The tenant's slug; left out for the platform's own.
        #[arg(long)]
        tenant: Option<String>,
    },
}

fn parse_role(word: &str) -> Result<Role, String> {
    Role::from_word(&word.replace('-', "_")).ok_or_else(|| {
        "roles are super_admin, owner, admin, manager, supervisor, agent and viewer".to_owned()
    })
}

pub(super) async fn run(command: Command, context: &Context) -> Result<()> {
    match command {
        Command::Create { tenant, email, role, name, password_stdin: _, password_hash_stdin } => {
            if role.is_platform() != tenant.is_none() {
                return Err(Failure::usage(
                    "a super_admin belongs to no tenant; everybody else needs --tenant",
                ));
            }
            let password = read_secret("password")?;
            let app = start::open_from(&context.sources).await?;
            let tenant = tenant_id(&app, tenant.as_deref()).await?;
            let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
            let new = NewUser { name, email, role, password };
            let user = if password_hash_stdin {
                identity::import_user(&app, tenant, &new).await?
            } else {
                identity::create_user(&app, tenant, &new).await?
            };
            let text = format!("{} <{}> was added as {}.", user.name, user.email, user.role);
            say::either(context.json, &to_json(&user), &text);
        }
        Command::ResetMfa { tenant, email } => {
            let app = start::open_from(&context.sources).await?;
            let tenant = tenant_id(&app, tenant.as_deref()).await?;
            let all = identity::list_users(&app, tenant).await?;
            let user = all.iter().find(|user| user.email.eq_ignore_ascii_case(&email));
            let user = user.ok_or_else(|| Failure::new(format!("nobody here has the address {email}")))?;
            identity::reset_mfa(&app, tenant, user.id).await?;
            let text = format!("{} <{}> logs in without a second factor now.", user.name, user.email);
            say::either(context.json, &to_json(user), &text);
        }
        Command::List { tenant } => {
            let app = start::open_to_look(&context.sources).await?;
            let tenant = tenant_id(&app, tenant.as_deref()).await?;
            let all = identity::list_users(&app, tenant).await?;
            let data: Vec<Value> = all.iter().map(to_json).collect();
            let text: Vec<String> = all
                .iter()
                .map(|it| format!("{:<12} {:<32} {}", it.role.to_string(), it.email, it.name))
                .collect();
            say::either(context.json, &json!({ "data": data }), &text.join("\n"));
        }
    }
    Ok(())
}

async fn tenant_id(app: &App, slug: Option<&str>) -> Result<TenantId> {
    let Some(slug) = slug else { return Ok(TenantId(uuid::Uuid::nil())) };
    Ok(super::tenant::find(app, slug).await?.id)
}

/// A secret from standard input, without the line's end.
pub(super) fn read_secret(what: &str) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().lock().read_to_string(&mut text)?;
    let secret = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if secret.is_empty() {
        return Err(Failure::usage(format!("standard input holds no {what}")));
    }
    Ok(secret)
}

fn to_json(user: &User) -> Value {
    let tenant = (!user.tenant.0.is_nil()).then_some(user.tenant);
    json!({"id": user.id, "tenant_id": tenant, "email": user.email, "name": user.name, "role": user.role, "is_active": user.is_active})
}
