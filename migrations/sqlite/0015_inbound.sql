-- Everything that Meta can say, with its meaning.

-- What changes another message (a reaction, an edit, a deletion), found by the digest of the id of the message that it
-- changes. It may come before that message. Merged when read, so that the order of arrival makes no difference.
create table message_marks (
    tenant_id blob not null,
    target_digest blob not null,
    conversation_id blob not null,             -- where what changes it stands
    seq integer not null,
    primary key (tenant_id, target_digest, conversation_id, seq)
) strict, without rowid;
alter table messages add column has_marks integer not null default 0;
alter table messages add column pricing_category text;     -- what Meta charges it as, once it has said so
alter table messages add column pricing_type text;
alter table early_statuses add column pricing_category text;
alter table early_statuses add column pricing_type text;

-- Contacts that turned out to be one person. Nothing is deleted: the one that was merged keeps its row and its key, and a
-- merge can be undone.
alter table contacts add column merged_into_id blob;       -- the contact that stands for it
alter table contacts add column marketing text;            -- stop, resume: what the person told Meta
alter table contacts add column marketing_at integer;
create table contact_merges (
    tenant_id blob not null,
    id blob not null,
    kept_id blob not null,
    merged_id blob not null,
    reason text not null,                      -- same_user_id, same_number, number_changed
    moved text not null,                       -- what was re-pointed: digests and ids
    before_sealed blob not null,               -- what was known of the kept one, under its key
    merged_at integer not null,
    undone_at integer,
    primary key (tenant_id, id)
) strict;
create index contact_merges_by_pair on contact_merges (tenant_id, kept_id, merged_id);

-- What Meta says of a number: one row for each thing, the newest word by Meta's clock.
create table channel_states (
    tenant_id blob not null,
    channel_id blob not null,
    aspect text not null,                      -- quality, limit, name, username, account, review, restriction
    value_sealed blob not null,
    at integer not null,
    primary key (tenant_id, channel_id, aspect)
) strict, without rowid;

-- What Meta says of a template.
create table message_templates (
    tenant_id blob not null,
    account text not null,                     -- Meta's id of the account
    name text not null,
    language text not null,                    -- such as pt_BR
    meta_key text not null,                    -- Meta's id of the template
    status text,
    status_at integer,
    category text,
    category_at integer,
    quality text,
    quality_at integer,
    reason_sealed blob,
    primary key (tenant_id, account, name, language)
) strict, without rowid;
