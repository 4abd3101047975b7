//! The one gate: everything that leaves towards a contact passes here.

use super::{Body, Marks, Message, MessageStatus, Said, load_messages, marks, model::Author, refer, store};
use crate::{
    app::App,
    channels::{self, Channel, ChannelStatus},
    clock::Millis,
    contacts::{self, MarketingChoice},
    conversations::{self, Conversation},
    crypto::{Field, Key},
    error::{Error, FieldError, Result},
    events::{self, Event},
    ids::{ContactId, ConversationId, MessageId, UserId},
    media::{self, Attached},
    outbound::{self, Urgency},
    quotas::{self, Limit, Quota},
    rights::Sight,
    templates,
    tenants::{self, Tenant, TenantScope},
};
use db::Tx;
use whatsapp::client::{ContentFault, OutboundContent};

/// A message that somebody here wants to send.
#[derive(Debug, Clone)]
pub struct SendRequest {
    /// Where.
    pub conversation: ConversationId,
    /// What.
    pub content: OutboundContent,
    /// The message that it quotes.
    pub reply_to: Option<MessageId>,
    /// Who writes.
    pub author: UserId,
    /// How much it presses.
    pub urgency: Urgency,
}

/// A message that passed the gate and only needs storing.
#[derive(Debug)]
pub struct Passed {
    id: MessageId,
    conversation: ConversationId,
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

/// Check everything that decides whether a message may leave. Nothing is stored yet.
///
/// # Errors
/// [`Error::NotFound`] for a stranger's conversation, [`Error::WindowClosed`] after 24 hours, [`Error::Conflict`] when the
/// tenant or channel may not send, [`Error::Invalid`] naming every part that Meta would not take, and the message that is
/// quoted or reacted to where it is not one of the conversation.
pub async fn pass(app: &App, sight: Sight, request: &SendRequest) -> Result<Passed> {
    let now = app.clock.now();
    let scope = sight.scope();
    let conversation = conversations::get_conversation(app, sight, request.conversation).await?;
    refuse_faults(&request.content)?;
    let (tenant, channel) = refuse_stopped(app, scope, &conversation).await?;
    refuse_unwanted(app, scope, &conversation, &channel, &request.content).await?;
    if !request.content.may_open_conversation() && !conversation.window_is_open(now) {
        return Err(Error::WindowClosed);
    }
    let rendered = match &request.content {
        OutboundContent::Template(template) => {
            templates::check_sending(app, scope, &channel.waba_id, template).await?
        }
        _ => None,
    };
    let key = conversations::contact_key(app, scope, &conversation).await?;
    let mut content = request.content.clone();
    let quotes = refer::quoted_wamid(app, scope, request).await?;
    refer::name_target(app, scope, &conversation, &mut content, now).await?;
    let media = media::check_outgoing(app, sight, conversation.id, &mut content).await?;
    let body = Body { quotes, rendered, ..Body::new(Said::Outbound(content)) };
    let target = match body.changes() {
        Some(wamid) => Some(app.keyring.tenant(scope.tenant().0).await?.index.digest(Field::Wamid, wamid)),
        None => None,
    };
    let id = MessageId(app.ids.next());
    let content_sealed = body.seal(scope, id, &key)?;
    let (contact, conversation) = (conversation.contact, conversation.id);
    let (author, urgency) = (request.author, request.urgency);
    let limit = quotas::limit_of(app, &tenant, Quota::MessagesPerMonth);
    Ok(Passed { id, conversation, contact, author, urgency, body, target, content_sealed, media, limit, now })
}

/// Everything that Meta would not take is named at once, by its path in Meta's JSON.
fn refuse_faults(content: &OutboundContent) -> Result<()> {
    let faults = content.faults();
    if faults.is_empty() {
        return Ok(());
    }
    let named =
        |fault: &ContentFault| FieldError::new(&fault.field, fault.problem.code(), fault.problem.to_string());
    Err(Error::Invalid(faults.iter().map(named).collect()))
}

/// Whoever told Meta to get no marketing messages gets none, and none that may be one: Meta has not said what every template
/// is.
async fn refuse_unwanted(
    app: &App,
    scope: TenantScope,
    conversation: &Conversation,
    channel: &Channel,
    content: &OutboundContent,
) -> Result<()> {
    let OutboundContent::Template(template) = content else { return Ok(()) };
    let contact = contacts::get_contact(app, scope, conversation.contact).await?;
    if contact.marketing != Some(MarketingChoice::Stop) {
        return Ok(());
    }
    let (name, language) = (&template.name, &template.language.code);
    if !templates::may_be_marketing(app, scope, &channel.waba_id, name, language).await? {
        return Ok(());
    }
    Err(Error::Conflict {
        code: "opted_out",
        detail: "The contact wants no marketing messages, and this template is one or may be one.".into(),
    })
}

async fn refuse_stopped(
    app: &App,
    scope: TenantScope,
    conversation: &Conversation,
) -> Result<(Tenant, Channel)> {
    let tenant = tenants::get_tenant(app, scope.tenant()).await?;
    if !tenant.status.may_work() {
        return Err(Error::Conflict {
            code: "tenant_stopped",
            detail: "This account may not send messages.".into(),
        });
    }
    let channel = channels::get_channel(app, scope, conversation.channel).await?;
    if channel.status == ChannelStatus::Disabled {
        return Err(Error::Conflict {
            code: "channel_disabled",
            detail: "This number is switched off.".into(),
        });
    }
    Ok((tenant, channel))
}

/// Store what passed the gate, inside the caller's transaction. The month's quota is the gate's last word: it is counted with
/// the message, so that two at once cannot both be the last one.
///
/// # Errors
/// As [`conversations::hold_for`], [`Error::OverQuota`], and what the database answers.
pub async fn enqueue(tx: &mut Tx, app: &App, scope: TenantScope, passed: &Passed) -> Result<Message> {
    conversations::hold_for(tx, scope, passed.conversation, passed.contact).await?;
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
        direction: super::Direction::Outbound,
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

/// Send a message again that failed, or whose outcome nobody knows. Only a person decides this: if it did arrive, it
/// arrives twice. It was counted for the month's quota when it was accepted.
///
/// # Errors
/// [`Error::NotFound`] for a stranger's message, [`Error::Conflict`] for one that is on its way,
/// [`Error::WindowClosed`] after 24 hours.
pub async fn retry_message(app: &App, sight: Sight, id: MessageId) -> Result<Message> {
    let scope = sight.scope();
    let message = load_messages(app, scope, &[id]).await?.into_iter().next().ok_or(Error::NotFound)?;
    // Who may not see the conversation learns nothing of its messages.
    let conversation = conversations::get_conversation(app, sight, message.conversation).await?;
    let is_unconfirmed = message.failure.as_ref().is_some_and(|failure| failure.code == UNCONFIRMED);
    if message.status != MessageStatus::Failed && !(message.status == MessageStatus::Queued && is_unconfirmed)
    {
        return Err(Error::Conflict { code: "not_failed", detail: "This message did not fail.".into() });
    }
    let (_, channel) = refuse_stopped(app, scope, &conversation).await?;
    let mut may_open = false;
    if let Said::Outbound(content) = &message.body.said {
        refuse_unwanted(app, scope, &conversation, &channel, content).await?;
        may_open = content.may_open_conversation();
    }
    let now = app.clock.now();
    if !may_open && !conversation.window_is_open(now) {
        return Err(Error::WindowClosed);
    }
    db::write!(app.db, "retry_message", scope.into(), |tx| -> Result<()> {
        let changed_seq = conversations::next_seq(tx, scope, message.conversation).await?;
        let progress = store::Progress {
            conversation: message.conversation,
            seq: message.seq,
            changed_seq,
            status: MessageStatus::Queued,
            error_code: None,
            error_text: None,
        };
        store::update_progress(tx, scope, &progress).await?;
        outbound::enqueue(tx, app, scope, message.conversation, id, Urgency::Person).await?;
        let event =
            Event::MessageStatus { conversation: message.conversation, message: id, seq: changed_seq };
        Ok(events::record(tx, scope, &[event], now).await?)
    })?;
    load_messages(app, scope, &[id]).await?.into_iter().next().ok_or(Error::NotFound)
}

/// Nobody knows yet whether the message left.
pub const UNCONFIRMED: &str = "unconfirmed";
/// An attempt has begun; if it does not end, its outcome is unknown.
pub(super) const ATTEMPTING: &str = "attempting";

/// Whether an attempt may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Yes; from now on a crash leaves the outcome unknown.
    Begun,
    /// No: it was sent, or it failed, or it is gone.
    Settled,
    /// No: an earlier attempt never ended, and sending again could send twice.
    Unknown,
}

/// Note that an attempt begins, before the call, so that a process that is killed during the call does not send twice.
///
/// # Errors
/// What the database answers.
pub async fn begin_attempt(tx: &mut Tx, scope: TenantScope, id: MessageId) -> Result<Attempt> {
    let Some(row) = store::find_by_id(tx, scope, id).await? else { return Ok(Attempt::Settled) };
    match (row.status, row.error_code.as_deref()) {
        (MessageStatus::Queued, None) => {
            mark(tx, scope, &row, Some(ATTEMPTING)).await?;
            Ok(Attempt::Begun)
        }
        (MessageStatus::Queued, Some(ATTEMPTING)) => Ok(Attempt::Unknown),
        _ => Ok(Attempt::Settled),
    }
}

/// Note that an attempt surely sent nothing, so that another one may begin.
///
/// # Errors
/// What the database answers.
pub async fn end_attempt_unsent(tx: &mut Tx, scope: TenantScope, id: MessageId) -> Result<()> {
    let Some(row) = store::find_by_id(tx, scope, id).await? else { return Ok(()) };
    if row.status == MessageStatus::Queued {
        mark(tx, scope, &row, None).await?;
    }
    Ok(())
}

async fn mark(tx: &mut Tx, scope: TenantScope, row: &store::MessageRow, code: Option<&str>) -> Result<()> {
    let progress = store::Progress {
        conversation: row.conversation,
        seq: row.seq,
        changed_seq: row.changed_seq,
        status: row.status,
        error_code: code,
        error_text: None,
    };
    store::update_progress(tx, scope, &progress).await?;
    Ok(())
}

/// What is needed to send: the opened message and its contact's key.
#[derive(Debug)]
pub struct Outgoing {
    /// The message.
    pub message: Message,
    /// Its conversation.
    pub conversation: Conversation,
    /// Its contact's key.
    pub key: std::sync::Arc<Key>,
}

/// Load a message for sending. Nothing when it is gone.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn load_outgoing(app: &App, scope: TenantScope, id: MessageId) -> Result<Option<Outgoing>> {
    let Some(message) = load_messages(app, scope, &[id]).await?.into_iter().next() else { return Ok(None) };
    let conversation =
        conversations::get_conversation(app, Sight::of_work(scope), message.conversation).await?;
    let key = conversations::contact_key(app, scope, &conversation).await?;
    Ok(Some(Outgoing { message, conversation, key }))
}
