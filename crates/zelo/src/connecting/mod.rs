//! What follows the connection of a number: its account's templates are read.

use crate::{
    app::App,
    channels::{self, Connected},
    error::{Error, Result},
    ids::TenantId,
    templates,
    tenants::TenantScope,
};
use jobs::{Leased, Outcome};

/// Do what follows the connection of the number that a job names.
pub async fn connect(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(connected) = serde_json::from_str::<Connected>(&job.payload) else {
        return Outcome::give_up("the job names no number");
    };
    match follow(&app, TenantScope::of_work(tenant), &connected).await {
        Ok(()) | Err(Error::NotFound) => Outcome::Done,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

async fn follow(app: &App, scope: TenantScope, connected: &Connected) -> Result<()> {
    let channel = channels::get_channel(app, scope, connected.channel_id).await?;
    db::write!(app.db, "promise_template_sync", scope.into(), |tx| -> Result<()> {
        templates::promise_sync(tx, app, scope, &channel.waba_id).await
    })
}
