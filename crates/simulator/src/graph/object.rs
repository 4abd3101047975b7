//! `/{id}`: a number, an account, a file or a template, by what the id is.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use super::fault::Fault;
use super::request::Call;
use super::{Outcome, access, account, files, health, templates};
use crate::channel::Channel;
use crate::scene::{Scene, Standing};
use crate::simulator::{Inner, Simulator};

pub(crate) async fn get(State(simulator): State<Simulator>, call: Call) -> Response {
    let inner = &simulator.inner;
    let result = {
        let scene = inner.scene.lock();
        describe(inner, &scene, &call)
    };
    outcome(&call, Method::GET, Value::Null).answer(inner, result)
}

/// Settings of a number, or an edit of a template.
pub(crate) async fn post(
    State(simulator): State<Simulator>,
    call: Call,
    body: Option<Json<Value>>,
) -> Response {
    let inner = &simulator.inner;
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let result = match body.get("webhook_configuration") {
        Some(configuration) => account::override_callback(inner, &call, configuration).await,
        None => templates::edit(inner, &call, &body),
    };
    outcome(&call, Method::POST, body).answer(inner, result)
}

/// Files only; templates are deleted by name.
pub(crate) async fn delete(State(simulator): State<Simulator>, call: Call) -> Response {
    let inner = &simulator.inner;
    let result = {
        let mut scene = inner.scene.lock();
        files::delete(inner, &mut scene, &call)
    };
    outcome(&call, Method::DELETE, Value::Null).answer(inner, result)
}

fn outcome(call: &Call, method: Method, payload: Value) -> Outcome<'_> {
    Outcome { call, method, edge: &call.id, detail: "", phone_number_id: "", contact: None, payload }
}

fn describe(inner: &Inner, scene: &Scene, call: &Call) -> Result<Value, Fault> {
    let own = access::by_token(scene, &call.token)?;
    if let Some(channel) = own.iter().find(|channel| channel.phone_number_id == call.id) {
        let standing =
            scene.channels.get(&channel.phone_number_id).map(|connected| connected.standing.clone());
        return Ok(number(channel, &standing.unwrap_or_default()));
    }
    if let Some(channel) = own.iter().find(|channel| channel.waba_id == call.id) {
        let standing =
            scene.channels.get(&channel.phone_number_id).map(|connected| connected.standing.clone());
        let health = health::of_account(&channel.waba_id, &standing.unwrap_or_default());
        return Ok(json!({"id": channel.waba_id, "name": channel.business_name, "currency": "BRL",
                         "account_review_status": "APPROVED", "health_status": health,
                         "message_template_namespace": "00000000_0000_0000_0000_000000000000"}));
    }
    if let Some(address) = files::address(inner, scene, call, &own) {
        return Ok(address);
    }
    let template = scene.templates.iter().find(|template| template.id == call.id);
    match template.filter(|template| own.iter().any(|channel| channel.waba_id == template.waba_id)) {
        Some(template) => Ok(template.to_json()),
        None => Err(Fault::unknown_object("get", &call.id)),
    }
}

/// A number as Meta describes it.
pub(crate) fn number(channel: &Channel, standing: &Standing) -> Value {
    json!({
        "id": channel.phone_number_id,
        "display_phone_number": channel.phone.display(),
        "verified_name": channel.business_name,
        "quality_rating": standing.quality,
        "code_verification_status": "VERIFIED",
        "status": "CONNECTED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": standing.throughput},
        "whatsapp_business_manager_messaging_limit": standing.limit,
        "webhook_configuration": {
            "phone_number": standing.number_callback,
            "whatsapp_business_account": standing.account_callback,
            "application": channel.callback_url,
        },
    })
}
