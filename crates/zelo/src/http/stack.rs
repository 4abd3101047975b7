//! What every request passes on its way in and every answer on its way out.

use super::{
    client::{Client, Proxies},
    ids::{Ids, NewId, with_request},
    meters::Meters,
    origin::Origins,
    parameters,
};
use crate::{Error, config::Config, error::problem};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use std::{any::Any, sync::Arc, time::Instant};
use tower_http::catch_panic::CatchPanicLayer;

/// The endpoint of requests that no route takes.
const UNMATCHED: &str = "unmatched";

/// The layers around the router, as one: ids, access log, metrics, security headers, CORS, the guard against forged
/// requests, and problem documents for what no handler answers.
#[derive(Clone)]
pub struct Stack {
    inner: Arc<Inner>,
}

struct Inner {
    new_id: NewId,
    origins: Origins,
    proxies: Proxies,
    meters: Meters,
    over_tls: bool,
}

impl Stack {
    /// Prepare the layers. Metrics go to the recorder that is installed when a route is first called, so install it
    /// before serving.
    pub fn new(config: &Config, new_id: NewId) -> Self {
        let own = config.server.public_url.as_deref();
        let over_tls = own.is_some_and(|url| url.starts_with("https://"));
        let origins = Origins::new(own, &config.server.cors_origins);
        let proxies = Proxies::new(&config.server.trusted_proxies);
        Self { inner: Arc::new(Inner { new_id, origins, proxies, meters: Meters::default(), over_tls }) }
    }

    /// Put the layers around all routes of a router, and around what none of them takes. Routes that are added
    /// afterwards stay outside.
    pub fn wrap(self, router: Router) -> Router {
        self.wrap_with(router, |router| router)
    }

    /// The same, with further layers between these and the router.
    pub fn wrap_with(self, router: Router, inner: impl FnOnce(Router) -> Router) -> Router {
        let router = router.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
        inner(router)
            .layer(CatchPanicLayer::custom(|cause: Box<dyn Any + Send>| on_panic(&*cause)))
            .layer(from_fn_with_state(self, pass))
    }
}

async fn pass(State(stack): State<Stack>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let inner = &*stack.inner;
    let ids = Ids::from_headers(request.headers(), &inner.new_id);
    let client = Client::of(&request, &inner.proxies);
    request.extensions_mut().insert(client.address);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let endpoint = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    let work = async {
        let mut response = answer(inner, request, next).await;
        super::headers::secure(response.headers_mut(), inner.over_tls);
        let status = response.status();
        let duration = started.elapsed();
        inner.meters.record(&method, endpoint, status, duration);
        // The route as it is written in the router: addresses hold ids and words that people searched for.
        tracing::info!(
            target: "zelo::http",
            {
                http.method = method.as_str(),
                http.route = endpoint,
                http.status = status.as_u16(),
                duration_ms = duration.as_micros() as f64 / 1000.0,
            },
            "Answered a request"
        );
        response
    };
    let mut response = with_request(ids.clone(), client, work).await;
    ids.write_to(response.headers_mut());
    response
}

async fn answer(inner: &Inner, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        return method_not_allowed().await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = if let Some(response) = inner.origins.preflight(request.method(), request.headers()) {
        response
    } else if inner.origins.is_forged(request.method(), request.headers()) {
        let detail = "This request comes from a page of another site.";
        problem(StatusCode::FORBIDDEN, "cross_site", detail.into(), &[])
    } else if inner.origins.is_foreign_socket(request.uri().path(), request.headers()) {
        let detail = "Sockets are open to this server's pages and to those in server.cors_origins.";
        problem(StatusCode::FORBIDDEN, "cross_site", detail.into(), &[])
    } else if let Err(error) = parameters::refuse_ambiguous(request.uri()) {
        error.into_response()
    } else {
        next.run(request).await
    };
    inner.origins.permit(origin.as_ref(), response.headers_mut());
    response
}

async fn not_found() -> Response {
    Error::NotFound.into_response()
}

async fn method_not_allowed() -> Response {
    let detail = "This address does not take that method.";
    problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail.into(), &[])
}

/// A panic is a defect of ours: the client gets the request id, the log what was said.
fn on_panic(cause: &(dyn Any + Send)) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("of an unknown kind");
    let mut response = Error::internal(format!("a handler panicked: {text}")).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
