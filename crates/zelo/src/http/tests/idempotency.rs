//! A request that is sent twice. PostgreSQL takes part where `ZELO_TEST_POSTGRES_URL` names a server's superuser.

use super::{ask, served};
use crate::{
    Error,
    error::Result,
    http::idempotency::{
        Answer, Begin, Idempotent, Key, Owner, Seal, abandon, begin, delete_expired, finish,
    },
};
use axum::{
    Router,
    http::{Method, StatusCode},
    routing::post,
};
use db::{DatabaseUrl, Db, Options, Scope, migrate, migrate::Migration, params};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "bookings",
        sqlite: "create table bookings (id integer primary key, room integer not null) strict",
        postgres: "create table bookings (id bigint generated always as identity primary key, room bigint not null)",
    },
    Migration {
        number: 2,
        name: "idempotency_keys",
        sqlite: include_str!("../../../../../migrations/sqlite/0003_idempotency_keys.sql"),
        postgres: include_str!("../../../../../migrations/postgres/0003_idempotency_keys.sql"),
    },
];

const NOW: i64 = 1_790_000_000_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Turns every bit around and binds the row, so that a test sees whether answers are sealed, and with what.
struct Envelope;

impl Seal for Envelope {
    fn seal(&self, tenant: Uuid, row: &[u8], answer: &[u8]) -> Result<Vec<u8>> {
        let bound = tenant.as_bytes().iter().chain(row).copied();
        Ok(bound.chain(answer.iter().map(|byte| !byte)).collect())
    }

    fn open(&self, tenant: Uuid, row: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let rest = sealed.strip_prefix(tenant.as_bytes().as_slice()).and_then(|rest| rest.strip_prefix(row));
        let rest = rest.ok_or_else(|| Error::internal("the answer was sealed for another row"))?;
        Ok(rest.iter().map(|byte| !byte).collect())
    }
}

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
    let name = format!("zelo_http_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let (admin, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::runtime::Handle::current().spawn(connection);
    admin.batch_execute(&format!("create database {name}")).await.unwrap();
    let _ = admin.batch_execute("create role zelo_http_serving login").await;
    let at = server.rfind('/').unwrap();
    let owner = DatabaseUrl::parse(&format!("{}/{name}", &server[..at])).unwrap();
    let owner = Db::open(&owner, &Options { connections: 1, ..Options::default() }).await.unwrap();
    migrate::apply(&owner, MIGRATIONS, Some("zelo_http_serving"), 0).await.unwrap();
    let host = server[..at].rsplit('@').next().unwrap();
    let serving = DatabaseUrl::parse(&format!("postgres://zelo_http_serving@{host}/{name}")).unwrap();
    Db::open(&serving, &Options::default()).await.unwrap()
}

fn ana() -> Owner {
    Owner { tenant: Uuid::from_u128(1), caller: Uuid::from_u128(100) }
}

fn booking(key: &str, body: &str) -> Key {
    Key::new(&Method::POST, "/bookings", key, body.as_bytes())
}

fn booked() -> Answer {
    Answer { status: StatusCode::CREATED, body: br#"{"guest":"Ana Souza"}"#.to_vec() }
}

/// Books a room in one transaction with the key: the effect, or the first answer.
async fn book(db: &Db, owner: Owner, key: &Key, now: i64) -> Result<Begin> {
    db::write!(db, "book", Scope::Tenant(owner.tenant), |tx| -> Result<Begin> {
        let standing = begin(tx, &Envelope, owner, key, now).await?;
        if standing == Begin::Fresh {
            tx.execute("insert into bookings (room) values ($1)", params![1]).await?;
            finish(tx, &Envelope, owner, key, &booked()).await?;
        }
        Ok(standing)
    })
}

async fn bookings(db: &Db) -> i64 {
    db::read!(db, "count", Scope::Platform, |tx| -> Result<i64> {
        Ok(tx.query_one("select count(*) from bookings", &[], |row| row.get(0)).await?)
    })
    .unwrap()
}

#[tokio::test]
async fn a_request_that_is_sent_again_gets_the_first_answer_and_no_second_effect() {
    for House { db, .. } in &houses().await {
        let key = booking("k1", "{}");
        assert_eq!(book(db, ana(), &key, NOW).await.unwrap(), Begin::Fresh);
        assert_eq!(book(db, ana(), &key, NOW + 5).await.unwrap(), Begin::Replay(booked()));
        assert_eq!(bookings(db).await, 1);
    }
}

#[tokio::test]
async fn a_hundred_copies_at_once_take_effect_once() {
    for House { db, .. } in houses().await {
        let copies: Vec<_> = (0..100)
            .map(|_| {
                let db = db.clone();
                tokio::runtime::Handle::current()
                    .spawn(async move { book(&db, ana(), &booking("k1", "{}"), NOW).await })
            })
            .collect();
        let mut fresh = 0;
        for copy in copies {
            match copy.await.unwrap().unwrap() {
                Begin::Fresh => fresh += 1,
                other => assert_eq!(other, Begin::Replay(booked())),
            }
        }
        assert_eq!((fresh, bookings(&db).await), (1, 1));
    }
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    for House { db, .. } in &houses().await {
        book(db, ana(), &booking("k1", "{}"), NOW).await.unwrap();
        let standing = book(db, ana(), &booking("k1", "{\"room\":2}"), NOW).await.unwrap();
        assert_eq!(standing, Begin::Mismatch);
        assert_eq!(bookings(db).await, 1);
    }
}

#[tokio::test]
async fn equal_keys_of_others_and_for_other_addresses_are_strangers() {
    for House { db, .. } in &houses().await {
        let beto = Owner { caller: Uuid::from_u128(200), ..ana() };
        let clinic = Owner { tenant: Uuid::from_u128(2), ..ana() };
        let elsewhere = Key::new(&Method::POST, "/bookings/2", "k1", b"{}");
        for (owner, key) in [
            (ana(), booking("k1", "{}")),
            (beto, booking("k1", "{}")),
            (clinic, booking("k1", "{}")),
            (ana(), elsewhere),
            (ana(), Key::new(&Method::PUT, "/bookings", "k1", b"{}")),
            (ana(), booking("k2", "{}")),
        ] {
            assert_eq!(book(db, owner, &key, NOW).await.unwrap(), Begin::Fresh, "{owner:?} {key:?}");
        }
        assert_eq!(bookings(db).await, 6);
    }
}

#[tokio::test]
async fn a_failed_transaction_leaves_the_key_free() {
    for House { db, .. } in &houses().await {
        let key = booking("k1", "{}");
        let failed: Result<()> = db::write!(db, "fail", Scope::Tenant(ana().tenant), |tx| -> Result<()> {
            begin(tx, &Envelope, ana(), &key, NOW).await?;
            Err(Error::WindowClosed)
        });
        assert!(matches!(failed, Err(Error::WindowClosed)));
        assert_eq!(book(db, ana(), &key, NOW).await.unwrap(), Begin::Fresh);
    }
}

#[tokio::test]
async fn a_request_of_several_transactions_is_in_flight_until_it_is_finished_or_abandoned() {
    for House { db, .. } in &houses().await {
        let key = booking("k1", "{}");
        let claim = || async {
            db::write!(db, "claim", Scope::Tenant(ana().tenant), |tx| -> Result<Begin> {
                begin(tx, &Envelope, ana(), &key, NOW).await
            })
            .unwrap()
        };
        assert_eq!(claim().await, Begin::Fresh);
        assert_eq!(claim().await, Begin::InFlight);
        db::write!(db, "abandon", Scope::Tenant(ana().tenant), |tx| -> Result<()> {
            abandon(tx, ana(), &key).await
        })
        .unwrap();
        assert_eq!(claim().await, Begin::Fresh);
        let keep = || async {
            db::write!(db, "finish", Scope::Tenant(ana().tenant), |tx| -> Result<()> {
                finish(tx, &Envelope, ana(), &key, &booked()).await
            })
        };
        keep().await.unwrap();
        assert!(keep().await.is_err(), "an answer that was given is never replaced");
        // Giving back a key that was answered would allow a second effect.
        db::write!(db, "abandon", Scope::Tenant(ana().tenant), |tx| -> Result<()> {
            abandon(tx, ana(), &key).await
        })
        .unwrap();
        assert_eq!(claim().await, Begin::Replay(booked()));
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day_and_then_forgotten() {
    for House { db, .. } in &houses().await {
        let key = booking("k1", "{}");
        book(db, ana(), &key, NOW).await.unwrap();
        assert_eq!(book(db, ana(), &key, NOW + DAY).await.unwrap(), Begin::Replay(booked()));
        assert_eq!(book(db, ana(), &key, NOW + DAY + 1).await.unwrap(), Begin::Fresh);
        let sweep = |now| async move {
            db::write!(db, "sweep", Scope::Tenant(ana().tenant), |tx| -> Result<u64> {
                delete_expired(tx, ana().tenant, now).await
            })
            .unwrap()
        };
        assert_eq!((sweep(NOW + DAY).await, sweep(NOW + 3 * DAY).await), (0, 1));
    }
}

#[tokio::test]
async fn an_answer_is_stored_sealed_for_its_own_row() {
    for House { db, .. } in &houses().await {
        book(db, ana(), &booking("k1", "{}"), NOW).await.unwrap();
        let stored: Vec<u8> = db::read!(db, "peek", Scope::Tenant(ana().tenant), |tx| -> Result<Vec<u8>> {
            Ok(tx.query_one("select answer from idempotency_keys", &[], |row| row.get(0)).await?)
        })
        .unwrap();
        assert!(!stored.windows(3).any(|bytes| bytes == b"Ana"), "the answer is in clear");
        book(db, ana(), &booking("k2", "{}"), NOW).await.unwrap();
        db::write!(db, "swap", Scope::Tenant(ana().tenant), |tx| -> Result<u64> {
            Ok(tx.execute("update idempotency_keys set answer = $1", params![&stored]).await?)
        })
        .unwrap();
        let read = [
            book(db, ana(), &booking("k1", "{}"), NOW).await,
            book(db, ana(), &booking("k2", "{}"), NOW).await,
        ];
        assert!(matches!(&read, [Ok(_), Err(Error::Internal(_))]), "{read:?}");
    }
}

#[tokio::test]
async fn another_tenants_keys_are_out_of_reach_on_postgres() {
    for House { db, .. } in &houses().await {
        if db.engine() == db::Engine::Sqlite {
            continue;
        }
        book(db, ana(), &booking("k1", "{}"), NOW).await.unwrap();
        let clinic = Scope::Tenant(Uuid::from_u128(2));
        for (scope, visible) in [(Scope::Tenant(ana().tenant), 1), (clinic, 0), (Scope::Platform, 0)] {
            let seen = db::read!(db, "peek", scope, |tx| -> Result<i64> {
                Ok(tx.query_one("select count(*) from idempotency_keys", &[], |row| row.get(0)).await?)
            });
            assert_eq!(seen.unwrap(), visible, "{scope:?}");
        }
    }
}

#[tokio::test]
async fn the_key_of_a_request_comes_from_its_header() {
    let show = |request: Idempotent<serde_json::Value>| async move { format!("{:?}", request.key) };
    let desk = served(Router::new().route("/bookings", post(show)));
    let json = ("content-type", "application/json");
    let with = |key: &str| {
        let (desk, key) = (desk.clone(), key.to_owned());
        async move { ask(&desk, "POST", "/bookings?x=1", &[json, ("idempotency-key", &key)], "{}").await }
    };
    assert_eq!(with("k1").await.body, format!("{:?}", Some(booking("k1", "{}"))).into_bytes());
    assert_ne!(with("k1").await.body, with("k2").await.body);
    assert_eq!(ask(&desk, "POST", "/bookings", &[json], "{}").await.body, b"None");
    for wrong in ["", &"k".repeat(256)] {
        assert_eq!(with(wrong).await.status.as_u16(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_standing_of_a_request_becomes_its_answer() {
    use axum::response::IntoResponse as _;
    assert_eq!(Begin::Fresh.into_replay().unwrap(), None);
    let replay = Begin::Replay(booked()).into_replay().unwrap().unwrap().into_response();
    assert_eq!(
        (replay.status().as_u16(), &replay.headers()["content-type"]),
        (201, &"application/json".parse().unwrap())
    );
    assert_eq!(Begin::Mismatch.into_replay().unwrap_err().status().as_u16(), 422);
    let busy = Begin::InFlight.into_replay().unwrap_err();
    assert_eq!((busy.status().as_u16(), json!(busy.code())), (409, json!("idempotency_in_flight")));
}
