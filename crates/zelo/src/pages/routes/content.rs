//! What a message says, as the pages show it.

use crate::{
    messages::{Body, CallStep, Direction, Said, Via},
    pages::{
        context::PageContext,
        time::recording_length,
        view::{ContactCard, Content, Frame, Location, Media, MediaKind, Press, Referral},
    },
};
use whatsapp::{
    client::{Action, Button, CtaUrlAction, FlowAction, Header, Interactive, OutboundContent, OutboundMedia},
    phone::Phone,
    webhook::{self, CallPermission, InteractiveReply, Order},
};

/// How a message stands in a thread.
#[derive(Debug, PartialEq)]
pub(super) enum Part<'m> {
    /// A bubble.
    Bubble(Spoken<'m>),
    /// An emoji on another message; none where it was taken back.
    Reaction { emoji: Option<&'m str> },
    /// A line of the system.
    Line(String),
}

/// What a bubble says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Spoken<'m> {
    pub(super) text: String,
    pub(super) content: Content,
    /// What stands around its text.
    pub(super) frame: Box<Frame>,
    pub(super) offers: Vec<Offer<'m>>,
    /// The id of the offer that it chooses.
    pub(super) chooses: Option<&'m str>,
    /// Meta's id of the message that it corrects.
    pub(super) corrects: Option<&'m str>,
}

/// A button or a row of a list.
#[derive(Debug, PartialEq)]
pub(super) struct Offer<'m> {
    pub(super) id: &'m str,
    pub(super) title: &'m str,
    pub(super) note: Option<&'m str>,
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
            Content::Deleted => Some(MediaKind::Deleted),
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
            Content::Text | Content::Unsupported | Content::Deleted => String::new(),
        }
    }
}

/// Read a message's content in the reader's language.
pub(super) fn read<'m>(cx: &PageContext, direction: Direction, body: &'m Body) -> Part<'m> {
    match &body.said {
        Said::Inbound(content) => inbound(cx, content, body.error_code),
        Said::Outbound(content) => rendered(outbound(cx, content), body.rendered.as_deref()),
        Said::Call(step) => Part::Line(call(cx, direction, step)),
        Said::Withheld { .. } => Part::Bubble(Spoken::of(Content::Deleted)),
    }
}

/// A template says what the customer reads, where that is known.
fn rendered<'m>(part: Part<'m>, words: Option<&str>) -> Part<'m> {
    match (part, words) {
        (Part::Bubble(spoken), Some(words)) => Part::Bubble(Spoken { text: words.to_owned(), ..spoken }),
        (part, _) => part,
    }
}

/// A step of a call in words.
fn call(cx: &PageContext, direction: Direction, step: &CallStep) -> String {
    let key = match (step.step.as_str(), direction, step.outcome.as_deref()) {
        ("connect", Direction::Inbound, _) => "call-incoming",
        ("connect", Direction::Outbound, _) => "call-outgoing",
        ("terminate", _, Some("failed")) => "call-failed",
        ("terminate", ..) => match step.seconds.and_then(|seconds| u32::try_from(seconds).ok()) {
            Some(seconds) => return cx.text_time("call-ended-after", &recording_length(seconds)),
            None => "call-ended",
        },
        ("ringing", ..) => "call-ringing",
        ("accepted", ..) => "call-accepted",
        ("rejected", ..) => "call-rejected",
        _ => "call-step",
    };
    cx.text(key)
}

/// What stands above a bubble: how it came.
pub(super) fn labels(cx: &PageContext, body: &Body) -> Vec<String> {
    let forwarded = if body.is_forwarded_often { "forwarded-often" } else { "forwarded-once" };
    let via = body.via.map(|via| match via {
        Via::BusinessApp => "via-business-app",
        Via::History => "via-history",
    });
    let keys = [via, body.group.as_ref().map(|_| "in-a-group"), body.is_forwarded.then_some(forwarded)];
    let mut labels: Vec<String> = keys.into_iter().flatten().map(|key| cx.text(key)).collect();
    let product = body.product.as_ref();
    labels.extend(product.map(|product| cx.text_name("about-product", &product.product_retailer_id)));
    // A template that is drawn as a picture is still one.
    if let Said::Outbound(OutboundContent::Template(template)) = &body.said
        && template.file().is_some()
    {
        labels.push(cx.text_name("template-named", &template.name));
    }
    labels
}

/// The advertisement that led here. Its address is a link only where it is one of the web.
pub(super) fn referral(body: &Body) -> Option<Referral> {
    let referral = body.referral.as_ref()?;
    Some(Referral {
        headline: referral.headline.clone().unwrap_or_default(),
        text: referral.body.clone().unwrap_or_default(),
        url: referral.source_url.clone().filter(is_web),
    })
}

fn inbound<'m>(cx: &PageContext, content: &'m webhook::Content, error_code: Option<i64>) -> Part<'m> {
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
            return Part::Reaction { emoji: some_text(reaction.emoji.as_deref()) };
        }
        Said::Interactive(InteractiveReply::Button(button)) => chosen(&button.id, &button.title),
        Said::Interactive(InteractiveReply::List(row)) => {
            let lines = [Some(row.title.as_str()), some_text(row.description.as_deref())];
            let text = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
            Spoken { text, ..chosen(&row.id, &row.title) }
        }
        Said::Interactive(InteractiveReply::Flow(flow)) => {
            let mut lines = vec![cx.text("form-answered")];
            lines.extend(flow.answers().into_iter().map(|(name, value)| format!("{name}: {value}")));
            Spoken::text(lines.join("\n"))
        }
        Said::Interactive(InteractiveReply::CallPermission(answer)) => {
            return Part::Line(permission(cx, answer));
        }
        Said::Button(button) => Spoken::text(&button.text),
        Said::Order(order) => Spoken::text(cart(cx, order)),
        Said::System(notice) => {
            let number = notice.wa_id.as_deref().and_then(|wa_id| Phone::parse(wa_id).ok());
            if let ("user_changed_number", Some(number)) = (notice.kind.as_str(), number) {
                return Part::Line(cx.text_name("system-number-changed-to", &number.display()));
            }
            return Part::Line(cx.text(match notice.kind.as_str() {
                "user_changed_number" => "system-number-changed",
                "user_changed_user_id" => "system-user-id-changed",
                "customer_identity_changed" => "system-identity-changed",
                _ => "system-notice",
            }));
        }
        Said::Revoke(_) => return Part::Line(cx.text("system-revoked")),
        Said::Edit(edit) => {
            return corrected(inbound(cx, &edit.content, error_code), &edit.original_message_id);
        }
        Said::Unsupported(what) => {
            let text = unsupported(cx, what.kind.as_deref(), error_code);
            Spoken { text, ..Spoken::of(Content::Unsupported) }
        }
        Said::MediaPlaceholder => {
            Spoken { text: cx.text("history-media"), ..Spoken::of(Content::Unsupported) }
        }
        Said::Unknown { .. } => Spoken::of(Content::Unsupported),
    })
}

/// Meta's code for a message that it does not hand over at all.
const UNAVAILABLE: i64 = 131_060;

/// What it was that the Cloud API does not hand over, as far as Meta says.
fn unsupported(cx: &PageContext, kind: Option<&str>, error_code: Option<i64>) -> String {
    let key = match (kind, error_code) {
        (Some("poll_creation" | "poll_update"), _) => "unsupported-poll",
        (Some("gif"), _) => "unsupported-gif",
        (Some("group_invite"), _) => "unsupported-group-invite",
        (Some("edit"), _) => "unsupported-edit",
        (Some("pin"), _) => "unsupported-pin",
        (_, Some(UNAVAILABLE)) => "unsupported-unavailable",
        _ => return String::new(),
    };
    cx.text(key)
}

fn corrected<'m>(part: Part<'m>, original: &'m str) -> Part<'m> {
    match part {
        Part::Bubble(spoken) => Part::Bubble(Spoken { corrects: Some(original), ..spoken }),
        other => other,
    }
}

fn outbound<'m>(cx: &PageContext, content: &'m OutboundContent) -> Part<'m> {
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
            return Part::Reaction { emoji: some_text(Some(&reaction.emoji)) };
        }
        Said::Interactive(interactive) => asked(cx, interactive),
        Said::Template(template) => match template.file() {
            Some((kind, file)) => sent(header_kind(kind), file),
            None => Spoken::of(Content::Template(template.name.clone())),
        },
    })
}

/// The kind of the file in a header.
fn header_kind(kind: &str) -> MediaKind {
    match kind {
        "image" => MediaKind::Image,
        "video" => MediaKind::Video,
        _ => MediaKind::Document,
    }
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
        phone: card.phones.iter().find_map(number),
        details: card_details(card),
    };
    cards.iter().map(card).collect()
}

fn number(phone: &webhook::CardPhone) -> Option<String> {
    phone.phone.clone().or_else(|| phone.wa_id.clone())
}

/// What a card says besides its name and first number, a line each.
fn card_details(card: &webhook::ContactCard) -> Vec<String> {
    let words = |parts: &[&Option<String>]| {
        let parts: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
        Some(parts.join(", ")).filter(|line| !line.is_empty())
    };
    let mut details: Vec<String> = card.phones.iter().filter_map(number).skip(1).collect();
    details.extend(card.emails.iter().filter_map(|email| email.email.clone()));
    details.extend(card.org.iter().filter_map(|org| words(&[&org.company, &org.department, &org.title])));
    details.extend(card.addresses.iter().filter_map(|address| {
        words(&[&address.street, &address.city, &address.state, &address.zip, &address.country])
    }));
    details.extend(card.urls.iter().filter_map(|url| url.url.clone()));
    details.extend(card.birthday.clone());
    details
}

fn permission(cx: &PageContext, answer: &CallPermission) -> String {
    cx.text(if answer.response == "accept" { "system-calls-allowed" } else { "system-calls-refused" })
}

/// The customer's words and a line for each product, with prices as Meta wrote them.
fn cart(cx: &PageContext, order: &Order) -> String {
    let mut lines =
        vec![cx.text_count("order-of", i64::try_from(order.product_items.len()).unwrap_or(i64::MAX))];
    lines.extend(order.product_items.iter().map(webhook::OrderItem::line));
    lines.extend(some_text(order.text.as_deref()).map(str::to_owned));
    lines.join("\n")
}

fn asked<'m>(cx: &PageContext, interactive: &'m Interactive) -> Spoken<'m> {
    let title = match &interactive.header {
        Some(Header::Text { text }) => Some(text.clone()),
        _ => None,
    };
    let footer = interactive.footer.as_ref().map(|footer| footer.text.clone());
    let frame = Frame { title, footer, button: button(cx, &interactive.action) };
    let content = match interactive.file() {
        Some((kind, file)) => Content::Media(Media::unknown(header_kind(kind), file.filename.clone())),
        None => Content::Text,
    };
    Spoken {
        content,
        frame: Box::new(frame),
        offers: offers(&interactive.action),
        ..Spoken::text(interactive.body.text.as_str())
    }
}

fn offers(action: &Action) -> Vec<Offer<'_>> {
    match action {
        Action::Button { buttons } => buttons
            .iter()
            .map(|Button::Reply(button)| Offer { id: &button.id, title: &button.title, note: None })
            .collect(),
        Action::List { sections, .. } => sections
            .iter()
            .flat_map(|section| &section.rows)
            .map(|row| Offer { id: &row.id, title: &row.title, note: some_text(row.description.as_deref()) })
            .collect(),
        _ => Vec::new(),
    }
}

/// The one button that the contact sees below the text, where it is not a choice.
fn button(cx: &PageContext, action: &Action) -> Option<Press> {
    let named = |text: String| Some(Press { text, url: None });
    match action {
        Action::List { button, .. } => named(button.clone()),
        Action::CtaUrl(CtaUrlAction::CtaUrl { display_text, url }) => {
            let url = Some(url.clone()).filter(is_web);
            Some(Press { text: display_text.clone(), url })
        }
        Action::Flow(FlowAction::Flow(flow)) => named(flow.flow_cta.clone()),
        Action::LocationRequestMessage(_) => named(cx.text("asks-for-place")),
        Action::RequestContactInfo(_) => named(cx.text("asks-for-number")),
        Action::Button { .. }
        | Action::Product(_)
        | Action::ProductList { .. }
        | Action::CatalogMessage(_) => None,
    }
}

/// Only an address of the web becomes a link.
#[expect(clippy::ptr_arg, reason = "it filters options of owned texts")]
fn is_web(url: &String) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
