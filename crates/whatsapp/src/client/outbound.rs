//! Messages that the business sends (Meta, messages/send-messages).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::interactive::Interactive;
use super::template::SentTemplate;
use crate::webhook::{ContactCard, Location};

/// A message and where it goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboundMessage {
    pub to: Recipient,
    pub content: OutboundContent,
    /// The wamid that is quoted. Ignored for reactions, which name their message themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Up to 512 characters that come back in every status. Put the message's own id here: Meta has no idempotency
    /// key, and this is the only way to recognise a message whose answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<String>,
}

/// Who gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// Digits with the country code: the `wa_id` that Meta gave, else the canonical number. The plus is added here:
    /// without it Meta would put the country code of the business number in front.
    Phone(String),
    /// A business-scoped user id, such as `BR.1349…`.
    UserId(String),
}

/// What it says. Serialised it is the part of Meta's body that holds the content, such as `{"text": {"body": "Oi"}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboundContent {
    Text(OutboundText),
    Image(OutboundMedia),
    Video(OutboundMedia),
    Audio(OutboundMedia),
    Document(OutboundMedia),
    Sticker(OutboundMedia),
    Location(Location),
    Contacts(Vec<ContactCard>),
    Reaction(OutboundReaction),
    Interactive(Box<Interactive>),
    Template(SentTemplate),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundText {
    /// Up to 4,096 characters.
    pub body: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preview_url: bool,
}

/// Where Meta takes a file from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaSource {
    /// Uploaded within the last 30 days.
    Id(String),
    /// Public; Meta caches it for 10 minutes.
    Link(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundMedia {
    #[serde(flatten)]
    pub source: MediaSource,
    /// Up to 1,024 characters; not for audio and stickers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Documents only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Audio only: shown as a voice message. Has to be Ogg with Opus.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub voice: bool,
}

impl OutboundMedia {
    /// The file alone.
    pub fn new(source: MediaSource) -> Self {
        Self { source, caption: None, filename: None, voice: false }
    }
}

/// A reaction to a message of the last 30 days. An empty emoji takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundReaction {
    pub message_id: String,
    pub emoji: String,
}

impl OutboundContent {
    /// A plain text without link preview.
    pub fn text(body: impl Into<String>) -> Self {
        Self::Text(OutboundText { body: body.into(), preview_url: false })
    }

    /// Meta's name of the type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Video(_) => "video",
            Self::Audio(_) => "audio",
            Self::Document(_) => "document",
            Self::Sticker(_) => "sticker",
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction(_) => "reaction",
            Self::Interactive(_) => "interactive",
            Self::Template(_) => "template",
        }
    }

    /// The file of an image, video, audio, document or sticker, or that of a header.
    pub fn media(&self) -> Option<&OutboundMedia> {
        match self {
            Self::Image(media)
            | Self::Video(media)
            | Self::Audio(media)
            | Self::Document(media)
            | Self::Sticker(media) => Some(media),
            Self::Template(template) => template.file().map(|(_, file)| file),
            Self::Interactive(interactive) => interactive.file().map(|(_, file)| file),
            _ => None,
        }
    }

    /// Meta's word for the kind of its file: its own type, or that of its header.
    pub fn file_kind(&self) -> &'static str {
        self.header_kind().unwrap_or_else(|| self.kind())
    }

    /// Where its file stands in what was handed in.
    pub fn file_path(&self) -> String {
        match (self, self.header_kind()) {
            (Self::Template(_), Some(_)) => "template.components.header".to_owned(),
            (Self::Interactive(_), Some(kind)) => format!("interactive.header.{kind}"),
            _ => self.kind().to_owned(),
        }
    }

    fn header_kind(&self) -> Option<&'static str> {
        match self {
            Self::Template(template) => template.file().map(|(kind, _)| kind),
            Self::Interactive(interactive) => interactive.file().map(|(kind, _)| kind),
            _ => None,
        }
    }

    /// The same, to be named otherwise.
    pub fn media_mut(&mut self) -> Option<&mut OutboundMedia> {
        match self {
            Self::Image(media)
            | Self::Video(media)
            | Self::Audio(media)
            | Self::Document(media)
            | Self::Sticker(media) => Some(media),
            Self::Template(template) => template.file_mut(),
            Self::Interactive(interactive) => interactive.file_mut(),
            _ => None,
        }
    }

    /// Whether it may be sent when the customer has not written for 24 hours.
    pub fn may_open_conversation(&self) -> bool {
        matches!(self, Self::Template(_))
    }

    /// The text that the customer will read, as far as the message itself holds it.
    pub fn preview_text(&self) -> Option<Cow<'_, str>> {
        let text = match self {
            Self::Text(text) => Some(text.body.as_str()),
            Self::Location(place) => place.name.as_deref().or(place.address.as_deref()),
            Self::Contacts(cards) => cards.first().map(|card| card.name.formatted_name.as_str()),
            Self::Reaction(reaction) => Some(reaction.emoji.as_str()),
            Self::Interactive(interactive) => Some(interactive.body.text.as_str()),
            Self::Template(template) => Some(template.name.as_str()),
            _ => self.media().and_then(|media| media.caption.as_deref().or(media.filename.as_deref())),
        };
        text.filter(|text| !text.is_empty()).map(Cow::Borrowed)
    }
}

/// The whole body of a send call.
#[derive(Serialize)]
pub(super) struct WireMessage<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<WireContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<&'a str>,
    #[serde(flatten)]
    content: &'a OutboundContent,
}

#[derive(Serialize)]
struct WireContext<'a> {
    message_id: &'a str,
}

impl OutboundMessage {
    /// A message that quotes nothing.
    pub fn new(to: Recipient, content: OutboundContent) -> Self {
        Self { to, content, context: None, biz_opaque_callback_data: None }
    }

    pub(super) fn to_wire(&self) -> WireMessage<'_> {
        let (to, recipient) = match &self.to {
            Recipient::Phone(digits) => (Some(format!("+{}", digits.trim_start_matches('+'))), None),
            Recipient::UserId(id) => (None, Some(id.as_str())),
        };
        let quotes = !matches!(self.content, OutboundContent::Reaction(_));
        WireMessage {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to,
            recipient,
            kind: self.content.kind(),
            context: self.context.as_deref().filter(|_| quotes).map(|message_id| WireContext { message_id }),
            biz_opaque_callback_data: self.biz_opaque_callback_data.as_deref(),
            content: &self.content,
        }
    }
}

/// What Meta answered to a send call. It means accepted, not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub wamid: String,
    /// The recipient as Meta spells it, which may differ from what was sent (Brazil's ninth digit).
    pub wa_id: Option<String>,
    /// Instead of, or next to, `wa_id`.
    pub user_id: Option<String>,
    /// Templates only.
    pub message_status: Option<MessageState>,
}

/// What Meta does with an accepted template message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum MessageState {
    Accepted,
    /// Meta waits for the first readers' reactions; it may still fail with 132015.
    HeldForQualityAssessment,
    Paused,
    Other(String),
}

impl From<String> for MessageState {
    fn from(word: String) -> Self {
        match word.as_str() {
            "accepted" => Self::Accepted,
            "held_for_quality_assessment" => Self::HeldForQualityAssessment,
            "paused" => Self::Paused,
            _ => Self::Other(word),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct SendAnswer {
    #[serde(default)]
    contacts: Vec<AnswerContact>,
    #[serde(default)]
    messages: Vec<AnswerMessage>,
}

#[derive(Default, Deserialize)]
struct AnswerContact {
    wa_id: Option<String>,
    user_id: Option<String>,
}

#[derive(Deserialize)]
struct AnswerMessage {
    id: String,
    message_status: Option<MessageState>,
}

impl SendAnswer {
    pub(super) fn into_sent(self) -> Option<Sent> {
        let message = self.messages.into_iter().next()?;
        let contact = self.contacts.into_iter().next().unwrap_or_default();
        Some(Sent {
            wamid: message.id,
            wa_id: contact.wa_id,
            user_id: contact.user_id,
            message_status: message.message_status,
        })
    }
}
