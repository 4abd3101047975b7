//! Accounts, their numbers and where their webhooks go.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use super::fault::Fault;
use super::object::number;
use super::request::Call;
use super::{Outcome, access, health};
use crate::handshake::shake;
use crate::json::{put, text};
use crate::scene::Connected;
use crate::simulator::{Inner, Simulator};

/// Meta's limit for the address of an override.
const CALLBACK_LENGTH: usize = 200;

fn outcome<'a>(call: &'a Call, method: Method, edge: &'a str, payload: Value) -> Outcome<'a> {
    Outcome { call, method, edge, detail: "", phone_number_id: "", contact: None, payload }
}

pub(crate) async fn subscriptions(State(simulator): State<Simulator>, call: Call) -> Response {
    let inner = &simulator.inner;
    let result = {
        let scene = inner.scene.lock();
        access::account(&scene, &call).map(|account| {
            let own = scene.channels.values().filter(|own| own.channel.waba_id == account.waba_id);
            let subscribed = own.filter(|connected| connected.subscribed).map(|connected| {
                let mut app = json!({"whatsapp_business_api_data": {"id": health::APP, "name": "Zelo"}});
                if let Some(callback) = &connected.standing.account_callback {
                    put(&mut app, "override_callback_uri", json!(callback));
                }
                app
            });
            json!({"data": subscribed.take(1).collect::<Vec<Value>>()})
        })
    };
    outcome(&call, Method::GET, "subscribed_apps", Value::Null).answer(inner, result)
}

/// Subscribes the app. An override has to pass the handshake first; without one the override before it ends.
pub(crate) async fn subscribe(
    State(simulator): State<Simulator>,
    call: Call,
    body: Option<Json<Value>>,
) -> Response {
    let inner = &simulator.inner;
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let account = {
        let scene = inner.scene.lock();
        access::account(&scene, &call)
    };
    let result = match account {
        Ok(account) => confirmed(inner, &body).await.map(|callback| {
            let mut scene = inner.scene.lock();
            let of_account = |own: &&mut Connected| own.channel.waba_id == account.waba_id;
            for connected in scene.channels.values_mut().filter(of_account) {
                connected.subscribed = true;
                connected.standing.account_callback.clone_from(&callback);
            }
            json!({"success": true})
        }),
        Err(fault) => Err(fault),
    };
    outcome(&call, Method::POST, "subscribed_apps", body).answer(inner, result)
}

pub(crate) async fn unsubscribe(State(simulator): State<Simulator>, call: Call) -> Response {
    let inner = &simulator.inner;
    let result = {
        let mut scene = inner.scene.lock();
        access::account(&scene, &call).map(|account| {
            for connected in scene.channels.values_mut() {
                if connected.channel.waba_id == account.waba_id {
                    connected.subscribed = false;
                }
            }
            json!({"success": true})
        })
    };
    outcome(&call, Method::DELETE, "subscribed_apps", Value::Null).answer(inner, result)
}

/// `webhook_configuration` of a number; an empty address ends the override.
pub(crate) async fn override_callback(
    inner: &Arc<Inner>,
    call: &Call,
    configuration: &Value,
) -> Result<Value, Fault> {
    let own = {
        let scene = inner.scene.lock();
        access::channel(&scene, call)?
    };
    let callback = confirmed(inner, configuration).await?;
    let mut scene = inner.scene.lock();
    if let Some(connected) = scene.channels.get_mut(&own.phone_number_id) {
        connected.standing.number_callback = callback;
    }
    Ok(json!({"success": true}))
}

/// The address that a call wants webhooks to go to, once it passed the handshake; none to end an override.
async fn confirmed(inner: &Arc<Inner>, body: &Value) -> Result<Option<String>, Fault> {
    let Some(uri) = text(body, "/override_callback_uri").filter(|uri| !uri.is_empty()) else {
        return Ok(None);
    };
    if uri.len() > CALLBACK_LENGTH {
        return Err(Fault::parameter("override_callback_uri must be at most 200 characters long"));
    }
    let verify_token = text(body, "/verify_token")
        .ok_or_else(|| Fault::parameter("The parameter verify_token is required."))?;
    let challenge = inner.scene.lock().ids.digits(10);
    shake(&inner.http, uri, verify_token, &challenge)
        .await
        .map_err(|error| Fault::callback(&error.to_string()))?;
    Ok(Some(uri.to_owned()))
}

pub(crate) async fn numbers(State(simulator): State<Simulator>, call: Call) -> Response {
    let inner = &simulator.inner;
    let result = {
        let scene = inner.scene.lock();
        access::account(&scene, &call).map(|account| {
            let own = scene.channels.values().filter(|own| own.channel.waba_id == account.waba_id);
            let numbers: Vec<Value> = own.map(|own| number(&own.channel, &own.standing)).collect();
            json!({"data": numbers})
        })
    };
    outcome(&call, Method::GET, "phone_numbers", Value::Null).answer(inner, result)
}

/// Registration needs the six digits of the two-step PIN.
pub(crate) async fn register(
    State(simulator): State<Simulator>,
    call: Call,
    body: Option<Json<Value>>,
) -> Response {
    let inner = &simulator.inner;
    let result = {
        let scene = inner.scene.lock();
        access::channel(&scene, &call).map(|_| json!({"success": true}))
    };
    // The PIN is a secret and is not logged.
    drop(body);
    outcome(&call, Method::POST, "register", Value::Null).answer(inner, result)
}

pub(crate) async fn profile(State(simulator): State<Simulator>, call: Call) -> Response {
    let inner = &simulator.inner;
    let result = {
        let scene = inner.scene.lock();
        let profile = json!({"messaging_product": "whatsapp", "about": "", "vertical": "OTHER"});
        access::channel(&scene, &call).map(|_| json!({"data": [profile]}))
    };
    outcome(&call, Method::GET, "whatsapp_business_profile", Value::Null).answer(inner, result)
}

pub(crate) async fn set_profile(
    State(simulator): State<Simulator>,
    call: Call,
    body: Option<Json<Value>>,
) -> Response {
    let inner = &simulator.inner;
    let result = {
        let scene = inner.scene.lock();
        access::channel(&scene, &call).map(|_| json!({"success": true}))
    };
    let payload = body.map(|Json(body)| body).unwrap_or_default();
    outcome(&call, Method::POST, "whatsapp_business_profile", payload).answer(inner, result)
}
