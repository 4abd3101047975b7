//! All SQL of the tables `channels`, `channel_routes`, `channel_states`, `channel_notices` and `app_secrets`.

use super::{Channel, ChannelStatus};
use crate::{
    clock::Millis,
    ids::{ChannelId, TenantId},
    tenants::TenantScope,
};
use db::{Result, Row, Tx, params};
use uuid::Uuid;

pub(super) async fn insert_channel(
    tx: &mut Tx,
    scope: TenantScope,
    channel: &Channel,
    credentials_sealed: &[u8],
    now: Millis,
) -> Result<()> {
    tx.execute(
        "insert into channels (tenant_id, id, name, phone_number_id, waba_id, display_phone, status, credentials_sealed,
         created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            scope,
            channel.id,
            &channel.name,
            &channel.phone_number_id,
            &channel.waba_id,
            &channel.display_phone,
            channel.status.as_str(),
            credentials_sealed,
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_route(
    tx: &mut Tx,
    scope: TenantScope,
    channel: &Channel,
    app_secret: Uuid,
    verify_token_digest: &[u8; 32],
) -> Result<()> {
    tx.execute(
        "insert into channel_routes (phone_number_id, waba_id, tenant_id, channel_id, app_secret_id, verify_token_digest)
         values ($1, $2, $3, $4, $5, $6)",
        params![&channel.phone_number_id, &channel.waba_id, scope, channel.id, app_secret, verify_token_digest],
    )
    .await?;
    Ok(())
}

/// The id of the secret with this digest, stored now if it was not known.
pub(super) async fn ensure_app_secret(
    tx: &mut Tx,
    id: Uuid,
    tenant: TenantId,
    digest: &[u8],
    sealed: &[u8],
    now: Millis,
) -> Result<Uuid> {
    tx.execute(
        "insert into app_secrets (id, tenant_id, secret_digest, secret_sealed, created_at) values ($1, $2, $3, $4, $5)
         on conflict (secret_digest) do nothing",
        params![id, tenant, digest, sealed, now],
    )
    .await?;
    tx.query_one("select id from app_secrets where secret_digest = $1", params![digest], |row| row.get(0))
        .await
}

pub(super) async fn delete_routes(tx: &mut Tx, tenant: TenantId) -> Result<u64> {
    tx.execute("delete from channel_routes where tenant_id = $1", params![tenant]).await
}

/// Secrets that another tenant's numbers are signed with too belong to that tenant from now on.
pub(super) async fn hand_over_app_secrets(tx: &mut Tx, tenant: TenantId) -> Result<u64> {
    tx.execute(
        "update app_secrets set tenant_id =
             (select r.tenant_id from channel_routes r where r.tenant_id <> $1
              and (r.app_secret_id = app_secrets.id or r.previous_app_secret_id = app_secrets.id)
              order by r.tenant_id limit 1)
         where tenant_id = $1 and exists
             (select 1 from channel_routes r where r.tenant_id <> $1
              and (r.app_secret_id = app_secrets.id or r.previous_app_secret_id = app_secrets.id))",
        params![tenant],
    )
    .await
}

pub(super) async fn list_app_secrets(tx: &mut Tx) -> Result<Vec<(Uuid, Vec<u8>)>> {
    tx.query("select id, secret_sealed from app_secrets order by id", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

pub(super) struct RouteRow {
    pub(super) phone_number_id: String,
    pub(super) waba_id: String,
    pub(super) tenant: TenantId,
    pub(super) channel: ChannelId,
    pub(super) app_secret: Uuid,
    pub(super) previous_app_secret: Option<Uuid>,
    pub(super) previous_until: Option<Millis>,
    pub(super) verify_token_digest: [u8; 32],
}

pub(super) async fn list_routes(tx: &mut Tx) -> Result<Vec<RouteRow>> {
    tx.query(
        "select phone_number_id, waba_id, tenant_id, channel_id, app_secret_id, previous_app_secret_id, previous_until,
             verify_token_digest
         from channel_routes",
        &[],
        |row| {
            Ok(RouteRow {
                phone_number_id: row.get(0)?,
                waba_id: row.get(1)?,
                tenant: row.get(2)?,
                channel: row.get(3)?,
                app_secret: row.get(4)?,
                previous_app_secret: row.get(5)?,
                previous_until: row.get(6)?,
                verify_token_digest: row.get(7)?,
            })
        },
    )
    .await
}

pub(super) async fn list_channels(tx: &mut Tx, scope: TenantScope) -> Result<Vec<Channel>> {
    tx.query(
        "select id, name, phone_number_id, waba_id, display_phone, status, throughput, messages_per_second,
             coalesce(token_changed_at, created_at), silence_alert
         from channels
         where tenant_id = $1 order by id",
        params![scope],
        channel_from_row,
    )
    .await
}

pub(super) async fn find_channel(tx: &mut Tx, scope: TenantScope, id: ChannelId) -> Result<Option<Channel>> {
    tx.query_opt(
        "select id, name, phone_number_id, waba_id, display_phone, status, throughput, messages_per_second,
             coalesce(token_changed_at, created_at), silence_alert
         from channels
         where tenant_id = $1 and id = $2",
        params![scope, id],
        channel_from_row,
    )
    .await
}

pub(super) async fn find_credentials(
    tx: &mut Tx,
    scope: TenantScope,
    id: ChannelId,
) -> Result<Option<Vec<u8>>> {
    tx.query_opt(
        "select credentials_sealed from channels where tenant_id = $1 and id = $2",
        params![scope, id],
        |row| row.get(0),
    )
    .await
}

pub(super) async fn update_channel(
    tx: &mut Tx,
    scope: TenantScope,
    channel: &Channel,
    status: Option<ChannelStatus>,
    credentials_sealed: &[u8],
) -> Result<u64> {
    tx.execute(
        "update channels set name = $3, display_phone = $4, status = coalesce(cast($5 as text), status), credentials_sealed = $6, messages_per_second = $7,
             token_changed_at = $8, silence_alert = $9
         where tenant_id = $1 and id = $2",
        params![
            scope,
            channel.id,
            &channel.name,
            &channel.display_phone,
            status.map(ChannelStatus::as_str),
            credentials_sealed,
            channel.messages_per_second.map(i64::from),
            channel.token_since,
            i64::from(channel.silence_alert)
        ],
    )
    .await
}

/// Let a number's events be signed by this secret; the one before it is believed until `previous_until`.
pub(super) async fn update_route(
    tx: &mut Tx,
    channel: &Channel,
    app_secret: Uuid,
    verify_token_digest: &[u8; 32],
    previous_until: Millis,
) -> Result<u64> {
    tx.execute(
        "update channel_routes set
             previous_app_secret_id = case when app_secret_id = $2 then previous_app_secret_id else app_secret_id end,
             previous_until = case when app_secret_id = $2 then previous_until else $4 end,
             app_secret_id = $2, verify_token_digest = $3
         where phone_number_id = $1",
        params![&channel.phone_number_id, app_secret, verify_token_digest, previous_until],
    )
    .await
}

pub(super) async fn update_status(
    tx: &mut Tx,
    scope: TenantScope,
    id: ChannelId,
    before: ChannelStatus,
    status: ChannelStatus,
) -> Result<u64> {
    tx.execute(
        "update channels set status = $4 where tenant_id = $1 and id = $2 and status = $3",
        params![scope, id, before.as_str(), status.as_str()],
    )
    .await
}

pub(super) async fn update_throughput(
    tx: &mut Tx,
    scope: TenantScope,
    id: ChannelId,
    throughput: u32,
) -> Result<u64> {
    tx.execute(
        "update channels set throughput = $3 where tenant_id = $1 and id = $2",
        params![scope, id, i64::from(throughput)],
    )
    .await
}

fn channel_from_row(row: &Row<'_>) -> Result<Channel> {
    let status: String = row.get(5)?;
    let (throughput, wanted): (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(Channel {
        id: row.get(0)?,
        name: row.get(1)?,
        phone_number_id: row.get(2)?,
        waba_id: row.get(3)?,
        display_phone: row.get(4)?,
        status: ChannelStatus::from_word(&status),
        throughput: throughput.and_then(|number| u32::try_from(number).ok()),
        messages_per_second: wanted.and_then(|number| u32::try_from(number).ok()),
        token_since: row.get(8)?,
        silence_alert: row.get::<i64>(9)? == 1,
    })
}

/// Something that Meta says about a channel or its account, sealed.
#[derive(Debug)]
pub struct Notice<'n> {
    /// Its id.
    pub id: Uuid,
    /// The channel, where it is about one.
    pub channel: Option<ChannelId>,
    /// Meta's field.
    pub field: &'n str,
    /// Recognises its repetition.
    pub digest: &'n [u8; 16],
    /// What Meta said, word for word.
    pub content_sealed: &'n [u8],
}

/// Keep a notice; returns whether it was new.
///
/// # Errors
/// What the database answers.
pub async fn insert_notice(
    tx: &mut Tx,
    scope: TenantScope,
    notice: &Notice<'_>,
    now: Millis,
) -> Result<bool> {
    let stored = tx
        .execute(
            "insert into channel_notices (tenant_id, id, channel_id, field, digest, content_sealed, created_at)
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, digest) do nothing",
            params![scope, notice.id, notice.channel, notice.field, notice.digest, notice.content_sealed, now],
        )
        .await?;
    Ok(stored == 1)
}

pub(super) async fn list_notices(
    tx: &mut Tx,
    scope: TenantScope,
    limit: i64,
) -> Result<Vec<(Uuid, Option<ChannelId>, String, Vec<u8>, Millis)>> {
    tx.query(
        "select id, channel_id, field, content_sealed, created_at from channel_notices
         where tenant_id = $1 order by id desc limit $2",
        params![scope, limit],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
    )
    .await
}

/// Keep what Meta says of one thing, unless something newer is known.
pub(super) async fn save_state(
    tx: &mut Tx,
    scope: TenantScope,
    channel: ChannelId,
    aspect: &str,
    value_sealed: &[u8],
    at: Millis,
) -> Result<u64> {
    tx.execute(
        "insert into channel_states (tenant_id, channel_id, aspect, value_sealed, at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, channel_id, aspect) do update set value_sealed = excluded.value_sealed,
             at = excluded.at
         where channel_states.at <= excluded.at",
        params![scope, channel, aspect, value_sealed, at],
    )
    .await
}

pub(super) async fn list_states(
    tx: &mut Tx,
    scope: TenantScope,
) -> Result<Vec<(ChannelId, String, Vec<u8>)>> {
    tx.query(
        "select channel_id, aspect, value_sealed from channel_states where tenant_id = $1",
        params![scope],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await
}
