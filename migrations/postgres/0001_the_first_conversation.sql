-- What a reader must know: ids are UUIDv7; times are milliseconds since 1970, UTC; flags are 0 or 1; enums and JSON are text.
-- A column that ends in _sealed is encrypted; one that ends in _digest is a keyed blind index. Every key of a tenant's
-- table begins with tenant_id; row-level security stands below all of them on PostgreSQL.

-- Platform tables: no tenant's personal data is in them.

create table tenants (
    id uuid not null primary key,
    slug text not null unique,
    name text not null,
    status text not null,                      -- trial, active, suspended, cancelled
    settings text not null,
    created_at bigint not null
);

-- Which secrets may sign a webhook. A secret of the platform's app belongs to the nil tenant.
create table app_secrets (
    id uuid not null primary key,
    tenant_id uuid not null,
    secret_digest bytea not null unique,
    secret_sealed bytea not null,
    created_at bigint not null
);

-- Where an event of a number goes. Found by what Meta writes into it, before the tenant is known.
create table channel_routes (
    phone_number_id text not null primary key,
    waba_id text not null,
    tenant_id uuid not null,
    channel_id uuid not null,
    app_secret_id uuid not null,
    previous_app_secret_id uuid,               -- believed too until previous_until, after a change
    previous_until bigint,
    verify_token_digest bytea not null
);
create index channel_routes_by_waba on channel_routes (waba_id);

-- Who logs in with an e-mail address. An address is one person per installation.
create table logins (
    email_digest bytea not null primary key,
    tenant_id uuid not null,
    user_id uuid not null
);

-- Raw events of Meta, in the order of their arrival within a lane. last_seq counts all that were ever stored.
create table webhook_inlets (
    lane bigint not null primary key,
    last_seq bigint not null
);
create table webhook_lanes (
    lane bigint not null primary key,
    cursor bigint not null,                    -- everything up to here has been dealt with
    processed bigint not null,
    duplicate bigint not null,
    quarantined bigint not null,
    attempts bigint not null,                  -- failures in a row of the event after the cursor
    lease_owner uuid,
    lease_until bigint not null
);
create table webhook_events (
    lane bigint not null,
    seq bigint not null,
    id uuid not null,
    app_secret_id uuid not null,
    channel_id uuid,                           -- when it came to a channel's own address
    received_at bigint not null,
    key_id uuid not null,
    body_sealed bytea not null,
    primary key (lane, seq)
);
create table webhook_quarantine (
    id uuid not null primary key,              -- the event's id
    tenant_id uuid,                            -- where it is known
    reason text not null,
    detail text not null,
    lane bigint not null,
    seq bigint not null,
    app_secret_id uuid not null,
    channel_id uuid,
    received_at bigint not null,
    quarantined_at bigint not null,
    replayed_at bigint,
    body_sealed bytea not null
);
create index webhook_quarantine_by_time on webhook_quarantine (quarantined_at);

-- What happened, for those who tell others. Ids only.
create table outbox (
    id bigint generated always as identity primary key,
    mark bigint not null,                      -- orders rows by the end of their transactions (PostgreSQL)
    tenant_id uuid not null,
    conversation_id uuid not null,
    event text not null,
    message_id uuid,
    seq bigint not null,
    created_at bigint not null
);
create index outbox_by_mark on outbox (mark, id);

-- Tenants' tables.

create table users (
    tenant_id uuid not null,
    id uuid not null,
    role text not null,
    status text not null,                      -- active, disabled
    name_sealed bytea not null,
    email_sealed bytea not null,
    password_hash text not null,
    security_version bigint not null,
    created_at bigint not null,
    last_login_at bigint,
    primary key (tenant_id, id)
);

create table sessions (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    kind text not null,                        -- cookie, token
    secret_digest bytea not null,              -- of the cookie or the current refresh token
    previous_digest bytea,                     -- of the refresh token before it, to notice its reuse
    rotated_at bigint,
    security_version bigint not null,
    created_at bigint not null,
    last_used_at bigint not null,
    expires_at bigint not null,
    revoked_at bigint,
    primary key (tenant_id, id)
);
create index sessions_by_user on sessions (tenant_id, user_id);

-- A link for somebody without a password yet: set-up of the first administrator.
create table setup_links (
    secret_digest bytea not null primary key,
    tenant_id uuid not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);

create table channels (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    phone_number_id text not null,
    waba_id text not null,
    display_phone text not null,
    status text not null,                      -- active, reconnect_needed, disabled
    credentials_sealed bytea not null,
    created_at bigint not null,
    primary key (tenant_id, id)
);

create table channel_notices (
    tenant_id uuid not null,
    id uuid not null,
    channel_id uuid,
    field text not null,
    digest bytea not null,
    content_sealed bytea not null,
    created_at bigint not null,
    primary key (tenant_id, id)
);
create unique index channel_notices_once on channel_notices (tenant_id, digest);

create table contacts (
    tenant_id uuid not null,
    id uuid not null,
    key_id uuid not null,
    profile_sealed bytea not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id)
);
create table contact_identities (
    tenant_id uuid not null,
    digest bytea not null,                     -- of a wa_id, a user id or a canonical phone, each under its own key
    kind text not null,
    contact_id uuid not null,
    primary key (tenant_id, digest)
);
create index contact_identities_by_contact on contact_identities (tenant_id, contact_id);

create table conversations (
    tenant_id uuid not null,
    id uuid not null,
    channel_id uuid not null,
    contact_id uuid not null,
    is_current bigint not null,                -- the one that a new message of the contact goes to
    status text not null,                      -- pending, open, snoozed, resolved
    list_rank bigint not null,                 -- open and pending first, then snoozed, then resolved
    assignee_id uuid,
    team_id uuid,
    last_seq bigint not null,
    unread_count bigint not null,
    last_message_seq bigint not null,
    last_activity_at bigint not null,
    window_expires_at bigint,
    snoozed_until bigint,
    resolved_at bigint,
    created_at bigint not null,
    primary key (tenant_id, id)
);
create unique index conversations_current on conversations (tenant_id, contact_id, channel_id) where is_current = 1;
create index conversations_by_contact on conversations (tenant_id, contact_id);
create index conversations_listed on conversations (tenant_id, list_rank, last_activity_at desc, id desc);

create table messages (
    tenant_id uuid not null,
    conversation_id uuid not null,
    seq bigint not null,
    id uuid not null,
    direction text not null,                   -- inbound, outbound
    kind text not null,
    status text not null,                      -- received, or queued, sent, delivered, read, failed
    content_sealed bytea not null,
    sent_at bigint not null,                   -- Meta's time for inbound ones, ours for outbound ones
    created_at bigint not null,
    changed_seq bigint not null,               -- the conversation's seq of the last change
    author_id uuid,
    error_code text,
    error_text text,
    primary key (tenant_id, conversation_id, seq)
);
create unique index messages_by_id on messages (tenant_id, id);

-- Meta's message ids, small and unpartitioned, so that messages may one day be partitioned by time.
create table message_ids (
    tenant_id uuid not null,
    digest bytea not null,
    conversation_id uuid not null,
    seq bigint not null,
    primary key (tenant_id, digest)
);

-- A status that came before Meta's answer to our own send was stored.
create table early_statuses (
    tenant_id uuid not null,
    digest bytea not null,
    status text not null,
    at bigint not null,
    error_code text,
    error_text text,
    primary key (tenant_id, digest, status)
);

-- The second lock: without a tenant in the transaction no row is visible, with one only its own. Forced, so that it
-- holds for the owner too.
alter table users enable row level security;
alter table users force row level security;
create policy own_tenant on users
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table sessions enable row level security;
alter table sessions force row level security;
create policy own_tenant on sessions
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table channels enable row level security;
alter table channels force row level security;
create policy own_tenant on channels
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table channel_notices enable row level security;
alter table channel_notices force row level security;
create policy own_tenant on channel_notices
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table contacts enable row level security;
alter table contacts force row level security;
create policy own_tenant on contacts
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table contact_identities enable row level security;
alter table contact_identities force row level security;
create policy own_tenant on contact_identities
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table conversations enable row level security;
alter table conversations force row level security;
create policy own_tenant on conversations
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table messages enable row level security;
alter table messages force row level security;
create policy own_tenant on messages
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table message_ids enable row level security;
alter table message_ids force row level security;
create policy own_tenant on message_ids
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table early_statuses enable row level security;
alter table early_statuses force row level security;
create policy own_tenant on early_statuses
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
