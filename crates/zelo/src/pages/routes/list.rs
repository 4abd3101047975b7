//! The list of conversations, filled from the services.

use super::{address, entries, visit::Desk};
use crate::{
    contacts::{self, Contact},
    conversations::{
        self, AssigneeFilter, Conversation, ConversationStatus as Status, Listing, Position,
        count_conversations,
    },
    error::Result,
    identity::{self, User},
    ids::{ContactId, ConversationId, UserId},
    messages::{self, Message, MessageStatus},
    pages::{
        context::PageContext,
        view::{ConversationItem, ConversationList, Counts, Filter, ListQuery, Mark, Person, StatusFilter},
    },
};
use serde::Deserialize;
use std::collections::HashMap;

/// Conversations on one page of the list.
const PAGE: usize = 50;

/// The parameters of a list's address. Words to search for are no part of it: names are encrypted, and a search of the
/// loaded page alone would hide what is on the others.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ListParameters {
    filter: Option<String>,
    status: Option<String>,
    pub(super) cursor: Option<String>,
}

impl ListParameters {
    pub(super) fn query(&self) -> ListQuery {
        ListQuery {
            filter: Filter::from_param(self.filter.as_deref().unwrap_or_default()),
            status: StatusFilter::from_param(self.status.as_deref().unwrap_or_default()),
            search: String::new(),
        }
    }
}

/// In which states conversations are listed. What is open includes what the bot has, except in the queue, which waits for
/// people.
fn statuses(query: &ListQuery) -> Vec<Status> {
    match (query.status, query.filter) {
        (StatusFilter::Open, Filter::Queue) => vec![Status::Open],
        (StatusFilter::Open, _) => vec![Status::Open, Status::Pending],
        (StatusFilter::Pending, _) => vec![Status::Pending],
        (StatusFilter::Snoozed, _) => vec![Status::Snoozed],
        (StatusFilter::Resolved, _) => vec![Status::Resolved],
    }
}

fn assignee(filter: Filter, me: UserId) -> AssigneeFilter {
    match filter {
        Filter::Mine => AssigneeFilter::User(me),
        Filter::Queue | Filter::Unowned => AssigneeFilter::Nobody,
        Filter::All => AssigneeFilter::Anybody,
    }
}

/// Whether a list that was asked for with `query` holds the conversation.
pub(super) fn belongs(query: &ListQuery, me: UserId, conversation: &Conversation) -> bool {
    let is_assigned = match assignee(query.filter, me) {
        AssigneeFilter::Anybody => true,
        AssigneeFilter::Nobody => conversation.assignee.is_none(),
        AssigneeFilter::User(user) => conversation.assignee == Some(user),
    };
    is_assigned && statuses(query).contains(&conversation.status)
}

/// One page of the list with its tabs. `open` is the conversation beside it.
pub(super) async fn load(
    desk: &Desk,
    parameters: &ListParameters,
    users: &HashMap<UserId, User>,
    open: Option<ConversationId>,
) -> Result<ConversationList> {
    let query = parameters.query();
    let cursor = parameters.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let listing = Listing {
        statuses: statuses(&query),
        assignee: assignee(query.filter, desk.user),
        channel: None,
        contact: None,
        team: None,
        after: cursor.map(address::place::<Position>).transpose()?,
        limit: i64::try_from(PAGE + 1).unwrap_or(i64::MAX),
    };
    let mut page = conversations::list_conversations(&desk.app, desk.sight, &listing).await?;
    let has_more = page.len() > PAGE;
    page.truncate(PAGE);
    let next_cursor = page.last().filter(|_| has_more).and_then(|last| address::cursor(&last.position()));
    let [mine, nobody, all, unread] = count_conversations(&desk.app, desk.sight, desk.user).await?.map(count);
    let counts = Counts { mine, queue: nobody, unowned: nobody, all, unread };
    Ok(ConversationList { query, counts, items: items(desk, users, &page, open).await?, next_cursor })
}

fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// The rows of these conversations.
pub(super) async fn items(
    desk: &Desk,
    users: &HashMap<UserId, User>,
    page: &[Conversation],
    open: Option<ConversationId>,
) -> Result<Vec<ConversationItem>> {
    let ids = page.iter().map(|conversation| conversation.contact);
    let contacts = contacts::load_contacts(&desk.app, desk.scope, ids).await?;
    let last = messages::load_last(&desk.app, desk.scope, page).await?;
    let row = |conversation: &Conversation| {
        let contact = contacts.get(&conversation.contact);
        let last = last.get(&conversation.id);
        let mut item = item(desk.cx(), conversation, contact, last);
        item.assignee = conversation.assignee.and_then(|user| users.get(&user)).map(staff);
        item.selected = open == Some(conversation.id);
        item
    };
    Ok(page.iter().map(row).collect())
}

fn item(
    cx: &PageContext,
    conversation: &Conversation,
    contact: Option<&Contact>,
    last: Option<&Message>,
) -> ConversationItem {
    ConversationItem {
        id: conversation.id.0,
        contact: person(cx, conversation.contact, contact),
        without_phone: contact.is_some_and(|contact| contact.profile.phone.is_none()),
        preview: last.map(|message| entries::preview(cx, message)),
        last_activity_ms: conversation.last_activity_at,
        open: conversation.status == Status::Open,
        unread: count(conversation.unread_count),
        marks: marks(cx.now_ms, conversation, last),
        assignee: None,
        selected: false,
    }
}

fn marks(now_ms: i64, conversation: &Conversation, last: Option<&Message>) -> Vec<Mark> {
    let mut marks = Vec::new();
    if last.is_some_and(|message| message.status == MessageStatus::Failed) {
        marks.push(Mark::NotSent);
    }
    match conversation.status {
        Status::Open if conversation.assignee.is_none() => marks.push(Mark::Queued),
        Status::Open => {}
        Status::Pending => marks.push(Mark::WithBot),
        Status::Snoozed => marks.push(Mark::Snoozed { until_ms: conversation.snoozed_until }),
        Status::Resolved => marks.push(Mark::Resolved),
    }
    if conversation.status != Status::Resolved && !conversation.window_is_open(now_ms) {
        marks.push(Mark::WindowClosed);
    }
    marks
}

/// A contact; one of whom nothing is known is called just that.
pub(super) fn person(cx: &PageContext, id: ContactId, contact: Option<&Contact>) -> Person {
    let name = contact.map(|contact| contact.profile.display_name()).filter(|name| !name.is_empty());
    Person::new(&name.unwrap_or_else(|| cx.text("contact")), id.0.as_bytes())
}

/// One of the staff.
pub(super) fn staff(user: &User) -> Person {
    Person::new(&user.name, user.id.0.as_bytes())
}

/// The staff by id.
pub(super) async fn load_staff(desk: &Desk) -> Result<HashMap<UserId, User>> {
    identity::load_users(&desk.app, desk.scope.tenant()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ChannelId;
    use uuid::Uuid;

    const NOON: i64 = 1_795_176_000_000;
    const ANA: UserId = UserId(Uuid::from_u128(1));

    fn of(status: Status, assignee: Option<UserId>) -> Conversation {
        Conversation {
            id: ConversationId(Uuid::from_u128(2)),
            channel: ChannelId(Uuid::from_u128(3)),
            contact: ContactId(Uuid::from_u128(4)),
            status,
            assignee,
            team: None,
            last_seq: 1,
            unread_count: 0,
            last_message_seq: 1,
            last_activity_at: NOON,
            window_expires_at: Some(NOON + 1),
            snoozed_until: None,
            created_at: NOON,
        }
    }

    fn asked(filter: &str, status: &str) -> ListQuery {
        let parameters =
            ListParameters { filter: Some(filter.to_owned()), status: Some(status.to_owned()), cursor: None };
        parameters.query()
    }

    #[test]
    fn the_queue_holds_what_waits_for_people_and_nobody_has() {
        let queue = asked("queue", "open");
        assert!(belongs(&queue, ANA, &of(Status::Open, None)));
        assert!(!belongs(&queue, ANA, &of(Status::Open, Some(ANA))));
        assert!(!belongs(&queue, ANA, &of(Status::Pending, None)));
        assert!(belongs(&asked("none", "open"), ANA, &of(Status::Pending, None)));
    }

    #[test]
    fn ana_finds_her_own_and_not_her_colleagues_conversations() {
        let mine = asked("mine", "open");
        assert!(belongs(&mine, ANA, &of(Status::Open, Some(ANA))));
        assert!(!belongs(&mine, ANA, &of(Status::Open, Some(UserId(Uuid::from_u128(9))))));
        assert!(!belongs(&mine, ANA, &of(Status::Resolved, Some(ANA))));
        assert!(belongs(&asked("mine", "resolved"), ANA, &of(Status::Resolved, Some(ANA))));
    }

    #[test]
    fn a_row_is_marked_by_who_is_to_act() {
        assert_eq!(marks(NOON, &of(Status::Open, None), None), [Mark::Queued]);
        assert_eq!(marks(NOON, &of(Status::Open, Some(ANA)), None), []);
        assert_eq!(marks(NOON + 1, &of(Status::Open, Some(ANA)), None), [Mark::WindowClosed]);
        assert_eq!(marks(NOON + 1, &of(Status::Resolved, Some(ANA)), None), [Mark::Resolved]);
    }
}
