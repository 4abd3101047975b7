-- Rights beyond the built-in roles: roles of a tenant's own, teams, and keys for programs.

alter table users add column visibility text;  -- own, team, all; null: what the role gives
alter table tenants add column plan text not null default 'basic';  -- basic, pro, enterprise

create table roles (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    permissions text not null,                 -- names, as JSON
    visibility text not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, id)
);
create unique index roles_by_name on roles (tenant_id, name);

create table teams (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    created_at bigint not null,
    primary key (tenant_id, id)
);
create unique index teams_by_name on teams (tenant_id, name);
create table team_members (
    tenant_id uuid not null,
    team_id uuid not null,
    user_id uuid not null,
    primary key (tenant_id, team_id, user_id)
);
create index team_members_by_user on team_members (tenant_id, user_id);

create table api_keys (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,                     -- who made it; it is never stronger than they are
    name text not null,
    hint text not null,                        -- how the key begins, for people to recognise it
    permissions text not null,                 -- names, as JSON
    networks text not null,                    -- from where it works, as JSON; empty: from everywhere
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint,
    revoked_at bigint,
    primary key (tenant_id, id)
);

-- Platform table: whose a key is, found by its digest before the tenant is known.
create table api_key_routes (
    secret_digest bytea not null primary key,
    tenant_id uuid not null,
    api_key_id uuid not null
);

alter table roles enable row level security;
alter table roles force row level security;
create policy own_tenant on roles
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table teams enable row level security;
alter table teams force row level security;
create policy own_tenant on teams
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table team_members enable row level security;
alter table team_members force row level security;
create policy own_tenant on team_members
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy own_tenant on api_keys
    using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);
