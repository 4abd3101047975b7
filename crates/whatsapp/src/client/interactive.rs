//! Messages with buttons, lists, links and forms (Meta, messages/interactive-*).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outbound::OutboundMedia;
use crate::webhook::{ListReply, ReplyButton};

/// An interactive message: a text, and what can be done below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interactive {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    pub body: Words,
    /// Up to 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<Words>,
    #[serde(flatten)]
    pub action: Action,
}

/// A piece of text in Meta's wrapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    pub text: String,
}

impl<T: Into<String>> From<T> for Words {
    fn from(text: T) -> Self {
        Self { text: text.into() }
    }
}

/// What stands above the text. Lists allow a text only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Header {
    Text { text: String },
    Image { image: OutboundMedia },
    Video { video: OutboundMedia },
    Document { document: OutboundMedia },
}

impl Interactive {
    /// The file above the text, and Meta's word for its kind.
    pub fn file(&self) -> Option<(&'static str, &OutboundMedia)> {
        match self.header.as_ref()? {
            Header::Text { .. } => None,
            Header::Image { image } => Some(("image", image)),
            Header::Video { video } => Some(("video", video)),
            Header::Document { document } => Some(("document", document)),
        }
    }

    /// The same, to be named otherwise.
    pub fn file_mut(&mut self) -> Option<&mut OutboundMedia> {
        match self.header.as_mut()? {
            Header::Text { .. } => None,
            Header::Image { image: file }
            | Header::Video { video: file }
            | Header::Document { document: file } => Some(file),
        }
    }
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "action", rename_all = "snake_case")]
pub enum Action {
    /// Up to three buttons; ids up to 256 characters, titles up to 20.
    Button {
        buttons: Vec<Button>,
    },
    /// Up to ten rows in all; the button's text up to 20 characters.
    List {
        button: String,
        sections: Vec<Section>,
    },
    /// One link; its text up to 20 characters.
    CtaUrl(CtaUrlAction),
    Flow(FlowAction),
    LocationRequestMessage(LocationRequestAction),
    /// Asks somebody without a shared number for it; the answer is a contact card.
    RequestContactInfo(ContactInfoAction),
    Product(Product),
    ProductList {
        catalog_id: String,
        sections: Vec<ProductSection>,
    },
    CatalogMessage(CatalogAction),
}

impl Action {
    /// Reply buttons from ids and titles.
    pub fn buttons<I: Into<String>, T: Into<String>>(buttons: impl IntoIterator<Item = (I, T)>) -> Self {
        let button = |(id, title): (I, T)| Button::Reply(ReplyButton { id: id.into(), title: title.into() });
        Self::Button { buttons: buttons.into_iter().map(button).collect() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "reply", rename_all = "snake_case")]
pub enum Button {
    Reply(ReplyButton),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Up to 24 characters; needed if there is more than one section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub rows: Vec<Row>,
}

/// A row of a list: id up to 200 characters, title 24, description 72. Chosen, it comes back as the same three.
pub type Row = ListReply;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", content = "parameters", rename_all = "snake_case")]
pub enum CtaUrlAction {
    CtaUrl { display_text: String, url: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", content = "parameters", rename_all = "snake_case")]
pub enum FlowAction {
    Flow(Flow),
}

/// The form to open: one of `flow_id` and `flow_name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// `3`.
    pub flow_message_version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_name: Option<String>,
    /// The button's text, up to 30 characters.
    pub flow_cta: String,
    /// `draft` or `published`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Comes back in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_token: Option<String>,
    /// `navigate` or `data_exchange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_action_payload: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LocationRequestAction {
    SendLocation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum ContactInfoAction {
    RequestContactInfo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum CatalogAction {
    CatalogMessage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<String>,
    pub product_retailer_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductSection {
    pub title: String,
    pub product_items: Vec<Product>,
}
