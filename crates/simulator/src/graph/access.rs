//! Who may call what. A token opens its own number and account; everything else does not exist for it.

use super::fault::Fault;
use super::request::Call;
use crate::channel::Channel;
use crate::scene::{Connected, Scene};

/// The number that the call names, if the token is its own.
pub(crate) fn channel(scene: &Scene, call: &Call) -> Result<Channel, Fault> {
    let own = by_token(scene, &call.token)?;
    own.into_iter()
        .find(|channel| channel.phone_number_id == call.id)
        .ok_or_else(|| Fault::unknown_object("post", &call.id))
}

/// A channel of the account that the call names, if the token is one of its numbers'.
pub(crate) fn account(scene: &Scene, call: &Call) -> Result<Channel, Fault> {
    let own = by_token(scene, &call.token)?;
    own.into_iter()
        .find(|channel| channel.waba_id == call.id)
        .ok_or_else(|| Fault::unknown_object("get", &call.id))
}

/// Every channel that the token opens, at least one.
pub(crate) fn by_token(scene: &Scene, token: &str) -> Result<Vec<Channel>, Fault> {
    let opened: Vec<&Connected> = scene
        .channels
        .values()
        .filter(|connected| !token.is_empty() && connected.channel.access_token.expose() == token)
        .collect();
    if opened.is_empty() {
        return Err(Fault::no_token());
    }
    let live: Vec<Channel> = opened
        .iter()
        .filter(|connected| !connected.token_expired)
        .map(|connected| connected.channel.clone())
        .collect();
    if live.is_empty() { Err(Fault::expired_token()) } else { Ok(live) }
}
