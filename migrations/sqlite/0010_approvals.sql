-- Dangerous acts that wait for a second person.
create table approvals (
    tenant_id blob not null,
    id blob not null,
    act text not null,
    wish_sealed blob not null,                 -- what exactly is to be done
    requester_id blob not null,                -- one of the staff; for a tenant's deletion one of the platform's
    state text not null,                       -- open, approved, declined, used
    created_at integer not null,
    expires_at integer not null,
    decider_id blob,
    decided_at integer,
    primary key (tenant_id, id)
) strict;
