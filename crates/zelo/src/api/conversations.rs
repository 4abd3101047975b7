//! Conversations.

use super::{
    shapes::{self, ConversationShape},
    time::from_rfc3339,
};
use crate::{
    app::App,
    clock::Millis,
    conversations::{
        self, AssigneeFilter, Assignment, Conversation, ConversationChange, ConversationStatus, Listing,
        Position,
    },
    error::{Error, Result},
    http::{Json, List, Page, Path, Query},
    identity::May,
    ids::{ChannelId, ConversationId, TeamId, UserId},
    rights::{Permission, to},
    teams,
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
    /// A team's id.
    team: Option<TeamId>,
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
        team: filter.team,
        after: page.after::<Position>()?,
        limit: page.rows_to_read(),
    };
    let found = conversations::list_conversations(&app, scope.sight(), &listing).await?;
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
    let found = conversations::get_conversation(&app, scope.sight(), id).await?;
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}

/// What is to change of a conversation; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationPatch {
    /// `open`, `snoozed` or `resolved`.
    #[serde(default)]
    status: Option<ConversationStatus>,
    /// Until when it sleeps (RFC 3339), in the future. Only with `snoozed`.
    #[serde(default)]
    until: Option<String>,
    /// A user of the same tenant, or null for nobody. Demands `conversations:assign` too.
    #[serde(default, deserialize_with = "super::time::said")]
    #[schema(value_type = Option<UserId>)]
    user_id: Option<Option<UserId>>,
    /// A team of the same tenant, or null for none. Demands `conversations:assign` too.
    #[serde(default, deserialize_with = "super::time::said")]
    #[schema(value_type = Option<TeamId>)]
    team_id: Option<Option<TeamId>>,
}

/// Change a conversation's state and who has it, all of it or nothing. Doing it again changes nothing.
#[utoipa::path(patch, path = "/conversations/{id}", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = ConversationPatch,
    responses((status = 200, body = ConversationShape), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["conversations:write"])))]
pub(super) async fn update_conversation(
    State(app): State<App>,
    scope: May<to::WriteConversations>,
    Path(id): Path<ConversationId>,
    Json(body): Json<ConversationPatch>,
) -> Result<axum::Json<ConversationShape>> {
    // A stranger's conversation is unknown before it is asked what is to become of it.
    conversations::get_conversation(&app, scope.sight(), id).await?;
    let holders = Assignment { assignee: body.user_id, team: body.team_id };
    if holders != Assignment::default() {
        scope.require(Permission::AssignConversations)?;
        teams::check_assignment(&app, &scope, holders).await?;
    }
    let status = match (body.status, body.until.as_deref()) {
        (Some(status), until) => Some((status, asked_status(&app, status, until)?)),
        (None, Some(_)) => {
            return Err(Error::invalid("until", "not_allowed", "Say the status `snoozed` with it."));
        }
        (None, None) => None,
    };
    let change = ConversationChange { status, holders };
    let found = conversations::change_conversation(&app, scope.sight(), id, change).await?;
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}

/// Until when a conversation sleeps that is put into this state; refuses what nobody may ask for.
fn asked_status(app: &App, status: ConversationStatus, until: Option<&str>) -> Result<Option<Millis>> {
    if status == ConversationStatus::Pending {
        return Err(Error::invalid("status", "not_allowed", "Only the bot makes a conversation pending."));
    }
    let Some(text) = until else { return Ok(None) };
    let until = from_rfc3339(text).filter(|until| *until > app.clock.now());
    let past = || Error::invalid("until", "not_in_the_future", "Give a time that is still to come.");
    until.map(Some).ok_or_else(past)
}

/// To whom. What is not said stays as it is; null takes it away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignmentBody {
    /// A user of the same tenant, or null for nobody.
    #[serde(default, deserialize_with = "super::time::said")]
    #[schema(value_type = Option<UserId>)]
    user_id: Option<Option<UserId>>,
    /// A team of the same tenant, or null for none.
    #[serde(default, deserialize_with = "super::time::said")]
    #[schema(value_type = Option<TeamId>)]
    team_id: Option<Option<TeamId>>,
    /// Refuse (409 `already_assigned`) where somebody else has it: of many who take it at once, one gets it. Only with a
    /// user.
    #[serde(default)]
    if_unassigned: bool,
}

/// Give a conversation to somebody, or to a team.
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
    // A stranger's conversation is unknown before it is asked whom it should go to.
    conversations::get_conversation(&app, scope.sight(), id).await?;
    let wanted = Assignment { assignee: body.user_id, team: body.team_id };
    if wanted == Assignment::default() {
        return Err(Error::invalid("user_id", "required", "Say a user, a team, or both."));
    }
    teams::check_assignment(&app, &scope, wanted).await?;
    let found = match (body.if_unassigned, wanted) {
        (false, _) => conversations::assign_conversation(&app, scope.sight(), id, wanted).await?,
        (true, Assignment { assignee: Some(Some(user)), team: None }) => {
            conversations::claim_conversation(&app, scope.sight(), id, user).await?
        }
        (true, _) => {
            return Err(Error::invalid("if_unassigned", "not_allowed", "Say a user, and no team."));
        }
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
    let nobody = Assignment { assignee: Some(None), team: Some(None) };
    let found = conversations::assign_conversation(&app, scope.sight(), id, nobody).await?;
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}

/// Which state.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusBody {
    /// `open`, `snoozed` or `resolved`.
    status: ConversationStatus,
    /// Until when it sleeps (RFC 3339), in the future; then it opens by itself. Without it, until the contact writes.
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
    let until = asked_status(&app, body.status, body.until.as_deref())?;
    let found = conversations::set_conversation_status(&app, scope.sight(), id, body.status, until).await?;
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
    let found = conversations::mark_conversation_read(&app, scope.sight(), id).await?;
    Ok(axum::Json(shapes::conversation(&app, scope.tenant, found).await?))
}
