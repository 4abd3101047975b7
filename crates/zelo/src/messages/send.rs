//! Sending a message: through the gate, then into its conversation and into the queue.

use super::{
    Body, Direction, Marks, Message, MessageStatus,
    gate::{Destination, Judged, judge},
    marks,
    model::Author,
    store,
};
use crate::{
    app::App,
    clock::Millis,
    contacts,
    conversations::{self, Begun},
    crypto::Key,
    error::Result,
    events::{self, Event},
    ids::{ChannelId, ContactId, ConversationId, MessageId, UserId},
    media::{self, Attached},
    outbound::{self, Urgency},
    quotas::Limit,
    rights::Sight,
    tenants::TenantScope,
};
use db::Tx;
use whatsapp::{client::OutboundContent, phone::Phone};

/// A message that somebody here wants to send.
#[derive(Debug, Clone)]
pub struct SendRequest {
    /// Where.
    pub to: To,
    /// What.
    pub content: OutboundContent,
    /// The message that it quotes.
    pub reply_to: Option<MessageId>,
    /// Who writes.
    pub author: UserId,
    /// How much it presses.
    pub urgency: Urgency,
}

impl SendRequest {
    /// What one of the staff writes into a conversation: somebody waits for it.
    pub fn by_person(
        conversation: ConversationId,
        content: OutboundContent,
        reply_to: Option<MessageId>,
        author: UserId,
    ) -> Self {
        Self { to: To::Conversation(conversation), content, reply_to, author, urgency: Urgency::Person }
    }
}

/// Where a message goes.
#[derive(Debug, Clone)]
pub enum To {
    /// Into a conversation.
    Conversation(ConversationId),
    /// From one of our numbers to a person's, into their current conversation. Where there is none, or where nobody knows the
    /// person, the message begins it.
    Number(ChannelId, Phone),
}

/// A message that passed the gate and only needs storing.
#[derive(Debug)]
pub struct Passed {
    id: MessageId,
    conversation: ConversationId,
    /// What begins with the message.
    begun: Option<Begun>,
    /// Under whose key it is sealed.
    contact: ContactId,
    author: UserId,
    urgency: Urgency,
    body: Body,
    /// The digest of the id of the message that it changes.
    target: Option<[u8; 16]>,
    content_sealed: Vec<u8>,
    media: Option<Attached>,
    limit: Limit,
    now: Millis,
}

/// Send a message: the gate, then a queued row, its job and its event in one transaction.
///
/// # Errors
/// As [`pass`] and [`enqueue`].
pub async fn send_message(app: &App, sight: Sight, request: &SendRequest) -> Result<Message> {
    let passed = pass(app, sight, request).await?;
    db::write!(app.db, "send_message", sight.into(), |tx| -> Result<Message> {
        enqueue(tx, app, sight.scope(), &passed).await
    })
}

/// Check everything that decides whether a message may leave. Nothing is stored yet, so that what is refused leaves nothing
/// behind: no person that nobody wrote to, and no empty conversation.
///
/// # Errors
/// [`crate::Error::NotFound`] for a stranger's conversation, [`crate::Error::WindowClosed`] after 24 hours,
/// [`crate::Error::Conflict`] when the tenant or channel may not send, [`crate::Error::Invalid`] naming every part that Meta
/// would not take, and the message that is quoted or reacted to where it is not one of the conversation.
pub async fn pass(app: &App, sight: Sight, request: &SendRequest) -> Result<Passed> {
    let now = app.clock.now();
    match &request.to {
        To::Conversation(id) => {
            let conversation = conversations::get_conversation(app, sight, *id).await?;
            Box::pin(pass_into(app, sight, &conversation, request, now)).await
        }
        // Boxed, because every handler that sends would carry the largest of its ways on its stack.
        To::Number(channel, phone) => {
            Box::pin(pass_to_number(app, sight, *channel, phone, request, now)).await
        }
    }
}

async fn pass_into(
    app: &App,
    sight: Sight,
    conversation: &conversations::Conversation,
    request: &SendRequest,
    now: Millis,
) -> Result<Passed> {
    let contact = contacts::get_contact(app, sight.scope(), conversation.contact).await?;
    let to = Destination {
        conversation: conversation.id,
        channel: conversation.channel,
        window_is_open: conversation.window_is_open(now),
        marketing: contact.marketing,
    };
    let judged = judge(app, sight, to, request, now).await?;
    let key = app.keyring.key(contact.key_id).await?;
    seal(app, sight.scope(), (conversation.id, contact.id, &key), request, judged, now)
}

async fn pass_to_number(
    app: &App,
    sight: Sight,
    channel: ChannelId,
    phone: &Phone,
    request: &SendRequest,
    now: Millis,
) -> Result<Passed> {
    let scope = sight.scope();
    let known = contacts::find_by_phone(app, scope, phone).await?;
    let marketing = match known {
        Some(contact) => {
            if let Some(current) = conversations::find_current(app, sight, contact, channel).await? {
                return pass_into(app, sight, &current, request, now).await;
            }
            contacts::get_contact(app, scope, contact).await?.marketing
        }
        None => None,
    };
    let conversation = ConversationId(app.ids.next());
    let to = Destination { conversation, channel, window_is_open: false, marketing };
    let judged = judge(app, sight, to, request, now).await?;
    // Only now: somebody new gets a key of their own, which is stored beside the data.
    let person = contacts::prepare_by_phone(app, scope, phone).await?;
    let (contact, key) = (person.id(), person.key());
    let passed = seal(app, scope, (conversation, contact, &key), request, judged, now)?;
    let begun = Begun::by(sight, person, (conversation, channel), now);
    Ok(Passed { begun: Some(begun), ..passed })
}

/// Seal what may leave under the key of its contact.
fn seal(
    app: &App,
    scope: TenantScope,
    (conversation, contact, key): (ConversationId, ContactId, &Key),
    request: &SendRequest,
    judged: Judged,
    now: Millis,
) -> Result<Passed> {
    let Judged { body, target, media, limit } = judged;
    let id = MessageId(app.ids.next());
    let content_sealed = body.seal(scope, id, key)?;
    let (author, urgency) = (request.author, request.urgency);
    let begun = None;
    Ok(Passed {
        id,
        conversation,
        begun,
        contact,
        author,
        urgency,
        body,
        target,
        content_sealed,
        media,
        limit,
        now,
    })
}

/// Store what passed the gate, inside the caller's transaction. The month's quota is the gate's last word: it is counted with
/// the message, so that two at once cannot both be the last one.
///
/// # Errors
/// As [`conversations::hold_for`] and [`conversations::insert_begun`], [`crate::Error::OverQuota`], and what the database
/// answers.
pub async fn enqueue(tx: &mut Tx, app: &App, scope: TenantScope, passed: &Passed) -> Result<Message> {
    match &passed.begun {
        Some(begun) => conversations::insert_begun(tx, scope, begun).await?,
        None => conversations::hold_for(tx, scope, passed.conversation, passed.contact).await?,
    }
    // What only changes another message does not come last in the list.
    let seq = match passed.target {
        Some(_) => conversations::next_seq(tx, scope, passed.conversation).await?,
        None => conversations::place_outbound(tx, scope, passed.conversation, passed.now).await?,
    };
    let row = store::MessageRow {
        id: passed.id,
        conversation: passed.conversation,
        seq,
        changed_seq: seq,
        direction: Direction::Outbound,
        status: MessageStatus::Queued,
        content_sealed: passed.content_sealed.clone(),
        sent_at: passed.now,
        created_at: passed.now,
        author: Some(passed.author),
        error_code: None,
        error_text: None,
        has_marks: false,
        pricing: None,
    };
    store::insert_outbound(tx, scope, &row, passed.body.kind()).await?;
    if let Some(file) = &passed.media {
        media::attach(tx, scope, file.media.id, passed.id).await?;
    }
    if let Some(target) = passed.target {
        marks::insert_marks(tx, scope, &[(target, passed.conversation, seq)], passed.now).await?;
    }
    outbound::enqueue(tx, app, scope, passed.conversation, passed.id, passed.urgency).await?;
    let event = Event::MessageCreated { conversation: passed.conversation, message: passed.id, seq };
    events::record(tx, scope, &[event], passed.now).await?;
    passed.limit.take(tx, scope, 1, passed.now).await?;
    Ok(Message {
        id: row.id,
        conversation: row.conversation,
        seq,
        changed_seq: seq,
        direction: row.direction,
        status: row.status,
        body: passed.body.clone(),
        author: Author::User(passed.author),
        sent_at: row.sent_at,
        created_at: row.created_at,
        failure: None,
        media: passed.media.clone(),
        pricing: None,
        marks: Marks::default(),
        changes: None,
        quoted: None,
    })
}
