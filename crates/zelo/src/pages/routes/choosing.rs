//! Choosing a template for a conversation, filling it in, and sending it: what is left when the 24 hours are over.

use super::{
    sending::{Sheet, send_once},
    templates::{card, fields, frame, shown},
    visit::{Desk, html, id, see, with_body},
};
use crate::{
    channels, contacts, conversations,
    error::{Error, Result},
    ids::{ConversationId, TemplateId},
    messages::SendRequest,
    pages::{
        context::PageContext,
        render,
        view::{ChosenTemplate, TemplateChooserPage},
    },
    rights::Permission,
    templates::{self, MessageTemplate},
};
use axum::{
    Form,
    extract::{Path, Query, rejection::FormRejection},
    response::Response,
};
use std::collections::BTreeMap;
use whatsapp::client::OutboundContent;

/// What the address or the form holds beside the variables.
const TEMPLATE: &str = "template";
const KEY: &str = "idempotency_key";

type Values = BTreeMap<String, String>;

/// The templates that can be sent, or one of them being filled in.
pub(super) async fn show(desk: Desk, Path(text): Path<String>, Query(values): Query<Values>) -> Response {
    let drawn = async { draw(&desk, ConversationId(id(&text)?), values, None).await };
    desk.answer(drawn.await)
}

/// Whether a template can be filled in on a page: with words, and neither a file nor a place.
fn is_simple(template: &MessageTemplate) -> bool {
    template
        .known()
        .is_some_and(|known| !known.needs_location() && !known.variables().iter().any(|it| it.is_file()))
}

async fn draw(
    desk: &Desk,
    conversation: ConversationId,
    mut values: Values,
    problem: Option<String>,
) -> Result<Response> {
    desk.require(Permission::SendMessages)?;
    let (app, cx) = (&desk.app, desk.cx());
    let conversation = conversations::get_conversation(app, desk.sight, conversation).await?;
    let channel = channels::get_channel(app, desk.scope, conversation.channel).await?;
    let contact = contacts::get_contact(app, desk.scope, conversation.contact).await?;
    let mut found = templates::list_templates(app, desk.scope).await?;
    found.retain(|it| {
        it.account == channel.waba_id && it.may_be_sent() && it.status.is_some() && is_simple(it)
    });
    let wanted = values.remove(TEMPLATE).filter(|wanted| !wanted.is_empty());
    values.remove(KEY);
    let chosen = match wanted {
        Some(wanted) => {
            let id = TemplateId(id(&wanted)?);
            let template = found.iter().find(|template| template.id == id).ok_or(Error::NotFound)?;
            let variables = template.known().map(|known| known.variables()).unwrap_or_default();
            let (preview, ..) = templates::preview(app, desk.scope, id, &values).await?;
            Some(ChosenTemplate {
                card: card(cx, template),
                fields: fields(cx, variables, &values),
                preview: shown(cx, preview),
                idempotency_key: app.ids.next().simple().to_string(),
            })
        }
        None => None,
    };
    let (user, unread, rail) = frame(desk).await?;
    let page = TemplateChooserPage {
        user,
        unread,
        rail,
        conversation_id: conversation.id.0,
        contact_name: super::list::person(cx, contact.id, Some(&contact)).name,
        templates: found.iter().map(|template| card(cx, template)).collect(),
        chosen,
        problem,
    };
    html(render::template_chooser(cx, &page))
}

/// Send the template that was filled in.
pub(super) async fn send(
    desk: Desk,
    Path(text): Path<String>,
    form: std::result::Result<Form<Values>, FormRejection>,
) -> Response {
    let Ok(Form(values)) = form else {
        return desk.visit.refuse(Error::Malformed("The form could not be read.".into()));
    };
    let conversation = match id(&text) {
        Ok(id) => ConversationId(id),
        Err(error) => return desk.visit.refuse(error),
    };
    match send_filled(&desk, conversation, &values).await {
        Ok(()) => see(&format!("/conversations/{conversation}")),
        Err(error @ (Error::Invalid(_) | Error::Conflict { .. })) => {
            let problem = Some(why(desk.cx(), &error));
            match draw(&desk, conversation, values, problem).await {
                Ok(mut page) => {
                    *page.status_mut() = with_body(error, String::new()).status();
                    page
                }
                // The template is not among those that can be sent any more.
                Err(_) => desk.visit.refuse(error),
            }
        }
        Err(error) => desk.visit.refuse(error),
    }
}

async fn send_filled(desk: &Desk, conversation: ConversationId, values: &Values) -> Result<()> {
    desk.require(Permission::SendMessages)?;
    let template = values.get(TEMPLATE).map(String::as_str).unwrap_or_default();
    let filled: Values = values
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), TEMPLATE | KEY))
        .map(|(name, value)| (name.clone(), value.trim().to_owned()))
        .collect();
    let (_, filled, sent) =
        templates::preview(&desk.app, desk.scope, TemplateId(id(template)?), &filled).await?;
    if let Some(missing) = filled.missing.first() {
        return Err(Error::invalid(missing, "required", "Fill all variables in."));
    }
    let content = OutboundContent::Template(sent);
    let request = SendRequest::by_person(conversation, content, None, desk.user);
    let body = serde_json::to_vec(&request.content).map_err(Error::internal)?;
    let key = values.get(KEY).map(String::as_str).unwrap_or_default();
    send_once(desk, &request, &Sheet { conversation, to: "template", key, body }).await?;
    Ok(())
}

/// Why it was not sent, in words.
fn why(cx: &PageContext, error: &Error) -> String {
    let key = match error {
        Error::Conflict { code: "opted_out", .. } => "template-not-wanted",
        Error::OverQuota(_) => "notice-message-quota",
        Error::Conflict { code: "template_paused", .. } => "template-why-paused",
        Error::Conflict { code: "template_rejected", .. } => "template-why-rejected",
        Error::Conflict { code: "channel_disabled" | "tenant_stopped", .. } => "template-why-stopped",
        Error::Conflict { .. } => "template-why-gone",
        Error::Invalid(fields) if fields.iter().any(|field| field.code == "too_long") => {
            "template-why-too-long"
        }
        Error::Invalid(fields) if fields.iter().any(|field| field.code == "pattern") => "template-why-lines",
        _ => "template-why-missing",
    };
    cx.text(key)
}
