//! What is done with users.

use super::{
    Invited, Invitee, NewUser, Role, User,
    links::{self, LinkKind, NewLink},
    model::{canonical_email, contact_problems},
    password::can_check,
    password_rules::password_problem,
    passwords::context_of,
    store::{self, UserRow},
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    crypto::{Field, Place, TenantKeys},
    error::{Error, FieldError, Result},
    ids::{TenantId, UserId},
    mail::Postman,
    rights::Visibility,
};
use db::{Scope, Tx};
use serde_json::Value;
use std::collections::HashMap;

fn place(tenant: TenantId, column: &'static str, user: UserId) -> Place<'static> {
    Place { tenant: tenant.0, table: "users", column, row: user.0 }
}

pub(super) fn opened(row: &UserRow, keys: &TenantKeys) -> Result<User> {
    let name = keys.data.open(place(row.tenant, "name", row.id), &row.name_sealed)?;
    let email = keys.data.open(place(row.tenant, "email", row.id), &row.email_sealed)?;
    Ok(User {
        id: row.id,
        tenant: row.tenant,
        role: Role::from_word(&row.role).unwrap_or(Role::Viewer),
        name: String::from_utf8_lossy(&name).into_owned(),
        email: String::from_utf8_lossy(&email).into_owned(),
        is_active: row.status == "active",
        visibility: row.visibility.as_deref().and_then(Visibility::from_word),
    })
}

/// Somebody who is about to be stored.
pub(super) struct Prepared {
    pub(super) row: UserRow,
    digest: [u8; 16],
}

impl Prepared {
    async fn new(
        app: &App,
        tenant: TenantId,
        who: Who<'_>,
        password_hash: String,
        status: &str,
    ) -> Result<Self> {
        if who.role.is_platform() != tenant.0.is_nil() {
            return Err(Error::invalid("role", "not_allowed", "This role does not belong here."));
        }
        let keys = app.keyring.tenant(tenant.0).await?;
        let id = UserId(app.ids.next());
        let row = UserRow {
            id,
            tenant,
            role: who.role.to_string(),
            status: status.to_owned(),
            name_sealed: keys.data.seal(place(tenant, "name", id), who.name.trim().as_bytes())?,
            email_sealed: keys.data.seal(place(tenant, "email", id), who.email.trim().as_bytes())?,
            password_hash,
            security_version: 1,
            visibility: None,
        };
        Ok(Self { row, digest: email_digest(app, who.email).await? })
    }

    pub(super) async fn insert(&self, tx: &mut Tx, now: Millis) -> Result<()> {
        match store::insert_login(tx, &self.digest, self.row.tenant, self.row.id).await {
            Err(error) if error.is_unique() => {
                let detail = "Somebody has this e-mail address already.".into();
                return Err(Error::Conflict { code: "email_taken", detail });
            }
            other => other?,
        }
        Ok(store::insert_user(tx, &self.row, now).await?)
    }
}

#[derive(Clone, Copy)]
struct Who<'w> {
    name: &'w str,
    email: &'w str,
    role: Role,
}

/// Check what is known of somebody and hash their password.
pub(super) async fn prepare_user(app: &App, tenant: TenantId, new: &NewUser) -> Result<Prepared> {
    let mut errors = contact_problems(&new.name, &new.email);
    let context = context_of(app, tenant, &new.name, &new.email).await?;
    errors.extend(password_problem("password", &new.password, &context, false));
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let hash = app.identity.passwords.hash(new.password.clone()).await?;
    let who = Who { name: &new.name, email: &new.email, role: new.role };
    Prepared::new(app, tenant, who, hash, "active").await
}

/// Add somebody to a tenant's staff, or with the nil tenant to the platform's. For the operator: whoever is added through
/// the pages or the API chooses their password themselves ([`invite_user`]).
///
/// # Errors
/// [`Error::Invalid`] when something does not fit, [`Error::Conflict`] when the address is taken, by whomever.
pub async fn create_user(app: &App, tenant: TenantId, new: &NewUser) -> Result<User> {
    let prepared = prepare_user(app, tenant, new).await?;
    insert(app, prepared).await
}

/// Add somebody whose password another system hashed: argon2id or bcrypt. It is hashed anew at their first log-in.
///
/// # Errors
/// As [`create_user`], and [`Error::Invalid`] for a hash of another kind.
pub async fn import_user(app: &App, tenant: TenantId, new: &NewUser) -> Result<User> {
    let mut errors = contact_problems(&new.name, &new.email);
    if !can_check(&new.password) {
        errors.push(FieldError::new(
            "password",
            "format",
            "Only hashes of argon2id and bcrypt can be taken over.",
        ));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let who = Who { name: &new.name, email: &new.email, role: new.role };
    insert(app, Prepared::new(app, tenant, who, new.password.to_string(), "active").await?).await
}

async fn insert(app: &App, prepared: Prepared) -> Result<User> {
    let (tenant, now) = (prepared.row.tenant, app.clock.now());
    let pen = Pen::of(app, tenant).await?;
    db::write!(app.db, "create_user", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        prepared.insert(tx, now).await?;
        let entry = Entry::of(EventType::UserUpdate, "user_created").on("user", prepared.row.id);
        pen.write(tx, entry.changed("role", Value::Null, prepared.row.role.clone())).await
    })?;
    opened(&prepared.row, &*app.keyring.tenant(tenant.0).await?)
}

/// Invite somebody: they choose their password by a link, which is sent to them, or returned to be handed over.
///
/// # Errors
/// As [`create_user`].
pub async fn invite_user(app: &App, tenant: TenantId, new: &Invitee) -> Result<Invited> {
    let errors = contact_problems(&new.name, &new.email);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let who = Who { name: &new.name, email: &new.email, role: new.role };
    let prepared = Prepared::new(app, tenant, who, String::new(), "invited").await?;
    let id = prepared.row.id;
    let link = NewLink::new(app, LinkKind::Invitation)?;
    let postman = Postman::to(app, tenant, Some(id), new.name.trim(), new.email.trim()).await?;
    let (pen, now) = (Pen::of(app, tenant).await?, app.clock.now());
    db::write!(app.db, "invite_user", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        prepared.insert(tx, now).await?;
        link.store(tx, tenant, id, prepared.row.security_version, now).await?;
        if new.by_mail {
            links::post_invitation(tx, &postman, &link).await?;
        }
        let entry = Entry::of(EventType::UserUpdate, "user_invited").on("user", id);
        pen.write(tx, entry.changed("role", Value::Null, prepared.row.role.clone())).await
    })?;
    let user = opened(&prepared.row, &*app.keyring.tenant(tenant.0).await?)?;
    Ok(Invited { user, link: (!new.by_mail).then_some(link.address) })
}

/// Invite somebody again who has not chosen a password yet; the link before stops working.
///
/// # Errors
/// [`Error::NotFound`] when there is no such user here, [`Error::Conflict`] when they have a password.
pub async fn invite_again(app: &App, tenant: TenantId, id: UserId, by_mail: bool) -> Result<Invited> {
    let user = get_user(app, tenant, id).await?;
    let link = NewLink::new(app, LinkKind::Invitation)?;
    let postman = Postman::to(app, tenant, Some(id), &user.name, &user.email).await?;
    let (pen, now) = (Pen::of(app, tenant).await?, app.clock.now());
    db::write!(app.db, "invite_again", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        let row = store::find_user(tx, tenant, id).await?.ok_or(Error::NotFound)?;
        if row.status != "invited" {
            let detail = "This person has a password already.".into();
            return Err(Error::Conflict { code: "not_invited", detail });
        }
        link.store(tx, tenant, id, row.security_version, now).await?;
        if by_mail {
            links::post_invitation(tx, &postman, &link).await?;
        }
        pen.write(tx, Entry::of(EventType::UserUpdate, "user_invited_again").on("user", id)).await
    })?;
    Ok(Invited { user, link: (!by_mail).then_some(link.address) })
}

/// Somebody who writes mails to one of the staff; none when there is nobody of that id.
pub(super) async fn postman(app: &App, tenant: TenantId, id: UserId) -> Result<Option<Postman>> {
    match get_user(app, tenant, id).await {
        Ok(user) => Ok(Some(Postman::to(app, tenant, Some(id), &user.name, &user.email).await?)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those who write mails to the staff who work here and are to be told.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn postmen(app: &App, tenant: TenantId, is_told: impl Fn(&User) -> bool) -> Result<Vec<Postman>> {
    let mut postmen = Vec::new();
    for user in list_users(app, tenant).await? {
        if user.is_active && is_told(&user) {
            postmen.push(Postman::to(app, tenant, Some(user.id), &user.name, &user.email).await?);
        }
    }
    Ok(postmen)
}

/// The address of a user.
pub(super) async fn email_of(app: &App, user: &UserRow) -> Result<String> {
    let keys = app.keyring.tenant(user.tenant.0).await?;
    let email = keys.data.open(place(user.tenant, "email", user.id), &user.email_sealed)?;
    Ok(String::from_utf8_lossy(&email).into_owned())
}

pub(super) async fn email_digest(app: &App, email: &str) -> Result<[u8; 16]> {
    Ok(app.keyring.platform().await?.index.digest(Field::Email, &canonical_email(email)))
}

/// Whose account this is, by the blind index of its address.
///
/// # Errors
/// When the database does not answer.
pub async fn find_account(app: &App, digest: &[u8; 16]) -> Result<Option<(TenantId, UserId)>> {
    db::read!(app.db, "find_account", Scope::Platform, |tx| -> Result<_> {
        Ok(store::find_login(tx, digest).await?)
    })
}

/// The blind indexes of the addresses that a user logs in with, whichever tenant they belong to.
///
/// # Errors
/// When the database does not answer.
pub async fn list_accounts(app: &App, user: UserId) -> Result<Vec<[u8; 16]>> {
    db::read!(app.db, "list_accounts", Scope::Platform, |tx| -> Result<_> {
        Ok(store::list_logins_of(tx, user).await?)
    })
}

/// One of the staff.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's staff too.
pub async fn get_user(app: &App, tenant: TenantId, id: UserId) -> Result<User> {
    let row = db::read!(app.db, "get_user", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::find_user(tx, tenant, id).await?)
    })?;
    opened(&row.ok_or(Error::NotFound)?, &*app.keyring.tenant(tenant.0).await?)
}

/// The staff of a tenant, oldest first.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_users(app: &App, tenant: TenantId) -> Result<Vec<User>> {
    let rows = db::read!(app.db, "list_users", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::list_users(tx, tenant).await?)
    })?;
    let keys = app.keyring.tenant(tenant.0).await?;
    rows.iter().map(|row| opened(row, &keys)).collect()
}

/// The staff of a tenant, by id.
///
/// # Errors
/// As [`list_users`].
pub async fn load_users(app: &App, tenant: TenantId) -> Result<HashMap<UserId, User>> {
    Ok(list_users(app, tenant).await?.into_iter().map(|user| (user.id, user)).collect())
}
