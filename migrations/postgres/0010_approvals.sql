-- Dangerous acts that wait for a second person.
create table approvals (
    tenant_id uuid not null,
    id uuid not null,
    act text not null,
    wish_sealed bytea not null,                -- what exactly is to be done
    requester_id uuid not null,                -- one of the staff; for a tenant's deletion one of the platform's
    state text not null,                       -- open, approved, declined, used
    created_at bigint not null,
    expires_at bigint not null,
    decider_id uuid,
    decided_at bigint,
    primary key (tenant_id, id)
);

alter table approvals enable row level security;
alter table approvals force row level security;
create policy own_tenant on approvals
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
