//! What follows the connection of a number, and whether it still holds.
//!
//! The app is subscribed to the number's account, so that its webhooks arrive, and where the installation has a public
//! address they are led to it; then the account's templates are read. [`check`] tries everything that a number needs.

mod check;
mod line;

pub use check::{Checked, Finding, Verdict, check, look};
pub use line::CheckLine;

use crate::{
    app::App,
    channels::{self, Channel, Connected, Credentials},
    error::{Error, Result},
    ids::TenantId,
    templates,
    tenants::TenantScope,
};
use jobs::{Leased, Outcome};
use std::time::Duration;
use whatsapp::client::{AccessToken, SendError};

/// Do what follows the connection of the number that a job names.
pub async fn connect(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(connected) = serde_json::from_str::<Connected>(&job.payload) else {
        return Outcome::give_up("the job names no number");
    };
    match follow(&app, TenantScope::of_work(tenant), &connected).await {
        Ok(None) | Err(Error::NotFound) => Outcome::Done,
        Ok(Some(wait)) => Outcome::retry_after(wait, "Meta did not subscribe the app"),
        Err(error) => Outcome::retry(error.to_string()),
    }
}

/// How long to wait before it is tried again, if it has to be.
async fn follow(app: &App, scope: TenantScope, connected: &Connected) -> Result<Option<Duration>> {
    let channel = channels::get_channel(app, scope, connected.channel_id).await?;
    db::write!(app.db, "promise_template_sync", scope.into(), |tx| -> Result<()> {
        templates::promise_sync(tx, app, scope, &channel.waba_id).await
    })?;
    let credentials = channels::credentials(app, scope, channel.id).await?;
    let subscribed = subscribe(app, &channel, &credentials).await;
    let outcome = if subscribed.is_ok() { "ok" } else { "failed" };
    metrics::counter!("zelo_whatsapp_requests_total", "operation" => "subscribe_app", "outcome" => outcome)
        .increment(1);
    Ok(match subscribed {
        Ok(()) => None,
        Err(SendError::RetryLater { after, .. }) => Some(after),
        Err(error @ SendError::Rejected { .. }) => {
            tracing::warn!(channel_id = %channel.id, code = error.code(), "Meta refuses to subscribe the app; the check of the number says more");
            None
        }
        Err(_) => Some(Duration::from_secs(30)),
    })
}

/// Subscribe the number's app, and lead its messages here where Meta can reach us.
async fn subscribe(app: &App, channel: &Channel, credentials: &Credentials) -> Result<(), SendError> {
    let token = AccessToken::new(credentials.access_token.clone());
    let url = callback_url(app).filter(|_| !credentials.verify_token.is_empty());
    let callback = url.as_deref().map(|url| (url, credentials.verify_token.as_str()));
    app.graph.subscribe_app(&channel.waba_id, &token, callback).await?;
    let Some(url) = url else { return Ok(()) };
    // An override of the number's own would go before the account's, and its messages elsewhere.
    let number = app.graph.check(&channel.phone_number_id, &token).await?;
    let own = number.webhook_configuration.and_then(|it| it.phone_number).unwrap_or_default();
    if own.is_empty() || own.starts_with(&url) {
        return Ok(());
    }
    tracing::info!(channel_id = %channel.id, "the number's messages went elsewhere and are led here now");
    app.graph.end_number_override(&channel.phone_number_id, &token).await
}

/// Where Meta is to post: nothing where the installation has no public address, or one that Meta does not take.
fn callback_url(app: &App) -> Option<String> {
    let url = app.config.server.public_url.as_deref()?;
    let is_local_meta = !app.config.whatsapp.graph_base_url.starts_with("https://");
    (url.starts_with("https://") || is_local_meta).then(|| format!("{url}/webhooks/whatsapp"))
}
