//! The ids by which one request can be followed through logs, errors, jobs and audit entries.

use super::client::Client;
use axum::http::{HeaderMap, HeaderValue};
use std::{
    future::Future,
    sync::{Arc, OnceLock},
};
use uuid::Uuid;

/// The longest id that is taken from a client.
const LONGEST: usize = 128;

/// Where new ids come from: the application's own source, so that tests can seed it.
pub type NewId = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// The ids of the request or job that is being worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// Names this request.
    pub request_id: Arc<str>,
    /// Names everything that happens because of one first cause: as a rule 32 hexadecimal digits.
    pub trace_id: Arc<str>,
}

/// On whose behalf work is done, once that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The tenant whose data is worked on.
    pub tenant_id: Option<Uuid>,
    /// The user who asks.
    pub user_id: Option<Uuid>,
    /// The API key of the program that asks.
    pub api_key_id: Option<Uuid>,
    /// The support access under which the user asks. Then they are one of the platform's, not of the tenant's.
    pub support_access_id: Option<Uuid>,
}

/// What log lines and errors say about the work that writes them.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) ids: Ids,
    caller: Arc<OnceLock<Caller>>,
    client: Option<Client>,
}

impl Current {
    pub(crate) fn caller(&self) -> Option<Caller> {
        self.caller.get().copied()
    }
}

tokio::task_local! {
    static CURRENT: Current;
}

/// The ids of the request or job that runs this code; none outside of both.
pub fn current_ids() -> Option<Ids> {
    CURRENT.try_with(|current| current.ids.clone()).ok()
}

/// Who sent the request that runs this code; none in a job and outside of both. Audit entries name it.
pub fn current_client() -> Option<Client> {
    CURRENT.try_with(|current| current.client.clone()).ok().flatten()
}

/// Take the ids, the caller and the client of the current work along into another task.
pub(crate) fn carry_current<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let current = current();
    async move {
        match current {
            Some(current) => CURRENT.scope(current, work).await,
            None => work.await,
        }
    }
}

/// The ids and the caller of the current work, for the log.
pub(crate) fn current() -> Option<Current> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Say on whose behalf the current work is done, so that its log lines tell. Extractors that grant a scope call this;
/// the first one of a request holds.
pub fn set_caller(tenant_id: Option<Uuid>, user_id: Option<Uuid>) {
    let caller = Caller { tenant_id, user_id, api_key_id: None, support_access_id: None };
    let _ = CURRENT.try_with(|current| current.caller.set(caller));
}

/// The same for a program with an API key.
pub fn set_program(tenant_id: Uuid, api_key_id: Uuid) {
    let caller = Caller {
        tenant_id: Some(tenant_id),
        user_id: None,
        api_key_id: Some(api_key_id),
        support_access_id: None,
    };
    let _ = CURRENT.try_with(|current| current.caller.set(caller));
}

/// The same for one of the platform's owners who looks into a tenant.
pub fn set_supporter(tenant_id: Uuid, supporter_id: Uuid, support_access_id: Uuid) {
    let caller = Caller {
        tenant_id: Some(tenant_id),
        user_id: Some(supporter_id),
        api_key_id: None,
        support_access_id: Some(support_access_id),
    };
    let _ = CURRENT.try_with(|current| current.caller.set(caller));
}

/// Run work under ids, such as a job under those of the request that enqueued it.
pub async fn with_ids<F: Future>(ids: Ids, work: F) -> F::Output {
    CURRENT.scope(Current { ids, caller: Arc::default(), client: None }, work).await
}

/// Run the work for a request that somebody sent.
pub(super) async fn with_request<F: Future>(ids: Ids, client: Client, work: F) -> F::Output {
    CURRENT.scope(Current { ids, caller: Arc::default(), client: Some(client) }, work).await
}

impl Ids {
    /// Ids for work that nobody asked for, such as a periodic job.
    pub fn new(new_id: &NewId) -> Self {
        let id = new_id();
        Self { request_id: id.to_string().into(), trace_id: id.as_simple().to_string().into() }
    }

    /// The ids as a job keeps them. Neither has a space in it, wherever it came from.
    pub(super) fn to_trace(&self) -> String {
        format!("{} {}", self.request_id, self.trace_id)
    }

    /// The ids that a job kept; none where it kept something else.
    pub(super) fn from_trace(text: &str) -> Option<Self> {
        let (request_id, trace_id) = text.split_once(' ')?;
        Some(Self { request_id: request_id.into(), trace_id: trace_id.into() })
    }

    /// The ids that a request brings, and new ones in place of those that are missing or malformed. Of two trace ids
    /// the standard's one (`traceparent`) holds.
    pub(crate) fn from_headers(headers: &HeaderMap, new_id: &NewId) -> Self {
        let request_id = headers.get("x-request-id").and_then(plain);
        let trace_id = headers
            .get("traceparent")
            .and_then(|value| trace_of(value.as_bytes()))
            .or_else(|| headers.get("x-trace-id").and_then(plain));
        match (request_id, trace_id) {
            (Some(request_id), Some(trace_id)) => {
                Self { request_id: request_id.into(), trace_id: trace_id.into() }
            }
            (request_id, trace_id) => {
                let mut new = Self::new(new_id);
                if let Some(given) = request_id {
                    new.request_id = given.into();
                }
                if let Some(given) = trace_id {
                    new.trace_id = given.into();
                }
                new
            }
        }
    }

    /// The ids as headers of an answer.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        for (name, id) in [("x-request-id", &self.request_id), ("x-trace-id", &self.trace_id)] {
            if let Ok(value) = HeaderValue::from_str(id) {
                headers.insert(name, value);
            }
        }
    }
}

/// An id that can stand in a log line, a header and an address as it is.
fn plain(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_plain)).then_some(text)
}

/// The trace id of a `traceparent` (W3C Trace Context, section 3.2.2): `00-` 32 hex `-` 16 hex `-` 2 hex, all in
/// lower case, neither id only zeros. Later versions may have more behind it; version `ff` is forbidden.
fn trace_of(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let fits = is_hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && is_hex(trace, 32)
        && !is_zero(trace)
        && is_hex(parent, 16)
        && !is_zero(parent)
        && is_hex(flags, 2);
    fits.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn ids(headers: &[(&'static str, &str)]) -> Ids {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Ids::from_headers(&headers, &(Arc::new(|| Uuid::from_u128(7)) as NewId))
    }

    #[test]
    fn ids_that_a_client_brings_are_kept() {
        let given = ids(&[("x-request-id", "order-17.a_b"), ("x-trace-id", "checkout-9")]);
        assert_eq!((&*given.request_id, &*given.trace_id), ("order-17.a_b", "checkout-9"));
        let traced = ids(&[("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01")), ("x-trace-id", "x")]);
        assert_eq!(&*traced.trace_id, TRACE);
        assert_eq!(&*traced.request_id, "00000000-0000-0000-0000-000000000007");
    }

    #[test]
    fn a_later_version_of_the_standard_may_say_more() {
        let later = ids(&[("traceparent", &format!("01-{TRACE}-00f067aa0ba902b7-01-more"))]);
        assert_eq!(&*later.trace_id, TRACE);
    }

    #[test]
    fn a_malformed_traceparent_starts_a_new_trace() {
        let new = "00000000000000000000000000000007";
        for bad in [
            "",
            "00",
            "garbage",
            "00-4bf92f3577b34da6a3ce929d0e0e4736",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-001",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(&*ids(&[("traceparent", bad)]).trace_id, new, "{bad}");
        }
    }

    #[test]
    fn an_id_that_could_not_stand_in_a_log_line_is_replaced() {
        for bad in ["", "two words", "a\tb", "<script>", "ana@hotel.example", "a/b", &"x".repeat(129)] {
            let replaced = ids(&[("x-request-id", bad), ("x-trace-id", bad)]);
            assert_eq!(&*replaced.request_id, "00000000-0000-0000-0000-000000000007", "{bad}");
            assert_eq!(&*replaced.trace_id, "00000000000000000000000000000007", "{bad}");
        }
    }

    #[test]
    fn a_job_keeps_ids_as_they_are() {
        let given = ids(&[("x-request-id", "order-17.a_b"), ("x-trace-id", "checkout-9")]);
        assert_eq!(Ids::from_trace(&given.to_trace()), Some(given));
        assert_eq!(Ids::from_trace("something"), None);
    }

    #[tokio::test]
    async fn ids_are_seen_inside_of_their_work_only() {
        let new_id: NewId = Arc::new(|| Uuid::from_u128(7));
        let own = Ids::new(&new_id);
        assert_eq!(current_ids(), None);
        let seen = with_ids(own.clone(), async { current_ids() }).await;
        assert_eq!(seen, Some(own));
        assert_eq!(current_ids(), None);
    }
}
