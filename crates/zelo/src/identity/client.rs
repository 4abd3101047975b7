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

/// The program and the address of a log-in, and what the browser shows of earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// What the program calls itself.
    pub program: String,
    /// Where it called from.
    pub address: Option<String>,
    /// How the limits count it, and by which name a browser is known.
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
        let program =
            headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            program: program.chars().take(LONGEST_PROGRAM).collect(),
            address: Some(address.0.to_string()),
            limited: LoginClient::of(app, headers, address.0),
        }
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
        Ok(Self::of(app, &parts.headers, address))
    }
}
