//! What Meta decides and what the business does in its own app, on request.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::actions::Refused;
use crate::conditions::TemplateDecision;
use crate::contact::ContactId;
use crate::simulator::Simulator;

/// A template with its account.
#[derive(Serialize)]
pub(crate) struct TemplateView {
    waba_id: String,
    #[serde(flatten)]
    template: Value,
}

pub(crate) async fn templates(State(simulator): State<Simulator>) -> Json<Vec<TemplateView>> {
    let scene = simulator.inner.scene.lock();
    let view = |template: &crate::template::Template| TemplateView {
        waba_id: template.waba_id.clone(),
        template: template.to_json(),
    };
    Json(scene.templates.iter().map(view).collect())
}

/// A template that Meta has approved already.
#[derive(Deserialize)]
pub(crate) struct NewTemplate {
    waba_id: String,
    name: String,
    language: String,
    category: String,
    components: Vec<Value>,
}

pub(crate) async fn add_template(
    State(simulator): State<Simulator>,
    Json(new): Json<NewTemplate>,
) -> (StatusCode, Json<Value>) {
    let id = simulator.add_template(&new.waba_id, &new.name, &new.language, &new.category, new.components);
    simulator.inner.changed("scene");
    (StatusCode::CREATED, Json(json!({"id": id})))
}

pub(crate) async fn decide_template(
    State(simulator): State<Simulator>,
    Path(template): Path<String>,
    Json(decision): Json<TemplateDecision>,
) -> Result<StatusCode, Refused> {
    simulator.review_template(&template, &decision)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct Category {
    category: String,
    /// Only announced, and not done.
    #[serde(default)]
    announced: bool,
}

pub(crate) async fn recategorise(
    State(simulator): State<Simulator>,
    Path(template): Path<String>,
    Json(new): Json<Category>,
) -> Result<StatusCode, Refused> {
    simulator.recategorise_template(&template, &new.category, new.announced)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct Score {
    score: String,
}

pub(crate) async fn rate_template(
    State(simulator): State<Simulator>,
    Path(template): Path<String>,
    Json(score): Json<Score>,
) -> Result<StatusCode, Refused> {
    simulator.rate_template(&template, &score.score)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct Quality {
    quality: String,
    limit: Option<String>,
}

pub(crate) async fn rate_number(
    State(simulator): State<Simulator>,
    Path(channel): Path<String>,
    Json(quality): Json<Quality>,
) -> Result<StatusCode, Refused> {
    simulator.rate_number(&channel, &quality.quality, quality.limit.as_deref())?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct Connection {
    scopes: Option<Vec<String>>,
    fields: Option<Vec<String>>,
    unpaid: Option<bool>,
}

pub(crate) async fn set_connection(
    State(simulator): State<Simulator>,
    Path(channel): Path<String>,
    Json(connection): Json<Connection>,
) -> Result<StatusCode, Refused> {
    let Connection { scopes, fields, unpaid } = connection;
    simulator.set_connection(&channel, scopes, fields, unpaid)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Any value of any of Meta's fields.
#[derive(Deserialize)]
pub(crate) struct Change {
    field: String,
    value: Value,
}

pub(crate) async fn post_change(
    State(simulator): State<Simulator>,
    Path(channel): Path<String>,
    Json(change): Json<Change>,
) -> Result<StatusCode, Refused> {
    simulator.post_change(&channel, &change.field, change.value)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct History {
    #[serde(default)]
    declined: bool,
}

pub(crate) async fn share_history(
    State(simulator): State<Simulator>,
    Path(channel): Path<String>,
    Json(history): Json<History>,
) -> Result<Json<Value>, Refused> {
    let messages = if history.declined {
        simulator.decline_history(&channel)?;
        0
    } else {
        simulator.share_history(&channel)?
    };
    Ok(Json(json!({"messages": messages})))
}

#[derive(Deserialize)]
pub(crate) struct Echo {
    body: String,
}

pub(crate) async fn echo(
    State(simulator): State<Simulator>,
    Path((channel, contact)): Path<(String, ContactId)>,
    Json(echo): Json<Echo>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let wamid = simulator.echo(&channel, contact, &echo.body)?;
    Ok((StatusCode::CREATED, Json(json!({"wamid": wamid}))))
}
