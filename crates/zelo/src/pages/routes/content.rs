//! What a message says, as the pages show it.

use crate::{
    messages::{Body, Said},
    pages::{
        context::PageContext,
        view::{ContactCard, Content, Location, Media, MediaKind},
    },
};
use whatsapp::{
    client::{Action, Button, Header, Interactive, OutboundContent, OutboundMedia},
    webhook::{self, CallPermission, InteractiveReply, Order},
};

/// How a message stands in a thread.
#[derive(Debug, PartialEq)]
pub(super) enum Part<'m> {
    /// A bubble.
    Bubble(Spoken<'m>),
    /// An emoji on another message; none where it was taken back.
    Reaction { to: &'m str, emoji: Option<&'m str> },
    /// A line of the system.
    Line(String),
}

/// What a bubble says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Spoken<'m> {
    pub(super) text: String,
    pub(super) content: Content,
    /// Id and title of what it offers.
    pub(super) offers: Vec<(&'m str, &'m str)>,
    /// The id of the offer that it chooses.
    pub(super) chooses: Option<&'m str>,
    /// Meta's id of the message that it corrects.
    pub(super) corrects: Option<&'m str>,
}

impl Spoken<'_> {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    fn of(content: Content) -> Self {
        Self { content, ..Self::default() }
    }

    /// The kind that stands for what it carries, in lists and quotes.
    pub(super) fn kind(&self) -> Option<MediaKind> {
        match &self.content {
            Content::Text => None,
            Content::Media(media) => Some(media.kind),
            Content::Location(_) => Some(MediaKind::Location),
            Content::Contacts(_) => Some(MediaKind::Contacts),
            Content::Template(_) => Some(MediaKind::Template),
            Content::Unsupported => Some(MediaKind::Unsupported),
        }
    }

    /// It in a few words: its text, else the name of what it carries; empty where there is only a kind.
    pub(super) fn summary(&self) -> String {
        if !self.text.is_empty() {
            return self.text.clone();
        }
        match &self.content {
            Content::Media(media) => media.file_name.clone().unwrap_or_default(),
            Content::Location(place) => {
                place.name.clone().or_else(|| place.address.clone()).unwrap_or_default()
            }
            Content::Contacts(cards) => {
                cards.iter().map(|card| card.name.as_str()).collect::<Vec<_>>().join(", ")
            }
            Content::Template(name) => name.clone(),
            Content::Text | Content::Unsupported => String::new(),
        }
    }
}

/// Read a message's content in the reader's language.
pub(super) fn read<'m>(cx: &PageContext, body: &'m Body) -> Part<'m> {
    match &body.said {
        Said::Inbound(content) => inbound(cx, content),
        Said::Outbound(content) => outbound(content),
    }
}

fn inbound<'m>(cx: &PageContext, content: &'m webhook::Content) -> Part<'m> {
    use webhook::Content as Said;
    Part::Bubble(match content {
        Said::Text(text) => Spoken::text(&text.body),
        Said::Image(file) => received(MediaKind::Image, file),
        Said::Video(file) => received(MediaKind::Video, file),
        Said::Audio(file) if file.voice == Some(true) => received(MediaKind::Voice, file),
        Said::Audio(file) => received(MediaKind::Audio, file),
        Said::Document(file) => received(MediaKind::Document, file),
        Said::Sticker(file) => received(MediaKind::Sticker, file),
        Said::Location(place) => Spoken::of(Content::Location(location(place))),
        Said::Contacts(cards) => Spoken::of(Content::Contacts(contacts(cards))),
        Said::Reaction(reaction) => {
            return Part::Reaction { to: &reaction.message_id, emoji: some_text(reaction.emoji.as_deref()) };
        }
        Said::Interactive(InteractiveReply::Button(button)) => chosen(&button.id, &button.title),
        Said::Interactive(InteractiveReply::List(row)) => chosen(&row.id, &row.title),
        Said::Interactive(InteractiveReply::Flow(flow)) => {
            let words = some_text(flow.body.as_deref());
            Spoken::text(words.map_or_else(|| cx.text("form-answered"), str::to_owned))
        }
        Said::Interactive(InteractiveReply::CallPermission(answer)) => {
            return Part::Line(permission(cx, answer));
        }
        Said::Button(button) => Spoken::text(&button.text),
        Said::Order(order) => Spoken::text(cart(cx, order)),
        Said::System(notice) => {
            return Part::Line(cx.text(match notice.kind.as_str() {
                "user_changed_number" => "system-number-changed",
                "user_changed_user_id" => "system-user-id-changed",
                "customer_identity_changed" => "system-identity-changed",
                _ => "system-notice",
            }));
        }
        Said::Revoke(_) => return Part::Line(cx.text("system-revoked")),
        Said::Edit(edit) => return corrected(inbound(cx, &edit.content), &edit.original_message_id),
        Said::Unsupported(_) | Said::MediaPlaceholder | Said::Unknown { .. } => {
            Spoken::of(Content::Unsupported)
        }
    })
}

fn corrected<'m>(part: Part<'m>, original: &'m str) -> Part<'m> {
    match part {
        Part::Bubble(spoken) => Part::Bubble(Spoken { corrects: Some(original), ..spoken }),
        other => other,
    }
}

fn outbound(content: &OutboundContent) -> Part<'_> {
    use OutboundContent as Said;
    Part::Bubble(match content {
        Said::Text(text) => Spoken::text(&text.body),
        Said::Image(file) => sent(MediaKind::Image, file),
        Said::Video(file) => sent(MediaKind::Video, file),
        Said::Audio(file) if file.voice => sent(MediaKind::Voice, file),
        Said::Audio(file) => sent(MediaKind::Audio, file),
        Said::Document(file) => sent(MediaKind::Document, file),
        Said::Sticker(file) => sent(MediaKind::Sticker, file),
        Said::Location(place) => Spoken::of(Content::Location(location(place))),
        Said::Contacts(cards) => Spoken::of(Content::Contacts(contacts(cards))),
        Said::Reaction(reaction) => {
            return Part::Reaction { to: &reaction.message_id, emoji: some_text(Some(&reaction.emoji)) };
        }
        Said::Interactive(interactive) => asked(interactive),
        Said::Template(template) => Spoken::of(Content::Template(template.name.clone())),
    })
}

fn some_text(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn chosen<'m>(id: &'m str, title: &str) -> Spoken<'m> {
    Spoken { chooses: Some(id), ..Spoken::text(title) }
}

fn received(kind: MediaKind, file: &webhook::Media) -> Spoken<'static> {
    file_of(kind, file.filename.clone(), file.caption.as_deref())
}

fn sent(kind: MediaKind, file: &OutboundMedia) -> Spoken<'static> {
    file_of(kind, file.filename.clone(), file.caption.as_deref())
}

/// A file by its name; what is known of its bytes is added where the message is known.
fn file_of(kind: MediaKind, file_name: Option<String>, caption: Option<&str>) -> Spoken<'static> {
    let media = Media::unknown(kind, file_name);
    Spoken { text: caption.unwrap_or_default().to_owned(), ..Spoken::of(Content::Media(media)) }
}

fn location(place: &webhook::Location) -> Location {
    Location {
        latitude: place.latitude,
        longitude: place.longitude,
        name: place.name.clone(),
        address: place.address.clone(),
    }
}

fn contacts(cards: &[webhook::ContactCard]) -> Vec<ContactCard> {
    let card = |card: &webhook::ContactCard| ContactCard {
        name: card.name.formatted_name.clone(),
        phone: card.phones.iter().find_map(|phone| phone.phone.clone().or_else(|| phone.wa_id.clone())),
    };
    cards.iter().map(card).collect()
}

fn permission(cx: &PageContext, answer: &CallPermission) -> String {
    cx.text(if answer.response == "accept" { "system-calls-allowed" } else { "system-calls-refused" })
}

/// The customer's words and a line for each product, with prices as Meta wrote them.
fn cart(cx: &PageContext, order: &Order) -> String {
    let mut lines =
        vec![cx.text_count("order-of", i64::try_from(order.product_items.len()).unwrap_or(i64::MAX))];
    for item in &order.product_items {
        let (product, price) = (&item.product_retailer_id, &item.item_price);
        lines.push(format!("{} × {product} · {} {price}", item.quantity, item.currency));
    }
    lines.extend(some_text(order.text.as_deref()).map(str::to_owned));
    lines.join("\n")
}

fn asked(interactive: &Interactive) -> Spoken<'_> {
    let title = match &interactive.header {
        Some(Header::Text { text }) => Some(text.as_str()),
        _ => None,
    };
    let foot = interactive.footer.as_ref().map(|footer| footer.text.as_str());
    let lines = [title, Some(interactive.body.text.as_str()), foot];
    let text = lines.into_iter().flatten().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let offers = match &interactive.action {
        Action::Button { buttons } => {
            buttons.iter().map(|Button::Reply(button)| (button.id.as_str(), button.title.as_str())).collect()
        }
        Action::List { sections, .. } => sections
            .iter()
            .flat_map(|section| &section.rows)
            .map(|row| (row.id.as_str(), row.title.as_str()))
            .collect(),
        _ => Vec::new(),
    };
    Spoken { offers, ..Spoken::text(text) }
}
