-- Files of messages. Their bytes lie outside of the database, sealed under a key of each file; that key is in details_sealed,
-- under the contact's key.
create table media (
    tenant_id blob not null,
    id blob not null,
    conversation_id blob not null,
    message_id blob,                           -- null: uploaded and not sent yet
    kind text not null,                        -- image, video, audio, document, sticker
    state text not null,                       -- pending, stored, refused, expired
    reason text,                               -- why it was refused
    file_id blob,                              -- the object with the bytes; of another row where it was stored before
    mime_type text,                            -- what the content is, once it was looked at
    size integer,                              -- bytes
    width integer,                             -- pixels
    height integer,
    duration_ms integer,
    has_thumbnail integer not null,
    digest blob,                               -- of the content, to store it once
    details_sealed blob not null,
    expires_at integer,                        -- until when Meta has it
    created_at integer not null,
    primary key (tenant_id, id)
) strict;
create index media_by_message on media (tenant_id, message_id);
create index media_by_digest on media (tenant_id, digest);
