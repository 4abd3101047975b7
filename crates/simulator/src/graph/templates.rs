//! `/{waba_id}/message_templates`: what can be sent outside the window.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::Method;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use whatsapp::template::TemplateDraft;

use super::fault::Fault;
use super::request::Call;
use super::{Outcome, access};
use crate::json::{list as list_at, put, text};
use crate::simulator::{Inner, Simulator};
use crate::template::Template;

type Parameters = Query<HashMap<String, String>>;

fn outcome(call: &Call, method: Method, payload: Value) -> Outcome<'_> {
    Outcome {
        call,
        method,
        edge: "message_templates",
        detail: "",
        phone_number_id: "",
        contact: None,
        payload,
    }
}

/// A page, filtered by `name`, `status`, `language` and `category`.
pub(crate) async fn list(
    State(simulator): State<Simulator>,
    call: Call,
    Query(asked): Parameters,
) -> Response {
    let inner = &simulator.inner;
    let result = {
        let scene = inner.scene.lock();
        access::account(&scene, &call).map(|account| {
            let own = |template: &&Template| template.waba_id == account.waba_id && matches(template, &asked);
            page(&call, &asked, &scene.templates.iter().filter(own).collect::<Vec<_>>())
        })
    };
    outcome(&call, Method::GET, Value::Null).answer(inner, result)
}

fn matches(template: &Template, asked: &HashMap<String, String>) -> bool {
    let is = |key: &str, value: &str| asked.get(key).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    is("status", &template.status)
        && is("language", &template.language)
        && is("category", &template.category)
        && asked.get("name").is_none_or(|name| template.name.contains(name.as_str()))
}

/// `paging.next` is only there if another page follows.
fn page(call: &Call, asked: &HashMap<String, String>, found: &[&Template]) -> Value {
    let limit = asked.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(25_usize).clamp(1, 1_000);
    let from = asked.get("after").and_then(|cursor| position(cursor)).unwrap_or(0);
    let end = from.saturating_add(limit).min(found.len());
    let templates: Vec<Value> =
        found.iter().skip(from).take(limit).map(|template| template.to_json()).collect();
    let mut page = json!({"data": templates});
    if asked.contains_key("summary") {
        // Meta's limit for an unverified portfolio.
        let summary = json!({"total_count": found.len(), "message_template_count": found.len(),
                             "message_template_limit": 250, "are_translations_complete": true});
        put(&mut page, "summary", summary);
    }
    if from < end {
        put(&mut page, "paging", paging(call, limit, from, end, found.len()));
    }
    page
}

fn paging(call: &Call, limit: usize, from: usize, end: usize, found: usize) -> Value {
    let mut paging = json!({"cursors": {"before": cursor(from), "after": cursor(end)}});
    if end < found {
        let Call { host, version, id, .. } = call;
        let after = cursor(end);
        let next = format!("http://{host}/{version}/{id}/message_templates?limit={limit}&after={after}");
        put(&mut paging, "next", next);
    }
    paging
}

fn cursor(position: usize) -> String {
    STANDARD.encode(format!("at {position:09}"))
}

fn position(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("at ")?.parse().ok()
}

/// Hands a template in. It is `PENDING` until Meta has looked at it, or somebody decides.
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    call: Call,
    body: Option<Json<Value>>,
) -> Response {
    let inner = &simulator.inner;
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let result = insert(inner, &call, &body);
    if let Ok(Some(id)) = result.as_ref().map(|created| text(created, "/id")) {
        simulator.plan_review(id);
    }
    outcome(&call, Method::POST, body).answer(inner, result)
}

fn insert(inner: &Inner, call: &Call, body: &Value) -> Result<Value, Fault> {
    let mut scene = inner.scene.lock();
    let account = access::account(&scene, call)?;
    let given = |key: &str| {
        body[key].as_str().ok_or_else(|| Fault::parameter(format!("The parameter {key} is required.")))
    };
    let (name, language, category) = (given("name")?, given("language")?, given("category")?);
    let draft = TemplateDraft {
        name: name.to_owned(),
        language: language.to_owned(),
        category: category.to_owned(),
        parameter_format: text(body, "/parameter_format").map(str::to_owned),
        components: list_at(body, "/components").to_vec(),
        message_send_ttl_seconds: body.get("message_send_ttl_seconds").and_then(Value::as_i64),
    };
    // Meta says one fault at a time.
    if let Some(fault) = draft.faults().first() {
        return Err(Fault::parameter(format!("Param {}: {}", fault.field, fault.message)));
    }
    let same = |template: &Template| {
        template.waba_id == account.waba_id && template.name == name && template.language == language
    };
    if scene.templates.iter().any(same) {
        return Err(Fault::parameter("There is already content in this language for this template"));
    }
    let id = scene.ids.digits(16);
    scene.templates.push(Template {
        id: id.clone(),
        waba_id: account.waba_id,
        name: name.to_owned(),
        language: language.to_owned(),
        status: "PENDING".to_owned(),
        category: category.to_owned(),
        named: draft.is_named(),
        components: draft.components,
        rejected_reason: "NONE".to_owned(),
        previous_category: None,
        quality: "UNKNOWN".to_owned(),
        rated_at: inner.seconds(),
    });
    Ok(json!({"id": id, "status": "PENDING", "category": category}))
}

/// Replaces all components; what was decided is open again.
pub(crate) fn edit(inner: &Inner, call: &Call, body: &Value) -> Result<Value, Fault> {
    let mut scene = inner.scene.lock();
    let own = access::by_token(&scene, &call.token)?;
    let is_own = |template: &&mut Template| {
        template.id == call.id && own.iter().any(|channel| channel.waba_id == template.waba_id)
    };
    let template =
        scene.templates.iter_mut().find(is_own).ok_or_else(|| Fault::unknown_object("post", &call.id))?;
    if !matches!(template.status.as_str(), "APPROVED" | "REJECTED" | "PAUSED") {
        return Err(Fault::parameter("Only approved, rejected and paused templates can be edited"));
    }
    if let Some(components) = body.get("components").and_then(Value::as_array) {
        template.components.clone_from(components);
    }
    template.status = "PENDING".to_owned();
    Ok(json!({"success": true}))
}

/// By `name` in all languages, or only the one with `hsm_id`.
pub(crate) async fn delete(
    State(simulator): State<Simulator>,
    call: Call,
    Query(asked): Parameters,
) -> Response {
    let inner = &simulator.inner;
    let result = remove(inner, &call, &asked);
    outcome(&call, Method::DELETE, json!(asked)).answer(inner, result)
}

fn remove(inner: &Inner, call: &Call, asked: &HashMap<String, String>) -> Result<Value, Fault> {
    let mut scene = inner.scene.lock();
    let account = access::account(&scene, call)?;
    let name = asked.get("name").ok_or_else(|| Fault::parameter("The parameter name is required."))?;
    let goes = |template: &Template| {
        let same_id = asked.get("hsm_id").is_none_or(|id| *id == template.id);
        template.waba_id == account.waba_id && template.name == *name && same_id
    };
    let before = scene.templates.len();
    scene.templates.retain(|template| !goes(template));
    if scene.templates.len() == before {
        return Err(Fault::parameter("Message Template name or ID is not found"));
    }
    Ok(json!({"success": true}))
}
