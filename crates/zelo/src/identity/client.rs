//! What a log-in came from.

use crate::{app::App, http::ClientAddress, limits::login::LoginClient};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// Longer names of programs are cut, so that nobody fills the database with one.
const LONGEST_PROGRAM: usize = 256;

/// The program and the address of a log-in, and the device cookie that the browser brought.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// What the program calls itself.
    pub program: String,
    /// Where it called from.
    pub address: Option<String>,
    /// The secret that tells a known browser from a new one.
    pub(super) device: Option<String>,
    /// The same for the limits.
    pub(super) limited: LoginClient,
}

/// The part of it that is kept, sealed, with the session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub(super) program: String,
    pub(super) address: Option<String>,
}

impl Client {
    pub(super) fn remembered(&self) -> Remembered {
        Remembered { program: self.program.clone(), address: self.address.clone() }
    }

    fn of(app: &App, headers: &HeaderMap, address: ClientAddress) -> Self {
        let is_development = app.config.is_development();
        let program =
            headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            program: program.chars().take(LONGEST_PROGRAM).collect(),
            address: Some(address.0.to_string()),
            device: super::caller::cookie(headers, device_cookie_name(is_development)),
            limited: LoginClient::of(app, headers, address.0),
        }
    }
}

/// The name of the cookie that a browser keeps when its user logs out.
pub fn device_cookie_name(is_development: bool) -> &'static str {
    if is_development { "zelo_device" } else { "__Host-zelo_device" }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
        Ok(Self::of(app, &parts.headers, address))
    }
}
