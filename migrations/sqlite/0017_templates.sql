-- Templates with an id of ours, their text, and what Meta does with their category.

alter table message_templates add column id blob;
alter table message_templates add column components_sealed blob;        -- header, body, footer, buttons as Meta writes them
alter table message_templates add column components_at integer;
alter table message_templates add column is_named integer not null default 0; -- variables have names
alter table message_templates add column previous_category text;
alter table message_templates add column next_category text;            -- announced
alter table message_templates add column next_category_on integer;
alter table message_templates add column change_at integer;
alter table message_templates add column listed_at integer;             -- when a reading of the whole list last met it
update message_templates set id = randomblob(16);
create unique index message_templates_by_own on message_templates (tenant_id, id);

-- When the list of an account was read.
create table template_syncs (
    tenant_id blob not null,
    account text not null,
    synced_at integer,                         -- null until it was read whole
    problem text,                              -- Meta's code of the last failure, or no_answer
    primary key (tenant_id, account)
) strict, without rowid;
