-- How fast messages may leave, for all processes together.

alter table channels add column throughput bigint;           -- messages a second that Meta grants; null: not known yet
alter table channels add column messages_per_second bigint;  -- what the tenant wants at most; null: what Meta grants

create table number_paces (
    tenant_id uuid not null,
    channel_id uuid not null,
    next_us bigint not null,                  -- the first moment that no process has taken, in microseconds since 1970
    share bigint not null,                    -- of the throughput that is used, in thousandths, at slowed_at; it grows back
    slowed_at bigint not null,
    circuit text not null,                     -- closed, open, half_open
    closed_until bigint not null,             -- nothing leaves before
    openings bigint not null,                 -- of the circuit since something left
    primary key (tenant_id, channel_id)
);

create table pair_paces (
    tenant_id uuid not null,
    channel_id uuid not null,
    contact_id uuid not null,
    began_at bigint not null,                 -- of the burst
    sent bigint not null,                     -- messages in it
    refusals bigint not null,                 -- of Meta's in a row
    waits_until bigint not null,               -- what a refusal made of it
    primary key (tenant_id, channel_id, contact_id)
);

alter table number_paces enable row level security;
alter table number_paces force row level security;
create policy own_tenant on number_paces
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);

alter table pair_paces enable row level security;
alter table pair_paces force row level security;
create policy own_tenant on pair_paces
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
