//! Choosing a password: changing it, or by a one-time link.

use super::{
    Caller, forget_sessions,
    links::{self, LinkKind},
    login::clear_failures,
    mfa,
    password_rules::password_problem,
    reauth::require_password,
    store::{self, UserRow},
    users::{email_digest, email_of, get_user, postman},
};
use crate::{
    app::App,
    audit::{Actor, Entry, EventType, Pen},
    error::{Error, Result},
    ids::{SessionId, TenantId, UserId},
    limits::login::{self as limits, Attempt, LoginClient},
    mail::Message,
    tenants,
};
use db::Scope;
use zeroize::Zeroizing;

/// How many passwords of somebody are remembered, the current one among them: none of them comes back.
const REMEMBERED: i64 = 5;

/// Change the caller's own password. All their other sessions end.
///
/// # Errors
/// [`Error::WrongSecret`] when the current one is wrong, [`Error::Invalid`] when the new one will not do.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    current: Zeroizing<String>,
    new: Zeroizing<String>,
) -> Result<()> {
    let who = &caller.signed_in;
    require_password(app, caller, current).await?;
    let user = db::read!(app.db, "find_user", Scope::Tenant(who.tenant.0), |tx| -> Result<_> {
        store::find_user(tx, who.tenant, who.user).await?.ok_or(Error::Unauthorized)
    })?;
    let pen = Pen::of(app, who.tenant).await?;
    set_password(app, &user, new, Some(who.session), (pen, EventType::PasswordChanged)).await
}

/// Choose a password by a link from a mail or an invitation. Nobody is logged in by it: a second factor is still asked.
///
/// # Errors
/// [`Error::Gone`] when the link was used, is too old, or something changed since; [`Error::Invalid`] when the password
/// will not do, and then the link still works.
pub async fn reset_password(app: &App, token: &str, new: Zeroizing<String>) -> Result<()> {
    let link = links::find_link(app, token).await?.ok_or(Error::Gone)?;
    let user = db::read!(app.db, "find_user", Scope::Tenant(link.tenant.0), |tx| -> Result<_> {
        Ok(store::find_user(tx, link.tenant, link.user).await?)
    })?;
    let expected = match link.kind {
        LinkKind::Reset => "active",
        LinkKind::Invitation => "invited",
    };
    let is_current =
        |user: &UserRow| user.status == expected && user.security_version == link.security_version;
    let user = user.filter(is_current).ok_or(Error::Gone)?;
    let field_problem = judge(app, &user, "new_password", &new).await?;
    if let Some(problem) = field_problem {
        return Err(problem);
    }
    if !links::use_link(app, &link).await? {
        return Err(Error::Gone);
    }
    let pen = Pen::of(app, link.tenant).await?.acting_as(Actor::User(link.tenant, link.user)).await?;
    set_password(app, &user, new, None, (pen, EventType::PasswordReset)).await
}

/// Put a new password in place of the old one: everything that stood on the old one ends.
async fn set_password(
    app: &App,
    user: &UserRow,
    new: Zeroizing<String>,
    kept: Option<SessionId>,
    (pen, event): (Pen, EventType),
) -> Result<()> {
    if let Some(problem) = judge(app, user, "new_password", &new).await? {
        return Err(problem);
    }
    let (tenant, id) = (user.tenant, user.id);
    let hash = app.identity.passwords.hash(new).await?;
    let digest = email_digest(app, &email_of(app, user).await?).await?;
    let postman = postman(app, tenant, id).await?.ok_or(Error::NotFound)?;
    let (now, history_id) = (app.clock.now(), app.ids.next());
    db::write!(app.db, "set_password", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        if !user.password_hash.is_empty() {
            let keep = REMEMBERED - 1;
            store::remember_password(tx, user, history_id, keep, now).await?;
        }
        if store::set_password(tx, user, &hash, now).await? == 0 {
            // Somebody else changed it in the same moment.
            return Err(Error::Gone);
        }
        store::raise_security_version(tx, tenant, id, kept).await?;
        clear_failures(tx, &digest).await?;
        postman.post(tx, &Message::PasswordChanged).await?;
        pen.write(tx, Entry::of(event, "password_set").on("user", id)).await
    })?;
    forget_sessions(app);
    // Whoever failed before: the owner has proved who they are.
    limits::pardon(app, &digest).await
}

/// What is wrong with a password that somebody wants, as the error to answer with.
async fn judge(
    app: &App,
    user: &UserRow,
    field: &'static str,
    new: &Zeroizing<String>,
) -> Result<Option<Error>> {
    let (tenant, id) = (user.tenant, user.id);
    let (has_mfa, mut hashes) =
        db::read!(app.db, "find_password_history", Scope::Tenant(tenant.0), |tx| -> Result<_> {
            Ok((mfa::is_enrolled(tx, tenant, id).await?, store::list_old_hashes(tx, tenant, id).await?))
        })?;
    let context =
        context_of(app, tenant, &get_user(app, tenant, id).await?.name, &email_of(app, user).await?).await?;
    if let Some(problem) = password_problem(field, new, &context, has_mfa) {
        return Ok(Some(Error::Invalid(vec![problem])));
    }
    if !user.password_hash.is_empty() {
        hashes.push(user.password_hash.clone());
    }
    if app.identity.passwords.has_any(new.clone(), hashes).await? {
        let message = "This was one of your last five passwords.";
        return Ok(Some(Error::invalid(field, "used_before", message)));
    }
    Ok(None)
}

/// The words that lie near at hand for somebody.
pub(super) async fn context_of(app: &App, tenant: TenantId, name: &str, email: &str) -> Result<Vec<String>> {
    let mut context = vec![name.to_owned(), email.to_owned()];
    context.extend(email.split('@').map(str::to_owned));
    if !tenant.0.is_nil() {
        let tenant = tenants::get_tenant(app, tenant).await?;
        context.extend([tenant.name, tenant.slug]);
    }
    Ok(context)
}

/// Send somebody a link to a new password, if there is such a person. The same is promised, and takes as long, if not.
///
/// # Errors
/// [`Error::TooManyRequests`] after too many; when the request cannot be stored.
pub async fn forgot_password(app: &App, email: &str) -> Result<()> {
    let digest = email_digest(app, email).await?;
    let client = LoginClient::of_current_request();
    // Asking is all there is to it, so that every request counts.
    limits::admit(app, Attempt::PasswordReset, &digest, &client).await?.failed().await?;
    links::promise_reset(app, &digest).await
}

/// Whom a link is for, shown on its page; none for one that does not work.
///
/// # Errors
/// When the database does not answer.
pub async fn find_link_owner(app: &App, token: &str) -> Result<Option<(UserId, String)>> {
    let Some(link) = links::find_link(app, token).await? else { return Ok(None) };
    let user = get_user(app, link.tenant, link.user).await?;
    Ok(Some((user.id, user.email)))
}
