//! The floor below the rules: no statement without a tenant, and row-level security on PostgreSQL.

use crate::stage::{Databases, TestApp};
use db::Scope;

/// In every table of a tenant each key begins with the tenant, on both engines; `house::schema` compares the two.
#[tokio::test]
async fn r05_every_key_of_a_tenants_table_begins_with_the_tenant() {
    let app = TestApp::new().await;
    if matches!(app.databases(), Databases::Postgres { .. }) {
        println!("skipped: house::schema looks at PostgreSQL's");
        return;
    }
    let sql = "select m.name, coalesce((select c.name from pragma_table_info(m.name) c where c.pk = 1), '')
               from sqlite_master m where m.type = 'table' and exists
                   (select 1 from pragma_table_info(m.name) c where c.name = 'tenant_id')";
    let keys = db::read!(app.app.db, "keys", Scope::Platform, |tx| -> db::Result<Vec<(String, String)>> {
        tx.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?))).await
    });
    let keys = keys.unwrap();
    assert!(keys.len() > 10, "the scan is blind");
    for (table, first) in keys {
        let is_platforms = crate::house::PLATFORM_TABLES.iter().any(|(name, _)| *name == table);
        assert!(is_platforms || first == "tenant_id", "the key of {table} begins with {first:?}");
    }
}

/// Two tenants in turns on few connections: the setting of one transaction never reaches the next.
#[tokio::test]
async fn r06_a_pooled_connection_forgets_its_tenant_after_every_transaction() {
    let app = TestApp::with_settings(&[("database.connections", "1")]).await;
    if !matches!(app.databases(), Databases::Postgres { .. }) {
        println!("skipped: SQLite has no row-level security");
        return;
    }
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let seen = async |scope: Scope| {
        db::read!(app.app.db, "whose_rows", scope, |tx| -> db::Result<Vec<uuid::Uuid>> {
            tx.query("select tenant_id from users", &[], |row| row.get(0)).await
        })
        .unwrap()
    };
    let mut leaks = 0;
    for turn in 0..10_000 {
        let scope = match turn % 3 {
            0 => Scope::Tenant(hotel.id.0),
            1 => Scope::Tenant(clinic.id.0),
            _ => Scope::Platform,
        };
        let rows = seen(scope).await;
        leaks += match scope {
            Scope::Tenant(tenant) => {
                assert!(!rows.is_empty());
                rows.iter().filter(|row| **row != tenant).count()
            }
            Scope::Platform => rows.len(),
        };
    }
    assert_eq!(leaks, 0);
}

/// A role that serves requests and said no tenant sees nothing, in any table; nor may it step over the lock.
#[tokio::test]
async fn r06_the_serving_role_without_a_tenant_sees_no_row_of_any_tenant() {
    let app = TestApp::new().await;
    let Some(client) = app.databases().as_serving_role().await else {
        println!("skipped: SQLite has no row-level security");
        return;
    };
    let hotel = app.tenant("hotel").await;
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let role = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user";
    assert!(
        !client.query_one(role, &[]).await.unwrap().get::<_, bool>(0),
        "the serving role steps over policies"
    );
    let sql = "select c.relname::text, c.relrowsecurity and c.relforcerowsecurity,
                   exists (select 1 from pg_policies p where p.tablename = c.relname
                       and coalesce(p.with_check, p.qual) like '%zelo.tenant%'),
                   pg_get_userbyid(c.relowner) = current_user
               from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
               where c.relkind in ('r', 'p') and exists (select 1 from pg_attribute a
                   where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)";
    let mut looked = 0;
    for row in client.query(sql, &[]).await.unwrap() {
        let (table, forced, checked, owns): (String, bool, bool, bool) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        assert!(!owns, "the serving role owns {table}");
        if crate::house::PLATFORM_TABLES.iter().any(|(name, _)| *name == table) {
            continue;
        }
        assert!(forced && checked, "{table} has no forced policy with a check");
        let count: i64 =
            client.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0);
        assert_eq!(count, 0, "{table} shows rows to nobody's transaction");
        looked += 1;
    }
    assert!(looked >= 10, "only {looked} tables of tenants");
}
