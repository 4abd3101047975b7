//! Messages as the entries of a thread.

use super::content::{Part, Spoken, read};
use crate::{
    identity::User,
    ids::{MessageId, UserId},
    messages::{Author, Direction, Message, MessageStatus, UNCONFIRMED},
    pages::{
        context::PageContext,
        view::{
            Choice, Delivery, Entry, MessageBubble, Preview, Quote, Reaction, Side, SystemKind, SystemLine,
            arrange,
        },
    },
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Who reads a thread, and what names are needed for it.
pub(super) struct Reading<'a> {
    pub(super) cx: &'a PageContext,
    /// The contact's name.
    pub(super) contact: &'a str,
    pub(super) users: &'a HashMap<UserId, User>,
    /// The reader.
    pub(super) me: UserId,
    /// Whether what failed may be sent again: the role allows it and the window is open.
    pub(super) may_retry: bool,
}

/// Some messages of one conversation and how they hang together.
struct Page<'a, 'm> {
    reading: &'a Reading<'a>,
    parts: Vec<(&'m Message, Part<'m>)>,
    /// Where the message of Meta's id stands in `parts`.
    places: HashMap<&'m str, usize>,
    /// By the message they are on and the side that put them there: each has one on a message.
    reactions: BTreeMap<(usize, bool), (&'m Message, &'m str)>,
    /// Which offers were chosen, by the message that made them.
    choices: HashSet<(usize, &'m str)>,
}

/// The entries of `messages`, which stand in reading order. What is a reaction stands on its message where that is among
/// them, and for itself otherwise.
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
        let parts: Vec<_> =
            messages.iter().map(|message| (message, read(reading.cx, &message.body))).collect();
        let places = messages
            .iter()
            .enumerate()
            .filter_map(|(place, message)| Some((message.body.wamid.as_deref()?, place)))
            .collect();
        let mut page = Self { reading, parts, places, reactions: BTreeMap::new(), choices: HashSet::new() };
        page.join();
        page
    }

    fn join(&mut self) {
        for (message, part) in &self.parts {
            let Some(target) = self.target(message, part) else { continue };
            match part {
                Part::Reaction { emoji, .. } => {
                    let key = (target, message.direction == Direction::Inbound);
                    match emoji {
                        Some(emoji) => self.reactions.insert(key, (message, emoji)),
                        None => self.reactions.remove(&key),
                    };
                }
                Part::Bubble(Spoken { chooses: Some(id), .. }) => {
                    self.choices.insert((target, id));
                }
                Part::Bubble(_) | Part::Line(_) => {}
            }
        }
    }

    /// The message on the page that this one changes.
    fn target(&self, message: &'m Message, part: &Part<'m>) -> Option<usize> {
        let wamid = match part {
            Part::Reaction { to, .. } => to,
            Part::Bubble(Spoken { chooses: Some(_), .. }) => message.body.quotes.as_deref()?,
            Part::Bubble(_) | Part::Line(_) => return None,
        };
        self.places.get(wamid).copied()
    }

    fn entry(&self, place: usize, message: &'m Message, part: &Part<'m>) -> Option<Entry> {
        match part {
            Part::Bubble(spoken) => Some(Entry::Message(Box::new(self.bubble(place, message, spoken)))),
            Part::Line(text) => Some(line(message, text.clone())),
            Part::Reaction { to, .. } if self.places.contains_key(to) => None,
            Part::Reaction { emoji, .. } => {
                let reaction = Reaction { emoji: (*emoji)?.to_owned(), author: self.name(message) };
                Some(line(message, self.reading.cx.reaction_text(&reaction)))
            }
        }
    }

    fn bubble(&self, place: usize, message: &'m Message, spoken: &Spoken<'m>) -> MessageBubble {
        let offers = spoken.offers.iter();
        let choices = offers
            .map(|(id, title)| Choice {
                title: (*title).to_owned(),
                chosen: self.choices.contains(&(place, *id)),
            })
            .collect();
        let reactions = self
            .reactions
            .range((place, false)..=(place, true))
            .map(|(_, (by, emoji))| Reaction { emoji: (*emoji).to_owned(), author: self.name(by) });
        MessageBubble {
            id: message.id.0,
            seq: message.changed_seq,
            side: side(message),
            author: self.author(message),
            text: spoken.text.clone(),
            content: super::media::with_file(spoken.content.clone(), message),
            quote: self.quote(spoken.corrects.or(message.body.quotes.as_deref())),
            choices,
            reactions: reactions.collect(),
            delivery: delivery(message, self.reading.may_retry),
            at_ms: message.sent_at,
            starts_day: false,
            joined: false,
        }
    }

    fn quote(&self, wamid: Option<&str>) -> Option<Quote> {
        let (message, part) = self.parts.get(*self.places.get(wamid?)?)?;
        let text = match part {
            Part::Bubble(spoken) => summary(self.reading.cx, spoken),
            Part::Reaction { emoji, .. } => emoji.unwrap_or_default().to_owned(),
            Part::Line(text) => text.clone(),
        };
        Some(Quote { message_id: Some(message.id.0), author: self.name(message), text })
    }

    /// A colleague's name stands above what the colleague wrote; the reader knows their own.
    fn author(&self, message: &Message) -> Option<String> {
        let is_colleague = matches!(message.author, Author::User(user) if user != self.reading.me);
        (message.direction == Direction::Outbound && is_colleague).then(|| self.name(message))
    }

    fn name(&self, message: &Message) -> String {
        match message.author {
            Author::User(user) if user == self.reading.me => self.reading.cx.text("you"),
            Author::User(user) => {
                self.reading.users.get(&user).map(|user| user.name.clone()).unwrap_or_default()
            }
            Author::Contact if message.direction == Direction::Inbound => self.reading.contact.to_owned(),
            Author::Contact => self.reading.cx.text("automatic-sender"),
        }
    }
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
    let (text, media) = match read(cx, &message.body) {
        Part::Bubble(spoken) => (spoken.summary(), spoken.kind()),
        Part::Reaction { emoji, .. } => (emoji.unwrap_or_default().to_owned(), None),
        Part::Line(text) => (text, None),
    };
    Preview { side: side(message), text, media, delivery: delivery(message, false) }
}
