-- Which request a job goes back to, as text that the queue does not read; nothing for work that nobody asked for.
alter table jobs add column trace text;

-- Conversations that sleep until a time are woken by a job, which is promised when they fall asleep. These did before. The
-- owner of the table is held by its own row-level security while it is forced.
alter table conversations no force row level security;
insert into jobs (id, queue, kind, tenant_id, payload, priority, state, run_at, max_attempts, created_at)
    select gen_random_uuid(), 'conversations', 'wake_conversation', c.tenant_id,
        '{"conversation_id":"' || c.id || '","until":' || c.snoozed_until || '}',
        0, 'scheduled', c.snoozed_until, 20, c.created_at
    from conversations c where c.status = 'snoozed' and c.snoozed_until is not null;
alter table conversations force row level security;
