//! What is done with roles.

use super::{CustomRole, Rights, Visibility, store};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    error::{Error, Result},
    identity::{self, Role, forget_sessions},
    ids::{RoleId, TenantId},
    tenants::TenantScope,
};
use db::Tx;

/// What a role gives, as its user has it: `visibility` is theirs, where it is not the role's.
///
/// # Errors
/// What the database answers. A role that is gone gives nothing.
pub async fn rights_of(
    tx: &mut Tx,
    tenant: TenantId,
    role: Role,
    visibility: Option<&str>,
) -> db::Result<Rights> {
    let given = match role {
        Role::Custom(id) => store::find(tx, tenant, id).await?.map_or(Rights::NONE, |role| role.rights),
        built_in => built_in.rights(),
    };
    let visibility = match visibility {
        None => given.visibility,
        // A word that nobody knows shows the least.
        Some(word) => Visibility::from_word(word).unwrap_or(Visibility::Own),
    };
    Ok(Rights { visibility, ..given })
}

/// What a role of a tenant gives.
///
/// # Errors
/// [`Error::Invalid`] when there is no such role here.
pub async fn rights_of_role(app: &App, scope: TenantScope, role: Role) -> Result<Rights> {
    let unknown = || Error::invalid("role", "not_found", "There is no such role here.");
    match role {
        Role::SuperAdmin => Err(Error::invalid("role", "not_allowed", "This role does not belong here.")),
        Role::Custom(id) => {
            let found = get_role(app, scope, id).await;
            found.map(|role| role.rights).map_err(|error| match error {
                Error::NotFound => unknown(),
                other => other,
            })
        }
        built_in => Ok(built_in.rights()),
    }
}

/// Whether a tenant has a role of its own, inside the transaction that gives it; it cannot go away before that ends.
///
/// # Errors
/// What the database answers.
pub async fn role_exists(tx: &mut Tx, tenant: TenantId, id: RoleId) -> db::Result<bool> {
    Ok(store::lock(tx, tenant, id).await?.is_some())
}

/// The roles that a tenant wrote itself, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list_roles(app: &App, scope: TenantScope) -> Result<Vec<CustomRole>> {
    db::read!(app.db, "list_roles", scope.into(), |tx| -> Result<_> {
        Ok(store::list(tx, scope.tenant()).await?)
    })
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's too.
pub async fn get_role(app: &App, scope: TenantScope, id: RoleId) -> Result<CustomRole> {
    db::read!(app.db, "get_role", scope.into(), |tx| -> Result<_> {
        store::find(tx, scope.tenant(), id).await?.ok_or(Error::NotFound)
    })
}

/// Write a role that gives no more than `giver` has.
///
/// # Errors
/// [`Error::Forbidden`] when it would give more, [`Error::Invalid`] for a name that does not fit, [`Error::Conflict`] when
/// it is taken.
pub async fn create_role(
    app: &App,
    scope: TenantScope,
    giver: &Rights,
    name: &str,
    rights: Rights,
) -> Result<CustomRole> {
    let role = CustomRole { id: RoleId(app.ids.next()), name: checked_name(name)?, rights };
    if !giver.include(&role.rights) {
        return Err(Error::Forbidden);
    }
    let (pen, now) = (Pen::of(app, scope.tenant()).await?, app.clock.now());
    db::write!(app.db, "create_role", scope.into(), |tx| -> Result<()> {
        store::insert(tx, scope.tenant(), &role, now).await.map_err(name_taken)?;
        pen.write(tx, entry("role_created", None, Some(&role))).await
    })?;
    Ok(role)
}

/// What is to change of a role; what is not said stays as it is.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    /// Its name.
    pub name: Option<String>,
    /// What it allows.
    pub permissions: Option<super::Permissions>,
    /// Whose conversations it shows.
    pub visibility: Option<Visibility>,
}

/// Change a role. It counts at once for everybody who has it.
///
/// # Errors
/// As [`create_role`], and [`Error::NotFound`]; [`Error::Forbidden`] also when it gave more than `giver` has.
pub async fn update_role(
    app: &App,
    scope: TenantScope,
    giver: &Rights,
    id: RoleId,
    change: &RoleChange,
) -> Result<CustomRole> {
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let (pen, now) = (Pen::of(app, scope.tenant()).await?, app.clock.now());
    let role = db::write!(app.db, "update_role", scope.into(), |tx| -> Result<CustomRole> {
        let before = store::lock(tx, scope.tenant(), id).await?.ok_or(Error::NotFound)?;
        let rights = Rights {
            permissions: change.permissions.unwrap_or(before.rights.permissions),
            visibility: change.visibility.unwrap_or(before.rights.visibility),
        };
        let after = CustomRole { id, name: name.clone().unwrap_or_else(|| before.name.clone()), rights };
        if !giver.include(&before.rights) || !giver.include(&after.rights) {
            return Err(Error::Forbidden);
        }
        store::update(tx, scope.tenant(), &after, now).await.map_err(name_taken)?;
        pen.write(tx, entry("role_changed", Some(&before), Some(&after))).await?;
        Ok(after)
    })?;
    forget_sessions(app);
    Ok(role)
}

/// Take a role away that nobody has.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Forbidden`] when it gives more than `giver` has; [`Error::Conflict`] while somebody has it.
pub async fn delete_role(app: &App, scope: TenantScope, giver: &Rights, id: RoleId) -> Result<()> {
    let pen = Pen::of(app, scope.tenant()).await?;
    db::write!(app.db, "delete_role", scope.into(), |tx| -> Result<()> {
        let before = store::lock(tx, scope.tenant(), id).await?.ok_or(Error::NotFound)?;
        if !giver.include(&before.rights) {
            return Err(Error::Forbidden);
        }
        if identity::count_with_role(tx, scope.tenant(), Role::Custom(id)).await? > 0 {
            let detail = "Somebody has this role: give them another one first.".into();
            return Err(Error::Conflict { code: "role_in_use", detail });
        }
        store::delete(tx, scope.tenant(), id).await?;
        pen.write(tx, entry("role_deleted", Some(&before), None)).await
    })
}

fn entry(action: &'static str, before: Option<&CustomRole>, after: Option<&CustomRole>) -> Entry {
    let name = |role: Option<&CustomRole>| role.map(|role| role.name.clone());
    let permissions = |role: Option<&CustomRole>| {
        serde_json::to_value(role.map(|role| role.rights.permissions)).unwrap_or_default()
    };
    let visibility = |role: Option<&CustomRole>| role.map(|role| role.rights.visibility.as_str());
    let id = before.or(after).map(|role| role.id.to_string()).unwrap_or_default();
    Entry::of(EventType::RoleUpdate, action)
        .on("role", id)
        .changed("name", name(before), name(after))
        .changed("permissions", permissions(before), permissions(after))
        .changed("visibility", visibility(before), visibility(after))
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 60 {
        return Err(Error::invalid("name", "length", "A name has 1 to 60 characters."));
    }
    if Role::from_word(name).is_some() {
        return Err(Error::invalid("name", "reserved", "This is the name of a built-in role."));
    }
    Ok(name.to_owned())
}

fn name_taken(error: db::Error) -> Error {
    if error.is_unique() {
        return Error::Conflict {
            code: "name_taken",
            detail: "There is a role of this name already.".into(),
        };
    }
    error.into()
}
