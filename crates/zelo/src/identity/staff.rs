//! What somebody is here, and when they let go.

use super::{
    Role, User, forget_sessions,
    sessions::may_work,
    store::{self, UserRow},
    users::get_user,
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    conversations,
    error::{Error, Result},
    ids::{TenantId, UserId},
    rights::{self, Rights, Visibility},
    tenants::TenantScope,
};
use db::{Scope, Tx};

/// What is to change of one of the staff; what is not said stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct StaffChange {
    /// What they are.
    pub role: Option<Role>,
    /// Whose conversations they see; nothing stands for what the role gives.
    pub visibility: Option<Option<Visibility>>,
    /// Whether they may log in.
    pub is_active: Option<bool>,
}

/// Who changes somebody.
#[derive(Debug, Clone, Copy)]
pub struct By<'r> {
    /// Who.
    pub user: UserId,
    /// What their credentials allow, which may be less than they may: an API key's permissions.
    pub limit: &'r Rights,
    /// When.
    pub at: Millis,
}

/// Change what one of the staff is. Every session of theirs ends at once.
///
/// The rights of who changes them are looked up in the same transaction, and the rows of both and of all owners are locked: of two
/// people who change each other at once the second is no longer who they were.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's staff too; [`Error::Forbidden`] when who changes them lacks what the user has or is to
/// have; [`Error::Conflict`] `last_owner` when nobody would own the tenant any more.
pub async fn change_user(
    app: &App,
    tenant: TenantId,
    by: By<'_>,
    id: UserId,
    change: StaffChange,
) -> Result<User> {
    let pen = Pen::of(app, tenant).await?;
    db::write!(app.db, "change_user", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        change_user_within(tx, &pen, tenant, by, id, change).await
    })?;
    forget_sessions(app);
    get_user(app, tenant, id).await
}

/// The same inside the transaction of whoever asks, who calls [`forget_sessions`] after it.
///
/// # Errors
/// As [`change_user`].
pub async fn change_user_within(
    tx: &mut Tx,
    pen: &Pen,
    tenant: TenantId,
    by: By<'_>,
    id: UserId,
    change: StaffChange,
) -> Result<()> {
    if change.role.is_some_and(Role::is_platform) {
        return Err(Error::invalid("role", "not_allowed", "This role does not belong here."));
    }
    let locked = store::lock_staff(tx, tenant, by.user, id).await?;
    let before = find(&locked, id)?;
    let after = changed(before, change);
    // What the credentials allow (an API key may allow less) and what its owner has now.
    let giver =
        find(&locked, by.user).ok().filter(|giver| giver.status == "active").ok_or(Error::Forbidden)?;
    let giver = rights_of(tx, giver).await?.within(by.limit);
    if !giver.include(&rights_of(tx, before).await?) || !giver.include(&rights_of(tx, &after).await?) {
        return Err(Error::Forbidden);
    }
    if let Some(Role::Custom(role)) = change.role
        && !rights::role_exists(tx, tenant, role).await?
    {
        return Err(Error::invalid("role", "not_found", "There is no such role here."));
    }
    if is_owner(before) && !is_owner(&after) && locked.iter().filter(|user| is_owner(user)).count() < 2 {
        let detail = "Somebody must own the tenant: make another owner first.".into();
        return Err(Error::Conflict { code: "last_owner", detail });
    }
    if is_same(before, &after) {
        return Ok(());
    }
    store::update_staff(tx, &after, by.at).await?;
    let mut entry = entry(before, &after);
    if before.status == "active" && after.status != "active" {
        let left = conversations::leave_assignee(tx, TenantScope::of_credentials(tenant), id, by.at).await?;
        entry = entry.with("conversations_put_back", left);
    }
    pen.write(tx, entry).await
}

fn find(rows: &[UserRow], id: UserId) -> Result<&UserRow> {
    rows.iter().find(|row| row.id == id).ok_or(Error::NotFound)
}

async fn rights_of(tx: &mut Tx, user: &UserRow) -> Result<Rights> {
    let role = Role::from_word(&user.role).ok_or(Error::Forbidden)?;
    Ok(rights::rights_of(tx, user.tenant, role, user.visibility.as_deref()).await?)
}

fn changed(before: &UserRow, change: StaffChange) -> UserRow {
    let status = match change.is_active {
        Some(false) => "disabled",
        // An invitation stays one until it is taken up.
        Some(true) if before.status == "disabled" => "active",
        _ => before.status.as_str(),
    };
    UserRow {
        id: before.id,
        tenant: before.tenant,
        role: change.role.map_or_else(|| before.role.clone(), |role| role.to_string()),
        status: status.to_owned(),
        name_sealed: before.name_sealed.clone(),
        email_sealed: before.email_sealed.clone(),
        password_hash: before.password_hash.clone(),
        security_version: before.security_version,
        visibility: match change.visibility {
            Some(visibility) => visibility.map(|visibility| visibility.as_str().to_owned()),
            None => before.visibility.clone(),
        },
    }
}

fn is_owner(user: &UserRow) -> bool {
    user.role == "owner" && user.status == "active"
}

fn is_same(before: &UserRow, after: &UserRow) -> bool {
    (&before.role, &before.status, &before.visibility) == (&after.role, &after.status, &after.visibility)
}

fn entry(before: &UserRow, after: &UserRow) -> Entry {
    Entry::of(EventType::RoleUpdate, "user_role_changed")
        .on("user", before.id)
        .changed("role", before.role.as_str(), after.role.as_str())
        .changed("status", before.status.as_str(), after.status.as_str())
        .changed("visibility", before.visibility.clone(), after.visibility.clone())
}

/// How many of the staff have a role, inside the transaction that takes the role away.
///
/// # Errors
/// What the database answers.
pub async fn count_with_role(tx: &mut Tx, tenant: TenantId, role: Role) -> db::Result<i64> {
    store::count_with_role(tx, tenant, &role.to_string()).await
}

/// One who may log in, or was invited to.
#[derive(Debug)]
pub struct Member {
    /// Who.
    pub id: UserId,
    /// What they are.
    pub role: Role,
    /// Whose conversations they see, where it is not what their role gives.
    pub visibility: Option<String>,
    /// Since when they are what they are.
    pub since: Millis,
}

/// Everybody who may log in or was invited to, oldest first.
///
/// # Errors
/// What the database answers.
pub async fn list_members(tx: &mut Tx, tenant: TenantId) -> db::Result<Vec<Member>> {
    store::list_members(tx, tenant).await
}

/// What somebody is, for what they left behind: a key that they made.
#[derive(Debug)]
pub struct Standing {
    /// What they are.
    pub role: Role,
    /// Whose conversations they see, where it is not what their role gives.
    pub visibility: Option<String>,
    /// Whether they and their tenant may work.
    pub may_work: bool,
}

/// What one of the staff is now, inside the transaction of whoever asks.
///
/// # Errors
/// What the database answers, and [`Error::Unauthorized`] when their role cannot be read.
pub async fn find_standing(tx: &mut Tx, tenant: TenantId, id: UserId) -> Result<Option<Standing>> {
    let Some(user) = store::find_user(tx, tenant, id).await? else { return Ok(None) };
    let status = store::find_tenant_status(tx, tenant).await?;
    Ok(Some(Standing {
        role: Role::from_word(&user.role).ok_or(Error::Unauthorized)?,
        may_work: user.status == "active" && may_work(tenant, status.as_deref()),
        visibility: user.visibility,
    }))
}

/// What one of the staff may do now.
///
/// # Errors
/// [`Error::NotFound`] when there is nobody of that id here.
pub async fn rights_of_user(app: &App, tenant: TenantId, id: UserId) -> Result<Rights> {
    db::read!(app.db, "rights_of_user", Scope::Tenant(tenant.0), |tx| -> Result<Rights> {
        let standing = find_standing(tx, tenant, id).await?.ok_or(Error::NotFound)?;
        Ok(rights::rights_of(tx, tenant, standing.role, standing.visibility.as_deref()).await?)
    })
}
