//! The open conversation, filled from the services.

use super::{
    address, entries,
    entries::Reading,
    list::{person, staff},
    visit::Desk,
};
use crate::{
    audit, channels, contacts,
    contacts::Contact,
    conversations::{self, AssigneeFilter, Conversation, ConversationStatus as Status, Listing},
    error::Result,
    identity::User,
    ids::{ConversationId, MessageId, UserId},
    messages::{self, Message},
    pages::view::{
        Assignment, Composer, ContactPanel, ConversationStatus, Entry, MessageRange, Notice,
        PastConversation, Quote, Thread, ThreadHead, Window, phone_text,
    },
    rights::Permission,
};
use std::collections::{HashMap, HashSet};

/// Messages on one page of a thread.
const PAGE: usize = 50;
/// Changes that one request fetches; more happen only while a browser sleeps, and it begins anew then.
const MOST_CHANGES: i64 = 500;
/// Earlier conversations in the panel.
const PAST: usize = 5;

/// A conversation with what its thread is drawn from.
pub(super) struct Opened {
    pub(super) conversation: Conversation,
    contact: Contact,
    channel: String,
    users: HashMap<UserId, User>,
}

impl Opened {
    /// # Errors
    /// [`crate::Error::NotFound`], for a stranger's conversation and an erased contact too.
    pub(super) async fn load(desk: &Desk, id: ConversationId, users: HashMap<UserId, User>) -> Result<Self> {
        let conversation = conversations::get_conversation(&desk.app, desk.sight, id).await?;
        audit::note_reading(&desk.app, desk.sight, desk.user, id).await?;
        Self::of(desk, conversation, users).await
    }

    pub(super) async fn of(
        desk: &Desk,
        conversation: Conversation,
        users: HashMap<UserId, User>,
    ) -> Result<Self> {
        let contact = contacts::get_contact(&desk.app, desk.scope, conversation.contact).await?;
        let channel = channels::get_channel(&desk.app, desk.scope, conversation.channel).await?.name;
        Ok(Self { conversation, contact, channel, users })
    }

    /// The staff, which the list needs too.
    pub(super) fn users(&self) -> &HashMap<UserId, User> {
        &self.users
    }

    /// The bar above the thread.
    pub(super) fn head(&self, desk: &Desk) -> ThreadHead {
        let phone = self.contact.profile.phone.as_deref().map(phone_text);
        let parts = [phone, Some(self.channel.clone())];
        let subtitle =
            parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        ThreadHead {
            conversation_id: self.conversation.id.0,
            contact: person(desk.cx(), self.contact.id, Some(&self.contact)),
            subtitle,
            status: status(self.conversation.status),
            window: self.window(desk),
            assignment: self.assignment(desk),
        }
    }

    fn window(&self, desk: &Desk) -> Window {
        match self.conversation.window_expires_at {
            Some(until_ms) if self.conversation.window_is_open(desk.cx().now_ms) => Window::Open { until_ms },
            since_ms => Window::Closed { since_ms },
        }
    }

    fn assignment(&self, desk: &Desk) -> Assignment {
        match self.conversation.assignee.and_then(|user| self.users.get(&user)) {
            None => Assignment::Nobody,
            Some(user) if user.id == desk.user => Assignment::Me(staff(user)),
            Some(user) => Assignment::Other(staff(user)),
        }
    }

    /// The whole thread. `before` is where an earlier page ends; `written` is what the field holds.
    pub(super) async fn thread(&self, desk: &Desk, before: Option<&str>, written: Written) -> Result<Thread> {
        let head = self.head(desk);
        let composer = Composer {
            conversation_id: head.conversation_id,
            contact_name: head.contact.name.clone(),
            window: head.window,
            may_reply: desk.rights.allow(Permission::SendMessages),
            idempotency_key: desk.app.ids.next().simple().to_string(),
            text: written.text,
            reply_to: self.quoted(desk, written.reply_to).await?,
            notice: written.notice,
        };
        Ok(Thread {
            last_seq: self.conversation.last_seq,
            messages: self.page(desk, before).await?,
            composer,
            contact: self.panel(desk, &head).await?,
            head,
        })
    }

    /// One page of messages: the newest, or those before a place.
    pub(super) async fn page(&self, desk: &Desk, before: Option<&str>) -> Result<MessageRange> {
        let (messages, has_more) = self.messages(desk, before).await?;
        let oldest = messages.first().filter(|_| has_more);
        let older_cursor = oldest.and_then(|oldest| address::cursor(&(oldest.sent_at, oldest.seq)));
        let entries = self.read(desk, |reading| entries::entries(reading, &messages));
        Ok(MessageRange { conversation_id: self.conversation.id.0, entries, older_cursor })
    }

    /// What is new or changed since `seq`, drawn as it stands in the newest page.
    pub(super) async fn changes(&self, desk: &Desk, seq: i64) -> Result<MessageRange> {
        let id = self.conversation.id;
        let changed = messages::list_after_seq(&desk.app, desk.sight, id, seq, MOST_CHANGES).await?;
        let entries = if changed.is_empty() { Vec::new() } else { self.among_newest(desk, changed).await? };
        Ok(MessageRange { conversation_id: id.0, entries, older_cursor: None })
    }

    /// One message, drawn as it stands in the newest page; with the one that it changes.
    pub(super) async fn message(&self, desk: &Desk, message: Message) -> Result<MessageRange> {
        let entries = self.among_newest(desk, vec![message]).await?;
        Ok(MessageRange { conversation_id: self.conversation.id.0, entries, older_cursor: None })
    }

    async fn among_newest(&self, desk: &Desk, wanted: Vec<Message>) -> Result<Vec<Entry>> {
        let ids: HashSet<MessageId> = wanted.iter().map(|message| message.id).collect();
        let (mut known, _) = self.messages(desk, None).await?;
        // What was just read or written is newer than the page.
        known.retain(|message| !ids.contains(&message.id));
        known.extend(wanted);
        known.sort_by_key(|message| (message.sent_at, message.seq));
        Ok(self.read(desk, |reading| entries::entries_of(reading, &known, &ids)))
    }

    async fn messages(&self, desk: &Desk, before: Option<&str>) -> Result<(Vec<Message>, bool)> {
        let before =
            before.filter(|before| !before.is_empty()).map(address::place::<(i64, i64)>).transpose()?;
        let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
        let mut messages =
            messages::list_messages(&desk.app, desk.sight, self.conversation.id, before, limit).await?;
        let surplus = messages.len().saturating_sub(PAGE);
        messages.drain(..surplus);
        Ok((messages, surplus > 0))
    }

    /// The message that is to be answered, if it is one of the conversation.
    async fn quoted(&self, desk: &Desk, id: Option<MessageId>) -> Result<Option<Quote>> {
        let Some(id) = id else { return Ok(None) };
        let found = messages::load_messages(&desk.app, desk.scope, &[id]).await?.into_iter().next();
        let here = found.filter(|message| message.conversation == self.conversation.id);
        Ok(here.map(|message| self.read(desk, |reading| entries::quote(reading, &message))))
    }

    fn read<T>(&self, desk: &Desk, draw: impl FnOnce(&Reading<'_>) -> T) -> T {
        let contact = person(desk.cx(), self.contact.id, Some(&self.contact));
        let may_send =
            desk.rights.allow(Permission::SendMessages) && self.conversation.window_is_open(desk.cx().now_ms);
        let (cx, users) = (desk.cx(), &self.users);
        draw(&Reading { cx, contact: &contact.name, users, me: desk.user, may_send })
    }

    async fn panel(&self, desk: &Desk, head: &ThreadHead) -> Result<ContactPanel> {
        let profile = &self.contact.profile;
        Ok(ContactPanel {
            conversation_id: head.conversation_id,
            contact: head.contact.clone(),
            since_ms: Some(self.contact.created_at),
            phone: profile.phone.clone(),
            email: None,
            username: profile.username.clone(),
            wants_no_marketing: self.contact.marketing == Some(contacts::MarketingChoice::Stop),
            assignment: head.assignment.clone(),
            status: head.status,
            channel: self.channel.clone(),
            past: self.past(desk).await?,
        })
    }

    async fn past(&self, desk: &Desk) -> Result<Vec<PastConversation>> {
        let listing = Listing {
            statuses: Vec::new(),
            assignee: AssigneeFilter::Anybody,
            channel: None,
            contact: Some(self.conversation.contact),
            team: None,
            after: None,
            limit: i64::try_from(PAST + 1).unwrap_or(i64::MAX),
        };
        let mut past = conversations::list_conversations(&desk.app, desk.sight, &listing).await?;
        past.retain(|conversation| conversation.id != self.conversation.id);
        past.truncate(PAST);
        let last = messages::load_last(&desk.app, desk.scope, &past).await?;
        let title = |conversation: &Conversation| {
            let words = last.get(&conversation.id).map(|message| entries::preview(desk.cx(), message).text);
            words.filter(|words| !words.is_empty()).unwrap_or_else(|| desk.cx().text("conversation"))
        };
        let entry = |conversation: &Conversation| PastConversation {
            id: conversation.id.0,
            title: title(conversation),
            at_ms: conversation.last_activity_at,
        };
        Ok(past.iter().map(entry).collect())
    }
}

/// What the field of the composer holds, and what is said above it.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) notice: Option<Notice>,
    /// The message that is answered.
    pub(super) reply_to: Option<MessageId>,
}

fn status(status: Status) -> ConversationStatus {
    match status {
        Status::Open => ConversationStatus::Open,
        Status::Pending => ConversationStatus::Pending,
        Status::Snoozed => ConversationStatus::Snoozed,
        Status::Resolved => ConversationStatus::Resolved,
    }
}
