//! `zelo channel`: the WhatsApp numbers of a tenant.

use super::{
    Context,
    failure::{Failure, Result},
    say, start, user,
};
use crate::{
    app::App,
    channels::{self, Channel, ChannelChange, Credentials, NewChannel},
    connecting::{self, Verdict},
    crypto::Token,
    pages::locale::Lang,
    tenants::TenantScope,
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{path::PathBuf, process::ExitCode};
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Connect a number.
    #[command(
        after_help = "Example: zelo channel create --tenant hotel-mirante --phone-number-id 200300400500601 --waba-id 100200300400501 --access-token-stdin --app-secret-file secret.txt < token.txt"
    )]
    Create(Box<Create>),
    /// Give a number a new token, secret or name; what is left out stays.
    #[command(
        after_help = "Example: zelo channel update --tenant hotel-mirante --phone-number-id 200300400500601 --access-token-stdin < token.txt"
    )]
    Update(Box<Update>),
    /// Switch a number off: nothing leaves, and what comes in is kept.
    #[command(
        after_help = "Example: zelo channel disable --tenant hotel-mirante --phone-number-id 200300400500601"
    )]
    Disable(Named),
    /// Switch a number on again.
    #[command(
        after_help = "Example: zelo channel enable --tenant hotel-mirante --phone-number-id 200300400500601"
    )]
    Enable(Named),
    /// Show a tenant's numbers.
    #[command(after_help = "Example: zelo channel list --tenant hotel-mirante")]
    List {
        /// The tenant's slug.
        #[arg(long)]
        tenant: String,
    },
    /// Try everything that the numbers need at Meta, and say what helps.
    #[command(after_help = "Example: zelo channel check --tenant hotel-mirante")]
    Check {
        /// The tenant's slug.
        #[arg(long)]
        tenant: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// What the tenant calls the number.
    #[arg(long, default_value = "WhatsApp")]
    name: String,
    /// Meta's id of the number.
    #[arg(long)]
    phone_number_id: String,
    /// Meta's id of the account.
    #[arg(long)]
    waba_id: String,
    /// The number as people read it.
    #[arg(long, default_value = "")]
    display_phone: String,
    /// Read the access token from standard input.
    #[arg(long, required = true)]
    access_token_stdin: bool,
    /// A file with the secret of the Meta app.
    #[arg(long, value_name = "FILE")]
    app_secret_file: PathBuf,
    /// A file with the word that Meta sends when the address is confirmed; a new one is made if left out.
    #[arg(long, value_name = "FILE")]
    verify_token_file: Option<PathBuf>,
}

/// One of a tenant's numbers.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// Meta's id of the number.
    #[arg(long)]
    phone_number_id: String,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// Meta's id of the number.
    #[arg(long)]
    phone_number_id: String,
    /// What the tenant calls the number from now on.
    #[arg(long)]
    name: Option<String>,
    /// The number as people read it.
    #[arg(long)]
    display_phone: Option<String>,
    /// Read a new access token from standard input.
    #[arg(long)]
    access_token_stdin: bool,
    /// A file with the new secret of the Meta app; the old one is believed for seven days more.
    #[arg(long, value_name = "FILE")]
    app_secret_file: Option<PathBuf>,
    /// A file with the new word that Meta sends when the address is confirmed.
    #[arg(long, value_name = "FILE")]
    verify_token_file: Option<PathBuf>,
    /// Messages a second that may leave at most; 0 for what Meta grants.
    #[arg(long, value_name = "NUMBER")]
    messages_per_second: Option<u32>,
    /// Whether somebody is told when nothing comes in that usually would: true or false.
    #[arg(long, value_name = "BOOL")]
    silence_alert: Option<bool>,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<ExitCode> {
    match command {
        Command::Create(create) => connect(*create, context).await?,
        Command::Update(update) => change(*update, context).await?,
        Command::Disable(named) => switch(&named, false, context).await?,
        Command::Enable(named) => switch(&named, true, context).await?,
        Command::List { tenant } => list(&tenant, context).await?,
        Command::Check { tenant } => return check(&tenant, context).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn connect(create: Create, context: &Context) -> Result<()> {
    let access_token = user::read_secret("access token")?.to_string();
    let app_secret = read_file(&create.app_secret_file)?.to_string();
    let verify_token = match &create.verify_token_file {
        Some(file) => read_file(file)?.to_string(),
        None => Token::random()?.reveal().to_owned(),
    };
    let app = start::open_from(&context.sources).await?;
    let scope = scope(&app, &create.tenant).await?;
    let new = NewChannel {
        name: create.name,
        phone_number_id: create.phone_number_id,
        waba_id: create.waba_id,
        display_phone: create.display_phone,
        credentials: Credentials { access_token, app_secret, verify_token: verify_token.clone() },
    };
    let channel = channels::create_channel(&app, scope, &new).await?;
    let url = format!("{}/webhooks/whatsapp/{}", app.config.public_url(), channel.id);
    let mut value = to_json(&channel);
    if let Some(object) = value.as_object_mut() {
        object.insert("webhook_url".into(), url.clone().into());
        object.insert("verify_token".into(), verify_token.clone().into());
    }
    let text = format!(
        "The number {} is connected as {}.\nGive Meta this webhook address: {url}\nand this verify token:          \
         {verify_token}",
        channel.phone_number_id, channel.id
    );
    say::either(context.json, &value, &text);
    Ok(())
}

async fn change(update: Update, context: &Context) -> Result<()> {
    let read = |file: &Option<PathBuf>| file.as_ref().map(read_file).transpose();
    let access_token =
        if update.access_token_stdin { Some(user::read_secret("access token")?.to_string()) } else { None };
    let change = ChannelChange {
        name: update.name,
        display_phone: update.display_phone,
        access_token,
        app_secret: read(&update.app_secret_file)?.map(|secret| secret.to_string()),
        verify_token: read(&update.verify_token_file)?.map(|token| token.to_string()),
        messages_per_second: update.messages_per_second,
        silence_alert: update.silence_alert,
        is_on: None,
    };
    let app = start::open_from(&context.sources).await?;
    let scope = scope(&app, &update.tenant).await?;
    let number = &update.phone_number_id;
    let channel = find(&app, scope, &update.tenant, number).await?;
    let channel = channels::update_channel(&app, scope, channel.id, &change).await?;
    say::either(context.json, &to_json(&channel), &format!("The number {number} was changed."));
    Ok(())
}

async fn switch(named: &Named, is_on: bool, context: &Context) -> Result<()> {
    let app = start::open_from(&context.sources).await?;
    let scope = scope(&app, &named.tenant).await?;
    let channel = find(&app, scope, &named.tenant, &named.phone_number_id).await?;
    let change = ChannelChange { is_on: Some(is_on), ..ChannelChange::default() };
    let channel = channels::update_channel(&app, scope, channel.id, &change).await?;
    let word = if is_on { "on" } else { "off" };
    let text = format!("The number {} is switched {word}.", channel.phone_number_id);
    say::either(context.json, &to_json(&channel), &text);
    Ok(())
}

async fn find(app: &App, scope: TenantScope, tenant: &str, number: &str) -> Result<Channel> {
    let all = channels::list_channels(app, scope).await?;
    all.into_iter().find(|channel| channel.phone_number_id == number).ok_or_else(|| {
        Failure::new(format!(
            "{tenant} has no number {number}; `zelo channel list --tenant {tenant}` shows its numbers"
        ))
    })
}

async fn list(tenant: &str, context: &Context) -> Result<()> {
    let app = start::open_to_look(&context.sources).await?;
    let all = channels::list_channels(&app, scope(&app, tenant).await?).await?;
    let data: Vec<Value> = all.iter().map(to_json).collect();
    let text: Vec<String> = all
        .iter()
        .map(|it| format!("{}  {:<18} {:<17} {}", it.id, it.phone_number_id, it.status.as_str(), it.name))
        .collect();
    say::either(context.json, &json!({ "data": data }), &text.join("\n"));
    Ok(())
}

async fn check(tenant: &str, context: &Context) -> Result<ExitCode> {
    let app = start::open_to_look(&context.sources).await?;
    let scope = scope(&app, tenant).await?;
    let (mut data, mut text, mut all_good) = (Vec::new(), Vec::new(), true);
    for channel in channels::list_channels(&app, scope).await? {
        let checked = connecting::check(&app, scope, &channel).await?;
        let mut value = to_json(&channel);
        let mut lines = Vec::new();
        all_good &= checked.is_good();
        text.push(format!("{} {}", channel.phone_number_id, channel.name));
        for finding in &checked.findings {
            let mark = match finding.verdict {
                Verdict::Ok => "ok  ",
                Verdict::Warning => "warn",
                Verdict::Failed => "fail",
            };
            let (said, cure) = (finding.text(Lang::English), finding.cure(Lang::English));
            text.push(format!("  {mark} {:<13} {said}", finding.name));
            text.extend(cure.as_ref().map(|cure| format!("       {cure}")));
            lines.push(json!({"name": finding.name, "verdict": finding.verdict, "text": said, "cure": cure}));
        }
        if let Some(object) = value.as_object_mut() {
            object.insert("ok".into(), checked.is_good().into());
            object.insert("lines".into(), lines.into());
        }
        data.push(value);
    }
    if data.is_empty() {
        text.push("This tenant has no numbers yet; connect one with `zelo channel create`.".into());
    }
    say::either(context.json, &json!({ "data": data }), &text.join("\n"));
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn scope(app: &App, slug: &str) -> Result<TenantScope> {
    Ok(TenantScope::of_work(super::tenant::find(app, slug).await?.id))
}

fn read_file(path: &PathBuf) -> Result<Zeroizing<String>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
    Ok(Zeroizing::new(Zeroizing::new(text).trim().to_owned()))
}

fn to_json(channel: &Channel) -> Value {
    json!({
        "id": channel.id,
        "name": channel.name,
        "phone_number_id": channel.phone_number_id,
        "waba_id": channel.waba_id,
        "display_phone": channel.display_phone,
        "status": channel.status,
    })
}
