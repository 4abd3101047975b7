//! All SQL of the tables `bans`, `login_failures`, `limit_clears` and `ip_rules`.

use super::generations::Digest;
use crate::clock::Millis;
use db::{Result, Row, Tx, params};
use uuid::Uuid;

/// A ban as it is stored.
#[derive(Debug, Clone)]
pub(super) struct BanRow {
    pub(super) id: Uuid,
    pub(super) policy: String,
    pub(super) subject: Digest,
    pub(super) number: i64,
    pub(super) account: Option<Digest>,
    pub(super) network_digest: Option<Digest>,
    pub(super) network_sealed: Option<Vec<u8>>,
    pub(super) level: i64,
    pub(super) banned_at: Millis,
    pub(super) ends_at: Millis,
    pub(super) lifted_at: Option<Millis>,
}

/// The columns of a [`BanRow`], in its order.
macro_rules! ban {
    () => {
        "id, policy, subject, number, account, network_digest, network_sealed, level, banned_at, ends_at, lifted_at"
    };
}

fn ban_from_row(row: &Row<'_>) -> Result<BanRow> {
    Ok(BanRow {
        id: row.get(0)?,
        policy: row.get(1)?,
        subject: row.get(2)?,
        number: row.get(3)?,
        account: row.get(4)?,
        network_digest: row.get(5)?,
        network_sealed: row.get(6)?,
        level: row.get(7)?,
        banned_at: row.get(8)?,
        ends_at: row.get(9)?,
        lifted_at: row.get(10)?,
    })
}

pub(super) async fn insert_ban(tx: &mut Tx, ban: &BanRow) -> Result<()> {
    tx.execute(
        "insert into bans (id, policy, subject, number, account, network_digest, network_sealed, level, banned_at,
             ends_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)",
        params![
            ban.id,
            &ban.policy,
            &ban.subject,
            ban.number,
            ban.account.as_ref().map(|digest| &digest[..]),
            ban.network_digest.as_ref().map(|digest| &digest[..]),
            ban.network_sealed.as_deref(),
            ban.level,
            ban.banned_at,
            ban.ends_at
        ],
    )
    .await?;
    Ok(())
}

/// The bans of a subject, the latest first.
pub(super) async fn list_bans_of(tx: &mut Tx, subject: &Digest) -> Result<Vec<BanRow>> {
    tx.query(
        concat!("select ", ban!(), " from bans where subject = $1 order by number desc limit 100"),
        params![subject],
        ban_from_row,
    )
    .await
}

/// The bans that hold, the newest first, after one of them.
pub(super) async fn list_bans(
    tx: &mut Tx,
    now: Millis,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<BanRow>> {
    tx.query(
        concat!(
            "select ",
            ban!(),
            " from bans
         where ends_at > $1 and lifted_at is null and (cast($2 as $uuid_type) is null or id < $2)
         order by id desc limit $3"
        ),
        params![now, before, limit],
        ban_from_row,
    )
    .await
}

/// What was added and changed since, and is not over by itself.
pub(super) async fn list_changed_bans(tx: &mut Tx, since: Millis, now: Millis) -> Result<Vec<BanRow>> {
    tx.query(
        concat!("select ", ban!(), " from bans where changed_at >= $1 and ends_at > $2"),
        params![since, now],
        ban_from_row,
    )
    .await
}

/// Which bans to lift.
#[derive(Debug, Clone, Copy)]
pub(super) enum BansOf<'d> {
    /// One.
    Id(Uuid),
    /// All of an account.
    Account(&'d Digest),
    /// All of a network.
    Network(&'d Digest),
}

/// Lift those of these bans that hold; returns them.
pub(super) async fn lift_bans(
    tx: &mut Tx,
    of: BansOf<'_>,
    by: Option<Uuid>,
    now: Millis,
) -> Result<Vec<BanRow>> {
    let (id, account, network) = match of {
        BansOf::Id(id) => (Some(id), None, None),
        BansOf::Account(account) => (None, Some(&account[..]), None),
        BansOf::Network(network) => (None, None, Some(&network[..])),
    };
    // Two of the three are null, which equals nothing.
    tx.query(
        concat!(
            "update bans set lifted_at = $1, lifted_by = $2, changed_at = $1
             where ends_at > $1 and lifted_at is null and (id = $3 or account = $4 or network_digest = $5)
             returning ",
            ban!()
        ),
        params![now, by, id, account, network],
        ban_from_row,
    )
    .await
}

/// Count one more failure in a row, before it is known whether it is one; returns how many there are.
pub(super) async fn count_failure(
    tx: &mut Tx,
    subject: &Digest,
    account: &Digest,
    now: Millis,
) -> Result<i64> {
    tx.query_one(
        "insert into login_failures (subject, account, failures, last_at) values ($1, $2, 1, $3)
         on conflict (subject) do update set failures = login_failures.failures + 1, last_at = excluded.last_at
         returning failures",
        params![subject, account, now],
        |row| row.get(0),
    )
    .await
}

/// What was counted last was none.
pub(super) async fn uncount_failure(tx: &mut Tx, subject: &Digest) -> Result<()> {
    tx.execute(
        "update login_failures set failures = failures - 1 where subject = $1 and failures > 0",
        params![subject],
    )
    .await?;
    Ok(())
}

/// The row of failures is broken.
pub(super) async fn delete_failures(tx: &mut Tx, subject: &Digest) -> Result<()> {
    tx.execute("delete from login_failures where subject = $1", params![subject]).await?;
    Ok(())
}

pub(super) async fn delete_failures_of_account(tx: &mut Tx, account: &Digest) -> Result<()> {
    tx.execute("delete from login_failures where account = $1", params![account]).await?;
    Ok(())
}

/// Note that a subject was cleared; returns the moment, later than any before.
pub(super) async fn upsert_clear(tx: &mut Tx, subject: &Digest, now: Millis) -> Result<Millis> {
    tx.query_one(
        "insert into limit_clears (subject, cleared_at) values ($1, $2)
         on conflict (subject) do update set cleared_at =
             case when excluded.cleared_at > limit_clears.cleared_at then excluded.cleared_at
                  else limit_clears.cleared_at + 1 end
         returning cleared_at",
        params![subject, now],
        |row| row.get(0),
    )
    .await
}

pub(super) async fn list_clears(tx: &mut Tx, since: Millis) -> Result<Vec<(Digest, Millis)>> {
    tx.query("select subject, cleared_at from limit_clears where cleared_at >= $1", params![since], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

/// A rule as it is stored.
#[derive(Debug, Clone)]
pub(super) struct RuleRow {
    pub(super) id: Uuid,
    pub(super) network: String,
    pub(super) effect: String,
    pub(super) reason: String,
    pub(super) expires_at: Option<Millis>,
    pub(super) created_by: Uuid,
    pub(super) created_at: Millis,
    pub(super) changed_at: Millis,
    pub(super) deleted_at: Option<Millis>,
}

fn rule_from_row(row: &Row<'_>) -> Result<RuleRow> {
    Ok(RuleRow {
        id: row.get(0)?,
        network: row.get(1)?,
        effect: row.get(2)?,
        reason: row.get(3)?,
        expires_at: row.get(4)?,
        created_by: row.get(5)?,
        created_at: row.get(6)?,
        changed_at: row.get(7)?,
        deleted_at: row.get(8)?,
    })
}

pub(super) async fn insert_rule(tx: &mut Tx, rule: &RuleRow) -> Result<()> {
    tx.execute(
        "insert into ip_rules (id, network, effect, reason, expires_at, created_by, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            rule.id,
            &rule.network,
            &rule.effect,
            &rule.reason,
            rule.expires_at,
            rule.created_by,
            rule.created_at,
            rule.changed_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn count_rules(tx: &mut Tx) -> Result<i64> {
    tx.query_one("select count(*) from ip_rules where deleted_at is null", &[], |row| row.get(0)).await
}

pub(super) async fn find_rule(tx: &mut Tx, id: Uuid) -> Result<Option<RuleRow>> {
    tx.query_opt(
        "select id, network, effect, reason, expires_at, created_by, created_at, changed_at, deleted_at
         from ip_rules where id = $1 and deleted_at is null",
        params![id],
        rule_from_row,
    )
    .await
}

/// The same, to change it.
pub(super) async fn lock_rule(tx: &mut Tx, id: Uuid) -> Result<Option<RuleRow>> {
    tx.query_opt(
        "select id, network, effect, reason, expires_at, created_by, created_at, changed_at, deleted_at
         from ip_rules where id = $1 and deleted_at is null $for_update",
        params![id],
        rule_from_row,
    )
    .await
}

pub(super) async fn list_rules(tx: &mut Tx, before: Option<Uuid>, limit: i64) -> Result<Vec<RuleRow>> {
    tx.query(
        "select id, network, effect, reason, expires_at, created_by, created_at, changed_at, deleted_at
         from ip_rules
         where deleted_at is null and (cast($1 as $uuid_type) is null or id < $1)
         order by id desc limit $2",
        params![before, limit],
        rule_from_row,
    )
    .await
}

/// What was added, changed and deleted since.
pub(super) async fn list_changed_rules(tx: &mut Tx, since: Millis) -> Result<Vec<RuleRow>> {
    tx.query(
        "select id, network, effect, reason, expires_at, created_by, created_at, changed_at, deleted_at
         from ip_rules where changed_at >= $1",
        params![since],
        rule_from_row,
    )
    .await
}

pub(super) async fn update_rule(tx: &mut Tx, rule: &RuleRow) -> Result<()> {
    tx.execute(
        "update ip_rules set effect = $1, reason = $2, expires_at = $3, changed_at = $4, deleted_at = $5
         where id = $6",
        params![&rule.effect, &rule.reason, rule.expires_at, rule.changed_at, rule.deleted_at, rule.id],
    )
    .await?;
    Ok(())
}

/// Drop what nothing depends on any more.
pub(super) async fn delete_old(tx: &mut Tx, month_ago: Millis, week_ago: Millis) -> Result<()> {
    tx.execute("delete from bans where ends_at < $1", params![month_ago]).await?;
    tx.execute("delete from login_failures where last_at < $1", params![month_ago]).await?;
    tx.execute("delete from limit_clears where cleared_at < $1", params![week_ago]).await?;
    tx.execute("delete from ip_rules where deleted_at < $1", params![week_ago]).await?;
    Ok(())
}
