//! Reminders to change credentials.

use super::account::letters_to;
use crate::stage::TestApp;
use serde_json::{Value, json};
use zelo::{clock::DAY, rotation};

/// The mails of the owner that tell of something that is due.
async fn reminders(app: &TestApp, email: &str) -> Vec<String> {
    rotation::remind(&app.app).await.unwrap();
    let letters = letters_to(app, email).await;
    letters.into_iter().filter(|it| it.subject == "Hora de trocar uma chave").map(|it| it.text).collect()
}

fn due(list: &Value) -> Vec<(String, bool)> {
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row["rotation_due"] == json!(true))).collect()
}

#[tokio::test]
async fn an_old_key_and_an_old_token_are_told_of_each_month_until_they_are_changed() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let owner = hotel.owner();
    let new = |name: &str| json!({"name": name, "permissions": ["conversations:read"]});
    let n8n = owner.post("/api-keys", &new("n8n")).await.ok();
    assert_eq!(reminders(&app, &owner.email).await.len(), 0, "all is new");

    app.passes(89 * DAY);
    let ends = json!({"name": "erp", "permissions": ["contacts:read"], "expires_at": "2027-02-25T00:00:00Z"});
    let dona = crate::stage::Agent::known(&app, &owner.email);
    dona.post("/api-keys", &ends).await.ok();
    let told = reminders(&app, &owner.email).await;
    assert_eq!(told.len(), 1, "one ends within two weeks: {told:?}");
    assert!(told[0].contains("erp"), "{told:?}");

    app.passes(2 * DAY);
    let dona = crate::stage::Agent::known(&app, &owner.email);
    let told = reminders(&app, &owner.email).await;
    assert_eq!(told.len(), 3, "the other key and the number are old: {told:?}");
    assert!(told.iter().any(|text| text.contains("n8n") && text.contains("2026-11-20")), "{told:?}");
    assert_eq!(reminders(&app, &owner.email).await.len(), 3, "once");
    assert_eq!(due(&dona.get("/api-keys").await.ok()), [("erp".into(), true), ("n8n".into(), true)]);
    assert!(due(&dona.get("/channels").await.ok())[0].1);
    assert_eq!(
        reminders(&app, &clinic.owner().email).await.len(),
        1,
        "its own number, and nothing of the hotel's"
    );

    // Changed, they are new again; what was left is told of after a month.
    let path = format!("/api-keys/{}/rotate", n8n["id"].as_str().unwrap());
    dona.post(&path, &json!({"overlap_seconds": 0})).await.ok();
    let channel = format!("/channels/{}", hotel.channel);
    dona.patch(&channel, &json!({"access_token": "EAAG-new-token-of-the-number"})).await.ok();
    assert!(!due(&dona.get("/channels").await.ok())[0].1);
    app.passes(6 * DAY);
    assert_eq!(reminders(&app, &owner.email).await.len(), 3);
    app.passes(30 * DAY);
    assert_eq!(reminders(&app, &owner.email).await.len(), 3, "the key that ended is told of no more");
}
