-- Which request a job goes back to, as text that the queue does not read; nothing for work that nobody asked for.
alter table jobs add column trace text;

-- Conversations that sleep until a time are woken by a job, which is promised when they fall asleep. These did before.
insert into jobs (id, queue, kind, tenant_id, payload, priority, state, run_at, max_attempts, created_at)
    select randomblob(16), 'conversations', 'wake_conversation', c.tenant_id,
        '{"conversation_id":"' || lower(hex(c.id)) || '","until":' || c.snoozed_until || '}',
        0, 'scheduled', c.snoozed_until, 20, c.created_at
    from conversations c where c.status = 'snoozed' and c.snoozed_until is not null;
