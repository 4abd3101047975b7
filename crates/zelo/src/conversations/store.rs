//! All SQL of the table `conversations`.

use super::{AssigneeFilter, Conversation, ConversationStatus, Listing};
use crate::{
    clock::Millis,
    ids::{ChannelId, ContactId, ConversationId, TeamId, UserId},
    rights::Sight,
    tenants::TenantScope,
};
use db::{Result, Row, Rows, Tx, Value, params};

fn from_row(row: &Row<'_>) -> Result<Conversation> {
    let status: String = row.get(3)?;
    Ok(Conversation {
        id: row.get(0)?,
        channel: row.get(1)?,
        contact: row.get(2)?,
        status: ConversationStatus::from_word(&status).unwrap_or(ConversationStatus::Open),
        assignee: row.get(4)?,
        team: row.get(5)?,
        last_seq: row.get(6)?,
        unread_count: row.get(7)?,
        last_message_seq: row.get(8)?,
        last_activity_at: row.get(9)?,
        window_expires_at: row.get(10)?,
        snoozed_until: row.get(11)?,
        created_at: row.get(12)?,
    })
}

/// A current conversation and when it was resolved, if it was. Locked until the transaction ends, in the order of the rows
/// of `(contact_id, channel_id)`: they come sorted, so that two batches never wait for each other.
pub(super) async fn lock_current(
    tx: &mut Tx,
    scope: TenantScope,
    pairs: &Rows<'_>,
) -> Result<Vec<(Conversation, Option<Millis>)>> {
    tx.query_rows(
        "select c.id, c.channel_id, c.contact_id, c.status, c.assignee_id, c.team_id, c.last_seq, c.unread_count,
             c.last_message_seq, c.last_activity_at, c.window_expires_at, c.snoozed_until, c.created_at, c.resolved_at
         from $rows(contact_id uuid, channel_id uuid)
         $find(conversations c: c.tenant_id = $1 and c.contact_id = r.contact_id and c.channel_id = r.channel_id
             and c.is_current = 1)
         $for_update",
        params![scope],
        pairs,
        |row| Ok((from_row(row)?, row.get(13)?)),
    )
    .await
}

pub(super) async fn retire(tx: &mut Tx, scope: TenantScope, ids: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "update conversations set is_current = 0 from $rows(id uuid)
         where conversations.tenant_id = $1 and conversations.id = r.id",
        params![scope],
        ids,
    )
    .await
}

/// A row as `save_many` takes it.
pub(super) fn values(conversation: &Conversation) -> [Value<'static>; 12] {
    [
        conversation.id.into(),
        conversation.channel.into(),
        conversation.contact.into(),
        conversation.status.as_str().into(),
        conversation.status.list_rank().into(),
        conversation.last_seq.into(),
        conversation.unread_count.into(),
        conversation.last_message_seq.into(),
        conversation.last_activity_at.into(),
        conversation.window_expires_at.into(),
        conversation.snoozed_until.into(),
        conversation.created_at.into(),
    ]
}

/// Store conversations, new or changed. A new one fails with a unique violation where the contact has a current one already.
/// A resolved time is forgotten by what is not resolved any more.
pub(super) async fn save_many(tx: &mut Tx, scope: TenantScope, conversations: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "insert into conversations (tenant_id, id, channel_id, contact_id, is_current, status, list_rank, last_seq,
             unread_count, last_message_seq, last_activity_at, window_expires_at, snoozed_until, created_at)
         select $1, r.id, r.channel_id, r.contact_id, 1, r.status, r.list_rank, r.last_seq, r.unread_count,
             r.last_message_seq, r.last_activity_at, r.window_expires_at, r.snoozed_until, r.created_at
         from $rows(id uuid, channel_id uuid, contact_id uuid, status text, list_rank int, last_seq int,
             unread_count int, last_message_seq int, last_activity_at int, window_expires_at int, snoozed_until int,
             created_at int) where true
         on conflict (tenant_id, id) do update set status = excluded.status, list_rank = excluded.list_rank,
             last_seq = excluded.last_seq, unread_count = excluded.unread_count,
             last_message_seq = excluded.last_message_seq, last_activity_at = excluded.last_activity_at,
             window_expires_at = excluded.window_expires_at,
             snoozed_until = case when excluded.status = 'snoozed' then conversations.snoozed_until end,
             resolved_at = case when excluded.status = 'resolved' then conversations.resolved_at end",
        params![scope],
        conversations,
    )
    .await
}

pub(super) async fn find(tx: &mut Tx, sight: Sight, id: ConversationId) -> Result<Option<Conversation>> {
    tx.query_opt(
        "select id, channel_id, contact_id, status, assignee_id, team_id, last_seq, unread_count, last_message_seq,
             last_activity_at, window_expires_at, snoozed_until, created_at
         from conversations where tenant_id = $1 and id = $2
             and (cast($3 as $int_type) = 2 or assignee_id = $4 or cast($3 as $int_type) = 1 and team_id in
                 (select m.team_id from team_members m where m.tenant_id = $1 and m.user_id = $4))",
        params![sight.scope(), id, sight.reach(), sight.user()],
        from_row,
    )
    .await
}

/// The next change of a conversation.
pub(super) async fn next_seq(tx: &mut Tx, scope: TenantScope, id: ConversationId) -> Result<Option<i64>> {
    tx.query_opt(
        "update conversations set last_seq = last_seq + 1 where tenant_id = $1 and id = $2 returning last_seq",
        params![scope, id],
        |row| row.get(0),
    )
    .await
}

/// Whose a conversation is, which stays so until the transaction ends.
pub(super) async fn lock_contact(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
) -> Result<Option<ContactId>> {
    tx.query_opt(
        "select contact_id from conversations where tenant_id = $1 and id = $2 $for_update",
        params![scope, id],
        |row| row.get(0),
    )
    .await
}

/// The next change, which is a message of ours: it also becomes the last message and moves the conversation up.
pub(super) async fn next_outbound_seq(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
    now: Millis,
) -> Result<Option<i64>> {
    tx.query_opt(
        "update conversations set last_seq = last_seq + 1, last_message_seq = last_seq + 1, last_activity_at = $3
         where tenant_id = $1 and id = $2 returning last_seq",
        params![scope, id, now],
        |row| row.get(0),
    )
    .await
}

pub(super) async fn update_status(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
    status: ConversationStatus,
    snoozed_until: Option<Millis>,
    now: Millis,
) -> Result<u64> {
    let resolved_at = (status == ConversationStatus::Resolved).then_some(now);
    tx.execute(
        "update conversations set status = $3, list_rank = $4, snoozed_until = $5, resolved_at = $6
         where tenant_id = $1 and id = $2",
        params![scope, id, status.as_str(), status.list_rank(), snoozed_until, resolved_at],
    )
    .await
}

/// Open what sleeps until this very time; gives its next change, and nothing where it does not sleep so.
pub(super) async fn wake(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
    until: Millis,
) -> Result<Option<i64>> {
    let (asleep, open) = (ConversationStatus::Snoozed, ConversationStatus::Open);
    tx.query_opt(
        "update conversations set status = $4, list_rank = $5, snoozed_until = null, last_seq = last_seq + 1
         where tenant_id = $1 and id = $2 and status = $6 and snoozed_until = $3 and is_current = 1
         returning last_seq",
        params![scope, id, until, open.as_str(), open.list_rank(), asleep.as_str()],
        |row| row.get(0),
    )
    .await
}

pub(super) async fn update_holders(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
    assignee: Option<UserId>,
    team: Option<TeamId>,
) -> Result<u64> {
    tx.execute(
        "update conversations set assignee_id = $3, team_id = $4 where tenant_id = $1 and id = $2",
        params![scope, id, assignee, team],
    )
    .await
}

/// Take every conversation from a team; gives each with its next change.
pub(super) async fn leave_team(
    tx: &mut Tx,
    scope: TenantScope,
    team: TeamId,
) -> Result<Vec<(ConversationId, i64)>> {
    tx.query(
        "update conversations set team_id = null, last_seq = last_seq + 1
         where tenant_id = $1 and team_id = $2 returning id, last_seq",
        params![scope, team],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}

/// Take the conversations that go on from one of the staff; gives each with its next change.
pub(super) async fn leave_assignee(
    tx: &mut Tx,
    scope: TenantScope,
    user: UserId,
) -> Result<Vec<(ConversationId, i64)>> {
    tx.query(
        "update conversations set assignee_id = null, last_seq = last_seq + 1
         where tenant_id = $1 and assignee_id = $2 and is_current = 1 returning id, last_seq",
        params![scope, user],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}

/// Give a conversation to somebody unless somebody has it; 0 where somebody does.
pub(super) async fn update_assignee_of_unassigned(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
    assignee: UserId,
) -> Result<u64> {
    tx.execute(
        "update conversations set assignee_id = $3 where tenant_id = $1 and id = $2 and assignee_id is null",
        params![scope, id, assignee],
    )
    .await
}

pub(super) async fn clear_unread(tx: &mut Tx, scope: TenantScope, id: ConversationId) -> Result<u64> {
    tx.execute(
        "update conversations set unread_count = 0 where tenant_id = $1 and id = $2 and unread_count > 0",
        params![scope, id],
    )
    .await
}

/// What Meta was told of a conversation besides messages.
pub(super) struct Told {
    pub(super) read_seq: i64,
    pub(super) typing_at: Millis,
}

pub(super) async fn find_told(tx: &mut Tx, scope: TenantScope, id: ConversationId) -> Result<Option<Told>> {
    tx.query_opt(
        "select told_read_seq, told_typing_at from conversations where tenant_id = $1 and id = $2",
        params![scope, id],
        |row| Ok(Told { read_seq: row.get(0)?, typing_at: row.get(1)? }),
    )
    .await
}

pub(super) async fn update_told_read(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
    seq: i64,
) -> Result<u64> {
    tx.execute(
        "update conversations set told_read_seq = $3 where tenant_id = $1 and id = $2",
        params![scope, id, seq],
    )
    .await
}

/// Note that typing is shown from now on, unless it was after `before`; 0 where it was.
pub(super) async fn update_typing(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
    before: Millis,
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update conversations set told_typing_at = $4 where tenant_id = $1 and id = $2 and told_typing_at <= $3",
        params![scope, id, before, now],
    )
    .await
}

pub(super) async fn list(tx: &mut Tx, sight: Sight, listing: &Listing) -> Result<Vec<Conversation>> {
    let wanted = |status| listing.statuses.is_empty() || listing.statuses.contains(&status);
    let flag = |status| Value::from(wanted(status));
    let (anybody, assignee) = match listing.assignee {
        AssigneeFilter::Anybody => (true, None),
        AssigneeFilter::Nobody => (false, None),
        AssigneeFilter::User(user) => (false, Some(user)),
    };
    // Before everything: the list descends in time, so that "after" means older.
    let after = listing.after.map_or((-1, i64::MAX, ConversationId(uuid::Uuid::max())), |place| {
        (place.rank, place.last_activity_at, place.id)
    });
    tx.query(
        "select id, channel_id, contact_id, status, assignee_id, team_id, last_seq, unread_count, last_message_seq,
             last_activity_at, window_expires_at, snoozed_until, created_at
         from conversations
         where tenant_id = $1
           and (cast($2 as $int_type) = 1 and list_rank = 0 or cast($3 as $int_type) = 1 and list_rank = 1 or cast($4 as $int_type) = 1 and list_rank = 2 or cast($5 as $int_type) = 1 and list_rank = 3)
           and (cast($6 as $int_type) = 1 or assignee_id = $7 or (cast($7 as $uuid_type) is null and assignee_id is null))
           and (cast($8 as $uuid_type) is null or channel_id = $8)
           and (cast($9 as $uuid_type) is null or contact_id = $9)
           and (cast($14 as $uuid_type) is null or team_id = $14)
           and (cast($15 as $int_type) = 2 or assignee_id = $16 or cast($15 as $int_type) = 1 and team_id in
                 (select m.team_id from team_members m where m.tenant_id = $1 and m.user_id = $16))
           and (list_rank > $10 or (list_rank = $10 and (last_activity_at < $11 or (last_activity_at = $11 and id < $12))))
         order by list_rank, last_activity_at desc, id desc limit $13",
        &[
            sight.scope().into(),
            flag(ConversationStatus::Open),
            flag(ConversationStatus::Pending),
            flag(ConversationStatus::Snoozed),
            flag(ConversationStatus::Resolved),
            anybody.into(),
            assignee.into(),
            listing.channel.into(),
            listing.contact.into(),
            after.0.into(),
            after.1.into(),
            after.2.into(),
            listing.limit.into(),
            listing.team.into(),
            sight.reach().into(),
            sight.user().into(),
        ],
        from_row,
    )
    .await
}

/// How many conversations that are not resolved there are: of this user, of nobody, of all; and with unread messages.
pub(super) async fn count(tx: &mut Tx, sight: Sight, user: UserId) -> Result<[i64; 4]> {
    tx.query_one(
        "select coalesce(sum(case when assignee_id = $2 then 1 else 0 end), 0),
             coalesce(sum(case when assignee_id is null then 1 else 0 end), 0), count(*),
             coalesce(sum(case when unread_count > 0 and (assignee_id = $2 or assignee_id is null) then 1 else 0 end), 0)
         from conversations where tenant_id = $1 and list_rank < 3
             and (cast($3 as $int_type) = 2 or assignee_id = $4 or cast($3 as $int_type) = 1 and team_id in
                 (select m.team_id from team_members m where m.tenant_id = $1 and m.user_id = $4))",
        params![sight.scope(), user, sight.reach(), sight.user()],
        |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
    )
    .await
}

pub(super) async fn find_current(
    tx: &mut Tx,
    scope: TenantScope,
    contact: ContactId,
    channel: ChannelId,
) -> Result<Option<Conversation>> {
    let mut pairs = Rows::new();
    pairs.push([contact.into(), channel.into()]);
    Ok(lock_current(tx, scope, &pairs).await?.into_iter().map(|(conversation, _)| conversation).next())
}

/// The current one, without locking it.
pub(super) async fn find_current_id(
    tx: &mut Tx,
    scope: TenantScope,
    contact: ContactId,
    channel: ChannelId,
) -> Result<Option<ConversationId>> {
    tx.query_opt(
        "select id from conversations
         where tenant_id = $1 and contact_id = $2 and channel_id = $3 and is_current = 1",
        params![scope, contact, channel],
        |row| row.get(0),
    )
    .await
}

/// A contact's conversations with whether each is current, locked until the transaction ends.
pub(super) async fn lock_of_contact(
    tx: &mut Tx,
    scope: TenantScope,
    contact: ContactId,
) -> Result<Vec<(Conversation, bool)>> {
    tx.query(
        "select id, channel_id, contact_id, status, assignee_id, team_id, last_seq, unread_count, last_message_seq,
             last_activity_at, window_expires_at, snoozed_until, created_at, is_current
         from conversations where tenant_id = $1 and contact_id = $2 order by id $for_update",
        params![scope, contact],
        |row| Ok((from_row(row)?, row.get::<i64>(13)? == 1)),
    )
    .await
}

/// Give a conversation to another contact, as the current one or not, and in this state.
pub(super) async fn update_contact(
    tx: &mut Tx,
    scope: TenantScope,
    id: ConversationId,
    contact: ContactId,
    is_current: bool,
) -> Result<u64> {
    tx.execute(
        "update conversations set contact_id = $3, is_current = $4 where tenant_id = $1 and id = $2",
        params![scope, id, contact, is_current],
    )
    .await
}

/// Let new messages go to a conversation again, unless its contact has a newer one on the channel.
pub(super) async fn make_current(tx: &mut Tx, scope: TenantScope, id: ConversationId) -> Result<u64> {
    tx.execute(
        "update conversations set is_current = 1 where tenant_id = $1 and id = $2 and not exists
             (select 1 from conversations o where o.tenant_id = $1 and o.contact_id = conversations.contact_id
              and o.channel_id = conversations.channel_id and o.is_current = 1)",
        params![scope, id],
    )
    .await
}
