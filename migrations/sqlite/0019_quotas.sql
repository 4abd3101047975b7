-- How much a tenant may have: the platform owner's word where there is one, and what is used.

alter table tenants add column quota_media_bytes integer;          -- null: as the settings say; 0: no limit
alter table tenants add column quota_messages_per_month integer;

-- Counted in the transaction that uses something. Messages are counted from here on.
create table quota_usage (
    quota text not null,                       -- media_bytes, messages_per_month
    period text not null,                      -- the month by UTC, 2026-11; empty for what has none
    tenant_id blob not null,
    used integer not null,                     -- bytes, messages
    primary key (quota, period, tenant_id)
) strict, without rowid;

-- An object counts once, however many rows point to it.
insert into quota_usage (quota, period, tenant_id, used)
    select 'media_bytes', '', o.tenant_id, sum(o.size)
    from (select distinct tenant_id, file_id, size from media where state = 'stored') o
    group by o.tenant_id;

-- Files that wait for room.
create index media_over_quota on media (tenant_id, id) where reason = 'over_quota';
