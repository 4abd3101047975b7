//! How a message is written in a webhook, and how it becomes an [`InboundMessage`].

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::content::{
    ButtonPress, CallPermission, ContactCard, Content, Edit, FlowReply, InteractiveReply, ListReply,
    Location, Media, Order, Reaction, ReplyButton, Revoke, SystemNotice, Text, Unsupported,
};
use super::message::{Context, InboundMessage, Referral};
use crate::errors::GraphError;
use crate::lenient::{self, Fields, Raw};

/// Every key that a message may have. The type names which of the objects counts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct MessageWire {
    id: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    from: Option<String>,
    from_user_id: Option<String>,
    from_parent_user_id: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    to: Option<String>,
    to_user_id: Option<String>,
    #[serde(deserialize_with = "lenient::optional_seconds")]
    timestamp: Option<i64>,
    #[serde(rename = "type")]
    kind: String,
    context: Option<Context>,
    referral: Option<Box<Referral>>,
    group_id: Option<String>,
    errors: Option<Vec<GraphError>>,
    /// The page about user ids shows it here, newer ones on each card.
    origin: Option<String>,
    history_context: Option<HistoryContext>,

    text: Option<Text>,
    image: Option<Media>,
    video: Option<Media>,
    audio: Option<Media>,
    document: Option<Media>,
    sticker: Option<Media>,
    location: Option<Location>,
    contacts: Option<Vec<ContactCard>>,
    reaction: Option<Reaction>,
    interactive: Option<InteractiveWire>,
    button: Option<ButtonPress>,
    order: Option<Order>,
    system: Option<Box<SystemNotice>>,
    unsupported: Option<Unsupported>,
    edit: Option<Box<EditWire>>,
    revoke: Option<Revoke>,
}

#[derive(Deserialize)]
struct HistoryContext {
    status: Option<String>,
}

#[derive(Deserialize)]
struct EditWire {
    original_message_id: String,
    message: MessageWire,
}

#[derive(Deserialize)]
struct InteractiveWire {
    #[serde(rename = "type")]
    kind: String,
    button_reply: Option<ReplyButton>,
    list_reply: Option<ListReply>,
    nfm_reply: Option<FlowReply>,
    call_permission_reply: Option<CallPermission>,
}

impl InteractiveWire {
    fn into_reply(self) -> Option<InteractiveReply> {
        match self.kind.as_str() {
            "button_reply" => self.button_reply.map(InteractiveReply::Button),
            "list_reply" => self.list_reply.map(InteractiveReply::List),
            "nfm_reply" => self.nfm_reply.map(InteractiveReply::Flow),
            "call_permission_reply" => self.call_permission_reply.map(InteractiveReply::CallPermission),
            _ => None,
        }
    }
}

impl MessageWire {
    /// The content, if the type is known and its object is there. What it takes is gone from `self`.
    fn take_content(&mut self) -> Option<Content> {
        match self.kind.as_str() {
            "text" => self.text.take().map(Content::Text),
            "image" => self.image.take().map(Content::Image),
            "video" => self.video.take().map(Content::Video),
            "audio" => self.audio.take().map(Content::Audio),
            "document" => self.document.take().map(Content::Document),
            "sticker" => self.sticker.take().map(Content::Sticker),
            "location" => self.location.take().map(Content::Location),
            "contacts" => self.contacts.take().map(|cards| with_origin(cards, self.origin.as_ref())),
            "reaction" => self.reaction.take().map(without_empty_emoji),
            "interactive" => self.interactive.take()?.into_reply().map(Content::Interactive),
            "button" => self.button.take().map(Content::Button),
            "order" => self.order.take().map(Content::Order),
            "system" => self.system.take().map(|notice| Content::System(*notice)),
            // Older subscriptions leave the object out.
            "unsupported" => Some(Content::Unsupported(self.unsupported.take().unwrap_or_default())),
            "edit" => self.edit.take().and_then(|edit| edit.into_content()),
            "revoke" => self.revoke.take().map(Content::Revoke),
            "media_placeholder" => Some(Content::MediaPlaceholder),
            _ => None,
        }
    }

    fn into_message(self, content: Content) -> Option<InboundMessage> {
        Some(InboundMessage {
            id: self.id.filter(|id| !id.is_empty())?,
            from: self.from,
            from_user_id: self.from_user_id,
            from_parent_user_id: self.from_parent_user_id,
            timestamp: self.timestamp?,
            content,
            context: self.context,
            referral: self.referral.map(|referral| *referral),
            group_id: self.group_id,
            errors: self.errors.unwrap_or_default(),
            to: self.to,
            to_user_id: self.to_user_id,
            history_status: self.history_context.and_then(|context| context.status),
        })
    }

    /// Reads each key for itself, so that a broken one costs only itself.
    fn from_fields(fields: &Fields<'_>) -> Self {
        Self {
            id: fields.text("id"),
            from: fields.text("from"),
            from_user_id: fields.text("from_user_id"),
            from_parent_user_id: fields.text("from_parent_user_id"),
            to: fields.text("to"),
            to_user_id: fields.text("to_user_id"),
            timestamp: fields.seconds("timestamp"),
            kind: fields.text("type").unwrap_or_default(),
            context: fields.get("context"),
            referral: fields.get("referral"),
            group_id: fields.text("group_id"),
            errors: fields.get("errors"),
            origin: fields.text("origin"),
            history_context: fields.get("history_context"),
            text: fields.get("text"),
            image: fields.get("image"),
            video: fields.get("video"),
            audio: fields.get("audio"),
            document: fields.get("document"),
            sticker: fields.get("sticker"),
            location: fields.get("location"),
            contacts: fields.get("contacts"),
            reaction: fields.get("reaction"),
            interactive: fields.get("interactive"),
            button: fields.get("button"),
            order: fields.get("order"),
            system: fields.get("system"),
            unsupported: fields.get("unsupported"),
            edit: fields.get("edit"),
            revoke: fields.get("revoke"),
        }
    }
}

impl EditWire {
    fn into_content(mut self) -> Option<Content> {
        // An edit of an edit does not exist; refusing it bounds the depth.
        let content = self.message.take_content().filter(|content| !matches!(content, Content::Edit(_)))?;
        Some(Content::Edit(Edit {
            original_message_id: self.original_message_id,
            content: Box::new(content),
        }))
    }
}

fn with_origin(mut cards: Vec<ContactCard>, origin: Option<&String>) -> Content {
    for card in &mut cards {
        if card.origin.is_none() {
            card.origin = origin.cloned();
        }
    }
    Content::Contacts(cards)
}

fn without_empty_emoji(reaction: Reaction) -> Content {
    let emoji = reaction.emoji.filter(|emoji| !emoji.is_empty());
    Content::Reaction(Reaction { emoji, ..reaction })
}

/// Reads a message whose type and shape are known; anything else is an error, and the caller reads piece by piece.
impl<'de> Deserialize<'de> for InboundMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut wire = MessageWire::deserialize(deserializer)?;
        let content =
            wire.take_content().ok_or_else(|| D::Error::custom("a message of unknown type or shape"))?;
        wire.into_message(content).ok_or_else(|| D::Error::custom("a message without id or time"))
    }
}

/// Reads any message that has an id and a time. What it says is [`Content::Unknown`] if it cannot be read.
pub(super) fn read_message(raw: &RawValue) -> Option<InboundMessage> {
    let mut wire = MessageWire::from_fields(&Fields::read(raw)?);
    let content = match wire.take_content() {
        Some(content) => content,
        None => Content::Unknown { kind: std::mem::take(&mut wire.kind), raw: raw.into() },
    };
    wire.into_message(content)
}

/// Messages that could be read, and the raw JSON of those that have neither id nor time.
pub(super) fn read_messages(list: &[&RawValue]) -> (Vec<InboundMessage>, Vec<Raw>) {
    let mut messages = Vec::with_capacity(list.len());
    let mut unreadable = Vec::new();
    for raw in list {
        match read_message(raw) {
            Some(message) => messages.push(message),
            None => unreadable.push(Raw::from(*raw)),
        }
    }
    (messages, unreadable)
}
