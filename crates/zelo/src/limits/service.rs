//! What the platform's owner does with limits, and what this process does by itself.

use super::{
    Ban, NewRule, Prefix, Rule, RuleAction, RuleChange, Subject, bans,
    generations::Digest,
    rules::{Range, validate},
    store::{self, BanRow, BansOf, RuleRow},
};
use crate::{
    api::rfc3339,
    app::App,
    audit::{Entry, EventType, Pen},
    clock::{DAY, Millis},
    error::{Error, Result},
    identity::PlatformScope,
    ids::UserId,
};
use db::Scope;
use std::{net::IpAddr, time::Duration};
use uuid::Uuid;

/// The most rules that hold at once: every process keeps all of them in memory.
const MOST_RULES: i64 = 10_000;
/// How often other processes' changes are looked for when no ring is heard.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// After how many looks this process says again that it is there: ten seconds, a third of what is believed.
const PRESENT_EVERY: u32 = 5;
const PLATFORM: Scope = Scope::Tenant(Uuid::nil());

/// Whose counts are forgotten.
#[derive(Debug, Clone, Copy)]
pub(super) enum ClearedOf {
    Address(Prefix),
    User(UserId),
    /// An account whose owner proved who they are.
    Account,
}

/// What a clearing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleared {
    /// How many bans were lifted.
    pub lifted_bans: usize,
}

/// The bans that hold, the newest first.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_bans(app: &App, before: Option<Uuid>, limit: i64) -> Result<Vec<Ban>> {
    let now = app.clock.now();
    let rows = db::read!(app.db, "list_bans", PLATFORM, |tx| -> Result<Vec<BanRow>> {
        Ok(store::list_bans(tx, now, before, limit).await?)
    })?;
    let mut bans = Vec::with_capacity(rows.len());
    for row in rows {
        bans.push(bans::shown(app, row).await?);
    }
    Ok(bans)
}

/// Let somebody in again before their ban ends.
///
/// # Errors
/// [`Error::NotFound`] when no such ban holds.
pub async fn lift_ban(app: &App, id: Uuid, by: UserId) -> Result<()> {
    let now = app.clock.now();
    let digests = &app.limits.limiter.digests;
    let pen = Pen::of(app, PlatformScope::tenant()).await?;
    let lifted = db::write!(app.db, "lift_ban", PLATFORM, |tx| -> Result<BanRow> {
        let ban =
            store::lift_bans(tx, BansOf::Id(id), Some(by.0), now).await?.pop().ok_or(Error::NotFound)?;
        // What led to it is forgotten with it: else the next failure would be the last one again.
        let account = ban.account.map(|account| digests.of(Subject::Account(account)));
        for subject in [account, ban.network_digest].into_iter().flatten() {
            store::upsert_clear(tx, &subject, now).await?;
        }
        if let Some(account) = &ban.account {
            store::delete_failures_of_account(tx, account).await?;
        }
        let entry = Entry::of(EventType::BanLifted, "ban_lifted").on("ban", id);
        pen.write(tx, entry.with("policy", ban.policy.as_str())).await?;
        tx.wake(super::TOPIC);
        Ok(ban)
    })?;
    app.limits.ledger.note_bans([lifted], now);
    app.limits.reload(&app.db, now).await
}

/// Forget what was counted from an address and its network, and lift the bans there.
///
/// # Errors
/// When the database does not answer.
pub async fn clear_address(app: &App, address: IpAddr, by: UserId) -> Result<Cleared> {
    let network = Prefix::from(address);
    clear(app, &[Subject::Network(network)], &[], ClearedOf::Address(network), Some(by)).await
}

/// Forget what was counted of a user, whichever way they come, and lift the bans of their account.
///
/// # Errors
/// [`Error::NotFound`] when there is no such user.
pub async fn clear_user(app: &App, user: UserId, by: UserId) -> Result<Cleared> {
    let accounts = crate::identity::list_accounts(app, user).await?;
    if accounts.is_empty() {
        return Err(Error::NotFound);
    }
    let mut subjects = vec![Subject::User(user.0)];
    subjects.extend(accounts.iter().copied().map(Subject::Account));
    clear(app, &subjects, &accounts, ClearedOf::User(user), Some(by)).await
}

pub(super) async fn clear(
    app: &App,
    subjects: &[Subject],
    accounts: &[Digest],
    cleared_of: ClearedOf,
    by: Option<UserId>,
) -> Result<Cleared> {
    let now = app.clock.now();
    let by = by.map(|by| by.0);
    let digests = &app.limits.limiter.digests;
    let subjects: Vec<_> = subjects.iter().map(|subject| digests.of(*subject)).collect();
    let network = match cleared_of {
        ClearedOf::Address(network) => Some(digests.of(Subject::Network(network))),
        ClearedOf::User(_) | ClearedOf::Account => None,
    };
    let pen = Pen::of(app, PlatformScope::tenant()).await?;
    let (lifted, cleared) = db::write!(app.db, "clear_limits", PLATFORM, |tx| -> Result<_> {
        let (mut lifted, mut cleared) = (Vec::new(), Vec::new());
        for subject in &subjects {
            cleared.push((*subject, store::upsert_clear(tx, subject, now).await?));
        }
        for account in accounts {
            lifted.extend(store::lift_bans(tx, BansOf::Account(account), by, now).await?);
            store::delete_failures_of_account(tx, account).await?;
        }
        if let Some(network) = &network {
            lifted.extend(store::lift_bans(tx, BansOf::Network(network), by, now).await?);
        }
        let entry = match cleared_of {
            ClearedOf::Address(network) => {
                Entry::of(EventType::BanLifted, "address_cleared").with("network", network.to_string())
            }
            ClearedOf::User(user) => Entry::of(EventType::BanLifted, "user_cleared").on("user", user),
            ClearedOf::Account => Entry::of(EventType::BanLifted, "account_pardoned"),
        };
        pen.write(tx, entry.with("lifted_bans", lifted.len())).await?;
        tx.wake(super::TOPIC);
        Ok((lifted, cleared))
    })?;
    let lifted_bans = lifted.len();
    app.limits.ledger.note_bans(lifted, now);
    app.limits.limiter.generations.note(cleared);
    Ok(Cleared { lifted_bans })
}

/// The rules that hold, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list_rules(app: &App, before: Option<Uuid>, limit: i64) -> Result<Vec<Rule>> {
    let rows = db::read!(app.db, "list_ip_rules", PLATFORM, |tx| -> Result<Vec<RuleRow>> {
        Ok(store::list_rules(tx, before, limit).await?)
    })?;
    Ok(rows.into_iter().map(Rule::from).collect())
}

/// One rule.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn get_rule(app: &App, id: Uuid) -> Result<Rule> {
    let row = db::read!(app.db, "get_ip_rule", PLATFORM, |tx| -> Result<Option<RuleRow>> {
        Ok(store::find_rule(tx, id).await?)
    })?;
    row.map(Rule::from).ok_or(Error::NotFound)
}

/// Let a network in always, or never. It holds here at once and in other processes within seconds.
///
/// # Errors
/// [`Error::Invalid`] when something does not fit, [`Error::Conflict`] when the network has a rule, or when the rule
/// would keep out the one who makes it.
pub async fn create_rule(app: &App, new: &NewRule, by: UserId, from: IpAddr) -> Result<Rule> {
    let now = app.clock.now();
    validate(Some(&new.network), Some(&new.reason), new.expires_at, now)?;
    let range = Range::parse(&new.network).ok_or(Error::NotFound)?;
    refuse_lockout(&range, new.action, from)?;
    let row = RuleRow {
        id: app.ids.next(),
        network: range.to_string(),
        effect: new.action.as_str().to_owned(),
        reason: new.reason.trim().to_owned(),
        expires_at: new.expires_at,
        created_by: by.0,
        created_at: now,
        changed_at: now,
        deleted_at: None,
    };
    let pen = Pen::of(app, PlatformScope::tenant()).await?;
    db::write!(app.db, "create_ip_rule", PLATFORM, |tx| -> Result<()> {
        if store::count_rules(tx).await? >= MOST_RULES {
            let detail = format!("There are {MOST_RULES} rules. Join networks, or delete some.");
            return Err(Error::Conflict { code: "too_many_rules", detail });
        }
        match store::insert_rule(tx, &row).await {
            Err(error) if error.is_unique() => {
                let detail = "This network has a rule already. Change that one.".to_owned();
                return Err(Error::Conflict { code: "rule_exists", detail });
            }
            written => written?,
        }
        pen.write(tx, told("ip_rule_created", None, Some(&row))).await?;
        tx.wake(super::TOPIC);
        Ok(())
    })?;
    app.limits.ledger.note_rules(vec![row.clone()]);
    Ok(row.into())
}

/// Change what a rule does, why, or until when.
///
/// # Errors
/// As [`create_rule`], and [`Error::NotFound`] when there is none.
pub async fn update_rule(app: &App, id: Uuid, change: &RuleChange, from: IpAddr) -> Result<Rule> {
    let now = app.clock.now();
    validate(None, change.reason.as_deref(), change.expires_at.flatten(), now)?;
    let pen = Pen::of(app, PlatformScope::tenant()).await?;
    let row = db::write!(app.db, "update_ip_rule", PLATFORM, |tx| -> Result<RuleRow> {
        let before = store::lock_rule(tx, id).await?.ok_or(Error::NotFound)?;
        let mut row = before.clone();
        if let Some(action) = change.action {
            if let Some(range) = Range::parse(&row.network) {
                refuse_lockout(&range, action, from)?;
            }
            row.effect = action.as_str().to_owned();
        }
        if let Some(reason) = &change.reason {
            row.reason = reason.trim().to_owned();
        }
        row.expires_at = change.expires_at.unwrap_or(row.expires_at);
        row.changed_at = now;
        store::update_rule(tx, &row).await?;
        pen.write(tx, told("ip_rule_changed", Some(&before), Some(&row))).await?;
        tx.wake(super::TOPIC);
        Ok(row)
    })?;
    app.limits.ledger.note_rules(vec![row.clone()]);
    Ok(row.into())
}

/// Let a network be treated as any other again.
///
/// # Errors
/// [`Error::NotFound`] when there is no such rule.
pub async fn delete_rule(app: &App, id: Uuid) -> Result<()> {
    let now = app.clock.now();
    let pen = Pen::of(app, PlatformScope::tenant()).await?;
    let row = db::write!(app.db, "delete_ip_rule", PLATFORM, |tx| -> Result<RuleRow> {
        let row = store::lock_rule(tx, id).await?.ok_or(Error::NotFound)?;
        let row = RuleRow { changed_at: now, deleted_at: Some(now), ..row };
        store::update_rule(tx, &row).await?;
        pen.write(tx, told("ip_rule_deleted", Some(&row), None)).await?;
        tx.wake(super::TOPIC);
        Ok(row)
    })?;
    app.limits.ledger.note_rules(vec![row]);
    Ok(())
}

/// What the audit log says of a rule.
fn told(action: &'static str, before: Option<&RuleRow>, after: Option<&RuleRow>) -> Entry {
    type Field = fn(&RuleRow) -> Option<String>;
    let fields: [(&str, Field); 4] = [
        ("network", |row| Some(row.network.clone())),
        ("action", |row| Some(row.effect.clone())),
        ("reason", |row| Some(row.reason.clone())),
        ("expires_at", |row| row.expires_at.map(rfc3339)),
    ];
    let id = before.or(after).map(|row| row.id).unwrap_or_default();
    let entry = Entry::of(EventType::ConfigUpdate, action).on("ip_rule", id);
    fields
        .into_iter()
        .fold(entry, |entry, (name, of)| entry.changed(name, before.and_then(of), after.and_then(of)))
}

/// A rule that keeps out who makes it could be taken back by nobody.
fn refuse_lockout(range: &Range, action: RuleAction, from: IpAddr) -> Result<()> {
    if action == RuleAction::Deny && range.contains(from) {
        let detail = "This rule would keep you out yourself.".to_owned();
        return Err(Error::Conflict { code: "would_lock_you_out", detail });
    }
    Ok(())
}

/// Hear of what other processes write, and tell them that this one is there, until the application stops.
pub async fn follow(app: App) {
    let mut changes = app.db.listen(super::TOPIC);
    let mut looks = 0_u32;
    while !app.stop.is_cancelled() {
        if looks.is_multiple_of(PRESENT_EVERY) {
            app.limits.limiter.be_present(app.process).await;
        }
        looks = looks.wrapping_add(1);
        tokio::select! {
            () = changes.wait(LOOK_AGAIN) => {}
            () = app.stop.cancelled() => return,
        }
        if let Err(error) = app.limits.reload(&app.db, app.clock.now()).await {
            tracing::warn!(%error, "Bans and rules could not be read again; the known ones stay");
        }
    }
}

/// Drop rows that nothing depends on any more. Part of the hourly housekeeping.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let now: Millis = app.clock.now();
    db::write!(app.db, "sweep_limits", PLATFORM, |tx| -> Result<()> {
        store::delete_old(tx, now - 30 * DAY, now - 7 * DAY).await?;
        Ok(())
    })
}
