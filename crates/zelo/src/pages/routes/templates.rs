//! The pages of message templates: the list, one of them, a new one.

use super::visit::{Desk, html, id, see};
use crate::{
    channels::{self, Channel},
    conversations,
    error::{Error, FieldError, Result},
    identity,
    ids::{ChannelId, TemplateId},
    pages::{
        context::PageContext,
        meta_words, render,
        view::{
            NewTemplatePage, Person, Rail, SyncLine, TemplateCard, TemplateField, TemplatePage,
            TemplatePreview, TemplateTone, TemplatesPage, TypedTemplate,
        },
    },
    rights::Permission,
    templates::{self, MessageTemplate, NewTemplate},
};
use axum::{
    Form,
    extract::{Path, Query, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use whatsapp::template::{Preview, TemplateDraft, Variable};

/// Who looks, for the frame around the page.
pub(super) async fn frame(desk: &Desk) -> Result<(Person, i64, Rail)> {
    let user = identity::get_user(&desk.app, desk.scope.tenant(), desk.user).await?;
    let counts = conversations::count_conversations(&desk.app, desk.sight, desk.user).await?;
    Ok((Person::new(&user.name, desk.user.0.as_bytes()), counts[3], Rail::of(&desk.rights)))
}

/// What was just done.
#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

/// The list.
pub(super) async fn show_list(desk: Desk, Query(done): Query<Done>) -> Response {
    desk.answer(draw_list(&desk, &done.done).await)
}

async fn draw_list(desk: &Desk, done: &str) -> Result<Response> {
    desk.require(Permission::ReadChannels)?;
    let cx = desk.cx();
    let done = match done {
        "created" => Some(cx.text("template-created")),
        "deleted" => Some(cx.text("template-deleted")),
        "sync" => Some(cx.text("template-sync-asked")),
        _ => None,
    };
    let (user, unread, rail) = frame(desk).await?;
    let syncs = templates::list_syncs(&desk.app, desk.scope).await?.into_iter();
    let line = |sync: templates::SyncState| SyncLine {
        account: sync.account,
        at_ms: sync.synced_at,
        problem: sync.problem,
    };
    let found = templates::list_templates(&desk.app, desk.scope).await?;
    let page = TemplatesPage {
        user,
        unread,
        rail,
        may_write: desk.rights.allow(Permission::WriteChannels),
        done,
        syncs: syncs.map(line).collect(),
        templates: found.iter().map(|template| card(cx, template)).collect(),
    };
    html(render::templates(cx, &page))
}

/// A template in a list.
pub(super) fn card(cx: &PageContext, template: &MessageTemplate) -> TemplateCard {
    let status = template.status.as_deref().unwrap_or_default();
    let (key, tone) = match status {
        "APPROVED" | "REINSTATED" | "UNARCHIVED" => ("template-state-approved", TemplateTone::Good),
        "FLAGGED" => ("template-state-flagged", TemplateTone::Waits),
        "PENDING" | "IN_APPEAL" => ("template-state-pending", TemplateTone::Waits),
        "" => ("template-state-unknown", TemplateTone::Waits),
        "PAUSED" => ("template-state-paused", TemplateTone::Bad),
        "REJECTED" => ("template-state-rejected", TemplateTone::Bad),
        "DISABLED" => ("template-state-disabled", TemplateTone::Bad),
        _ => ("template-state-other", TemplateTone::Bad),
    };
    let change = match (&template.next_category, &template.previous_category) {
        (Some(next), _) => {
            let on = template.next_category_on.map(|at| cx.short_date(at)).unwrap_or_default();
            Some(format!("{} {on}", cx.text_name("template-category-soon", &category(cx, Some(next)))))
        }
        (None, Some(previous)) => {
            Some(cx.text_name("template-category-before", &category(cx, Some(previous))))
        }
        (None, None) => None,
    };
    TemplateCard {
        id: template.id.0,
        name: template.name.clone(),
        language: template.language.clone(),
        state: cx.text_name(key, status),
        tone,
        reason: template.reason.clone().unwrap_or_default(),
        category: category(cx, template.category.as_deref()),
        change: change.map(|change| change.trim_end().to_owned()),
        quality: meta_words::quality(cx.lang, template.quality.as_deref().unwrap_or_default()),
    }
}

fn category(cx: &PageContext, word: Option<&str>) -> String {
    meta_words::category(cx.lang, word.unwrap_or_default())
}

/// A preview in the reader's language.
pub(super) fn shown(cx: &PageContext, preview: Preview) -> TemplatePreview {
    let header = preview.header.map(|header| match header.format.as_str() {
        "IMAGE" => cx.text("template-header-image"),
        "VIDEO" => cx.text("template-header-video"),
        "DOCUMENT" => cx.text("template-header-document"),
        "LOCATION" => cx.text("template-header-location"),
        _ => header.text,
    });
    let buttons = preview.buttons.into_iter().map(|button| (button.text, button.target.unwrap_or_default()));
    TemplatePreview {
        header: header.unwrap_or_default(),
        body: preview.body,
        footer: preview.footer.unwrap_or_default(),
        buttons: buttons.collect(),
    }
}

/// The fields for a template's variables, with what was filled in.
pub(super) fn fields(
    cx: &PageContext,
    variables: Vec<Variable>,
    values: &BTreeMap<String, String>,
) -> Vec<TemplateField> {
    let field = |variable: Variable| {
        let (part, name) = variable.key.split_once('.').unwrap_or((variable.key.as_str(), ""));
        let number = name.parse::<u32>().map_or_else(|_| name.to_owned(), |number| (number + 1).to_string());
        let label = match part {
            "header" => cx.text_name("template-field-header", name),
            "button" => cx.text_name("template-field-button", &number),
            _ => cx.text_name("template-field-body", name),
        };
        TemplateField {
            label,
            value: values.get(&variable.key).cloned().unwrap_or_default(),
            name: variable.key,
            example: variable.example.unwrap_or_default(),
        }
    };
    variables.into_iter().map(field).collect()
}

/// One template, with its variables filled in as the address says.
pub(super) async fn show_one(
    desk: Desk,
    Path(text): Path<String>,
    Query(values): Query<BTreeMap<String, String>>,
) -> Response {
    desk.answer(draw_one(&desk, &text, &values).await)
}

async fn draw_one(desk: &Desk, text: &str, values: &BTreeMap<String, String>) -> Result<Response> {
    desk.require(Permission::ReadChannels)?;
    let (cx, id) = (desk.cx(), TemplateId(id(text)?));
    let template = templates::get_template(&desk.app, desk.scope, id).await?;
    let preview = match template.known() {
        Some(_) => Some(templates::preview(&desk.app, desk.scope, id, values).await?.0),
        None => None,
    };
    let variables = template.known().map(|known| known.variables()).unwrap_or_default();
    let (user, unread, rail) = frame(desk).await?;
    let page = TemplatePage {
        user,
        unread,
        rail,
        may_write: desk.rights.allow(Permission::WriteChannels),
        card: card(cx, &template),
        preview: preview.map(|preview| shown(cx, preview)),
        fields: fields(cx, variables, values),
    };
    html(render::template(cx, &page))
}

/// Ask Meta for the lists again.
pub(super) async fn sync(desk: Desk) -> Response {
    let asked = async {
        desk.require(Permission::WriteChannels)?;
        templates::ask_for_sync(&desk.app, desk.scope).await?;
        Ok(see("/templates?done=sync"))
    };
    desk.answer(asked.await)
}

/// Delete a template.
pub(super) async fn delete(desk: Desk, Path(text): Path<String>) -> Response {
    let deleted = async {
        desk.require(Permission::WriteChannels)?;
        templates::delete_template(&desk.app, desk.scope, TemplateId(id(&text)?)).await?;
        Ok(see("/templates?done=deleted"))
    };
    desk.answer(deleted.await)
}

/// The form for a new template.
pub(super) async fn show_new(desk: Desk) -> Response {
    let drawn = async {
        desk.require(Permission::WriteChannels)?;
        let draft = TypedTemplate {
            language: "pt_BR".to_owned(),
            category: "UTILITY".to_owned(),
            ..TypedTemplate::default()
        };
        draw_new(&desk, draft, Vec::new()).await
    };
    desk.answer(drawn.await)
}

async fn draw_new(desk: &Desk, draft: TypedTemplate, faults: Vec<(String, String)>) -> Result<Response> {
    let (user, unread, rail) = frame(desk).await?;
    let mut channels: Vec<Channel> = channels::list_channels(&desk.app, desk.scope).await?;
    let mut accounts: Vec<String> = Vec::new();
    channels.retain(|channel| {
        let is_new = !accounts.contains(&channel.waba_id);
        accounts.push(channel.waba_id.clone());
        is_new
    });
    let named = |channel: &Channel| (channel.id.0, format!("{} {}", channel.name, channel.display_phone));
    let channels = if channels.len() > 1 { channels.iter().map(named).collect() } else { Vec::new() };
    let page = NewTemplatePage { user, unread, rail, draft, channels, faults };
    html(render::new_template(desk.cx(), &page))
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    header: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    examples: String,
    #[serde(default)]
    footer: String,
    #[serde(default)]
    replies: String,
}

impl From<Typed> for TypedTemplate {
    fn from(typed: Typed) -> Self {
        // Browsers send line breaks of a form as CR LF.
        let lines = |text: String| text.replace("\r\n", "\n").trim().to_owned();
        Self {
            channel: typed.channel,
            name: typed.name.trim().to_owned(),
            language: typed.language,
            category: typed.category,
            header: typed.header.trim().to_owned(),
            body: lines(typed.body),
            examples: lines(typed.examples),
            footer: typed.footer.trim().to_owned(),
            replies: lines(typed.replies),
        }
    }
}

fn filled_lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// A template of words: what most people need. Everything else goes through the API.
fn draft_of(typed: &TypedTemplate) -> TemplateDraft {
    let mut components = Vec::new();
    if !typed.header.is_empty() {
        components.push(json!({"type": "HEADER", "format": "TEXT", "text": typed.header}));
    }
    let mut body = json!({"type": "BODY", "text": typed.body});
    let examples = filled_lines(&typed.examples);
    if let (Some(body), false) = (body.as_object_mut(), examples.is_empty()) {
        body.insert("example".to_owned(), json!({"body_text": [examples]}));
    }
    components.push(body);
    if !typed.footer.is_empty() {
        components.push(json!({"type": "FOOTER", "text": typed.footer}));
    }
    let replies: Vec<Value> = filled_lines(&typed.replies)
        .into_iter()
        .map(|text| json!({"type": "QUICK_REPLY", "text": text}))
        .collect();
    if !replies.is_empty() {
        components.push(json!({"type": "BUTTONS", "buttons": replies}));
    }
    TemplateDraft {
        name: typed.name.clone(),
        language: typed.language.clone(),
        category: typed.category.clone(),
        components,
        ..TemplateDraft::default()
    }
}

/// Hand the template in, or show the form again with everything that is wrong.
pub(super) async fn create(desk: Desk, form: std::result::Result<Form<Typed>, FormRejection>) -> Response {
    let Ok(Form(typed)) = form else {
        return desk.visit.refuse(Error::Malformed("The form could not be read.".into()));
    };
    let typed = TypedTemplate::from(typed);
    let created = async {
        desk.require(Permission::WriteChannels)?;
        let channel = match typed.channel.as_str() {
            "" => None,
            text => Some(ChannelId(id(text)?)),
        };
        templates::create_template(&desk.app, desk.scope, &NewTemplate { channel, draft: draft_of(&typed) })
            .await
    };
    let faults = match created.await {
        Ok(_) => return see("/templates?done=created"),
        Err(Error::Invalid(fields)) => fields.iter().map(|field| fault(desk.cx(), &typed, field)).collect(),
        Err(Error::Conflict { detail, .. }) => vec![(desk.cx().text("template-refused"), detail)],
        Err(error) => return desk.visit.refuse(error),
    };
    let mut response = desk.answer(draw_new(&desk, typed, faults).await);
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// The part of the form that a fault is about, and what is wrong with it.
fn fault(cx: &PageContext, typed: &TypedTemplate, field: &FieldError) -> (String, String) {
    let position = field.field.strip_prefix("components.").and_then(|rest| rest.split('.').next());
    let position = position.and_then(|position| position.parse::<usize>().ok());
    let component = position.and_then(|position| draft_of(typed).components.get(position).cloned());
    let kind = component.as_ref().and_then(|component| component.get("type")).and_then(Value::as_str);
    let part = match (field.field.as_str(), kind) {
        ("name", _) => "template-name",
        ("language", _) => "template-language",
        ("category", _) => "template-category",
        ("channel_id", _) => "template-channel",
        (path, Some("BODY")) if path.contains("example") => "template-examples",
        (_, Some("HEADER")) => "template-header",
        (_, Some("FOOTER")) => "template-footer",
        (_, Some("BUTTONS")) => "template-replies",
        _ => "template-body",
    };
    let why = match field.code {
        "required" => "template-fault-required",
        "too_long" => "template-fault-too-long",
        "pattern" => "template-fault-pattern",
        "variable" => "template-fault-variable",
        "variable_at_edge" => "template-fault-edge",
        "variables_touch" => "template-fault-touch",
        "count" => "template-fault-count",
        "too_many" => "template-fault-too-many",
        _ => "template-fault-other",
    };
    (cx.text(part), cx.text(why))
}
