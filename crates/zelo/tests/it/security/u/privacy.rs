//! What is personal in the log, and what an erasure leaves of it.

use crate::stage::{PASSWORD, TestApp, environment};
use serde_json::json;
use zelo::{
    audit::{self, Entry, EventType, Filter, Pen},
    conversations,
    crypto::KeyId,
};

/// All bytes of the log's tables, as a thief of the database finds them.
async fn raw(app: &TestApp, tenant: zelo::ids::TenantId) -> Vec<u8> {
    db::read!(app.app.db, "raw", db::Scope::Tenant(tenant.0), |tx| -> db::Result<Vec<u8>> {
        let rows = tx
            .query(
                "select actor_sealed, detail_sealed, action, target_id, request_id, trace_id, ip_digest, actor_digest
                 from audit_entries where tenant_id = $1",
                db::params![tenant],
                |row| {
                    let mut bytes: Vec<u8> = row.get(0)?;
                    bytes.extend(row.get::<Vec<u8>>(1)?);
                    for column in 2..6 {
                        bytes.extend(row.get::<String>(column)?.into_bytes());
                    }
                    bytes.extend(row.get::<Option<Vec<u8>>>(6)?.unwrap_or_default());
                    bytes.extend(row.get::<Vec<u8>>(7)?);
                    Ok(bytes)
                },
            )
            .await?;
        Ok(rows.concat())
    })
    .unwrap()
}

#[tokio::test]
async fn u07_no_name_address_number_secret_or_message_stands_in_the_log_in_clear() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana-canario").await;
    hotel.contact("+55 11 98765-4321").says("canario na gaiola").await;
    app.run_jobs().await;
    ana.reads().await;
    ana.answers("resposta canario").await.ok();
    app.run_jobs().await;
    ana.logs_in().await;

    let bytes = raw(&app, hotel.id).await;
    assert!(!bytes.is_empty());
    for canary in
        ["canario", "Helena", "5511987654321", "98765", "127.0.0.1", PASSWORD, "ana-canario@", "secret-of"]
    {
        let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found, "{canary}");
    }
    // Nor is a message or a secret in what is sealed.
    let opened =
        audit::list_entries(&app.app, hotel.scope().await, &Filter::default(), None, 500).await.unwrap();
    let texts = format!("{opened:?}");
    assert!(texts.contains("ana-canario"));
    for canary in ["gaiola", "resposta", PASSWORD, "secret-of", "token-of", "98765"] {
        assert!(!texts.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn u08_an_erasure_takes_the_words_and_leaves_the_proof() {
    let count: usize = environment("ZELO_AUDIT_ERASURES").map_or(40, |count| count.parse().unwrap());
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    for number in 0..count {
        hotel.contact(&format!("+55 11 9{:08}", 80_000_000 + number)).says("oi").await;
    }
    app.run_jobs().await;
    let mut contacts = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ana.get(&format!("/conversations?limit=200{cursor}")).await.ok();
        for conversation in page["data"].as_array().unwrap() {
            ana.messages(conversation).await;
            contacts.push(conversation["contact"]["id"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(contacts.len(), count);
    let scope = hotel.scope().await;
    let reads = Filter { event_type: Some(EventType::DataAccess), ..Filter::default() };
    let entries = async || audit::list_entries(&app.app, scope, &reads, None, 100_000).await.unwrap();
    assert!(entries().await.iter().all(|entry| !entry.is_erased && entry.details.contains_key("contact_id")));
    assert!(app.verifies().await.is_whole());

    for contact in &contacts {
        let erased =
            app.app.keyring.destroy_contact_keys(hotel.id.0, contact.parse().unwrap()).await.unwrap();
        assert_eq!(erased, 1);
    }
    assert!(app.verifies().await.is_whole(), "an erasure is no tampering");
    let after = entries().await;
    assert_eq!(after.len(), count);
    for entry in &after {
        assert!(entry.is_erased && entry.details.is_empty() && entry.changes.is_empty());
        assert_eq!(entry.actor_name.as_deref(), Some("ana"), "who read stays");
    }

    let user = after[0].actor_id.unwrap();
    app.app.keyring.destroy_user_keys(hotel.id.0, user).await.unwrap();
    assert!(app.verifies().await.is_whole());
    let entry = &entries().await[0];
    assert_eq!((entry.actor_name.as_deref(), entry.ip_address.as_deref()), (None, None));
    assert_eq!(entry.actor_id, Some(user), "that somebody did it stays");
}

#[tokio::test]
async fn an_entry_about_a_contact_opens_with_that_contacts_key_only() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    hotel.contact("+55 11 98765-4321").says("oi").await;
    app.run_jobs().await;
    let scope = hotel.scope().await;
    let listed = hotel.owner().the_conversation().await;
    let id = serde_json::from_value(listed["id"].clone()).unwrap();
    let conversation = conversations::get_conversation(&app.app, hotel.sight().await, id).await.unwrap();
    let key = conversations::contact_key(&app.app, scope, &conversation).await.unwrap();
    let KeyId(name) = key.id();
    let pen = Pen::of(&app.app, hotel.id).await.unwrap().about_contact(key);
    pen.note(Entry::of(EventType::ConfigUpdate, "renamed").changed("name", "Helena", "Heloísa"))
        .await
        .unwrap();

    let filter = Filter { action: Some("renamed".into()), ..Filter::default() };
    let found = audit::list_entries(&app.app, scope, &filter, None, 10).await.unwrap();
    assert_eq!(json!(found[0].changes), json!({"name": {"old": "Helena", "new": "Heloísa"}}));
    let bytes = raw(&app, hotel.id).await;
    assert!(
        bytes.windows(16).any(|window| window == name.as_bytes()),
        "the sealed value names the contact's key"
    );
}
