-- Templates with an id of ours, their text, and what Meta does with their category.

alter table message_templates add column id uuid;
alter table message_templates add column components_sealed bytea;       -- header, body, footer, buttons as Meta writes them
alter table message_templates add column components_at bigint;
alter table message_templates add column is_named bigint not null default 0; -- variables have names
alter table message_templates add column previous_category text;
alter table message_templates add column next_category text;            -- announced
alter table message_templates add column next_category_on bigint;
alter table message_templates add column change_at bigint;
alter table message_templates add column listed_at bigint;              -- when a reading of the whole list last met it
-- The owner of the table is held by its own row-level security while it is forced.
alter table message_templates no force row level security;
update message_templates set id = gen_random_uuid();
alter table message_templates force row level security;
create unique index message_templates_by_own on message_templates (tenant_id, id);

-- When the list of an account was read.
create table template_syncs (
    tenant_id uuid not null,
    account text not null,
    synced_at bigint,                          -- null until it was read whole
    problem text,                              -- Meta's code of the last failure, or no_answer
    primary key (tenant_id, account)
);

alter table template_syncs enable row level security;
alter table template_syncs force row level security;
create policy own_tenant on template_syncs
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
