//! The API's description, for programs and as a page.

use crate::{app::App, error::Result, identity::Caller};
use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};
use std::sync::LazyLock;
use utoipa::openapi::{
    ContactBuilder, InfoBuilder, LicenseBuilder, Server,
    security::{Http, HttpAuthScheme, SecurityScheme},
};

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut api = super::description();
    api.info = InfoBuilder::new()
        .title("Zelo")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("A customer-support desk for WhatsApp."))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .contact(Some(ContactBuilder::new().name(Some("Zelo")).build()))
        .build();
    api.servers = Some(vec![Server::new("/api/v1")]);
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    api.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    super::problems::describe(&mut api);
    let mut text = api.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
});

/// `openapi.json`, as it is checked in.
pub fn document() -> &'static str {
    &DOCUMENT
}

/// In production the description is for those who may call the API.
fn allowed(app: &App, caller: Option<&Caller>) -> Result<()> {
    if app.config.is_development() || caller.is_some() { Ok(()) } else { Err(crate::Error::Unauthorized) }
}

/// The description.
pub async fn openapi(State(app): State<App>, caller: Option<Caller>) -> Result<Response> {
    allowed(&app, caller.as_ref())?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document()).into_response())
}

/// The page that shows it.
pub async fn page(State(app): State<App>, caller: Option<Caller>) -> Result<Response> {
    allowed(&app, caller.as_ref())?;
    Ok(Html(super::reference::page()).into_response())
}
