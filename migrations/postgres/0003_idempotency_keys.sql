-- The first answer to a request that names an Idempotency-Key, to be given again for a day.
-- The key is a hash over the caller, the route and the client's key; the answer is encrypted, null while the
-- request is under way.
create table idempotency_keys (
    tenant_id uuid not null,
    key_hash bytea not null,
    body_hash bytea not null,
    status bigint,
    answer bytea,
    created_at bigint not null,
    primary key (tenant_id, key_hash)
);

create index idempotency_keys_by_age on idempotency_keys (tenant_id, created_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy own on idempotency_keys
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
