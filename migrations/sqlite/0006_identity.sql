-- Sessions know when and how their owner proved who they are, and what they may reach.

alter table users add column password_changed_at integer;
-- status of users: active, disabled, invited (no password yet).

alter table sessions add column auth_time integer not null default 0;
alter table sessions add column methods text not null default 'password';  -- password, otp, backup_code; several with a space
alter table sessions add column reach text not null default 'full';        -- full, or enrol: nothing but a second factor
alter table sessions add column generation integer not null default 0;     -- how often its refresh token was exchanged
alter table sessions add column client_sealed blob;                        -- program and address of the log-in

-- Hashes of the last passwords, so that none of them comes back.
create table password_history (
    tenant_id blob not null,
    user_id blob not null,
    id blob not null,
    password_hash text not null,
    replaced_at integer not null,
    primary key (tenant_id, user_id, id)
) strict;

-- The second factor of a user: the seed of a TOTP (RFC 6238), sealed.
create table mfa_factors (
    tenant_id blob not null,
    user_id blob not null,
    id blob not null,
    seed_sealed blob not null,
    created_at integer not null,
    confirmed_at integer,                      -- null until the first right code
    last_step integer not null,                -- of the newest code that was taken: no code works twice
    primary key (tenant_id, user_id)
) strict;

create table mfa_backup_codes (
    tenant_id blob not null,
    user_id blob not null,
    place integer not null,                    -- the number that the code begins with
    code_hash text not null,
    used_at integer,
    primary key (tenant_id, user_id, place)
) strict;

-- For whom a second factor is obligatory: one role, or everyone (*).
create table mfa_policies (
    tenant_id blob not null,
    role text not null,
    created_at integer not null,
    primary key (tenant_id, role)
) strict;

-- Browsers and programs that a user has logged in with before.
create table known_devices (
    tenant_id blob not null,
    user_id blob not null,
    device_digest blob not null,
    created_at integer not null,
    last_seen_at integer not null,
    primary key (tenant_id, user_id, device_digest)
) strict;

-- What is to be sent by mail, sealed; the content goes when it was sent.
create table mails (
    tenant_id blob not null,
    id blob not null,
    user_id blob,
    kind text not null,
    state text not null,                       -- queued, sent, failed, kept (nowhere to send it)
    content_sealed blob,
    created_at integer not null,
    settled_at integer,
    primary key (tenant_id, id)
) strict;
create index mails_by_time on mails (tenant_id, created_at);

-- Platform tables: found before it is known whose they are. Ids and digests only.

-- A password was right and a code is awaited.
create table mfa_challenges (
    secret_digest blob not null primary key,
    tenant_id blob not null,
    user_id blob not null,
    kind text not null,                        -- cookie, token: the kind of session that it may become
    email_digest blob not null,
    security_version integer not null,
    created_at integer not null,
    expires_at integer not null,
    tries integer not null,
    settled_at integer                         -- passed, used up, or told of when it was left half-finished
) strict;
create index mfa_challenges_by_end on mfa_challenges (expires_at);

-- One-time links that let somebody choose a password.
create table account_links (
    secret_digest blob not null primary key,
    tenant_id blob not null,
    user_id blob not null,
    kind text not null,                        -- reset, invitation
    security_version integer not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer
) strict;
create index account_links_by_user on account_links (tenant_id, user_id);

-- Failures since the last success, for known and unknown addresses alike, so that both cost the same.
create table login_attempts (
    email_digest blob not null primary key,
    password_failures integer not null,
    code_failures integer not null,
    code_window_began_at integer not null,
    last_at integer not null
) strict;
