//! What this process knows of bans and rules: every request asks, so that no request reads the database for it.

use super::{
    Limits, RuleAction,
    generations::Digest,
    rules::RuleSet,
    store::{self, BanRow, RuleRow},
};
use crate::{
    clock::{DAY, MINUTE, Millis},
    error::Result,
};
use db::{Db, Scope};
use parking_lot::RwLock;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::atomic::{AtomicI64, Ordering},
};

/// Rung when a ban, a rule or a clearing was written.
pub const TOPIC: db::Topic = "limits";

/// How far the clocks of two processes may differ, and how long a transaction may take, without a change being missed.
const OVERLAP: Millis = MINUTE;
/// How long cleared counters are remembered as cleared: longer than any window.
const CLEARS: Millis = 7 * DAY;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    bans: RwLock<HashMap<Digest, Millis>>,
    rules: RwLock<RuleSet>,
    read_until: AtomicI64,
}

impl Ledger {
    /// When the ban of a subject ends, if it is banned.
    pub(super) fn banned_until(&self, subject: &Digest, now: Millis) -> Option<Millis> {
        self.bans.read().get(subject).copied().filter(|end| *end > now)
    }

    /// The rule that holds for an address, if any.
    pub(super) fn rule_for(&self, address: IpAddr, now: Millis) -> Option<RuleAction> {
        self.rules.read().verdict(address, now)
    }

    pub(super) fn note_bans(&self, rows: impl IntoIterator<Item = BanRow>, now: Millis) {
        let mut bans = self.bans.write();
        for row in rows {
            if row.lifted_at.is_some() {
                // A later ban of the same subject ends later.
                if bans.get(&row.subject).is_some_and(|end| *end <= row.ends_at) {
                    bans.remove(&row.subject);
                }
            } else {
                let end = bans.entry(row.subject).or_default();
                *end = row.ends_at.max(*end);
            }
        }
        bans.retain(|_, end| *end > now);
    }

    pub(super) fn note_rules(&self, rows: Vec<RuleRow>) {
        if !rows.is_empty() {
            self.rules.write().apply(rows);
        }
    }
}

impl Limits {
    /// Read what was written since the last time, here or by another process.
    ///
    /// # Errors
    /// When the database does not answer; what was known stays.
    pub(super) async fn reload(&self, db: &Db, now: Millis) -> Result<()> {
        let since = self.ledger.read_until.load(Ordering::Relaxed) - OVERLAP;
        let (mut bans, rules, clears) =
            db::read!(db, "load_limits", Scope::Tenant(uuid::Uuid::nil()), |tx| -> Result<_> {
                Ok((
                    store::list_changed_bans(tx, since, now).await?,
                    store::list_changed_rules(tx, since).await?,
                    store::list_clears(tx, since.max(now - CLEARS)).await?,
                ))
            })?;
        // A lifted ban and the next one of its subject may both be new: in their order.
        bans.sort_by_key(|ban| ban.number);
        self.ledger.note_bans(bans, now);
        self.ledger.note_rules(rules);
        self.limiter.generations.note(clears);
        self.limiter.generations.forget_before(now - CLEARS);
        self.ledger.read_until.store(now, Ordering::Relaxed);
        Ok(())
    }
}
