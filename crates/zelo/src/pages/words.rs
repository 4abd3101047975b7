//! Which text, icon and class each value of the view has. The texts themselves are in `locales/`.

use crate::{
    audit::{EventType, Outcome, ReportKind},
    media::Refusal,
    quotas::Quota,
};

use super::{
    context::PageContext,
    locale::t,
    rich::{self, Piece},
    time::recording_length,
    view::{
        Composer, ConversationStatus, Delivery, ErrorPage, Filter, Location, LoginError, Media, MediaKind,
        MessageBubble, Notice, NoticeKind, Reaction, Side, Standing, StatusFilter, SystemKind, Window,
        phone_text,
    },
};

/// The keys of the inbox with the text of what they do; the same table is in the design's README.
pub(super) const SHORTCUTS: [(&str, &str); 11] = [
    ("J K", "shortcut-move"),
    ("Enter", "shortcut-open"),
    ("R", "shortcut-reply"),
    ("A", "shortcut-take"),
    ("Z", "shortcut-snooze"),
    ("E", "shortcut-resolve"),
    ("Esc", "shortcut-close"),
    ("Shift Enter", "shortcut-line"),
    ("Ctrl Enter", "shortcut-send-resolve"),
    ("G C", "shortcut-conversations"),
    ("?", "shortcut-help"),
];

/// Meta's error codes that have words of their own. Source: "Error codes" of the WhatsApp Cloud API reference.
const KNOWN_ERRORS: [(i64, &str); 12] = [
    (130_429, "error-rate"),
    (130_472, "error-experiment"),
    (131_000, "error-meta"),
    (131_016, "error-meta"),
    (131_021, "error-self"),
    (131_026, "error-not-on-whatsapp"),
    (131_031, "error-account"),
    (131_047, "error-window"),
    (131_048, "error-spam"),
    (131_049, "error-meta-chose"),
    (131_053, "error-media"),
    (131_056, "error-pair-rate"),
];

impl PageContext {
    /// What happened, in words.
    pub fn audit_event(&self, event: &EventType) -> String {
        self.text(&audit_event_key(*event))
    }

    /// What somebody without a name is called.
    pub fn audit_actor(&self, kind: &str) -> String {
        self.text(match kind {
            "system" => "audit-actor-system",
            "anonymous" => "audit-actor-anonymous",
            "api_key" => "audit-actor-api-key",
            _ => "audit-actor-erased",
        })
    }
}

/// The key of an event's words, which follows from its name in the log.
pub(super) fn audit_event_key(event: EventType) -> String {
    format!("audit-event-{}", event.as_str().replace('_', "-"))
}

impl Outcome {
    pub(super) fn text_key(self) -> &'static str {
        match self {
            Self::Success => "audit-outcome-success",
            Self::Failed => "audit-outcome-failed",
            Self::Denied => "audit-outcome-denied",
        }
    }
}

impl ReportKind {
    pub(super) fn text_key(self) -> &'static str {
        match self {
            Self::Access => "audit-report-access",
            Self::Configuration => "audit-report-configuration",
            Self::Administration => "audit-report-administration",
            Self::Violations => "audit-report-violations",
        }
    }
}

impl Filter {
    pub(super) fn text_key(self) -> &'static str {
        match self {
            Self::Mine => "filter-mine",
            Self::Queue => "filter-queue",
            Self::Unowned => "filter-none",
            Self::All => "filter-all",
        }
    }

    /// Whether its count asks for somebody: those who wait in a queue have nobody yet.
    pub(super) fn calls(self) -> bool {
        self == Self::Queue
    }
}

impl StatusFilter {
    pub(super) fn text_key(self) -> &'static str {
        match self {
            Self::Open => "statuses-open",
            Self::Pending => "statuses-pending",
            Self::Snoozed => "statuses-snoozed",
            Self::Resolved => "statuses-resolved",
        }
    }
}

impl ConversationStatus {
    pub(super) fn param(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }

    pub(super) fn text_key(self) -> &'static str {
        match self {
            Self::Open => "status-open",
            Self::Pending => "status-pending",
            Self::Snoozed => "status-snoozed",
            Self::Resolved => "status-resolved",
        }
    }

    pub(super) fn badge(self) -> &'static str {
        match self {
            Self::Open | Self::Snoozed => "",
            Self::Pending => " is-info",
            Self::Resolved => " is-ok",
        }
    }
}

impl MediaKind {
    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Voice => "mic",
            Self::Audio => "play",
            Self::Document => "file",
            Self::Sticker => "sticker",
            Self::Location => "pin",
            Self::Contacts => "user",
            Self::Template => "template",
            Self::Unsupported | Self::Deleted => "info",
        }
    }

    pub(super) fn text_key(self) -> &'static str {
        match self {
            Self::Image => "kind-image",
            Self::Video => "kind-video",
            Self::Voice => "kind-voice",
            Self::Audio => "kind-audio",
            Self::Document => "kind-document",
            Self::Sticker => "kind-sticker",
            Self::Location => "kind-location",
            Self::Contacts => "kind-contacts",
            Self::Template => "kind-template",
            Self::Unsupported => "kind-unsupported",
            Self::Deleted => "kind-deleted",
        }
    }
}

/// Why a file was not taken.
fn refusal_key(reason: Option<Refusal>) -> &'static str {
    match reason {
        Some(Refusal::TooLarge) => "file-too-large",
        Some(Refusal::Empty) => "file-empty",
        Some(Refusal::TypeNotAllowed) => "file-type-not-allowed",
        Some(Refusal::TypeMismatch) => "file-type-mismatch",
        Some(Refusal::Suspicious) => "file-suspicious",
        Some(Refusal::Infected) => "file-infected",
        Some(Refusal::TooManyPixels) => "file-too-many-pixels",
        Some(Refusal::HashMismatch) => "file-hash-mismatch",
        Some(Refusal::OverQuota) => "file-over-quota",
        Some(Refusal::Broken) | None => "file-broken",
    }
}

/// What is used up, and what helps.
pub(super) fn quota_key(quota: Quota) -> &'static str {
    match quota {
        Quota::MediaBytes => "notice-media-quota",
        Quota::MessagesPerMonth => "notice-message-quota",
    }
}

/// Why a recording did not become a voice note.
fn voice_fault_key(fault: voice::Fault) -> &'static str {
    match fault {
        voice::Fault::Mp4 => "voice-mp4",
        voice::Fault::Container | voice::Fault::Codec => "voice-codec",
        voice::Fault::Stereo => "voice-stereo",
        voice::Fault::Empty => "voice-empty",
        voice::Fault::Broken(_) => "voice-broken",
    }
}

impl Media {
    pub(super) fn length_text(&self, seconds: u32) -> String {
        recording_length(seconds)
    }

    /// The bars of a recording as one path, in a box 32 high: every bar four wide, and at least a point
    /// high, so that silence is seen as well.
    pub(super) fn waveform_path(&self) -> Option<String> {
        let bars = self.waveform.as_ref().filter(|bars| !bars.is_empty())?;
        let mut path = String::with_capacity(bars.len() * 12);
        for (number, bar) in bars.iter().enumerate() {
            let half = 1 + u32::from((*bar).min(100)) * 14 / 100;
            path.push_str(&format!("M{} {}v{}", 2 + 4 * number, 16 - half, 2 * half));
        }
        Some(path)
    }

    /// How wide the box of the bars is.
    pub(super) fn waveform_width(&self) -> usize {
        self.waveform.as_ref().map_or(0, |bars| bars.len() * 4)
    }

    /// Whether it is drawn as a film; otherwise what is played is sound.
    pub(super) fn is_film(&self) -> bool {
        self.kind == MediaKind::Video
    }

    /// Its size for people, in the units of their file managers.
    pub(super) fn size_text(&self, bytes: u64) -> String {
        match bytes {
            ..1_000 => format!("{bytes} B"),
            1_000..1_000_000 => format!("{} kB", bytes / 1_000),
            _ => format!("{} MB", (bytes + 500_000) / 1_000_000),
        }
    }

    /// Why it cannot be opened.
    pub(super) fn standing_key(&self) -> &'static str {
        match self.standing {
            Standing::Unknown => "file-not-here",
            Standing::Pending | Standing::Stored => "file-pending",
            Standing::Expired => "file-expired",
            Standing::Refused(reason) => refusal_key(reason),
        }
    }
}

impl Location {
    /// Six decimals are eleven centimetres.
    pub(super) fn coordinates(&self) -> String {
        format!("{:.6}, {:.6}", self.latitude, self.longitude)
    }

    /// Opened only when the agent asks for it; nothing of the map is loaded into the page.
    pub(super) fn map_url(&self) -> String {
        let (latitude, longitude) = (self.latitude, self.longitude);
        format!(
            "https://www.openstreetmap.org/?mlat={latitude:.6}&mlon={longitude:.6}#map=17/{latitude:.6}/{longitude:.6}"
        )
    }
}

impl Side {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Bot => "bot",
            Self::Note => "note",
        }
    }
}

impl SystemKind {
    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::Assigned => "hand",
            Self::Resolved => "check",
            Self::Reopened => "undo",
            Self::Snoozed => "moon",
            Self::Info => "info",
        }
    }
}

impl MessageBubble {
    pub(super) fn pieces(&self) -> Vec<Piece<'_>> {
        rich::pieces(&self.text)
    }

    pub(super) fn author_name(&self) -> &str {
        self.author.as_deref().unwrap_or_default()
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self.delivery, Some(Delivery::Failed { .. }))
    }

    pub(super) fn can_retry(&self) -> bool {
        matches!(
            self.delivery,
            Some(Delivery::Failed { can_retry: true, .. } | Delivery::Unconfirmed { can_retry: true })
        )
    }

    /// Why it did not arrive, or that nobody knows whether it did.
    pub(super) fn failure_text(&self, cx: &PageContext) -> Option<String> {
        match self.delivery.as_ref()? {
            Delivery::Failed { code, reason, .. } => Some(failed_text(cx, *code, reason)),
            Delivery::Unconfirmed { .. } => Some(cx.text("not-confirmed")),
            Delivery::Queued | Delivery::Sent | Delivery::Delivered | Delivery::Read => None,
        }
    }
}

fn failed_text(cx: &PageContext, code: Option<i64>, reason: &str) -> String {
    let known = KNOWN_ERRORS.iter().find(|(known, _)| Some(*known) == code).map(|(_, key)| cx.text(key));
    let reason = known.unwrap_or_else(|| reason.to_owned());
    let shown = match (code, reason.is_empty()) {
        (Some(code), false) => format!("{reason} ({code})"),
        (Some(code), true) => code.to_string(),
        (None, false) => reason,
        (None, true) => cx.text("error-unknown"),
    };
    cx.text_name("not-sent", &shown)
}

impl Composer {
    /// What the browser compares to know whether the composer must be drawn anew.
    pub(super) fn state(&self) -> &'static str {
        match (self.may_reply, self.window) {
            (false, _) => "forbidden",
            (true, Window::Closed { .. }) => "closed",
            (true, Window::Open { .. }) => "open",
        }
    }

    /// The value of the hidden field: the id of the message replied to, or nothing.
    pub(super) fn reply_id(&self) -> String {
        let quoted = self.reply_to.as_ref().and_then(|quote| quote.message_id);
        quoted.map(|id| id.to_string()).unwrap_or_default()
    }
}

impl NoticeKind {
    pub(super) fn tone(self) -> &'static str {
        match self {
            Self::WindowClosed { .. } | Self::EmptyText => "info",
            Self::TextTooLong { .. }
            | Self::NotAllowed
            | Self::Conflict
            | Self::SlowDown
            | Self::File(_)
            | Self::Voice(_)
            | Self::OverQuota(_) => "warn",
            Self::Failed => "danger",
        }
    }

    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::WindowClosed { .. } => "lock",
            Self::EmptyText => "info",
            Self::TextTooLong { .. }
            | Self::NotAllowed
            | Self::Conflict
            | Self::SlowDown
            | Self::File(_)
            | Self::Voice(_)
            | Self::OverQuota(_) => "warn",
            Self::Failed => "stop",
        }
    }
}

impl PageContext {
    pub(super) fn phone(&self, number: &str) -> String {
        phone_text(number)
    }

    pub(super) fn window_closed_text(&self, since_ms: Option<i64>) -> String {
        match since_ms {
            Some(since) if self.same_day(since, self.now_ms) => {
                self.text_time("window-closed-at", &self.clock(since))
            }
            Some(since) => {
                let day = self.short_date(since);
                let hour = self.clock(since);
                t(self.lang, "window-closed-on", &[("day", day.into()), ("time", hour.into())])
            }
            None => self.text("window-never-open"),
        }
    }

    pub(super) fn notice_text(&self, notice: &Notice) -> String {
        match notice.kind {
            NoticeKind::WindowClosed { since_ms } => self.window_closed_text(since_ms),
            NoticeKind::EmptyText => self.text("notice-empty"),
            NoticeKind::TextTooLong { limit } => self.text_count("notice-too-long", limit),
            NoticeKind::NotAllowed => self.text("notice-not-allowed"),
            NoticeKind::Conflict => self.text("notice-conflict"),
            NoticeKind::SlowDown => self.text("notice-slow-down"),
            NoticeKind::File(reason) => {
                format!("{} · {}", self.text("notice-file"), self.text(refusal_key(Some(reason))))
            }
            NoticeKind::Voice(fault) => {
                format!("{} · {}", self.text("notice-voice"), self.text(voice_fault_key(fault)))
            }
            NoticeKind::OverQuota(quota) => self.text(quota_key(quota)),
            NoticeKind::Failed => self.text("notice-failed"),
        }
    }

    pub(super) fn reaction_text(&self, reaction: &Reaction) -> String {
        let args = [("name", reaction.author.clone().into()), ("emoji", reaction.emoji.clone().into())];
        t(self.lang, "reaction-by", &args)
    }

    pub(super) fn login_error_text(&self, error: LoginError) -> String {
        match error {
            LoginError::Mismatch { attempts_left: None } => self.text("login-mismatch"),
            LoginError::Mismatch { attempts_left: Some(left) } => {
                self.text_count("login-mismatch-left", left)
            }
            LoginError::TooManyAttempts { retry_after_s } => {
                self.text_count("login-too-many", retry_after_s.div_ceil(60))
            }
            LoginError::SessionEnded => self.text("login-session-ended"),
            LoginError::Failed => self.text("login-failed"),
        }
    }

    /// Title and explanation of an error page.
    pub(super) fn error_texts(&self, page: &ErrorPage) -> (String, String) {
        let (title, text) = match page.status {
            404 => ("error-404-title", "error-404"),
            403 => ("error-403-title", "error-403"),
            _ => ("error-500-title", "error-500"),
        };
        (self.text(title), self.text(text))
    }
}
