//! A tenant leaves for good: asked for by the platform's owner, after a time in which it can be called off. What takes the
//! rows away is [`crate::offboarding`].

use super::{Tenant, TenantStatus, get_tenant, store};
use crate::{
    api::rfc3339,
    app::App,
    approvals::{Act, SecondPerson, Wish},
    audit::{Entry, EventType, Pen},
    clock::DAY,
    error::{Error, Result},
    identity::{self, PlatformScope, Role},
    ids::TenantId,
    mail::{Message, Postman, Told},
};
use db::Scope;

/// The longest time to think again.
const MOST_GRACE_DAYS: u32 = 365;
const PLATFORM: TenantId = TenantId(uuid::Uuid::nil());

/// Ask for everything of a tenant to be deleted. `confirm` is its slug, typed by a person. Its owners are told by mail. Where
/// the tenant demands a second person, the first of the platform's owners who asks changes nothing yet.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] while it is not cancelled, or when it is going already; [`Error::Invalid`] when
/// the slug is another one or the time too long.
pub async fn ask_deletion(
    app: &App,
    id: TenantId,
    confirm: &str,
    grace_days: Option<u32>,
    by: Option<&PlatformScope>,
) -> Result<Tenant> {
    let tenant = get_tenant(app, id).await?;
    refuse_begun(&tenant)?;
    if confirm != tenant.slug {
        let message = "Type the tenant's slug: everything of it will be deleted.";
        return Err(Error::invalid("confirm", "mismatch", message));
    }
    let days = grace_days.unwrap_or(app.config.tenants.deletion_grace_days);
    if days > MOST_GRACE_DAYS {
        return Err(Error::invalid("grace_days", "range", "The time to think again is 0 to 365 days."));
    }
    let due_at = app.clock.now() + i64::from(days) * DAY;
    let told = Told { what: tenant.name.clone(), when: rfc3339(due_at), ..Told::default() };
    let message = Message::TenantDeletion { told };
    let mut postmen = Vec::new();
    for user in identity::list_users(app, id).await? {
        if user.is_active && user.role == Role::Owner {
            postmen.push(Postman::to(app, id, Some(user.id), &user.name, &user.email).await?);
        }
    }
    let (theirs, ours) = (Pen::of(app, id).await?, Pen::of(app, PLATFORM).await?);
    let second_person = match by {
        _ if !tenant.settings.second_person_for.contains(&Act::TenantDeletion) => None,
        Some(owner) => {
            Some(SecondPerson::new(app, id, owner.user(), Wish::TenantDeletion { grace_days }).await?)
        }
        // At the command line nobody knows who it is.
        None => return Err(Error::SecondPersonRequired),
    };
    db::write!(app.db, "ask_tenant_deletion", Scope::Tenant(id.0), |tx| -> Result<Tenant> {
        let before = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
        if before.status != TenantStatus::Cancelled {
            let detail = "Cancel the tenant first (PATCH /tenants/{id} with status `cancelled`).".into();
            return Err(Error::Conflict { code: "not_cancelled", detail });
        }
        refuse_begun(&before)?;
        if let Some(second_person) = &second_person
            && !second_person.agrees(tx, &theirs).await?
        {
            return Ok(before);
        }
        store::update_deletion(tx, id, Some(due_at)).await?;
        for postman in &postmen {
            postman.post(tx, &message).await?;
        }
        // The tenant's own log goes with it, the platform's stays.
        let entry = Entry::of(EventType::DataDelete, "tenant_deletion_asked").on("tenant", id).changed(
            "deletion_due_at",
            before.deletion_due_at.map(rfc3339),
            rfc3339(due_at),
        );
        theirs.write(tx, entry.clone()).await?;
        tx.enter(Scope::Tenant(PLATFORM.0)).await?;
        ours.write(tx, entry).await?;
        Ok(Tenant { deletion_due_at: Some(due_at), ..before })
    })
}

/// Looked at before anything is sealed for the tenant: a key that was destroyed must not be made anew.
pub(super) fn refuse_begun(tenant: &Tenant) -> Result<()> {
    if tenant.deletion_begun_at.is_none() {
        return Ok(());
    }
    let detail = "The deletion has begun: its keys are destroyed, nothing brings it back.".into();
    Err(Error::Conflict { code: "deletion_has_begun", detail })
}

/// Let a tenant stay that was to be deleted. It is still cancelled.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] when nobody asked for its deletion, or it has begun.
pub async fn call_off_deletion(app: &App, id: TenantId) -> Result<Tenant> {
    refuse_begun(&get_tenant(app, id).await?)?;
    let (theirs, ours) = (Pen::of(app, id).await?, Pen::of(app, PLATFORM).await?);
    db::write!(app.db, "call_off_tenant_deletion", Scope::Tenant(id.0), |tx| -> Result<Tenant> {
        let before = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
        refuse_begun(&before)?;
        let Some(due_at) = before.deletion_due_at else {
            let detail = "Nobody asked for this tenant to be deleted.".into();
            return Err(Error::Conflict { code: "no_deletion", detail });
        };
        store::update_deletion(tx, id, None).await?;
        let entry = Entry::of(EventType::DataDelete, "tenant_deletion_called_off").on("tenant", id);
        let entry = entry.changed("deletion_due_at", rfc3339(due_at), None::<&str>);
        theirs.write(tx, entry.clone()).await?;
        tx.enter(Scope::Tenant(PLATFORM.0)).await?;
        ours.write(tx, entry).await?;
        Ok(Tenant { deletion_due_at: None, ..before })
    })
}

/// The moment from which there is no way back. Says whether the tenant is going: its time has come, now or before.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn begin_deletion(app: &App, tenant: &Tenant) -> Result<bool> {
    let (id, now) = (tenant.id, app.clock.now());
    let pen = Pen::of(app, PLATFORM).await?;
    let is_going =
        db::write!(app.db, "begin_tenant_deletion", Scope::Tenant(PLATFORM.0), |tx| -> Result<bool> {
            let Some(found) = store::lock(tx, id).await? else { return Ok(false) };
            if found.deletion_begun_at.is_some() {
                return Ok(true);
            }
            if store::begin_deletion(tx, id, now).await? == 0 {
                return Ok(false);
            }
            let entry = Entry::of(EventType::DataDelete, "tenant_deletion_begun").on("tenant", id);
            pen.write(tx, entry.with("slug", found.slug.as_str()).with("name", found.name.as_str())).await?;
            Ok(true)
        })?;
    identity::forget_sessions(app);
    Ok(is_going)
}

/// The last step, when nothing else of the tenant is left: its own row goes, and the platform's log says so.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn finish_deletion(app: &App, tenant: &Tenant) -> Result<()> {
    let pen = Pen::of(app, PLATFORM).await?;
    db::write!(app.db, "finish_tenant_deletion", Scope::Tenant(PLATFORM.0), |tx| -> Result<()> {
        if store::delete(tx, tenant.id).await? > 0 {
            let entry = Entry::of(EventType::DataDelete, "tenant_deleted").on("tenant", tenant.id);
            let entry = entry.with("slug", tenant.slug.as_str()).with("name", tenant.name.as_str());
            pen.write(tx, entry).await?;
        }
        Ok(())
    })
}
