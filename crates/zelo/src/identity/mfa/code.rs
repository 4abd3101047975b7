//! Whether a code is right, and using it up.

use super::{backup::BackupCode, store, totp};
use crate::{
    app::App,
    crypto::Place,
    error::{Error, Result},
    ids::{TenantId, UserId},
};
use db::Scope;
use uuid::Uuid;

/// What somebody proved with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::identity) enum Factor {
    /// That they have the app.
    Totp,
    /// That they kept a backup code.
    BackupCode,
}

impl Factor {
    /// How the log-in is called that it completes.
    pub(in crate::identity) fn methods(self) -> &'static str {
        match self {
            Self::Totp => "password otp",
            Self::BackupCode => "password backup_code",
        }
    }
}

/// Where a seed is kept.
pub(super) fn seed_place(tenant: TenantId, factor: Uuid) -> Place<'static> {
    Place { tenant: tenant.0, table: "mfa_factors", column: "seed", row: factor }
}

/// Check a code of the app or a backup code, and use it up: it works once, whoever asks wherever at the same time.
/// None when it is wrong, or was used.
pub(in crate::identity) async fn use_code(
    app: &App,
    tenant: TenantId,
    user: UserId,
    code: &str,
) -> Result<Option<Factor>> {
    let digits: String = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return use_totp(app, tenant, user, &digits).await;
    }
    match BackupCode::parse(code) {
        Some(code) => use_backup_code(app, tenant, user, code).await,
        None => Ok(None),
    }
}

async fn use_totp(app: &App, tenant: TenantId, user: UserId, code: &str) -> Result<Option<Factor>> {
    let factor = db::read!(app.db, "find_factor", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::find_factor(tx, tenant, user).await?)
    })?;
    let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else { return Ok(None) };
    let keys = app.keyring.tenant(tenant.0).await?;
    let seed = zeroize::Zeroizing::new(keys.data.open(seed_place(tenant, factor.id), &factor.seed_sealed)?);
    let Some(step) = totp::matching_step(&seed, code, app.clock.now()) else { return Ok(None) };
    let used = db::write!(app.db, "use_code", Scope::Tenant(tenant.0), |tx| -> Result<u64> {
        Ok(store::use_step(tx, tenant, user, step).await?)
    })?;
    Ok((used == 1).then_some(Factor::Totp))
}

async fn use_backup_code(
    app: &App,
    tenant: TenantId,
    user: UserId,
    code: BackupCode,
) -> Result<Option<Factor>> {
    let hash = db::read!(app.db, "find_backup_code", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::find_backup_code(tx, tenant, user, code.place).await?)
    })?;
    let Some(hash) = hash else { return Ok(None) };
    if !app.identity.passwords.verify(code.secret, Some(hash.clone())).await?.matches {
        return Ok(None);
    }
    let now = app.clock.now();
    let used = db::write!(app.db, "use_backup_code", Scope::Tenant(tenant.0), |tx| -> Result<u64> {
        Ok(store::use_backup_code(tx, tenant, user, code.place, &hash, now).await?)
    })?;
    Ok((used == 1).then_some(Factor::BackupCode))
}

/// Hash backup codes as passwords are hashed.
pub(super) async fn hash_codes(app: &App, codes: &[BackupCode]) -> Result<Vec<String>> {
    let secrets = codes.iter().map(|code| code.secret.clone()).collect();
    app.identity.passwords.hash_all(secrets).await.map_err(|error| match error {
        Error::Unavailable(_) => Error::Unavailable(None),
        other => other,
    })
}
