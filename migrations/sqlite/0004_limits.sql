-- Who is kept out for a while. The subject is a keyed digest of who and under which policy; an address is encrypted.
-- A ban that is over stays a month, because the next one of its subject depends on it.
create table bans (
    id blob not null primary key,
    policy text not null,
    subject blob not null,
    number integer not null,
    account blob,
    network_digest blob,
    network_sealed blob,
    level integer not null,
    banned_at integer not null,
    ends_at integer not null,
    lifted_at integer,
    lifted_by blob,
    changed_at integer not null,
    unique (subject, number)
) strict;

create index bans_by_change on bans (changed_at);
create index bans_by_end on bans (ends_at);
create index bans_by_account on bans (account);
create index bans_by_network on bans (network_digest);

-- Failed log-ins of an account in a row, from known devices and from elsewhere apart; a good one ends the row.
create table login_failures (
    subject blob not null primary key,
    account blob not null,
    failures integer not null,
    last_at integer not null
) strict;

create index login_failures_by_account on login_failures (account);
create index login_failures_by_age on login_failures (last_at);

-- When what was counted of a subject was cleared.
create table limit_clears (
    subject blob not null primary key,
    cleared_at integer not null
) strict;

create index limit_clears_by_age on limit_clears (cleared_at);

-- Networks that are always let in or never. A deleted rule stays a day, so that every process hears of it.
create table ip_rules (
    id blob not null primary key,
    network text not null,
    effect text not null check (effect in ('allow', 'deny')),
    reason text not null,
    expires_at integer,
    created_by blob not null,
    created_at integer not null,
    changed_at integer not null,
    deleted_at integer
) strict;

create unique index ip_rules_that_hold on ip_rules (network) where deleted_at is null;
create index ip_rules_by_change on ip_rules (changed_at);
