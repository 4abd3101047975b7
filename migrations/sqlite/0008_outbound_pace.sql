-- How fast messages may leave, for all processes together.

alter table channels add column throughput integer;           -- messages a second that Meta grants; null: not known yet
alter table channels add column messages_per_second integer;  -- what the tenant wants at most; null: what Meta grants

create table number_paces (
    tenant_id blob not null,
    channel_id blob not null,
    next_us integer not null,                  -- the first moment that no process has taken, in microseconds since 1970
    share integer not null,                    -- of the throughput that is used, in thousandths, at slowed_at; it grows back
    slowed_at integer not null,
    circuit text not null,                     -- closed, open, half_open
    closed_until integer not null,             -- nothing leaves before
    openings integer not null,                 -- of the circuit since something left
    primary key (tenant_id, channel_id)
) strict;

create table pair_paces (
    tenant_id blob not null,
    channel_id blob not null,
    contact_id blob not null,
    began_at integer not null,                 -- of the burst
    sent integer not null,                     -- messages in it
    refusals integer not null,                 -- of Meta's in a row
    waits_until integer not null,              -- what a refusal made of it
    primary key (tenant_id, channel_id, contact_id)
) strict;
