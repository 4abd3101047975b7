//! The files of messages, seen from the messages.

use super::{Message, store};
use crate::{
    app::App,
    clock::Millis,
    conversations,
    crypto::Key,
    error::Result,
    events::{self, Event},
    ids::{ConversationId, MessageId},
    media,
    tenants::TenantScope,
};
use db::Tx;

/// A message's file has come, or will never come: whoever looks at the message looks anew.
///
/// # Errors
/// What the database answers.
pub async fn touch(
    tx: &mut Tx,
    scope: TenantScope,
    conversation: ConversationId,
    message: MessageId,
    now: Millis,
) -> Result<()> {
    // Locks the conversation, so that the state that is written back is the newest.
    let changed_seq = conversations::next_seq(tx, scope, conversation).await?;
    let Some(row) = store::find_by_id(tx, scope, message).await? else { return Ok(()) };
    let progress = store::Progress {
        conversation,
        seq: row.seq,
        changed_seq,
        status: row.status,
        error_code: row.error_code.as_deref(),
        error_text: row.error_text.as_deref(),
    };
    store::update_progress(tx, scope, &progress).await?;
    let event = Event::MessageStatus { conversation, message, seq: changed_seq };
    Ok(events::record(tx, scope, &[event], now).await?)
}

/// Give messages their files, with one query where any of them has one.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn add_files(
    app: &App,
    scope: TenantScope,
    key: &Key,
    mut messages: Vec<Message>,
) -> Result<Vec<Message>> {
    let holder = |message: &Message| message.marks.file_of.unwrap_or(message.id);
    let with_file = messages.iter().filter(|message| message.body.names_a_file()).map(holder);
    let mut files = media::load_of_messages(app, scope, with_file).await?;
    for message in &mut messages {
        message.media = files.remove(&holder(message)).map(|file| media::Attached::of(scope, file, key));
    }
    Ok(messages)
}
