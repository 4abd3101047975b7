-- How much usually comes in on a channel, and silences that are no chance.

alter table channels add column silence_alert bigint not null default 1;

-- What is learnt of each hour of the week, from Monday 00:00 UTC on.
create table channel_traffic (
    tenant_id uuid not null,
    channel_id uuid not null,
    hour bigint not null,                      -- 0 to 167
    people bigint not null,                    -- who usually write in it, in thousandths
    weeks bigint not null,                     -- that taught it; no more than count
    primary key (tenant_id, channel_id, hour)
);

create table channel_watches (
    tenant_id uuid not null,
    channel_id uuid not null,
    watched_since bigint not null,             -- without a gap
    looked_at bigint not null,
    learnt_until bigint not null,
    learnt_hours bigint not null,
    heard_at bigint,                           -- when something last came in
    silent_since bigint,                       -- null while nothing is unusual
    expected bigint,                           -- people who would have written by noticed_at
    noticed_at bigint,
    causes_sealed bytea,
    primary key (tenant_id, channel_id)
);

alter table channel_traffic enable row level security;
alter table channel_traffic force row level security;
create policy own_tenant on channel_traffic
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table channel_watches enable row level security;
alter table channel_watches force row level security;
create policy own_tenant on channel_watches
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);

-- An event is about a conversation, or about a channel.
alter table outbox rename column conversation_id to subject_id;
