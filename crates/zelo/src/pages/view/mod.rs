//! What the pages show, as plain values. Handlers fill these from the services; nothing here reads anything.
//!
//! Times are Unix milliseconds; the fragment formats them with the reader's offset. Texts are what people wrote, not HTML.

mod account;
mod audit;
mod channels;
mod contact;
mod error;
mod inbox;
mod message;
mod person;
mod rail;
mod templates;
mod thread;

pub use crate::media::Refusal;
pub use account::{AccountMfa, AccountPage, AccountSession, FormField, FormPage, ShownLetter};
pub use audit::{AuditDetail, AuditPage, AuditQuery, AuditRow, AuditSeal, EventType, Outcome};
pub use channels::{ChannelCard, ChannelsPage, CheckRow, CheckedNumber, NoticeRow, SilenceNote, Verdict};
pub use contact::{ContactPanel, PastConversation};
pub use error::{ErrorPage, LoginError, LoginPage, Notice, NoticeKind};
pub use inbox::{
    ConversationItem, ConversationList, Counts, FILTERS, Filter, InboxPage, ListQuery, Mark, Preview,
    STATUS_FILTERS, StatusFilter,
};
pub use message::{
    Choice, ContactCard, Content, Delivery, EmojiMenu, Entry, Frame, Location, Media, MediaKind,
    MessageBubble, Press, Quote, Reaction, Referral, Side, SmallPicture, Standing, SystemKind, SystemLine,
    arrange,
};
pub use person::{Person, phone_text};
pub use rail::{Rail, RailPlace};
pub use templates::{
    ChosenTemplate, NewTemplatePage, SyncLine, TemplateCard, TemplateChooserPage, TemplateField,
    TemplatePage, TemplatePreview, TemplateTone, TemplatesPage, TypedTemplate,
};
pub use thread::{Assignment, Composer, ConversationStatus, MessageRange, Thread, ThreadHead, Window};
