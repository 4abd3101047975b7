-- Looking through who has what: somebody confirms or withdraws it, line by line.

-- Since when somebody has the access that they have; null since they were added.
alter table users add column access_since bigint;

create table access_reviews (
    tenant_id uuid not null,
    id uuid not null,
    begun_by uuid not null,
    begun_at bigint not null,
    ended_by uuid,
    ended_at bigint,
    primary key (tenant_id, id)
);
-- One at a time: two would be half done both.
create unique index access_reviews_open on access_reviews (tenant_id) where ended_at is null;

create table access_review_lines (
    tenant_id uuid not null,
    review_id uuid not null,
    subject_id uuid not null,                  -- one of the staff, or an API key
    kind text not null,                        -- person, api_key
    access text not null,                      -- what was looked at, as JSON
    decision text,                             -- confirmed, withdrawn; null: nobody but themselves could decide
    decided_by uuid,
    decided_at bigint,
    primary key (tenant_id, review_id, subject_id)
);

alter table access_reviews enable row level security;
alter table access_reviews force row level security;
create policy own_tenant on access_reviews
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);

alter table access_review_lines enable row level security;
alter table access_review_lines force row level security;
create policy own_tenant on access_review_lines
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
