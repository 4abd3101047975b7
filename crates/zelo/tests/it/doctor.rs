//! `zelo doctor`, as an operator runs it when something is wrong.

use crate::stage::TestApp;
use serde_json::Value;
use zelo::channels::{self, Credentials, NewChannel};

/// The exit code, and what was looked at.
async fn doctor(app: &TestApp) -> (i32, Vec<Value>) {
    let output = app.program(&["doctor", "--json"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let value: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let code = output.status.code().unwrap();
    assert_eq!(value["ok"], code == 0, "{value}");
    (code, value["checks"].as_array().unwrap().clone())
}

/// What was said of one number.
fn of_number(checks: &[Value], phone_number_id: &str) -> Vec<Value> {
    let is_its = |check: &&Value| {
        check["name"] == "whatsapp" && check["detail"].as_str().unwrap().contains(phone_number_id)
    };
    checks.iter().filter(is_its).cloned().collect()
}

#[tokio::test]
async fn a_token_that_ended_is_found_by_the_real_program_with_the_command_that_helps() {
    let app = TestApp::new().await;
    let (hotel, shop) = (app.tenant("hotel").await, app.tenant("shop").await);
    let well = doctor(&app).await;
    assert_eq!(well.0, 0, "{:?}", well.1);
    assert_eq!(of_number(&well.1, &hotel.number.phone_number_id)[0]["status"], "ok", "{:?}", well.1);

    app.simulator.expire_token(&hotel.number.phone_number_id, true).unwrap();
    let (code, checks) = doctor(&app).await;

    assert_eq!(code, 1);
    let [told] = of_number(&checks, &hotel.number.phone_number_id).try_into().expect("one line says it");
    assert_eq!(told["status"], "fail");
    let command = format!(
        "zelo channel update --tenant hotel --phone-number-id {} --access-token-stdin",
        hotel.number.phone_number_id
    );
    let cure = told["cure"].as_str().unwrap();
    assert!(cure.contains("permanent token") && cure.contains(&command), "{cure}");
    assert_eq!(of_number(&checks, &shop.number.phone_number_id)[0]["status"], "ok", "the neighbour is well");
}

#[tokio::test]
async fn a_wrong_number_id_or_a_missing_permission_is_not_blamed_on_the_token() {
    let app = TestApp::new().await;
    let (hotel, shop) = (app.tenant("hotel").await, app.tenant("shop").await);
    let mistyped = NewChannel {
        name: "Recepção".into(),
        phone_number_id: "106540350000001".into(),
        waba_id: hotel.number.waba_id.clone(),
        display_phone: String::new(),
        credentials: Credentials {
            access_token: format!("token-of-{}", hotel.number.phone_number_id),
            app_secret: hotel.number.app_secret.clone(),
            verify_token: "word".into(),
        },
    };
    channels::create_channel(&app.app, hotel.scope().await, &mistyped).await.unwrap();
    app.run_jobs().await;
    let scopes = Some(vec!["whatsapp_business_messaging".to_owned()]);
    app.simulator.set_connection(&shop.number.phone_number_id, scopes, None, None).unwrap();

    let (code, checks) = doctor(&app).await;

    assert_eq!(code, 1);
    let [told] = of_number(&checks, &mistyped.phone_number_id).try_into().expect("one thing is wrong");
    let (detail, cure) = (told["detail"].as_str().unwrap(), told["cure"].as_str().unwrap());
    assert!(told["status"] == "fail" && detail.contains("does not show the number"), "{told}");
    assert!(cure.contains("Compare the number's id") && !cure.contains("permanent token"), "{cure}");
    let [told] = of_number(&checks, &shop.number.phone_number_id).try_into().expect("one thing is wrong");
    assert!(told["detail"].as_str().unwrap().contains("lacks whatsapp_business_management"), "{told}");
    assert_eq!(of_number(&checks, &hotel.number.phone_number_id)[0]["status"], "ok");
}
