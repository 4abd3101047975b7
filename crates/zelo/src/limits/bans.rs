//! Bans: after too many failures somebody is kept out for a while, each time for longer.

use super::{
    Policy, Prefix, Subject,
    generations::Digest,
    store::{self, BanRow},
};
use crate::{
    api::rfc3339,
    app::App,
    audit::{Entry, EventType, Pen},
    clock::{DAY, HOUR, MINUTE, Millis},
    crypto::Place,
    error::{Error, Result},
    ids::{TenantId, UserId},
};
use db::Scope;
use uuid::Uuid;

/// Bans within this time of each other grow.
const REMEMBERED: Millis = 7 * DAY;

/// What a ban keeps out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BanKind {
    /// Log-ins, second factors or resets of one account from one client.
    Client,
    /// Log-ins to one account from clients that are not known.
    Account,
    /// Log-ins from one network with clients that are not known.
    Network,
}

/// A ban that holds.
#[derive(Debug, Clone)]
pub struct Ban {
    /// Its id.
    pub id: Uuid,
    /// The policy that was broken.
    pub policy: String,
    /// What it keeps out.
    pub kind: BanKind,
    /// The network, where one is kept out.
    pub network: Option<String>,
    /// The account's user and tenant, where it has one: failures for unknown addresses are counted too.
    pub user: Option<(TenantId, UserId)>,
    /// How many bans this is within a week.
    pub level: i64,
    /// When it began.
    pub banned_at: Millis,
    /// When it ends.
    pub ends_at: Millis,
}

/// How long the ban of a level lasts: a quarter of an hour, an hour, a day.
fn duration(level: i64) -> Millis {
    match level {
        ..=1 => 15 * MINUTE,
        2 => HOUR,
        _ => DAY,
    }
}

/// Who is kept out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offence {
    pub(super) policy: Policy,
    pub(super) subject: Subject,
    pub(super) account: Option<[u8; 16]>,
    pub(super) network: Option<Prefix>,
    /// The least level: the account as a whole is kept out for a day at once.
    pub(super) level: i64,
}

impl Offence {
    /// What the ban is found by: who, and under which policy.
    pub(super) fn digest(&self, app: &App) -> Digest {
        app.limits.limiter.digests.with_context(self.policy.name.as_bytes(), 0, self.subject)
    }
}

fn place(id: Uuid) -> Place<'static> {
    Place { tenant: Uuid::nil(), table: "bans", column: "network", row: id }
}

/// Keep somebody out; one who is already stays so for no longer than before. Returns when it ends.
pub(super) async fn ban(app: &App, offence: &Offence) -> Result<Millis> {
    let keys = app.keyring.platform().await?;
    let id = app.ids.next();
    let subject = offence.digest(app);
    let network = offence.network.map(|network| {
        let digest = app.limits.limiter.digests.of(Subject::Network(network));
        let sealed = keys.data.seal(place(id), network.to_string().as_bytes());
        sealed.map(|sealed| (digest, sealed))
    });
    let (network_digest, network_sealed) = network.transpose()?.unzip();
    let now = app.clock.now();
    let user = match &offence.account {
        Some(account) => crate::identity::find_account(app, account).await?,
        None => None,
    };
    let tenant = user.map_or(TenantId(Uuid::nil()), |(tenant, _)| tenant);
    let pen = Pen::of(app, tenant).await?;
    let written = db::write!(app.db, "ban", Scope::Tenant(tenant.0), |tx| -> Result<BanRow> {
        let earlier = store::list_bans_of(tx, &subject).await?;
        let holds = earlier.iter().find(|ban| ban.ends_at > now && ban.lifted_at.is_none());
        if let Some(ban) = holds {
            return Ok(ban.clone());
        }
        let lately = earlier.iter().filter(|ban| ban.lifted_at.is_none() && now - ban.banned_at < REMEMBERED);
        let level = (i64::try_from(lately.count()).unwrap_or(i64::MAX - 1) + 1).max(offence.level);
        let row = BanRow {
            id,
            policy: offence.policy.name.to_owned(),
            subject,
            number: earlier.first().map_or(1, |latest| latest.number + 1),
            account: offence.account,
            network_digest,
            network_sealed: network_sealed.clone(),
            level,
            banned_at: now,
            ends_at: now + duration(level),
            lifted_at: None,
        };
        store::insert_ban(tx, &row).await?;
        let mut entry = Entry::of(EventType::Ban, "kept_out_after_failures")
            .with("policy", row.policy.as_str())
            .with("level", level)
            .with("ends_at", rfc3339(row.ends_at));
        entry = match user {
            Some((_, user)) => entry.on("user", user),
            None => entry.on("ban", id),
        };
        pen.write(tx, entry).await?;
        tx.wake(super::TOPIC);
        Ok(row)
    });
    let row = match written {
        Ok(row) => row,
        // Another process was faster by a moment; its ban is heard of within seconds.
        Err(Error::Internal(cause)) if is_unique(cause.as_ref()) => return Ok(now + duration(offence.level)),
        Err(error) => return Err(error),
    };
    let ends_at = row.ends_at;
    app.limits.ledger.note_bans([row], now);
    // The ban stands in their place: when it ends, all tries are there again.
    app.limits.limiter.forget(&offence.policy, offence.subject).await;
    tracing::warn!(policy = offence.policy.name, ends_at_ms = ends_at, "Somebody is kept out for a while");
    Ok(ends_at)
}

fn is_unique(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<db::Error>().is_some_and(db::Error::is_unique)
}

/// A ban as people see it.
pub(super) async fn shown(app: &App, row: BanRow) -> Result<Ban> {
    let keys = app.keyring.platform().await?;
    let network =
        row.network_sealed.as_ref().map(|sealed| keys.data.open(place(row.id), sealed)).transpose()?;
    let user = match &row.account {
        Some(account) => crate::identity::find_account(app, account).await?,
        None => None,
    };
    let kind = match (&row.account, &network) {
        (None, _) => BanKind::Network,
        (Some(_), None) if row.policy == "account" => BanKind::Account,
        (Some(_), _) => BanKind::Client,
    };
    Ok(Ban {
        id: row.id,
        policy: row.policy,
        kind,
        network: network.map(|text| String::from_utf8_lossy(&text).into_owned()),
        user,
        level: row.level,
        banned_at: row.banned_at,
        ends_at: row.ends_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_grow_from_a_quarter_of_an_hour_to_a_day() {
        assert_eq!([1, 2, 3, 4, 50].map(duration), [15 * MINUTE, HOUR, DAY, DAY, DAY]);
    }
}
