//! One error by what the client can do about it, and its face on the wire (RFC 9457).
//!
//! Slices return [`Error`]; the network's and the engine's own errors become one of its kinds where they are met.
//! Nothing else writes problem documents, so that no answer can tell more than this module lets it.

use crate::{http::current_ids, limits::Refusal, quotas::Quota};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::{borrow::Cow, time::Duration};

/// The result of a use case or handler.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A cause that is kept for the log and never shown.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// How long a client should wait after 503: by then a short overload or a restart of the database is over.
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(2);

/// What went wrong, by what the client can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is another tenant's. 404.
    #[error("there is no such thing")]
    NotFound,
    /// No valid credentials. 401.
    #[error("no valid credentials")]
    Unauthorized,
    /// The caller is known and may not do this. 403.
    #[error("the caller may not do this")]
    Forbidden,
    /// The caller may do this, but must prove again who they are (`POST /auth/reauthenticate`). 403.
    #[error("the log-in is too old for this")]
    ReauthRequired,
    /// The caller may do this when a second person agrees. 403.
    #[error("a second person must agree")]
    SecondPersonRequired,
    /// The caller may do this when they say why. 403.
    #[error("no reason was given")]
    ReasonRequired,
    /// The caller's password or code, asked for once more, is not right. 403.
    #[error("the password or code is not right")]
    WrongSecret,
    /// The caller may do nothing until they have a second factor. 403.
    #[error("a second factor is obligatory")]
    MfaRequired,
    /// It was there once: a link that was used or is too old. 410.
    #[error("it is not there any more")]
    Gone,
    /// Understood, but not acceptable. 422.
    #[error("{} field(s) were not acceptable", .0.len())]
    Invalid(Vec<FieldError>),
    /// Not understood; the text says why and is shown. 400.
    #[error("the request was not understood: {0}")]
    Malformed(String),
    /// The state of things does not allow it now. 409.
    #[error("{code}: {detail}")]
    Conflict {
        /// A stable name for programs, such as `already_assigned`.
        code: &'static str,
        /// A sentence for people.
        detail: String,
    },
    /// WhatsApp's 24 hours after the customer's last message are over: only a template may be sent. 409.
    #[error("the 24-hour window is closed")]
    WindowClosed,
    /// The tenant has used what it may have: waiting a moment does not help, somebody has to act. 403.
    #[error("the quota {} is used up", .0.as_str())]
    OverQuota(Quota),
    /// Too many requests. 429.
    #[error("too many requests")]
    TooManyRequests {
        /// When the next one will be accepted.
        retry_after: Duration,
        /// Which limit, and why; told to programs.
        refusal: Option<Box<Refusal>>,
    },
    /// The body is larger than this address takes. 413.
    #[error("the body is too large")]
    PayloadTooLarge,
    /// The file has no such bytes. 416.
    #[error("there are no such bytes")]
    RangeNotSatisfiable,
    /// The body is of a kind that this address does not take. 415.
    #[error("the body is of another kind than expected")]
    UnsupportedMediaType,
    /// Not now, but perhaps in a moment. 503.
    #[error("not available at the moment")]
    Unavailable(#[source] Option<Source>),
    /// A defect, or something that the client can do nothing about. 500.
    #[error("an internal error")]
    Internal(#[source] Source),
}

/// What is wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field's path in the body, such as `contact.phone`; empty for the body as a whole.
    pub field: String,
    /// A stable name for programs, such as `required`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl FieldError {
    /// Say what is wrong with a field.
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

impl Error {
    /// Wrap what the client can do nothing about.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// Wrap what may be over in a moment.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable(Some(source.into()))
    }

    /// Refuse one field.
    pub fn invalid(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, message)])
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::ReauthRequired
            | Self::ReasonRequired
            | Self::SecondPersonRequired
            | Self::WrongSecret
            | Self::MfaRequired
            | Self::OverQuota(_) => StatusCode::FORBIDDEN,
            Self::Gone => StatusCode::GONE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Conflict { .. } | Self::WindowClosed => StatusCode::CONFLICT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable name that programs read.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::ReauthRequired => "reauth_required",
            Self::ReasonRequired => "reason_required",
            Self::SecondPersonRequired => "second_person_required",
            Self::WrongSecret => "wrong_credentials",
            Self::MfaRequired => "mfa_enrolment_required",
            Self::Gone => "gone",
            Self::Invalid(_) => "invalid",
            Self::Malformed(_) => "malformed",
            Self::Conflict { code, .. } => code,
            Self::WindowClosed => "window_closed",
            Self::OverQuota(quota) => quota.code(),
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::PayloadTooLarge => "payload_too_large",
            Self::RangeNotSatisfiable => "range_not_satisfiable",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    fn detail(&self) -> Cow<'_, str> {
        match self {
            Self::NotFound => "There is nothing at this address that you may see.".into(),
            Self::Unauthorized => "Log in, or send valid credentials.".into(),
            Self::Forbidden => "You are not allowed to do this.".into(),
            Self::ReauthRequired => {
                "Prove again who you are (POST /auth/reauthenticate); for this a log-in of the last five minutes counts."
                    .into()
            }
            Self::SecondPersonRequired => {
                "A second person must agree: ask at POST /approvals. A tenant's deletion another of the platform's owners \
                 asks for in the same words."
                    .into()
            }
            Self::ReasonRequired => {
                "Say why in `reason`, in 10 to 500 characters: whom it is about reads it.".into()
            }
            Self::WrongSecret => "The password or code is not right.".into(),
            Self::MfaRequired => "A second factor is obligatory here; set one up first.".into(),
            Self::Gone => "This link was used already or is too old.".into(),
            Self::Invalid(_) => "Some fields are not acceptable.".into(),
            Self::Malformed(detail) | Self::Conflict { detail, .. } => detail.as_str().into(),
            Self::WindowClosed => {
                "The customer's last message is more than 24 hours old; only a template may be sent.".into()
            }
            Self::OverQuota(quota) => quota.cure().into(),
            Self::TooManyRequests { .. } => "Wait before you try again.".into(),
            Self::PayloadTooLarge => "The body is larger than is accepted here.".into(),
            Self::RangeNotSatisfiable => "The file has no such bytes.".into(),
            Self::UnsupportedMediaType => "Send the body as application/json.".into(),
            Self::Unavailable(_) => "Try again in a moment.".into(),
            Self::Internal(_) => {
                "Something went wrong on our side. Name the request id when you report it.".into()
            }
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyRequests { retry_after, .. } => Some(*retry_after),
            Self::Unavailable(_) => Some(RETRY_UNAVAILABLE),
            _ => None,
        }
    }

    /// The one place where errors are logged: those that are the server's own, with all their causes.
    fn log(&self) {
        match self {
            Self::Internal(source) => tracing::error!(error.chain = chain(source.as_ref()), "Request failed"),
            Self::Unavailable(Some(source)) => {
                tracing::warn!(
                    error.chain = chain(source.as_ref()),
                    "Request could not be served at the moment"
                );
            }
            _ => {}
        }
    }
}

/// An error with its causes, from the outermost in.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A full or busy storage may accept the same request in a moment; a broken statement never will. Unique and
/// foreign-key errors that a slice expects are turned into its own words where they are met.
impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Conflict(_) | db::Error::Storage(_) | db::Error::Unavailable(_) => {
                Self::Unavailable(Some(Box::new(error)))
            }
            db::Error::Unique(_)
            | db::Error::ForeignKey(_)
            | db::Error::Unsafe(_)
            | db::Error::Statement(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<jobs::Error> for Error {
    fn from(error: jobs::Error) -> Self {
        match error {
            jobs::Error::Database(error) => error.into(),
            jobs::Error::Stale(_) => Self::internal(error),
        }
    }
}

impl db::Retry for Error {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable(Some(source)) => {
                source.downcast_ref::<db::Error>().is_some_and(db::Error::is_retryable)
            }
            _ => false,
        }
    }
}

/// Stands on the answer to somebody who asked for what they may not do, so that the audit log sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused;

/// A refusal: the members of RFC 9457, section 3.1, and our own.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Problem<'a> {
    /// Always `about:blank`: the status says what kind it is.
    r#type: &'static str,
    /// The status in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// A sentence for people.
    #[schema(value_type = String)]
    detail: Cow<'a, str>,
    /// A stable name for programs.
    code: &'a str,
    /// What to name when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<&'a str>,
    /// What is wrong with each field of the input.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<FieldError>, required = false)]
    errors: &'a [FieldError],
    /// Only of the types that `limits` uses.
    #[serde(rename = "violated-policies", skip_serializing_if = "<[_]>::is_empty")]
    violated_policies: &'a [&'a str],
}

/// A problem document as an answer. Its type is `about:blank`, for which the title is the status's own; `code` is what
/// programs tell problems apart by.
pub(crate) fn problem(
    status: StatusCode,
    code: &str,
    detail: Cow<'_, str>,
    errors: &[FieldError],
) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    typed_problem("about:blank", title, status, code, detail, errors, &[])
}

/// A problem document of a type that has a name, and therefore a title of its own.
fn typed_problem(
    kind: &'static str,
    title: &str,
    status: StatusCode,
    code: &str,
    detail: Cow<'_, str>,
    errors: &[FieldError],
    violated_policies: &[&str],
) -> Response {
    let ids = current_ids();
    let problem = Problem {
        r#type: kind,
        title,
        status: status.as_u16(),
        detail,
        code,
        request_id: ids.as_ref().map(|ids| ids.request_id.as_ref()),
        errors,
        violated_policies,
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let errors: &[FieldError] = if let Self::Invalid(errors) = &self { errors } else { &[] };
        let (status, code) = (self.status(), self.code());
        let refusal =
            if let Self::TooManyRequests { refusal, .. } = &self { refusal.as_deref() } else { None };
        let mut response = match refusal {
            None => problem(status, code, self.detail(), errors),
            Some(refusal) => {
                let violated = [refusal.decision.policy.name];
                let (kind, title) = (refusal.problem_type(), refusal.title());
                let mut response = typed_problem(kind, title, status, code, self.detail(), errors, &violated);
                crate::limits::tell(&[refusal.decision], response.headers_mut());
                response
            }
        };
        if let Some(wait) = self.retry_after() {
            // Whole seconds, never less than the wait (RFC 9110, section 10.2.3).
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if matches!(self, Self::Forbidden | Self::ReasonRequired) {
            response.extensions_mut().insert(Refused);
        }
        if matches!(self, Self::Unauthorized) {
            // A 401 must name a scheme (RFC 9110, section 11.6.1).
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Ids, with_ids};
    use db::Retry as _;
    use serde_json::{Value, json};

    async fn answer(error: Error) -> (Response<()>, Value) {
        let ids = Ids { request_id: "req-7".into(), trace_id: "t".into() };
        let response = with_ids(ids, async { error.into_response() }).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        (Response::from_parts(parts, ()), serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn input_that_is_not_acceptable_names_its_fields() {
        let (response, body) =
            answer(Error::invalid("contact.phone", "required", "Give a phone number.")).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(
            body,
            json!({
                "type": "about:blank", "title": "Unprocessable Entity", "status": 422,
                "detail": "Some fields are not acceptable.", "code": "invalid", "request_id": "req-7",
                "errors": [{"field": "contact.phone", "code": "required", "message": "Give a phone number."}],
            })
        );
    }

    #[tokio::test]
    async fn an_internal_error_shows_the_request_id_and_nothing_of_itself() {
        let secret = db::Error::Statement("column guests.phone of /srv/zelo.db".into());
        let (response, body) = answer(Error::from(secret)).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!((&body["code"], &body["request_id"]), (&json!("internal"), &json!("req-7")));
        assert!(!body.to_string().contains("guests") && !body.to_string().contains("/srv"));
        assert!(body.get("errors").is_none());
    }

    #[tokio::test]
    async fn each_kind_has_its_status_and_code() {
        let wait = Duration::from_millis(1500);
        for (error, status, code) in [
            (Error::NotFound, 404, "not_found"),
            (Error::Unauthorized, 401, "unauthorized"),
            (Error::Forbidden, 403, "forbidden"),
            (Error::ReauthRequired, 403, "reauth_required"),
            (Error::ReasonRequired, 403, "reason_required"),
            (Error::SecondPersonRequired, 403, "second_person_required"),
            (Error::MfaRequired, 403, "mfa_enrolment_required"),
            (Error::WrongSecret, 403, "wrong_credentials"),
            (Error::Gone, 410, "gone"),
            (Error::Malformed("x".into()), 400, "malformed"),
            (Error::Conflict { code: "already_assigned", detail: "x".into() }, 409, "already_assigned"),
            (Error::WindowClosed, 409, "window_closed"),
            (Error::OverQuota(Quota::MediaBytes), 403, "media_quota_exceeded"),
            (Error::OverQuota(Quota::MessagesPerMonth), 403, "message_quota_exceeded"),
            (Error::TooManyRequests { retry_after: wait, refusal: None }, 429, "too_many_requests"),
            (Error::PayloadTooLarge, 413, "payload_too_large"),
            (Error::RangeNotSatisfiable, 416, "range_not_satisfiable"),
            (Error::UnsupportedMediaType, 415, "unsupported_media_type"),
            (Error::Unavailable(None), 503, "unavailable"),
        ] {
            let (response, body) = answer(error).await;
            assert_eq!(
                (response.status().as_u16(), &body["status"], &body["code"]),
                (status, &json!(status), &json!(code))
            );
            let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
            let expected = match status {
                429 | 503 => Some("2"),
                _ => None,
            };
            assert_eq!(retry, expected, "{code}");
            assert_eq!(response.headers().contains_key("www-authenticate"), status == 401, "{code}");
        }
    }

    #[test]
    fn only_a_met_transaction_is_repeated() {
        assert!(Error::from(db::Error::Conflict("busy".into())).is_retryable());
        for error in [
            db::Error::Storage("full".into()),
            db::Error::Unavailable("gone".into()),
            db::Error::Unique("twice".into()),
        ] {
            assert!(!Error::from(error).is_retryable());
        }
        assert!(!Error::Unavailable(None).is_retryable());
        assert!(!Error::unavailable("another cause").is_retryable());
    }

    #[test]
    fn a_storage_that_cannot_take_a_write_is_503_and_a_defect_500() {
        for (error, status) in [
            (db::Error::Conflict(String::new()), 503),
            (db::Error::Storage(String::new()), 503),
            (db::Error::Unavailable(String::new()), 503),
            (db::Error::Unique(String::new()), 500),
            (db::Error::Statement(String::new()), 500),
        ] {
            assert_eq!(Error::from(error).status().as_u16(), status);
        }
    }

    #[test]
    fn the_log_gets_the_causes_in_order() {
        #[derive(Debug, thiserror::Error)]
        #[error("could not store the message")]
        struct Outer(#[source] db::Error);
        assert_eq!(
            chain(&Outer(db::Error::Storage("disk full".into()))),
            "could not store the message: the storage refused the write: disk full"
        );
    }
}
