//! Errors as the Graph API writes them.

use crate::json::put;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refused call.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) code: i64,
    kind: &'static str,
    subcode: Option<i64>,
    message: String,
    details: Option<String>,
}

impl Fault {
    /// An error of Meta's table (support/error-codes), with its HTTP status and text.
    pub(crate) fn of(code: i64) -> Self {
        let (status, title) = entry(code);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let message = format!("(#{code}) {title}");
        Self {
            status,
            code,
            kind: "OAuthException",
            subcode: None,
            message,
            details: Some(details(code).into()),
        }
    }

    pub(crate) fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// 100: a parameter is missing or wrong.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        let message = format!("(#100) {}", message.into());
        Self {
            status: StatusCode::BAD_REQUEST,
            code: 100,
            kind: "OAuthException",
            subcode: None,
            message,
            details: None,
        }
    }

    /// 100 with subcode 33: the object is not there, expired, or somebody else's. Never a 404.
    pub(crate) fn unknown_object(method: &str, id: &str) -> Self {
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api"
        );
        Self {
            status: StatusCode::BAD_REQUEST,
            code: 100,
            kind: "GraphMethodException",
            subcode: Some(33),
            message,
            details: None,
        }
    }

    /// 190 without a token or with one that nobody has.
    pub(crate) fn no_token() -> Self {
        Self::token("Invalid OAuth access token - Cannot parse access token", None)
    }

    /// 190 with subcode 463: the token was good once.
    pub(crate) fn expired_token() -> Self {
        Self::token("Error validating access token: Session has expired.", Some(463))
    }

    fn token(message: &str, subcode: Option<i64>) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: 190,
            kind: "OAuthException",
            subcode,
            message: message.into(),
            details: None,
        }
    }

    /// 2500: no version in the path.
    pub(crate) fn unknown_path(path: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: 2_500,
            kind: "OAuthException",
            subcode: None,
            message: format!("Unknown path components: /{path}"),
            details: None,
        }
    }

    /// 2200: the callback did not pass the handshake.
    pub(crate) fn callback(reason: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: 2_200,
            kind: "OAuthException",
            subcode: None,
            message: format!("(#2200) Callback verification failed: {reason}"),
            details: None,
        }
    }

    /// The same error in the `errors[]` of a failed status.
    pub(crate) fn in_webhook(code: i64) -> Value {
        let (_, title) = entry(code);
        json!({
            "code": code,
            "title": title,
            "message": title,
            "error_data": {"details": details(code)},
            "href": "/documentation/business-messaging/whatsapp/support/error-codes",
        })
    }

    pub(crate) fn into_response(self, trace: &str) -> Response {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(subcode) = self.subcode {
            put(&mut error, "error_subcode", json!(subcode));
        }
        if let Some(details) = &self.details {
            put(&mut error, "error_data", json!({"messaging_product": "whatsapp", "details": details}));
        }
        (self.status, Json(json!({"error": error}))).into_response()
    }
}

/// HTTP status and title. Codes without an entry are answered with 400.
fn entry(code: i64) -> (u16, &'static str) {
    match code {
        0 => (401, "AuthException"),
        1 => (400, "API Unknown"),
        2 => (503, "API Service"),
        3 => (500, "API Method"),
        4 => (400, "API Too Many Calls"),
        10 => (403, "Permission Denied"),
        100 => (400, "Invalid parameter"),
        190 => (401, "Access token has expired"),
        200..=299 => (403, "API Permission"),
        368 => (403, "Temporarily blocked for policies violations"),
        80_007 => (400, "Rate limit issues"),
        130_429 => (400, "Rate limit hit"),
        130_472 => (400, "User's number is part of an experiment"),
        130_497 => (403, "Business account is restricted from messaging users in this country"),
        131_000 => (500, "Something went wrong"),
        131_005 => (403, "Access denied"),
        131_008 => (400, "Required parameter is missing"),
        131_009 => (400, "Parameter value is not valid"),
        131_016 => (500, "Service unavailable"),
        131_021 => (400, "Recipient cannot be sender"),
        131_026 => (400, "Message undeliverable"),
        131_030 => (400, "Recipient phone number not in allowed list"),
        131_031 => (403, "Account has been locked"),
        131_042 => (400, "Business eligibility payment issue"),
        131_047 => (400, "Re-engagement message"),
        131_048 => (400, "Spam rate limit hit"),
        131_049 => (400, "Meta chose not to deliver"),
        131_050 => (400, "User has stopped marketing messages"),
        131_051 => (400, "Unsupported message type"),
        131_052 => (400, "Media download error"),
        131_053 => (400, "Media upload error"),
        131_056 => (400, "(Business Account, Consumer Account) pair rate limit hit"),
        131_057 => (500, "Account in maintenance mode"),
        131_062 => (400, "Business-scoped user id is not supported for this message"),
        132_000 => (400, "Number of parameters does not match the expected number of params"),
        132_001 => (404, "Template name does not exist in the translation"),
        132_005 => (400, "Translated text too long"),
        132_007 => (400, "Template format character policy violated"),
        132_012 => (400, "Parameter format does not match format in the created template"),
        132_015 => (400, "Template is paused"),
        132_016 => (400, "Template is disabled"),
        133_004 => (503, "Server temporarily unavailable"),
        133_010 => (400, "Phone number not registered"),
        _ => (400, "Error on demand"),
    }
}

fn details(code: i64) -> &'static str {
    match code {
        131_026 => "Message undeliverable.",
        131_047 => {
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
        }
        131_056 => {
            "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time."
        }
        130_429 => {
            "Message failed to send because there were too many messages sent from this phone number in a short period of time."
        }
        131_053 => "The media could not be uploaded: its type or size is not supported.",
        131_062 => "This message has to be sent to a phone number.",
        _ => entry(code).1,
    }
}
