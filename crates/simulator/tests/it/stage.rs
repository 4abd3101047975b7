//! Loja Aurora with its desk and its customers, on a clock that only the test moves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use simulator::{Channel, ContactId, NewContact, RetrySchedule, Simulator, SimulatorConfig};
use tokio::net::TcpListener;
use whatsapp::client::{AccessToken, Client, OutboundContent, OutboundMessage, Recipient, SendError, Sent};
use whatsapp::phone::Phone;
use whatsapp::signature::AppSecret;

use crate::desk::{Desk, SECRET, VERIFY};

pub(crate) const AURORA: &str = "200300400500601";
pub(crate) const AURORA_ACCOUNT: &str = "100200300400501";
pub(crate) const IPE: &str = "200300400500602";

/// 2026-11-20 12:00:00 UTC.
pub(crate) const NOON: i64 = 1_795_176_000;

pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) desk: Desk,
    pub(crate) address: SocketAddr,
    pub(crate) ana: ContactId,
    pub(crate) carlos: ContactId,
    pub(crate) bia: ContactId,
    pub(crate) clock: Arc<AtomicI64>,
}

#[expect(clippy::disallowed_methods, reason = "a test has no App; its calls go to loopback only")]
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub(crate) fn token() -> AccessToken {
    AccessToken::new("aurora-token")
}

fn channel(id: &str, account: &str, phone: &str, token: &str, callback: Option<String>) -> Channel {
    Channel {
        phone_number_id: id.into(),
        waba_id: account.into(),
        phone: Phone::parse(phone).unwrap(),
        business_name: "Loja Aurora".into(),
        access_token: AccessToken::new(token),
        app_secret: AppSecret::new(SECRET),
        callback_url: callback,
        verify_token: VERIFY.into(),
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with_desk(Desk::default()).await
    }

    pub(crate) async fn with_desk(desk: Desk) -> Self {
        let retries =
            RetrySchedule { first: Duration::from_millis(1), longest: Duration::from_millis(4), attempts: 4 };
        Self::with_retries(desk, retries).await
    }

    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    pub(crate) async fn with_retries(desk: Desk, retries: RetrySchedule) -> Self {
        let clock = Arc::new(AtomicI64::new(NOON * 1_000));
        let ticking = Arc::clone(&clock);
        let mut config = SimulatorConfig::new(http(), Arc::new(move || ticking.load(Ordering::Relaxed)));
        config.seed = Some(1);
        config.sent_after = Duration::ZERO;
        config.delivered_after = Duration::ZERO;
        config.review_after = None;
        config.retries = retries;
        config.inbox_url = Some("http://localhost:8080/".into());
        let simulator = Simulator::new(config);
        let hook = format!("http://{}/hook", desk.open().await);
        simulator.add_channel(channel(AURORA, AURORA_ACCOUNT, "5531984002001", "aurora-token", Some(hook)));
        simulator.add_channel(channel(IPE, "100200300400502", "5511984002002", "ipe-token", None));
        let add = |name: &str, phone: Option<&str>, username: Option<&str>| {
            let (phone, username) = (phone.map(str::to_owned), username.map(str::to_owned));
            simulator
                .add_contact(NewContact { name: name.into(), phone, username, ..NewContact::default() })
                .unwrap()
        };
        let ana = add("Ana Souza", Some("+55 11 99999-0001"), None);
        let carlos = add("Carlos Lima", Some("+55 31 99999-0002"), None);
        let bia = add("Bia Ferraz", None, Some("bia.ferraz"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::task::spawn(simulator::serve(listener, simulator.clone(), std::future::pending()));
        Self { simulator, desk, address, ana, carlos, bia, clock }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(http(), &self.url(""), "v26.0").unwrap()
    }

    /// A person writes, and the desk has heard it.
    pub(crate) async fn hears(&self, contact: ContactId, text: &str) -> String {
        let wamid = self.simulator.say(AURORA, contact, &simulator::Said::text(text)).unwrap();
        self.simulator.idle().await;
        wamid
    }

    pub(crate) async fn send(&self, message: &OutboundMessage) -> Result<Sent, SendError> {
        self.client().send_message(AURORA, &token(), message).await
    }

    pub(crate) async fn send_text(&self, to: &str, text: &str) -> Result<Sent, SendError> {
        self.send(&OutboundMessage::new(Recipient::Phone(to.into()), OutboundContent::text(text))).await
    }

    /// Sends a text and gives the code with which it was refused.
    pub(crate) async fn refusal(&self, to: &str) -> i64 {
        self.send_text(to, "Olá").await.unwrap_err().code().unwrap()
    }
}

pub(crate) const ANA: &str = "5511999990001";
