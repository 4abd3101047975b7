//! The audit log for those who may read it.

use super::{rfc3339, time::from_rfc3339};
use crate::{
    app::App,
    approvals::{self, Act},
    audit::{self, Depth, Entry, EventType, Filter, Outcome, Pen, Position, ReportKind, Seen},
    clock::Millis,
    error::{Error, Result},
    http::{List, Page, Path, Query},
    identity::May,
    ids::{ApprovalId, TenantId, UserId},
    rights::{Permission, to},
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The most rows of a report as CSV.
const MOST_ROWS: i64 = 50_000;

/// Which entries.
#[derive(Deserialize, IntoParams)]
pub(super) struct EntryFilter {
    /// The id of a user or an API key.
    actor: Option<Uuid>,
    /// What kind of deed.
    event_type: Option<EventType>,
    /// More exactly.
    action: Option<String>,
    /// The id of what it was done to, or the kind of thing.
    target: Option<String>,
    /// How it ended.
    outcome: Option<Outcome>,
    /// From which address.
    ip: Option<String>,
    /// Not older than this (RFC 3339).
    from: Option<String>,
    /// Older than this (RFC 3339).
    to: Option<String>,
}

fn time(field: &str, text: Option<&str>) -> Result<Option<Millis>> {
    let read = |text: &str| {
        from_rfc3339(text)
            .ok_or_else(|| Error::Malformed(format!("{field} is a time such as 2026-11-20T12:00:00Z")))
    };
    text.map(read).transpose()
}

impl EntryFilter {
    fn read(self) -> Result<Filter> {
        Ok(Filter {
            actor: self.actor,
            event_type: self.event_type,
            action: self.action,
            target: self.target,
            outcome: self.outcome,
            ip: self.ip,
            from: time("from", self.from.as_deref())?,
            to: time("to", self.to.as_deref())?,
            ..Filter::default()
        })
    }
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActorShape {
    /// `user`, `api_key`, `anonymous` or `system`.
    r#type: String,
    /// Who.
    id: Option<Uuid>,
    /// What they were called then; null when they were erased.
    name: Option<String>,
}

/// What it was done to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TargetShape {
    /// What kind of thing.
    r#type: String,
    /// Which.
    id: String,
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryShape {
    /// Its name.
    id: Uuid,
    /// Its number in the log; null until it is sealed.
    seq: Option<i64>,
    /// When (RFC 3339, UTC).
    timestamp: String,
    /// Who did it.
    actor: ActorShape,
    /// What kind of deed.
    event_type: String,
    /// More exactly.
    action: String,
    /// What it was done to; null where there is nothing.
    target: Option<TargetShape>,
    /// `success`, `failed` or `denied`.
    outcome: String,
    /// `{field: {old, new}}`.
    #[schema(value_type = Object)]
    changes: Map<String, Value>,
    /// Circumstances, such as the reason that was given.
    #[schema(value_type = Object)]
    details: Map<String, Value>,
    /// From where.
    ip_address: Option<String>,
    /// With what.
    user_agent: Option<String>,
    /// In which request.
    request_id: String,
    /// Because of which first cause.
    trace_id: String,
    /// Whether the signed tree covers it.
    sealed: bool,
}

impl From<Seen> for EntryShape {
    fn from(seen: Seen) -> Self {
        let has_target = !seen.target_kind.is_empty();
        Self {
            id: seen.id,
            seq: seen.seq,
            timestamp: rfc3339(seen.at),
            actor: ActorShape { r#type: seen.actor_kind, id: seen.actor_id, name: seen.actor_name },
            event_type: seen.event_type,
            action: seen.action,
            target: has_target.then_some(TargetShape { r#type: seen.target_kind, id: seen.target_id }),
            outcome: seen.outcome,
            changes: seen.changes,
            details: seen.details,
            ip_address: seen.ip_address,
            user_agent: seen.user_agent,
            request_id: seen.request_id,
            trace_id: seen.trace_id,
            sealed: seen.seq.is_some(),
        }
    }
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/audit-logs", tag = "audit",
    params(EntryFilter, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<EntryShape>), (status = 400), (status = 401), (status = 403)),
    security(("bearer" = ["audit:read"])))]
pub(super) async fn list_audit_logs(
    State(app): State<App>,
    scope: May<to::ReadAudit>,
    Query(filter): Query<EntryFilter>,
    page: Page,
) -> Result<axum::Json<List<EntryShape>>> {
    let after = page.after::<Position>()?;
    let found = audit::list_entries(&app, scope.tenant, &filter.read()?, after, page.rows_to_read()).await?;
    Ok(axum::Json(List::new(found, &page, Seen::position).map(EntryShape::from)))
}

/// The first entry that is not as it was sealed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BadEntryShape {
    /// Its number in the log; null when it has no place there.
    seq: Option<i64>,
    /// Its id, when it is one of this tenant's.
    id: Option<Uuid>,
    /// What is wrong: `removed`, `entry_removed`, `altered`, `not_sealed_here`, `outside_of_tree`, `not_in_tree` or
    /// `unreadable`.
    fault: &'static str,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VerdictShape {
    /// Whether every sealed entry is as it was sealed.
    whole: bool,
    /// How many entries are sealed, of all tenants together.
    size: u64,
    /// The root over them (base64); null when something is wrong.
    root: Option<String>,
    /// The newest checkpoint, to be kept outside; null when something is wrong or nothing is sealed.
    checkpoint: Option<String>,
    /// What the checkpoint's signature is checked with.
    public_key: String,
    /// How many entries wait to be sealed.
    unsealed: i64,
    /// The first entry that is not as it was sealed.
    first_bad: Option<BadEntryShape>,
    /// Always `not provable` here: whether the end was cut off shows only against a checkpoint from outside, with
    /// `zelo audit verify --checkpoint`.
    truncation: &'static str,
}

/// Whether the log is as it was sealed. The whole log is read, which takes a second for some 50,000 entries.
#[utoipa::path(get, path = "/audit-logs/verify", tag = "audit",
    responses((status = 200, body = VerdictShape), (status = 401), (status = 403), (status = 503)),
    security(("bearer" = ["audit:read"])))]
pub(super) async fn verify_audit_logs(
    State(app): State<App>,
    scope: May<to::ReadAudit>,
) -> Result<axum::Json<VerdictShape>> {
    let own = scope.tenant.tenant();
    // One at a time: whoever reads the whole log again and again must not keep others from their work.
    let _alone = app.audit.verifying().ok_or(Error::Unavailable(None))?;
    let verdict = audit::verify(&app, Depth::EveryEntry, &[]).await?;
    let is_own = |(tenant, id): (TenantId, Uuid)| (tenant == own).then_some(id);
    let checkpoint = if verdict.is_whole() { audit::newest_checkpoint(&app).await? } else { None };
    Ok(axum::Json(VerdictShape {
        whole: verdict.is_whole(),
        size: verdict.size,
        root: verdict.root.map(|root| STANDARD.encode(root)),
        checkpoint,
        public_key: app.audit.verifier().to_string(),
        unsealed: verdict.unsealed,
        first_bad: verdict.first_bad.map(|bad| BadEntryShape {
            seq: bad.seq,
            id: bad.entry.and_then(is_own),
            fault: bad.fault.code(),
        }),
        truncation: "not provable",
    }))
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReportFormat {
    /// Sums, and a page of the entries.
    Json,
    /// The entries as a table.
    Csv,
}

/// Over which time, in which form.
#[derive(Deserialize, IntoParams)]
pub(super) struct ReportQuery {
    /// Not older than this (RFC 3339).
    from: Option<String>,
    /// Older than this (RFC 3339).
    to: Option<String>,
    /// `json`, or `csv` with at most 50,000 rows, which demands `audit:export`.
    format: Option<ReportFormat>,
    /// What a second person approved, where the tenant demands one for `csv`: it is fetched once.
    approval: Option<ApprovalId>,
}

/// How many entries of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventCount {
    /// What kind of deed.
    event_type: String,
    /// How they ended.
    outcome: String,
    /// How many.
    count: i64,
}

/// How many entries of one person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActorCount {
    /// Who; null for those who are not known.
    id: Option<UserId>,
    /// How many.
    count: i64,
}

/// A report over the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportShape {
    /// About what.
    kind: ReportKind,
    /// How many entries.
    total: i64,
    /// How many of each kind and outcome.
    by_event: Vec<EventCount>,
    /// How many of each person, the busiest first, 100 at most.
    by_actor: Vec<ActorCount>,
    /// A page of the entries, newest first.
    data: Vec<EntryShape>,
    /// Gives the next page; null on the last one.
    next_cursor: Option<String>,
}

/// A report: access to resources, configuration changes, administration, or violation attempts.
#[utoipa::path(get, path = "/audit-reports/{kind}", tag = "audit",
    params(("kind" = ReportKind, Path), ReportQuery, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses(
        (status = 200, content((ReportShape = "application/json"), (String = "text/csv"))),
        (status = 400), (status = 401), (status = 403)
    ),
    security(("bearer" = ["audit:read"])))]
pub(super) async fn get_audit_report(
    State(app): State<App>,
    scope: May<to::ReadAudit>,
    Path(kind): Path<ReportKind>,
    Query(query): Query<ReportQuery>,
    page: Page,
) -> Result<Response> {
    let filter = Filter {
        from: time("from", query.from.as_deref())?,
        to: time("to", query.to.as_deref())?,
        report: Some(kind),
        ..Filter::default()
    };
    if query.format == Some(ReportFormat::Csv) {
        scope.require(Permission::ExportAudit)?;
        match query.approval {
            Some(approval) => approvals::use_approval(&app, &scope, approval, kind).await?,
            None => approvals::require_second_person(&app, scope.tenant.tenant(), Act::ExportAll).await?,
        }
        let entry = Entry::of(EventType::DataExport, "audit_report_exported").with("report", kind.as_str());
        Pen::of(&app, scope.tenant.tenant()).await?.note(entry).await?;
        let rows = audit::list_entries(&app, scope.tenant, &filter, None, MOST_ROWS).await?;
        let name = format!("attachment; filename=\"audit-{}.csv\"", kind.as_str());
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ];
        return Ok((headers, audit::csv(&rows)).into_response());
    }
    let summary = audit::summarise(&app, scope.tenant, &filter).await?;
    let after = page.after::<Position>()?;
    let found = audit::list_entries(&app, scope.tenant, &filter, after, page.rows_to_read()).await?;
    let List { data, next_cursor } = List::new(found, &page, Seen::position).map(EntryShape::from);
    let total = summary.by_event.iter().map(|(_, _, count)| count).sum();
    let by_event = summary.by_event.into_iter();
    let report = ReportShape {
        kind,
        total,
        by_event: by_event
            .map(|(event_type, outcome, count)| EventCount { event_type, outcome, count })
            .collect(),
        by_actor: summary.by_actor.into_iter().map(|(id, count)| ActorCount { id, count }).collect(),
        data,
        next_cursor,
    };
    Ok(axum::Json(report).into_response())
}
