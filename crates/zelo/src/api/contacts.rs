//! Contacts.

use super::shapes::{self, ContactShape, ConversationShape};
use crate::{
    app::App,
    audit, contacts,
    conversations::{self, AssigneeFilter, Listing, Position},
    error::Result,
    http::{List, Page, Path},
    identity::May,
    ids::ContactId,
    rights::to,
};
use axum::extract::State;

/// The contacts, newest first.
#[utoipa::path(get, path = "/contacts", tag = "contacts",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<ContactShape>), (status = 401)), security(("bearer" = ["contacts:read"])))]
pub(super) async fn list_contacts(
    State(app): State<App>,
    scope: May<to::ReadContacts>,
    page: Page,
) -> Result<axum::Json<List<ContactShape>>> {
    let found =
        contacts::list_contacts(&app, scope.sight(), page.after::<ContactId>()?, page.rows_to_read()).await?;
    let list = List::new(found, &page, |contact| contact.id);
    Ok(axum::Json(list.map(|contact| ContactShape::from(&contact))))
}

/// One contact.
#[utoipa::path(get, path = "/contacts/{id}", tag = "contacts", params(("id" = ContactId, Path)),
    responses((status = 200, body = ContactShape), (status = 404)), security(("bearer" = ["contacts:read"])))]
pub(super) async fn get_contact(
    State(app): State<App>,
    scope: May<to::ReadContacts>,
    Path(id): Path<ContactId>,
) -> Result<axum::Json<ContactShape>> {
    let contact = contacts::get_seen_contact(&app, scope.sight(), id).await?;
    audit::note_contact_reading(&app, scope.tenant, scope.user, id).await?;
    Ok(axum::Json(ContactShape::from(&contact)))
}

/// A contact's conversations, the current one first.
#[utoipa::path(get, path = "/contacts/{id}/conversations", tag = "contacts",
    params(("id" = ContactId, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<ConversationShape>), (status = 404)), security(("bearer" = ["contacts:read"])))]
pub(super) async fn list_contact_conversations(
    State(app): State<App>,
    scope: May<to::ReadContacts>,
    Path(id): Path<ContactId>,
    page: Page,
) -> Result<axum::Json<List<ConversationShape>>> {
    contacts::get_seen_contact(&app, scope.sight(), id).await?;
    let listing = Listing {
        statuses: Vec::new(),
        assignee: AssigneeFilter::Anybody,
        channel: None,
        contact: Some(id),
        team: None,
        after: page.after::<Position>()?,
        limit: page.rows_to_read(),
    };
    let found = conversations::list_conversations(&app, scope.sight(), &listing).await?;
    let List { data, next_cursor } = List::new(found, &page, conversations::Conversation::position);
    let data = shapes::conversations(&app, scope.tenant, data).await?;
    Ok(axum::Json(List { data, next_cursor }))
}
