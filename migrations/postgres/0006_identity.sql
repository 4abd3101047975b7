-- Sessions know when and how their owner proved who they are, and what they may reach.

alter table users add column password_changed_at bigint;
-- status of users: active, disabled, invited (no password yet).

alter table sessions add column auth_time bigint not null default 0;
alter table sessions add column methods text not null default 'password';  -- password, otp, backup_code; several with a space
alter table sessions add column reach text not null default 'full';        -- full, or enrol: nothing but a second factor
alter table sessions add column generation bigint not null default 0;     -- how often its refresh token was exchanged
alter table sessions add column client_sealed bytea;                        -- program and address of the log-in

-- Hashes of the last passwords, so that none of them comes back.
create table password_history (
    tenant_id uuid not null,
    user_id uuid not null,
    id uuid not null,
    password_hash text not null,
    replaced_at bigint not null,
    primary key (tenant_id, user_id, id)
);

-- The second factor of a user: the seed of a TOTP (RFC 6238), sealed.
create table mfa_factors (
    tenant_id uuid not null,
    user_id uuid not null,
    id uuid not null,
    seed_sealed bytea not null,
    created_at bigint not null,
    confirmed_at bigint,                      -- null until the first right code
    last_step bigint not null,                -- of the newest code that was taken: no code works twice
    primary key (tenant_id, user_id)
);

create table mfa_backup_codes (
    tenant_id uuid not null,
    user_id uuid not null,
    place bigint not null,                    -- the number that the code begins with
    code_hash text not null,
    used_at bigint,
    primary key (tenant_id, user_id, place)
);

-- For whom a second factor is obligatory: one role, or everyone (*).
create table mfa_policies (
    tenant_id uuid not null,
    role text not null,
    created_at bigint not null,
    primary key (tenant_id, role)
);

-- Browsers and programs that a user has logged in with before.
create table known_devices (
    tenant_id uuid not null,
    user_id uuid not null,
    device_digest bytea not null,
    created_at bigint not null,
    last_seen_at bigint not null,
    primary key (tenant_id, user_id, device_digest)
);

-- What is to be sent by mail, sealed; the content goes when it was sent.
create table mails (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid,
    kind text not null,
    state text not null,                       -- queued, sent, failed, kept (nowhere to send it)
    content_sealed bytea,
    created_at bigint not null,
    settled_at bigint,
    primary key (tenant_id, id)
);
create index mails_by_time on mails (tenant_id, created_at);

-- Platform tables: found before it is known whose they are. Ids and digests only.

-- A password was right and a code is awaited.
create table mfa_challenges (
    secret_digest bytea not null primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    kind text not null,                        -- cookie, token: the kind of session that it may become
    email_digest bytea not null,
    security_version bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    tries bigint not null,
    settled_at bigint                         -- passed, used up, or told of when it was left half-finished
);
create index mfa_challenges_by_end on mfa_challenges (expires_at);

-- One-time links that let somebody choose a password.
create table account_links (
    secret_digest bytea not null primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    kind text not null,                        -- reset, invitation
    security_version bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);
create index account_links_by_user on account_links (tenant_id, user_id);

-- Failures since the last success, for known and unknown addresses alike, so that both cost the same.
create table login_attempts (
    email_digest bytea not null primary key,
    password_failures bigint not null,
    code_failures bigint not null,
    code_window_began_at bigint not null,
    last_at bigint not null
);

alter table password_history enable row level security;
alter table password_history force row level security;
create policy own_tenant on password_history
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table mfa_factors enable row level security;
alter table mfa_factors force row level security;
create policy own_tenant on mfa_factors
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table mfa_backup_codes enable row level security;
alter table mfa_backup_codes force row level security;
create policy own_tenant on mfa_backup_codes
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table mfa_policies enable row level security;
alter table mfa_policies force row level security;
create policy own_tenant on mfa_policies
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table known_devices enable row level security;
alter table known_devices force row level security;
create policy own_tenant on known_devices
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table mails enable row level security;
alter table mails force row level security;
create policy own_tenant on mails
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
