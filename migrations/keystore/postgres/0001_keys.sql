-- Key records. Every key but the root is wrapped by the one above it; `commitment` proves which key the record holds.
create table keys (
    id uuid not null primary key,
    tenant_id uuid not null,           -- nil: the platform's own
    kind text not null,                -- tenant, data, index, contact, day
    subject text not null,             -- the contact's id, the day, or empty
    version bigint not null,
    parent_id uuid not null,           -- nil: the master key
    wrapped bytea not null,
    commitment bytea not null,
    created_at bigint not null
);
create index keys_by_subject on keys (tenant_id, kind, subject, version);
