//! Somebody's own account: password, second factor, log-ins.

use super::{
    doors::{Sent, say, show, show_again, unreadable},
    visit::{Visit, html, id, see},
};
use crate::{
    app::App,
    error::{Error, Result},
    identity::{self, Again, Caller, Enrolling, Recent},
    ids::SessionId,
    pages::{
        render,
        view::{AccountMfa, AccountPage, AccountSession, FormField, FormPage},
    },
};
use axum::{
    Form,
    extract::{FromRequestParts, Path},
    http::request::Parts,
    response::Response,
};
use serde::Deserialize;
use zeroize::Zeroizing;

/// Where those go who must set up a second factor before anything else.
pub(super) const ENROL: &str = "/account/mfa";

/// A visit of somebody who is signed in, of a tenant or of the platform, perhaps with nothing open but [`ENROL`].
pub(super) struct Member {
    app: App,
    visit: Visit,
    caller: Caller,
}

impl FromRequestParts<App> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Response> {
        let Ok(visit) = Visit::from_request_parts(parts, app).await;
        match <Enrolling as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(Enrolling { caller })
                if caller.signed_in.must_enrol && !parts.uri.path().starts_with(ENROL) =>
            {
                Err(see(ENROL))
            }
            Ok(Enrolling { caller }) => Ok(Self { app: app.clone(), visit, caller }),
            Err(error) => Err(visit.refuse(error)),
        }
    }
}

impl Member {
    fn answer(&self, result: Result<Response>) -> Response {
        match result {
            Ok(response) => response,
            Err(Error::ReauthRequired) => see("/account/again"),
            Err(error) => self.visit.refuse(error),
        }
    }
}

/// The account page.
pub(super) async fn show_account(member: Member) -> Response {
    let page = account_page(&member).await.and_then(|page| html(render::account(&member.visit.cx, &page)));
    member.answer(page)
}

async fn account_page(member: &Member) -> Result<AccountPage> {
    let (app, caller, cx) = (&member.app, &member.caller, &member.visit.cx);
    let user = identity::get_user(app, caller.signed_in.tenant, caller.signed_in.user).await?;
    let mfa = identity::get_mfa_status(app, caller).await?;
    let sessions = identity::list_sessions(app, caller).await?;
    let shown = sessions.into_iter().map(|session| AccountSession {
        id: session.id.0,
        program: session.program,
        address: session.address,
        used: format!("{} {}", cx.short_date(session.last_used_at), cx.clock(session.last_used_at)),
        is_current: session.is_current,
    });
    Ok(AccountPage {
        name: user.name,
        email: user.email,
        mfa: AccountMfa {
            enabled: mfa.enabled,
            required: mfa.required,
            backup_codes_left: mfa.backup_codes_left,
        },
        sessions: shown.collect(),
    })
}

fn password_page() -> FormPage {
    FormPage {
        heading: "account-change-password",
        action: "/account/password".to_owned(),
        fields: vec![
            FormField::current_password("account-current-password"),
            FormField::new_password("newpass-label"),
        ],
        submit: Some("newpass-submit"),
        back: Some("/account"),
        ..FormPage::default()
    }
}

/// The page for another password.
pub(super) async fn show_password(member: Member) -> Response {
    show(&member.visit, &password_page())
}

/// What it sends.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    password: String,
    new_password: String,
}

/// Change the password.
pub(super) async fn change_password(member: Member, form: Sent<PasswordForm>) -> Response {
    let Ok(Form(PasswordForm { password, new_password })) = form else {
        return member.visit.refuse(unreadable());
    };
    let (current, new) = (Zeroizing::new(password), Zeroizing::new(new_password));
    match identity::change_password(&member.app, &member.caller, current, new).await {
        Ok(()) => say(&member.visit, "account-change-password", "account-password-changed", "/account"),
        Err(error) => show_again(&member.visit, password_page(), error),
    }
}

fn enrol_page(member: &Member, hint: &str) -> FormPage {
    FormPage {
        heading: "account-mfa",
        hint: Some(member.visit.cx.text(hint)),
        action: "/account/mfa/start".to_owned(),
        submit: Some("account-mfa-switch-on"),
        ..FormPage::default()
    }
}

/// The page where a second factor begins; all that is open to those who must have one.
pub(super) async fn show_mfa(member: Member) -> Response {
    if !member.caller.signed_in.must_enrol {
        return see("/account");
    }
    show(&member.visit, &enrol_page(&member, "account-mfa-needed"))
}

/// Show the picture for the app, and ask for its first code.
pub(super) async fn start_mfa(member: Member) -> Response {
    let started = async {
        Recent::require(&member.app, &member.caller)?;
        let enrolment = identity::start_mfa(&member.app, &member.caller).await?;
        let picture = enrolment.qr_code_svg.split_once("?>").map(|(_, svg)| svg.to_owned());
        let page = FormPage { picture, word: Some(enrolment.secret), ..confirm_page(&member) };
        Ok(show(&member.visit, &page))
    };
    let result = started.await;
    member.answer(result)
}

fn confirm_page(member: &Member) -> FormPage {
    FormPage {
        heading: "account-mfa",
        hint: Some(member.visit.cx.text("account-mfa-scan")),
        action: "/account/mfa/confirm".to_owned(),
        fields: vec![FormField::code("code-label")],
        submit: Some("account-mfa-confirm"),
        back: Some("/account"),
        ..FormPage::default()
    }
}

/// A code.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    code: String,
}

/// The first code: show the backup codes.
pub(super) async fn confirm_mfa(member: Member, form: Sent<CodeForm>) -> Response {
    let Ok(Form(CodeForm { code })) = form else { return member.visit.refuse(unreadable()) };
    if let Err(error) = Recent::require(&member.app, &member.caller) {
        return member.answer(Err(error));
    }
    match identity::confirm_mfa(&member.app, &member.caller, &code).await {
        Ok(codes) => show_codes(&member, codes),
        Err(error) => show_again(&member.visit, confirm_page(&member), error),
    }
}

fn show_codes(member: &Member, list: Vec<String>) -> Response {
    // Who was in for this alone logs in again, with the new factor.
    let back = if member.caller.signed_in.must_enrol { "/login" } else { "/account" };
    let hint = Some(member.visit.cx.text("account-codes-hint"));
    let page = FormPage { heading: "account-codes", hint, list, back: Some(back), ..FormPage::default() };
    show(&member.visit, &page)
}

/// New backup codes.
pub(super) async fn new_codes(member: Member) -> Response {
    let made = async {
        Recent::require(&member.app, &member.caller)?;
        Ok(show_codes(&member, identity::regenerate_backup_codes(&member.app, &member.caller).await?))
    };
    let result = made.await;
    member.answer(result)
}

fn off_page() -> FormPage {
    FormPage {
        heading: "account-mfa-switch-off",
        action: "/account/mfa/off".to_owned(),
        fields: vec![FormField::current_password("account-current-password"), FormField::code("code-label")],
        submit: Some("account-mfa-switch-off"),
        back: Some("/account"),
        ..FormPage::default()
    }
}

/// The page on which the second factor ends.
pub(super) async fn show_off(member: Member) -> Response {
    show(&member.visit, &off_page())
}

/// What it sends.
#[derive(Deserialize)]
pub(super) struct OffForm {
    password: String,
    code: String,
}

/// Take the second factor away.
pub(super) async fn switch_off(member: Member, form: Sent<OffForm>) -> Response {
    let Ok(Form(OffForm { password, code })) = form else { return member.visit.refuse(unreadable()) };
    if let Err(error) = Recent::require(&member.app, &member.caller) {
        return member.answer(Err(error));
    }
    match identity::disable_mfa(&member.app, &member.caller, Zeroizing::new(password), &code).await {
        Ok(()) => see("/account"),
        Err(error) => show_again(&member.visit, off_page(), error),
    }
}

/// End one of the log-ins.
pub(super) async fn end_session(member: Member, Path(session): Path<String>) -> Response {
    let ended = async {
        identity::end_own_session(&member.app, &member.caller, SessionId(id(&session)?)).await?;
        Ok(see("/account"))
    };
    let result = ended.await;
    member.answer(result)
}

/// Log out everywhere.
pub(super) async fn end_all(member: Member) -> Response {
    let who = &member.caller.signed_in;
    let ended = identity::end_all_sessions(&member.app, who.tenant, who.user).await;
    member.answer(ended.map(|()| see("/login")))
}

fn again_page(member: &Member) -> FormPage {
    FormPage {
        heading: "again-title",
        hint: Some(member.visit.cx.text("again-hint")),
        action: "/account/again".to_owned(),
        fields: vec![FormField::current_password("login-password")],
        submit: Some("again-submit"),
        back: Some("/account"),
        ..FormPage::default()
    }
}

/// The page on which somebody proves again who they are.
pub(super) async fn show_again_page(member: Member) -> Response {
    show(&member.visit, &again_page(&member))
}

/// What it sends.
#[derive(Deserialize)]
pub(super) struct AgainForm {
    password: String,
}

/// Prove again who one is.
pub(super) async fn prove_again(member: Member, form: Sent<AgainForm>) -> Response {
    let Ok(Form(AgainForm { password })) = form else { return member.visit.refuse(unreadable()) };
    let again = Again::Password(Zeroizing::new(password));
    match identity::reauthenticate(&member.app, &member.caller, again).await {
        Ok(()) => see("/account"),
        Err(error) => show_again(&member.visit, again_page(&member), error),
    }
}
