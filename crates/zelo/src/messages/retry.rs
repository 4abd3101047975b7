//! Sending again what failed.

use super::{
    Message, MessageStatus, Said, UNCONFIRMED,
    gate::{refuse_stopped, refuse_unwanted},
    load_messages, store,
};
use crate::{
    app::App,
    contacts, conversations,
    error::{Error, Result},
    events::{self, Event},
    ids::MessageId,
    outbound::{self, Urgency},
    rights::Sight,
};

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
    let code = message.failure.as_ref().map(|failure| failure.code.as_str());
    refuse_unfailed(message.status, code)?;
    let (_, channel) = refuse_stopped(app, scope, conversation.channel).await?;
    let mut may_open = false;
    if let Said::Outbound(content) = &message.body.said {
        let contact = contacts::get_contact(app, scope, conversation.contact).await?;
        refuse_unwanted(app, scope, contact.marketing, &channel, content).await?;
        may_open = content.may_open_conversation();
    }
    let now = app.clock.now();
    if !may_open && !conversation.window_is_open(now) {
        return Err(Error::WindowClosed);
    }
    db::write!(app.db, "retry_message", scope.into(), |tx| -> Result<()> {
        // The conversation is locked from here on. What was looked at before may be old by now: somebody else sends it again,
        // or Meta has just said that it arrived.
        let changed_seq = conversations::next_seq(tx, scope, message.conversation).await?;
        let row = store::find_by_id(tx, scope, id).await?.ok_or(Error::NotFound)?;
        refuse_unfailed(row.status, row.error_code.as_deref())?;
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

/// Only what failed, or may have failed, is sent again.
fn refuse_unfailed(status: MessageStatus, code: Option<&str>) -> Result<()> {
    match (status, code) {
        (MessageStatus::Failed, _) | (MessageStatus::Queued, Some(UNCONFIRMED)) => Ok(()),
        _ => Err(Error::Conflict { code: "not_failed", detail: "This message did not fail.".into() }),
    }
}
