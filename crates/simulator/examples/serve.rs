//! A simulator with one business number and four people, for independent clients and for looking at the page:
//! `cargo run -p simulator --example serve -- 127.0.0.1:8090 [callback url]`.
//!
//! The token is `example-token`, the app secret `example-secret`, the verify token `example-verify`.

use std::sync::Arc;

use simulator::{Channel, NewContact, Said, Simulator, SimulatorConfig};
use tokio::net::TcpListener;
use whatsapp::client::AccessToken;
use whatsapp::phone::Phone;
use whatsapp::signature::AppSecret;

const NUMBER: &str = "200300400500601";
const ACCOUNT: &str = "100200300400501";

fn person(name: &str, phone: Option<&str>, username: Option<&str>, blocked: bool) -> NewContact {
    let own = |text: &str| text.to_owned();
    NewContact {
        name: name.into(),
        phone: phone.map(own),
        username: username.map(own),
        blocked,
        ..NewContact::default()
    }
}

#[expect(clippy::disallowed_methods, reason = "an example has no App: it owns its clock and its client")]
fn config() -> Result<SimulatorConfig, reqwest::Error> {
    let started = std::time::SystemTime::UNIX_EPOCH;
    let now = move || {
        let elapsed = std::time::SystemTime::now().duration_since(started).unwrap_or_default();
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    };
    Ok(SimulatorConfig::new(reqwest::Client::builder().no_proxy().build()?, Arc::new(now)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8090".into());
    let simulator = Simulator::new(config()?);
    simulator.add_channel(Channel {
        phone_number_id: NUMBER.into(),
        waba_id: ACCOUNT.into(),
        phone: Phone::parse("+55 48 3025-1000")?,
        business_name: "Hotel Mirante da Lagoa".into(),
        access_token: AccessToken::new("example-token"),
        app_secret: AppSecret::new("example-secret"),
        callback_url: arguments.next(),
        verify_token: "example-verify".into(),
    });
    let body = serde_json::json!({"type": "BODY", "text": "Olá {{1}}, sua reserva {{2}} está confirmada.",
                                   "example": {"body_text": [["Helena", "MR-4821"]]}});
    let buttons = serde_json::json!({"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Falar com a equipe"}]});
    simulator.add_template(ACCOUNT, "reserva_confirmada", "pt_BR", "UTILITY", vec![body, buttons]);
    let helena = simulator.add_contact(person("Helena Duarte", Some("+55 11 98765-4321"), None, false))?;
    simulator.add_contact(person("Marcos Antunes", Some("+55 48 99123-4567"), None, false))?;
    simulator.add_contact(person("", None, Some("luiza.viaja"), false))?;
    simulator.add_contact(person("Wanda Pires", Some("+55 21 99876-5432"), None, true))?;
    simulator.say(
        NUMBER,
        helena,
        &Said::text("Oi, bom dia! Tenho reserva de 28/11 a 02/12 e queria chegar um dia antes. Dá?"),
    )?;
    let listener = TcpListener::bind(&address).await?;
    simulator::serve(listener, simulator, std::future::pending()).await?;
    Ok(())
}
