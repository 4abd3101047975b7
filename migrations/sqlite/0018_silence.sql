-- How much usually comes in on a channel, and silences that are no chance.

alter table channels add column silence_alert integer not null default 1;

-- What is learnt of each hour of the week, from Monday 00:00 UTC on.
create table channel_traffic (
    tenant_id blob not null,
    channel_id blob not null,
    hour integer not null,                     -- 0 to 167
    people integer not null,                   -- who usually write in it, in thousandths
    weeks integer not null,                    -- that taught it; no more than count
    primary key (tenant_id, channel_id, hour)
) strict, without rowid;

create table channel_watches (
    tenant_id blob not null,
    channel_id blob not null,
    watched_since integer not null,            -- without a gap
    looked_at integer not null,
    learnt_until integer not null,
    learnt_hours integer not null,
    heard_at integer,                          -- when something last came in
    silent_since integer,                      -- null while nothing is unusual
    expected integer,                          -- people who would have written by noticed_at
    noticed_at integer,
    causes_sealed blob,
    primary key (tenant_id, channel_id)
) strict, without rowid;

-- An event is about a conversation, or about a channel.
alter table outbox rename column conversation_id to subject_id;
