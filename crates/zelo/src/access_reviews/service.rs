//! What is done with reviews.

use super::{
    Access, Decision, Line, Review, Subject,
    store::{self, LineRow},
};
use crate::{
    api_keys,
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    error::{Error, Result},
    identity::{self, AgentScope, By, StaffChange, forget_sessions},
    ids::{AccessReviewId, TenantId, UserId},
    rights::{self, Permission, Rights, Visibility},
    tenants::TenantScope,
};
use db::{Scope, Tx};
use std::collections::HashMap;
use uuid::Uuid;

/// Who has what now.
type Live = Vec<(Subject, Access)>;

/// Begin to look through who has what.
///
/// # Errors
/// [`Error::Conflict`] while another review is open.
pub async fn begin_review(app: &App, scope: &AgentScope) -> Result<Review> {
    let tenant = scope.tenant.tenant();
    let review = Review {
        id: AccessReviewId(app.ids.next()),
        begun_by: scope.user,
        begun_at: app.clock.now(),
        ended: None,
    };
    let pen = Pen::of(app, tenant).await?;
    db::write!(app.db, "begin_access_review", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        match store::insert(tx, tenant, &review).await {
            Err(error) if error.is_unique() => {
                let detail = "A review is open already: end it first.".into();
                return Err(Error::Conflict { code: "review_is_open", detail });
            }
            other => other?,
        }
        pen.write(tx, entry("access_review_begun", review.id)).await
    })?;
    Ok(review)
}

fn entry(action: &'static str, id: AccessReviewId) -> Entry {
    Entry::of(EventType::AccessReview, action).on("access_review", id)
}

/// The reviews of a tenant, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list_reviews(
    app: &App,
    scope: TenantScope,
    after: Option<AccessReviewId>,
    limit: i64,
) -> Result<Vec<Review>> {
    db::read!(app.db, "list_access_reviews", scope.into(), |tx| -> Result<_> {
        Ok(store::list(tx, scope.tenant(), after, limit).await?)
    })
}

/// A review with its lines: people first, by name.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's too.
pub async fn get_review(app: &App, scope: TenantScope, id: AccessReviewId) -> Result<(Review, Vec<Line>)> {
    let (tenant, now) = (scope.tenant(), app.clock.now());
    let (review, rows) = db::read!(app.db, "get_access_review", scope.into(), |tx| -> Result<_> {
        let review = store::find(tx, tenant, id).await?.ok_or(Error::NotFound)?;
        let stored = store::list_lines(tx, tenant, id).await?;
        let rows = match review.ended {
            Some(_) => stored,
            None => compared(live(tx, tenant, now).await?, stored),
        };
        Ok((review, rows))
    })?;
    let names = load_names(app, scope).await?;
    let mut lines: Vec<Line> = rows.into_iter().map(|row| named(row, &names)).collect();
    lines
        .sort_by(|one, two| two.subject.kind().cmp(one.subject.kind()).then_with(|| one.name.cmp(&two.name)));
    Ok((review, lines))
}

/// The lines of an open review: what was decided counts while the access is still the same, and what was withdrawn is
/// shown although it is there no more.
fn compared(live: Live, stored: Vec<LineRow>) -> Vec<LineRow> {
    let mut stored: HashMap<Uuid, LineRow> = stored.into_iter().map(|row| (row.subject.id(), row)).collect();
    let mut rows: Vec<LineRow> = live
        .into_iter()
        .map(|(subject, access)| match stored.remove(&subject.id()) {
            Some(row) if row.access == access => row,
            _ => LineRow { subject, access, decided: None },
        })
        .collect();
    let withdrawn = |row: &LineRow| matches!(row.decided, Some((Decision::Withdrawn, ..)));
    rows.extend(stored.into_values().filter(withdrawn));
    rows
}

fn named(row: LineRow, names: &HashMap<Uuid, String>) -> Line {
    let name = names.get(&row.subject.id()).cloned().unwrap_or_default();
    Line { subject: row.subject, name, access: row.access, decided: row.decided }
}

async fn load_names(app: &App, scope: TenantScope) -> Result<HashMap<Uuid, String>> {
    let people = identity::list_users(app, scope.tenant()).await?;
    let keys = api_keys::list_keys(app, scope).await?;
    let people = people.into_iter().map(|user| (user.id.0, user.name));
    Ok(people.chain(keys.into_iter().map(|key| (key.id.0, key.name))).collect())
}

async fn live(tx: &mut Tx, tenant: TenantId, now: Millis) -> Result<Live> {
    let mut live = Vec::new();
    for member in identity::list_members(tx, tenant).await? {
        let given = rights::rights_of(tx, tenant, member.role, member.visibility.as_deref()).await?;
        let Rights { permissions, visibility } = given;
        let access = Access { role: Some(member.role), permissions, visibility, since: member.since };
        live.push((Subject::Person(member.id), access));
    }
    // A key is never stronger than its maker, whose own line says what they see.
    for key in api_keys::load_keys(tx, tenant).await?.into_iter().filter(|key| !key.is_over(now)) {
        let (permissions, visibility) = (key.permissions, Visibility::All);
        let access = Access { role: None, permissions, visibility, since: key.created_at };
        live.push((Subject::ApiKey(key.id), access));
    }
    Ok(live)
}

async fn lock_open(tx: &mut Tx, tenant: TenantId, id: AccessReviewId) -> Result<()> {
    let review = store::lock(tx, tenant, id).await?.ok_or(Error::NotFound)?;
    if review.ended.is_some() {
        let detail = "This review has ended: begin another one.".into();
        return Err(Error::Conflict { code: "review_is_over", detail });
    }
    Ok(())
}

/// Whether somebody may say of a line that it stays or goes: who could change it.
fn may_decide(rights: &Rights, subject: Subject, access: &Access) -> bool {
    let permission = match subject {
        Subject::Person(_) => Permission::WriteUsers,
        Subject::ApiKey(_) => Permission::WriteApiKeys,
    };
    rights.allow(permission) && rights.include(&access.rights())
}

/// Say of a line that it stays, or take the access away. `tag` is that of the access that was looked at.
///
/// # Errors
/// [`Error::NotFound`] for who has no access here; [`Error::Forbidden`] on one's own line, for who may do more than the one
/// who decides, and for programs; [`Error::Conflict`] when the access is another one by now, when the review has ended, or
/// when nobody would own the tenant any more.
pub async fn decide_on_line(
    app: &App,
    decider: &AgentScope,
    id: AccessReviewId,
    subject: Uuid,
    decision: Decision,
    tag: &str,
) -> Result<Line> {
    let (tenant, now) = (decider.tenant.tenant(), app.clock.now());
    // A review is a person who looks; a program would confirm everything.
    if decider.caller.is_none() {
        return Err(Error::Forbidden);
    }
    let pen = Pen::of(app, tenant).await?;
    let row = db::write!(app.db, "decide_on_access", Scope::Tenant(tenant.0), |tx| -> Result<LineRow> {
        lock_open(tx, tenant, id).await?;
        let all = live(tx, tenant, now).await?;
        let found = all.into_iter().find(|(it, _)| it.id() == subject);
        let (subject, access) = found.ok_or(Error::NotFound)?;
        if subject == Subject::Person(decider.user) || !may_decide(&decider.rights, subject, &access) {
            return Err(Error::Forbidden);
        }
        if access.tag() != tag {
            let detail = "What they have is not what you saw any more: look again.".into();
            return Err(Error::Conflict { code: "access_changed", detail });
        }
        if decision == Decision::Withdrawn {
            withdraw(tx, &pen, decider, subject, now).await?;
        }
        let row = LineRow { subject, access, decided: Some((decision, decider.user, now)) };
        store::upsert_line(tx, tenant, id, &row).await?;
        let action = match decision {
            Decision::Confirmed => "access_confirmed",
            Decision::Withdrawn => "access_withdrawn",
        };
        let entry = entry(action, id).with("subject_kind", subject.kind());
        pen.write(tx, entry.with("subject_id", subject.id().to_string())).await?;
        Ok(row)
    })?;
    forget_sessions(app);
    Ok(named(row, &load_names(app, decider.tenant).await?))
}

async fn withdraw(tx: &mut Tx, pen: &Pen, decider: &AgentScope, subject: Subject, at: Millis) -> Result<()> {
    let tenant = decider.tenant.tenant();
    match subject {
        Subject::Person(id) => {
            let by = By { user: decider.user, limit: &decider.rights, at };
            let change = StaffChange { is_active: Some(false), ..StaffChange::default() };
            identity::change_user_within(tx, pen, tenant, by, id, change).await
        }
        Subject::ApiKey(id) => api_keys::revoke_key_within(tx, pen, tenant, id, at).await,
    }
}

/// End a review in which every line is decided. The line of the one who ends it may be left where nobody else could decide
/// on it: a tenant with one owner.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] while lines are open, or when it has ended.
pub async fn end_review(app: &App, scope: &AgentScope, id: AccessReviewId) -> Result<Review> {
    let (tenant, now) = (scope.tenant.tenant(), app.clock.now());
    if scope.caller.is_none() {
        return Err(Error::Forbidden);
    }
    let pen = Pen::of(app, tenant).await?;
    db::write!(app.db, "end_access_review", Scope::Tenant(tenant.0), |tx| -> Result<Review> {
        lock_open(tx, tenant, id).await?;
        let live = live(tx, tenant, now).await?;
        let is_alone =
            !live.iter().any(|(subject, access)| could_decide_on(&live, *subject, access, scope.user));
        let open: Vec<LineRow> = compared(live, store::list_lines(tx, tenant, id).await?)
            .into_iter()
            .filter(|row| row.decided.is_none())
            .collect();
        let is_own = |row: &LineRow| row.subject == Subject::Person(scope.user);
        let left = open.iter().filter(|row| !(is_own(row) && is_alone)).count();
        if left > 0 {
            let detail = format!("{left} lines are not decided: confirm or withdraw them.");
            return Err(Error::Conflict { code: "lines_open", detail });
        }
        for row in &open {
            store::upsert_line(tx, tenant, id, row).await?;
        }
        store::end(tx, tenant, id, scope.user, now).await?;
        pen.write(tx, entry("access_review_ended", id)).await?;
        store::find(tx, tenant, id).await?.ok_or(Error::NotFound)
    })
}

/// Whether somebody of these, another one than `owner`, could decide on `owner`'s line.
fn could_decide_on(live: &Live, subject: Subject, access: &Access, owner: UserId) -> bool {
    let line = Subject::Person(owner);
    let theirs = live.iter().find(|(it, _)| *it == line).map(|(_, access)| access);
    let is_another_person = matches!(subject, Subject::Person(id) if id != owner);
    let may_review = access.rights().allow(Permission::WriteAccessReviews);
    is_another_person && may_review && theirs.is_some_and(|theirs| may_decide(&access.rights(), line, theirs))
}

/// When a tenant's last review ended; when it was made, where there was none.
///
/// # Errors
/// When the database does not answer.
pub async fn last_looked_through(app: &App, scope: TenantScope) -> Result<Option<Millis>> {
    db::read!(app.db, "last_access_review", scope.into(), |tx| -> Result<_> {
        Ok(store::last_ended(tx, scope.tenant()).await?)
    })
}
