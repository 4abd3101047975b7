//! Log-in, notices and pages for what went wrong.

use crate::{media::Refusal, quotas::Quota};

/// What is said where something happened. Every notice can be traced by its request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub kind: NoticeKind,
    pub request_id: Option<String>,
}

/// The cases that pages explain in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// Only a template can be sent; with the hour at which the window closed.
    WindowClosed { since_ms: Option<i64> },
    /// There was nothing to send.
    EmptyText,
    /// Longer than WhatsApp's limit, in characters.
    TextTooLong { limit: u32 },
    /// The reader's role does not allow it.
    NotAllowed,
    /// Somebody else changed the same thing first.
    Conflict,
    /// Too much in a short time.
    SlowDown,
    /// A file that was not sent, and why.
    File(Refusal),
    /// A recording that did not become a voice note, and why.
    Voice(voice::Fault),
    /// The account has used what it may have.
    OverQuota(Quota),
    /// Anything else; the request id leads to the log.
    Failed,
}

/// Why the last attempt to log in did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// Deliberately the same for an unknown address and a wrong password.
    Mismatch {
        attempts_left: Option<u32>,
    },
    TooManyAttempts {
        retry_after_s: u32,
    },
    SessionEnded,
    Failed,
}

/// The page on which people log in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginPage {
    /// What was typed before.
    pub email: String,
    /// The path to go on to; the handler must check that it stays on this server.
    pub next: String,
    pub error: Option<LoginError>,
    /// The host that Zelo is reached under, shown to tell installations apart.
    pub host: String,
}

/// A page instead of the one asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPage {
    /// The HTTP status; 404 and 403 have words of their own.
    pub status: u16,
    pub request_id: Option<String>,
}
