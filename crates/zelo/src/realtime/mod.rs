//! Telling open browsers and frontends what happens, over Socket.IO (protocol v4).
//!
//! A socket belongs to a user of one tenant and hears only what that user may read; rooms are joined here and never by a
//! name that a client sends. Payloads are the shapes of the REST API. Sockets promise nothing: every event of a
//! conversation carries its `seq`, and a gap is fetched with `?after_seq=`.

mod audience;
mod pace;
mod push;
mod rooms;
mod sockets;

use crate::app::App;
use axum::Router;
use socketioxide::{SocketIo, handler::ConnectHandler as _};

pub(crate) use audience::Audience;

/// A frame of a client is an event with an id in it; more is no client of ours.
const MOST_BYTES: u64 = 64 * 1024;

/// Socket.IO at its own address, and the task that follows what happens.
pub fn router(app: &App) -> Router {
    let (service, io) = SocketIo::builder().max_payload(MOST_BYTES).with_state(app.clone()).build_svc();
    io.ns("/", sockets::connected.with(sockets::admit));
    app.tasks.spawn(push::follow(app.clone(), io));
    Router::new().route_service("/socket.io/", service)
}
