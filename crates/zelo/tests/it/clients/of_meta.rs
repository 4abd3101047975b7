//! Clients that others wrote against the real Cloud API, which take the simulator for Meta, and what they believe that Meta
//! posts.

use super::run_python;
use crate::{
    program::in_repository,
    stage::{TestApp, environment, http},
};
use serde_json::{Value, json};
use simulator::{Channel, NewContact, Simulator, SimulatorConfig};
use std::{path::Path, sync::Arc};
use tokio::process::Command;
use whatsapp::{client::AccessToken, phone::Phone, signature::AppSecret};
use zelo::clock::Clock;

/// A simulator with one number, a template and two people; its address.
#[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
async fn meta() -> String {
    let clock = Clock::of_the_host();
    let simulator = Simulator::new(SimulatorConfig::new(http(), Arc::new(move || clock.now())));
    simulator.add_channel(Channel {
        phone_number_id: "200300400500601".into(),
        waba_id: "100200300400501".into(),
        phone: Phone::parse("+55 48 3025-1000").unwrap(),
        business_name: "Hotel Mirante da Lagoa".into(),
        access_token: AccessToken::new("example-token"),
        app_secret: AppSecret::new("example-secret"),
        callback_url: None,
        verify_token: "example-verify".into(),
    });
    let body = json!({"type": "BODY", "text": "Olá {{1}}, sua reserva {{2}} está confirmada.",
                      "example": {"body_text": [["Helena", "MR-4821"]]}});
    let buttons =
        json!({"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Falar com a equipe"}]});
    simulator.add_template("100200300400501", "reserva_confirmada", "pt_BR", "UTILITY", vec![body, buttons]);
    for (name, phone) in [("Helena Duarte", "+55 11 98765-4321"), ("Marcos Antunes", "+55 48 99123-4567")] {
        simulator
            .add_contact(NewContact { name: name.into(), phone: Some(phone.into()), ..NewContact::default() })
            .unwrap();
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(simulator::serve(listener, simulator, std::future::pending()));
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pywa_takes_the_simulator_for_meta() {
    let Some(python) = environment("ZELO_TEST_PYTHON") else {
        println!("skipped: ZELO_TEST_PYTHON names no Python with pywa; `./test clients` makes one");
        return;
    };
    let url = meta().await;
    run_python(&python, &["tests/clients/pywa_client.py", &url]).await;
    // What pywa sent and what it was answered, against Meta's own description, which we may not hand on.
    let Some(description) = environment("ZELO_TEST_META_OPENAPI") else {
        println!("skipped in part: ZELO_TEST_META_OPENAPI names no description of Meta's");
        return;
    };
    run_python(&python, &["tests/clients/openapi_check.py", &url, &description]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kapso_takes_the_simulator_for_meta_and_reads_its_webhooks() {
    let Some(modules) = environment("ZELO_TEST_NODE_MODULES") else {
        println!(
            "skipped: ZELO_TEST_NODE_MODULES names no folder with npm's modules; `./test clients` makes one"
        );
        return;
    };
    let url = meta().await;
    let mut command = Command::new("node");
    command.arg(in_repository("tests/clients/kapso_client.cjs")).arg(&url).env("NODE_PATH", modules);
    let output = command.kill_on_drop(true).output().await.unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

/// All objects of a file that have the outer form of Meta's webhooks, however deep they lie.
fn bodies(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(object) if object.contains_key("entry") => found.push(value.clone()),
        Value::Object(object) => object.values().for_each(|inner| bodies(inner, found)),
        Value::Array(list) => list.iter().for_each(|inner| bodies(inner, found)),
        _ => {}
    }
}

fn files_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// The bodies with which the authors of other clients test their own receivers are not ours to hand on: whoever has them
/// names their folder.
#[tokio::test]
async fn what_others_believe_that_meta_posts_is_processed() {
    let Some(folder) = environment("ZELO_TEST_PAYLOADS") else {
        println!("skipped: ZELO_TEST_PAYLOADS names no folder with webhooks in JSON files");
        return;
    };
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let mut taken = 0;
    for file in files_of(Path::new(&folder)) {
        let mut found = Vec::new();
        bodies(&serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap(), &mut found);
        for mut body in found {
            // Theirs is another number of another account; everything else stays as it is.
            for entry in body["entry"].as_array_mut().unwrap() {
                entry["id"] = json!(hotel.number.waba_id);
                for change in entry["changes"].as_array_mut().unwrap() {
                    if let Some(metadata) = change.pointer_mut("/value/metadata") {
                        metadata["phone_number_id"] = json!(hotel.number.phone_number_id);
                    }
                }
            }
            let answer = hotel.receives(&body).await;
            assert_eq!(answer.status, 200, "{}: {body}", file.display());
            app.run_jobs().await;
            let aside = app.quarantine().await;
            assert!(aside.is_empty(), "{}: {body}: {aside:?}", file.display());
            taken += 1;
        }
    }
    assert!(taken > 0, "no webhook in {folder}");
    println!("{taken} bodies of others were processed");
}
