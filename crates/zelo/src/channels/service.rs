//! What is done with channels.

use super::{Channel, ChannelChange, ChannelStatus, Credentials, NewChannel, directory, store};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::{DAY, Millis},
    crypto::{Place, digest},
    error::{Error, Result},
    ids::{ChannelId, TenantId},
    tenants::TenantScope,
};
use jobs::NewJob;
use serde::{Deserialize, Serialize};
use whatsapp::client::NumberInfo;
use zeroize::Zeroizing;

/// How long a secret is believed after it was replaced: Meta repeats an event for seven days.
const SECRETS_OVERLAP: Millis = 7 * DAY;

/// What the job that follows a connection works on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Connected {
    /// The number.
    pub channel_id: ChannelId,
}

/// Promise what follows the connection of a number.
async fn promise_connection(tx: &mut db::Tx, app: &App, scope: TenantScope, id: ChannelId) -> Result<()> {
    let payload = serde_json::to_string(&Connected { channel_id: id }).map_err(Error::internal)?;
    app.jobs.enqueue(tx, NewJob::new(super::QUEUE, super::CONNECT, payload).tenant(scope.tenant().0)).await?;
    Ok(())
}

/// Connect a number.
///
/// # Errors
/// [`Error::Invalid`] when something does not fit, [`Error::Conflict`] when the number is connected already.
pub async fn create_channel(app: &App, scope: TenantScope, new: &NewChannel) -> Result<Channel> {
    new.validate()?;
    let channel = Channel {
        id: ChannelId(app.ids.next()),
        name: new.name.clone(),
        phone_number_id: new.phone_number_id.clone(),
        waba_id: new.waba_id.clone(),
        display_phone: new.display_phone.clone(),
        status: ChannelStatus::Active,
        throughput: None,
        messages_per_second: None,
        token_since: app.clock.now(),
        silence_alert: true,
    };
    let secret_id = app.ids.next();
    let platform = app.keyring.platform().await?;
    let secret_sealed =
        platform.data.seal(directory::secret_place(secret_id), new.credentials.app_secret.as_bytes())?;
    let secret_digest = directory::secret_digest(&new.credentials.app_secret);
    let sealed = seal_credentials(app, scope, channel.id, &new.credentials).await?;
    let verify_token = digest(new.credentials.verify_token.as_bytes());
    let now = app.clock.now();
    let pen = Pen::of(app, scope.tenant()).await?;
    db::write!(app.db, "create_channel", scope.into(), |tx| -> Result<()> {
        let app_secret =
            store::ensure_app_secret(tx, secret_id, scope.tenant(), &secret_digest, &secret_sealed, now)
                .await?;
        store::insert_channel(tx, scope, &channel, &sealed, now).await?;
        match store::insert_route(tx, scope, &channel, app_secret, &verify_token).await {
            Err(error) if error.is_unique() => {
                return Err(Error::Conflict {
                    code: "number_connected",
                    detail: "This number is connected already.".into(),
                });
            }
            other => other?,
        }
        let entry = Entry::of(EventType::ConfigUpdate, "channel_created").on("channel", channel.id);
        let entry = entry.changed("name", None::<&str>, channel.name.as_str());
        let entry = entry.changed("phone_number_id", None::<&str>, channel.phone_number_id.as_str());
        pen.write(tx, entry.changed("waba_id", None::<&str>, channel.waba_id.as_str())).await?;
        promise_connection(tx, app, scope, channel.id).await?;
        tx.wake(directory::TOPIC);
        Ok(())
    })?;
    app.directory.reload(&app.db, &app.keyring).await?;
    Ok(channel)
}

/// Change a channel's name or credentials, or switch it off and on. A new access token takes the channel up again that waited
/// for one.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's channel too; [`Error::Invalid`] when something does not fit.
pub async fn update_channel(
    app: &App,
    scope: TenantScope,
    id: ChannelId,
    change: &ChannelChange,
) -> Result<Channel> {
    change.validate()?;
    let before = get_channel(app, scope, id).await?;
    let mut channel = before.clone();
    channel.name = change.name.clone().unwrap_or(channel.name);
    channel.display_phone = change.display_phone.clone().unwrap_or(channel.display_phone);
    if let Some(wanted) = change.messages_per_second {
        channel.messages_per_second = Some(wanted).filter(|wanted| *wanted > 0);
    }
    channel.silence_alert = change.silence_alert.unwrap_or(channel.silence_alert);
    let mut credentials = credentials(app, scope, id).await?;
    credentials.change(change);
    let whole = NewChannel {
        name: channel.name.clone(),
        phone_number_id: channel.phone_number_id.clone(),
        waba_id: channel.waba_id.clone(),
        display_phone: channel.display_phone.clone(),
        credentials,
    };
    whole.validate()?;
    let credentials = &whole.credentials;
    if change.access_token.is_some() {
        channel.token_since = app.clock.now();
    }
    let status = change.status_after(before.status);
    channel.status = status.unwrap_or(before.status);
    let is_back = before.status == ChannelStatus::Disabled && channel.status == ChannelStatus::Active;
    let sealed = seal_credentials(app, scope, id, credentials).await?;
    let secret_id = app.ids.next();
    let platform = app.keyring.platform().await?;
    let secret_sealed =
        platform.data.seal(directory::secret_place(secret_id), credentials.app_secret.as_bytes())?;
    let secret_digest = directory::secret_digest(&credentials.app_secret);
    let verify_token = digest(credentials.verify_token.as_bytes());
    let entry = entry_of_change(&before, &channel, change);
    let pen = Pen::of(app, scope.tenant()).await?;
    let now = app.clock.now();
    db::write!(app.db, "update_channel", scope.into(), |tx| -> Result<()> {
        let app_secret =
            store::ensure_app_secret(tx, secret_id, scope.tenant(), &secret_digest, &secret_sealed, now)
                .await?;
        store::update_channel(tx, scope, &channel, status, &sealed).await?;
        store::update_route(tx, &channel, app_secret, &verify_token, now + SECRETS_OVERLAP).await?;
        pen.write(tx, entry.clone()).await?;
        if change.access_token.is_some() || is_back {
            promise_connection(tx, app, scope, id).await?;
        }
        tx.wake(directory::TOPIC);
        Ok(())
    })?;
    app.directory.reload(&app.db, &app.keyring).await?;
    Ok(channel)
}

/// What changed, and of secrets only that they did.
fn entry_of_change(before: &Channel, after: &Channel, change: &ChannelChange) -> Entry {
    let mut entry = Entry::of(EventType::ConfigUpdate, "channel_updated")
        .on("channel", after.id)
        .changed("name", before.name.as_str(), after.name.as_str())
        .changed("display_phone", before.display_phone.as_str(), after.display_phone.as_str())
        .changed("messages_per_second", before.messages_per_second, after.messages_per_second)
        .changed("silence_alert", before.silence_alert, after.silence_alert)
        .changed("status", before.status.as_str(), after.status.as_str());
    for (name, new) in [
        ("access_token_changed", &change.access_token),
        ("app_secret_changed", &change.app_secret),
        ("verify_token_changed", &change.verify_token),
    ] {
        if new.is_some() {
            entry = entry.with(name, true);
        }
    }
    entry
}

async fn seal_credentials(
    app: &App,
    scope: TenantScope,
    id: ChannelId,
    credentials: &Credentials,
) -> Result<Vec<u8>> {
    let plain = Zeroizing::new(serde_json::to_vec(credentials).map_err(Error::internal)?);
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    Ok(keys.data.seal(credentials_place(scope, id), &plain)?)
}

/// A tenant's channels, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list_channels(app: &App, scope: TenantScope) -> Result<Vec<Channel>> {
    db::read!(app.db, "list_channels", scope.into(), |tx| -> Result<_> {
        Ok(store::list_channels(tx, scope).await?)
    })
}

/// One channel.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's channel too.
pub async fn get_channel(app: &App, scope: TenantScope, id: ChannelId) -> Result<Channel> {
    db::read!(app.db, "get_channel", scope.into(), |tx| -> Result<_> {
        store::find_channel(tx, scope, id).await?.ok_or(Error::NotFound)
    })
}

/// What is needed to speak for a channel. For calls to Meta only: credentials never leave otherwise.
///
/// # Errors
/// [`Error::NotFound`] when there is no such channel, or its credentials cannot be opened.
pub async fn credentials(app: &App, scope: TenantScope, id: ChannelId) -> Result<Credentials> {
    let sealed = db::read!(app.db, "get_credentials", scope.into(), |tx| -> Result<_> {
        store::find_credentials(tx, scope, id).await?.ok_or(Error::NotFound)
    })?;
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let plain = Zeroizing::new(keys.data.open(credentials_place(scope, id), &sealed)?);
    serde_json::from_slice(&plain).map_err(Error::internal)
}

/// Keep what Meta says about how fast a number may send.
///
/// # Errors
/// When the database does not answer.
pub async fn learn_throughput(app: &App, scope: TenantScope, id: ChannelId, info: &NumberInfo) -> Result<()> {
    let Some(throughput) = info.messages_per_second() else { return Ok(()) };
    db::write!(app.db, "learn_throughput", scope.into(), |tx| -> Result<()> {
        store::update_throughput(tx, scope, id, throughput).await?;
        Ok(())
    })
}

/// Say whether messages can leave through a channel, as Meta showed it. One that is switched off stays so.
///
/// # Errors
/// When the database does not answer.
pub async fn set_status(app: &App, scope: TenantScope, id: ChannelId, status: ChannelStatus) -> Result<()> {
    let pen = Pen::of(app, scope.tenant()).await?;
    let is_news = db::write!(app.db, "set_channel_status", scope.into(), |tx| -> Result<bool> {
        let before = store::find_channel(tx, scope, id).await?.ok_or(Error::NotFound)?;
        // What somebody switched off stays so, whatever Meta says of it.
        let stays = before.status == status || before.status == ChannelStatus::Disabled;
        if stays || store::update_status(tx, scope, id, before.status, status).await? == 0 {
            return Ok(false);
        }
        let entry = Entry::of(EventType::ConfigUpdate, "channel_status").on("channel", id);
        pen.write(tx, entry.changed("status", before.status.as_str(), status.as_str())).await?;
        Ok(true)
    })?;
    if is_news && status == ChannelStatus::ReconnectNeeded {
        metrics::counter!("zelo_channels_reconnect_needed_total").increment(1);
        tracing::error!(channel_id = %id, "Meta refuses a channel; its messages wait until it is connected again");
    }
    Ok(())
}

fn credentials_place(scope: TenantScope, id: ChannelId) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "channels", column: "credentials", row: id.0 }
}

/// What Meta said about a tenant's channels and account.
#[derive(Debug, Clone)]
pub struct ListedNotice {
    /// Its id.
    pub id: uuid::Uuid,
    /// The channel, where it is about one.
    pub channel_id: Option<ChannelId>,
    /// Meta's field, such as `account_update`.
    pub field: String,
    /// What Meta said.
    pub content: serde_json::Value,
    /// When it was stored, in milliseconds since 1970.
    pub created_at: i64,
}

/// The newest notices of a tenant.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_notices(app: &App, scope: TenantScope, limit: i64) -> Result<Vec<ListedNotice>> {
    let rows = db::read!(app.db, "list_notices", scope.into(), |tx| -> Result<_> {
        Ok(store::list_notices(tx, scope, limit).await?)
    })?;
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let mut notices = Vec::with_capacity(rows.len());
    for (id, channel_id, field, sealed, created_at) in rows {
        let place = Place { tenant: scope.tenant().0, table: "channel_notices", column: "content", row: id };
        let plain = keys.data.open(place, &sealed)?;
        let content = serde_json::from_slice(&plain).unwrap_or_default();
        notices.push(ListedNotice { id, channel_id, field, content, created_at });
    }
    Ok(notices)
}

/// Let nothing come in for a tenant that is being deleted. Secrets that another tenant's numbers share stay theirs.
///
/// # Errors
/// When the database does not answer.
pub async fn disconnect_tenant(app: &App, tenant: TenantId) -> Result<()> {
    let gone = db::write!(app.db, "disconnect_tenant", db::Scope::Tenant(tenant.0), |tx| -> Result<u64> {
        store::hand_over_app_secrets(tx, tenant).await?;
        let gone = store::delete_routes(tx, tenant).await?;
        tx.wake(super::directory::TOPIC);
        Ok(gone)
    })?;
    if gone > 0 {
        app.directory.reload(&app.db, &app.keyring).await?;
    }
    Ok(())
}
