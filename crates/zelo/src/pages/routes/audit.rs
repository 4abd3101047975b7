//! The page of the audit log.

use super::{
    address,
    visit::{Desk, html, id},
};
use crate::{
    audit::{self, Depth, EventType, Filter, Outcome, Position, Seen},
    clock::{DAY, MINUTE, Millis},
    conversations,
    error::Result,
    identity,
    pages::{
        context::PageContext,
        render,
        view::{AuditDetail, AuditPage, AuditQuery, AuditRow, AuditSeal, Person, Rail},
    },
    rights::Permission,
};
use axum::response::Response;
use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;
use serde_json::Value;

/// Entries on one page.
const PAGE: usize = 50;

/// The parameters of the page's address.
#[derive(Debug, Default, Deserialize)]
struct Parameters {
    event: Option<String>,
    outcome: Option<String>,
    #[serde(default)]
    target: String,
    #[serde(default)]
    ip: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    reads: Option<String>,
    cursor: Option<String>,
    entry: Option<String>,
    check: Option<String>,
}

impl Parameters {
    fn query(&self) -> AuditQuery {
        AuditQuery {
            event: self.event.as_deref().and_then(EventType::from_word),
            outcome: self.outcome.as_deref().and_then(Outcome::from_word),
            target: self.target.trim().to_owned(),
            ip: self.ip.trim().to_owned(),
            from: self.from.clone(),
            to: self.to.clone(),
            reads: self.reads.is_some(),
        }
    }
}

/// The beginning of a day of the reader's; nothing when it is no day.
fn day(cx: &PageContext, text: &str) -> Option<Millis> {
    let day: NaiveDate = text.parse().ok()?;
    let midnight = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    Some(midnight - i64::from(cx.offset_minutes) * MINUTE)
}

fn filter(cx: &PageContext, query: &AuditQuery) -> Filter {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Filter {
        event_type: query.event,
        outcome: query.outcome,
        target: given(&query.target),
        ip: given(&query.ip),
        from: day(cx, &query.from),
        to: day(cx, &query.to).map(|midnight| midnight + DAY),
        without_reads: !query.reads && query.event != Some(EventType::DataAccess),
        ..Filter::default()
    }
}

/// The address of the same list, with something added.
fn address_of(query: &AuditQuery, more: &[(&str, &str)]) -> Result<String> {
    let mut pairs = vec![
        ("event", query.event.map_or("", EventType::as_str)),
        ("outcome", query.outcome.map_or("", Outcome::as_str)),
        ("target", &query.target),
        ("ip", &query.ip),
        ("from", &query.from),
        ("to", &query.to),
        ("reads", if query.reads { "1" } else { "" }),
    ];
    pairs.extend(more);
    pairs.retain(|(_, value)| !value.is_empty());
    let mut text = String::from("/audit");
    for (position, (name, value)) in pairs.into_iter().enumerate() {
        let value = askama::filters::urlencode_strict(value).map_err(crate::Error::internal)?;
        text.push_str(&format!("{}{name}={value}", if position == 0 { '?' } else { '&' }));
    }
    Ok(text)
}

/// The audit log, with one entry beside it where one is open.
pub(super) async fn show(desk: Desk) -> Response {
    desk.answer(draw(&desk).await)
}

async fn draw(desk: &Desk) -> Result<Response> {
    desk.require(Permission::ReadAudit)?;
    let (app, cx) = (&desk.app, desk.cx());
    let parameters: Parameters = desk.visit.query();
    let query = parameters.query();
    let after = parameters.cursor.as_deref().map(address::place::<Position>).transpose()?;
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut entries = audit::list_entries(app, desk.scope, &filter(cx, &query), after, limit).await?;
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    let older = match entries.last().filter(|_| more).and_then(|last| address::cursor(&last.position())) {
        Some(cursor) => Some(address_of(&query, &[("cursor", &cursor)])?),
        None => None,
    };
    let here = parameters.cursor.as_deref().unwrap_or_default();
    let open = parameters.entry.as_deref().map(id).transpose()?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in &entries {
        rows.push(row(cx, &query, here, entry, Some(entry.id) == open)?);
    }
    let detail = match open {
        Some(id) => Some(detail(cx, &query, here, audit::get_entry(app, desk.scope, id).await?)?),
        None => None,
    };
    let user = identity::get_user(app, desk.scope.tenant(), desk.user).await?;
    let counts = conversations::count_conversations(app, desk.sight, desk.user).await?;
    let page = AuditPage {
        user: Person::new(&user.name, desk.user.0.as_bytes()),
        unread: counts[3],
        rail: Rail::of(&desk.rights),
        seal: seal(desk, parameters.check.is_some()).await?,
        query,
        rows,
        older,
        detail,
        may_export: desk.rights.allow(Permission::ExportAudit),
    };
    html(render::audit(cx, &page))
}

async fn seal(desk: &Desk, check: bool) -> Result<AuditSeal> {
    let app = &desk.app;
    if check && let Some(_alone) = app.audit.verifying() {
        let verdict = audit::verify(app, Depth::EveryEntry, &[]).await?;
        return Ok(match verdict.first_bad {
            None => AuditSeal::Whole { size: i64::try_from(verdict.size).unwrap_or(i64::MAX) },
            Some(bad) => AuditSeal::Bad { seq: bad.seq },
        });
    }
    Ok(AuditSeal::NotChecked { unsealed: audit::count_unsealed(app).await? })
}

fn row(cx: &PageContext, query: &AuditQuery, here: &str, entry: &Seen, is_open: bool) -> Result<AuditRow> {
    let name = entry.actor_name.clone().unwrap_or_else(|| cx.audit_actor(&entry.actor_kind));
    let key = entry.actor_id.unwrap_or_default();
    let id = entry.id.to_string();
    Ok(AuditRow {
        id: entry.id,
        at_ms: entry.at,
        who: Person::new(&name, key.as_bytes()),
        event: entry.event(),
        action: entry.action.clone(),
        target: format!("{} {}", entry.target_kind, entry.target_id).trim().to_owned(),
        outcome: Outcome::from_word(&entry.outcome).unwrap_or(Outcome::Failed),
        ip: entry.ip_address.clone().unwrap_or_default(),
        address: address_of(query, &[("cursor", here), ("entry", &id)])?,
        is_open,
    })
}

fn detail(cx: &PageContext, query: &AuditQuery, here: &str, entry: Seen) -> Result<AuditDetail> {
    let row = row(cx, query, here, &entry, true)?;
    let changes = entry.changes.iter().map(|(field, change)| {
        let side = |name: &str| change.get(name).map(word).unwrap_or_default();
        (field.clone(), side("old"), side("new"))
    });
    Ok(AuditDetail {
        row,
        seq: entry.seq,
        changes: changes.collect(),
        circumstances: entry.details.iter().map(|(name, value)| (name.clone(), word(value))).collect(),
        is_erased: entry.is_erased,
        user_agent: entry.user_agent.unwrap_or_default(),
        request_id: entry.request_id,
        trace_id: entry.trace_id,
    })
}

/// A value as people read it: a text without its quotes, nothing as a dash.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "\u{2013}".to_owned(),
        other => other.to_string(),
    }
}
