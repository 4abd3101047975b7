//! Conversations.

use super::{
    shapes::{self, ConversationShape},
    time::from_rfc3339,
};
use crate::{
    app::App,
    conversations::{self, AssigneeFilter, Conversation, ConversationStatus, Listing, Position},
    error::{Error, Result},
    http::{Json, List, Page, Path, Query},
    identity::{self, May},
    ids::{ChannelId, ConversationId, UserId},
    rights::to,
};
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which conversations are listed.
#[derive(Deserialize, IntoParams)]
pub(super) struct Filter {
    /// `pending`, `open`, `snoozed` or `resolved`; all where it is missing.
    status: Option<ConversationStatus>,
    /// `me`, `none` or a user's id; everybody where it is missing.
    assignee: Option<String>,
    /// A channel's id.
    channel: Option<ChannelId>,
}

fn assignee(text: Option<&str>, me: UserId) -> Result<AssigneeFilter> {
    match text {
        None => Ok(AssigneeFilter::Anybody),
        Some("none") => Ok(AssigneeFilter::Nobody),
        Some("me") => Ok(AssigneeFilter::User(me)),
        Some(id) => Uuid::parse_str(id)
            .map(|id| AssigneeFilter::User(UserId(id)))
            .map_err(|_| Error::Malformed("assignee is `me`, `none` or a user's id".into())),
    }
}

/// The inbox: open ones first, last activity first.
#[utoipa::path(get, path = "/conversations", tag = "conversations",
    params(Filter, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<ConversationShape>), (status = 400), (status = 401)), security(("bearer" = ["conversations:read"])))]
pub(super) async fn list_conversations(
    State(app): State<App>,
    scope: May<to::ReadConversations>,
    Query(filter): Query<Filter>,
    page: Page,
) -> Result<axum::Json<List<ConversationShape>>> {
    let listing = Listing {
        statuses: filter.status.into_iter().collect(),
        assignee: assignee(filter.assignee.as_deref(), scope.user)?,
        channel: filter.channel,
        contact: None,
        after: page.after::<Position>()?,
        limit: page.rows_to_read(),
    };
    let found = conversations::list_conversations(&app, scope.tenant, &listing).await?;
    let List { data, next_cursor } = List::new(found, &page, Conversation::position);
    let data = shapes::conversations(&app, scope.tenant, data).await?;
    Ok(axum::Json(List { data, next_cursor }))
}

/// One conversation.
#[utoipa::path(get, path = "/conversations/{id}", tag = "conversations", params(("id" = ConversationId, Path)),
    responses((status = 200, body = ConversationShape), (status = 404)), security(("bearer" = ["conversations:read"])))]
pub(super) async fn get_conversation(
    State(app): State<App>,
    scope: May<to::ReadConversations>,
    Path(id): Path<ConversationId>,
) -> Result<axum::Json<ConversationShape>> {
    let found = conversations::get_conversation(&app, scope.tenant, id).await?;
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}

/// To whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignmentBody {
    /// A user of the same tenant.
    user_id: UserId,
    /// Refuse (409 `already_assigned`) where somebody else has it: of many who take it at once, one gets it.
    #[serde(default)]
    if_unassigned: bool,
}

/// Give a conversation to somebody.
#[utoipa::path(put, path = "/conversations/{id}/assignment", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = AssignmentBody,
    responses((status = 200, body = ConversationShape), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["conversations:assign"])))]
pub(super) async fn assign_conversation(
    State(app): State<App>,
    scope: May<to::AssignConversations>,
    Path(id): Path<ConversationId>,
    Json(body): Json<AssignmentBody>,
) -> Result<axum::Json<ConversationShape>> {
    // A stranger's user is as unknown as one that never existed.
    let user = identity::get_user(&app, scope.tenant.tenant(), body.user_id).await;
    let user = user.map_err(|_| Error::invalid("user_id", "not_found", "There is no such user here."))?;
    let found = if body.if_unassigned {
        conversations::claim_conversation(&app, scope.tenant, id, user.id).await?
    } else {
        conversations::assign_conversation(&app, scope.tenant, id, Some(user.id)).await?
    };
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}

/// Put a conversation back into the queue.
#[utoipa::path(delete, path = "/conversations/{id}/assignment", tag = "conversations",
    params(("id" = ConversationId, Path)),
    responses((status = 200, body = ConversationShape), (status = 403), (status = 404)), security(("bearer" = ["conversations:assign"])))]
pub(super) async fn unassign_conversation(
    State(app): State<App>,
    scope: May<to::AssignConversations>,
    Path(id): Path<ConversationId>,
) -> Result<axum::Json<ConversationShape>> {
    let found = conversations::assign_conversation(&app, scope.tenant, id, None).await?;
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}

/// Which state.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusBody {
    /// `open`, `snoozed` or `resolved`.
    status: ConversationStatus,
    /// Until when it sleeps (RFC 3339).
    #[serde(default)]
    until: Option<String>,
}

/// Open, snooze or resolve a conversation. Doing it again changes nothing.
#[utoipa::path(put, path = "/conversations/{id}/status", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = StatusBody,
    responses((status = 200, body = ConversationShape), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["conversations:write"])))]
pub(super) async fn set_conversation_status(
    State(app): State<App>,
    scope: May<to::WriteConversations>,
    Path(id): Path<ConversationId>,
    Json(body): Json<StatusBody>,
) -> Result<axum::Json<ConversationShape>> {
    let until = match (body.status, body.until.as_deref()) {
        (ConversationStatus::Pending, _) => {
            return Err(Error::invalid(
                "status",
                "not_allowed",
                "Only the bot makes a conversation pending.",
            ));
        }
        (_, None) => None,
        (_, Some(text)) => {
            let until = from_rfc3339(text).filter(|until| *until > app.clock.now());
            Some(until.ok_or_else(|| {
                Error::invalid("until", "not_in_the_future", "Give a time that is still to come.")
            })?)
        }
    };
    let found = conversations::set_conversation_status(&app, scope.tenant, id, body.status, until).await?;
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}

/// Say that everything in a conversation has been read here.
#[utoipa::path(post, path = "/conversations/{id}/read", tag = "conversations", params(("id" = ConversationId, Path)),
    responses((status = 200, body = ConversationShape), (status = 404)), security(("bearer" = ["conversations:write"])))]
pub(super) async fn mark_conversation_read(
    State(app): State<App>,
    scope: May<to::WriteConversations>,
    Path(id): Path<ConversationId>,
) -> Result<axum::Json<ConversationShape>> {
    let found = conversations::mark_conversation_read(&app, scope.tenant, id).await?;
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}
