//! One socket: who it is, what it may say.

use super::{
    audience::Seat,
    pace::Pace,
    rooms::{Rooms, conversation_room, leave_what_is_out_of_sight, rooms_of},
};
use crate::{
    app::App,
    audit, conversations,
    identity::{self, AgentScope, Caller},
    ids::ConversationId,
    outbound,
    rights::Permission,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketioxide::extract::{AckSender, Data, SocketRef, State, TryData};
use std::{sync::Arc, time::Duration};

/// A socket that has not said who it is by then is closed.
const TIME_TO_AUTHENTICATE: Duration = Duration::from_secs(10);
/// How often a socket's session is looked up again: an ended one closes its sockets within this time.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

#[derive(Debug, Default, Deserialize)]
pub(super) struct Credentials {
    #[serde(default)]
    token: String,
}

#[derive(Debug, Deserialize)]
struct Which {
    conversation_id: ConversationId,
}

/// Who a socket belongs to, once that is known.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) scope: AgentScope,
    caller: Caller,
    name: String,
}

/// What a client is told of itself.
#[derive(Debug, Serialize)]
struct Accepted {
    ok: bool,
    user: Value,
}

/// Why a socket was not let in.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(&'static str);

/// Look at the credentials of the handshake before the client hears that it is connected: what it asks for right after
/// that must find it known.
pub(super) async fn admit(
    socket: SocketRef,
    credentials: TryData<Credentials>,
    State(app): State<App>,
) -> Result<(), Refused> {
    if let Ok(credentials) = credentials.0
        && !credentials.token.is_empty()
    {
        let owner = identify(&app, &credentials.token).await.map_err(|error| Refused(error.code()))?;
        socket.extensions.insert(owner);
    }
    Ok(())
}

/// A socket was opened.
pub(super) async fn connected(socket: SocketRef, State(app): State<App>) {
    socket.extensions.insert(Arc::new(Pace::default()));
    socket.on("authenticate", authenticate);
    socket.on("join:conversation", join_conversation);
    socket.on("leave:conversation", leave_conversation);
    socket.on("typing:start", typing_start);
    socket.on("typing:stop", typing_stop);
    socket.on_disconnect(disconnected);
    if let Some(owner) = socket.extensions.get::<Owner>() {
        if enter(&app, &socket, &owner).await.is_err() {
            let _ = socket.disconnect();
        }
        return;
    }
    tokio::time::sleep(TIME_TO_AUTHENTICATE).await;
    if socket.extensions.get::<Owner>().is_none() {
        let _ = socket.disconnect();
    }
}

async fn accept(app: &App, socket: &SocketRef, token: &str) -> Result<Accepted, crate::Error> {
    if let Some(owner) = socket.extensions.get::<Owner>() {
        return Ok(accepted(&owner));
    }
    let owner = identify(app, token).await?;
    let answer = accepted(&owner);
    enter(app, socket, &owner).await?;
    socket.extensions.insert(owner);
    Ok(answer)
}

async fn identify(app: &App, token: &str) -> Result<Owner, crate::Error> {
    let caller = Caller::by_token(app, token).await?;
    let scope = AgentScope::try_from(caller.clone())?;
    scope.require(Permission::ReadConversations)?;
    let user = identity::get_user(app, scope.tenant.tenant(), scope.user).await?;
    Ok(Owner { scope, caller, name: user.name })
}

/// From now on the socket hears what its owner may read, for as long as the session is valid.
async fn enter(app: &App, socket: &SocketRef, owner: &Owner) -> Result<(), crate::Error> {
    let rooms = rooms_of(app, &owner.scope).await?;
    // Whoever enters twice gets another seat for the first one, and a socket that is gone leaves its seat.
    socket.extensions.insert(Arc::new(app.audience.seat(owner.scope.tenant.tenant())));
    socket.join(rooms.iter().cloned().collect::<Vec<_>>());
    app.tasks.spawn(watch(app.clone(), socket.clone(), owner.clone(), rooms));
    Ok(())
}

fn accepted(owner: &Owner) -> Accepted {
    Accepted {
        ok: true,
        user: json!({ "id": owner.scope.user, "name": owner.name, "role": owner.scope.role }),
    }
}

/// Close the socket when its session ends, and move it to other rooms when its owner sees other things.
async fn watch(app: App, socket: SocketRef, mut owner: Owner, mut rooms: Rooms) {
    let mut changes = identity::changes(&app);
    while socket.connected() && !app.stop.is_cancelled() {
        tokio::select! {
            () = changes.wait(LOOK_AGAIN) => {}
            () = app.stop.cancelled() => return,
        }
        match owner.look_again(&app).await {
            // The same rooms may come with other rights, such as to send.
            Ok(now) if now == rooms => drop(socket.extensions.insert(owner.clone())),
            Ok(now) => {
                rooms.difference(&now).for_each(|gone| socket.leave(gone.clone()));
                socket.join(now.iter().cloned().collect::<Vec<_>>());
                rooms = now;
                socket.extensions.insert(owner.clone());
                leave_what_is_out_of_sight(&app, &socket, &owner).await;
            }
            Err(crate::Error::Unauthorized | crate::Error::Forbidden) => {
                let _ = socket.disconnect();
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "A socket's rights could not be looked up; they are soon again");
            }
        }
    }
}

impl Owner {
    /// Look the session and its rights up again: the rooms in which the socket belongs now.
    async fn look_again(&mut self, app: &App) -> Result<Rooms, crate::Error> {
        self.caller = self.caller.renewed(app).await?;
        self.scope = AgentScope::try_from(self.caller.clone())?;
        self.scope.require(Permission::ReadConversations)?;
        rooms_of(app, &self.scope).await
    }
}

/// Whether a client says more than a person at a keyboard can; it hears so, and one that goes on is closed.
fn is_too_fast(app: &App, socket: &SocketRef) -> bool {
    let Some(pace) = socket.extensions.get::<Arc<Pace>>() else { return false };
    let is_too_fast = !pace.allows(app.clock.steady());
    if is_too_fast && pace.is_deaf() {
        tracing::warn!("A socket goes on although it was told to slow down; it is closed");
        let _ = socket.clone().disconnect();
    }
    is_too_fast
}

/// The way to answer a client that keeps its pace; any other hears that it does not.
fn at_its_pace(app: &App, socket: &SocketRef, ack: AckSender) -> Option<AckSender> {
    if !is_too_fast(app, socket) {
        return Some(ack);
    }
    let _ = ack.send(&json!({ "ok": false, "code": "too_many_requests" }));
    None
}

async fn authenticate(
    socket: SocketRef,
    Data(credentials): Data<Credentials>,
    ack: AckSender,
    State(app): State<App>,
) {
    let Some(ack) = at_its_pace(&app, &socket, ack) else { return };
    match accept(&app, &socket, &credentials.token).await {
        Ok(accepted) => {
            let _ = ack.send(&accepted);
        }
        Err(error) => {
            let _ = ack.send(&json!({ "ok": false, "code": error.code() }));
            let _ = socket.disconnect();
        }
    }
}

async fn join_conversation(
    socket: SocketRef,
    Data(which): Data<Which>,
    ack: AckSender,
    State(app): State<App>,
) {
    let Some(ack) = at_its_pace(&app, &socket, ack) else { return };
    let Some(owner) = socket.extensions.get::<Owner>() else {
        let _ = ack.send(&json!({ "ok": false, "code": "unauthorized" }));
        return;
    };
    // A stranger's conversation is as unknown as one that never existed.
    let (sight, id) = (owner.scope.sight(), which.conversation_id);
    let joined = async {
        let conversation = conversations::get_conversation(&app, sight, id).await?;
        audit::note_reading(&app, sight, owner.scope.user, id).await.map(|()| conversation)
    };
    match joined.await {
        Ok(conversation) => {
            socket.join(conversation_room(owner.scope.tenant.tenant(), conversation.id));
            let _ = ack.send(&json!({ "ok": true, "seq": conversation.last_seq }));
        }
        Err(error) => {
            let _ = ack.send(&json!({ "ok": false, "code": error.code() }));
        }
    }
}

async fn leave_conversation(
    socket: SocketRef,
    Data(which): Data<Which>,
    ack: AckSender,
    State(app): State<App>,
) {
    let Some(ack) = at_its_pace(&app, &socket, ack) else { return };
    if let Some(owner) = socket.extensions.get::<Owner>() {
        socket.leave(conversation_room(owner.scope.tenant.tenant(), which.conversation_id));
    }
    let _ = ack.send(&json!({ "ok": true }));
}

async fn typing_start(socket: SocketRef, Data(which): Data<Which>, ack: AckSender, State(app): State<App>) {
    let Some(ack) = at_its_pace(&app, &socket, ack) else { return };
    if let Some(owner) = tell_typing(&socket, which.conversation_id, true).await
        && owner.scope.require(Permission::SendMessages).is_ok()
    {
        let shown = outbound::show_typing(&app, owner.scope.sight(), which.conversation_id).await;
        if let Err(error) = shown {
            tracing::debug!(%error, "The contact is not shown that somebody writes");
        }
    }
    let _ = ack.send(&json!({ "ok": true }));
}

async fn typing_stop(socket: SocketRef, Data(which): Data<Which>, State(app): State<App>) {
    if !is_too_fast(&app, &socket) {
        tell_typing(&socket, which.conversation_id, false).await;
    }
}

/// Tell the others who look at a conversation; returns who types, where they may say so.
async fn tell_typing(socket: &SocketRef, conversation: ConversationId, typing: bool) -> Option<Owner> {
    let owner = socket.extensions.get::<Owner>()?;
    let room = conversation_room(owner.scope.tenant.tenant(), conversation);
    // Only who has joined, and may therefore read the conversation, may say so there.
    if !socket.rooms().iter().any(|joined| *joined == room) {
        return None;
    }
    let payload = json!({
        "conversation_id": conversation, "typing": typing,
        "user": { "id": owner.scope.user, "name": owner.name },
    });
    let _ = socket.to(room).emit("typing", &payload).await;
    Some(owner)
}

async fn disconnected(socket: SocketRef) {
    socket.extensions.remove::<Owner>();
    socket.extensions.remove::<Arc<Seat>>();
}
