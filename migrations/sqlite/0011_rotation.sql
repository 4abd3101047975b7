-- Reminders to change credentials before they are old.

-- Since when the present access token is used; null since the number was connected.
alter table channels add column token_changed_at integer;

-- When somebody was last told that a key or a number's token is due.
create table rotation_reminders (
    tenant_id blob not null,
    subject_id blob not null,                  -- an API key or a number
    sent_at integer not null,
    primary key (tenant_id, subject_id)
) strict;
