-- Everything that Meta can say, with its meaning.

-- What changes another message (a reaction, an edit, a deletion), found by the digest of the id of the message that it
-- changes. It may come before that message. Merged when read, so that the order of arrival makes no difference.
create table message_marks (
    tenant_id uuid not null,
    target_digest bytea not null,
    conversation_id uuid not null,             -- where what changes it stands
    seq bigint not null,
    primary key (tenant_id, target_digest, conversation_id, seq)
);
alter table messages add column has_marks bigint not null default 0;
alter table messages add column pricing_category text;     -- what Meta charges it as, once it has said so
alter table messages add column pricing_type text;
alter table early_statuses add column pricing_category text;
alter table early_statuses add column pricing_type text;

-- Contacts that turned out to be one person. Nothing is deleted: the one that was merged keeps its row and its key, and a
-- merge can be undone.
alter table contacts add column merged_into_id uuid;       -- the contact that stands for it
alter table contacts add column marketing text;            -- stop, resume: what the person told Meta
alter table contacts add column marketing_at bigint;
create table contact_merges (
    tenant_id uuid not null,
    id uuid not null,
    kept_id uuid not null,
    merged_id uuid not null,
    reason text not null,                      -- same_user_id, same_number, number_changed
    moved text not null,                       -- what was re-pointed: digests and ids
    before_sealed bytea not null,               -- what was known of the kept one, under its key
    merged_at bigint not null,
    undone_at bigint,
    primary key (tenant_id, id)
);
create index contact_merges_by_pair on contact_merges (tenant_id, kept_id, merged_id);

-- What Meta says of a number: one row for each thing, the newest word by Meta's clock.
create table channel_states (
    tenant_id uuid not null,
    channel_id uuid not null,
    aspect text not null,                      -- quality, limit, name, username, account, review, restriction
    value_sealed bytea not null,
    at bigint not null,
    primary key (tenant_id, channel_id, aspect)
);

-- What Meta says of a template.
create table message_templates (
    tenant_id uuid not null,
    account text not null,                     -- Meta's id of the account
    name text not null,
    language text not null,                    -- such as pt_BR
    meta_key text not null,                    -- Meta's id of the template
    status text,
    status_at bigint,
    category text,
    category_at bigint,
    quality text,
    quality_at bigint,
    reason_sealed bytea,
    primary key (tenant_id, account, name, language)
);

alter table message_marks enable row level security;
alter table message_marks force row level security;
create policy own_tenant on message_marks
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);

alter table contact_merges enable row level security;
alter table contact_merges force row level security;
create policy own_tenant on contact_merges
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);

alter table channel_states enable row level security;
alter table channel_states force row level security;
create policy own_tenant on channel_states
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);

alter table message_templates enable row level security;
alter table message_templates force row level security;
create policy own_tenant on message_templates
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
