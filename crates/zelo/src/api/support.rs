//! Support: the platform's owner looks into a tenant, in its sight.

use super::time::rfc3339;
use crate::{
    app::App,
    conversations::{self, AssigneeFilter, Conversation, ConversationStatus, Listing, Position},
    error::Result,
    http::{Json, List, Page, Path, Query},
    identity::{May, PlatformScope, Recent},
    ids::{ChannelId, ContactId, ConversationId, SupportAccessId, TeamId, TenantId, UserId},
    rights::to,
    support::{self, Access, EndedBy, NewAccess},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The platform's owner in a tenant, now or in the past.
#[derive(Serialize, ToSchema)]
pub(super) struct SupportAccessShape {
    /// Its id.
    id: SupportAccessId,
    /// Who of the platform.
    supporter_id: UserId,
    /// What they are called; null when they are gone.
    supporter_name: Option<String>,
    /// Why, in their words.
    reason: String,
    /// When it began (RFC 3339).
    begun_at: String,
    /// When it ends at the latest (RFC 3339).
    expires_at: String,
    /// When it was last used (RFC 3339).
    last_used_at: Option<String>,
    /// How often it was used; each use is an entry of the audit log.
    uses: i64,
    /// When it ended (RFC 3339); null while it is open.
    ended_at: Option<String>,
    /// What ended it; null while it is open.
    ended_by: Option<EndedBy>,
}

impl From<Access> for SupportAccessShape {
    fn from(access: Access) -> Self {
        Self {
            id: access.id,
            supporter_id: access.supporter,
            supporter_name: access.supporter_name,
            reason: access.reason,
            begun_at: rfc3339(access.begun_at),
            expires_at: rfc3339(access.expires_at),
            last_used_at: access.last_used_at.map(rfc3339),
            uses: access.uses,
            ended_at: access.end.map(|(at, _)| rfc3339(at)),
            ended_by: access.end.map(|(_, by)| by),
        }
    }
}

/// A new access with its token, which is shown here and never again.
#[derive(Serialize, ToSchema)]
pub(super) struct NewSupportAccessShape {
    /// The access.
    #[serde(flatten)]
    access: SupportAccessShape,
    /// What the supporter sends as a bearer token. It opens channels, roles, teams, API keys (without secrets), settings and
    /// conversation outlines of this tenant.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
}

/// Why and for how long.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SupportAccessBody {
    /// Why, in 10 to 500 characters; the tenant reads it. Without it the answer is 403 `reason_required`.
    #[serde(default)]
    reason: Option<String>,
    /// For how many minutes: 30 where nothing is said, 60 at most.
    #[serde(default)]
    minutes: Option<u32>,
}

/// Look into a tenant: for a reason, for an hour at most, without seeing what anybody wrote. The tenant is told by mail, sees
/// each use in its audit log and may end it. For the platform's owner; asks for a log-in of the last five minutes.
#[utoipa::path(post, path = "/tenants/{id}/support-accesses", tag = "people", params(("id" = TenantId, Path)),
    request_body = SupportAccessBody,
    responses((status = 201, body = NewSupportAccessShape), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["platform"])))]
pub(super) async fn begin_support_access(
    State(app): State<App>,
    _owner: PlatformScope,
    recent: Recent,
    Path(id): Path<TenantId>,
    Json(body): Json<SupportAccessBody>,
) -> Result<(StatusCode, axum::Json<NewSupportAccessShape>)> {
    let new = NewAccess { reason: body.reason.unwrap_or_default(), minutes: body.minutes.unwrap_or(30) };
    let (access, token) = support::begin_access(&app, &recent.caller.signed_in, id, &new).await?;
    let shape = NewSupportAccessShape {
        access: access.into(),
        access_token: token.to_string(),
        token_type: "bearer",
    };
    Ok((StatusCode::CREATED, axum::Json(shape)))
}

/// End all accesses to a tenant that the caller has open.
#[utoipa::path(delete, path = "/tenants/{id}/support-accesses", tag = "people", params(("id" = TenantId, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)), security(("bearer" = ["platform"])))]
pub(super) async fn end_own_support_accesses(
    State(app): State<App>,
    owner: PlatformScope,
    Path(id): Path<TenantId>,
) -> Result<StatusCode> {
    support::end_own_accesses(&app, owner.user(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// When and why the platform's owner looked in, newest first.
#[utoipa::path(get, path = "/support-accesses", tag = "people",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<SupportAccessShape>), (status = 400), (status = 401), (status = 403)),
    security(("bearer" = ["support:read"])))]
pub(super) async fn list_support_accesses(
    State(app): State<App>,
    scope: May<to::ReadSupport>,
    page: Page,
) -> Result<axum::Json<List<SupportAccessShape>>> {
    let found = support::list_accesses(&app, scope.tenant, page.after()?, page.rows_to_read()).await?;
    Ok(axum::Json(List::new(found, &page, |access| access.id).map(SupportAccessShape::from)))
}

/// Show the platform's owner out, at once.
#[utoipa::path(delete, path = "/support-accesses/{id}", tag = "people", params(("id" = SupportAccessId, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)), security(("bearer" = ["support:write"])))]
pub(super) async fn end_support_access(
    State(app): State<App>,
    scope: May<to::WriteSupport>,
    Path(id): Path<SupportAccessId>,
) -> Result<StatusCode> {
    support::end_access(&app, scope.tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which conversations are outlined.
#[derive(Deserialize, IntoParams)]
pub(super) struct OutlineFilter {
    /// `pending`, `open`, `snoozed` or `resolved`; all where it is missing.
    status: Option<ConversationStatus>,
    /// A channel's id.
    channel: Option<ChannelId>,
}

/// How a conversation stands: neither with whom nor what was said.
#[derive(Serialize, ToSchema)]
pub(super) struct OutlineShape {
    /// Its id.
    id: ConversationId,
    /// The number that it came in by.
    channel_id: ChannelId,
    /// With whom: an id that says nothing of them.
    contact_id: ContactId,
    /// Who is to act.
    status: ConversationStatus,
    /// Who of the staff has it.
    assignee_id: Option<UserId>,
    /// Which team has it.
    team_id: Option<TeamId>,
    /// Its last change.
    seq: i64,
    /// Messages of the contact that nobody has read.
    unread_count: i64,
    /// When something was last said (RFC 3339).
    last_message_at: String,
    /// Until when anything but a template may be sent (RFC 3339).
    window_expires_at: Option<String>,
    /// Until when it sleeps (RFC 3339).
    snoozed_until: Option<String>,
    /// When it began (RFC 3339).
    created_at: String,
}

impl From<Conversation> for OutlineShape {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id,
            channel_id: conversation.channel,
            contact_id: conversation.contact,
            status: conversation.status,
            assignee_id: conversation.assignee,
            team_id: conversation.team,
            seq: conversation.last_seq,
            unread_count: conversation.unread_count,
            last_message_at: rfc3339(conversation.last_activity_at),
            window_expires_at: conversation.window_expires_at.map(rfc3339),
            snoozed_until: conversation.snoozed_until.map(rfc3339),
            created_at: rfc3339(conversation.created_at),
        }
    }
}

/// How conversations stand, in the order of the inbox: no text, no name, no number. What a support access sees of them.
#[utoipa::path(get, path = "/conversation-outlines", tag = "conversations",
    params(OutlineFilter, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<OutlineShape>), (status = 400), (status = 401), (status = 403)),
    security(("bearer" = ["conversations:outline"])))]
pub(super) async fn list_conversation_outlines(
    State(app): State<App>,
    scope: May<to::OutlineConversations>,
    Query(filter): Query<OutlineFilter>,
    page: Page,
) -> Result<axum::Json<List<OutlineShape>>> {
    let listing = Listing {
        statuses: filter.status.into_iter().collect(),
        assignee: AssigneeFilter::Anybody,
        channel: filter.channel,
        contact: None,
        team: None,
        after: page.after::<Position>()?,
        limit: page.rows_to_read(),
    };
    let found = conversations::list_conversations(&app, scope.sight(), &listing).await?;
    Ok(axum::Json(List::new(found, &page, Conversation::position).map(OutlineShape::from)))
}
