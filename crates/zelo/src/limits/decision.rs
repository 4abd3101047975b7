//! What was decided, and how an answer says so.
//!
//! The fields are those of draft-ietf-httpapi-ratelimit-headers-10: lists of Structured Fields (RFC 9651), an item a
//! policy. `RateLimit-Policy` tells the quota and the window in seconds, `RateLimit` what is left and after how many
//! seconds more is free.

use super::Policy;
use crate::clock::{Millis, SECOND};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::{fmt::Write as _, time::Duration};

const FIELD: HeaderName = HeaderName::from_static("ratelimit");
const POLICY_FIELD: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The answer of a policy to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The policy.
    pub policy: Policy,
    /// The quota that held: less than the policy's while processes cannot count together.
    pub quota: u32,
    /// Whether it may go on.
    pub is_allowed: bool,
    /// How many more would be allowed now.
    pub remaining: u32,
    /// Until more is free.
    pub reset: Millis,
}

impl Decision {
    /// Whether the quota is less than the policy promises.
    pub fn is_reduced(&self) -> bool {
        self.quota < self.policy.quota
    }

    /// Whole seconds until more is free, never less than the wait.
    pub fn reset_seconds(&self) -> i64 {
        self.reset.max(0).div_euclid(SECOND) + i64::from(self.reset.max(0) % SECOND > 0)
    }

    /// The error for a request that is not allowed, which is counted.
    ///
    /// # Errors
    /// [`crate::Error::TooManyRequests`].
    pub fn into_result(self) -> crate::error::Result<Self> {
        if self.is_allowed {
            return Ok(self);
        }
        let kind = if self.is_reduced() { RefusalKind::Reduced } else { RefusalKind::Quota };
        Err(Refusal { decision: self, kind }.into())
    }
}

/// Why somebody has to wait, in the words of the draft's problem types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The quota is used up.
    Quota,
    /// The quota is used up, and it is less than usual because a part of the service is away.
    Reduced,
    /// Repeated failures ended in a ban.
    Abnormal,
}

/// A refused request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub kind: RefusalKind,
}

impl Refusal {
    /// A ban that ends after a time.
    pub(super) fn banned(policy: Policy, ends_in: Millis) -> Self {
        let decision =
            Decision { policy, quota: policy.quota, is_allowed: false, remaining: 0, reset: ends_in.max(1) };
        Self { decision, kind: RefusalKind::Abnormal }
    }

    /// The problem's type (section 4 of the draft).
    pub fn problem_type(&self) -> &'static str {
        match self.kind {
            RefusalKind::Quota => "https://iana.org/assignments/http-problem-types#quota-exceeded",
            RefusalKind::Reduced => {
                "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
            }
            RefusalKind::Abnormal => {
                "https://iana.org/assignments/http-problem-types#abnormal-usage-detected"
            }
        }
    }

    /// What the problem is called, the same for every problem of its type.
    pub fn title(&self) -> &'static str {
        match self.kind {
            RefusalKind::Quota => "The assigned quota has been exceeded",
            RefusalKind::Reduced => "The service has less capacity than usual",
            RefusalKind::Abnormal => "An unusual pattern of requests was detected",
        }
    }
}

impl From<Refusal> for crate::Error {
    fn from(refusal: Refusal) -> Self {
        metrics::counter!("zelo_rate_limited_total", "policy" => refusal.decision.policy.name).increment(1);
        let seconds = u64::try_from(refusal.decision.reset_seconds()).unwrap_or_default();
        Self::TooManyRequests { retry_after: Duration::from_secs(seconds), refusal: Some(Box::new(refusal)) }
    }
}

/// Tell what was decided. What an answer tells already stays: a handler may have asked for more than its way in did.
pub(crate) fn tell(decisions: &[Decision], headers: &mut HeaderMap) {
    let (mut state, mut policies) = (String::new(), String::new());
    for decision in decisions {
        let Decision { policy, quota, remaining, .. } = decision;
        let comma = if state.is_empty() { "" } else { ", " };
        let window = policy.window / SECOND;
        let _ = write!(state, "{comma}\"{}\";r={remaining};t={}", policy.name, decision.reset_seconds());
        let _ = write!(policies, "{comma}\"{}\";q={quota};w={window}", policy.name);
    }
    for (name, text) in [(FIELD, state), (POLICY_FIELD, policies)] {
        if let Some(value) = HeaderValue::from_str(&text).ok().filter(|_| !text.is_empty()) {
            headers.append(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up_so_that_a_wait_is_long_enough() {
        let policy = Policy { name: "anonymous", quota: 100, window: 60_000 };
        let decision = |reset| Decision { policy, quota: 100, is_allowed: true, remaining: 7, reset };
        for (reset, seconds) in [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (-5, 0)] {
            assert_eq!(decision(reset).reset_seconds(), seconds, "{reset}");
        }
        let mut headers = HeaderMap::new();
        let send = Decision { policy: Policy { name: "send", ..policy }, ..decision(1_500) };
        tell(&[decision(0), send], &mut headers);
        assert_eq!(headers["ratelimit"], "\"anonymous\";r=7;t=0, \"send\";r=7;t=2");
        assert_eq!(headers["ratelimit-policy"], "\"anonymous\";q=100;w=60, \"send\";q=100;w=60");
    }
}
