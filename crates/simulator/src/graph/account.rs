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
use crate::channel::Channel;
use crate::handshake::shake;
use crate::json::{put, text};
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
                let callback = connected.channel.callback_url.as_deref();
                if let Some(callback) = callback.filter(|_| connected.standing.overridden) {
                    put(&mut app, "override_callback_uri", json!(callback));
                }
                app
            });
            json!({"data": subscribed.take(1).collect::<Vec<Value>>()})
        })
    };
    outcome(&call, Method::GET, "subscribed_apps", Value::Null).answer(inner, result)
}

/// Subscribes the app; an override has to pass the handshake first.
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
        Ok(account) => {
            let of_account = |channel: &Channel| channel.waba_id == account.waba_id;
            redirect(inner, of_account, text(&body, "/override_callback_uri"), text(&body, "/verify_token"))
                .await
        }
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

/// `webhook_configuration` of a number.
pub(crate) async fn override_callback(
    inner: &Arc<Inner>,
    call: &Call,
    configuration: &Value,
) -> Result<Value, Fault> {
    let own = {
        let scene = inner.scene.lock();
        access::channel(&scene, call)?
    };
    let is_it = |channel: &Channel| channel.phone_number_id == own.phone_number_id;
    let uri = text(configuration, "/override_callback_uri");
    redirect(inner, is_it, uri, text(configuration, "/verify_token")).await
}

async fn redirect(
    inner: &Arc<Inner>,
    concerns: impl Fn(&Channel) -> bool,
    uri: Option<&str>,
    verify_token: Option<&str>,
) -> Result<Value, Fault> {
    if let Some(uri) = uri {
        if uri.len() > CALLBACK_LENGTH {
            return Err(Fault::parameter("override_callback_uri must be at most 200 characters long"));
        }
        let verify_token =
            verify_token.ok_or_else(|| Fault::parameter("The parameter verify_token is required."))?;
        let challenge = inner.scene.lock().ids.digits(10);
        shake(&inner.http, uri, verify_token, &challenge)
            .await
            .map_err(|error| Fault::callback(&error.to_string()))?;
    }
    let mut scene = inner.scene.lock();
    for connected in scene.channels.values_mut().filter(|connected| concerns(&connected.channel)) {
        connected.subscribed = true;
        if let (Some(uri), Some(verify_token)) = (uri, verify_token) {
            connected.channel.callback_url = Some(uri.to_owned());
            connected.standing.overridden = true;
            connected.channel.verify_token = verify_token.to_owned();
        }
    }
    Ok(json!({"success": true}))
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
