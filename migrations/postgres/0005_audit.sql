-- The audit log. An entry is written in the transaction of the deed that it is about, and neither changed nor removed
-- afterwards: triggers refuse it here, and the tree over all entries shows it where somebody goes around them. What is
-- personal in an entry is sealed under the key of the one whom it is about, so that an erasure takes it away and leaves
-- the tree whole: a leaf is the hash of the sealed values.

create table audit_entries (
    tenant_id uuid not null,                   -- nil: of the platform
    id uuid not null,
    at bigint not null,
    actor_kind text not null,                  -- user, api_key, anonymous, system
    actor_id uuid,
    event_type text not null,
    action text not null,
    target_kind text not null,                 -- empty where there is none
    target_id text not null,
    outcome text not null,                     -- success, failed, denied
    ip_digest bytea,                           -- to find entries by address
    request_id text not null,
    trace_id text not null,
    actor_sealed bytea not null,               -- name, address, user agent
    actor_digest bytea not null,               -- of the text that was sealed, which begins with random bytes
    detail_sealed bytea not null,              -- before, after and circumstances
    detail_digest bytea not null,
    leaf bytea not null,                       -- SHA-256 over all of the above
    primary key (tenant_id, id)
);
create index audit_entries_by_time on audit_entries (tenant_id, at desc, id desc);
create index audit_entries_by_actor on audit_entries (tenant_id, actor_id, at desc, id desc);
create index audit_entries_by_event on audit_entries (tenant_id, event_type, at desc, id desc);
create index audit_entries_by_target on audit_entries (tenant_id, target_id, at desc, id desc);

-- Entries that the tree does not cover yet. A queue: who seals an entry takes it out.
create table audit_pending (
    id bigint generated always as identity primary key,
    tenant_id uuid not null,
    entry_id uuid not null,
    leaf bytea not null,
    written_at bigint not null
);

-- The tree: one row for each sealed entry, with the signature over the root of all leaves up to it.
create table audit_tree (
    seq bigint not null primary key,            -- the log index, from 0 without gaps
    tenant_id uuid not null,
    entry_id uuid not null,
    leaf bytea not null,
    seal bytea not null
);
create unique index audit_tree_by_entry on audit_tree (tenant_id, entry_id);

-- One row: locked by the one who seals. The frontier can be computed from the tree at any time.
create table audit_sealer (
    id bigint not null primary key,
    size bigint not null,
    frontier bytea not null
);
insert into audit_sealer (id, size, frontier) values (1, 0, '');

-- How far each outside keeper of seals has been told.
create table audit_deliveries (
    destination text not null primary key,
    size bigint not null,
    delivered_at bigint,
    attempted_at bigint not null,
    failure text
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only';
end $$;
-- The name of these triggers is what takes the rights to change and delete from the role that serves requests.
create trigger append_only before update or delete or truncate on audit_entries
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on audit_tree
    for each statement execute function refuse_change();

alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy own_tenant on audit_entries
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
