//! What is done with requests.

use super::{
    Act, Approval, Decision, State, Wish,
    model::WAITS,
    store::{self, ApprovalRow},
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen, ReportKind},
    clock::Millis,
    crypto::{Place, TenantKeys},
    error::{Error, Result},
    identity::{self, AgentScope, By, Role, StaffChange, forget_sessions},
    ids::{ApprovalId, TenantId, UserId},
    mail::{Message, Told},
    rights::{self, Rights},
    tenants::{self, TenantScope},
};
use db::{Scope, Tx};
use std::{collections::BTreeSet, sync::Arc};

fn place(tenant: TenantId, id: ApprovalId) -> Place<'static> {
    Place { tenant: tenant.0, table: "approvals", column: "wish", row: id.0 }
}

/// For which acts a tenant demands a second person.
///
/// # Errors
/// When the database does not answer.
pub async fn get_acts(app: &App, tenant: TenantId) -> Result<Vec<Act>> {
    Ok(tenants::get_tenant(app, tenant).await?.settings.second_person_for)
}

/// Refuse an act for which a second person is demanded.
///
/// # Errors
/// [`Error::SecondPersonRequired`].
pub async fn require_second_person(app: &App, tenant: TenantId, act: Act) -> Result<()> {
    if get_acts(app, tenant).await?.contains(&act) { Err(Error::SecondPersonRequired) } else { Ok(()) }
}

fn checked(acts: &[Act]) -> Result<Vec<Act>> {
    let mut acts: Vec<Act> = acts.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    // Whoever could take the demand away alone could do all the rest alone.
    if !acts.is_empty() && !acts.contains(&Act::ApprovalPolicy) {
        acts.push(Act::ApprovalPolicy);
    }
    Ok(acts)
}

/// Demand a second person for more acts. To demand less is an act itself ([`Act::ApprovalPolicy`]).
///
/// # Errors
/// [`Error::SecondPersonRequired`] when an act would be left out; [`Error::Conflict`] when there is nobody who could be the
/// second person.
pub async fn set_acts(app: &App, scope: TenantScope, acts: &[Act]) -> Result<Vec<Act>> {
    let acts = checked(acts)?;
    let tenant = scope.tenant();
    let owners = identity::list_users(app, tenant).await?;
    let owners = owners.iter().filter(|user| user.is_active && user.role == Role::Owner).count();
    if owners < 2 && !acts.is_empty() {
        let detail = "Make a second owner first: otherwise nobody could approve.".into();
        return Err(Error::Conflict { code: "no_second_person", detail });
    }
    let pen = Pen::of(app, tenant).await?;
    db::write!(app.db, "set_second_person_for", scope.into(), |tx| -> Result<Vec<Act>> {
        let before = tenants::lock_settings(tx, tenant).await?;
        if before.second_person_for.iter().any(|act| !acts.contains(act)) {
            return Err(Error::SecondPersonRequired);
        }
        store_acts(tx, &pen, tenant, &acts).await?;
        Ok(acts.clone())
    })
}

async fn store_acts(tx: &mut Tx, pen: &Pen, tenant: TenantId, acts: &[Act]) -> Result<()> {
    let mut settings = tenants::lock_settings(tx, tenant).await?;
    let words = |acts: &[Act]| acts.iter().map(|act| act.as_str()).collect::<Vec<_>>();
    let entry = Entry::of(EventType::ConfigUpdate, "second_person_for_changed")
        .on("setting", "second_person_for")
        .changed("second_person_for", words(&settings.second_person_for), words(acts));
    settings.second_person_for = acts.to_vec();
    tenants::store_settings(tx, tenant, &settings).await?;
    pen.write(tx, entry).await
}

/// Ask for an act. Those who could approve are told by mail.
///
/// # Errors
/// [`Error::Forbidden`] when the one who asks may not do it themselves; [`Error::Invalid`] when it cannot be done;
/// [`Error::Conflict`] when no second person is demanded for it.
pub async fn ask(app: &App, asker: &AgentScope, wish: &Wish) -> Result<Approval> {
    let (tenant, act) = (asker.tenant.tenant(), wish.act());
    asker.require(act.permission().ok_or(Error::Forbidden)?)?;
    if !get_acts(app, tenant).await?.contains(&act) {
        let detail = "No second person is demanded for this: do it.".into();
        return Err(Error::Conflict { code: "no_second_person_needed", detail });
    }
    if let Wish::OwnerRole { user_id } = wish {
        identity::get_user(app, tenant, *user_id).await.map_err(|error| match error {
            Error::NotFound => Error::invalid("user_id", "not_found", "There is nobody of this id here."),
            other => other,
        })?;
    }
    let keys = app.keyring.tenant(tenant.0).await?;
    let row = new_row(app, tenant, &keys, asker.user, wish)?;
    let who = identity::get_user(app, tenant, asker.user).await?.name;
    let told = Told { who, what: act.as_str().to_owned(), ..Told::default() };
    let postmen =
        identity::postmen(app, tenant, |user| user.role == Role::Owner && user.id != asker.user).await?;
    let pen = Pen::of(app, tenant).await?;
    db::write!(app.db, "ask_for_approval", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        store::insert(tx, tenant, &row).await?;
        for postman in &postmen {
            postman.post(tx, &Message::ApprovalAsked { told: told.clone() }).await?;
        }
        pen.write(tx, entry("approval_asked", &row)).await
    })?;
    opened(&row, tenant, &keys, app.clock.now())
}

fn new_row(
    app: &App,
    tenant: TenantId,
    keys: &TenantKeys,
    requester: UserId,
    wish: &Wish,
) -> Result<ApprovalRow> {
    let (id, now) = (ApprovalId(app.ids.next()), app.clock.now());
    let plain = serde_json::to_vec(wish).map_err(Error::internal)?;
    Ok(ApprovalRow {
        id,
        act: wish.act().as_str().to_owned(),
        wish_sealed: keys.data.seal(place(tenant, id), &plain)?,
        requester,
        state: "open".to_owned(),
        created_at: now,
        expires_at: now + WAITS,
        decided_by: None,
        decided_at: None,
    })
}

fn entry(action: &'static str, row: &ApprovalRow) -> Entry {
    Entry::of(EventType::Approval, action)
        .on("approval", row.id)
        .with("act", row.act.as_str())
        .with("requester_id", row.requester.to_string())
}

fn opened(row: &ApprovalRow, tenant: TenantId, keys: &TenantKeys, now: Millis) -> Result<Approval> {
    let plain = keys.data.open(place(tenant, row.id), &row.wish_sealed)?;
    let state = State::from_word(&row.state).unwrap_or(State::Expired);
    let waits = matches!(state, State::Open)
        || state == State::Approved && Act::from_word(&row.act) == Some(Act::ExportAll);
    Ok(Approval {
        id: row.id,
        wish: serde_json::from_slice(&plain).map_err(Error::internal)?,
        requester: row.requester,
        created_at: row.created_at,
        expires_at: row.expires_at,
        state: if waits && row.expires_at <= now { State::Expired } else { state },
        decided: row.decided_by.zip(row.decided_at),
    })
}

/// The requests of a tenant, newest first.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_approvals(
    app: &App,
    scope: TenantScope,
    after: Option<ApprovalId>,
    limit: i64,
) -> Result<Vec<Approval>> {
    let tenant = scope.tenant();
    let rows = db::read!(app.db, "list_approvals", scope.into(), |tx| -> Result<_> {
        Ok(store::list(tx, tenant, after, limit).await?)
    })?;
    let keys = app.keyring.tenant(tenant.0).await?;
    rows.iter().map(|row| opened(row, tenant, &keys, app.clock.now())).collect()
}

/// Decide on somebody else's request. What is approved is done here, in one transaction with the decision.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Forbidden`] on one's own request, and for those who may not do it themselves;
/// [`Error::Conflict`] when it was decided or is too old, when the one who asked may not do it any more, or as the act says.
pub async fn decide(app: &App, decider: &AgentScope, id: ApprovalId, decision: Decision) -> Result<Approval> {
    let (tenant, now) = (decider.tenant.tenant(), app.clock.now());
    let keys = app.keyring.tenant(tenant.0).await?;
    let pen = Pen::of(app, tenant).await?;
    let people = identity::postmen(app, tenant, |_| true).await?;
    let row =
        db::write!(app.db, "decide_on_approval", Scope::Tenant(tenant.0), |tx| -> Result<ApprovalRow> {
            let row = store::lock(tx, tenant, id).await?.ok_or(Error::NotFound)?;
            let request = opened(&row, tenant, &keys, now)?;
            let permission = request.wish.act().permission().ok_or(Error::Forbidden)?;
            if row.requester == decider.user || !decider.rights.allow(permission) {
                return Err(Error::Forbidden);
            }
            if request.state != State::Open {
                let detail = "This was decided already, or nobody decided in time: ask again.".into();
                return Err(Error::Conflict { code: "approval_is_over", detail });
            }
            let (state, action) = match decision {
                Decision::Approve => ("approved", "approval_given"),
                Decision::Decline => ("declined", "approval_declined"),
            };
            if decision == Decision::Approve {
                let asker = rights_of(tx, tenant, row.requester).await?;
                if !asker.allow(permission) {
                    let detail = "Whoever asked may not do this any more.".into();
                    return Err(Error::Conflict { code: "requester_lacks_permission", detail });
                }
                carry_out(tx, &pen, decider, &asker, &request.wish, now).await?;
            }
            store::decide(tx, tenant, id, state, decider.user, now, now + WAITS).await?;
            pen.write(tx, entry(action, &row)).await?;
            let told = Told { what: row.act.clone(), why: state.to_owned(), ..Told::default() };
            if let Some(postman) = people.iter().find(|it| it.user() == Some(row.requester)) {
                postman.post(tx, &Message::ApprovalDecided { told }).await?;
            }
            store::lock(tx, tenant, id).await?.ok_or(Error::NotFound)
        })?;
    forget_sessions(app);
    opened(&row, tenant, &keys, now)
}

/// Write the ends of requests that came by themselves, because nobody decided or fetched in time. They acted at their moment
/// already.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.clock.now();
    for tenant in tenants::list_tenants(app).await? {
        let tenant = tenant.id;
        let overdue =
            db::read!(app.db, "list_overdue_approvals", Scope::Tenant(tenant.0), |tx| -> Result<_> {
                Ok(store::list_overdue(tx, tenant, now).await?)
            })?;
        for row in overdue {
            let pen = Pen::of(app, tenant).await?;
            db::write!(app.db, "expire_approval", Scope::Tenant(tenant.0), |tx| -> Result<()> {
                if store::expire(tx, tenant, row.id, now).await? > 0 {
                    pen.write(tx, entry("approval_expired", &row)).await?;
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

async fn rights_of(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<Rights> {
    let Some(standing) = identity::find_standing(tx, tenant, user).await? else { return Ok(Rights::NONE) };
    if !standing.may_work {
        return Ok(Rights::NONE);
    }
    Ok(rights::rights_of(tx, tenant, standing.role, standing.visibility.as_deref()).await?)
}

/// Do what was asked for, within what both persons may.
async fn carry_out(
    tx: &mut Tx,
    pen: &Pen,
    decider: &AgentScope,
    asker: &Rights,
    wish: &Wish,
    at: Millis,
) -> Result<()> {
    let tenant = decider.tenant.tenant();
    match wish {
        Wish::OwnerRole { user_id } => {
            let change = StaffChange { role: Some(Role::Owner), ..StaffChange::default() };
            let limit = decider.rights.within(asker);
            let by = By { user: decider.user, limit: &limit, at };
            identity::change_user_within(tx, pen, tenant, by, *user_id, change).await
        }
        Wish::ApprovalPolicy { second_person_for } => {
            store_acts(tx, pen, tenant, &checked(second_person_for)?).await
        }
        // Whoever asked fetches it.
        Wish::ExportAll { .. } => Ok(()),
        Wish::TenantDeletion { .. } => Err(Error::Forbidden),
    }
}

/// Fetch what was approved: once, by the one who asked.
///
/// # Errors
/// [`Error::SecondPersonRequired`] when it is not theirs, of another report, not approved, used already or too old.
pub async fn use_approval(app: &App, scope: &AgentScope, id: ApprovalId, report: ReportKind) -> Result<()> {
    let (tenant, now) = (scope.tenant.tenant(), app.clock.now());
    let keys = app.keyring.tenant(tenant.0).await?;
    let pen = Pen::of(app, tenant).await?;
    db::write!(app.db, "use_approval", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        let row = store::lock(tx, tenant, id).await?.ok_or(Error::SecondPersonRequired)?;
        let is_theirs = row.requester == scope.user
            && opened(&row, tenant, &keys, now)?.wish == Wish::ExportAll { report };
        if !is_theirs || store::use_up(tx, tenant, id, now).await? == 0 {
            return Err(Error::SecondPersonRequired);
        }
        pen.write(tx, entry("approval_used", &row)).await
    })
}

/// The platform's owners agree by asking for the same: the first one's wish is kept, another one's fits it.
pub struct SecondPerson {
    tenant: TenantId,
    keys: Arc<TenantKeys>,
    wish: Wish,
    row: ApprovalRow,
}

impl SecondPerson {
    /// One of the platform's owners who asks. Made before the transaction, used inside of it.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn new(app: &App, tenant: TenantId, who: UserId, wish: Wish) -> Result<Self> {
        let keys = app.keyring.tenant(tenant.0).await?;
        let row = new_row(app, tenant, &keys, who, &wish)?;
        Ok(Self { tenant, keys, wish, row })
    }

    /// Whether another one asked for the same before. Otherwise it is kept that this one did.
    ///
    /// # Errors
    /// [`Error::SecondPersonRequired`] when the same person asks again, [`Error::Conflict`] when the other one asked for
    /// something else.
    pub async fn agrees(&self, tx: &mut Tx, pen: &Pen) -> Result<bool> {
        let (tenant, who, now) = (self.tenant, self.row.requester, self.row.created_at);
        let open = store::lock_open(tx, tenant, self.wish.act(), now).await?;
        let Some(first) = open.first() else {
            store::insert(tx, tenant, &self.row).await?;
            pen.write(tx, entry("approval_asked", &self.row)).await?;
            return Ok(false);
        };
        if first.requester == who {
            return Err(Error::SecondPersonRequired);
        }
        if opened(first, tenant, &self.keys, now)?.wish != self.wish {
            let detail = "The first of you asked for another time to think again: ask for the same.".into();
            return Err(Error::Conflict { code: "another_wish", detail });
        }
        store::decide(tx, tenant, first.id, "approved", who, now, now + WAITS).await?;
        pen.write(tx, entry("approval_given", first)).await?;
        Ok(true)
    }
}
