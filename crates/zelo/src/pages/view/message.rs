//! One entry of a thread: a message or a line of the system.

use uuid::Uuid;

use crate::{media::Refusal, pages::context::PageContext};

/// Messages of one side that follow each other within five minutes are drawn as one group.
const JOIN_WITHIN_MS: i64 = 5 * 60_000;

/// Who speaks in a bubble; decides side and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The contact.
    In,
    /// A person of the team.
    Out,
    /// A flow or another automatic sender, towards the contact.
    Bot,
    /// Only the team sees it.
    Note,
}

/// Where an outbound message is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Queued,
    Sent,
    Delivered,
    Read,
    /// Meta refused it or could not deliver it.
    Failed {
        /// Meta's error code; known ones are said in words.
        code: Option<i64>,
        /// Meta's own words, shown for an unknown code.
        reason: String,
        can_retry: bool,
    },
    /// The answer of Meta was lost; it may or may not have been sent.
    Unconfirmed {
        can_retry: bool,
    },
}

/// What kind of file a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    Image,
    Video,
    /// Recorded in the chat.
    Voice,
    Audio,
    Document,
    Sticker,
    /// Not a file, but previewed like one.
    Location,
    Contacts,
    Template,
    /// A type of message that this version does not know.
    Unsupported,
    /// What was deleted.
    Deleted,
}

/// A file, shown as a placeholder until it can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    pub kind: MediaKind,
    pub file_name: Option<String>,
    /// Of a recording, in seconds.
    pub length_s: Option<u32>,
    /// Where the file can be opened on this server; `None` while it cannot.
    pub url: Option<String>,
    /// How it stands with the file.
    pub standing: Standing,
    /// In bytes.
    pub size: Option<u64>,
    /// A small picture of it.
    pub small: Option<SmallPicture>,
    /// Whether browsers play it.
    pub is_played: bool,
    /// How much goes on in each part of a recording, from 0 to 100.
    pub waveform: Option<Vec<u8>>,
}

impl Media {
    /// A file of which no more is known.
    pub fn unknown(kind: MediaKind, file_name: Option<String>) -> Self {
        Self {
            kind,
            file_name,
            length_s: None,
            url: None,
            standing: Standing::Unknown,
            size: None,
            small: None,
            is_played: false,
            waveform: None,
        }
    }
}

/// How it stands with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It came before files were kept here.
    Unknown,
    /// It is being fetched.
    Pending,
    Stored,
    /// Why it was not taken.
    Refused(Option<Refusal>),
    /// WhatsApp does not have it any more.
    Expired,
}

/// Where a small picture is, and how large it is drawn, in pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallPicture {
    pub url: String,
    pub width: u32,
    pub height: u32,
}

/// A place on the map, in degrees (WGS 84).
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    pub latitude: f64,
    pub longitude: f64,
    pub name: Option<String>,
    pub address: Option<String>,
}

impl Eq for Location {}

/// A contact card that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactCard {
    pub name: String,
    pub phone: Option<String>,
    /// Further numbers, addresses and the company, a line each.
    pub details: Vec<String>,
}

/// The advertisement that led a contact here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    pub headline: String,
    pub text: String,
    /// Where it is; only of the web.
    pub url: Option<String>,
}

/// What a bubble holds besides its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    #[default]
    Text,
    Media(Media),
    Location(Location),
    Contacts(Vec<ContactCard>),
    /// A template, by name; its rendered text is the text of the bubble.
    Template(String),
    Unsupported,
    /// Its writer deleted it for everyone.
    Deleted,
}

/// The message that is being replied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub message_id: Option<Uuid>,
    pub author: String,
    pub text: String,
}

/// An emoji put on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    pub emoji: String,
    pub author: String,
}

/// A button or list row that a message offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub title: String,
    /// What stands below the title of a row.
    pub note: Option<String>,
    pub chosen: bool,
}

/// What stands around the text of a message with buttons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    pub title: Option<String>,
    pub footer: Option<String>,
    /// The one button that opens something: a list, a page, a form, or what was asked for.
    pub button: Option<Press>,
}

/// A button that the contact sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    pub text: String,
    /// Where it leads; only of the web.
    pub url: Option<String>,
}

/// The emojis that the reader may put on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmojiMenu {
    /// The one of ours that is on it.
    pub ours: Option<String>,
}

impl EmojiMenu {
    /// Those that WhatsApp itself offers first.
    pub const EMOJIS: [&'static str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

    /// Whether an emoji is on the message; choosing it again takes it back.
    pub fn is_ours(&self, emoji: &str) -> bool {
        self.ours.as_deref() == Some(emoji)
    }

    /// One of ours that is not among those that are offered, to be taken back.
    pub fn other(&self) -> Option<&str> {
        self.ours.as_deref().filter(|emoji| !Self::EMOJIS.contains(emoji))
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageBubble {
    pub id: Uuid,
    /// The conversation's `seq` of the newest change to this message.
    pub seq: i64,
    pub side: Side,
    /// Said above a bot's message (name and version of the flow) and a note (who wrote it).
    pub author: Option<String>,
    /// Text or caption; empty when there is none.
    pub text: String,
    pub content: Content,
    /// How it came, in the reader's language: forwarded, in a group, from the business's own app.
    pub labels: Vec<String>,
    pub referral: Option<Referral>,
    /// Whether its writer changed it afterwards.
    pub is_edited: bool,
    pub quote: Option<Quote>,
    pub frame: Frame,
    pub choices: Vec<Choice>,
    pub reactions: Vec<Reaction>,
    /// None where the reader cannot react.
    pub emojis: Option<EmojiMenu>,
    /// `None` for inbound messages and notes.
    pub delivery: Option<Delivery>,
    /// When the contact wrote or the team sent it.
    pub at_ms: i64,
    /// Whether a line with the day stands above; see [`arrange`].
    pub starts_day: bool,
    /// Whether it continues the bubble above; see [`arrange`].
    pub joined: bool,
}

/// What a line of the system reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemKind {
    /// Given to a person, a team or nobody.
    Assigned,
    Resolved,
    Reopened,
    Snoozed,
    /// Anything else.
    Info,
}

/// Something that happened in the conversation and is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLine {
    /// Unique in the thread, so that a live update replaces instead of repeating.
    pub id: String,
    pub seq: i64,
    pub kind: SystemKind,
    /// Already in the reader's language.
    pub text: String,
    pub at_ms: i64,
    pub starts_day: bool,
}

/// One entry of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    // Boxed: a message is many times larger than a line.
    Message(Box<MessageBubble>),
    System(SystemLine),
}

impl Entry {
    fn at_ms(&self) -> i64 {
        match self {
            Self::Message(message) => message.at_ms,
            Self::System(line) => line.at_ms,
        }
    }
}

/// Set `starts_day` and `joined` of entries in reading order. `previous` is the entry that stands above the first one on the
/// page, if any; without it the first entry gets a day line, which the browser drops when the thread already shows it.
pub fn arrange(cx: &PageContext, entries: &mut [Entry], previous: Option<&Entry>) {
    let mut above: Option<(i64, Option<Side>)> = previous.map(|entry| (entry.at_ms(), side_of(entry)));
    for entry in entries {
        let at_ms = entry.at_ms();
        let new_day = above.is_none_or(|(above_ms, _)| !cx.same_day(above_ms, at_ms));
        let side = side_of(entry);
        match entry {
            Entry::Message(message) => {
                message.starts_day = new_day;
                message.joined = !new_day
                    && message.author.is_none()
                    && above.is_some_and(|(above_ms, above_side)| {
                        above_side == side && at_ms.saturating_sub(above_ms) < JOIN_WITHIN_MS
                    });
            }
            Entry::System(line) => line.starts_day = new_day,
        }
        above = Some((at_ms, side));
    }
}

fn side_of(entry: &Entry) -> Option<Side> {
    match entry {
        Entry::Message(message) => Some(message.side),
        Entry::System(_) => None,
    }
}
