-- Files of messages. Their bytes lie outside of the database, sealed under a key of each file; that key is in details_sealed,
-- under the contact's key.
create table media (
    tenant_id uuid not null,
    id uuid not null,
    conversation_id uuid not null,
    message_id uuid,                           -- null: uploaded and not sent yet
    kind text not null,                        -- image, video, audio, document, sticker
    state text not null,                       -- pending, stored, refused, expired
    reason text,                               -- why it was refused
    file_id uuid,                              -- the object with the bytes; of another row where it was stored before
    mime_type text,                            -- what the content is, once it was looked at
    size bigint,                               -- bytes
    width bigint,                              -- pixels
    height bigint,
    duration_ms bigint,
    has_thumbnail bigint not null,
    digest bytea,                              -- of the content, to store it once
    details_sealed bytea not null,
    expires_at bigint,                         -- until when Meta has it
    created_at bigint not null,
    primary key (tenant_id, id)
);
create index media_by_message on media (tenant_id, message_id);
create index media_by_digest on media (tenant_id, digest);

alter table media enable row level security;
alter table media force row level security;
create policy own_tenant on media
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
