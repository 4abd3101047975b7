//! Who proved a moment ago who they are, and who is on the way to a second factor.

use super::Caller;
use crate::{
    app::App,
    clock::{MINUTE, Millis},
    error::{Error, Result},
};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};

/// How young a log-in must be for dangerous acts (ASVS 7.5.3).
const RECENT: Millis = 5 * MINUTE;

/// A caller who logged in, or proved again who they are, within the last five minutes. Handlers of dangerous acts take
/// it beside their scope: `_recent: Recent`. Everybody else gets 403 `reauth_required`.
#[derive(Debug, Clone)]
pub struct Recent {
    /// Who.
    pub caller: Caller,
}

impl Recent {
    /// The same test for callers that no extractor brings.
    ///
    /// # Errors
    /// [`Error::ReauthRequired`].
    pub fn require(app: &App, caller: &Caller) -> Result<()> {
        if app.clock.now() - caller.signed_in.auth_time <= RECENT {
            Ok(())
        } else {
            Err(Error::ReauthRequired)
        }
    }
}

impl FromRequestParts<App> for Recent {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        Self::require(app, &caller)?;
        Ok(Self { caller })
    }
}

/// A caller whose session may reach nothing but the set-up of a second factor, or everything.
#[derive(Debug, Clone)]
pub struct Enrolling {
    /// Who.
    pub caller: Caller,
}

impl FromRequestParts<App> for Enrolling {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::identify_any(app, &parts.headers).await?;
        crate::http::set_caller(Some(caller.signed_in.tenant.0), Some(caller.signed_in.user.0));
        Ok(Self { caller })
    }
}

/// The same, with a log-in of the last five minutes.
#[derive(Debug, Clone)]
pub struct RecentEnrolling {
    /// Who.
    pub caller: Caller,
}

impl FromRequestParts<App> for RecentEnrolling {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Enrolling { caller } =
            <Enrolling as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        Recent::require(app, &caller)?;
        Ok(Self { caller })
    }
}

impl OptionalFromRequestParts<App> for Enrolling {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>> {
        match <Self as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(caller) => Ok(Some(caller)),
            Err(Error::Unauthorized) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
