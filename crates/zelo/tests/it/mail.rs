//! Mail leaves by SMTP, and is tried again when the server cannot take it at the moment.

use crate::stage::TestApp;
use serde_json::json;
use std::sync::Arc;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};
use zelo::clock::HOUR;

/// A mail server that refuses the first `busy` recipients for the moment and takes all others.
#[derive(Clone, Default)]
pub(crate) struct Server {
    pub(crate) taken: Arc<Mutex<Vec<String>>>,
    busy: Arc<Mutex<usize>>,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    pub(crate) async fn start(busy: usize) -> (Self, String) {
        let server = Self { busy: Arc::new(Mutex::new(busy)), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("smtp://{}", listener.local_addr().unwrap());
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serving.clone().speak(socket));
            }
        });
        (server, address)
    }

    /// As much of RFC 5321 as a client needs to send one mail after the other.
    async fn speak(self, socket: TcpStream) {
        let (input, mut output) = socket.into_split();
        let mut lines = BufReader::new(input).lines();
        let mut say = async |line: &str| output.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        say("220 mail.example.com").await;
        let mut mail = String::new();
        let mut is_data = false;
        while let Ok(Some(line)) = lines.next_line().await {
            if is_data {
                if line == "." {
                    is_data = false;
                    self.taken.lock().await.push(std::mem::take(&mut mail));
                    say("250 taken").await;
                } else {
                    mail.push_str(&line);
                    mail.push('\n');
                }
                continue;
            }
            let verb = line.split_whitespace().next().unwrap_or_default().to_uppercase();
            match verb.as_str() {
                "RCPT" if *self.busy.lock().await > 0 => {
                    *self.busy.lock().await -= 1;
                    say("451 try again later").await;
                }
                "DATA" => {
                    is_data = true;
                    say("354 go on").await;
                }
                "QUIT" => return say("221 bye").await,
                _ => say("250 ok").await,
            }
        }
    }
}

#[tokio::test]
async fn a_mail_is_tried_again_until_the_server_takes_it_and_sent_once() {
    let (server, address) = Server::start(1).await;
    let settings = [("mail.smtp_url", address.as_str()), ("mail.from", "Zelo <desk@example.com>")];
    let app = TestApp::with_settings(&settings).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let forgot = json!({"email": ana.email});
    app.web.call(reqwest::Method::POST, None, "/api/v1/auth/password/forgot", Some(&forgot)).await;

    app.run_jobs().await;
    assert!(server.taken.lock().await.is_empty(), "it was refused for the moment");
    app.passes(HOUR);
    app.run_jobs().await;
    app.run_jobs().await;

    let taken = server.taken.lock().await.clone();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert!(taken[0].contains("To: ana@hotel.example.com"), "{}", taken[0]);
    assert!(
        taken[0].contains("From: Zelo <desk@example.com>") || taken[0].contains("From: \"Zelo\""),
        "{}",
        taken[0]
    );
    assert!(taken[0].contains("Escolha uma nova senha"), "{}", taken[0]);
    let sent = "select count(*) from mails where tenant_id = $1 and state = 'sent'";
    assert_eq!(app.count(Some(hotel.id.0), sent).await, 1);
}

/// What was sent is not kept: it may hold a link that opens an account.
#[tokio::test]
async fn in_production_the_words_of_a_mail_go_when_it_was_sent() {
    let (server, address) = Server::start(0).await;
    let settings = [
        ("environment", "production"),
        ("whatsapp.graph_base_url", "https://graph.facebook.com"),
        ("mail.smtp_url", address.as_str()),
    ];
    let app = TestApp::with_settings(&settings).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let forgot = json!({"email": ana.email});
    app.web.call(reqwest::Method::POST, None, "/api/v1/auth/password/forgot", Some(&forgot)).await;
    app.run_jobs().await;

    assert_eq!(server.taken.lock().await.len(), 1);
    let kept = "select count(*) from mails where tenant_id = $1 and content_sealed is not null";
    assert_eq!(app.count(Some(hotel.id.0), kept).await, 0);
    assert!(zelo::mail::list_mailbox(&app.app).await.is_err(), "there is no mailbox to look into");
}
