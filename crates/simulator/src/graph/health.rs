//! What Meta says of tokens, apps and accounts when somebody looks for a fault.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use whatsapp::signature::AppSecret;

use super::access;
use super::fault::Fault;
use super::request::bearer;
use crate::scene::{Connected, Standing};
use crate::simulator::Simulator;

/// The app that everything here is connected to.
pub(crate) const APP: &str = "670843887433847";

/// `/debug_token`, asked by the token itself.
pub(crate) async fn token(State(simulator): State<Simulator>, headers: HeaderMap) -> Response {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = bearer(header).to_owned();
    let scene = simulator.inner.scene.lock();
    let result = access::by_token(&scene, &token);
    match result {
        Ok(own) => {
            let first = own.first().and_then(|channel| scene.channels.get(&channel.phone_number_id));
            let scopes = first.map(|connected| connected.standing.scopes.clone()).unwrap_or_default();
            Json(
                json!({"data": {"app_id": APP, "type": "SYSTEM_USER", "application": "Zelo", "is_valid": true,
                                 "expires_at": 0, "scopes": scopes}}),
            )
            .into_response()
        }
        Err(fault) => fault.into_response("A"),
    }
}

/// `/{app}/subscriptions`, asked with the app's own token.
pub(crate) async fn subscriptions(
    State(simulator): State<Simulator>,
    Path((_, app)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let secret = bearer(header).strip_prefix(&format!("{app}|")).map(AppSecret::new);
    let scene = simulator.inner.scene.lock();
    // Secrets show themselves only by what they sign.
    let probe = b"probe";
    let signs = |connected: &&Connected| {
        secret.as_ref().is_some_and(|secret| secret.sign(probe) == connected.channel.app_secret.sign(probe))
    };
    match scene.channels.values().find(signs).filter(|_| app == APP) {
        Some(connected) => {
            let field = |name: &String| json!({"name": name, "version": "v26.0"});
            let fields: Vec<Value> = connected.standing.fields.iter().map(field).collect();
            let url = connected.channel.callback_url.clone().unwrap_or_default();
            Json(json!({"data": [{"object": "whatsapp_business_account", "callback_url": url, "active": true,
                                  "fields": fields}]}))
            .into_response()
        }
        None => Fault::no_token().into_response("A"),
    }
}

/// What an account says of its health.
pub(crate) fn of_account(waba_id: &str, standing: &Standing) -> Value {
    let error = json!({"error_code": 141_006, "error_description": "There is no valid payment method on the account.",
                       "possible_solution": "Add a payment method in Meta Business Suite."});
    let (word, errors) = if standing.unpaid { ("LIMITED", vec![error]) } else { ("AVAILABLE", vec![]) };
    json!({"can_send_message": word,
           "entities": [{"entity_type": "WABA", "id": waba_id, "can_send_message": word, "errors": errors}]})
}
