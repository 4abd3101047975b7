//! Both engines have the same schema, and on PostgreSQL every tenant's row stands behind row-level security.

use crate::stage::{Databases, TestApp};
use std::collections::{BTreeMap, BTreeSet};

/// Tables that belong to no tenant, and why each may.
pub(crate) const PLATFORM_TABLES: &[(&str, &str)] = &[
    ("tenants", "the list of tenants itself; no personal data"),
    ("app_secrets", "a signature is checked before the tenant is known"),
    ("api_key_routes", "finds the tenant of an API key, by digest"),
    ("channel_routes", "finds the tenant of an event by what Meta writes into it"),
    ("logins", "finds the tenant of an e-mail address at log-in, by blind index"),
    ("setup_links", "finds the tenant of a one-time link, by digest"),
    ("account_links", "finds the user of a one-time link, by digest"),
    ("mfa_challenges", "finds the user of a half-finished log-in, by digest"),
    ("login_attempts", "counts failures for addresses that nobody has, too; blind indexes only"),
    ("webhook_inlets", "raw events are stored before their tenant is known"),
    ("webhook_lanes", "raw events are processed in batches of several tenants"),
    ("webhook_events", "raw events are sealed and stored before their tenant is known"),
    ("webhook_quarantine", "what could not be understood may have no tenant"),
    ("outbox", "those who tell others follow it over all tenants; ids only"),
    (
        "bans",
        "who is kept out may have no account, and the log-in is not yet a tenant's; digests and sealed addresses",
    ),
    ("login_failures", "counted before it is known whether the account exists, by digest"),
    ("limit_clears", "digests of what was counted over all tenants"),
    ("ip_rules", "the platform owner's rules for networks"),
    ("jobs", "a worker serves all tenants; payloads hold ids only"),
    ("audit_pending", "one sealer serves all tenants; ids and hashes only"),
    ("audit_tree", "one tree covers all tenants' entries; ids, hashes and signatures only"),
    ("audit_sealer", "the edge of that tree"),
    ("audit_erasures", "one statement takes some entries of a deleted tenant out of the log; ids only"),
    ("audit_deliveries", "how far outside keepers of seals have been told"),
    ("quota_usage", "summed over all tenants for the metrics; numbers only"),
    ("schema_migrations", "the state of the schema"),
];

type Columns = BTreeMap<String, BTreeMap<String, (String, bool)>>;

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_and_keys() {
    let app = TestApp::new().await;
    let Some(postgres) = app.databases().as_administrator().await else {
        println!("skipped: needs both engines; the run on PostgreSQL compares them");
        return;
    };
    let keys = app.databases().keys_as_administrator().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, client, migrations) in [
        ("zelo.db", &postgres, zelo::schema::MIGRATIONS),
        ("keys.db", &keys, zelo::crypto::KEYSTORE_MIGRATIONS),
    ] {
        let url = db::DatabaseUrl::Sqlite(folder.path().join(name));
        let sqlite = db::Db::open(&url, &db::Options { create: true, connections: 1 }).await.unwrap();
        db::migrate::apply(&sqlite, migrations, None, 0).await.unwrap();
        let (here, there) = (sqlite_columns(&sqlite).await, postgres_columns(client).await);
        let tables = |columns: &Columns| columns.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(tables(&here), tables(&there), "{name}");
        for (table, columns) in &here {
            assert_eq!(columns, &there[table], "{name}: {table}");
        }
        assert_eq!(sqlite_keys(&sqlite).await, postgres_keys(client).await, "{name}");
    }
}

/// For each table its columns: the kind that both engines have in common, and whether it must hold a value.
async fn sqlite_columns(db: &db::Db) -> Columns {
    let sql = "select m.name, c.name, lower(c.type), c.\"notnull\" from sqlite_master m join pragma_table_xinfo(m.name) c
               where m.type = 'table' and m.name not like 'sqlite_%' and c.hidden in (0, 2, 3)";
    let rows = db::read!(db, "sqlite_columns", db::Scope::Platform, |tx| -> db::Result<Vec<_>> {
        tx.query(sql, &[], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?, row.get::<i64>(3)? == 1))
        })
        .await
    });
    let mut columns = Columns::new();
    for (table, column, kind, required) in rows.unwrap() {
        columns.entry(table).or_default().insert(column, (kind, required));
    }
    with_common_kinds(columns)
}

async fn postgres_columns(client: &tokio_postgres::Client) -> Columns {
    let sql = "select table_name::text, column_name::text, data_type::text, is_nullable = 'NO'
               from information_schema.columns where table_schema = 'public'";
    let mut columns = Columns::new();
    for row in client.query(sql, &[]).await.unwrap() {
        columns.entry(row.get(0)).or_default().insert(row.get(1), (row.get(2), row.get(3)));
    }
    with_common_kinds(columns)
}

fn with_common_kinds(mut columns: Columns) -> Columns {
    for column in columns.values_mut() {
        for (name, (kind, required)) in column {
            *kind = match kind.as_str() {
                "integer" | "int" | "bigint" => "int".into(),
                "text" => "text".into(),
                // SQLite keeps ids as sixteen bytes.
                "blob" | "bytea" | "uuid" => "bytes".into(),
                other => panic!("{name} is {other}"),
            };
            // A rowid and a generated column are never null, whatever each engine calls them.
            if name == "seq" || name == "id" || name == "turn" || name == "number" {
                *required = true;
            }
        }
    }
    columns
}

type Keys = BTreeMap<String, Vec<String>>;

async fn sqlite_keys(db: &db::Db) -> Keys {
    let sql = "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c
               where m.type = 'table' and m.name not like 'sqlite_%' and c.pk > 0 order by m.name, c.pk";
    let rows = db::read!(db, "sqlite_keys", db::Scope::Platform, |tx| -> db::Result<Vec<_>> {
        tx.query(sql, &[], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?))).await
    });
    let mut keys = Keys::new();
    rows.unwrap().into_iter().for_each(|(table, column)| keys.entry(table).or_default().push(column));
    keys
}

async fn postgres_keys(client: &tokio_postgres::Client) -> Keys {
    let sql = "select t.relname::text, a.attname::text from pg_index i join pg_class t on t.oid = i.indrelid
               join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
               cross join lateral unnest(i.indkey) with ordinality as k(attnum, place)
               join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum
               where i.indisprimary order by 1, k.place";
    let mut keys = Keys::new();
    for row in client.query(sql, &[]).await.unwrap() {
        keys.entry(row.get(0)).or_default().push(row.get(1));
    }
    keys
}

#[tokio::test]
async fn every_tenants_table_begins_with_the_tenant_and_forces_row_level_security() {
    let app = TestApp::new().await;
    let Some(client) = app.databases().as_administrator().await else {
        println!("skipped: SQLite has no row-level security; the run on PostgreSQL looks at it");
        return;
    };
    let sql = "select c.relname::text, c.relrowsecurity, c.relforcerowsecurity,
                   (select count(*) from pg_policies p where p.tablename = c.relname
                    and p.cmd = 'ALL' and p.qual like '%zelo.tenant%'
                    and coalesce(p.with_check, p.qual) like '%zelo.tenant%'),
                   pg_get_userbyid(c.relowner)::text
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = 'public' and c.relkind in ('r', 'p')";
    let keys = postgres_keys(&client).await;
    let mut open = BTreeSet::new();
    for row in client.query(sql, &[]).await.unwrap() {
        let (table, owner): (String, String) = (row.get(0), row.get(4));
        let (enabled, forced, policies): (bool, bool, i64) = (row.get(1), row.get(2), row.get(3));
        assert_eq!(owner, "zelo_test_owner", "{table} is not its migrations' owner's");
        if PLATFORM_TABLES.iter().any(|(name, _)| *name == table) {
            open.insert(table);
            continue;
        }
        assert_eq!(keys[&table][0], "tenant_id", "the key of {table}");
        assert!(enabled && forced, "{table} has no forced row-level security");
        assert_eq!(policies, 1, "{table}");
    }
    let listed: BTreeSet<String> = PLATFORM_TABLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(open, listed, "the list names a table that is gone");
}

/// The lock below all statements: with another tenant in the transaction, or none, no row is there.
#[tokio::test]
async fn the_serving_role_sees_and_changes_only_the_rows_of_the_transactions_tenant() {
    let app = TestApp::new().await;
    if !matches!(app.databases(), Databases::Postgres { .. }) {
        println!("skipped: SQLite has no row-level security");
        return;
    }
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let count = async |scope: db::Scope| {
        db::read!(app.app.db, "count_all", scope, |tx| -> db::Result<i64> {
            tx.query_one("select count(*) from messages", &[], |row| row.get(0)).await
        })
        .unwrap()
    };
    assert_eq!(count(db::Scope::Tenant(hotel.id.0)).await, 1);
    assert_eq!(count(db::Scope::Tenant(clinic.id.0)).await, 0);
    assert_eq!(count(db::Scope::Platform).await, 0);

    let touched = db::write!(app.app.db, "steal", db::Scope::Tenant(clinic.id.0), |tx| -> db::Result<u64> {
        tx.execute("update messages set kind = 'stolen'", &[]).await
    });
    assert_eq!(touched.unwrap(), 0);
    let moved = db::write!(app.app.db, "plant", db::Scope::Tenant(hotel.id.0), |tx| -> db::Result<u64> {
        tx.execute("update contacts set tenant_id = $1", db::params![clinic.id.0]).await
    });
    assert!(moved.is_err(), "a row was given to another tenant");

    let serving = app.databases().as_serving_role().await.unwrap();
    for forbidden in [
        "drop table messages",
        "truncate messages",
        "alter table messages disable row level security",
        "alter table messages no force row level security",
        "drop policy own_tenant on messages",
        "create table mine (id int)",
        "delete from schema_migrations",
        "set role zelo_test_owner",
    ] {
        assert!(serving.batch_execute(forbidden).await.is_err(), "the serving role may: {forbidden}");
    }
}
