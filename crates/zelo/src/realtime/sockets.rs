//! One socket: who it is, what it may say.

use super::push::{conversation_room, tenant_room};
use crate::{
    app::App,
    audit, conversations,
    identity::{self, AgentScope, Caller},
    ids::ConversationId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketioxide::extract::{AckSender, Data, SocketRef, State, TryData};
use std::time::Duration;

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
struct Owner {
    scope: AgentScope,
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
    socket.on("authenticate", authenticate);
    socket.on("join:conversation", join_conversation);
    socket.on("leave:conversation", leave_conversation);
    socket.on("typing:start", typing_start);
    socket.on("typing:stop", typing_stop);
    socket.on_disconnect(disconnected);
    if let Some(owner) = socket.extensions.get::<Owner>() {
        enter(&app, &socket, &owner);
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
    enter(app, socket, &owner);
    socket.extensions.insert(owner);
    Ok(answer)
}

async fn identify(app: &App, token: &str) -> Result<Owner, crate::Error> {
    let scope = AgentScope::try_from(Caller::by_token(app, token).await?)?;
    let user = identity::get_user(app, scope.tenant.tenant(), scope.user).await?;
    Ok(Owner { scope, name: user.name })
}

/// From now on the socket hears its tenant, for as long as its session is valid.
fn enter(app: &App, socket: &SocketRef, owner: &Owner) {
    let tenant = owner.scope.tenant.tenant();
    app.audience.join(tenant);
    socket.join(tenant_room(tenant));
    app.tasks.spawn(watch(app.clone(), socket.clone(), owner.scope.caller.clone()));
}

fn accepted(owner: &Owner) -> Accepted {
    Accepted {
        ok: true,
        user: json!({ "id": owner.scope.user, "name": owner.name, "role": owner.scope.role }),
    }
}

/// Close the socket when its session ends.
async fn watch(app: App, socket: SocketRef, caller: Caller) {
    while socket.connected() && !app.stop.is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = app.stop.cancelled() => return,
        }
        if matches!(caller.is_still_valid(&app).await, Ok(false)) {
            let _ = socket.clone().disconnect();
            return;
        }
    }
}

async fn authenticate(
    socket: SocketRef,
    Data(credentials): Data<Credentials>,
    ack: AckSender,
    State(app): State<App>,
) {
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
    let Some(owner) = socket.extensions.get::<Owner>() else {
        let _ = ack.send(&json!({ "ok": false, "code": "unauthorized" }));
        return;
    };
    // A stranger's conversation is as unknown as one that never existed.
    let (scope, id) = (owner.scope.tenant, which.conversation_id);
    let joined = async {
        let conversation = conversations::get_conversation(&app, scope, id).await?;
        audit::note_reading(&app, scope, owner.scope.user, id).await.map(|()| conversation)
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

async fn leave_conversation(socket: SocketRef, Data(which): Data<Which>, ack: AckSender) {
    if let Some(owner) = socket.extensions.get::<Owner>() {
        socket.leave(conversation_room(owner.scope.tenant.tenant(), which.conversation_id));
    }
    let _ = ack.send(&json!({ "ok": true }));
}

async fn typing_start(socket: SocketRef, Data(which): Data<Which>) {
    tell_typing(&socket, which.conversation_id, true).await;
}

async fn typing_stop(socket: SocketRef, Data(which): Data<Which>) {
    tell_typing(&socket, which.conversation_id, false).await;
}

async fn tell_typing(socket: &SocketRef, conversation: ConversationId, typing: bool) {
    let Some(owner) = socket.extensions.get::<Owner>() else { return };
    let room = conversation_room(owner.scope.tenant.tenant(), conversation);
    // Only who has joined, and may therefore read the conversation, may say so there.
    if !socket.rooms().iter().any(|joined| *joined == room) {
        return;
    }
    let payload = json!({
        "conversation_id": conversation, "typing": typing,
        "user": { "id": owner.scope.user, "name": owner.name },
    });
    let _ = socket.to(room).emit("typing", &payload).await;
}

async fn disconnected(socket: SocketRef, State(app): State<App>) {
    if let Some(owner) = socket.extensions.remove::<Owner>() {
        app.audience.leave(owner.scope.tenant.tenant());
    }
}
