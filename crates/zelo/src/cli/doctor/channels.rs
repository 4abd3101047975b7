//! Whether Meta takes the numbers' tokens.

use super::{
    super::{channel::ask_meta, failure::with_causes},
    Check,
};
use crate::{
    app::App,
    channels::{self, Channel},
    error::Result,
    tenants::{self, TenantScope},
};
use whatsapp::client::SendError;

const NAME: &str = "whatsapp";

pub(super) async fn check(app: &App) -> Vec<Check> {
    match look(app).await {
        Ok(checks) if checks.is_empty() => {
            let cure = "connect one with `zelo channel create`";
            vec![Check::warn(NAME, "no number is connected yet", cure)]
        }
        Ok(checks) => checks,
        Err(error) => {
            vec![Check::fail(NAME, with_causes(&error), "see whether the checks above name the cause")]
        }
    }
}

async fn look(app: &App) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for tenant in tenants::list_tenants(app).await? {
        let scope = TenantScope::of_work(tenant.id);
        for channel in channels::list_channels(app, scope).await? {
            checks.push(look_at(app, scope, &tenant.slug, &channel).await);
        }
    }
    Ok(checks)
}

async fn look_at(app: &App, scope: TenantScope, slug: &str, channel: &Channel) -> Check {
    let who = format!("number {} of {slug}", channel.phone_number_id);
    match ask_meta(app, scope, channel).await {
        Err(failure) => {
            let cure = "bring back the keystore that belongs to this database";
            Check::fail(NAME, format!("the credentials of {who} cannot be opened: {failure}"), cure)
        }
        Ok(Ok(_)) => Check::ok(NAME, format!("the token of {who} is good")),
        Ok(Err(SendError::Rejected { error, .. })) => Check::fail(
            NAME,
            format!("Meta refuses the token of {who}: {error}"),
            format!(
                "make a new permanent token in Meta Business Manager (System users) and give it to the number: zelo \
                 channel update --tenant {slug} --phone-number-id {} --access-token-stdin",
                channel.phone_number_id
            ),
        ),
        Ok(Err(error)) => Check::warn(
            NAME,
            format!("cannot check {who}: {}", with_causes(&error)),
            "let this machine reach whatsapp.graph_base_url, and try again",
        ),
    }
}
