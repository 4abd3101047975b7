//! `Idempotency-Key` where an address makes something: whoever sends the request again gets the first answer.
//!
//! A message is stored in one transaction with its key (`messages.rs`). What is made here has a transaction of its own, so
//! that the key is claimed before it and the answer kept after it. A program that is killed in between leaves the claim:
//! then nothing is made twice, and the client hears that the first request is under way until the key is forgotten.

use super::AnswerSeal;
use crate::{
    api_keys::Program,
    app::App,
    error::{Error, Result},
    http::{
        body_bytes, carry_current,
        idempotency::{self, Answer, Key, Owner},
    },
    identity::{AgentScope, Caller},
};
use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Addresses below the API's base whose `POST` makes something, or sends something to people. Those of the platform's owner are
/// not among them: a tenant is known by its short name, of which there is one.
pub(super) const MAKERS: &[&str] = &[
    "/access-reviews",
    "/api-keys",
    "/api-keys/{id}/rotate",
    "/approvals",
    "/channels",
    "/message-templates",
    "/messages/{id}/retry",
    "/roles",
    "/teams",
    "/users",
    "/users/{id}/invitation",
];

/// The longest answer that is kept, in bytes: what is made is shown in far less.
const LONGEST_ANSWER: usize = 256 * 1024;

/// The first request with its key.
struct Claim {
    app: App,
    seal: AnswerSeal,
    scope: AgentScope,
    key: Key,
}

/// Answer a request that makes something once for each key that its client gave it.
pub(crate) async fn answer_once(State(app): State<App>, request: Request, next: Next) -> Response {
    if !makes(&request) {
        return next.run(request).await;
    }
    let claimed = Box::pin(claim(&app, request)).await;
    match claimed {
        Ok((request, None)) => next.run(request).await,
        Ok((request, Some(Standing::First(claim)))) => {
            // Taken to its end although the client may go away: it will ask again, and wants the answer then.
            let work = carry_current(async move { claim.keep(next.run(request).await).await });
            let done = app.tasks.spawn(work).await;
            done.unwrap_or_else(|gone| Error::internal(gone.to_string()).into_response())
        }
        Ok((_, Some(Standing::Answered(answer)))) => answer.into_response(),
        Err(error) => error.into_response(),
    }
}

enum Standing {
    First(Claim),
    Answered(Answer),
}

fn makes(request: &Request) -> bool {
    let address = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let below = address.strip_prefix("/api/v1").or_else(|| address.strip_prefix("/api"));
    request.method() == Method::POST
        && request.headers().contains_key(idempotency::HEADER)
        && below.is_some_and(|below| MAKERS.contains(&below))
}

/// Claim the key of a request, for whoever may have one. Whoever may not is left to the handler, which refuses them.
async fn claim(app: &App, request: Request) -> Result<(Request, Option<Standing>)> {
    let (parts, body) = request.into_parts();
    // Who asks comes first: a stranger hears that they are one, whatever their key is.
    let Some(scope) = whose(app, &parts).await else {
        return Ok((Request::from_parts(parts, body), None));
    };
    let Some(given) = idempotency::key_of(&parts.headers)? else {
        return Ok((Request::from_parts(parts, body), None));
    };
    let bytes = body_bytes(Request::from_parts(parts.clone(), body), app).await?;
    let key = Key::new(&parts.method, parts.uri.path(), given, &bytes);
    let request = Request::from_parts(parts, Body::from(bytes));
    let (tenant, now) = (scope.tenant, app.clock.now());
    let seal = AnswerSeal::of(app, tenant).await?;
    let owner = Owner { tenant: tenant.tenant().0, caller: scope.user.0 };
    let begin = db::write!(app.db, "claim_idempotency_key", tenant.into(), |tx| -> Result<_> {
        idempotency::begin(tx, &seal, owner, &key, now).await
    })?;
    let standing = match begin.into_replay()? {
        Some(answer) => Standing::Answered(answer),
        None => Standing::First(Claim { app: app.clone(), seal, scope, key }),
    };
    Ok((request, Some(standing)))
}

async fn whose(app: &App, parts: &Parts) -> Option<AgentScope> {
    if let Some(program) = parts.extensions.get::<Arc<Program>>() {
        return Some(AgentScope::of_program(program));
    }
    let caller = Caller::identify(app, &parts.headers).await.ok()?;
    AgentScope::try_from(caller).ok()
}

impl Claim {
    /// Keep a good answer, and give the key back after any other: a repetition may mend it.
    async fn keep(self, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, LONGEST_ANSWER).await else {
            return Error::internal("an answer is too long to be kept").into_response();
        };
        let answer = Answer { status: parts.status, body: bytes.to_vec() };
        let owner = Owner { tenant: self.scope.tenant.tenant().0, caller: self.scope.user.0 };
        let scope = self.scope.tenant;
        let kept = db::write!(self.app.db, "keep_answer", scope.into(), |tx| -> Result<()> {
            match answer.status.is_success() {
                true => idempotency::finish(tx, &self.seal, owner, &self.key, &answer).await,
                false => idempotency::abandon(tx, owner, &self.key).await,
            }
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "An answer could not be kept for its key; a repetition is told that it is under way");
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::MAKERS;
    use crate::api::docs::document;
    use serde_json::Value;

    /// Addresses that make nothing that could be made twice, each with its reason.
    const OTHERS: &[(&str, &str)] = &[
        ("/whatsapp/send", "keeps its key with the message"),
        ("/conversations/{id}/messages", "keeps its key with the message"),
        (
            "/conversations/{id}/media",
            "a file is not sent before a message names it, and is removed after a day",
        ),
        ("/tenants", "the platform's: there is one of a short name"),
        ("/tenants/{id}/support-accesses", "the platform's: what is not used ends by itself"),
        ("/admin/ip-rules", "the platform's: a network has one rule that holds"),
    ];

    #[test]
    fn every_address_that_makes_something_takes_a_key() {
        let api: Value = serde_json::from_str(document()).unwrap();
        for (path, item) in api["paths"].as_object().unwrap() {
            let below = path.as_str();
            let post = &item["post"];
            let makes = post["responses"].get("201").is_some();
            let is_maker = MAKERS.contains(&below);
            let known = is_maker || OTHERS.iter().any(|(other, _)| *other == below);
            assert!(known || !makes, "POST {path} makes something and takes no key");
            let parameters = post["parameters"].as_array().cloned().unwrap_or_default();
            let says_so = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
            assert!(says_so || !is_maker, "POST {path} takes a key and does not say so");
        }
        for path in MAKERS {
            assert!(api["paths"][*path]["post"].is_object(), "there is no POST {path}");
        }
    }
}
