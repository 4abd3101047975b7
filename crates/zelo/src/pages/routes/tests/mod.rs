//! What stands in a thread.

mod bubbles;
mod together;

use super::entries::{Reading, entries};
use crate::{
    identity::{Role, User},
    ids::{ConversationId, MessageId, TenantId, UserId},
    messages::{Author, Body, Direction, Marks, Message, MessageStatus, Said},
    pages::{
        context::{PageContext, Theme},
        locale::Lang,
        view::{Entry, MessageBubble},
    },
};
use std::collections::HashMap;
use uuid::Uuid;
use whatsapp::{client::OutboundContent, webhook::Content};

const NOON: i64 = 1_795_273_200_000;
const ANA: UserId = UserId(Uuid::from_u128(1));
const BRUNO: UserId = UserId(Uuid::from_u128(2));

const ENGLISH: PageContext =
    PageContext { lang: Lang::English, theme: Theme::System, now_ms: NOON, offset_minutes: -180 };

fn message(number: i64, said: Said) -> Message {
    let is_inbound = matches!(said, Said::Inbound(_));
    Message {
        id: MessageId(Uuid::from_u128(100 + u128::try_from(number).unwrap())),
        conversation: ConversationId(Uuid::from_u128(50)),
        seq: number,
        changed_seq: number,
        direction: if is_inbound { Direction::Inbound } else { Direction::Outbound },
        status: if is_inbound { MessageStatus::Received } else { MessageStatus::Sent },
        body: Body { wamid: Some(format!("wamid.{number}")), ..Body::new(said) },
        author: if is_inbound { Author::Contact } else { Author::User(ANA) },
        sent_at: NOON + number * 1000,
        created_at: NOON,
        failure: None,
        media: None,
        pricing: None,
        marks: Marks::default(),
        changes: None,
        quoted: None,
    }
}

/// Helena writes.
fn inbound(number: i64, content: Content) -> Message {
    message(number, Said::Inbound(content))
}

/// Ana answers.
fn outbound(number: i64, content: OutboundContent) -> Message {
    message(number, Said::Outbound(content))
}

fn quoting(number: i64, mut message: Message) -> Message {
    message.body.quotes = Some(format!("wamid.{number}"));
    message
}

/// Ana's colleague Bruno is known by name.
fn staff() -> HashMap<UserId, User> {
    let bruno = User {
        id: BRUNO,
        tenant: TenantId(Uuid::from_u128(7)),
        role: Role::Agent,
        name: "Bruno Lima".into(),
        email: "bruno@acme.example".into(),
        is_active: true,
        visibility: None,
    };
    HashMap::from([(BRUNO, bruno)])
}

fn for_ana<T>(read: impl FnOnce(&Reading<'_>) -> T) -> T {
    read(&Reading { cx: &ENGLISH, contact: "Helena Duarte", users: &staff(), me: ANA, may_send: true })
}

/// The entries as Ana sees them.
fn seen(messages: &[Message]) -> Vec<Entry> {
    for_ana(|reading| entries(reading, messages))
}

fn bubble(entry: &Entry) -> &MessageBubble {
    match entry {
        Entry::Message(bubble) => bubble,
        Entry::System(line) => panic!("a line instead of a bubble: {}", line.text),
    }
}

fn only_bubble(message: Message) -> MessageBubble {
    let entries = seen(&[message]);
    assert_eq!(entries.len(), 1);
    bubble(&entries[0]).clone()
}

fn only_line(message: Message) -> String {
    match seen(&[message]).as_slice() {
        [Entry::System(line)] => line.text.clone(),
        other => panic!("not one line: {other:?}"),
    }
}
