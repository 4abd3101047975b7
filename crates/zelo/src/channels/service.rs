//! What is done with channels.

use super::{Channel, ChannelStatus, Credentials, NewChannel, directory, store};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    crypto::{Place, digest},
    error::{Error, Result},
    ids::ChannelId,
    tenants::TenantScope,
};
use zeroize::Zeroizing;

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
    };
    let secret_id = app.ids.next();
    let platform = app.keyring.platform().await?;
    let secret_sealed =
        platform.data.seal(directory::secret_place(secret_id), new.credentials.app_secret.as_bytes())?;
    let secret_digest = directory::secret_digest(&new.credentials);
    let plain = Zeroizing::new(serde_json::to_vec(&new.credentials).unwrap_or_default());
    let sealed = app
        .keyring
        .tenant(scope.tenant().0)
        .await?
        .data
        .seal(credentials_place(scope, channel.id), &plain)?;
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
        tx.wake(directory::TOPIC);
        Ok(())
    })?;
    app.directory.reload(&app.db, &app.keyring).await?;
    Ok(channel)
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

/// Say whether messages can leave through a channel.
///
/// # Errors
/// When the database does not answer.
pub async fn set_status(app: &App, scope: TenantScope, id: ChannelId, status: ChannelStatus) -> Result<()> {
    let pen = Pen::of(app, scope.tenant()).await?;
    db::write!(app.db, "set_channel_status", scope.into(), |tx| -> Result<()> {
        let before = store::find_channel(tx, scope, id).await?.ok_or(Error::NotFound)?;
        if before.status == status {
            return Ok(());
        }
        store::update_status(tx, scope, id, status).await?;
        let entry = Entry::of(EventType::ConfigUpdate, "channel_status").on("channel", id);
        pen.write(tx, entry.changed("status", before.status.as_str(), status.as_str())).await
    })
}

fn credentials_place(scope: TenantScope, id: ChannelId) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "channels", column: "credentials", row: id.0 }
}

/// What Meta said about a tenant's channels and account.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct ListedNotice {
    /// Its id.
    pub id: uuid::Uuid,
    /// The channel, where it is about one.
    pub channel_id: Option<ChannelId>,
    /// Meta's field, such as `account_update`.
    pub field: String,
    /// What Meta said.
    #[schema(value_type = Object)]
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
