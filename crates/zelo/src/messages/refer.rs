//! The message that one of ours quotes or puts an emoji on.

use super::{Message, Said, SendRequest, load_messages, store};
use crate::{
    app::App,
    clock::{DAY, Millis},
    crypto::Field,
    error::{Error, Result},
    ids::{ConversationId, MessageId},
    tenants::TenantScope,
};
use db::Rows;
use uuid::Uuid;
use whatsapp::client::OutboundContent;

/// Meta takes no reaction to an older message (code 131009).
pub const REACTIONS: Millis = 30 * DAY;

/// Meta's id of the message that is quoted.
///
/// # Errors
/// [`Error::Invalid`] where it is none of the conversation, or has not left.
pub(super) async fn quoted_wamid(
    app: &App,
    scope: TenantScope,
    conversation: ConversationId,
    request: &SendRequest,
) -> Result<Option<String>> {
    const FIELD: &str = "reply_to";
    let Some(id) = request.reply_to else { return Ok(None) };
    if matches!(request.content, OutboundContent::Reaction(_)) {
        return Err(Error::invalid(FIELD, "not_allowed", "A reaction names its message itself."));
    }
    let quoted = load_messages(app, scope, &[id]).await?.into_iter().next();
    Ok(Some(of_conversation(quoted, conversation, FIELD)?.1))
}

/// Name the message that a reaction is on as Meta knows it. It may be named by our id or by Meta's.
///
/// # Errors
/// [`Error::Invalid`] where it is none of the conversation, has not left, or is too old.
pub(super) async fn name_target(
    app: &App,
    scope: TenantScope,
    conversation: ConversationId,
    content: &mut OutboundContent,
    now: Millis,
) -> Result<()> {
    const FIELD: &str = "reaction.message_id";
    let OutboundContent::Reaction(reaction) = content else { return Ok(()) };
    let id = match Uuid::try_parse(&reaction.message_id) {
        Ok(id) => Some(MessageId(id)),
        Err(_) => find_by_wamid(app, scope, &reaction.message_id).await?,
    };
    let target = match id {
        Some(id) => load_messages(app, scope, &[id]).await?.into_iter().next(),
        None => None,
    };
    let (target, wamid) = of_conversation(target, conversation, FIELD)?;
    if target.sent_at < now - REACTIONS {
        return Err(Error::invalid(FIELD, "too_old", "WhatsApp takes reactions for 30 days."));
    }
    reaction.message_id = wamid;
    Ok(())
}

async fn find_by_wamid(app: &App, scope: TenantScope, wamid: &str) -> Result<Option<MessageId>> {
    let digest = app.keyring.tenant(scope.tenant().0).await?.index.digest(Field::Wamid, wamid);
    db::read!(app.db, "find_by_wamid", scope.into(), |tx| -> Result<_> {
        let (mut digests, mut places) = (Rows::new(), Rows::new());
        digests.push([(&digest).into()]);
        for (_, conversation, seq) in store::list_message_ids(tx, scope, &digests).await? {
            places.push([conversation.into(), seq.into()]);
        }
        Ok(store::list_at(tx, scope, &places).await?.first().map(|row| row.id))
    })
}

/// A message that others may refer to, with Meta's id of it.
fn of_conversation(
    found: Option<Message>,
    conversation: ConversationId,
    field: &str,
) -> Result<(Message, String)> {
    let can_be_meant = |message: &Message| {
        message.conversation == conversation
            && message.body.changes().is_none()
            && !matches!(message.body.said, Said::Call(_))
    };
    let message = found.filter(can_be_meant).ok_or_else(|| {
        Error::invalid(field, "not_found", "There is no such message in this conversation.")
    })?;
    let wamid = message.body.wamid.clone().ok_or_else(|| {
        Error::invalid(field, "not_sent", "This message has not left yet; WhatsApp does not know it.")
    })?;
    Ok((message, wamid))
}
