//! The list of conversations and the page around it.

use uuid::Uuid;

use super::{Delivery, MediaKind, Notice, Person, Rail, Side, Thread};

/// Whose conversations are listed: the tabs above the list and the `filter` parameter of the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Assigned to the reader.
    Mine,
    /// Open and waiting in a queue.
    Queue,
    /// Open and owned by nobody, in a queue or not.
    Unowned,
    #[default]
    All,
}

/// Every filter, in the order of the tabs.
pub const FILTERS: [Filter; 4] = [Filter::Mine, Filter::Queue, Filter::Unowned, Filter::All];

impl Filter {
    /// The value of the `filter` parameter.
    pub fn param(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Queue => "queue",
            Self::Unowned => "none",
            Self::All => "all",
        }
    }

    /// The filter of a parameter; an unknown one lists all.
    pub fn from_param(param: &str) -> Self {
        FILTERS.into_iter().find(|filter| filter.param() == param).unwrap_or_default()
    }
}

/// The state of the listed conversations: the `status` parameter of the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StatusFilter {
    #[default]
    Open,
    Pending,
    Snoozed,
    Resolved,
}

/// Every state, in the order of the menu.
pub const STATUS_FILTERS: [StatusFilter; 4] =
    [StatusFilter::Open, StatusFilter::Pending, StatusFilter::Snoozed, StatusFilter::Resolved];

impl StatusFilter {
    /// The value of the `status` parameter.
    pub fn param(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }

    /// The state of a parameter; an unknown one lists the open conversations.
    pub fn from_param(param: &str) -> Self {
        STATUS_FILTERS.into_iter().find(|status| status.param() == param).unwrap_or_default()
    }
}

/// What a list was asked for. Links of the list carry it on, so that opening a conversation does not lose the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    pub filter: Filter,
    pub status: StatusFilter,
    /// The words searched for; empty without a search.
    pub search: String,
}

/// How many conversations each tab holds in the chosen state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub mine: u32,
    pub queue: u32,
    pub unowned: u32,
    pub all: u32,
    /// Conversations with something unread that the reader should see to: the number in the rail.
    pub unread: u32,
}

impl Counts {
    /// The number on the tab of `filter`.
    pub fn of(&self, filter: Filter) -> u32 {
        match filter {
            Filter::Mine => self.mine,
            Filter::Queue => self.queue,
            Filter::Unowned => self.unowned,
            Filter::All => self.all,
        }
    }
}

/// One page of the list, with the tabs above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationList {
    pub query: ListQuery,
    pub counts: Counts,
    /// In order: open first, then by last activity, newest first.
    pub items: Vec<ConversationItem>,
    /// Opaque; `None` at the end of the list.
    pub next_cursor: Option<String>,
}

/// The whole inbox. `thread` is `None` while no conversation is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxPage {
    pub user: Person,
    pub list: ConversationList,
    pub thread: Option<Thread>,
    /// What went wrong with the form that led here, for readers without JavaScript.
    pub notice: Option<Notice>,
    pub rail: Rail,
}

/// One conversation in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationItem {
    pub id: Uuid,
    pub contact: Person,
    /// Known only by a user name, not by a number.
    pub without_phone: bool,
    /// Of the newest message; `None` in a conversation without one.
    pub preview: Option<Preview>,
    pub last_activity_ms: i64,
    /// Open conversations stand above all others.
    pub open: bool,
    /// Messages not yet read by the team.
    pub unread: u32,
    /// Shown in this order; those that do not fit are cut off.
    pub marks: Vec<Mark>,
    pub assignee: Option<Person>,
    /// Whether its thread is open beside the list.
    pub selected: bool,
}

/// The newest message of a conversation in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub side: Side,
    /// Text or caption; may be empty when there is media.
    pub text: String,
    pub media: Option<MediaKind>,
    /// Of an outbound message.
    pub delivery: Option<Delivery>,
}

/// A state of a conversation that is said in its list item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The newest outbound message did not reach the contact.
    NotSent,
    /// Open and waiting in a queue for somebody.
    Queued,
    /// Only a template can be sent.
    WindowClosed,
    /// Comes back at the given time, or when the contact writes.
    Snoozed {
        until_ms: Option<i64>,
    },
    /// A bot has it.
    WithBot,
    Resolved,
}
