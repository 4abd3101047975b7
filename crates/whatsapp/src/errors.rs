//! Meta's errors: one shape for answers and webhooks, and one class per code.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The code we give to an answer that carries no Graph error, such as a page of a proxy. Meta's codes are not negative.
pub const NO_CODE: i64 = -1;

/// An error as Meta writes it, in the body of an answer or in `errors[]` of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphError {
    /// The only part that decisions may rest on; see [`ErrorClass::of`].
    pub code: i64,
    #[serde(default, rename = "error_subcode", skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
    /// Webhooks only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_data: Option<ErrorData>,
    /// Webhooks only: Meta's page about the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Answers only: what Meta's support asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fbtrace_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_transient: Option<bool>,
}

/// The longer explanation that comes with most errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorData {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl GraphError {
    /// An error with a code and a text, everything else absent.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            subcode: None,
            title: None,
            message: Some(message.into()),
            error_data: None,
            href: None,
            fbtrace_id: None,
            is_transient: None,
        }
    }

    pub fn class(&self) -> ErrorClass {
        ErrorClass::of(self.code)
    }

    /// The most exact text that Meta gave, in English.
    pub fn text(&self) -> &str {
        let details = self.error_data.as_ref().and_then(|data| data.details.as_deref());
        details.or(self.message.as_deref()).or(self.title.as_deref()).unwrap_or_default()
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Meta error {}: {}", self.code, self.text())
    }
}

impl std::error::Error for GraphError {}

/// How long to wait before the same call may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// Throughput (130429) and short faults: 1 s, doubled each time.
    Seconds,
    /// Call rates per app or account and upgrades of a number (4, 80007, 131057): 1 min, doubled each time.
    Minutes,
    /// Only messages to the same recipient wait: 4^n seconds, as Meta prescribes for 131056.
    Pair,
}

impl Backoff {
    /// The wait before attempt `attempt + 1`, where the first failure is attempt 0. Never more than an hour.
    pub fn delay(self, attempt: u32) -> Duration {
        let seconds = match self {
            Self::Seconds => 2_u64.saturating_pow(attempt),
            Self::Minutes => 60_u64.saturating_mul(2_u64.saturating_pow(attempt)),
            Self::Pair => 4_u64.saturating_pow(attempt),
        };
        Duration::from_secs(seconds.min(3_600))
    }
}

/// What a template error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateFault {
    /// 132000, 132008, 132012, 132018: number, value or format of the parameters.
    Parameters,
    /// 132001: it does not exist in this language, or is not approved.
    Missing,
    /// 132005: longer than allowed once filled.
    TooLong,
    /// 132007: against Meta's content policy.
    Policy,
    /// 132015: paused for its quality; held messages are dropped too.
    Paused,
    /// 132016: disabled for good.
    Disabled,
    /// 132068, 132069: its flow is blocked or throttled.
    Flow,
    /// 2388019 and 2388040 to 2388299: limits and format when a template is created.
    Creation,
}

/// What can be done about an error. Derived from the code alone: Meta may change texts, subcodes and HTTP statuses.
///
/// The codes are those of Meta's page support/error-codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Not accepted now; the same call may succeed after a wait.
    Retry(Backoff),
    /// 131000: Meta does not say whether the message went out. Wait for a status before sending again.
    Ambiguous,
    /// 0, 190: the channel has to be connected again.
    TokenInvalid,
    /// 3, 10, 200 to 299, 131005: a permission of the app or of the token is missing.
    PermissionMissing,
    /// 368, 131031: the account is restricted or locked.
    AccountRestricted,
    /// 130497: the account may not write to this country.
    CountryNotAllowed,
    /// 131048, 131064: stopped for quality; trying again automatically makes it worse.
    QualityLimit,
    /// 133016: registration is locked for up to 72 hours.
    RegistrationLocked,
    /// 131037, 131045, 133000 to 133015: display name, certificate, registration or PIN.
    Registration,
    /// 131042: the owner has to put the payment in order.
    Payment,
    /// 131047: more than 24 hours since the customer wrote; only a template may be sent.
    WindowClosed,
    /// 131026: the recipient cannot get messages (no WhatsApp, old app, terms not accepted, we are blocked).
    Undeliverable,
    /// 131049: Meta's limit of marketing messages per person; not before 24 hours have passed.
    MarketingCapped,
    /// 131050: the person stopped marketing messages; never try again.
    OptedOut,
    /// 130472: the person is in one of Meta's experiments.
    InExperiment,
    /// 130403: the business blocked this person.
    BlockedByUs,
    /// 131021, 131030: sender and recipient are the same, or a test number may not write to this one.
    RecipientNotAllowed,
    /// 131062: a business-scoped user id will not do here; a phone number is needed.
    PhoneNeeded,
    /// 33, 100, 131008, 131009, 131051, 135000: the request itself is wrong.
    BadRequest,
    /// 131052: what the customer sent cannot be fetched (for example above 100 MB).
    MediaDownload,
    /// 131053: our file was not taken; once more after another upload.
    MediaUpload,
    /// 131060: a message of a coexistence number that Meta does not hand over.
    MessageUnavailable,
    /// 131055, 131061, 131063, 134100 to 134102: rules of the marketing messages API.
    MarketingRules,
    /// 137000: the recipient's identity key changed.
    IdentityChanged,
    /// 2593107 to 2593109: synchronisation of a coexistence number.
    Coexistence,
    /// 132000 to 132069 and the codes of template creation.
    Template(TemplateFault),
    /// A code that was not known when this was written. Treated as final.
    Unknown,
}

impl ErrorClass {
    /// The class of a code.
    pub fn of(code: i64) -> Self {
        match code {
            0 | 190 => Self::TokenInvalid,
            3 | 10 | 200..=299 | 131_005 => Self::PermissionMissing,
            1 | 2 | 130_429 | 131_016 | 133_004 => Self::Retry(Backoff::Seconds),
            4 | 80_007 | 131_057 => Self::Retry(Backoff::Minutes),
            131_056 => Self::Retry(Backoff::Pair),
            131_000 => Self::Ambiguous,
            368 | 131_031 => Self::AccountRestricted,
            130_497 => Self::CountryNotAllowed,
            131_048 | 131_064 => Self::QualityLimit,
            133_016 => Self::RegistrationLocked,
            131_037 | 131_045 | 133_000..=133_015 => Self::Registration,
            131_042 => Self::Payment,
            131_047 => Self::WindowClosed,
            131_026 => Self::Undeliverable,
            131_049 => Self::MarketingCapped,
            131_050 => Self::OptedOut,
            130_472 => Self::InExperiment,
            130_403 => Self::BlockedByUs,
            131_021 | 131_030 => Self::RecipientNotAllowed,
            131_062 => Self::PhoneNeeded,
            33 | 100 | 131_008 | 131_009 | 131_051 | 135_000 => Self::BadRequest,
            131_052 => Self::MediaDownload,
            131_053 => Self::MediaUpload,
            131_060 => Self::MessageUnavailable,
            131_055 | 131_061 | 131_063 | 134_100..=134_102 => Self::MarketingRules,
            137_000 => Self::IdentityChanged,
            2_593_107..=2_593_109 => Self::Coexistence,
            _ => template_fault(code).map_or(Self::Unknown, Self::Template),
        }
    }

    /// The wait before the next attempt, or nothing when trying again cannot help or would be wrong.
    pub fn retry_delay(self, attempt: u32) -> Option<Duration> {
        match self {
            Self::Retry(backoff) => Some(backoff.delay(attempt)),
            _ => None,
        }
    }

    /// Whether nobody on this channel can send until its owner does something.
    pub fn stops_channel(self) -> bool {
        matches!(
            self,
            Self::TokenInvalid
                | Self::PermissionMissing
                | Self::AccountRestricted
                | Self::Registration
                | Self::RegistrationLocked
                | Self::Payment
        )
    }
}

fn template_fault(code: i64) -> Option<TemplateFault> {
    match code {
        132_000 | 132_008 | 132_012 | 132_018 => Some(TemplateFault::Parameters),
        132_001 => Some(TemplateFault::Missing),
        132_005 => Some(TemplateFault::TooLong),
        132_007 => Some(TemplateFault::Policy),
        132_015 => Some(TemplateFault::Paused),
        132_016 => Some(TemplateFault::Disabled),
        132_068 | 132_069 => Some(TemplateFault::Flow),
        2_388_019 | 2_388_040..=2_388_299 => Some(TemplateFault::Creation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_outside_every_range_is_final_and_unknown() {
        for code in [NO_CODE, 5, 199, 300, 131_999, 132_099, 2_388_300] {
            assert_eq!(ErrorClass::of(code), ErrorClass::Unknown, "{code}");
            assert_eq!(ErrorClass::of(code).retry_delay(0), None);
        }
    }

    #[test]
    fn temporary_codes_inside_the_registration_range_stay_temporary() {
        assert_eq!(ErrorClass::of(133_004), ErrorClass::Retry(Backoff::Seconds));
        assert_eq!(ErrorClass::of(133_016), ErrorClass::RegistrationLocked);
        assert_eq!(ErrorClass::of(133_005), ErrorClass::Registration);
    }

    #[test]
    fn the_pair_limit_waits_powers_of_four() {
        let class = ErrorClass::of(131_056);
        let waits: Vec<u64> =
            (0..4).filter_map(|n| class.retry_delay(n)).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [1, 4, 16, 64]);
        assert_eq!(class.retry_delay(u32::MAX), Some(Duration::from_secs(3_600)));
    }

    #[test]
    fn only_faults_of_the_channel_stop_it() {
        assert!(ErrorClass::of(190).stops_channel());
        assert!(ErrorClass::of(131_042).stops_channel());
        assert!(!ErrorClass::of(131_047).stops_channel());
        assert!(!ErrorClass::of(131_026).stops_channel());
    }

    #[test]
    fn the_details_are_preferred_to_the_title() {
        let json = r#"{"code":131047,"title":"Re-engagement message","error_data":{"details":"24 hours have passed"}}"#;
        let error: GraphError = serde_json::from_str(json).unwrap();
        assert_eq!(error.text(), "24 hours have passed");
        assert_eq!(error.to_string(), "Meta error 131047: 24 hours have passed");
    }
}
