//! Messages as the entries of a thread.

use super::content::{Part, Spoken, labels, read, referral};
use crate::{
    identity::User,
    ids::{MessageId, UserId},
    messages::{Author, Direction, Message, MessageStatus, REACTIONS, UNCONFIRMED, Via},
    pages::{
        context::PageContext,
        view::{
            Choice, Delivery, EmojiMenu, Entry, Frame, MessageBubble, Preview, Quote, Reaction, Side,
            SystemKind, SystemLine, arrange,
        },
    },
};
use std::collections::{HashMap, HashSet};

/// Who reads a thread, and what names are needed for it.
pub(super) struct Reading<'a> {
    pub(super) cx: &'a PageContext,
    /// The contact's name.
    pub(super) contact: &'a str,
    pub(super) users: &'a HashMap<UserId, User>,
    /// The reader.
    pub(super) me: UserId,
    /// Whether something may be sent: the role allows it and the window is open.
    pub(super) may_send: bool,
}

/// Some messages of one conversation and how they hang together.
struct Page<'a, 'm> {
    reading: &'a Reading<'a>,
    parts: Vec<(&'m Message, Part<'m>)>,
    /// Where the message of Meta's id stands in `parts`.
    places: HashMap<&'m str, usize>,
    /// Which offers were chosen, by the message that made them.
    choices: HashSet<(usize, &'m str)>,
}

/// The entries of `messages`, which stand in reading order. What changes a message that is here stands on that message; what
/// changes one that is not here stands for itself.
pub(super) fn entries(reading: &Reading<'_>, messages: &[Message]) -> Vec<Entry> {
    drawn(reading, messages, |_| true)
}

/// The entries of those `messages` that are `wanted`, and of those that they change: a reaction changes the message that
/// it is on.
pub(super) fn entries_of(
    reading: &Reading<'_>,
    messages: &[Message],
    wanted: &HashSet<MessageId>,
) -> Vec<Entry> {
    drawn(reading, messages, |id| wanted.contains(&id))
}

fn drawn(reading: &Reading<'_>, messages: &[Message], is_wanted: impl Fn(MessageId) -> bool) -> Vec<Entry> {
    let page = Page::of(reading, messages);
    let (mut entries, mut shown) = (Vec::with_capacity(messages.len()), HashSet::new());
    for (place, (message, part)) in page.parts.iter().enumerate() {
        let target = page.target(message, part);
        if is_wanted(message.id) {
            shown.insert(place);
            shown.extend(target);
        }
        entries.push(page.entry(place, message, part));
    }
    // Arranged before choosing, so that a single entry is drawn as it stands in its thread.
    let (places, mut entries): (Vec<usize>, Vec<Entry>) =
        entries.into_iter().enumerate().filter_map(|(place, entry)| Some((place, entry?))).unzip();
    arrange(reading.cx, &mut entries, None);
    places
        .into_iter()
        .zip(entries)
        .filter(|(place, _)| shown.contains(place))
        .map(|(_, entry)| entry)
        .collect()
}

impl<'a, 'm> Page<'a, 'm> {
    fn of(reading: &'a Reading<'a>, messages: &'m [Message]) -> Self {
        let parts: Vec<_> = messages
            .iter()
            .map(|message| (message, read(reading.cx, message.direction, &message.body)))
            .collect();
        let places = messages
            .iter()
            .enumerate()
            .filter_map(|(place, message)| Some((message.body.wamid.as_deref()?, place)))
            .collect();
        let mut page = Self { reading, parts, places, choices: HashSet::new() };
        page.join();
        page
    }

    fn join(&mut self) {
        for (message, part) in &self.parts {
            let Part::Bubble(Spoken { chooses: Some(id), .. }) = part else { continue };
            if let Some(target) = self.target(message, part) {
                self.choices.insert((target, id));
            }
        }
    }

    /// The message on the page that this one changes.
    fn target(&self, message: &'m Message, part: &Part<'m>) -> Option<usize> {
        if let Some(changed) = message.changes {
            return self.parts.iter().position(|(other, _)| other.id == changed);
        }
        match part {
            Part::Bubble(Spoken { chooses: Some(_), .. }) => {
                self.places.get(message.body.quotes.as_deref()?).copied()
            }
            _ => None,
        }
    }

    fn entry(&self, place: usize, message: &'m Message, part: &Part<'m>) -> Option<Entry> {
        if message.changes.is_some() {
            return None;
        }
        match part {
            Part::Bubble(spoken) => Some(Entry::Message(Box::new(self.bubble(place, message, spoken)))),
            Part::Line(text) => Some(line(message, text.clone())),
            Part::Reaction { emoji } => {
                let reaction = Reaction { emoji: (*emoji)?.to_owned(), author: self.name(message) };
                Some(line(message, self.reading.cx.reaction_text(&reaction)))
            }
        }
    }

    fn bubble(&self, place: usize, message: &'m Message, spoken: &Spoken<'m>) -> MessageBubble {
        let offers = spoken.offers.iter();
        let choices = offers
            .map(|offer| Choice {
                title: offer.title.to_owned(),
                note: offer.note.map(str::to_owned),
                chosen: self.choices.contains(&(place, offer.id)),
            })
            .collect();
        let reactions = message.marks.reactions.iter().map(|reaction| Reaction {
            emoji: reaction.emoji.clone(),
            author: self.name_of(reaction.direction, reaction.author, None),
        });
        MessageBubble {
            id: message.id.0,
            seq: message.changed_seq,
            side: side(message),
            author: self.author(message),
            text: spoken.text.clone(),
            content: super::media::with_file(spoken.content.clone(), message),
            labels: labels(self.reading.cx, &message.body),
            referral: referral(&message.body),
            is_edited: message.marks.edited_at.is_some(),
            quote: self.quote(message, spoken),
            frame: Frame::clone(&spoken.frame),
            choices,
            reactions: reactions.collect(),
            emojis: self.emojis(message),
            delivery: delivery(message, self.reading.may_send),
            at_ms: message.sent_at,
            starts_day: false,
            joined: false,
        }
    }

    fn quote(&self, message: &Message, spoken: &Spoken<'_>) -> Option<Quote> {
        let cx = self.reading.cx;
        if let Some(quoted) = &message.quoted {
            let text = in_one_line(cx, &read(cx, quoted.direction, &quoted.body));
            let author = self.name_of(quoted.direction, quoted.author, quoted.body.via);
            return Some(Quote { message_id: Some(quoted.id.0), author, text });
        }
        let wamid = spoken.corrects.or(message.body.quotes.as_deref())?;
        let (message, part) = self.parts.get(*self.places.get(wamid)?)?;
        let text = in_one_line(cx, part);
        Some(Quote { message_id: Some(message.id.0), author: self.name(message), text })
    }

    /// What the contact wrote may be reacted to, for as long as Meta takes that.
    fn emojis(&self, message: &Message) -> Option<EmojiMenu> {
        let can_be_meant = message.direction == Direction::Inbound
            && message.body.wamid.is_some()
            && message.marks.deleted_at.is_none()
            && message.sent_at >= self.reading.cx.now_ms - REACTIONS;
        if !can_be_meant || !self.reading.may_send {
            return None;
        }
        let ours = message.marks.reactions.iter().find(|reaction| reaction.direction == Direction::Outbound);
        Some(EmojiMenu { ours: ours.map(|reaction| reaction.emoji.clone()) })
    }

    /// A colleague's name stands above what the colleague wrote; the reader knows their own.
    fn author(&self, message: &Message) -> Option<String> {
        let is_colleague = matches!(message.author, Author::User(user) if user != self.reading.me);
        (message.direction == Direction::Outbound && is_colleague).then(|| self.name(message))
    }

    fn name(&self, message: &Message) -> String {
        self.name_of(message.direction, message.author, message.body.via)
    }

    fn name_of(&self, direction: Direction, author: Author, via: Option<Via>) -> String {
        match author {
            Author::User(user) if user == self.reading.me => self.reading.cx.text("you"),
            Author::User(user) => {
                self.reading.users.get(&user).map(|user| user.name.clone()).unwrap_or_default()
            }
            Author::Contact if direction == Direction::Inbound => self.reading.contact.to_owned(),
            Author::Contact if via.is_some() => self.reading.cx.text("business-app"),
            Author::Contact => self.reading.cx.text("automatic-sender"),
        }
    }
}

/// A message as it stands above what answers it.
pub(super) fn quote(reading: &Reading<'_>, message: &Message) -> Quote {
    let page = Page::of(reading, std::slice::from_ref(message));
    let text = page.parts.first().map(|(_, part)| in_one_line(reading.cx, part)).unwrap_or_default();
    Quote { message_id: Some(message.id.0), author: page.name(message), text }
}

fn line(message: &Message, text: String) -> Entry {
    Entry::System(SystemLine {
        id: message.id.to_string(),
        seq: message.changed_seq,
        kind: SystemKind::Info,
        text,
        at_ms: message.sent_at,
        starts_day: false,
    })
}

fn in_one_line(cx: &PageContext, part: &Part<'_>) -> String {
    match part {
        Part::Bubble(spoken) => summary(cx, spoken),
        Part::Reaction { emoji } => emoji.unwrap_or_default().to_owned(),
        Part::Line(text) => text.clone(),
    }
}

fn summary(cx: &PageContext, spoken: &Spoken<'_>) -> String {
    let words = spoken.summary();
    match spoken.kind() {
        Some(kind) if words.is_empty() => cx.text(kind.text_key()),
        _ => words,
    }
}

fn side(message: &Message) -> Side {
    match (message.direction, message.author) {
        (Direction::Inbound, _) => Side::In,
        (Direction::Outbound, Author::User(_)) => Side::Out,
        // Somebody of the business wrote it, and not here.
        (Direction::Outbound, Author::Contact) if message.body.via.is_some() => Side::Out,
        (Direction::Outbound, Author::Contact) => Side::Bot,
    }
}

fn delivery(message: &Message, can_retry: bool) -> Option<Delivery> {
    if message.direction == Direction::Inbound {
        return None;
    }
    let failure = message.failure.as_ref();
    Some(match message.status {
        MessageStatus::Queued if failure.is_some_and(|failure| failure.code == UNCONFIRMED) => {
            Delivery::Unconfirmed { can_retry }
        }
        MessageStatus::Queued | MessageStatus::Received => Delivery::Queued,
        MessageStatus::Sent => Delivery::Sent,
        MessageStatus::Delivered => Delivery::Delivered,
        MessageStatus::Read => Delivery::Read,
        MessageStatus::Failed => Delivery::Failed {
            code: failure.and_then(|failure| failure.code.parse().ok()),
            reason: failure.map(|failure| failure.detail.clone()).unwrap_or_default(),
            can_retry,
        },
    })
}

/// A message in one line, for the list.
pub(super) fn preview(cx: &PageContext, message: &Message) -> Preview {
    let (text, media) = match read(cx, message.direction, &message.body) {
        Part::Bubble(spoken) => (spoken.summary(), spoken.kind()),
        Part::Reaction { emoji } => (emoji.unwrap_or_default().to_owned(), None),
        Part::Line(text) => (text, None),
    };
    Preview { side: side(message), text, media, delivery: delivery(message, false) }
}
