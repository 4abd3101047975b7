//! Refusals: whoever is known and asked for what they may not do is written down, wherever it was refused.

use super::{Entry, EventType, Pen};
use crate::{
    app::App,
    error::{Error, Refused},
    http,
    ids::TenantId,
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// A layer around all routes. It looks for the mark that [`Error::Forbidden`] leaves on an answer, so that no handler and no
/// extractor can refuse without an entry.
pub async fn note_refusals(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    if response.extensions().get::<Refused>().is_none() {
        return response;
    }
    let tenant = http::current().and_then(|current| current.caller()).and_then(|caller| caller.tenant_id);
    let event = match method {
        Method::DELETE => EventType::UnauthorizedDeletionAttempt,
        _ => EventType::PermissionDenied,
    };
    // The route as it is written in the router: an address may hold what a person searched for.
    let entry = Entry::of(event, "refused")
        .denied()
        .with("method", method.as_str())
        .with("route", route.as_ref().map_or("unmatched", MatchedPath::as_str));
    let noted = async {
        let pen = Pen::of(&app, TenantId(tenant.unwrap_or_default())).await?;
        pen.note(entry).await
    };
    match noted.await {
        Ok(()) => response,
        Err(error) => Error::unavailable(error).into_response(),
    }
}
