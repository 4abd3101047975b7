-- Rights that are lent, asked for, looked through and taken away.

-- The platform's owner in a tenant: for a reason and for an hour at most.
create table support_accesses (
    tenant_id blob not null,
    id blob not null,
    supporter_id blob not null,                -- one of the platform's own
    session_id blob not null,                  -- the log-in that it ends with
    secret_digest blob not null,
    reason_sealed blob not null,
    begun_at integer not null,
    expires_at integer not null,
    last_used_at integer,
    uses integer not null,
    ended_at integer,
    ended_by text,                             -- time, log_out, supporter, tenant
    primary key (tenant_id, id)
) strict;

-- When a tenant's rows go for good, and since when they are going.
alter table tenants add column deletion_due_at integer;
alter table tenants add column deletion_begun_at integer;

-- Of a tenant that is deleted the log keeps hashes only. Each row here takes some of its entries away and leaves their
-- places in the tree, with the platform's entry that says so. Nothing else may: the triggers of the log stand.
alter table audit_tree add column erased_by blob;
create table audit_erasures (
    id blob not null primary key,
    tenant_id blob not null,
    entry_id blob not null,                    -- the platform's entry that says how many
    most integer not null
) strict;

drop trigger audit_entries_delete;
create trigger audit_entries_delete before delete on audit_entries
when not exists (select 1 from tenants where id = old.tenant_id and deletion_begun_at is not null)
begin select raise(abort, 'the audit log is append-only'); end;
drop trigger audit_tree_update;
create trigger audit_tree_update before update on audit_tree
when new.seq <> old.seq or new.entry_id <> old.entry_id or new.leaf <> old.leaf or new.seal <> old.seal
    or new.tenant_id <> x'00000000000000000000000000000000' or new.erased_by is null or old.erased_by is not null
    or not exists (select 1 from tenants where id = old.tenant_id and deletion_begun_at is not null)
begin select raise(abort, 'the audit log is append-only'); end;
create trigger audit_erasures_insert after insert on audit_erasures
begin
    update audit_tree set tenant_id = x'00000000000000000000000000000000', erased_by = new.entry_id
        where tenant_id = new.tenant_id and entry_id in
            (select id from audit_entries where tenant_id = new.tenant_id order by id limit new.most);
    delete from audit_entries where tenant_id = new.tenant_id
        and id in (select id from audit_entries where tenant_id = new.tenant_id order by id limit new.most)
        and exists (select 1 from audit_tree t where t.tenant_id = x'00000000000000000000000000000000'
                    and t.entry_id = audit_entries.id and t.erased_by = new.entry_id);
end;
