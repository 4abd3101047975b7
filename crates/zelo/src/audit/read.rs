//! Reading the log: entries of one tenant, opened for those who may.

use super::{
    EventType, Outcome, ReportKind,
    record::Record,
    sealed,
    store::{self, Listed},
};
use crate::{
    app::App,
    clock::Millis,
    crypto::{Field, key_id_of},
    error::Result,
    ids::UserId,
    tenants::TenantScope,
};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Which entries, newest first. What is not given does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this user or API key.
    pub actor: Option<Uuid>,
    /// Of this kind.
    pub event_type: Option<EventType>,
    /// Of this action.
    pub action: Option<String>,
    /// About a target of this id, or of this kind.
    pub target: Option<String>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// From this address.
    pub ip: Option<String>,
    /// Not older than this.
    pub from: Option<Millis>,
    /// Older than this.
    pub to: Option<Millis>,
    /// That belong to this report.
    pub report: Option<ReportKind>,
    /// Whether reads of personal data are left out, which are most entries.
    pub without_reads: bool,
}

/// The place of an entry in a list.
pub type Position = (Millis, Uuid);

/// An entry for those who may read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its name.
    pub id: Uuid,
    /// Its number in the log; none until it is sealed.
    pub seq: Option<i64>,
    /// When.
    pub at: Millis,
    /// `user`, `api_key`, `anonymous` or `system`.
    pub actor_kind: String,
    /// Who.
    pub actor_id: Option<Uuid>,
    /// What they were called then; none when they were erased.
    pub actor_name: Option<String>,
    /// What kind of deed.
    pub event_type: String,
    /// More exactly.
    pub action: String,
    /// To what kind of thing.
    pub target_kind: String,
    /// To which.
    pub target_id: String,
    /// How it ended.
    pub outcome: String,
    /// Fields before and after.
    pub changes: Map<String, Value>,
    /// Circumstances.
    pub details: Map<String, Value>,
    /// Whether changes and circumstances were erased with the one whom they are about.
    pub is_erased: bool,
    /// From where.
    pub ip_address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// In which request.
    pub request_id: String,
    /// Because of which first cause.
    pub trace_id: String,
}

impl Seen {
    /// Its place in a list.
    pub fn position(&self) -> Position {
        (self.at, self.id)
    }

    /// Which of the catalogue it is.
    pub fn event(&self) -> Option<EventType> {
        EventType::from_word(&self.event_type)
    }
}

/// A page of the log.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_entries(
    app: &App,
    scope: TenantScope,
    filter: &Filter,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Seen>> {
    let query = store_query(app, scope, filter, after, limit).await?;
    let listed = db::read!(app.db, "list_audit_entries", scope.into(), |tx| -> Result<_> {
        Ok(store::list(tx, scope, &query).await?)
    })?;
    open_all(app, listed).await
}

/// One entry.
///
/// # Errors
/// [`crate::Error::NotFound`], for a stranger's entry too.
pub async fn get_entry(app: &App, scope: TenantScope, id: Uuid) -> Result<Seen> {
    let found = db::read!(app.db, "get_audit_entry", scope.into(), |tx| -> Result<_> {
        Ok(store::find(tx, scope, id).await?)
    })?;
    let opened = open_all(app, found.into_iter().collect()).await?.pop();
    opened.ok_or(crate::Error::NotFound)
}

/// How many entries there are of each kind and outcome, and of each actor; the second list begins with the most busy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Kind, outcome, how many.
    pub by_event: Vec<(String, String, i64)>,
    /// Who and how many; nobody known is none.
    pub by_actor: Vec<(Option<UserId>, i64)>,
}

/// Count what a filter finds.
///
/// # Errors
/// When the database does not answer.
pub async fn summarise(app: &App, scope: TenantScope, filter: &Filter) -> Result<Summary> {
    let query = store_query(app, scope, filter, None, 0).await?;
    db::read!(app.db, "summarise_audit_entries", scope.into(), |tx| -> Result<Summary> {
        Ok(Summary {
            by_event: store::count_by_event(tx, scope, &query).await?,
            by_actor: store::count_by_actor(tx, scope, &query).await?,
        })
    })
}

async fn store_query(
    app: &App,
    scope: TenantScope,
    filter: &Filter,
    after: Option<Position>,
    limit: i64,
) -> Result<store::Query> {
    let index = &app.keyring.tenant(scope.tenant().0).await?.index;
    // Written as the address was when the entry was made, whatever way it is typed.
    let canonical = |ip: &str| {
        ip.parse::<std::net::IpAddr>().map_or_else(|_| ip.to_owned(), |ip| ip.to_canonical().to_string())
    };
    let ip_digest = filter.ip.as_deref().map(|ip| index.digest(Field::Address, &canonical(ip)).to_vec());
    Ok(store::Query {
        actor: filter.actor,
        event_type: filter.event_type.map(|event| event.as_str()),
        action: filter.action.clone(),
        target: filter.target.clone(),
        outcome: filter.outcome.map(Outcome::as_str),
        ip_digest,
        from: filter.from.unwrap_or(Millis::MIN),
        to: filter.to.unwrap_or(Millis::MAX),
        events: filter.report.map(words_of),
        also_denied: filter.report == Some(ReportKind::Violations),
        without_reads: filter.without_reads,
        after: after.unwrap_or((Millis::MAX, Uuid::max())),
        limit,
    })
}

/// The kinds of a report, between bars.
fn words_of(report: ReportKind) -> String {
    let mut words = String::from("|");
    for event in EventType::ALL.iter().filter(|event| event.report() == report) {
        words.push_str(event.as_str());
        words.push('|');
    }
    words
}

async fn open_all(app: &App, listed: Vec<Listed>) -> Result<Vec<Seen>> {
    let blobs = listed.iter().flat_map(|row| [&row.record.actor_sealed, &row.record.detail_sealed]);
    let keys: Vec<_> = blobs.filter_map(|sealed| key_id_of(sealed)).collect();
    // All at once; below they are found in memory.
    app.keyring.keys(&keys).await?;
    let mut seen = Vec::with_capacity(listed.len());
    for row in listed {
        seen.push(open(app, row).await?);
    }
    Ok(seen)
}

async fn open(app: &App, Listed { record, seq }: Listed) -> Result<Seen> {
    let Record { tenant, id, .. } = record;
    let actor = sealed::open_actor(&app.keyring, tenant, id, &record.actor_sealed).await?;
    let detail = sealed::open_detail(&app.keyring, tenant, id, &record.detail_sealed).await?;
    let is_erased = detail.is_none();
    let actor = actor.map(|opened| opened.text).unwrap_or_default();
    let detail = detail.map(|opened| opened.text).unwrap_or_default();
    Ok(Seen {
        id,
        seq,
        at: record.at,
        actor_kind: record.actor_kind,
        actor_id: record.actor_id,
        actor_name: actor.name,
        event_type: record.event_type,
        action: record.action,
        target_kind: record.target_kind,
        target_id: record.target_id,
        outcome: record.outcome,
        changes: detail.changes,
        details: detail.details,
        is_erased,
        ip_address: actor.ip_address,
        user_agent: actor.user_agent,
        request_id: record.request_id,
        trace_id: record.trace_id,
    })
}
