//! Counting and timing requests, cheaply: the webhook's route runs thousands of times a second.

use axum::http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, histogram};
use parking_lot::RwLock;
use std::{collections::HashMap, time::Duration};

/// The handles of all routes that were called. Making a handle builds and hashes its labels; finding one here costs a
/// shared lock and one look-up by the route's text.
#[derive(Default)]
pub(super) struct Meters {
    routes: RwLock<HashMap<Box<str>, Vec<Meter>>>,
}

struct Meter {
    method: &'static str,
    status: StatusCode,
    total: Counter,
    duration: Histogram,
}

impl Meters {
    /// Count an answered request. `endpoint` is the route as it is written in the router, never the address called:
    /// that would be an unbounded label, and could hold a person's data.
    pub(super) fn record(&self, method: &Method, endpoint: &str, status: StatusCode, duration: Duration) {
        let method = label(method);
        let fits = |meter: &&Meter| meter.method == method && meter.status == status;
        if let Some(meter) = self.routes.read().get(endpoint).and_then(|meters| meters.iter().find(fits)) {
            meter.record(duration);
            return;
        }
        let mut routes = self.routes.write();
        let meters = routes.entry(endpoint.into()).or_default();
        // Two requests may both have found nothing: the handles are the same either way.
        let meter = Meter::new(method, endpoint, status);
        meter.record(duration);
        meters.push(meter);
    }
}

impl Meter {
    fn new(method: &'static str, endpoint: &str, status: StatusCode) -> Self {
        let endpoint = endpoint.to_owned();
        Self {
            method,
            status,
            total: counter!(
                "zelo_http_requests_total",
                "method" => method, "endpoint" => endpoint.clone(), "status" => status.as_str().to_owned()
            ),
            duration: histogram!(
                "zelo_http_request_duration_seconds", "method" => method, "endpoint" => endpoint
            ),
        }
    }

    fn record(&self, duration: Duration) {
        self.total.increment(1);
        self.duration.record(duration);
    }
}

/// A client may invent methods; they share one label.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}
