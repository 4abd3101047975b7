//! Sending to a number, for programs that know no conversation.

use super::messages::{SendBody, send_once};
use crate::{
    app::App,
    channels::{self, ChannelStatus},
    error::{Error, Result},
    http::Idempotent,
    identity::{AgentScope, May},
    ids::ChannelId,
    messages::{SendRequest, To},
    outbound::Urgency,
    rights::to,
    tenants,
};
use ::whatsapp::phone::Phone;
use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to send, and to whom.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SendToBody {
    /// The number to send from; may be missing where there is only one.
    #[serde(default)]
    channel_id: Option<ChannelId>,
    /// The number to send to, as people write it.
    to: String,
    /// How much it presses: what goes to many waits for everything else.
    #[serde(default)]
    priority: Priority,
    /// What to send.
    #[serde(flatten)]
    message: SendBody,
}

/// How much a program's message presses.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Priority {
    /// It answers one person, or tells them something that they wait for.
    #[default]
    Normal,
    /// It goes to many.
    Campaign,
}

impl From<Priority> for Urgency {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Normal => Self::Program,
            Priority::Campaign => Self::Campaign,
        }
    }
}

/// Send a message to a number. It opens the conversation, or continues the current one.
#[utoipa::path(post, path = "/whatsapp/send", tag = "messages", request_body = SendToBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = super::shapes::MessageShape), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["messages:send"])))]
pub(super) async fn send(
    State(app): State<App>,
    scope: May<to::SendMessages>,
    request: Idempotent<SendToBody>,
) -> Result<Response> {
    let body = &request.body;
    let content = body.message.content()?;
    let tenant = tenants::get_tenant(&app, scope.tenant.tenant()).await?;
    let phone = Phone::parse_input(&body.to, tenant.settings.in_brazil)
        .map_err(|error| Error::invalid("to", "invalid", error.to_string()))?;
    let channel = choose_channel(&app, &scope, body.channel_id).await?;
    let send = SendRequest {
        to: To::Number(channel, phone),
        content,
        reply_to: body.message.reply_to(),
        author: scope.user,
        urgency: body.priority.into(),
    };
    send_once(&app, &scope, &send, request.key.as_ref()).await
}

async fn choose_channel(app: &App, scope: &AgentScope, wanted: Option<ChannelId>) -> Result<ChannelId> {
    let channels = channels::list_channels(app, scope.tenant).await?;
    let missing = |message: &str| Error::invalid("channel_id", "required", message);
    match (wanted, channels.as_slice()) {
        (Some(id), all) => all
            .iter()
            .find(|channel| channel.id == id)
            .map(|channel| channel.id)
            .ok_or_else(|| Error::invalid("channel_id", "not_found", "There is no such channel here.")),
        (None, [only]) => Ok(only.id),
        (None, []) => Err(missing("Connect a number first.")),
        (None, _) => Err(missing("There are several numbers: say which one to send from.")),
    }
}

/// How the numbers stand.
#[derive(Serialize, ToSchema)]
pub(super) struct WhatsappStatus {
    /// Every number, with whether messages can leave.
    channels: Vec<NumberStatus>,
}

/// How one number stands.
#[derive(Serialize, ToSchema)]
pub(super) struct NumberStatus {
    id: ChannelId,
    name: String,
    status: ChannelStatus,
}

/// Whether messages can leave.
#[utoipa::path(get, path = "/whatsapp/status", tag = "channels", responses((status = 200, body = WhatsappStatus), (status = 401)),
    security(("bearer" = ["channels:read"])))]
pub(super) async fn get_status(
    State(app): State<App>,
    scope: May<to::ReadChannels>,
) -> Result<axum::Json<WhatsappStatus>> {
    let channels = channels::list_channels(&app, scope.tenant).await?;
    let channels = channels
        .into_iter()
        .map(|channel| NumberStatus { id: channel.id, name: channel.name, status: channel.status })
        .collect();
    Ok(axum::Json(WhatsappStatus { channels }))
}
