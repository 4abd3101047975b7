-- The audit log. An entry is written in the transaction of the deed that it is about, and neither changed nor removed
-- afterwards: triggers refuse it here, and the tree over all entries shows it where somebody goes around them. What is
-- personal in an entry is sealed under the key of the one whom it is about, so that an erasure takes it away and leaves
-- the tree whole: a leaf is the hash of the sealed values.

create table audit_entries (
    tenant_id blob not null,                   -- nil: of the platform
    id blob not null,
    at integer not null,
    actor_kind text not null,                  -- user, api_key, anonymous, system
    actor_id blob,
    event_type text not null,
    action text not null,
    target_kind text not null,                 -- empty where there is none
    target_id text not null,
    outcome text not null,                     -- success, failed, denied
    ip_digest blob,                            -- to find entries by address
    request_id text not null,
    trace_id text not null,
    actor_sealed blob not null,                -- name, address, user agent
    actor_digest blob not null,                -- of the text that was sealed, which begins with random bytes
    detail_sealed blob not null,               -- before, after and circumstances
    detail_digest blob not null,
    leaf blob not null,                        -- SHA-256 over all of the above
    primary key (tenant_id, id)
) strict, without rowid;
create index audit_entries_by_time on audit_entries (tenant_id, at desc, id desc);
create index audit_entries_by_actor on audit_entries (tenant_id, actor_id, at desc, id desc);
create index audit_entries_by_event on audit_entries (tenant_id, event_type, at desc, id desc);
create index audit_entries_by_target on audit_entries (tenant_id, target_id, at desc, id desc);

-- Entries that the tree does not cover yet. A queue: who seals an entry takes it out.
create table audit_pending (
    id integer not null primary key autoincrement,
    tenant_id blob not null,
    entry_id blob not null,
    leaf blob not null,
    written_at integer not null
) strict;

-- The tree: one row for each sealed entry, with the signature over the root of all leaves up to it.
create table audit_tree (
    seq integer not null primary key,          -- the log index, from 0 without gaps
    tenant_id blob not null,
    entry_id blob not null,
    leaf blob not null,
    seal blob not null
) strict;
create unique index audit_tree_by_entry on audit_tree (tenant_id, entry_id);

-- One row: locked by the one who seals. The frontier can be computed from the tree at any time.
create table audit_sealer (
    id integer not null primary key,
    size integer not null,
    frontier blob not null
) strict;
insert into audit_sealer (id, size, frontier) values (1, 0, x'');

-- How far each outside keeper of seals has been told.
create table audit_deliveries (
    destination text not null primary key,
    size integer not null,
    delivered_at integer,
    attempted_at integer not null,
    failure text
) strict, without rowid;

create trigger audit_entries_update before update on audit_entries
begin select raise(abort, 'the audit log is append-only'); end;
create trigger audit_entries_delete before delete on audit_entries
begin select raise(abort, 'the audit log is append-only'); end;
-- Replacing a row fires no trigger of a deletion.
create trigger audit_entries_replace before insert on audit_entries
when exists (select 1 from audit_entries where tenant_id = new.tenant_id and id = new.id)
begin select raise(abort, 'the audit log is append-only'); end;
create trigger audit_tree_update before update on audit_tree
begin select raise(abort, 'the audit log is append-only'); end;
create trigger audit_tree_delete before delete on audit_tree
begin select raise(abort, 'the audit log is append-only'); end;
create trigger audit_tree_replace before insert on audit_tree
when exists (select 1 from audit_tree where seq = new.seq or (tenant_id = new.tenant_id and entry_id = new.entry_id))
begin select raise(abort, 'the audit log is append-only'); end;
