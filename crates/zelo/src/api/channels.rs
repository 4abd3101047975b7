//! Channels.

use super::time::rfc3339;
use crate::{
    app::App,
    channels::{self, Aspect, Channel, ChannelChange, ChannelStatus, Credentials, ListedNotice, NewChannel},
    connecting::{self, CheckLine, Verdict},
    error::Result,
    http::{Json, Path},
    identity::May,
    ids::ChannelId,
    outbound::{self, Circuit, Sending},
    pages::{
        locale::{LANGS, Lang},
        notices::{self, Tone},
    },
    rights::to,
    rotation,
    silence::{self, Silence},
    tenants::TenantScope,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A connected number. Its credentials are write-only.
#[derive(Serialize, ToSchema)]
pub(super) struct ChannelShape {
    /// Its id.
    id: ChannelId,
    /// What the tenant calls it.
    name: String,
    /// Meta's id of the number.
    phone_number_id: String,
    /// Meta's id of the account.
    waba_id: String,
    /// The number as people read it.
    display_phone: String,
    /// Whether messages can leave.
    status: ChannelStatus,
    /// Messages a second that Meta grants the number; null until it said so.
    throughput: Option<u32>,
    /// Messages a second that the tenant wants at most; null for what Meta grants.
    messages_per_second: Option<u32>,
    /// How messages leave now.
    sending: SendingShape,
    /// What Meta says of the number and its account.
    meta: MetaShape,
    /// Since when the access token is used (RFC 3339).
    token_since: String,
    /// Whether it should be changed for a new one: it is older than `auth.rotation_days`.
    rotation_due: bool,
    /// Whether somebody is told when nothing comes in that usually would.
    silence_alert: bool,
    /// That nothing comes in where people usually write; null while nothing is unusual.
    silence: Option<SilenceShape>,
}

/// That nothing comes in on a number where people usually write.
#[derive(Serialize, ToSchema)]
pub(crate) struct SilenceShape {
    /// When the last message came in, or the watch began.
    since: String,
    /// People who would usually have written by the time it was noticed.
    expected: i64,
    /// When it was noticed.
    noticed_at: String,
    /// The lines of a check that were not in order then; POST /channels/{id}/check says what helps.
    causes: Vec<String>,
}

impl From<Silence> for SilenceShape {
    fn from(silence: Silence) -> Self {
        Self {
            since: rfc3339(silence.quiet.since),
            expected: silence.quiet.expected,
            noticed_at: rfc3339(silence.noticed_at),
            causes: silence.causes.into_iter().map(|cause| cause.name).collect(),
        }
    }
}

/// How messages leave from a number.
#[derive(Serialize, ToSchema)]
struct SendingShape {
    /// Whether they do: `open` while calls to Meta keep failing, `half_open` while one message tries whether they still do.
    circuit: Circuit,
    /// Until when none leaves; those that are accepted wait.
    paused_until: Option<String>,
}

/// What Meta says of a number, the newest word of each thing; null until it said one.
#[derive(Serialize, ToSchema)]
struct MetaShape {
    /// `GREEN`, `YELLOW` or `RED`.
    quality: Option<String>,
    /// How many people may be written to first in 24 hours: a number, or a word such as `TIER_UNLIMITED`.
    limit: Option<String>,
    /// The name that customers see.
    name: Option<String>,
    /// The public name, without @.
    username: Option<String>,
    /// `ACTIVE`, `DISABLED` or another word of Meta's.
    account: Option<String>,
    /// `APPROVED`, `REJECTED`, `PENDING` or `DEFERRED`.
    review: Option<String>,
    /// What the account may not do, and until when.
    restriction: Option<String>,
}

type States = BTreeMap<Aspect, String>;

impl From<States> for MetaShape {
    fn from(mut states: States) -> Self {
        let mut take = |aspect| states.remove(&aspect).filter(|word| !word.is_empty());
        Self {
            quality: take(Aspect::Quality),
            limit: take(Aspect::Limit),
            name: take(Aspect::Name),
            username: take(Aspect::Username),
            account: take(Aspect::Account),
            review: take(Aspect::Review),
            restriction: take(Aspect::Restriction),
        }
    }
}

impl ChannelShape {
    fn new(app: &App, channel: Channel, sending: Sending, states: States, silence: Option<Silence>) -> Self {
        Self {
            silence_alert: channel.silence_alert,
            silence: silence.map(SilenceShape::from),
            meta: states.into(),
            token_since: rfc3339(channel.token_since),
            rotation_due: rotation::is_token_due(&app.config, &channel, app.clock.now()),
            id: channel.id,
            name: channel.name,
            phone_number_id: channel.phone_number_id,
            waba_id: channel.waba_id,
            display_phone: channel.display_phone,
            status: channel.status,
            throughput: channel.throughput,
            messages_per_second: channel.messages_per_second,
            sending: SendingShape {
                circuit: sending.circuit,
                paused_until: sending.paused_until.map(rfc3339),
            },
        }
    }

    async fn of(app: &App, scope: TenantScope, channel: Channel) -> Result<Self> {
        let sending = outbound::list_sending(app, scope).await?.remove(&channel.id).unwrap_or_default();
        let states = channels::list_states(app, scope).await?.remove(&channel.id).unwrap_or_default();
        let silence = silence::list_silences(app, scope).await?.remove(&channel.id);
        Ok(Self::new(app, channel, sending, states, silence))
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct ChannelList {
    /// The channels, oldest first.
    data: Vec<ChannelShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// The connected numbers.
#[utoipa::path(get, path = "/channels", tag = "channels", responses((status = 200, body = ChannelList), (status = 401)),
    security(("bearer" = ["channels:read"])))]
pub(super) async fn list_channels(
    State(app): State<App>,
    scope: May<to::ReadChannels>,
) -> Result<axum::Json<ChannelList>> {
    let channels = channels::list_channels(&app, scope.tenant).await?;
    let mut sending = outbound::list_sending(&app, scope.tenant).await?;
    let mut states = channels::list_states(&app, scope.tenant).await?;
    let mut silences = silence::list_silences(&app, scope.tenant).await?;
    let shape = |channel: Channel| {
        let sending = sending.remove(&channel.id).unwrap_or_default();
        let states = states.remove(&channel.id).unwrap_or_default();
        let silence = silences.remove(&channel.id);
        ChannelShape::new(&app, channel, sending, states, silence)
    };
    Ok(axum::Json(ChannelList { data: channels.into_iter().map(shape).collect(), next_cursor: None }))
}

/// A number to connect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelBody {
    /// What the tenant calls it.
    name: String,
    /// Meta's id of the number.
    phone_number_id: String,
    /// Meta's id of the account.
    waba_id: String,
    /// The number as people read it.
    #[serde(default)]
    display_phone: String,
    /// Authorises calls to Meta. Write-only.
    access_token: String,
    /// Signs Meta's webhooks. Write-only.
    app_secret: String,
    /// Proves at the handshake that the address is ours. Write-only.
    #[serde(default)]
    verify_token: String,
}

/// Connect a number.
#[utoipa::path(post, path = "/channels", tag = "channels", request_body = ChannelBody,
    responses((status = 201, body = ChannelShape), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["channels:write"])))]
pub(super) async fn create_channel(
    State(app): State<App>,
    scope: May<to::WriteChannels>,
    Json(body): Json<ChannelBody>,
) -> Result<(StatusCode, axum::Json<ChannelShape>)> {
    let new = NewChannel {
        name: body.name,
        phone_number_id: body.phone_number_id,
        waba_id: body.waba_id,
        display_phone: body.display_phone,
        credentials: Credentials {
            access_token: body.access_token,
            app_secret: body.app_secret,
            verify_token: body.verify_token,
        },
    };
    let channel = channels::create_channel(&app, scope.tenant, &new).await?;
    let shape = ChannelShape::new(&app, channel, Sending::default(), States::new(), None);
    Ok((StatusCode::CREATED, axum::Json(shape)))
}

/// One channel.
#[utoipa::path(get, path = "/channels/{id}", tag = "channels", params(("id" = ChannelId, Path)),
    responses((status = 200, body = ChannelShape), (status = 404)), security(("bearer" = ["channels:read"])))]
pub(super) async fn get_channel(
    State(app): State<App>,
    scope: May<to::ReadChannels>,
    Path(id): Path<ChannelId>,
) -> Result<axum::Json<ChannelShape>> {
    let channel = channels::get_channel(&app, scope.tenant, id).await?;
    Ok(axum::Json(ChannelShape::of(&app, scope.tenant, channel).await?))
}

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelChangeBody {
    /// What the tenant calls it.
    #[serde(default)]
    name: Option<String>,
    /// The number as people read it.
    #[serde(default)]
    display_phone: Option<String>,
    /// A new access token. Write-only.
    #[serde(default)]
    access_token: Option<String>,
    /// A new app secret; the old one is believed for seven days more. Write-only.
    #[serde(default)]
    app_secret: Option<String>,
    /// A new verify token. Write-only.
    #[serde(default)]
    verify_token: Option<String>,
    /// Messages a second that may leave at most, below what Meta grants; 0 for what Meta grants.
    #[serde(default)]
    #[schema(maximum = 1000)]
    messages_per_second: Option<u32>,
    /// Whether somebody is told when nothing comes in that usually would.
    #[serde(default)]
    silence_alert: Option<bool>,
    /// `disabled` switches the number off: nothing leaves, and what comes in is kept. `active` switches it on again.
    #[serde(default)]
    status: Option<Switch>,
}

/// Whether a number is switched on.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Switch {
    /// It is.
    Active,
    /// It is not.
    Disabled,
}

/// Change a number's name, pace, alert or credentials, or switch it off and on.
#[utoipa::path(patch, path = "/channels/{id}", tag = "channels", params(("id" = ChannelId, Path)),
    request_body = ChannelChangeBody,
    responses((status = 200, body = ChannelShape), (status = 403), (status = 404), (status = 422)),
    security(("bearer" = ["channels:write"])))]
pub(super) async fn update_channel(
    State(app): State<App>,
    scope: May<to::WriteChannels>,
    Path(id): Path<ChannelId>,
    Json(body): Json<ChannelChangeBody>,
) -> Result<axum::Json<ChannelShape>> {
    let change = ChannelChange {
        name: body.name,
        display_phone: body.display_phone,
        access_token: body.access_token,
        app_secret: body.app_secret,
        verify_token: body.verify_token,
        messages_per_second: body.messages_per_second,
        silence_alert: body.silence_alert,
        is_on: body.status.map(|status| status == Switch::Active),
    };
    let channel = channels::update_channel(&app, scope.tenant, id, &change).await?;
    Ok(axum::Json(ChannelShape::of(&app, scope.tenant, channel).await?))
}

/// What a check of a channel found.
#[derive(Serialize, ToSchema)]
pub(super) struct CheckShape {
    /// Whether nothing failed.
    ok: bool,
    /// What Meta calls the number's owner.
    verified_name: Option<String>,
    /// What Meta thinks of the number: GREEN, YELLOW, RED.
    quality_rating: Option<String>,
    /// The first thing that failed, in English.
    problem: Option<String>,
    /// Each thing that was tried.
    lines: Vec<CheckLine>,
}

/// Try everything that a number needs at Meta: token and its rights, number, quality, limits, account and payment,
/// subscription and fields, signature, templates. Each line says how it stands and what helps.
#[utoipa::path(post, path = "/channels/{id}/check", tag = "channels", params(("id" = ChannelId, Path)),
    responses((status = 200, body = CheckShape), (status = 404)), security(("bearer" = ["channels:write"])))]
pub(super) async fn check_channel(
    State(app): State<App>,
    scope: May<to::WriteChannels>,
    Path(id): Path<ChannelId>,
) -> Result<axum::Json<CheckShape>> {
    let channel = channels::get_channel(&app, scope.tenant, id).await?;
    let checked = connecting::check(&app, scope.tenant, &channel).await?;
    let failed = checked.findings.iter().find(|finding| finding.verdict == Verdict::Failed);
    let number = checked.number.as_ref();
    Ok(axum::Json(CheckShape {
        ok: checked.is_good(),
        verified_name: number.and_then(|number| number.verified_name.clone()),
        quality_rating: number.and_then(|number| number.quality_rating.clone()),
        problem: failed.map(|finding| finding.text(Lang::English)),
        lines: checked.findings.iter().map(CheckLine::from).collect(),
    }))
}

/// What Meta said about a tenant's channels and account.
#[derive(Serialize, ToSchema)]
pub(super) struct NoticeShape {
    /// Its id.
    id: uuid::Uuid,
    /// The channel, where it is about one.
    channel_id: Option<ChannelId>,
    /// Meta's field, such as `account_update`.
    field: String,
    /// How much it presses.
    tone: Tone,
    /// What it says, by language: `pt-BR` and `en`.
    text: BTreeMap<String, String>,
    /// What Meta said, word for word.
    #[schema(value_type = Object)]
    content: serde_json::Value,
    /// When it was stored, in milliseconds since 1970.
    created_at: i64,
}

impl From<ListedNotice> for NoticeShape {
    fn from(notice: ListedNotice) -> Self {
        let say = |lang: Lang| (lang.tag().to_owned(), notices::text(lang, &notice.field, &notice.content));
        Self {
            id: notice.id,
            channel_id: notice.channel_id,
            tone: notices::tone(&notice.field, &notice.content),
            text: LANGS.into_iter().map(say).collect(),
            field: notice.field,
            content: notice.content,
            created_at: notice.created_at,
        }
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct NoticeList {
    /// The newest notices.
    data: Vec<NoticeShape>,
    /// Always null: the newest 200 are all that is shown.
    next_cursor: Option<String>,
}

/// What Meta said about the channels and the account: quality, limits, templates, alerts.
#[utoipa::path(get, path = "/channel-notices", tag = "channels", responses((status = 200, body = NoticeList), (status = 403)),
    security(("bearer" = ["channels:write"])))]
pub(super) async fn list_notices(
    State(app): State<App>,
    scope: May<to::WriteChannels>,
) -> Result<axum::Json<NoticeList>> {
    let found = channels::list_notices(&app, scope.tenant, 200).await?;
    let data = found.into_iter().map(NoticeShape::from).collect();
    Ok(axum::Json(NoticeList { data, next_cursor: None }))
}
