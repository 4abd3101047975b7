-- Rights beyond the built-in roles: roles of a tenant's own, teams, and keys for programs.

alter table users add column visibility text;  -- own, team, all; null: what the role gives
alter table tenants add column plan text not null default 'basic';  -- basic, pro, enterprise

create table roles (
    tenant_id blob not null,
    id blob not null,
    name text not null,
    permissions text not null,                 -- names, as JSON
    visibility text not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (tenant_id, id)
) strict;
create unique index roles_by_name on roles (tenant_id, name);

create table teams (
    tenant_id blob not null,
    id blob not null,
    name text not null,
    created_at integer not null,
    primary key (tenant_id, id)
) strict;
create unique index teams_by_name on teams (tenant_id, name);
create table team_members (
    tenant_id blob not null,
    team_id blob not null,
    user_id blob not null,
    primary key (tenant_id, team_id, user_id)
) strict;
create index team_members_by_user on team_members (tenant_id, user_id);

create table api_keys (
    tenant_id blob not null,
    id blob not null,
    user_id blob not null,                     -- who made it; it is never stronger than they are
    name text not null,
    hint text not null,                        -- how the key begins, for people to recognise it
    permissions text not null,                 -- names, as JSON
    networks text not null,                    -- from where it works, as JSON; empty: from everywhere
    created_at integer not null,
    expires_at integer,
    last_used_at integer,
    revoked_at integer,
    primary key (tenant_id, id)
) strict;

-- Platform table: whose a key is, found by its digest before the tenant is known.
create table api_key_routes (
    secret_digest blob not null primary key,
    tenant_id blob not null,
    api_key_id blob not null
) strict;
