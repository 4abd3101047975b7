//! What both engines must do alike. PostgreSQL takes part where `ZELO_TEST_POSTGRES_URL` names a server's superuser.

use crate::{
    DatabaseUrl, Db, Engine, Error, Options, Result, Rows, Scope, migrate, migrate::Migration, params,
};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use uuid::Uuid;

const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "guests",
    sqlite: "create table guests (tenant_id blob not null, id blob not null, name text, nights integer not null,
             primary key (tenant_id, id)) strict;
             create unique index guests_name on guests (tenant_id, name);",
    postgres: "create table guests (tenant_id uuid not null, id uuid not null, name text, nights bigint not null,
             primary key (tenant_id, id));
             create unique index guests_name on guests (tenant_id, name);
             alter table guests enable row level security; alter table guests force row level security;
             create policy own on guests using (tenant_id = nullif(current_setting('zelo.tenant', true), '')::uuid);",
}];

struct House {
    db: Db,
    _folder: Option<tempfile::TempDir>,
}

async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("house.db"));
    let db = Db::open(&url, &Options { create: true, ..Options::default() }).await.unwrap();
    migrate::apply(&db, MIGRATIONS, None, 0).await.unwrap();
    houses.push(House { db, _folder: Some(folder) });
    #[expect(clippy::disallowed_methods, reason = "the test run says by its environment where its server is")]
    let server = std::env::var("ZELO_TEST_POSTGRES_URL").ok();
    if let Some(server) = server {
        houses.push(House { db: postgres(&server).await, _folder: None });
    }
    houses
}

async fn postgres(server: &str) -> Db {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("zelo_db_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let (admin, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::runtime::Handle::current().spawn(connection);
    admin.batch_execute(&format!("create database {name}")).await.unwrap();
    let _ = admin.batch_execute("create role zelo_db_serving login").await;
    let mut config: tokio_postgres::Config = server.parse().unwrap();
    config.dbname(&name);
    let at = server.rfind('/').unwrap();
    let owner = DatabaseUrl::parse(&format!("{}/{name}", &server[..at])).unwrap();
    let owner = Db::open(&owner, &Options { connections: 1, ..Options::default() }).await.unwrap();
    migrate::apply(&owner, MIGRATIONS, Some("zelo_db_serving"), 0).await.unwrap();
    let host = server[..at].rsplit('@').next().unwrap();
    let serving = DatabaseUrl::parse(&format!("postgres://zelo_db_serving@{host}/{name}")).unwrap();
    Db::open(&serving, &Options::default()).await.unwrap()
}

const INSERT: &str = "insert into guests (tenant_id, id, name, nights) values ($1, $2, $3, $4)";

async fn count(db: &Db, tenant: Uuid) -> i64 {
    crate::read!(db, "count", Scope::Tenant(tenant), |tx| -> Result<_> {
        tx.query_one("select count(*) from guests where tenant_id = $1", params![tenant], |row| row.get(0))
            .await
    })
    .unwrap_or_else(|error: Error| panic!("{error}"))
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_nothing() {
    for House { db, .. } in &houses().await {
        let hotel = Uuid::from_u128(1);
        let failed: Result<()> = crate::write!(db, "check_in", Scope::Tenant(hotel), |tx| -> Result<_> {
            tx.execute(INSERT, params![hotel, Uuid::from_u128(10), "Ana", 2]).await?;
            tx.execute(INSERT, params![hotel, Uuid::from_u128(11), "Ana", 3]).await?;
            Ok(())
        });
        assert!(matches!(failed, Err(Error::Unique(_))), "{failed:?}");
        assert_eq!(count(db, hotel).await, 0);
    }
}

#[tokio::test]
async fn many_transactions_at_once_all_count_and_a_failing_one_harms_no_other() {
    for House { db, .. } in houses().await {
        let hotel = Uuid::from_u128(1);
        let guests: Vec<_> = (0..200u128)
            .map(|number| {
                let db = db.clone();
                tokio::runtime::Handle::current().spawn(async move {
                    crate::write!(db, "check_in", Scope::Tenant(hotel), |tx| -> Result<_> {
                        let name = format!("guest {number}");
                        tx.execute(INSERT, params![hotel, Uuid::from_u128(number), &name, 1]).await?;
                        if number % 10 == 0 { Err(Error::Statement("no room".into())) } else { Ok(()) }
                    })
                })
            })
            .collect();
        let mut refused = 0;
        for guest in guests {
            refused += i64::from(guest.await.unwrap().is_err());
        }
        assert_eq!((refused, count(&db, hotel).await), (20, 180));
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_only_its_own_work_along() {
    for House { db, .. } in houses().await {
        let hotel = Uuid::from_u128(1);
        let walks_out = async {
            crate::write!(db, "walk_out", Scope::Tenant(hotel), |tx| -> Result<_> {
                tx.execute(INSERT, params![hotel, Uuid::from_u128(1), "Beto", 1]).await?;
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Ok(())
            })
        };
        assert!(tokio::time::timeout(Duration::from_millis(50), walks_out).await.is_err());
        crate::write!(db, "check_in", Scope::Tenant(hotel), |tx| -> Result<_> {
            tx.execute(INSERT, params![hotel, Uuid::from_u128(2), "Ana", 1]).await
        })
        .unwrap_or_else(|error: Error| panic!("{error}"));
        assert_eq!(count(&db, hotel).await, 1);
    }
}

#[tokio::test]
async fn rows_are_written_updated_and_found_in_one_call() {
    for House { db, .. } in &houses().await {
        let hotel = Uuid::from_u128(1);
        let mut rows = Rows::new();
        for number in 0..50i64 {
            let name = (number != 7).then(|| format!("guest {number}"));
            rows.push([Uuid::from_u128(number as u128).into(), name.into(), number.into()]);
        }
        let names = crate::write!(db, "check_in", Scope::Tenant(hotel), |tx| -> Result<_> {
            let insert = "insert into guests (tenant_id, id, name, nights)
                     select $1, r.id, r.name, r.nights from $rows(id uuid, name text, nights int) where true
                     on conflict (tenant_id, id) do nothing";
            assert_eq!(tx.execute_rows(insert, params![hotel], &rows).await?, 50);
            assert_eq!(tx.execute_rows(insert, params![hotel], &rows).await?, 0);
            let mut longer = Rows::new();
            longer.push([Uuid::from_u128(3).into(), 100.into()]);
            longer.push([Uuid::from_u128(7).into(), 200.into()]);
            let update = "update guests set nights = r.nights from $rows(id uuid, nights int)
                     where guests.tenant_id = $1 and guests.id = r.id";
            assert_eq!(tx.execute_rows(update, params![hotel], &longer).await?, 2);
            let find = "select g.name, g.nights from $rows(id uuid, nights int)
                     join guests g on g.tenant_id = $1 and g.id = r.id and g.nights = r.nights";
            tx.query_rows(find, params![hotel], &longer, |row| Ok((row.get(0)?, row.get(1)?))).await
        });
        let mut names: Vec<(Option<String>, i64)> = names.unwrap_or_else(|error: Error| panic!("{error}"));
        names.sort();
        assert_eq!(names, [(None, 200), (Some("guest 3".to_owned()), 100)]);
    }
}

#[tokio::test]
async fn below_every_statement_a_tenant_sees_only_its_own_rows_on_postgres() {
    for House { db, .. } in houses().await {
        if db.engine() == Engine::Sqlite {
            continue;
        }
        let (hotel, clinic) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for (tenant, name) in [(hotel, "Ana"), (clinic, "Bia")] {
            crate::write!(db, "check_in", Scope::Tenant(tenant), |tx| -> Result<_> {
                tx.execute(INSERT, params![tenant, Uuid::from_u128(5), name, 1]).await
            })
            .unwrap_or_else(|error: Error| panic!("{error}"));
        }
        for (scope, expected) in [(Scope::Tenant(hotel), 1), (Scope::Platform, 0)] {
            let seen: Result<i64> = crate::read!(db, "peek", scope, |tx| -> Result<_> {
                tx.query_one("select count(*) from guests", &[], |row| row.get(0)).await
            });
            assert_eq!(seen.unwrap(), expected, "{scope:?}");
        }
        let intruder: Result<u64> = crate::write!(db, "intrude", Scope::Tenant(hotel), |tx| -> Result<_> {
            tx.execute(INSERT, params![clinic, Uuid::from_u128(6), "Eva", 1]).await
        });
        assert!(matches!(intruder, Err(Error::Statement(_))), "{intruder:?}");
    }
}

#[tokio::test]
async fn a_role_whose_commits_do_not_wait_for_the_disk_is_refused_with_the_cure() {
    #[expect(clippy::disallowed_methods, reason = "the test run says by its environment where its server is")]
    let Ok(server) = std::env::var("ZELO_TEST_POSTGRES_URL") else { return };
    let role = format!("zelo_db_careless_{}", std::process::id());
    let (admin, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::runtime::Handle::current().spawn(connection);
    admin.batch_execute(&format!("create role {role} login")).await.unwrap();
    let url =
        DatabaseUrl::parse(&format!("postgres://{role}@{}", server.rsplit('@').next().unwrap())).unwrap();
    drop(Db::open(&url, &Options::default()).await.expect("nothing is wrong with it yet"));

    admin.batch_execute(&format!("alter role {role} set synchronous_commit = off")).await.unwrap();
    let refused = Db::open(&url, &Options::default()).await.err();
    let Some(Error::Unsafe(text)) = &refused else { panic!("{refused:?}") };
    assert!(text.contains("synchronous_commit=off") && text.contains("alter role"), "{text}");
    assert!(text.contains("set synchronous_commit=on"), "{text}");

    admin.batch_execute(&format!("alter role {role} reset synchronous_commit")).await.unwrap();
    drop(Db::open(&url, &Options::default()).await.expect("the cure helps"));
    admin.batch_execute(&format!("drop role {role}")).await.unwrap();
}

#[tokio::test]
async fn a_commit_wakes_those_who_wait_and_a_failure_does_not() {
    for House { db, .. } in houses().await {
        let mut listener = db.listen("guests");
        let failed: Result<()> = crate::write!(db, "fail", Scope::Platform, |tx| -> Result<_> {
            tx.wake("guests");
            Err(Error::Statement("no".into()))
        });
        assert!(failed.is_err());
        let woken =
            tokio::time::timeout(Duration::from_millis(50), listener.wait(Duration::from_secs(60))).await;
        assert!(woken.is_err(), "a failed transaction rang");
        crate::write!(db, "ring", Scope::Platform, |tx| -> Result<_> {
            tx.wake("guests");
            Ok(())
        })
        .unwrap();
        tokio::time::timeout(Duration::from_secs(5), listener.wait(Duration::from_secs(60))).await.unwrap();
    }
}

#[tokio::test]
async fn a_migration_is_applied_once_and_an_altered_or_newer_schema_is_refused() {
    for House { db, .. } in &houses().await {
        if db.engine() == Engine::Postgres {
            continue; // The serving role may not migrate; the owner's half is covered by opening the house.
        }
        assert_eq!(migrate::standing(db, MIGRATIONS).await.unwrap(), migrate::Standing::Current);
        assert!(migrate::apply(db, MIGRATIONS, None, 0).await.unwrap().is_empty());
        let altered = [Migration { sqlite: "select 1", ..MIGRATIONS[0] }];
        assert!(matches!(migrate::apply(db, &altered, None, 0).await, Err(Error::Unsafe(_))));
        assert!(matches!(migrate::standing(db, &[]).await.unwrap(), migrate::Standing::Ahead(1)));
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_created_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("typo.db");
    let opened = Db::open(&DatabaseUrl::Sqlite(path.clone()), &Options::default()).await;
    assert!(matches!(opened, Err(Error::Unavailable(_))));
    assert!(!path.exists());
}
