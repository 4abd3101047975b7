//! The pages before somebody is in: the code of the second step, a forgotten password, one-time links, the set-up.

use super::{
    address::checked_next,
    session::{challenge_cookie, find_challenge, no_challenge_cookie, welcome},
    visit::{Visit, html, see, with_body},
};
use crate::{
    app::App,
    error::{Error, FieldError},
    http::ClientAddress,
    identity::{self, Client, Kind, NewUser, Role},
    mail,
    pages::{
        render,
        view::{FormField, FormPage, ShownLetter},
    },
};
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use zeroize::Zeroizing;

/// A form as it was sent.
pub(super) type Sent<T> = std::result::Result<Form<T>, FormRejection>;

/// What is said to a form that could not be read.
pub(super) fn unreadable() -> Error {
    Error::Malformed("The form could not be read.".into())
}

/// A page with a form.
pub(super) fn show(visit: &Visit, page: &FormPage) -> Response {
    html(render::form(&visit.cx, page)).unwrap_or_else(|error| visit.refuse(error))
}

/// The same page again, saying what did not work.
pub(super) fn show_again(visit: &Visit, page: FormPage, error: Error) -> Response {
    let page = FormPage { error: Some(in_words(visit, &error)), ..page };
    with_body(error, render::form(&visit.cx, &page).unwrap_or_default())
}

fn in_words(visit: &Visit, error: &Error) -> String {
    let key = match error {
        Error::Unauthorized | Error::WrongSecret => "door-wrong",
        Error::TooManyRequests { .. } => "door-too-many",
        Error::Gone => "door-gone",
        Error::Conflict { code: "email_taken", .. } => "door-email-taken",
        Error::Invalid(fields) => match fields.first() {
            Some(FieldError { code: "too_short", .. }) => "door-too-short",
            Some(FieldError { code: "too_long", .. }) => "door-too-long",
            Some(FieldError { code: "too_common", .. }) => "door-too-common",
            Some(FieldError { code: "used_before", .. }) => "door-used-before",
            Some(FieldError { code: "wrong", .. }) => "door-wrong",
            _ => "door-invalid",
        },
        _ => "door-failed",
    };
    visit.cx.text(key)
}

/// Something was done, and there is nothing to type.
pub(super) fn say(visit: &Visit, heading: &'static str, hint: &str, back: &'static str) -> Response {
    let hint = Some(visit.cx.text(hint));
    show(visit, &FormPage { heading, hint, back: Some(back), ..FormPage::default() })
}

fn code_page(visit: &Visit, next: &str) -> FormPage {
    FormPage {
        heading: "code-title",
        hint: Some(visit.cx.text("code-hint")),
        action: "/login/code".to_owned(),
        hidden: vec![("next", next.to_owned())],
        fields: vec![FormField::code("code-label")],
        submit: Some("login-submit"),
        back: Some("/login"),
        ..FormPage::default()
    }
}

/// The second step begins: the page for the code, and the secret of the half-finished log-in in a cookie of its own.
pub(super) fn ask_for_code(app: &App, visit: &Visit, token: &str, next: &str) -> Response {
    (challenge_cookie(app, token), show(visit, &code_page(visit, next))).into_response()
}

/// What the form of the second step sends.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    code: String,
    #[serde(default)]
    next: String,
}

/// The second step of a log-in.
pub(super) async fn log_in_with_code(
    State(app): State<App>,
    visit: Visit,
    client: Client,
    headers: HeaderMap,
    form: Sent<CodeForm>,
) -> Response {
    let Ok(Form(CodeForm { code, next })) = form else { return visit.refuse(unreadable()) };
    let next = checked_next(&next);
    let token = find_challenge(&app, &headers).unwrap_or_default();
    match identity::log_in_with_code(&app, Kind::Cookie, &token, &code, &client).await {
        Ok(entered) => (no_challenge_cookie(&app), welcome(&app, &entered, next)).into_response(),
        Err(error) => show_again(&visit, code_page(&visit, next), error),
    }
}

fn forgot_page(visit: &Visit) -> FormPage {
    FormPage {
        heading: "forgot-title",
        hint: Some(visit.cx.text("forgot-hint")),
        action: "/password/forgot".to_owned(),
        fields: vec![FormField::email("login-email", "")],
        submit: Some("forgot-submit"),
        back: Some("/login"),
        ..FormPage::default()
    }
}

/// The page for those who forgot their password.
pub(super) async fn show_forgot(visit: Visit) -> Response {
    show(&visit, &forgot_page(&visit))
}

/// What that page sends.
#[derive(Deserialize)]
pub(super) struct ForgotForm {
    email: String,
}

/// Send a link, if anybody has the address; the page says the same if not.
pub(super) async fn forgot(State(app): State<App>, visit: Visit, form: Sent<ForgotForm>) -> Response {
    let Ok(Form(ForgotForm { email })) = form else { return visit.refuse(unreadable()) };
    match identity::forgot_password(&app, &email).await {
        Ok(()) => say(&visit, "forgot-title", "forgot-sent", "/login"),
        Err(error) => show_again(&visit, forgot_page(&visit), error),
    }
}

/// What stands behind a one-time link.
#[derive(Default, Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    token: String,
}

fn password_page(visit: &Visit, token: &str, email: &str) -> FormPage {
    FormPage {
        heading: "newpass-title",
        hint: Some(visit.cx.text_name("newpass-hint", email)),
        action: "/password/new".to_owned(),
        hidden: vec![("token", token.to_owned())],
        fields: vec![FormField::new_password("newpass-label")],
        submit: Some("newpass-submit"),
        ..FormPage::default()
    }
}

fn gone(visit: &Visit) -> Response {
    let page = FormPage { heading: "newpass-title", back: Some("/password/forgot"), ..FormPage::default() };
    show_again(visit, page, Error::Gone)
}

/// The page of a one-time link. Opening it changes nothing.
pub(super) async fn show_password(State(app): State<App>, visit: Visit) -> Response {
    let Link { token } = visit.query();
    match identity::find_link_owner(&app, &token).await {
        Ok(Some((_, email))) => show(&visit, &password_page(&visit, &token, &email)),
        Ok(None) => gone(&visit),
        Err(error) => visit.refuse(error),
    }
}

/// What that page sends.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    token: String,
    new_password: String,
}

/// Choose a password by a one-time link.
pub(super) async fn choose_password(
    State(app): State<App>,
    visit: Visit,
    form: Sent<PasswordForm>,
) -> Response {
    let Ok(Form(PasswordForm { token, new_password })) = form else { return visit.refuse(unreadable()) };
    match identity::reset_password(&app, &token, Zeroizing::new(new_password)).await {
        Ok(()) => say(&visit, "newpass-title", "newpass-done", "/login"),
        Err(Error::Gone) => gone(&visit),
        Err(error) => {
            let owner = identity::find_link_owner(&app, &token).await.ok().flatten();
            let email = owner.map(|(_, email)| email).unwrap_or_default();
            show_again(&visit, password_page(&visit, &token, &email), error)
        }
    }
}

fn setup_page(visit: &Visit, token: &str, email: &str) -> FormPage {
    FormPage {
        heading: "setup-title",
        hint: Some(visit.cx.text("setup-hint")),
        action: "/setup".to_owned(),
        hidden: vec![("token", token.to_owned())],
        fields: vec![FormField::email("login-email", email), FormField::new_password("newpass-label")],
        submit: Some("setup-submit"),
        ..FormPage::default()
    }
}

/// The page of the link that `zelo setup` printed.
pub(super) async fn show_setup(State(app): State<App>, visit: Visit) -> Response {
    let Link { token } = visit.query();
    match identity::is_setup_open(&app, &token).await {
        Ok(true) => show(&visit, &setup_page(&visit, &token, "")),
        Ok(false) => {
            let page = FormPage { heading: "setup-title", back: Some("/login"), ..FormPage::default() };
            show_again(&visit, page, Error::Gone)
        }
        Err(error) => visit.refuse(error),
    }
}

/// What that page sends.
#[derive(Deserialize)]
pub(super) struct SetupForm {
    token: String,
    email: String,
    new_password: String,
}

/// The first administrator.
pub(super) async fn set_up(State(app): State<App>, visit: Visit, form: Sent<SetupForm>) -> Response {
    let Ok(Form(SetupForm { token, email, new_password })) = form else { return visit.refuse(unreadable()) };
    let name = email.split('@').next().unwrap_or_default().to_owned();
    let password = Zeroizing::new(new_password);
    let new = NewUser { name, email: email.clone(), role: Role::SuperAdmin, password };
    match identity::set_up(&app, &token, &new).await {
        Ok(_) => say(&visit, "setup-title", "setup-done", "/login"),
        Err(error) => show_again(&visit, setup_page(&visit, &token, &email), error),
    }
}

/// What would have been sent by mail. In development only, and only on this machine: the links in it open accounts.
pub(super) async fn mailbox(
    State(app): State<App>,
    visit: Visit,
    ClientAddress(address): ClientAddress,
) -> Response {
    if !address.is_loopback() {
        return visit.refuse(Error::NotFound);
    }
    let letters = match mail::list_mailbox(&app).await {
        Ok(letters) => letters,
        Err(error) => return visit.refuse(error),
    };
    let shown: Vec<ShownLetter> = letters
        .into_iter()
        .map(|(at, letter)| ShownLetter {
            subject: letter.subject,
            to: letter.to,
            at: format!("{} {}", visit.cx.short_date(at), visit.cx.clock(at)),
            text: letter.text,
        })
        .collect();
    html(render::mailbox(&visit.cx, &shown)).unwrap_or_else(|error| visit.refuse(error))
}

/// Nothing to see without a half-finished log-in: back to its beginning.
pub(super) async fn show_code() -> Response {
    see("/login")
}
