//! Looking at the numbers, and telling of a silence.

use super::{
    model::{Quiet, Watch},
    store,
};
use crate::{
    api::rfc3339,
    app::App,
    channels::{self, Channel, ChannelStatus},
    clock::{HOUR, MINUTE, Millis},
    connecting::{self, CheckLine, Finding, Verdict},
    crypto::Place,
    error::{Error, Result},
    events::{self, Event},
    identity::{self, Role},
    ids::{ChannelId, TenantId},
    inbound,
    mail::{Message, Told},
    pages::locale::{Lang, t},
    tenants::{self, TenantScope},
};
use db::Tx;
use jobs::{Leased, NewJob, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The job that tells of a silence.
pub const TELL: &str = "tell_silence";
/// While events wait for longer, it is Zelo that is late, and nobody can say who is silent.
const BEHIND: Millis = MINUTE;

/// What the job that tells of a silence works on.
#[derive(Debug, Serialize, Deserialize)]
struct Suspected {
    channel_id: ChannelId,
}

/// A silence that was told of, and what Meta says is wrong.
#[derive(Debug, Clone)]
pub struct Silence {
    /// Since when, and how many people would usually have written.
    pub quiet: Quiet,
    /// When somebody was told.
    pub noticed_at: Millis,
    /// What was found, with its cure; nothing where Meta finds nothing wrong.
    pub causes: Vec<CheckLine>,
}

/// Look at the numbers of all tenants that work: learn, note whom was heard, and promise to tell of who is not.
///
/// # Errors
/// When the database does not answer; the next look makes up for it.
pub async fn watch(app: &App) -> Result<()> {
    let waiting_since = inbound::count_events(app).await?.oldest_waiting_at;
    if waiting_since.is_some_and(|since| app.clock.now() - since > BEHIND) {
        tracing::warn!("Events of Meta wait to be processed; nobody looks for silent numbers meanwhile");
        return Ok(());
    }
    let mut outcome = Ok(());
    for tenant in tenants::list_tenants(app).await? {
        if tenant.status.may_work()
            && let Err(error) = watch_tenant(app, TenantScope::of_work(tenant.id)).await
        {
            // The others are looked at all the same.
            outcome = Err(error);
        }
    }
    outcome
}

/// One number as it is looked at.
struct Look {
    channel: ChannelId,
    watch: Watch,
    before: Option<Millis>,
    slots: Vec<(i64, super::rule::Slot)>,
    is_suspected: bool,
    is_over: bool,
}

async fn watch_tenant(app: &App, scope: TenantScope) -> Result<()> {
    let looks = look(app, scope).await?;
    if looks.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let ended = db::write!(app.db, "watch_channels", scope.into(), |tx| -> Result<Vec<ChannelId>> {
        let mut ended = Vec::new();
        for look in &looks {
            if keep(tx, app, scope, look).await? {
                events::record(tx, scope, &[Event::ChannelSilence { channel: look.channel }], now).await?;
                ended.push(look.channel);
            }
        }
        Ok(ended)
    })?;
    for channel in ended {
        metrics::counter!("zelo_channel_silences_ended_total").increment(1);
        tracing::info!(channel_id = %channel, "The silence of a number is over");
    }
    Ok(())
}

/// What there is to see of each number of a tenant.
async fn look(app: &App, scope: TenantScope) -> Result<Vec<Look>> {
    let (now, rule) = (app.clock.now(), &app.config.silence);
    let found = channels::list_channels(app, scope).await?;
    db::read!(app.db, "look_at_channels", scope.into(), |tx| -> Result<Vec<Look>> {
        let known = store::list_watches(tx, scope).await?;
        let last_look = known.values().map(|watch| watch.looked_at).min().unwrap_or(now);
        // After a gap the watch begins anew, whatever came in before.
        let heard = store::list_heard(tx, scope, last_look.max(now - HOUR)).await?;
        let mut watches: Vec<(&Channel, Watch)> = Vec::with_capacity(found.len());
        for channel in &found {
            let mut watch = known.get(&channel.id).copied().unwrap_or_else(|| Watch::begin(now));
            watch.look(now, heard.get(&channel.id).copied());
            watches.push((channel, watch));
        }
        let due = watches.iter().map(|(_, watch)| watch.due()).filter(|(from, to)| from < to);
        let due = due.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let people = match due {
            Some(hours) => store::count_people(tx, scope, hours).await?,
            None => HashMap::new(),
        };
        let is_worth_it = due.is_some() || watches.iter().any(|(_, watch)| watch.is_quiet(rule, now));
        let mut usual = if is_worth_it { store::list_usual(tx, scope).await? } else { HashMap::new() };
        let none = BTreeMap::new();
        let looks = watches.into_iter().map(|(channel, mut watch)| {
            let usual = usual.entry(channel.id).or_default();
            let slots = watch.learn(usual, people.get(&channel.id).unwrap_or(&none));
            let is_new = watch.silent_since.is_none() && channel.silence_alert;
            let may_speak = channel.status != ChannelStatus::Disabled;
            Look {
                channel: channel.id,
                before: known.get(&channel.id).map(|watch| watch.looked_at),
                is_suspected: is_new && may_speak && watch.judge(rule, usual, now).is_some(),
                is_over: watch.is_heard_again()
                    || (watch.silent_since.is_some() && !(channel.silence_alert && may_speak)),
                watch,
                slots,
            }
        });
        Ok(looks.collect())
    })
}

/// Keep what was seen of a number; says whether its silence is over.
async fn keep(tx: &mut Tx, app: &App, scope: TenantScope, look: &Look) -> Result<bool> {
    if !store::save_watch(tx, scope, look.channel, &look.watch, look.before).await? {
        return Ok(false);
    }
    if !look.slots.is_empty() {
        store::save_slots(tx, scope, look.channel, &look.slots).await?;
    }
    if look.is_suspected {
        let payload =
            serde_json::to_string(&Suspected { channel_id: look.channel }).map_err(Error::internal)?;
        let job = NewJob::new(channels::QUEUE, TELL, payload).tenant(scope.tenant().0);
        app.jobs.enqueue(tx, job.unique(format!("{TELL}:{}", look.channel))).await?;
    }
    Ok(look.is_over && store::end_silence(tx, scope, look.channel).await?)
}

/// Tell of the silence of the number that a job names.
pub async fn tell(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(suspected) = serde_json::from_str::<Suspected>(&job.payload) else {
        return Outcome::give_up("the job names no number");
    };
    match tell_of(&app, TenantScope::of_work(tenant), suspected.channel_id).await {
        Ok(()) | Err(Error::NotFound) => Outcome::Done,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

async fn tell_of(app: &App, scope: TenantScope, id: ChannelId) -> Result<()> {
    let channel = channels::get_channel(app, scope, id).await?;
    let now = app.clock.now();
    let quiet = db::read!(app.db, "judge_silence", scope.into(), |tx| -> Result<Option<Quiet>> {
        let watch = store::list_watches(tx, scope).await?.remove(&id).ok_or(Error::NotFound)?;
        let usual = store::list_usual(tx, scope).await?.remove(&id).unwrap_or_default();
        let may_speak = channel.silence_alert && channel.status != ChannelStatus::Disabled;
        let is_new = may_speak && watch.silent_since.is_none();
        Ok(watch.judge(&app.config.silence, &usual, now).filter(|_| is_new))
    })?;
    let Some(quiet) = quiet else { return Ok(()) };
    let causes = find_causes(app, scope, &channel).await;
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let plain = serde_json::to_vec(&causes).map_err(Error::internal)?;
    let sealed = keys.data.seal(causes_place(scope, id), &plain)?;
    let runs_it = |user: &identity::User| matches!(user.role, Role::Owner | Role::Admin);
    let postmen = identity::postmen(app, scope.tenant(), runs_it).await?;
    let lang = Lang::from_tag(&app.config.locale).unwrap_or_default();
    let told = Told {
        what: channel.name.clone(),
        when: rfc3339(quiet.since),
        why: in_words(&causes, lang),
        ..Told::default()
    };
    let message = Message::ChannelSilent { told };
    let is_told = db::write!(app.db, "tell_silence", scope.into(), |tx| -> Result<bool> {
        // Somebody may have written while Meta was asked.
        let heard = store::list_heard(tx, scope, quiet.since).await?.remove(&id);
        if heard.is_some_and(|at| at > quiet.since)
            || !store::begin_silence(tx, scope, id, quiet, &sealed, now).await?
        {
            return Ok(false);
        }
        events::record(tx, scope, &[Event::ChannelSilence { channel: id }], now).await?;
        for postman in &postmen {
            postman.post(tx, &message).await?;
        }
        Ok(true)
    })?;
    if is_told {
        let causes: Vec<&str> = causes.iter().map(|cause| cause.name.as_str()).collect();
        metrics::counter!("zelo_channel_silences_total").increment(1);
        tracing::error!(channel_id = %id, since = rfc3339(quiet.since), expected = quiet.expected,
            causes = causes.join(","), "Nothing comes in on a number where people usually write");
    }
    Ok(())
}

/// What Meta says is wrong. A check that fails must keep nobody from being told.
async fn find_causes(app: &App, scope: TenantScope, channel: &Channel) -> Vec<CheckLine> {
    match connecting::check(app, scope, channel).await {
        Ok(checked) => {
            checked.findings.iter().filter(|finding| is_cause(finding)).map(CheckLine::from).collect()
        }
        Err(error) => {
            tracing::warn!(channel_id = %channel.id, %error, "A silent number could not be checked");
            Vec::new()
        }
    }
}

/// What else is only worth a look keeps no message from coming in.
fn is_cause(finding: &Finding) -> bool {
    finding.verdict == Verdict::Failed
        || (finding.name == "subscription" && finding.verdict == Verdict::Warning)
}

/// The causes and their cures in a few sentences.
fn in_words(causes: &[CheckLine], lang: Lang) -> String {
    if causes.is_empty() {
        return t(lang, "silence-no-cause", &[]);
    }
    let sentences = causes.iter().flat_map(|cause| [Some(cause.text(lang)), cause.cure(lang)]);
    sentences.flatten().collect::<Vec<_>>().join(" ")
}

fn causes_place(scope: TenantScope, id: ChannelId) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "channel_watches", column: "causes", row: id.0 }
}

/// The silences of a tenant's numbers that are not over.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_silences(app: &App, scope: TenantScope) -> Result<HashMap<ChannelId, Silence>> {
    let rows = db::read!(app.db, "list_silences", scope.into(), |tx| -> Result<_> {
        Ok(store::list_silences(tx, scope).await?)
    })?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let mut silences = HashMap::with_capacity(rows.len());
    for row in rows {
        let plain = keys.data.open(causes_place(scope, row.channel), &row.causes_sealed)?;
        let causes = serde_json::from_slice(&plain).map_err(Error::internal)?;
        silences.insert(row.channel, Silence { quiet: row.quiet, noticed_at: row.noticed_at, causes });
    }
    Ok(silences)
}
