//! R10: a tenant leaves for good. Nothing readable of it stays, none of its keys, and nobody else notices.

use super::{
    caller::{Scene, Visitor},
    rows::{Fingerprint, pairs},
};
use crate::stage::{Agent, Databases, Number, Tenant, TestApp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use zelo::{
    audit::{self, Depth},
    clock::DAY,
    mail, offboarding, tenants,
};

/// A table that somebody adds tomorrow and thinks of no deletion.
const TOMORROW: &str = "tomorrows_table";

async fn statement(app: &TestApp, sql: &str) {
    match app.databases().as_administrator().await {
        Some(client) => client.batch_execute(sql).await.unwrap(),
        None => {
            let sql: &'static str = Box::leak(sql.to_owned().into_boxed_str());
            let done =
                db::write!(app.app.db, "past_every_rule", db::Scope::Platform, |tx| -> db::Result<u64> {
                    tx.execute(sql, &[]).await
                });
            done.unwrap();
        }
    }
}

/// Tables in which one of these words stands, in any column, as text or as bytes, with the number of rows.
async fn finds(app: &TestApp, words: &[String]) -> BTreeMap<String, i64> {
    let is_sqlite = matches!(app.databases(), Databases::Sqlite { .. });
    let sql = if is_sqlite {
        "select m.name, c.name from sqlite_master m join pragma_table_xinfo(m.name) c
         where m.type = 'table' and m.name not like 'sqlite_%'"
    } else {
        "select table_name::text, column_name::text from information_schema.columns where table_schema = 'public'"
    };
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in pairs(app, sql).await {
        tables.entry(table).or_default().push(column);
    }
    assert!(tables.len() > 35, "the scan is blind");
    let mut found = BTreeMap::new();
    for (table, columns) in tables {
        let text = if is_sqlite {
            let each: Vec<_> = columns.iter().map(|it| format!("coalesce(hex(\"{it}\"), '')")).collect();
            format!("lower({})", each.join(" || '|' || "))
        } else {
            // As text a row shows bytes as hexadecimal digits, and an id with hyphens.
            "lower(encode(convert_to(t::text, 'UTF8'), 'hex')) || '|' || lower(t::text)".to_owned()
        };
        let any: Vec<_> = words
            .iter()
            .flat_map(|word| {
                [hex::encode(word.as_bytes()), word.replace('-', "").to_lowercase(), word.clone()]
            })
            .map(|form| {
                if is_sqlite {
                    format!("instr({text}, '{form}') > 0")
                } else {
                    format!("position('{form}' in {text}) > 0")
                }
            })
            .collect();
        let sql =
            format!("select '{table}', cast(count(*) as text) from {table} t where {}", any.join(" or "));
        for (table, count) in pairs(app, &sql).await {
            found.insert(table, count.parse().unwrap());
        }
    }
    found.retain(|_, count| *count > 0);
    found
}

async fn keys_of(app: &TestApp, tenant: &Tenant) -> i64 {
    match app.databases().keys_as_administrator().await {
        Some(client) => {
            let sql = "select count(*) from keys where tenant_id = $1";
            client.query_one(sql, &[&tenant.id.0]).await.unwrap().get(0)
        }
        None => {
            let file = rusqlite::Connection::open(app.folder().join("keys.db")).unwrap();
            let sql = "select count(*) from keys where tenant_id = ?1";
            file.query_row(sql, [tenant.id.0.as_bytes().as_slice()], |row| row.get(0)).unwrap()
        }
    }
}

async fn leaves(root: &Agent, tenant: &Tenant, grace_days: u32) -> Value {
    let path = format!("/tenants/{}", tenant.id);
    root.patch(&path, &json!({"status": "cancelled"})).await.ok();
    root.delete(&format!("{path}?confirm={}&grace_days={grace_days}", tenant.slug)).await.ok()
}

#[tokio::test]
async fn r10_a_deletion_is_asked_for_by_name_and_can_be_called_off_until_its_time() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let root = Visitor::platform(&app).await.into_agent();
    let path = format!("/tenants/{}", hotel.id);
    assert_eq!(root.delete(&format!("{path}?confirm=hotel")).await.problem(), (409, "not_cancelled"));
    root.patch(&path, &json!({"status": "cancelled"})).await.ok();
    for wrong in ["", "?confirm=clinic", "?confirm=hotel&grace_days=366"] {
        assert_eq!(root.delete(&format!("{path}{wrong}")).await.status, 422, "{wrong}");
    }
    let asked = root.delete(&format!("{path}?confirm=hotel")).await;
    assert_eq!((asked.status, &asked.body["deletion_due_at"]), (202, &json!("2026-12-20T12:00:00.000Z")));
    let letters = mail::list_mailbox(&app.app).await.unwrap();
    let told = letters
        .iter()
        .any(|(_, letter)| letter.to == hotel.owner().email && letter.text.contains("2026-12-20"));
    assert!(told, "the owner is told: {letters:?}");
    assert_eq!(root.patch(&path, &json!({"status": "active"})).await.problem(), (409, "deletion_is_due"));

    app.passes(29 * DAY);
    offboarding::delete_due(&app.app).await.unwrap();
    assert!(keys_of(&app, &hotel).await > 0, "not before its time");
    assert_eq!(root.delete(&format!("{path}/deletion")).await.ok()["deletion_due_at"], Value::Null);
    assert_eq!(root.delete(&format!("{path}/deletion")).await.problem(), (409, "no_deletion"));
    app.passes(2 * DAY);
    offboarding::delete_due(&app.app).await.unwrap();
    assert!(keys_of(&app, &hotel).await > 0);
    root.patch(&path, &json!({"status": "active"})).await.ok();
    hotel.owner().get("/conversations").await.ok();
}

#[tokio::test]
async fn r10_of_a_deleted_tenant_nothing_readable_stays_and_no_key_and_others_notice_nothing() {
    let app = TestApp::new().await;
    app.may_leave_work();
    let (hotel, clinic) = (Scene::set(&app, "hotel").await, Scene::set(&app, "clinic").await);
    let root = Visitor::platform(&app).await.into_agent();
    for scene in [&hotel, &clinic] {
        let owner = scene.tenant.owner();
        owner.post("/teams", &json!({"name": format!("Equipe {}", scene.canary())})).await.ok();
        let key = json!({"name": format!("chave {}", scene.canary()), "permissions": ["contacts:read"]});
        owner.post("/api-keys", &key).await.ok();
    }
    app.run_jobs().await;
    let id_type = if matches!(app.databases(), Databases::Sqlite { .. }) { "blob" } else { "uuid" };
    statement(&app, &format!("create table {TOMORROW} (tenant_id {id_type} not null, id {id_type} not null, primary key (tenant_id, id))")).await;
    if app.databases().as_administrator().await.is_some() {
        statement(&app, &format!("grant select, insert, update, delete on {TOMORROW} to zelo_test_serving"))
            .await;
    }
    for tenant in [&hotel.tenant, &clinic.tenant] {
        let id = tenant.id.0;
        let literal = if id_type == "blob" { format!("x'{}'", id.simple()) } else { format!("'{id}'::uuid") };
        statement(&app, &format!("insert into {TOMORROW} (tenant_id, id) values ({literal}, {literal})"))
            .await;
    }
    let words = [hotel.canary(), hotel.tenant.id.to_string(), "@hotel.example.com".to_owned()];
    let before = finds(&app, &words).await;
    for table in ["teams", "api_keys", "messages", "users", "logins", "audit_entries", "audit_tree", TOMORROW]
    {
        assert!(
            table == "audit_tree" || before.contains_key(table),
            "the scan does not see {table}: {before:?}"
        );
    }
    let clinics = Fingerprint::of(&app, clinic.tenant.id).await;
    let clinics_keys = keys_of(&app, &clinic.tenant).await;

    leaves(&root, &hotel.tenant, 0).await;
    // Killed again and again in the middle: each call does a part, and then another process goes on.
    let tenant = tenants::get_tenant(&app.app, hotel.tenant.id).await.unwrap();
    offboarding::delete_some(&app.app, &tenant).await.unwrap();
    assert_eq!(keys_of(&app, &hotel.tenant).await, 0, "its keys go first");
    assert!(finds(&app, &words).await.contains_key("messages"));
    let path = format!("/tenants/{}", hotel.tenant.id);
    assert_eq!(root.delete(&format!("{path}/deletion")).await.problem(), (409, "deletion_has_begun"));
    offboarding::delete_some(&app.app, &tenant).await.unwrap();
    assert!(audit::verify(&app.app, Depth::EverySeal, &[]).await.unwrap().first_bad.is_none());
    offboarding::delete_due(&app.app).await.unwrap();

    let after = finds(&app, &words).await;
    // The platform's own log says that there was a tenant of this id, and that it was deleted.
    assert_eq!(after.keys().collect::<Vec<_>>(), ["audit_entries"], "{after:?}");
    let theirs = "select count(*) from audit_entries where tenant_id = $1";
    assert_eq!(app.count(Some(hotel.tenant.id.0), theirs).await, 0);
    assert_eq!(keys_of(&app, &hotel.tenant).await, 0);
    assert_eq!(root.get(&path).await.status, 404);
    if let Databases::Sqlite { data } = app.databases() {
        for file in [data.clone(), data.with_extension("db-wal")] {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let canary = hotel.canary();
            let is_there = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!is_there, "{} holds {canary}", file.display());
        }
    }

    assert_eq!(Fingerprint::of(&app, clinic.tenant.id).await, clinics);
    assert_eq!(keys_of(&app, &clinic.tenant).await, clinics_keys);
    clinic.tenant.owner().get("/conversations").await.ok();
    // The log is whole: of the deleted entries it has the places.
    let verdict = app.verifies().await;
    assert!(verdict.is_whole(), "{verdict:?}");
    let mut lines: Vec<Value> = Vec::new();
    let mut sink = |line: &Value| {
        lines.push(line.clone());
        Ok(())
    };
    audit::export(&app.app, None, None, &mut sink).await.unwrap();
    let places: Vec<_> = lines[1..].iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(places, (0..verdict.size).collect::<Vec<_>>(), "an export has no gaps");
    assert!(lines.iter().any(|line| line["type"] == "erased"));
    let last: Vec<_> = lines.iter().filter(|line| line["entry"]["action"] == "tenant_deleted").collect();
    assert_eq!(last.len(), 1);
    assert!(last[0]["detail"].as_str().unwrap().contains("\"slug\":\"hotel\""));

    // Nobody passes a removed entry off as one of a deleted tenant.
    let (off, take) = match app.databases() {
        Databases::Sqlite { .. } => ("drop trigger audit_tree_update", "drop trigger audit_entries_delete"),
        Databases::Postgres { .. } => (
            "alter table audit_tree disable trigger append_only",
            "alter table audit_entries disable trigger append_only",
        ),
    };
    statement(&app, off).await;
    statement(&app, take).await;
    let forged = "update audit_tree set erased_by = (select erased_by from audit_tree where erased_by is not null limit 1)
                  where seq = 0";
    statement(&app, forged).await;
    let verdict = app.verifies().await;
    assert_eq!(verdict.first_bad.map(|bad| bad.fault), Some(audit::Fault::EntryRemoved), "{verdict:?}");
}

#[tokio::test]
async fn r10_a_number_that_shares_its_app_with_a_deleted_tenant_goes_on() {
    let app = TestApp::new().await;
    let root = Visitor::platform(&app).await.into_agent();
    let hotel = app.tenant("hotel").await;
    let number = Number { app_secret: hotel.number.app_secret.clone(), ..Number::nth(app.next_number()) };
    let mut clinic = Tenant::without_number(&app, "clinic", number).await;
    clinic.connect().await;
    leaves(&root, &hotel, 0).await;
    offboarding::delete_due(&app.app).await.unwrap();

    let bia = clinic.contact("+55 11 97654-3210");
    bia.says("vocês atendem hoje?").await;
    app.run_jobs().await;
    assert_eq!(clinic.owner().reads().await, ["vocês atendem hoje?"]);
    // What still comes in for the hotel's number is a stranger's, and makes no key for it.
    hotel.contact("+55 11 98765-4321").says("ainda estão aí?").await;
    app.run_jobs().await;
    assert_eq!(keys_of(&app, &hotel).await, 0);
}
