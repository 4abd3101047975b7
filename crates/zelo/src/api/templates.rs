//! Message templates.

use crate::{
    app::App,
    error::Result,
    identity::May,
    rights::to,
    templates::{self, MessageTemplate},
};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct TemplateList {
    /// The templates, by name and language.
    data: Vec<MessageTemplate>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// The templates that Meta has told of, with state, category and quality.
#[utoipa::path(get, path = "/message-templates", tag = "channels",
    responses((status = 200, body = TemplateList), (status = 401)), security(("bearer" = ["channels:read"])))]
pub(super) async fn list_message_templates(
    State(app): State<App>,
    scope: May<to::ReadChannels>,
) -> Result<axum::Json<TemplateList>> {
    let data = templates::list_templates(&app, scope.tenant).await?;
    Ok(axum::Json(TemplateList { data, next_cursor: None }))
}
