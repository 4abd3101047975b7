//! What conversations, messages and contacts look like on the wire; sockets send the same shapes.

use super::{media::MediaShape, time::rfc3339};
use crate::{
    app::App,
    contacts::{self, Contact},
    conversations::{Conversation, ConversationStatus},
    error::Result,
    identity::{self, Role, User},
    ids::{ChannelId, ContactId, ConversationId, MessageId, TeamId, UserId},
    messages::{self, Author, Direction, Message, MessageStatus, Said, SendFailure},
    rights::Visibility,
    teams,
    tenants::TenantScope,
};
use serde::Serialize;
use utoipa::ToSchema;
use whatsapp::webhook::Content;

/// A person who writes in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactShape {
    /// Its id.
    pub id: ContactId,
    /// What the person is called; empty where nothing is known.
    pub name: String,
    /// The number as people read it; null for somebody without one.
    pub phone: Option<String>,
    /// The business-scoped user id.
    pub user_id: Option<String>,
    /// The public user name.
    pub username: Option<String>,
}

impl From<&Contact> for ContactShape {
    fn from(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            name: contact.profile.display_name(),
            phone: contact.profile.display_phone(),
            user_id: contact.profile.user_id.clone(),
            username: contact.profile.username.clone(),
        }
    }
}

/// One of the staff, as others see them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonShape {
    /// Their id.
    pub id: UserId,
    /// What they are called.
    pub name: String,
}

/// A team, as conversations name it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TeamName {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
}

/// One of the staff.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserShape {
    /// Their id.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may log in.
    pub is_active: bool,
    /// Whose conversations they see; null where it is what their role gives.
    pub visibility: Option<Visibility>,
}

impl From<&User> for UserShape {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            email: user.email.clone(),
            role: user.role,
            is_active: user.is_active,
            visibility: user.visibility,
        }
    }
}

/// A thread with one contact on one channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConversationShape {
    /// Its id.
    pub id: ConversationId,
    /// With whom; null once the contact was erased.
    pub contact: Option<ContactShape>,
    /// The number that it came in by.
    pub channel_id: ChannelId,
    /// Who is to act.
    pub status: ConversationStatus,
    /// Who of the staff has it.
    pub assignee: Option<PersonShape>,
    /// Which team has it.
    pub team: Option<TeamName>,
    /// Its last change.
    pub seq: i64,
    /// Messages that nobody has read.
    pub unread_count: i64,
    /// When something was last said (RFC 3339).
    pub last_message_at: String,
    /// The words of the last message; null where it has none.
    pub last_message_preview: Option<String>,
    /// Until when anything may be sent (RFC 3339); null while the contact never wrote.
    pub window_expires_at: Option<String>,
    /// Until when it sleeps (RFC 3339).
    pub snoozed_until: Option<String>,
    /// When it began (RFC 3339).
    pub created_at: String,
}

/// A message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageShape {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its place in the conversation.
    pub seq: i64,
    /// The conversation's `seq` of its last change.
    pub changed_seq: i64,
    /// Who wrote to whom.
    pub direction: Direction,
    /// Meta's name of its type.
    pub r#type: String,
    /// Its words; null where it has none.
    pub text: Option<String>,
    /// The file that it refers to.
    pub media: Option<MediaShape>,
    /// Everything it says, in Meta's shape.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
    /// Meta's id of the message that it quotes.
    pub reply_to: Option<String>,
    /// How far it has come.
    pub status: MessageStatus,
    /// Why it failed, or `unconfirmed` while nobody knows whether it left.
    pub error: Option<SendFailure>,
    /// Who of the staff wrote it; null for what came in.
    pub author: Option<UserId>,
    /// Meta's id.
    pub wamid: Option<String>,
    /// Meta's time for what came in, ours for what goes out (RFC 3339).
    pub sent_at: String,
    /// When it was stored (RFC 3339).
    pub created_at: String,
}

impl From<&Message> for MessageShape {
    fn from(message: &Message) -> Self {
        let body = &message.body;
        let attached = message.media.as_ref();
        let media = match &body.said {
            Said::Inbound(content) => content.media().map(|file| {
                let (declared, filename) = (file.mime_type.as_deref(), file.filename.as_deref());
                MediaShape::of(attached, declared, filename, file.caption.as_deref())
            }),
            Said::Outbound(content) => content.media().map(|file| {
                MediaShape::of(attached, None, file.filename.as_deref(), file.caption.as_deref())
            }),
        };
        let content = match &body.said {
            Said::Inbound(Content::Unknown { kind, raw }) => serde_json::json!({ kind.as_str(): raw.get() }),
            Said::Inbound(content) => serde_json::to_value(content).unwrap_or_default(),
            Said::Outbound(content) => serde_json::to_value(content).unwrap_or_default(),
        };
        Self {
            id: message.id,
            conversation_id: message.conversation,
            seq: message.seq,
            changed_seq: message.changed_seq,
            direction: message.direction,
            r#type: body.kind().to_owned(),
            text: body.text().map(std::borrow::Cow::into_owned),
            media,
            content,
            reply_to: body.quotes.clone(),
            status: message.status,
            error: message.failure.clone(),
            author: match message.author {
                Author::User(user) => Some(user),
                Author::Contact => None,
            },
            wamid: body.wamid.clone(),
            sent_at: rfc3339(message.sent_at),
            created_at: rfc3339(message.created_at),
        }
    }
}

/// Conversations with their people and last words, with a constant number of queries.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn conversations(
    app: &App,
    scope: TenantScope,
    found: Vec<Conversation>,
) -> Result<Vec<ConversationShape>> {
    let people =
        contacts::load_contacts(app, scope, found.iter().map(|conversation| conversation.contact)).await?;
    let staff = identity::load_users(app, scope.tenant()).await?;
    let last = messages::load_last(app, scope, &found).await?;
    let teams = if found.iter().any(|conversation| conversation.team.is_some()) {
        teams::list_teams(app, scope).await?
    } else {
        Vec::new()
    };
    let team = |id: TeamId| {
        teams.iter().find(|team| team.id == id).map(|team| team.name.clone()).unwrap_or_default()
    };
    let shaped = found.into_iter().map(|conversation| {
        let person = |id: UserId| {
            let name = staff.get(&id).map(|user| user.name.clone()).unwrap_or_default();
            PersonShape { id, name }
        };
        ConversationShape {
            id: conversation.id,
            contact: people.get(&conversation.contact).map(ContactShape::from),
            channel_id: conversation.channel,
            status: conversation.status,
            assignee: conversation.assignee.map(person),
            team: conversation.team.map(|id| TeamName { id, name: team(id) }),
            seq: conversation.last_seq,
            unread_count: conversation.unread_count,
            last_message_at: rfc3339(conversation.last_activity_at),
            last_message_preview: last
                .get(&conversation.id)
                .and_then(|message| messages::preview_text(&message.body)),
            window_expires_at: conversation.window_expires_at.map(rfc3339),
            snoozed_until: conversation.snoozed_until.map(rfc3339),
            created_at: rfc3339(conversation.created_at),
        }
    });
    Ok(shaped.collect())
}

/// One conversation.
///
/// # Errors
/// As [`conversations`].
pub async fn conversation(app: &App, scope: TenantScope, found: Conversation) -> Result<ConversationShape> {
    let shaped = conversations(app, scope, vec![found]).await?;
    shaped.into_iter().next().ok_or(crate::Error::NotFound)
}
