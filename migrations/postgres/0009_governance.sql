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
