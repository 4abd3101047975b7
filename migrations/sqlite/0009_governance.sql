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
