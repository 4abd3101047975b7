//! An attempt to deliver a message: noted before it begins, so that a crash cannot send twice.

use super::{Message, MessageStatus, load_messages, store};
use crate::{
    app::App,
    clock::Millis,
    conversations::{self, Conversation},
    crypto::Key,
    error::Result,
    events::{self, Event},
    ids::MessageId,
    rights::Sight,
    tenants::TenantScope,
};
use db::Tx;

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
    let place = (row.conversation, row.seq);
    match (row.status, row.error_code.as_deref()) {
        (MessageStatus::Queued, None) => {
            // A report of Meta's may have moved it on since the look.
            let begun = store::update_attempt(tx, scope, place, None, Some(ATTEMPTING)).await? > 0;
            Ok(if begun { Attempt::Begun } else { Attempt::Settled })
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
    store::update_attempt(tx, scope, (row.conversation, row.seq), Some(ATTEMPTING), None).await?;
    Ok(())
}

/// The delivery was given up, and the message never left.
pub const UNDELIVERED: &str = "undelivered";

/// Say of a message that nobody delivers any more what became of it: it failed, or nobody knows, where an attempt never ended.
/// A person may send it again. It needs nothing but the row, because what cannot be opened is a reason to give up.
///
/// # Errors
/// What the database answers.
pub async fn give_up(tx: &mut Tx, scope: TenantScope, id: MessageId, now: Millis) -> Result<()> {
    let Some(row) = store::find_by_id(tx, scope, id).await? else { return Ok(()) };
    // The conversation is locked from here on, and the message with it.
    let changed_seq = conversations::next_seq(tx, scope, row.conversation).await?;
    let Some(row) = store::find_by_id(tx, scope, id).await? else { return Ok(()) };
    let (status, code, detail) = match (row.status, row.error_code.as_deref()) {
        (MessageStatus::Queued, None) => {
            (MessageStatus::Failed, UNDELIVERED, "The message could not be delivered; send it again.")
        }
        (MessageStatus::Queued, Some(ATTEMPTING)) => {
            (MessageStatus::Queued, UNCONFIRMED, "The program was stopped while it was sending.")
        }
        _ => return Ok(()),
    };
    let progress = store::Progress {
        conversation: row.conversation,
        seq: row.seq,
        changed_seq,
        status,
        error_code: Some(code),
        error_text: Some(detail),
    };
    store::update_progress(tx, scope, &progress).await?;
    let event = Event::MessageStatus { conversation: row.conversation, message: id, seq: changed_seq };
    Ok(events::record(tx, scope, &[event], now).await?)
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
