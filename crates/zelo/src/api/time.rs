//! Times on the wire: RFC 3339, UTC, milliseconds.

use crate::clock::Millis;
use chrono::{DateTime, SecondsFormat, Utc};

/// A time as it is written in JSON.
pub(crate) fn rfc3339(at: Millis) -> String {
    let time: DateTime<Utc> = DateTime::from_timestamp_millis(at).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time that was read from JSON; nothing when it is not one.
pub(crate) fn from_rfc3339(text: &str) -> Option<Millis> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

/// A field that tells null apart from its absence: null is `Some(None)`.
pub(super) fn said<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_milliseconds_in_utc_and_read_again() {
        assert_eq!(rfc3339(1_795_176_000_250), "2026-11-20T12:00:00.250Z");
        assert_eq!(from_rfc3339("2026-11-20T09:00:00.250-03:00"), Some(1_795_176_000_250));
        assert_eq!(from_rfc3339("amanhã"), None);
    }
}
