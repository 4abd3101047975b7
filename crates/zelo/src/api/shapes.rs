//! What conversations, messages and contacts look like on the wire; sockets send the same shapes.

use super::{media::MediaShape, time::rfc3339};
use crate::{
    app::App,
    contacts::{self, Contact, MarketingChoice},
    conversations::{Conversation, ConversationStatus},
    error::Result,
    identity::{self, Role, User},
    ids::{ChannelId, ContactId, ConversationId, MessageId, TeamId, UserId},
    messages::{self, Author, Charge, Direction, Message, MessageStatus, Reacted, Said, SendFailure, Via},
    rights::Visibility,
    teams,
    tenants::TenantScope,
};
use serde::Serialize;
use utoipa::ToSchema;
use whatsapp::webhook::{Content, InteractiveReply};

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
    /// What the person told Meta about marketing messages: after `stop` none may be sent; null while nothing was said.
    pub marketing: Option<MarketingChoice>,
    /// The contact that stands for this one since they were merged.
    pub merged_into: Option<ContactId>,
}

impl From<&Contact> for ContactShape {
    fn from(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            name: contact.profile.display_name(),
            phone: contact.profile.display_phone(),
            user_id: contact.profile.user_id.clone(),
            username: contact.profile.username.clone(),
            marketing: contact.marketing,
            merged_into: contact.merged_into,
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
    /// That message as it is now, where it is here.
    pub quoted: Option<QuotedShape>,
    /// The message that this reaction, edit or deletion changes, where it is here.
    pub changes: Option<MessageId>,
    /// The emojis on it, one from each side at most.
    pub reactions: Vec<ReactionShape>,
    /// When its writer last changed its words (RFC 3339); they are the new ones.
    pub edited_at: Option<String>,
    /// When its writer deleted it for everyone (RFC 3339); its words are not given any more.
    pub deleted_at: Option<String>,
    /// `once` when it was forwarded, `often` when it was more than five times; null when it was not.
    pub forwarded: Option<Forwarded>,
    /// What was filled into a form.
    pub answers: Vec<AnswerShape>,
    /// The advertisement that led here, in Meta's shape.
    #[schema(value_type = Option<Object>)]
    pub referral: Option<serde_json::Value>,
    /// The product of the catalogue that it is about, in Meta's shape.
    #[schema(value_type = Option<Object>)]
    pub product: Option<serde_json::Value>,
    /// Meta's id of the group in which it was said, to others too.
    pub group_id: Option<String>,
    /// By which way it came that nobody wrote here.
    pub via: Option<Via>,
    /// What Meta charges it as, once it has said so.
    pub pricing: Option<Charge>,
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

/// A message that another one quotes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuotedShape {
    /// Its id.
    pub id: MessageId,
    /// Who wrote to whom.
    pub direction: Direction,
    /// Meta's name of its type.
    pub r#type: String,
    /// Its words; null where it has none.
    pub text: Option<String>,
}

/// An emoji on a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReactionShape {
    /// The emoji.
    pub emoji: String,
    /// Which side put it there: `inbound` is the contact.
    pub direction: Direction,
    /// Who of the staff; null for the contact.
    pub author: Option<UserId>,
    /// When (RFC 3339).
    pub at: String,
}

/// How often a message was forwarded.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Forwarded {
    /// Five times or fewer.
    Once,
    /// More often.
    Often,
}

/// One field of a form.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AnswerShape {
    /// What the flow calls it.
    pub name: String,
    /// What was filled in.
    pub value: String,
}

impl From<&Reacted> for ReactionShape {
    fn from(reaction: &Reacted) -> Self {
        Self {
            emoji: reaction.emoji.clone(),
            direction: reaction.direction,
            author: match reaction.author {
                Author::User(user) => Some(user),
                Author::Contact => None,
            },
            at: rfc3339(reaction.at),
        }
    }
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
            Said::Call(_) | Said::Withheld { .. } => None,
        };
        let answers = match &body.said {
            Said::Inbound(Content::Interactive(InteractiveReply::Flow(flow))) => flow.answers(),
            _ => Vec::new(),
        };
        let content = match &body.said {
            Said::Inbound(Content::Unknown { kind, raw }) => serde_json::json!({ kind.as_str(): raw.get() }),
            Said::Inbound(content) => serde_json::to_value(content).unwrap_or_default(),
            Said::Outbound(content) => serde_json::to_value(content).unwrap_or_default(),
            Said::Call(step) => serde_json::json!({ "call": step }),
            Said::Withheld { .. } => serde_json::json!({}),
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
            quoted: message.quoted.as_ref().map(|quoted| QuotedShape {
                id: quoted.id,
                direction: quoted.direction,
                r#type: quoted.body.kind().to_owned(),
                text: quoted.body.text().map(std::borrow::Cow::into_owned),
            }),
            changes: message.changes,
            reactions: message.marks.reactions.iter().map(ReactionShape::from).collect(),
            edited_at: message.marks.edited_at.map(rfc3339),
            deleted_at: message.marks.deleted_at.map(rfc3339),
            forwarded: match (body.is_forwarded_often, body.is_forwarded) {
                (true, _) => Some(Forwarded::Often),
                (false, true) => Some(Forwarded::Once),
                (false, false) => None,
            },
            answers: answers.into_iter().map(|(name, value)| AnswerShape { name, value }).collect(),
            referral: body.referral.as_ref().and_then(|referral| serde_json::to_value(referral).ok()),
            product: body.product.as_ref().and_then(|product| serde_json::to_value(product).ok()),
            group_id: body.group.clone(),
            via: body.via,
            pricing: message.pricing.clone(),
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
