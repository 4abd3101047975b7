//! Message templates.

use super::time::rfc3339;
use crate::{
    app::App,
    error::{Error, Result},
    http::{Json, Path, Query},
    identity::May,
    ids::{ChannelId, TemplateId},
    rights::to,
    templates::{self, MessageTemplate, NewTemplate, SyncState},
};
use ::whatsapp::template::{Preview, TemplateDraft};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A template and how it stands with Meta.
#[derive(Serialize, ToSchema)]
pub(super) struct TemplateShape {
    /// Its id.
    id: TemplateId,
    /// Meta's id of the account.
    account: String,
    /// Its name.
    name: String,
    /// Its language, such as `pt_BR`.
    language: String,
    /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED` or another word of Meta's; null until Meta said one.
    status: Option<String>,
    /// Why, in Meta's words.
    reason: Option<String>,
    /// Whether messages with it are accepted now.
    sendable: bool,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`; null until Meta said one.
    category: Option<String>,
    /// The category that it had before Meta changed it.
    previous_category: Option<String>,
    /// The category that Meta is going to give it.
    next_category: Option<String>,
    /// When (RFC 3339), where Meta said it.
    next_category_on: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`; null until Meta said one.
    quality: Option<String>,
    /// How its variables are called.
    parameter_format: ParameterFormat,
    /// Header, body, footer and buttons in Meta's shape; null until Meta said them.
    #[schema(value_type = Option<Vec<Object>>)]
    components: Option<Vec<serde_json::Value>>,
    /// What has to be filled in when it is sent.
    variables: Vec<VariableShape>,
}

/// How variables are called.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ParameterFormat {
    /// `{{first_name}}`.
    Named,
    /// `{{1}}`.
    Positional,
}

/// Something that has to be filled in.
#[derive(Serialize, ToSchema)]
pub(super) struct VariableShape {
    /// Its key in a preview: `header.1`, `body.first_name`, `button.0`, or `header.image` for a file.
    key: String,
    /// What Meta's reviewers saw in its place.
    example: Option<String>,
}

impl From<MessageTemplate> for TemplateShape {
    fn from(template: MessageTemplate) -> Self {
        let variables = template.known().map(|known| known.variables()).unwrap_or_default();
        let shape = |it: ::whatsapp::template::Variable| VariableShape { key: it.key, example: it.example };
        Self {
            sendable: template.may_be_sent(),
            variables: variables.into_iter().map(shape).collect(),
            id: template.id,
            account: template.account,
            name: template.name,
            language: template.language,
            status: template.status,
            reason: template.reason,
            category: template.category,
            previous_category: template.previous_category,
            next_category: template.next_category,
            next_category_on: template.next_category_on.map(rfc3339),
            quality: template.quality,
            parameter_format: if template.is_named {
                ParameterFormat::Named
            } else {
                ParameterFormat::Positional
            },
            components: template.components,
        }
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct TemplateList {
    /// The templates, by name and language.
    data: Vec<TemplateShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
    /// When the lists of the accounts were last read at Meta.
    syncs: Vec<SyncShape>,
}

/// How the last reading of an account's list ended.
#[derive(Serialize, ToSchema)]
pub(super) struct SyncShape {
    /// Meta's id of the account.
    account: String,
    /// When it was last read whole (RFC 3339); null until it was.
    synced_at: Option<String>,
    /// Meta's code of the last failure, or `no_answer`; null where it did not fail.
    problem: Option<String>,
}

impl From<SyncState> for SyncShape {
    fn from(sync: SyncState) -> Self {
        Self { account: sync.account, synced_at: sync.synced_at.map(rfc3339), problem: sync.problem }
    }
}

/// Which templates.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Only those in this state, such as `APPROVED`.
    status: Option<String>,
    /// Only those of this name.
    name: Option<String>,
}

/// The templates with state, category and quality.
#[utoipa::path(get, path = "/message-templates", tag = "templates", params(Wanted),
    responses((status = 200, body = TemplateList), (status = 401)), security(("bearer" = ["channels:read"])))]
pub(super) async fn list_message_templates(
    State(app): State<App>,
    scope: May<to::ReadChannels>,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<TemplateList>> {
    let fits = |template: &MessageTemplate| {
        let in_state =
            |status: &String| template.status.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(status));
        wanted.status.as_ref().is_none_or(in_state)
            && wanted.name.as_ref().is_none_or(|name| *name == template.name)
    };
    let found = templates::list_templates(&app, scope.tenant).await?;
    let data = found.into_iter().filter(fits).map(TemplateShape::from).collect();
    let syncs = templates::list_syncs(&app, scope.tenant).await?.into_iter().map(SyncShape::from).collect();
    Ok(axum::Json(TemplateList { data, next_cursor: None, syncs }))
}

/// A template to be handed in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateBody {
    /// A number of the account that it is for; may be missing where there is only one account.
    #[serde(default)]
    channel_id: Option<ChannelId>,
    /// Lower-case letters, digits and underscores, at most 512.
    name: String,
    /// Such as `pt_BR`.
    language: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    category: String,
    /// `positional` (`{{1}}`), which is the usual, or `named` (`{{first_name}}`).
    #[serde(default)]
    parameter_format: Option<String>,
    /// Header, body, footer and buttons in Meta's shape, each variable with an example.
    #[schema(value_type = Vec<Object>)]
    components: Vec<serde_json::Value>,
    /// Seconds after which Meta gives a message up that was not delivered.
    #[serde(default)]
    message_send_ttl_seconds: Option<i64>,
}

/// Hand a template in for Meta's review. Everything that Meta would refuse is named at once.
#[utoipa::path(post, path = "/message-templates", tag = "templates", request_body = TemplateBody,
    responses((status = 201, body = TemplateShape), (status = 403), (status = 409), (status = 422), (status = 503)),
    security(("bearer" = ["channels:write"])))]
pub(super) async fn create_message_template(
    State(app): State<App>,
    scope: May<to::WriteChannels>,
    Json(body): Json<TemplateBody>,
) -> Result<(StatusCode, axum::Json<TemplateShape>)> {
    let draft = TemplateDraft {
        name: body.name,
        language: body.language,
        category: body.category.to_ascii_uppercase(),
        parameter_format: body.parameter_format,
        components: body.components,
        message_send_ttl_seconds: body.message_send_ttl_seconds,
    };
    let new = NewTemplate { channel: body.channel_id, draft };
    let template = templates::create_template(&app, scope.tenant, &new).await?;
    Ok((StatusCode::CREATED, axum::Json(template.into())))
}

/// What is being read.
#[derive(Serialize, ToSchema)]
pub(super) struct SyncAnswer {
    /// Meta's ids of the accounts whose lists are being read; `syncs` of the list says when it is done.
    accounts: Vec<String>,
}

/// Read the lists of all accounts at Meta again. Not needed as a rule: they are read when a number is connected, and Meta
/// tells of every change from then on.
#[utoipa::path(post, path = "/message-templates/sync", tag = "templates",
    responses((status = 202, body = SyncAnswer), (status = 403)), security(("bearer" = ["channels:write"])))]
pub(super) async fn sync_message_templates(
    State(app): State<App>,
    scope: May<to::WriteChannels>,
) -> Result<(StatusCode, axum::Json<SyncAnswer>)> {
    let accounts = templates::ask_for_sync(&app, scope.tenant).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(SyncAnswer { accounts })))
}

/// One template.
#[utoipa::path(get, path = "/message-templates/{id}", tag = "templates", params(("id" = TemplateId, Path)),
    responses((status = 200, body = TemplateShape), (status = 404)), security(("bearer" = ["channels:read"])))]
pub(super) async fn get_message_template(
    State(app): State<App>,
    scope: May<to::ReadChannels>,
    Path(id): Path<TemplateId>,
) -> Result<axum::Json<TemplateShape>> {
    Ok(axum::Json(templates::get_template(&app, scope.tenant, id).await?.into()))
}

/// Delete a template, in its own language alone. Meta blocks its name for 30 days.
#[utoipa::path(delete, path = "/message-templates/{id}", tag = "templates", params(("id" = TemplateId, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409), (status = 503)),
    security(("bearer" = ["channels:write"])))]
pub(super) async fn delete_message_template(
    State(app): State<App>,
    scope: May<to::WriteChannels>,
    Path(id): Path<TemplateId>,
) -> Result<StatusCode> {
    templates::delete_template(&app, scope.tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Values for variables.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewBody {
    /// By the keys of the template's `variables`.
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// A template as the customer sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct PreviewShape {
    /// What stands above the body; null where there is nothing.
    header: Option<PreviewHeaderShape>,
    /// The body, filled in.
    body: String,
    /// What stands below; null where there is nothing.
    footer: Option<String>,
    /// The buttons, from the first on.
    buttons: Vec<PreviewButtonShape>,
    /// Keys of variables without a value.
    missing: Vec<String>,
    /// Keys that are no variables of the template.
    unknown: Vec<String>,
    /// What `POST /conversations/{id}/messages` takes as `template`; null while something is missing.
    #[schema(value_type = Option<Object>)]
    template: Option<serde_json::Value>,
}

/// What stands above the body.
#[derive(Serialize, ToSchema)]
struct PreviewHeaderShape {
    /// `TEXT`, `IMAGE`, `VIDEO`, `DOCUMENT` or `LOCATION`.
    format: String,
    /// Empty unless it is a text.
    text: String,
}

/// A button.
#[derive(Serialize, ToSchema)]
struct PreviewButtonShape {
    /// `QUICK_REPLY`, `URL`, `COPY_CODE` or another word of Meta's.
    r#type: String,
    /// What stands on it.
    text: String,
    /// Where it leads, whom it calls or what it copies; null where it answers.
    target: Option<String>,
}

/// Fill a template's variables in and see what the customer sees. Nothing is sent.
#[utoipa::path(post, path = "/message-templates/{id}/preview", tag = "templates", params(("id" = TemplateId, Path)),
    request_body = PreviewBody,
    responses((status = 200, body = PreviewShape), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["channels:read"])))]
pub(super) async fn preview_message_template(
    State(app): State<App>,
    scope: May<to::ReadChannels>,
    Path(id): Path<TemplateId>,
    Json(body): Json<PreviewBody>,
) -> Result<axum::Json<PreviewShape>> {
    let (preview, filled, sent) = templates::preview(&app, scope.tenant, id, &body.variables).await?;
    let Preview { header, body, footer, buttons } = preview;
    let button = |it: ::whatsapp::template::PreviewButton| PreviewButtonShape {
        r#type: it.kind,
        text: it.text,
        target: it.target,
    };
    let is_complete = filled.missing.is_empty() && filled.unknown.is_empty();
    let template = is_complete.then(|| serde_json::to_value(&sent)).transpose().map_err(Error::internal)?;
    Ok(axum::Json(PreviewShape {
        header: header.map(|header| PreviewHeaderShape { format: header.format, text: header.text }),
        body,
        footer,
        buttons: buttons.into_iter().map(button).collect(),
        missing: filled.missing,
        unknown: filled.unknown,
        template,
    }))
}
