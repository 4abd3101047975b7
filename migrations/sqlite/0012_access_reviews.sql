-- Looking through who has what: somebody confirms or withdraws it, line by line.

-- Since when somebody has the access that they have; null since they were added.
alter table users add column access_since integer;

create table access_reviews (
    tenant_id blob not null,
    id blob not null,
    begun_by blob not null,
    begun_at integer not null,
    ended_by blob,
    ended_at integer,
    primary key (tenant_id, id)
) strict;
-- One at a time: two would be half done both.
create unique index access_reviews_open on access_reviews (tenant_id) where ended_at is null;

create table access_review_lines (
    tenant_id blob not null,
    review_id blob not null,
    subject_id blob not null,                  -- one of the staff, or an API key
    kind text not null,                        -- person, api_key
    access text not null,                      -- what was looked at, as JSON
    decision text,                             -- confirmed, withdrawn; null: nobody but themselves could decide
    decided_by blob,
    decided_at integer,
    primary key (tenant_id, review_id, subject_id)
) strict;
