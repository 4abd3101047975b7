//! What is done with accesses.

use super::{
    Access, EndedBy, NewAccess, Supporter,
    store::{self, AccessRow},
    token,
};
use crate::{
    api::rfc3339,
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    crypto::{Place, TenantKeys},
    error::{Error, Result},
    identity::{self, PlatformScope, Role, SignedIn},
    ids::{SupportAccessId, TenantId, UserId},
    mail::{Message, Told},
    tenants::{self, TenantScope, TenantStatus},
};
use axum::http::Method;
use db::{Scope, Tx};
use zeroize::Zeroizing;

fn place(tenant: TenantId, id: SupportAccessId) -> Place<'static> {
    Place { tenant: tenant.0, table: "support_accesses", column: "reason", row: id.0 }
}

/// Let one of the platform's owners look into a tenant. Its owners and administrators are told by mail; the token is given
/// out here and never again.
///
/// # Errors
/// [`Error::ReasonRequired`], [`Error::Invalid`]; [`Error::NotFound`] when there is no such tenant; [`Error::Conflict`] when
/// it is cancelled.
pub async fn begin_access(
    app: &App,
    supporter: &SignedIn,
    tenant: TenantId,
    new: &NewAccess,
) -> Result<(Access, Zeroizing<String>)> {
    let (reason, lasts) = new.checked()?;
    if tenants::get_tenant(app, tenant).await?.status == TenantStatus::Cancelled {
        let detail = "This tenant has left: nobody looks in any more.".into();
        return Err(Error::Conflict { code: "tenant_cancelled", detail });
    }
    let (id, now) = (SupportAccessId(app.ids.next()), app.clock.now());
    let (token, secret_digest) = token::new_token(tenant, id)?;
    let keys = app.keyring.tenant(tenant.0).await?;
    let row = AccessRow {
        id,
        supporter: supporter.user,
        session: supporter.session,
        secret_digest,
        reason_sealed: keys.data.seal(place(tenant, id), reason.as_bytes())?,
        begun_at: now,
        expires_at: now + lasts,
        last_used_at: None,
        uses: 0,
        ended_at: None,
        ended_by: None,
    };
    let who = identity::get_user(app, PlatformScope::tenant(), supporter.user).await?.name;
    let (postmen, pen) = (identity::postmen(app, tenant, runs_it).await?, Pen::of(app, tenant).await?);
    let told =
        Told { who: who.clone(), why: reason.to_owned(), when: rfc3339(row.expires_at), ..Told::default() };
    let message = Message::SupportAccess { told };
    db::write!(app.db, "begin_support_access", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        store::insert(tx, tenant, &row).await?;
        for postman in &postmen {
            postman.post(tx, &message).await?;
        }
        let entry = entry("support_access_begun", id).with("reason", reason);
        let entry = entry.with("expires_at", rfc3339(row.expires_at));
        // Its other entries carry this by themselves; this one is written under the log-in of the platform.
        let entry = entry.with("on_behalf_of", tenant.to_string());
        pen.write(tx, entry).await
    })?;
    Ok((opened(&row, tenant, &keys, Some(who), now)?, token))
}

/// Those of a tenant who are told.
fn runs_it(user: &identity::User) -> bool {
    matches!(user.role, Role::Owner | Role::Admin)
}

fn entry(action: &'static str, id: SupportAccessId) -> Entry {
    Entry::of(EventType::SupportAccess, action).on("support_access", id)
}

fn opened(
    row: &AccessRow,
    tenant: TenantId,
    keys: &TenantKeys,
    supporter_name: Option<String>,
    now: Millis,
) -> Result<Access> {
    let reason = keys.data.open(place(tenant, row.id), &row.reason_sealed)?;
    let written = row.ended_at.zip(row.ended_by.as_deref().and_then(EndedBy::from_word));
    Ok(Access {
        id: row.id,
        supporter: row.supporter,
        supporter_name,
        reason: String::from_utf8_lossy(&reason).into_owned(),
        begun_at: row.begun_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        uses: row.uses,
        // It is over by its time before anybody has written so.
        end: written.or((row.expires_at <= now).then_some((row.expires_at, EndedBy::Time))),
    })
}

/// The accesses to a tenant, open and past, newest first.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_accesses(
    app: &App,
    scope: TenantScope,
    after: Option<SupportAccessId>,
    limit: i64,
) -> Result<Vec<Access>> {
    let tenant = scope.tenant();
    let rows = db::read!(app.db, "list_support_accesses", scope.into(), |tx| -> Result<_> {
        Ok(store::list(tx, tenant, after, limit).await?)
    })?;
    let keys = app.keyring.tenant(tenant.0).await?;
    let platform = identity::load_users(app, PlatformScope::tenant()).await?;
    let now = app.clock.now();
    let named = |row: &AccessRow| platform.get(&row.supporter).map(|user| user.name.clone());
    rows.iter().map(|row| opened(row, tenant, &keys, named(row), now)).collect()
}

/// Who a token lets in. Looked up for each request: an access that is over, or whose log-in is, opens nothing.
///
/// # Errors
/// [`Error::Unauthorized`].
pub async fn admit(app: &App, given: &str) -> Result<Supporter> {
    let (tenant, id, digest) = token::read(given).ok_or(Error::Unauthorized)?;
    let row = db::read!(app.db, "find_support_access", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::find(tx, tenant, id).await?)
    })?;
    let row = row.ok_or(Error::Unauthorized)?;
    let matches = aws_lc_rs::constant_time::verify_slices_are_equal(&digest, &row.secret_digest).is_ok();
    if !matches || row.ended_at.is_some() || row.expires_at <= app.clock.now() {
        return Err(Error::Unauthorized);
    }
    let signed_in = identity::keep_session(app, PlatformScope::tenant(), row.session).await?;
    if signed_in.user != row.supporter || !signed_in.role.is_platform() {
        return Err(Error::Unauthorized);
    }
    Ok(Supporter { tenant, user: row.supporter, access: id })
}

/// Write a use into the tenant's log, before anything is shown. It counts only while the access is open.
///
/// # Errors
/// [`Error::Unauthorized`] when it was ended meanwhile; otherwise when the entry cannot be written. Then nothing may be shown.
pub async fn note_use(app: &App, supporter: &Supporter, method: &Method, route: &str) -> Result<()> {
    let Supporter { tenant, access, .. } = *supporter;
    let (pen, now) = (Pen::of(app, tenant).await?, app.clock.now());
    db::write!(app.db, "note_support_use", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        if store::note_use(tx, tenant, access, now).await? == 0 {
            return Err(Error::Unauthorized);
        }
        let entry = entry("support_access_used", access).with("method", method.as_str());
        pen.write(tx, entry.with("route", route)).await
    })
}

/// Show the supporter out. Doing it again changes nothing.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's too.
pub async fn end_access(app: &App, scope: TenantScope, id: SupportAccessId) -> Result<()> {
    let (pen, now) = (Pen::of(app, scope.tenant()).await?, app.clock.now());
    db::write!(app.db, "end_support_access", scope.into(), |tx| -> Result<()> {
        let row = store::find(tx, scope.tenant(), id).await?.ok_or(Error::NotFound)?;
        if row.expires_at <= now {
            return end(tx, &pen, scope.tenant(), id, row.expires_at, EndedBy::Time).await;
        }
        end(tx, &pen, scope.tenant(), id, now, EndedBy::Tenant).await
    })
}

/// End all accesses to a tenant that one of the platform's owners has open.
///
/// # Errors
/// [`Error::NotFound`] when there is no such tenant.
pub async fn end_own_accesses(app: &App, supporter: UserId, tenant: TenantId) -> Result<()> {
    tenants::get_tenant(app, tenant).await?;
    let (pen, now) = (Pen::of(app, tenant).await?, app.clock.now());
    db::write!(app.db, "end_own_support_accesses", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        for row in store::list_open(tx, tenant).await? {
            if row.supporter == supporter && row.expires_at > now {
                end(tx, &pen, tenant, row.id, now, EndedBy::Supporter).await?;
            }
        }
        Ok(())
    })
}

async fn end(
    tx: &mut Tx,
    pen: &Pen,
    tenant: TenantId,
    id: SupportAccessId,
    at: Millis,
    by: EndedBy,
) -> Result<()> {
    if store::end(tx, tenant, id, at, by).await? > 0 {
        let entry = entry("support_access_ended", id).with("by", by.as_str()).with("at", rfc3339(at));
        pen.write(tx, entry.with("on_behalf_of", tenant.to_string())).await?;
    }
    Ok(())
}

/// Write the ends that came by themselves, by time or with a log-in. They acted at their moment already.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    for tenant in tenants::list_tenants(app).await? {
        let tenant = tenant.id;
        let open = db::read!(app.db, "list_open_support", Scope::Tenant(tenant.0), |tx| -> Result<_> {
            Ok(store::list_open(tx, tenant).await?)
        })?;
        for row in open {
            let now = app.clock.now();
            let (at, by) = if row.expires_at <= now {
                (row.expires_at, EndedBy::Time)
            } else if identity::is_session_alive(app, PlatformScope::tenant(), row.session).await? {
                continue;
            } else {
                (now, EndedBy::LogOut)
            };
            let pen = Pen::of(app, tenant).await?;
            db::write!(app.db, "end_support_access", Scope::Tenant(tenant.0), |tx| -> Result<()> {
                end(tx, &pen, tenant, row.id, at, by).await
            })?;
        }
    }
    Ok(())
}
