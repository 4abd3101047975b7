//! From the outbox to the rooms.

use super::rooms::{channels_room, listeners, send_away};
use crate::{
    api::{
        channels::SilenceShape,
        shapes::{self, MessageShape},
    },
    app::App,
    conversations::{self, Conversation},
    error::{Error, Result},
    events::{Event, Follower, Recorded},
    ids::{ChannelId, ConversationId, MessageId, TenantId},
    messages,
    rights::Sight,
    silence,
    tenants::TenantScope,
};
use serde::Serialize;
use serde_json::json;
use socketioxide::SocketIo;
use std::time::Duration;

/// The pause after a failure of the database.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Follow what happens and tell it, until the application stops.
pub(super) async fn follow(app: App, io: SocketIo) {
    let Some(mut follower) = begin(&app).await else { return };
    loop {
        let events = tokio::select! {
            events = follower.next() => events,
            () = app.stop.cancelled() => break,
        };
        match events {
            Ok(events) => {
                for recorded in events.iter().filter(|recorded| app.audience.hears(recorded.tenant)) {
                    if let Err(error) = tell(&app, &io, recorded).await {
                        tracing::warn!(%error, "An event could not be told; listeners see the gap and fetch it");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "The outbox cannot be followed; it is taken up again where it was left");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
    io.close().await;
}

async fn begin(app: &App) -> Option<Follower> {
    loop {
        match Follower::begin(&app.db).await {
            Ok(follower) => return Some(follower),
            Err(error) => {
                tracing::warn!(%error, "The outbox cannot be read");
                tokio::select! {
                    () = tokio::time::sleep(AFTER_FAILURE) => {}
                    () = app.stop.cancelled() => return None,
                }
            }
        }
    }
}

async fn tell(app: &App, io: &SocketIo, recorded: &Recorded) -> Result<()> {
    match recorded.event {
        Event::ChannelSilence { channel } => tell_silence(app, io, recorded.tenant, channel).await,
        Event::MessageCreated { conversation, .. }
        | Event::MessageStatus { conversation, .. }
        | Event::MessageChanged { conversation, .. }
        | Event::ConversationUpdated { conversation, .. }
        | Event::ConversationAssigned { conversation, .. } => {
            tell_conversation(app, io, recorded, conversation).await
        }
    }
}

/// How it stands now: of a silence that ended meanwhile only the end is told.
async fn tell_silence(app: &App, io: &SocketIo, tenant: TenantId, channel: ChannelId) -> Result<()> {
    let silence = silence::list_silences(app, TenantScope::of_work(tenant)).await?.remove(&channel);
    let payload = json!({ "channel_id": channel, "silence": silence.map(SilenceShape::from) });
    emit(io, vec![channels_room(tenant)], "channel:silence", &payload).await;
    Ok(())
}

async fn tell_conversation(
    app: &App,
    io: &SocketIo,
    recorded: &Recorded,
    conversation_id: ConversationId,
) -> Result<()> {
    let (tenant, scope) = (recorded.tenant, TenantScope::of_work(recorded.tenant));
    let seq = recorded.event.seq();
    let Some(conversation) = conversation(app, scope, conversation_id).await? else { return Ok(()) };
    let rooms = listeners(tenant, &conversation);
    match recorded.event {
        Event::MessageCreated { message, .. } => {
            let Some(message) = message_shape(app, scope, message).await? else { return Ok(()) };
            let payload = json!({ "message": message, "conversation_id": conversation_id, "seq": seq });
            emit(io, rooms, "message:new", &payload).await;
        }
        Event::MessageStatus { message, .. } => {
            let Some(message) = message_shape(app, scope, message).await? else { return Ok(()) };
            let payload = json!({
                "message_id": message.id, "conversation_id": conversation_id, "status": message.status,
                "error": message.error, "media": message.media, "seq": seq,
            });
            emit(io, rooms, "message:status", &payload).await;
        }
        Event::MessageChanged { message, .. } => {
            let Some(message) = message_shape(app, scope, message).await? else { return Ok(()) };
            let payload = json!({
                "message_id": message.id, "message": message, "conversation_id": conversation_id, "seq": seq,
            });
            emit(io, rooms, "message:updated", &payload).await;
        }
        Event::ConversationUpdated { .. } => {
            let conversation = shapes::conversation(app, scope, conversation).await?;
            emit(io, rooms, "conversation:updated", &json!({ "conversation": conversation, "seq": seq }))
                .await;
        }
        Event::ConversationAssigned { .. } => {
            let conversation = shapes::conversation(app, scope, conversation).await?;
            let payload =
                json!({ "conversation_id": conversation_id, "assignee": conversation.assignee, "seq": seq });
            send_away(app, io, tenant, conversation_id).await;
            emit(io, rooms, "conversation:assigned", &payload).await;
        }
        Event::ChannelSilence { .. } => {}
    }
    Ok(())
}

async fn message_shape(app: &App, scope: TenantScope, id: MessageId) -> Result<Option<MessageShape>> {
    let found = messages::load_messages(app, scope, &[id]).await?;
    Ok(found.first().map(MessageShape::from))
}

async fn conversation(app: &App, scope: TenantScope, id: ConversationId) -> Result<Option<Conversation>> {
    match conversations::get_conversation(app, Sight::of_work(scope), id).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn emit<T: Serialize + Sync>(io: &SocketIo, rooms: Vec<String>, event: &'static str, payload: &T) {
    if let Err(error) = io.to(rooms).emit(event, payload).await {
        tracing::warn!(%error, event, "An event could not be sent to the room");
    }
}
