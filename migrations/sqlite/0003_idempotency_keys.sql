-- The first answer to a request that names an Idempotency-Key, to be given again for a day.
-- The key is a hash over the caller, the route and the client's key; the answer is encrypted, null while the
-- request is under way.
create table idempotency_keys (
    tenant_id blob not null,
    key_hash blob not null,
    body_hash blob not null,
    status integer,
    answer blob,
    created_at integer not null,
    primary key (tenant_id, key_hash)
) strict, without rowid;

create index idempotency_keys_by_age on idempotency_keys (tenant_id, created_at);
