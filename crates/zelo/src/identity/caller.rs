//! The extractors that grant a scope.

use super::{Role, sessions, sessions::SignedIn};
use crate::{
    api_keys::{self, Program},
    app::App,
    error::{Error, Result},
    ids::{TenantId, UserId},
    rights::{Demand, Permission, Rights, Sight},
    support::{self, Supporter},
    tenants::TenantScope,
};
use axum::{
    extract::{FromRequestParts, MatchedPath, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use std::{marker::PhantomData, ops::Deref, sync::Arc};

/// The cookie's name. Browsers take `__Host-` only over TLS and for one host, which is what production wants.
pub fn session_cookie_name(is_development: bool) -> &'static str {
    if is_development { "zelo_session" } else { "__Host-zelo_session" }
}

/// The value of the session cookie, if the request has one.
#[derive(Debug)]
pub struct SessionCookie(pub Option<String>);

impl SessionCookie {
    /// Read it from headers.
    pub fn read(headers: &HeaderMap, is_development: bool) -> Self {
        Self(cookie(headers, session_cookie_name(is_development)))
    }
}

/// The value of a cookie of this name.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
        .map(str::to_owned)
}

/// Somebody who is signed in, with a tenant's or the platform's credentials.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub signed_in: Arc<SignedIn>,
}

impl Caller {
    /// Who these credentials belong to: an access token, or a browser's session.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] without valid ones, [`Error::MfaRequired`] while a second factor must be set up first.
    pub async fn identify(app: &App, headers: &HeaderMap) -> Result<Self> {
        Self::identify_any(app, headers).await?.with_full_reach()
    }

    /// The same for what somebody may do who must set up a second factor first: setting it up, and leaving.
    pub(super) async fn identify_any(app: &App, headers: &HeaderMap) -> Result<Self> {
        let signed_in = match bearer(headers) {
            Some(token) => sessions::by_access_token(app, token).await?,
            None => {
                let cookie =
                    SessionCookie::read(headers, app.config.is_development()).0.ok_or(Error::Unauthorized)?;
                sessions::by_cookie(app, &cookie).await?
            }
        };
        Ok(Self { signed_in })
    }

    /// Who an access token belongs to.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when it is not valid.
    pub async fn by_token(app: &App, token: &str) -> Result<Self> {
        Self { signed_in: sessions::by_access_token(app, token).await? }.with_full_reach()
    }

    fn with_full_reach(self) -> Result<Self> {
        if self.signed_in.must_enrol { Err(Error::MfaRequired) } else { Ok(self) }
    }

    /// The same session as it is now.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when it has ended since.
    pub async fn renewed(&self, app: &App) -> Result<Self> {
        Ok(Self { signed_in: sessions::find(app, self.signed_in.tenant, self.signed_in.session).await? })
    }

    /// Whether the session has not ended since.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_still_valid(&self, app: &App) -> Result<bool> {
        match self.renewed(app).await {
            Ok(_) => Ok(true),
            Err(Error::Unauthorized) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A new access token for the same session: what a page uses to open its socket.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn access_token(&self, app: &App) -> Result<String> {
        let who = &self.signed_in;
        app.identity.access_token(who.tenant, who.user, who.session, app.clock.now())
    }

    /// The tenant's scope, for one of its staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for the platform's own people: they see no tenant's rows.
    pub fn tenant_scope(&self) -> Result<TenantScope> {
        if self.signed_in.role.is_platform() || self.signed_in.tenant.0.is_nil() {
            return Err(Error::Forbidden);
        }
        Ok(TenantScope::of_credentials(self.signed_in.tenant))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Self::identify(app, &parts.headers).await?;
        crate::http::set_caller(Some(caller.signed_in.tenant.0), Some(caller.signed_in.user.0));
        Ok(caller)
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>> {
        match <Self as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(caller) => Ok(Some(caller)),
            Err(Error::Unauthorized | Error::MfaRequired) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// One of a tenant's staff, with what they may do. A handler gets it only inside a [`May`], which says what it demands.
#[derive(Debug, Clone)]
pub struct AgentScope {
    /// Whose rows.
    pub tenant: TenantScope,
    /// Who.
    pub user: UserId,
    /// What they are here.
    pub role: Role,
    /// What they may do, and whose conversations they see.
    pub rights: Rights,
    /// Their session; none for a program with an API key, nor for a support access.
    pub caller: Option<Caller>,
}

impl AgentScope {
    /// A program, which acts as the one who made its key, within what the key allows.
    pub(crate) fn of_program(program: &Program) -> Self {
        crate::http::set_program(program.tenant.0, program.key.id.0);
        let Program { tenant, key, role, rights } = program;
        let tenant = TenantScope::of_credentials(*tenant);
        Self { tenant, user: key.maker, role: *role, rights: *rights, caller: None }
    }

    /// One of the platform's owners, within what a support access opens.
    fn of_supporter(supporter: &Supporter) -> Self {
        crate::http::set_supporter(supporter.tenant.0, supporter.user.0, supporter.access.0);
        Self {
            tenant: TenantScope::of_credentials(supporter.tenant),
            user: supporter.user,
            role: Role::SuperAdmin,
            rights: Supporter::rights(),
            caller: None,
        }
    }

    /// The eyes that conversations and contacts are looked at with.
    pub fn sight(&self) -> Sight {
        Sight::of_credentials(self.tenant, self.rights.visibility, self.user)
    }

    /// Refuse those who lack a permission.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.rights.allow(permission) { Ok(()) } else { Err(Error::Forbidden) }
    }
}

impl TryFrom<Caller> for AgentScope {
    type Error = Error;

    fn try_from(caller: Caller) -> Result<Self> {
        let tenant = caller.tenant_scope()?;
        let SignedIn { user, role, rights, .. } = *caller.signed_in;
        Ok(Self { tenant, user, role, rights, caller: Some(caller) })
    }
}

/// One of a tenant's staff who may do what `P` names: the only way in which a handler gets a tenant's rows.
///
/// ```compile_fail
/// // Without a permission there is no scope: this is not a handler.
/// async fn list(scope: zelo::identity::AgentScope) {}
/// let _: axum::Router<zelo::app::App> = axum::Router::new().route("/", axum::routing::get(list));
/// ```
/// ```
/// use zelo::{identity::May, rights::to};
/// async fn list(scope: May<to::ReadConversations>) {}
/// let _: axum::Router<zelo::app::App> = axum::Router::new().route("/", axum::routing::get(list));
/// ```
#[derive(Debug, Clone)]
pub struct May<P> {
    scope: AgentScope,
    demand: PhantomData<fn() -> P>,
}

impl<P> May<P> {
    /// A use of a support access: written into the tenant's log before anything is shown.
    async fn of_supporter(parts: &Parts, app: &App, token: &str) -> Result<Self>
    where
        P: Demand,
    {
        let supporter = support::admit(app, token).await?;
        let scope = AgentScope::of_supporter(&supporter);
        scope.require(P::PERMISSION)?;
        let route = parts.extensions.get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
        support::note_use(app, &supporter, &parts.method, route).await?;
        Ok(Self { scope, demand: PhantomData })
    }

    /// Who it is, once the permission was seen.
    pub fn into_scope(self) -> AgentScope {
        self.scope
    }
}

impl<P> Deref for May<P> {
    type Target = AgentScope;

    fn deref(&self) -> &AgentScope {
        &self.scope
    }
}

impl<P: Demand> FromRequestParts<App> for May<P> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if let Some(token) = support::given_token(&parts.headers) {
            return Self::of_supporter(parts, app, token).await;
        }
        // The limits have looked a valid key up already, in this very request.
        let admitted = parts.extensions.get::<Arc<Program>>();
        let scope = match (admitted, api_keys::given_key(&parts.headers)) {
            (Some(program), _) => AgentScope::of_program(program),
            (None, Some(key)) => AgentScope::of_program(&api_keys::admit(app, key).await?),
            (None, None) => AgentScope::try_from(
                <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?,
            )?,
        };
        scope.require(P::PERMISSION)?;
        Ok(Self { scope, demand: PhantomData })
    }
}

/// The platform's owner: manages tenants and sees none of their messages.
#[derive(Debug, Clone)]
pub struct PlatformScope {
    user: UserId,
}

impl PlatformScope {
    /// Who.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The nil tenant, under which the platform's own people are kept.
    pub fn tenant() -> TenantId {
        TenantId(uuid::Uuid::nil())
    }
}

impl FromRequestParts<App> for PlatformScope {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if !caller.signed_in.role.is_platform() {
            return Err(Error::Forbidden);
        }
        Ok(Self { user: caller.signed_in.user })
    }
}
