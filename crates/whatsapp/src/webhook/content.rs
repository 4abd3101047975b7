//! What an inbound message says.

use std::borrow::Cow;

use crate::lenient::{self, Raw};
use serde::{Deserialize, Serialize};

/// The content of a message, one variant per type of Meta.
///
/// Its JSON form is our own and stable: what is stored today is read tomorrow. It is not the form of the webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Text(Text),
    Image(Media),
    Video(Media),
    Audio(Media),
    Document(Media),
    Sticker(Media),
    Location(Location),
    /// Cards of other people, or the sender's own when asked for the phone number.
    Contacts(Vec<ContactCard>),
    Reaction(Reaction),
    /// An answer to an interactive message of ours.
    Interactive(InteractiveReply),
    /// A quick reply of a template.
    Button(ButtonPress),
    Order(Order),
    /// The customer's number or user id changed. Such a message has no sender entry.
    System(SystemNotice),
    /// A type that the Cloud API does not hand over; the message's `errors` say why.
    Unsupported(Unsupported),
    /// Coexistence numbers only.
    Edit(Edit),
    /// Coexistence numbers only.
    Revoke(Revoke),
    /// History only: media whose content follows in another post.
    MediaPlaceholder,
    /// A type that was not known when this was written, or a known one of another shape.
    Unknown {
        kind: String,
        raw: Raw,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub body: String,
}

/// A file. Ids from webhooks can be resolved for 7 days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Base64 in webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Documents only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Audio only: recorded in the chat, as opposed to a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    /// Stickers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub animated: Option<bool>,
    /// Good for 5 minutes; absent in older subscriptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    #[serde(deserialize_with = "lenient::degrees")]
    pub latitude: f64,
    #[serde(deserialize_with = "lenient::degrees")]
    pub longitude: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A contact card, the same in both directions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactCard {
    pub name: CardName,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<CardPhone>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<CardEmail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<CardAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<CardOrg>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<CardUrl>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcard: Option<String>,
    /// `contact_request` when the sender answered our request for the phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardName {
    pub formatted_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
}

/// A number of a card. `phone` is as its owner wrote it; `wa_id` may lack Brazil's ninth digit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardPhone {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardEmail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardAddress {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardOrg {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardUrl {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A reaction to one message. An absent emoji means that the reaction was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub message_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InteractiveReply {
    Button(ReplyButton),
    List(ListReply),
    /// A finished flow or address form.
    Flow(FlowReply),
    CallPermission(CallPermission),
}

/// The button that was chosen; `id` is what we gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyButton {
    pub id: String,
    pub title: String,
}

/// The row that was chosen; `id` is what we gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListReply {
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowReply {
    /// `flow` or `address_message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// A JSON text inside the JSON, made by the flow: never trust its shape.
    pub response_json: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPermission {
    /// `accept` or `reject`.
    pub response: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_permanent: Option<bool>,
    /// Unix seconds.
    #[serde(
        default,
        deserialize_with = "lenient::optional_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub expiration_timestamp: Option<i64>,
    /// `user_action` or `automatic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_source: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonPress {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    pub text: String,
}

/// A cart that was sent from the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    #[serde(deserialize_with = "lenient::text")]
    pub catalog_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default)]
    pub product_items: Vec<OrderItem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderItem {
    pub product_retailer_id: String,
    #[serde(deserialize_with = "lenient::seconds")]
    pub quantity: i64,
    /// The price of one piece in whole units of the currency, as Meta wrote it; integer or decimal.
    pub item_price: serde_json::Number,
    pub currency: String,
}

/// A change of the customer's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemNotice {
    /// `user_changed_number`, `user_changed_user_id`, `customer_identity_changed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// English, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The new one; absent if there is no number to share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// The new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_parent_user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

/// The identity key of `customer_identity_changed`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    #[serde(deserialize_with = "lenient::optional_text", skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text", skip_serializing_if = "Option::is_none")]
    pub created_timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// What it was, if Meta says so: `poll_creation`, `gif`, `edit`, …
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsupported {
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A message of the customer was changed; `content` replaces what it said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    pub original_message_id: String,
    pub content: Box<Content>,
}

/// A message was deleted for everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoke {
    pub original_message_id: String,
}

impl Content {
    /// Meta's name of the type.
    pub fn kind(&self) -> &str {
        match self {
            Self::Unknown { kind, .. } => kind,
            known => known.label(),
        }
    }

    /// The same, and `unknown` for what Meta invents later: a word of a list that does not grow.
    pub fn label(&self) -> &'static str {
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
            Self::Button(_) => "button",
            Self::Order(_) => "order",
            Self::System(_) => "system",
            Self::Unsupported(_) => "unsupported",
            Self::Edit(_) => "edit",
            Self::Revoke(_) => "revoke",
            Self::MediaPlaceholder => "media_placeholder",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The file of an image, video, audio, document or sticker.
    pub fn media(&self) -> Option<&Media> {
        match self {
            Self::Image(media)
            | Self::Video(media)
            | Self::Audio(media)
            | Self::Document(media)
            | Self::Sticker(media) => Some(media),
            Self::Edit(edit) => edit.content.media(),
            _ => None,
        }
    }

    /// The text that a person would see, in the customer's own words. Nothing where there are none, such as a voice
    /// message: what to show then depends on the reader's language and is not decided here.
    pub fn preview_text(&self) -> Option<Cow<'_, str>> {
        let text = match self {
            Self::Text(text) => Some(text.body.as_str()),
            Self::Image(media) | Self::Video(media) | Self::Audio(media) | Self::Sticker(media) => {
                media.caption.as_deref()
            }
            Self::Document(media) => media.caption.as_deref().or(media.filename.as_deref()),
            Self::Location(place) => return place.preview_text(),
            Self::Contacts(cards) => {
                return joined(cards.iter().map(|card| card.name.formatted_name.as_str()));
            }
            Self::Reaction(reaction) => reaction.emoji.as_deref(),
            Self::Interactive(InteractiveReply::Button(button)) => Some(button.title.as_str()),
            Self::Interactive(InteractiveReply::List(row)) => Some(row.title.as_str()),
            Self::Interactive(InteractiveReply::Flow(flow)) => {
                let answers = flow.answers().into_iter();
                let lines: Vec<String> = answers.map(|(name, value)| format!("{name}: {value}")).collect();
                return joined(lines.iter().map(String::as_str)).map(|text| Cow::Owned(text.into_owned()));
            }
            Self::Interactive(InteractiveReply::CallPermission(_)) => None,
            Self::Button(button) => Some(button.text.as_str()),
            Self::Order(order) => {
                let lines: Vec<String> = order.product_items.iter().map(OrderItem::line).collect();
                let all = lines.iter().map(String::as_str).chain(order.text.as_deref());
                return joined(all).map(|text| Cow::Owned(text.into_owned()));
            }
            Self::System(notice) => notice.body.as_deref(),
            Self::Edit(edit) => return edit.content.preview_text(),
            Self::Unsupported(_) | Self::Revoke(_) | Self::MediaPlaceholder | Self::Unknown { .. } => None,
        };
        text.filter(|text| !text.is_empty()).map(Cow::Borrowed)
    }
}

impl FlowReply {
    /// What was filled in, as name and value, in the order of their names. The token that the flow was opened with is ours
    /// and left out; what is no JSON object has no answers.
    pub fn answers(&self) -> Vec<(String, String)> {
        let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(&self.response_json) else {
            return Vec::new();
        };
        let fields = fields.into_iter().filter(|(name, value)| name != "flow_token" && !value.is_null());
        let mut answers: Vec<(String, String)> =
            fields.map(|(name, value)| (name, answer_text(&value))).collect();
        answers.sort();
        answers
    }
}

/// A value of a form as a person reads it: texts without quotes, lists with commas.
fn answer_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(answer_text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

impl OrderItem {
    /// It in one line, with the price of one piece as Meta wrote it.
    pub fn line(&self) -> String {
        format!("{} × {} · {} {}", self.quantity, self.product_retailer_id, self.currency, self.item_price)
    }
}

impl Location {
    fn preview_text(&self) -> Option<Cow<'_, str>> {
        joined([self.name.as_deref(), self.address.as_deref()].into_iter().flatten())
    }
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Cow<'a, str>> {
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => None,
        [only] => Some(Cow::Borrowed(only)),
        several => Some(Cow::Owned(several.join(", "))),
    }
}
