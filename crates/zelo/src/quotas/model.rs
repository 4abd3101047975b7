//! What there are quotas of.

use crate::{clock::Millis, tenants::Quotas};
use chrono::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that a tenant has a quota of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Bytes of files. The same content counts once; small pictures do not count.
    MediaBytes,
    /// Messages that were accepted in a calendar month, by UTC. One that is tried again counts once.
    MessagesPerMonth,
}

impl Quota {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::MediaBytes, Self::MessagesPerMonth];

    /// Its name, in settings, rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MediaBytes => "media_bytes",
            Self::MessagesPerMonth => "messages_per_month",
        }
    }

    /// What a refusal is called for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::MediaBytes => "media_quota_exceeded",
            Self::MessagesPerMonth => "message_quota_exceeded",
        }
    }

    /// What a refusal says, with the cure.
    pub fn cure(self) -> &'static str {
        match self {
            Self::MediaBytes => {
                "The files of this account fill its quota, and this one has no room. The platform's owner can give it more \
                 (PATCH /tenants/{id} with `quotas.media_bytes`)."
            }
            Self::MessagesPerMonth => {
                "This account has sent all messages of its month. It can send again on the first of the next month (UTC), or \
                 when the platform's owner gives it more (PATCH /tenants/{id} with `quotas.messages_per_month`)."
            }
        }
    }

    /// What is counted together at this moment.
    pub(super) fn period(self, now: Millis) -> String {
        match self {
            Self::MediaBytes => String::new(),
            Self::MessagesPerMonth => month(now),
        }
    }

    /// What the platform's owner said for a tenant; nothing where the settings hold.
    pub(super) fn own(self, quotas: Quotas) -> Option<u64> {
        match self {
            Self::MediaBytes => quotas.media_bytes,
            Self::MessagesPerMonth => quotas.messages_per_month,
        }
    }
}

/// A calendar month by UTC, such as `2026-11`.
pub(super) fn month(now: Millis) -> String {
    DateTime::from_timestamp_millis(now).unwrap_or_default().format("%Y-%m").to_string()
}

/// How far a quota is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Used {
    /// So much.
    pub used: u64,
    /// The most there may be; null where there is no limit.
    pub limit: Option<u64>,
}

/// What a tenant uses, and may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Usage {
    /// The month whose messages are counted, by UTC, such as `2026-11`.
    pub month: String,
    /// Bytes of files. The same content counts once.
    pub media_bytes: Used,
    /// Messages that were accepted in this month.
    pub messages_per_month: Used,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_at_midnight_by_utc() {
        // 1 December 2026, 00:00 UTC.
        const DECEMBER: Millis = 1_796_083_200_000;
        assert_eq!(Quota::MessagesPerMonth.period(DECEMBER - 1), "2026-11");
        assert_eq!(Quota::MessagesPerMonth.period(DECEMBER), "2026-12");
        assert_eq!(Quota::MediaBytes.period(DECEMBER), "");
    }
}
