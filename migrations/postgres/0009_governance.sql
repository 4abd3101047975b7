-- Rights that are lent, asked for, looked through and taken away.

-- The platform's owner in a tenant: for a reason and for an hour at most.
create table support_accesses (
    tenant_id uuid not null,
    id uuid not null,
    supporter_id uuid not null,                -- one of the platform's own
    session_id uuid not null,                  -- the log-in that it ends with
    secret_digest bytea not null,
    reason_sealed bytea not null,
    begun_at bigint not null,
    expires_at bigint not null,
    last_used_at bigint,
    uses bigint not null,
    ended_at bigint,
    ended_by text,                             -- time, log_out, supporter, tenant
    primary key (tenant_id, id)
);

alter table support_accesses enable row level security;
alter table support_accesses force row level security;
create policy own_tenant on support_accesses
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);

-- When a tenant's rows go for good, and since when they are going.
alter table tenants add column deletion_due_at bigint;
alter table tenants add column deletion_begun_at bigint;

-- Of a tenant that is deleted the log keeps hashes only. Each row here takes some of its entries away and leaves their
-- places in the tree, with the platform's entry that says so. Nothing else may: the role that serves requests has no right
-- to change or delete, and the owner's function below has it for a tenant that is being deleted only.
alter table audit_tree add column erased_by uuid;
create table audit_erasures (
    id uuid not null primary key,
    tenant_id uuid not null,
    entry_id uuid not null,                    -- the platform's entry that says how many
    most bigint not null
);

create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    -- Set by the function below alone; whoever else sets it lacks the rights to change and delete.
    if current_setting('zelo.erasing', true) = 'on' and tg_op <> 'TRUNCATE' then
        return null;
    end if;
    raise exception 'the audit log is append-only';
end $$;
create function erase_audit_entries() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    chosen uuid[];
begin
    if not exists (select 1 from tenants where id = new.tenant_id and deletion_begun_at is not null) then
        raise exception 'the audit log is append-only';
    end if;
    select array_agg(e.id) into chosen from
        (select id from audit_entries where tenant_id = new.tenant_id order by id limit new.most) e;
    perform set_config('zelo.erasing', 'on', true);
    update audit_tree set tenant_id = nobody, erased_by = new.entry_id
        where tenant_id = new.tenant_id and entry_id = any (chosen);
    delete from audit_entries e where e.tenant_id = new.tenant_id and e.id = any (chosen)
        and exists (select 1 from audit_tree t where t.tenant_id = nobody and t.entry_id = e.id
                    and t.erased_by = new.entry_id);
    perform set_config('zelo.erasing', '', true);
    return null;
end $$;
create trigger erase_entries after insert on audit_erasures for each row execute function erase_audit_entries();
