//! Who hears what: the rooms of sockets, which are never joined by a name that a client sends.

use super::sockets::Owner;
use crate::{
    app::App,
    conversations::{self, Conversation},
    error::{Error, Result},
    identity::AgentScope,
    ids::{ConversationId, TeamId, TenantId, UserId},
    rights::{Permission, Visibility},
    teams,
};
use socketioxide::{SocketIo, extract::SocketRef};
use std::collections::BTreeSet;

/// The rooms that somebody is in because of who they are.
pub(super) type Rooms = BTreeSet<String>;

/// Of everybody who sees everything of a tenant.
fn tenant_room(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}

/// Of one person, who does not see everything.
fn user_room(tenant: TenantId, user: UserId) -> String {
    format!("user:{tenant}:{user}")
}

/// Of those who see what their teams have.
fn team_room(tenant: TenantId, team: TeamId) -> String {
    format!("team:{tenant}:{team}")
}

/// Of those who look at a conversation.
pub(super) fn conversation_room(tenant: TenantId, conversation: ConversationId) -> String {
    format!("conversation:{tenant}:{conversation}")
}

/// Of those who may see a tenant's numbers.
pub(super) fn channels_room(tenant: TenantId) -> String {
    format!("channels:{tenant}")
}

/// Where somebody belongs.
pub(super) async fn rooms_of(app: &App, scope: &AgentScope) -> Result<Rooms> {
    let tenant = scope.tenant.tenant();
    let mut rooms = match scope.rights.visibility {
        Visibility::All => Rooms::from([tenant_room(tenant)]),
        Visibility::Own => Rooms::from([user_room(tenant, scope.user)]),
        Visibility::Team => {
            let teams = teams::teams_of(app, scope.tenant, scope.user).await?;
            let rooms = teams.into_iter().map(|team| team_room(tenant, team));
            rooms.chain([user_room(tenant, scope.user)]).collect()
        }
    };
    if scope.require(Permission::ReadChannels).is_ok() {
        rooms.insert(channels_room(tenant));
    }
    Ok(rooms)
}

/// The rooms of those who may read a conversation.
pub(super) fn listeners(tenant: TenantId, conversation: &Conversation) -> Vec<String> {
    let assignee = conversation.assignee.map(|user| user_room(tenant, user));
    let team = conversation.team.map(|team| team_room(tenant, team));
    [Some(tenant_room(tenant)), assignee, team].into_iter().flatten().collect()
}

/// Whoever looked at a conversation and may not any more, hears no typing there.
pub(super) async fn send_away(app: &App, io: &SocketIo, tenant: TenantId, conversation: ConversationId) {
    let room = conversation_room(tenant, conversation);
    for socket in io.to(room).sockets() {
        if let Some(owner) = socket.extensions.get::<Owner>() {
            leave_what_is_out_of_sight(app, &socket, &owner).await;
        }
    }
}

/// Leave the conversations that the owner does not see any more.
pub(super) async fn leave_what_is_out_of_sight(app: &App, socket: &SocketRef, owner: &Owner) {
    let prefix = format!("conversation:{}:", owner.scope.tenant.tenant());
    for room in socket.rooms() {
        let id = room.strip_prefix(&prefix).and_then(|id| uuid::Uuid::try_parse(id).ok());
        let Some(id) = id else { continue };
        let seen = conversations::get_conversation(app, owner.scope.sight(), ConversationId(id)).await;
        if matches!(seen, Err(Error::NotFound)) {
            socket.leave(room);
        }
    }
}
