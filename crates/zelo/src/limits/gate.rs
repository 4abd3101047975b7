//! The limits that every request passes, between the layers around the router and the router itself.

use super::{Decision, Policy, Prefix, RuleAction, Subject, decision::tell, device::DeviceCookie};
use crate::{
    api_keys::{self, Program},
    app::App,
    error::{Error, Result, problem},
    http::ClientAddress,
    identity::{Caller, SessionCookie},
    ids::TenantId,
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::{net::IpAddr, sync::Arc};

/// What a route is, for the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Never limited: the webhook of Meta, whose messages would be lost, and files that are served from memory.
    Free,
    /// Health and metrics.
    Probe,
    /// Sockets.
    Socket,
    /// New access tokens.
    Refresh,
    /// Sending to a number.
    Send,
    /// Everything else, and what no route takes.
    Usual,
}

impl Class {
    fn of(route: Option<&str>) -> Self {
        let route = route.unwrap_or_default();
        let in_api = route.strip_prefix("/api/v1").or_else(|| route.strip_prefix("/api")).unwrap_or_default();
        match (route, in_api) {
            (route, _) if route.starts_with("/webhooks/whatsapp") || route.starts_with("/assets/") => {
                Self::Free
            }
            ("/health" | "/ready" | "/alive" | "/metrics", _) => Self::Probe,
            ("/socket.io/", _) => Self::Socket,
            (_, "/auth/refresh") => Self::Refresh,
            (_, "/whatsapp/send") => Self::Send,
            _ => Self::Usual,
        }
    }
}

/// Let a request in, or not; and tell the caller how much is left.
pub async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let class = Class::of(request.extensions().get::<MatchedPath>().map(MatchedPath::as_str));
    if class == Class::Free {
        return next.run(request).await;
    }
    let Some(ClientAddress(address)) = request.extensions().get::<ClientAddress>().copied() else {
        return Error::internal("the client's address is not known before the limits").into_response();
    };
    let rule = app.limits.ledger.rule_for(address, app.clock.now());
    if rule == Some(RuleAction::Deny) && class != Class::Probe {
        let detail = "Requests from this network are not accepted.";
        return problem(StatusCode::FORBIDDEN, "network_denied", detail.into(), &[]);
    }
    let is_allowed_network = rule == Some(RuleAction::Allow);
    let decided = decide(&app, class, address, is_allowed_network, &mut request).await;
    let decisions = match decided {
        Ok(decisions) => decisions,
        Err(error) => return refuse(&app, request, error),
    };
    let mut response = next.run(request).await;
    tell(&decisions, response.headers_mut());
    response
}

/// Ask every policy that counts this request, from the narrow to the wide, until one refuses.
async fn decide(
    app: &App,
    class: Class,
    address: IpAddr,
    is_allowed_network: bool,
    request: &mut Request,
) -> Result<Vec<Decision>> {
    let policies = &app.limits.policies;
    let network = Subject::Network(Prefix::from(address));
    let by_network = match class {
        Class::Probe => Some(policies.probe),
        Class::Socket => Some(policies.socket),
        Class::Refresh => Some(policies.refresh),
        Class::Free | Class::Send | Class::Usual => None,
    };
    let counted = match by_network {
        Some(_) if is_allowed_network => Vec::new(),
        Some(policy) => vec![(policy, network)],
        None => match identify(app, request.headers()).await? {
            Some(Identified::Person(caller)) => of_person(app, class, &caller, request.headers()),
            Some(Identified::Program(program)) => {
                let counted = of_program(app, class, &program);
                // The handler asks for the same: it was looked up once.
                request.extensions_mut().insert(program);
                counted
            }
            None if is_allowed_network => Vec::new(),
            None => {
                let cookie = DeviceCookie::read(request.headers(), app.config.is_development());
                let owner = cookie.owner(&app.limits.secret, app.clock.now());
                vec![(policies.anonymous, owner.map_or(network, Subject::FormerUser))]
            }
        },
    };
    let mut decisions = Vec::with_capacity(counted.len());
    for (policy, subject) in counted {
        decisions.push(app.limits.limiter.check(&policy, subject).await.into_result()?);
    }
    Ok(decisions)
}

/// Somebody whose credentials are valid.
enum Identified {
    Person(Caller),
    Program(Arc<Program>),
}

/// Whoever has valid credentials is counted as themselves, wherever they come from: many share an address. Credentials
/// that are not valid are none.
async fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Identified>> {
    let identified = if let Some(key) = api_keys::given_key(headers) {
        api_keys::admit(app, key).await.map(|program| Identified::Program(Arc::new(program)))
    } else if headers.contains_key(header::AUTHORIZATION)
        || SessionCookie::read(headers, app.config.is_development()).0.is_some()
    {
        Caller::identify(app, headers).await.map(Identified::Person)
    } else {
        return Ok(None);
    };
    match identified {
        Ok(identified) => Ok(Some(identified)),
        Err(Error::Unavailable(cause)) => Err(Error::Unavailable(cause)),
        Err(_) => Ok(None),
    }
}

/// Somebody at a browser is counted more widely than a program that calls in their name.
fn of_person(app: &App, class: Class, caller: &Caller, headers: &HeaderMap) -> Vec<(Policy, Subject)> {
    let policies = &app.limits.policies;
    let who = &caller.signed_in;
    let usual = if headers.contains_key(header::AUTHORIZATION) { policies.user } else { policies.session };
    counted(app, class, usual, Subject::User(who.user.0), who.tenant)
}

fn of_program(app: &App, class: Class, program: &Program) -> Vec<(Policy, Subject)> {
    let subject = Subject::ApiKey(program.key.id.0);
    counted(app, class, app.limits.policies.api_key, subject, program.tenant)
}

fn counted(
    app: &App,
    class: Class,
    usual: Policy,
    subject: Subject,
    tenant: TenantId,
) -> Vec<(Policy, Subject)> {
    let policies = &app.limits.policies;
    let send = (class == Class::Send).then_some((policies.send, subject));
    let of_tenant = (!tenant.0.is_nil()).then_some((policies.tenant, Subject::Tenant(tenant.0)));
    std::iter::once((usual, subject)).chain(send).chain(of_tenant).collect()
}

/// People get a page or a notice, programs a problem document.
fn refuse(app: &App, request: Request, error: Error) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or("/api");
    if route.starts_with("/api") || route.starts_with("/socket.io") {
        return error.into_response();
    }
    let (parts, _) = request.into_parts();
    crate::pages::refuse(app, &parts, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_class() {
        for (route, class) in [
            (Some("/webhooks/whatsapp"), Class::Free),
            (Some("/webhooks/whatsapp/{channel_id}"), Class::Free),
            (Some("/assets/{*path}"), Class::Free),
            (Some("/ready"), Class::Probe),
            (Some("/socket.io/"), Class::Socket),
            (Some("/api/v1/auth/refresh"), Class::Refresh),
            (Some("/api/auth/refresh"), Class::Refresh),
            (Some("/api/v1/whatsapp/send"), Class::Send),
            (Some("/api/whatsapp/send"), Class::Send),
            (Some("/api/v1/whatsapp/status"), Class::Usual),
            (Some("/login"), Class::Usual),
            (Some("/"), Class::Usual),
            (None, Class::Usual),
        ] {
            assert_eq!(Class::of(route), class, "{route:?}");
        }
    }
}
