//! The page of the connected numbers.

use super::visit::{Desk, html, id, see};
use crate::{
    channels::{self, Aspect, Channel, ChannelChange, ChannelStatus},
    connecting::{self, CheckLine, Verdict},
    conversations,
    error::{Error, Result},
    identity,
    ids::ChannelId,
    pages::{
        context::PageContext,
        locale::t,
        meta_words, notices, render,
        view::{ChannelCard, ChannelsPage, CheckRow, CheckedNumber, NoticeRow, Person, Rail, SilenceNote},
    },
    rights::Permission,
    silence::{self, Quiet, Silence},
    templates,
};
use axum::{
    Form,
    extract::{Path, rejection::FormRejection},
    response::Response,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Notices on the page.
const NOTICES: i64 = 100;

/// The numbers, how they stand with Meta, and what it said.
pub(super) async fn show(desk: Desk) -> Response {
    desk.answer(draw(&desk, None).await)
}

/// Try everything that a number needs, and say how it stands.
pub(super) async fn check(desk: Desk, Path(text): Path<String>) -> Response {
    let checked = async {
        desk.require(Permission::WriteChannels)?;
        let channel = channels::get_channel(&desk.app, desk.scope, ChannelId(id(&text)?)).await?;
        let checked = connecting::check(&desk.app, desk.scope, &channel).await?;
        let line = |finding| row(desk.cx(), &CheckLine::from(finding));
        let lines = checked.findings.iter().map(line).collect();
        draw(&desk, Some(CheckedNumber { name: channel.name, lines })).await
    };
    desk.answer(checked.await)
}

/// What the switch of a number sends.
#[derive(Deserialize)]
pub(super) struct Switch {
    status: String,
}

/// Switch a number off or on.
pub(super) async fn switch(
    desk: Desk,
    Path(text): Path<String>,
    form: std::result::Result<Form<Switch>, FormRejection>,
) -> Response {
    let switched = async {
        desk.require(Permission::WriteChannels)?;
        let Form(switch) = form.map_err(|rejection| Error::Malformed(rejection.body_text()))?;
        let is_on = match switch.status.as_str() {
            "active" => true,
            "disabled" => false,
            _ => return Err(Error::Malformed("There is no such state.".into())),
        };
        let change = ChannelChange { is_on: Some(is_on), ..ChannelChange::default() };
        channels::update_channel(&desk.app, desk.scope, ChannelId(id(&text)?), &change).await?;
        Ok(see("/channels"))
    };
    desk.answer(switched.await)
}

async fn draw(desk: &Desk, checked: Option<CheckedNumber>) -> Result<Response> {
    desk.require(Permission::WriteChannels)?;
    let (app, cx) = (&desk.app, desk.cx());
    let mut states = channels::list_states(app, desk.scope).await?;
    let found = channels::list_channels(app, desk.scope).await?;
    let mut silences = silence::list_silences(app, desk.scope).await?;
    let cards = found.into_iter().map(|channel| {
        let state = states.remove(&channel.id).unwrap_or_default();
        card(cx, &channel, state, silences.remove(&channel.id))
    });
    let cards = cards.collect();
    let said = channels::list_notices(app, desk.scope, NOTICES).await?;
    let rows = said.iter().map(|notice| NoticeRow {
        at_ms: notice.created_at,
        tone: notices::tone(&notice.field, &notice.content),
        text: notices::text(cx.lang, &notice.field, &notice.content),
    });
    let user = identity::get_user(app, desk.scope.tenant(), desk.user).await?;
    let counts = conversations::count_conversations(app, desk.sight, desk.user).await?;
    let found = templates::list_templates(app, desk.scope).await?;
    let page = ChannelsPage {
        user: Person::new(&user.name, desk.user.0.as_bytes()),
        unread: counts[3],
        rail: Rail::of(&desk.rights),
        checked,
        channels: cards,
        templates: found.iter().map(|template| super::templates::card(cx, template)).collect(),
        notices: rows.collect(),
    };
    html(render::channels(cx, &page))
}

/// One thing that was tried, in the reader's language.
fn row(cx: &PageContext, line: &CheckLine) -> CheckRow {
    CheckRow {
        verdict: line.verdict,
        word: cx.text(match line.verdict {
            Verdict::Ok => "check-ok",
            Verdict::Warning => "check-warning",
            Verdict::Failed => "check-failed",
        }),
        text: line.text(cx.lang),
        cure: line.cure(cx.lang).unwrap_or_default(),
    }
}

fn silent_since(cx: &PageContext, quiet: Quiet) -> String {
    let time = format!("{} {}", cx.short_date(quiet.since), cx.clock(quiet.since));
    t(cx.lang, "channels-silent-since", &[("time", time.into()), ("count", quiet.expected.into())])
}

fn card(
    cx: &PageContext,
    channel: &Channel,
    state: BTreeMap<Aspect, String>,
    silence: Option<Silence>,
) -> ChannelCard {
    let status = match channel.status {
        ChannelStatus::Active => "channels-active",
        ChannelStatus::ReconnectNeeded => "channels-reconnect",
        ChannelStatus::Disabled => "channels-disabled",
    };
    let key = |aspect: Aspect| match aspect {
        Aspect::Quality => "channels-quality",
        Aspect::Limit => "channels-limit",
        Aspect::Name => "channels-name",
        Aspect::Username => "channels-username",
        Aspect::Account => "channels-account",
        Aspect::Review => "channels-review",
        Aspect::Restriction => "channels-restriction",
    };
    let words = |aspect: Aspect, word: String| match aspect {
        Aspect::Quality => meta_words::quality(cx.lang, &word),
        Aspect::Limit => meta_words::limit(cx.lang, &word),
        _ => word,
    };
    let facts = state.into_iter().filter(|(_, word)| !word.is_empty());
    ChannelCard {
        id: channel.id.0,
        name: channel.name.clone(),
        phone: channel.display_phone.clone(),
        state: cx.text(status),
        is_well: channel.status == ChannelStatus::Active,
        is_on: channel.status != ChannelStatus::Disabled,
        pace: channel
            .throughput
            .map_or_else(|| cx.text("channels-pace-unknown"), |pace| cx.text_count("channels-pace", pace)),
        facts: facts.map(|(aspect, word)| (key(aspect), words(aspect, word))).collect(),
        silence: silence.map(|silence| SilenceNote {
            text: silent_since(cx, silence.quiet),
            causes: silence.causes.iter().map(|line| row(cx, line)).collect(),
        }),
    }
}
