-- Reminders to change credentials before they are old.

-- Since when the present access token is used; null since the number was connected.
alter table channels add column token_changed_at bigint;

-- When somebody was last told that a key or a number's token is due.
create table rotation_reminders (
    tenant_id uuid not null,
    subject_id uuid not null,                  -- an API key or a number
    sent_at bigint not null,
    primary key (tenant_id, subject_id)
);

alter table rotation_reminders enable row level security;
alter table rotation_reminders force row level security;
create policy own_tenant on rotation_reminders
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
