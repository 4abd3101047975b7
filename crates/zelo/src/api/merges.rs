//! Contacts that turned out to be one person.

use super::rfc3339;
use crate::{
    app::App,
    contacts::{self, MergeReason, Merged},
    error::Result,
    http::Path,
    identity::May,
    ids::ContactId,
    merging,
    rights::to,
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A merge of two contacts.
#[derive(Serialize, ToSchema)]
pub(super) struct MergeShape {
    /// Its id.
    id: Uuid,
    /// The contact that stands for both.
    kept_contact_id: ContactId,
    /// The other one.
    merged_contact_id: ContactId,
    /// How it turned out.
    reason: MergeReason,
    /// When (RFC 3339).
    merged_at: String,
    /// When somebody said that they are two people (RFC 3339); null while they are one.
    undone_at: Option<String>,
}

impl From<Merged> for MergeShape {
    fn from(merged: Merged) -> Self {
        Self {
            id: merged.id,
            kept_contact_id: merged.kept,
            merged_contact_id: merged.merged,
            reason: merged.reason,
            merged_at: rfc3339(merged.merged_at),
            undone_at: merged.undone_at.map(rfc3339),
        }
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct MergeList {
    /// The newest merges.
    data: Vec<MergeShape>,
    /// Always null: the newest 200 are all that is shown.
    next_cursor: Option<String>,
}

/// Contacts that were merged because Meta named them as one person, newest first.
#[utoipa::path(get, path = "/contact-merges", tag = "contacts",
    responses((status = 200, body = MergeList), (status = 403)), security(("bearer" = ["contacts:write"])))]
pub(super) async fn list_contact_merges(
    State(app): State<App>,
    scope: May<to::WriteContacts>,
) -> Result<axum::Json<MergeList>> {
    let found = contacts::list_merges(&app, scope.tenant, None, 200).await?;
    let data = found.into_iter().map(MergeShape::from).collect();
    Ok(axum::Json(MergeList { data, next_cursor: None }))
}

/// Undo a merge: each of the two has its own conversations again, and they are never merged by themselves any more.
#[utoipa::path(delete, path = "/contact-merges/{id}", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = MergeShape), (status = 403), (status = 404), (status = 409)),
    security(("bearer" = ["contacts:write"])))]
pub(super) async fn undo_contact_merge(
    State(app): State<App>,
    scope: May<to::WriteContacts>,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<MergeShape>> {
    Ok(axum::Json(merging::undo(&app, scope.tenant, id).await?.into()))
}
