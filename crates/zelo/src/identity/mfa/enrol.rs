//! A factor begins, changes and ends.

use super::{
    backup::{self, BackupCode},
    code::{hash_codes, seed_place},
    is_enrolled, policy, store, totp,
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    crypto::random_bytes,
    error::{Error, Result},
    identity::{
        Caller, forget_sessions,
        password_rules::SHORTEST_ALONE,
        reauth::{require_code, require_password},
        store as people,
        users::{get_user, postman},
    },
    ids::{SessionId, TenantId, UserId},
    mail::Message,
};
use db::Scope;
use qrcode::{QrCode, render::svg};
use zeroize::Zeroizing;

/// What an authenticator app needs.
pub struct Enrolment {
    /// The seed in base 32, for typing.
    pub secret: String,
    /// The same as an address that apps understand.
    pub otpauth_url: String,
    /// The same as a picture.
    pub qr_code_svg: String,
}

/// How somebody stands to the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MfaStatus {
    /// Whether they have one.
    pub enabled: bool,
    /// Whether they must.
    pub required: bool,
    /// Backup codes that are left.
    pub backup_codes_left: i64,
}

/// How the caller stands to the second factor.
///
/// # Errors
/// When the database does not answer.
pub async fn get_mfa_status(app: &App, caller: &Caller) -> Result<MfaStatus> {
    let who = &caller.signed_in;
    db::read!(app.db, "get_mfa_status", Scope::Tenant(who.tenant.0), |tx| -> Result<MfaStatus> {
        Ok(MfaStatus {
            enabled: is_enrolled(tx, who.tenant, who.user).await?,
            required: policy::is_required(app, tx, who.tenant, who.role).await?,
            backup_codes_left: store::count_backup_codes(tx, who.tenant, who.user).await?,
        })
    })
}

/// Make a seed. It counts for nothing until [`confirm_mfa`]; a new one replaces it.
///
/// # Errors
/// [`Error::Conflict`] when a factor is in use.
pub async fn start_mfa(app: &App, caller: &Caller) -> Result<Enrolment> {
    let who = &caller.signed_in;
    let user = get_user(app, who.tenant, who.user).await?;
    let seed = random_bytes::<{ totp::SEED_BYTES }>()?;
    let keys = app.keyring.tenant(who.tenant.0).await?;
    let (id, now) = (app.ids.next(), app.clock.now());
    let sealed = keys.data.seal(seed_place(who.tenant, id), seed.as_ref())?;
    let started = db::write!(app.db, "start_mfa", Scope::Tenant(who.tenant.0), |tx| -> Result<u64> {
        Ok(store::start_factor(tx, who.tenant, who.user, id, &sealed, now).await?)
    })?;
    if started == 0 {
        let detail = "There is a second factor already; take it away first.".into();
        return Err(Error::Conflict { code: "mfa_enabled", detail });
    }
    let otpauth_url = totp::otpauth_url(&app.config.mfa.issuer, &user.email, seed.as_ref());
    let picture = QrCode::new(otpauth_url.as_bytes()).map_err(Error::internal)?;
    let qr_code_svg = picture.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok(Enrolment { secret: totp::base32(seed.as_ref()), otpauth_url, qr_code_svg })
}

/// The first right code: the factor counts from now on. Returns the backup codes, which are shown this once. All other
/// sessions end; so does the caller's when it was only good for this.
///
/// # Errors
/// [`Error::Invalid`] when the code is wrong, [`Error::Conflict`] when nothing was started.
pub async fn confirm_mfa(app: &App, caller: &Caller, code: &str) -> Result<Vec<String>> {
    let who = &caller.signed_in;
    let (tenant, user, now) = (who.tenant, who.user, app.clock.now());
    let factor = db::read!(app.db, "find_factor", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::find_factor(tx, tenant, user).await?)
    })?;
    let nothing_started = || Error::Conflict {
        code: "mfa_not_started",
        detail: "There is no second factor to confirm.".into(),
    };
    let factor = factor.filter(|factor| factor.confirmed_at.is_none()).ok_or_else(nothing_started)?;
    let keys = app.keyring.tenant(tenant.0).await?;
    let seed = Zeroizing::new(keys.data.open(seed_place(tenant, factor.id), &factor.seed_sealed)?);
    let digits: String = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let wrong = || Error::invalid("code", "wrong", "This is not the code that the app shows now.");
    let step = totp::matching_step(&seed, &digits, now).ok_or_else(wrong)?;
    let (codes, hashes) = new_codes(app).await?;
    let (pen, postman) = (Pen::of(app, tenant).await?, postman(app, tenant, user).await?);
    // A session that was only good for this is not lifted to a full one: the next log-in gets a name of its own.
    let kept: Option<SessionId> = (!who.must_enrol).then_some(who.session);
    db::write!(app.db, "confirm_mfa", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        if store::confirm_factor(tx, tenant, user, factor.id, step, now).await? == 0 {
            return Err(nothing_started());
        }
        store::replace_backup_codes(tx, tenant, user, &hashes).await?;
        people::raise_security_version(tx, tenant, user, kept).await?;
        if let Some(postman) = &postman {
            postman.post(tx, &Message::MfaEnrolled).await?;
        }
        pen.write(tx, Entry::of(EventType::MfaEnrolled, "mfa_enrolled").on("user", user)).await
    })?;
    forget_sessions(app);
    Ok(codes)
}

async fn new_codes(app: &App) -> Result<(Vec<String>, Vec<String>)> {
    let codes = (1..=backup::COUNT).map(BackupCode::random).collect::<Result<Vec<_>>>()?;
    let hashes = hash_codes(app, &codes).await?;
    Ok((codes.iter().map(BackupCode::shown).collect(), hashes))
}

/// New backup codes, shown this once; the old ones no longer work.
///
/// # Errors
/// [`Error::Conflict`] without a second factor.
pub async fn regenerate_backup_codes(app: &App, caller: &Caller) -> Result<Vec<String>> {
    let who = &caller.signed_in;
    let (tenant, user) = (who.tenant, who.user);
    let (codes, hashes) = new_codes(app).await?;
    let (pen, postman) = (Pen::of(app, tenant).await?, postman(app, tenant, user).await?);
    db::write!(app.db, "regenerate_backup_codes", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        if !is_enrolled(tx, tenant, user).await? {
            return Err(not_enrolled());
        }
        store::replace_backup_codes(tx, tenant, user, &hashes).await?;
        if let Some(postman) = &postman {
            postman.post(tx, &Message::BackupCodesRegenerated).await?;
        }
        let entry = Entry::of(EventType::MfaBackupCodesRegenerated, "mfa_backup_codes_regenerated");
        pen.write(tx, entry.on("user", user)).await
    })?;
    Ok(codes)
}

/// There is no second factor to speak of.
pub(in crate::identity) fn not_enrolled() -> Error {
    Error::Conflict { code: "mfa_not_enabled", detail: "There is no second factor.".into() }
}

/// Take the second factor away. Whoever wants to must know the password and have a code.
///
/// # Errors
/// [`Error::WrongSecret`] when one of them is wrong, [`Error::Conflict`] where a factor is obligatory or there is none,
/// [`Error::Invalid`] when the password is too short to stand alone.
pub async fn disable_mfa(app: &App, caller: &Caller, password: Zeroizing<String>, code: &str) -> Result<()> {
    let who = &caller.signed_in;
    let (tenant, user) = (who.tenant, who.user);
    let status = get_mfa_status(app, caller).await?;
    if !status.enabled {
        return Err(not_enrolled());
    }
    if status.required {
        let detail = "A second factor is obligatory here.".into();
        return Err(Error::Conflict { code: "mfa_required", detail });
    }
    let length = password.chars().count();
    require_password(app, caller, password).await?;
    require_code(app, caller, code).await?;
    if length < SHORTEST_ALONE {
        let message =
            "Choose a password of at least 15 characters first: alone, a shorter one is not enough.";
        return Err(Error::invalid("password", "too_short", message));
    }
    let action = (EventType::MfaDisabled, "mfa_disabled", Message::MfaDisabled);
    remove(app, tenant, user, Some(who.session), action).await
}

/// An administrator takes away the factor of somebody who lost phone and codes; the way back in is the password, or a
/// link to a new one. All sessions of that person end.
///
/// # Errors
/// [`Error::NotFound`] when there is no such user in this tenant, [`Error::Conflict`] without a factor.
pub async fn reset_mfa(app: &App, tenant: TenantId, user: UserId) -> Result<()> {
    remove(app, tenant, user, None, (EventType::MfaDisabled, "mfa_reset_by_administrator", Message::MfaReset))
        .await
}

async fn remove(
    app: &App,
    tenant: TenantId,
    user: UserId,
    kept: Option<SessionId>,
    (event, action, message): (EventType, &'static str, Message),
) -> Result<()> {
    let pen = Pen::of(app, tenant).await?;
    let postman = postman(app, tenant, user).await?.ok_or(Error::NotFound)?;
    db::write!(app.db, "remove_mfa", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        if store::delete_factor(tx, tenant, user).await? == 0 {
            return Err(not_enrolled());
        }
        people::raise_security_version(tx, tenant, user, kept).await?;
        postman.post(tx, &message).await?;
        pen.write(tx, Entry::of(event, action).on("user", user)).await
    })?;
    forget_sessions(app);
    Ok(())
}
