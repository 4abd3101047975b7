//! What is done with keys.

use super::{ApiKey, NewApiKey, secret, store};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    error::{Error, Result},
    ids::{ApiKeyId, TenantId, UserId},
    rights::Rights,
    tenants::TenantScope,
};
use db::Tx;
use zeroize::Zeroizing;

/// Make a key that allows no more than its maker may. The secret is given out here and never again.
///
/// # Errors
/// [`Error::Invalid`] naming what does not fit, [`Error::Forbidden`] when it would allow more than its maker may.
pub async fn create_key(
    app: &App,
    scope: TenantScope,
    maker: UserId,
    rights: &Rights,
    new: &NewApiKey,
) -> Result<(ApiKey, Zeroizing<String>)> {
    let now = app.clock.now();
    new.validate(now)?;
    if !rights.permissions.include(new.permissions) {
        return Err(Error::Forbidden);
    }
    let (key, secret) = made(app, maker, new, now)?;
    let digest = secret::digest_of(&secret).ok_or_else(|| Error::internal("a new key is none"))?;
    let pen = Pen::of(app, scope.tenant()).await?;
    db::write!(app.db, "create_api_key", scope.into(), |tx| -> Result<()> {
        store::insert(tx, scope.tenant(), &key).await?;
        store::insert_route(tx, &digest, scope.tenant(), key.id).await?;
        pen.write(tx, entry("api_key_created", &key)).await
    })?;
    Ok((key, secret))
}

fn made(app: &App, maker: UserId, new: &NewApiKey, now: Millis) -> Result<(ApiKey, Zeroizing<String>)> {
    let secret = secret::new_key()?;
    let key = ApiKey {
        id: ApiKeyId(app.ids.next()),
        maker,
        name: new.name.trim().to_owned(),
        hint: secret::hint(&secret),
        permissions: new.permissions,
        networks: new.networks.clone(),
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    Ok((key, secret))
}

/// The keys of a tenant, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list_keys(app: &App, scope: TenantScope) -> Result<Vec<ApiKey>> {
    db::read!(app.db, "list_api_keys", scope.into(), |tx| -> Result<_> {
        Ok(load_keys(tx, scope.tenant()).await?)
    })
}

/// The same inside the transaction of whoever asks.
///
/// # Errors
/// What the database answers.
pub async fn load_keys(tx: &mut Tx, tenant: TenantId) -> db::Result<Vec<ApiKey>> {
    store::list(tx, tenant).await
}

/// Let a key open nothing from now on. Doing it again changes nothing.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's too.
pub async fn revoke_key(app: &App, scope: TenantScope, id: ApiKeyId) -> Result<()> {
    let (pen, now) = (Pen::of(app, scope.tenant()).await?, app.clock.now());
    db::write!(app.db, "revoke_api_key", scope.into(), |tx| -> Result<()> {
        revoke_key_within(tx, &pen, scope.tenant(), id, now).await
    })
}

/// The same inside the transaction of whoever asks.
///
/// # Errors
/// As [`revoke_key`].
pub async fn revoke_key_within(
    tx: &mut Tx,
    pen: &Pen,
    tenant: TenantId,
    id: ApiKeyId,
    now: Millis,
) -> Result<()> {
    let key = store::find(tx, tenant, id).await?.ok_or(Error::NotFound)?;
    if store::revoke(tx, tenant, id, now).await? > 0 {
        pen.write(tx, entry("api_key_revoked", &key)).await?;
    }
    Ok(())
}

/// Put a new key in the place of an old one, which goes on working for `overlap`, so that programs can change over.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's too; [`Error::Conflict`] when the old one works no more;
/// [`Error::Forbidden`] when it allows more than its new maker may.
pub async fn rotate_key(
    app: &App,
    scope: TenantScope,
    maker: UserId,
    rights: &Rights,
    id: ApiKeyId,
    overlap: Millis,
) -> Result<(ApiKey, Zeroizing<String>)> {
    let now = app.clock.now();
    let pen = Pen::of(app, scope.tenant()).await?;
    let old = db::read!(app.db, "get_api_key", scope.into(), |tx| -> Result<_> {
        store::find(tx, scope.tenant(), id).await?.ok_or(Error::NotFound)
    })?;
    if old.is_over(now) {
        let detail = "This key works no more: make a new one.".into();
        return Err(Error::Conflict { code: "key_is_over", detail });
    }
    if !rights.permissions.include(old.permissions) {
        return Err(Error::Forbidden);
    }
    let new = NewApiKey {
        name: old.name.clone(),
        permissions: old.permissions,
        networks: old.networks.clone(),
        expires_at: old.expires_at,
    };
    let (key, secret) = made(app, maker, &new, now)?;
    let digest = secret::digest_of(&secret).ok_or_else(|| Error::internal("a new key is none"))?;
    db::write!(app.db, "rotate_api_key", scope.into(), |tx| -> Result<()> {
        store::insert(tx, scope.tenant(), &key).await?;
        store::insert_route(tx, &digest, scope.tenant(), key.id).await?;
        store::expire(tx, scope.tenant(), id, now + overlap).await?;
        pen.write(tx, entry("api_key_rotated", &key).with("replaces", id.to_string())).await
    })?;
    Ok((key, secret))
}

fn entry(action: &'static str, key: &ApiKey) -> Entry {
    Entry::of(EventType::ApiKeyUpdate, action)
        .on("api_key", key.id)
        .with("name", key.name.as_str())
        .with("permissions", serde_json::to_value(key.permissions).unwrap_or_default())
}
