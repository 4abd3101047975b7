-- Key records. Every key but the root is wrapped by the one above it; `commitment` proves which key the record holds.
create table keys (
    id blob not null primary key,
    tenant_id blob not null,           -- nil: the platform's own
    kind text not null,                -- tenant, data, index, contact, day
    subject text not null,             -- the contact's id, the day, or empty
    version integer not null,
    parent_id blob not null,           -- nil: the master key
    wrapped blob not null,
    commitment blob not null,
    created_at integer not null
) strict;
create index keys_by_subject on keys (tenant_id, kind, subject, version);
