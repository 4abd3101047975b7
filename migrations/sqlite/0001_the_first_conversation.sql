-- What a reader must know: ids are UUIDv7; times are milliseconds since 1970, UTC; flags are 0 or 1; enums and JSON are text.
-- A column that ends in _sealed is encrypted; one that ends in _digest is a keyed blind index. Every key of a tenant's
-- table begins with tenant_id; row-level security stands below all of them on PostgreSQL.

-- Platform tables: no tenant's personal data is in them.

create table tenants (
    id blob not null primary key,
    slug text not null unique,
    name text not null,
    status text not null,                      -- trial, active, suspended, cancelled
    settings text not null,
    created_at integer not null
) strict;

-- Which secrets may sign a webhook. A secret of the platform's app belongs to the nil tenant.
create table app_secrets (
    id blob not null primary key,
    tenant_id blob not null,
    secret_digest blob not null unique,
    secret_sealed blob not null,
    created_at integer not null
) strict;

-- Where an event of a number goes. Found by what Meta writes into it, before the tenant is known.
create table channel_routes (
    phone_number_id text not null primary key,
    waba_id text not null,
    tenant_id blob not null,
    channel_id blob not null,
    app_secret_id blob not null,
    previous_app_secret_id blob,               -- believed too until previous_until, after a change
    previous_until integer,
    verify_token_digest blob not null
) strict;
create index channel_routes_by_waba on channel_routes (waba_id);

-- Who logs in with an e-mail address. An address is one person per installation.
create table logins (
    email_digest blob not null primary key,
    tenant_id blob not null,
    user_id blob not null
) strict;

-- Raw events of Meta, in the order of their arrival within a lane. last_seq counts all that were ever stored.
create table webhook_inlets (
    lane integer not null primary key,
    last_seq integer not null
) strict;
create table webhook_lanes (
    lane integer not null primary key,
    cursor integer not null,                   -- everything up to here has been dealt with
    processed integer not null,
    duplicate integer not null,
    quarantined integer not null,
    attempts integer not null,                 -- failures in a row of the event after the cursor
    lease_owner blob,
    lease_until integer not null
) strict;
create table webhook_events (
    lane integer not null,
    seq integer not null,
    id blob not null,
    app_secret_id blob not null,
    channel_id blob,                           -- when it came to a channel's own address
    received_at integer not null,
    key_id blob not null,
    body_sealed blob not null,
    primary key (lane, seq)
) strict, without rowid;
create table webhook_quarantine (
    id blob not null primary key,              -- the event's id
    tenant_id blob,                            -- where it is known
    reason text not null,
    detail text not null,
    lane integer not null,
    seq integer not null,
    app_secret_id blob not null,
    channel_id blob,
    received_at integer not null,
    quarantined_at integer not null,
    replayed_at integer,
    body_sealed blob not null
) strict;
create index webhook_quarantine_by_time on webhook_quarantine (quarantined_at);

-- What happened, for those who tell others. Ids only.
create table outbox (
    id integer not null primary key autoincrement,
    mark integer not null,                     -- orders rows by the end of their transactions (PostgreSQL)
    tenant_id blob not null,
    conversation_id blob not null,
    event text not null,
    message_id blob,
    seq integer not null,
    created_at integer not null
) strict;
create index outbox_by_mark on outbox (mark, id);

-- Tenants' tables.

create table users (
    tenant_id blob not null,
    id blob not null,
    role text not null,
    status text not null,                      -- active, disabled
    name_sealed blob not null,
    email_sealed blob not null,
    password_hash text not null,
    security_version integer not null,
    created_at integer not null,
    last_login_at integer,
    primary key (tenant_id, id)
) strict;

create table sessions (
    tenant_id blob not null,
    id blob not null,
    user_id blob not null,
    kind text not null,                        -- cookie, token
    secret_digest blob not null,               -- of the cookie or the current refresh token
    previous_digest blob,                      -- of the refresh token before it, to notice its reuse
    rotated_at integer,
    security_version integer not null,
    created_at integer not null,
    last_used_at integer not null,
    expires_at integer not null,
    revoked_at integer,
    primary key (tenant_id, id)
) strict;
create index sessions_by_user on sessions (tenant_id, user_id);

-- A link for somebody without a password yet: set-up of the first administrator.
create table setup_links (
    secret_digest blob not null primary key,
    tenant_id blob not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer
) strict;

create table channels (
    tenant_id blob not null,
    id blob not null,
    name text not null,
    phone_number_id text not null,
    waba_id text not null,
    display_phone text not null,
    status text not null,                      -- active, reconnect_needed, disabled
    credentials_sealed blob not null,
    created_at integer not null,
    primary key (tenant_id, id)
) strict;

create table channel_notices (
    tenant_id blob not null,
    id blob not null,
    channel_id blob,
    field text not null,
    digest blob not null,
    content_sealed blob not null,
    created_at integer not null,
    primary key (tenant_id, id)
) strict;
create unique index channel_notices_once on channel_notices (tenant_id, digest);

create table contacts (
    tenant_id blob not null,
    id blob not null,
    key_id blob not null,
    profile_sealed blob not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (tenant_id, id)
) strict;
create table contact_identities (
    tenant_id blob not null,
    digest blob not null,                      -- of a wa_id, a user id or a canonical phone, each under its own key
    kind text not null,
    contact_id blob not null,
    primary key (tenant_id, digest)
) strict, without rowid;
create index contact_identities_by_contact on contact_identities (tenant_id, contact_id);

create table conversations (
    tenant_id blob not null,
    id blob not null,
    channel_id blob not null,
    contact_id blob not null,
    is_current integer not null,               -- the one that a new message of the contact goes to
    status text not null,                      -- pending, open, snoozed, resolved
    list_rank integer not null,                -- open and pending first, then snoozed, then resolved
    assignee_id blob,
    team_id blob,
    last_seq integer not null,
    unread_count integer not null,
    last_message_seq integer not null,
    last_activity_at integer not null,
    window_expires_at integer,
    snoozed_until integer,
    resolved_at integer,
    created_at integer not null,
    primary key (tenant_id, id)
) strict;
create unique index conversations_current on conversations (tenant_id, contact_id, channel_id) where is_current = 1;
create index conversations_by_contact on conversations (tenant_id, contact_id);
create index conversations_listed on conversations (tenant_id, list_rank, last_activity_at desc, id desc);

create table messages (
    tenant_id blob not null,
    conversation_id blob not null,
    seq integer not null,
    id blob not null,
    direction text not null,                   -- inbound, outbound
    kind text not null,
    status text not null,                      -- received, or queued, sent, delivered, read, failed
    content_sealed blob not null,
    sent_at integer not null,                  -- Meta's time for inbound ones, ours for outbound ones
    created_at integer not null,
    changed_seq integer not null,              -- the conversation's seq of the last change
    author_id blob,
    error_code text,
    error_text text,
    primary key (tenant_id, conversation_id, seq)
) strict, without rowid;
create unique index messages_by_id on messages (tenant_id, id);

-- Meta's message ids, small and unpartitioned, so that messages may one day be partitioned by time.
create table message_ids (
    tenant_id blob not null,
    digest blob not null,
    conversation_id blob not null,
    seq integer not null,
    primary key (tenant_id, digest)
) strict, without rowid;

-- A status that came before Meta's answer to our own send was stored.
create table early_statuses (
    tenant_id blob not null,
    digest blob not null,
    status text not null,
    at integer not null,
    error_code text,
    error_text text,
    primary key (tenant_id, digest, status)
) strict;
