-- Work that was promised inside a transaction and is done after it. A platform table: a worker serves all tenants,
-- so there is no row-level security here, and payloads hold ids only.
-- States: ready (may be claimed now), scheduled (run_at lies ahead), held (an older job of the same order_key is
-- unfinished), running (leased until lease_until), dead (given up, kept for a person). A finished job is deleted.
create table jobs (
    -- Never reused: a stale lease must not fit a later job.
    seq bigint generated always as identity primary key,
    id uuid not null,
    queue text not null,
    kind text not null,
    -- The nil uuid for work that belongs to no tenant.
    tenant_id uuid not null,
    order_key uuid,
    payload text not null,
    priority bigint not null,
    -- The place inside a tenant, lowest first: by priority (-128 to 127), then by age. One number, so that a claim can
    -- walk from job to job by index alone. 2^50 jobs last for ever; 2^50 times 128 fits 63 bits.
    turn bigint generated always as (priority * 1125899906842624 + seq) stored,
    state text not null check (state in ('ready', 'scheduled', 'held', 'running', 'dead')),
    run_at bigint not null,
    attempt bigint not null default 0,
    max_attempts bigint not null,
    -- Counts the leases of this job; only the holder of the newest one may finish it.
    fence bigint not null default 0,
    lease_owner text,
    lease_until bigint,
    unique_key text,
    -- Milliseconds between two runs of a periodic job.
    every bigint,
    last_error text,
    created_at bigint not null,
    died_at bigint
)
-- Every job is written three times and deleted. Vacuum follows early, so that claims do not wade through the remains,
-- and pages keep room for the renewal of leases, which then touches no index.
with (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
      autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.05);

create unique index jobs_id on jobs (id);
create index jobs_ready on jobs (queue, tenant_id, turn) where state = 'ready';
create index jobs_scheduled on jobs (queue, run_at, seq) where state = 'scheduled';
create index jobs_running on jobs (queue) where state = 'running';
create index jobs_dead on jobs (seq) where state = 'dead';
-- At most one job of a key may be claimable or running: order by key rests on this index.
create unique index jobs_head on jobs (queue, order_key) where order_key is not null and state in ('ready', 'scheduled', 'running');
create index jobs_held on jobs (queue, order_key, seq) where state = 'held';
create unique index jobs_unique on jobs (queue, unique_key) where unique_key is not null and state <> 'dead';
