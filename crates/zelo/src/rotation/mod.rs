//! What is due: API keys and the access tokens of numbers to be changed, and who has what to be looked through.
//!
//! Nothing is stopped for its age. Whoever runs the tenant is told by mail, each month again, and the lists say it.

mod store;

use crate::{
    access_reviews,
    api::rfc3339,
    api_keys::{self, ApiKey},
    app::App,
    channels::{self, Channel, ChannelStatus},
    clock::{DAY, Millis},
    config::Config,
    error::Result,
    identity::{self, Role},
    mail::{Message, Told},
    tenants::{self, Tenant, TenantScope, TenantStatus},
};
use uuid::Uuid;

/// A key that ends within this time is due, whatever its age: programs need some days to change over.
const BEFORE_THE_END: Millis = 14 * DAY;
/// Nobody is told of the same thing more often.
const AGAIN: Millis = 30 * DAY;

/// From which age on something is due; never where the setting is 0.
fn is_old(config: &Config, since: Millis, now: Millis) -> bool {
    let days = i64::from(config.auth.rotation_days);
    days > 0 && now - since >= days * DAY
}

/// Whether an API key should be changed for a new one: it is old, or about to end. One that opens nothing any more is not.
pub fn is_key_due(config: &Config, key: &ApiKey, now: Millis) -> bool {
    let ends_soon = key.expires_at.is_some_and(|end| end - now <= BEFORE_THE_END);
    !key.is_over(now) && (ends_soon || is_old(config, key.created_at, now))
}

/// Whether a number should get a new access token.
pub fn is_token_due(config: &Config, channel: &Channel, now: Millis) -> bool {
    channel.status != ChannelStatus::Disabled && is_old(config, channel.token_since, now)
}

/// Something that is due, as a mail calls it.
struct Due {
    subject: Uuid,
    message: Message,
}

/// Tell the owners and administrators of every tenant that works what is due and was not told of lately.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn remind(app: &App) -> Result<()> {
    for tenant in tenants::list_tenants(app).await? {
        if matches!(tenant.status, TenantStatus::Trial | TenantStatus::Active) {
            remind_tenant(app, &tenant).await?;
        }
    }
    Ok(())
}

async fn remind_tenant(app: &App, tenant: &Tenant) -> Result<()> {
    let now = app.clock.now();
    let due = find_due(app, TenantScope::of_work(tenant.id), now).await?;
    if due.is_empty() {
        return Ok(());
    }
    let runs_it = |user: &identity::User| matches!(user.role, Role::Owner | Role::Admin);
    let postmen = identity::postmen(app, tenant.id, runs_it).await?;
    db::write!(app.db, "remind_of_rotation", db::Scope::Tenant(tenant.id.0), |tx| -> Result<()> {
        for Due { subject, message } in &due {
            if !store::claim(tx, tenant.id, *subject, now, now - AGAIN).await? {
                continue;
            }
            for postman in &postmen {
                postman.post(tx, message).await?;
            }
        }
        Ok(())
    })
}

async fn find_due(app: &App, scope: TenantScope, now: Millis) -> Result<Vec<Due>> {
    let config = &app.config;
    let told = |what: String, since: Millis| Told { what, when: rfc3339(since), ..Told::default() };
    let keys = api_keys::list_keys(app, scope).await?.into_iter();
    let keys = keys.filter(|key| is_key_due(config, key, now)).map(|key| {
        let told = told(format!("{} ({}…)", key.name, key.hint), key.created_at);
        Due { subject: key.id.0, message: Message::RotationDue { told } }
    });
    let channels = channels::list_channels(app, scope).await?.into_iter();
    let tokens = channels.filter(|channel| is_token_due(config, channel, now)).map(|channel| {
        let told = told(channel.name, channel.token_since);
        Due { subject: channel.id.0, message: Message::RotationDue { told } }
    });
    let days = i64::from(config.auth.access_review_days);
    let last = access_reviews::last_looked_through(app, scope).await?;
    let last = last.filter(|last| days > 0 && now - last >= days * DAY);
    let review = last.map(|last| Due {
        subject: scope.tenant().0,
        message: Message::AccessReviewDue { told: told(String::new(), last) },
    });
    Ok(keys.chain(tokens).chain(review).collect())
}
