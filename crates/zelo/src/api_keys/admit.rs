//! Letting a program in.

use super::{ApiKey, secret, store};
use crate::{
    app::App,
    clock::MINUTE,
    error::{Error, Result},
    http::current_client,
    identity::{self, Role},
    ids::TenantId,
    rights::{self, Rights, Visibility},
};
use axum::http::{HeaderMap, header};
use db::Scope;

/// A program that is who it says.
#[derive(Debug)]
pub struct Program {
    /// Whose rows.
    pub tenant: TenantId,
    /// Its key.
    pub key: ApiKey,
    /// What its maker is.
    pub role: Role,
    /// What the key allows and its maker may.
    pub rights: Rights,
}

/// The key that a request brings, in `X-API-Key` or as a bearer token.
pub fn given_key(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        return Some(key.to_str().unwrap_or_default());
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.trim().starts_with(secret::PREFIX)).then(|| token.trim())
}

/// Whose key this is and what it opens now. The maker's rights are looked up with it: what they lose, the key loses.
///
/// # Errors
/// [`Error::Unauthorized`] for what is no key, is over, comes from elsewhere, or was made by somebody who is gone.
pub async fn admit(app: &App, given: &str) -> Result<Program> {
    let digest = secret::digest_of(given).ok_or(Error::Unauthorized)?;
    let route = db::read!(app.db, "find_api_key", Scope::Platform, |tx| -> Result<_> {
        Ok(store::find_route(tx, &digest).await?)
    })?;
    let (tenant, id) = route.ok_or(Error::Unauthorized)?;
    let now = app.clock.now();
    let from = current_client().map(|client| client.address.0);
    let program = db::read!(app.db, "admit_program", Scope::Tenant(tenant.0), |tx| -> Result<Program> {
        let key = store::find(tx, tenant, id).await?.ok_or(Error::Unauthorized)?;
        let maker = identity::find_standing(tx, tenant, key.maker).await?.ok_or(Error::Unauthorized)?;
        if !key.works(now, from) || !maker.may_work {
            return Err(Error::Unauthorized);
        }
        let makers = rights::rights_of(tx, tenant, maker.role, maker.visibility.as_deref()).await?;
        let limit = Rights { permissions: key.permissions, visibility: Visibility::All };
        Ok(Program { tenant, role: maker.role, rights: makers.within(&limit), key })
    })?;
    if program.key.last_used_at.is_none_or(|last| now - last >= MINUTE) {
        db::write!(app.db, "note_api_key_use", Scope::Tenant(tenant.0), |tx| -> Result<()> {
            store::note_use(tx, tenant, id, now).await?;
            Ok(())
        })?;
    }
    Ok(program)
}
