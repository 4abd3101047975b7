//! How much a tenant may have: bytes of files and messages in a month, exact whoever comes at once.

use super::files_below;
use crate::{
    media::pdf,
    program::Installation,
    security::account::platform_owner,
    stage::{Agent, Tenant, TestApp, Web},
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use simulator::NewContact;
use zelo::clock::{DAY, HOUR};

/// What the store has for a tenant, read row by row: each object once.
const KEPT: &str = "select cast(coalesce(sum(size), 0) as $int_type)
    from (select distinct file_id, size from media where tenant_id = $1 and state = 'stored') o";
/// Messages of a tenant that went out or are to.
const OUT: &str = "select count(*) from messages where tenant_id = $1 and direction = 'outbound'";

/// A hotel with Ana, a clinic with Davi, and the platform's owner.
async fn scene() -> (TestApp, [(Tenant, Agent); 2], Agent) {
    let app = TestApp::with_settings(&[("quota.messages_per_month", "1000000")]).await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, davi) = (hotel.agent("ana").await, clinic.agent("davi").await);
    let root = platform_owner(&app).await;
    (app, [(hotel, ana), (clinic, davi)], root)
}

impl Tenant {
    /// What the tenant's own people see of what it uses.
    async fn usage(&self) -> Value {
        self.owner().get("/usage").await.ok()
    }

    async fn bytes(&self) -> u64 {
        self.usage().await["media_bytes"]["used"].as_u64().unwrap()
    }

    async fn messages(&self) -> u64 {
        self.usage().await["messages_per_month"]["used"].as_u64().unwrap()
    }

    /// The platform's owner says how much it may have.
    async fn may_have(&self, root: &Agent, quotas: &Value) -> Value {
        root.patch(&format!("/tenants/{}", self.id), &json!({ "quotas": quotas })).await.ok()
    }

    /// Its files as they lie on disk, small pictures left out.
    fn objects(&self) -> usize {
        let folder = self.app.folder().join("media").join(self.id.0.simple().to_string());
        let files = if folder.exists() { files_below(&folder) } else { Vec::new() };
        files.iter().filter(|path| path.extension().is_none()).count()
    }
}

/// The code of a refusal that names what helps.
fn refused(answer: &crate::stage::Answer) -> &str {
    let (status, code) = answer.problem();
    assert_eq!(status, 403, "{}", answer.text);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("PATCH /tenants/{id} with `quotas."), "{detail}");
    code
}

#[tokio::test]
async fn f02_a_file_over_the_quota_waits_for_room_and_its_message_does_not() {
    let (app, [(hotel, ana), (clinic, davi)], root) = scene().await;
    let helena = hotel.contact("+55 11 98765-4321");
    let (menu, large) = (pdf("cardápio"), pdf(&"planta da casa ".repeat(20)));
    helena.sends_document("cardapio.pdf", "application/pdf", menu.clone()).await;
    app.run_jobs().await;
    assert_eq!(hotel.bytes().await, menu.len() as u64);

    let most = menu.len() + 100;
    let changed = hotel.may_have(&root, &json!({"media_bytes": most})).await;
    assert_eq!(changed["usage"]["media_bytes"], json!({"used": menu.len(), "limit": most}));
    app.passes(1000);
    helena.sends_document("planta.pdf", "application/pdf", large.clone()).await;
    app.run_jobs().await;
    let message = ana.newest().await;
    assert_eq!((&message["direction"], &message["type"]), (&json!("inbound"), &json!("document")));
    let file = &message["media"];
    assert_eq!((&file["state"], &file["reason"]), (&json!("refused"), &json!("over_quota")));
    assert_eq!((&file["size"], &file["url"]), (&json!(large.len()), &Value::Null));
    assert_eq!((hotel.bytes().await, hotel.objects()), (menu.len() as u64, 1));
    let path = format!("/conversations/{}", ana.the_conversation().await["id"].as_str().unwrap());
    let browser = ana.browser().await;
    assert!(browser.page(&path, "pt-BR").await.contains("sem espaço: a cota de arquivos está cheia"));
    assert!(browser.page(&path, "en").await.contains("no room: the quota for files is full"));
    // What is written still comes, and the neighbour has room.
    helena.says("recebeu a planta?").await;
    clinic.contact("+55 21 98765-4321").sends_document("planta.pdf", "application/pdf", large.clone()).await;
    app.run_jobs().await;
    assert_eq!(ana.newest().await["text"], "recebeu a planta?");
    assert_eq!(davi.newest_file().await["state"], "stored");
    assert_eq!(clinic.bytes().await, large.len() as u64);

    // Looking after the house does not bring it as long as there is no room; more room does.
    zelo::media::sweep(&app.app).await.unwrap();
    app.run_jobs().await;
    let file_of =
        async |place: usize| ana.messages(&ana.the_conversation().await).await[place]["media"].clone();
    assert_eq!(file_of(1).await["reason"], "over_quota");
    hotel.may_have(&root, &json!({"media_bytes": 1_000_000})).await;
    app.run_jobs().await;
    let file = file_of(1).await;
    assert_eq!((&file["state"], &file["reason"]), (&json!("stored"), &Value::Null));
    assert_eq!(ana.opens(&file["url"], &[]).await.1, large);
    assert_eq!(hotel.bytes().await, (menu.len() + large.len()) as u64);
    assert_eq!(hotel.bytes().await, app.count(Some(hotel.id.0), KEPT).await as u64);
}

#[tokio::test]
async fn f02_a_file_that_never_got_room_is_expired_when_meta_forgets_it() {
    let (app, [(hotel, ana), _], root) = scene().await;
    hotel.may_have(&root, &json!({"media_bytes": 10})).await;
    hotel.contact("+55 11 98765-4321").sends_document("nota.pdf", "application/pdf", pdf("nota")).await;
    app.run_jobs().await;
    app.passes(7 * DAY - HOUR);
    zelo::media::sweep(&app.app).await.unwrap();
    app.run_jobs().await;
    assert_eq!(ana.newest_file().await["reason"], "over_quota");
    app.passes(2 * HOUR);
    zelo::media::sweep(&app.app).await.unwrap();
    app.run_jobs().await;
    assert_eq!(ana.newest_file().await["state"], "expired");
    assert_eq!((hotel.bytes().await, hotel.objects()), (0, 0));
}

#[tokio::test]
async fn f02_an_upload_without_room_is_refused_before_its_bytes_come() {
    let (app, [(hotel, ana), (clinic, davi)], root) = scene().await;
    for (tenant, phone) in [(&hotel, "+55 11 98765-4321"), (&clinic, "+55 21 98765-4321")] {
        tenant.contact(phone).says("manda o contrato").await;
    }
    app.run_jobs().await;
    hotel.may_have(&root, &json!({"media_bytes": 1_000_000})).await;
    let conversation = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let url = format!("{}/api/v1/conversations/{conversation}/media?filename=contrato.pdf", app.web.url);
    let upload = async |body: reqwest::Body, size: Option<u64>| {
        let request = app.web.request(Method::POST, &url).bearer_auth(ana.token().await);
        let request = request.header("content-type", "application/pdf").body(body);
        let request = match size {
            Some(size) => request.header("content-length", size),
            None => request,
        };
        request.send().await
    };
    // Fifty megabytes are announced, and not one byte of them is sent: the answer waits for none.
    let silent = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
    let answer = upload(reqwest::Body::wrap_stream(silent), Some(50_000_000)).await.unwrap();
    assert_eq!(refused(&crate::stage::Answer::of(answer).await), "media_quota_exceeded");
    // Ten gigabytes that nobody announced are cut off.
    let endless = futures_util::stream::iter(
        std::iter::repeat_n(bytes::Bytes::from_static(&[b'x'; 65_536]), 163_840).map(Ok::<_, std::io::Error>),
    );
    if let Ok(answer) = upload(reqwest::Body::wrap_stream(endless), None).await {
        // The connection may break before the answer is read.
        assert_eq!(answer.status().as_u16(), 403);
    }
    // A small file that fits is taken, and the next one that does not is refused, though it is smaller than the quota.
    let half = [pdf("metade"), vec![b' '; 600_000], b"%%EOF".to_vec()].concat();
    let other = [pdf("outra"), vec![b' '; 600_000], b"%%EOF".to_vec()].concat();
    assert_eq!(ana.uploads("?filename=a.pdf", "application/pdf", half.clone()).await.status, 201);
    let answer = ana.uploads("?filename=b.pdf", "application/pdf", other.clone()).await;
    assert_eq!(refused(&answer), "media_quota_exceeded");
    assert_eq!((hotel.bytes().await, hotel.objects()), (half.len() as u64, 1));
    assert_eq!(files_below(&app.folder().join("media").join("spool")), Vec::<std::path::PathBuf>::new());
    assert_eq!(app.count(Some(hotel.id.0), KEPT).await, half.len() as i64);
    assert_eq!(davi.uploads("?filename=b.pdf", "application/pdf", other).await.status, 201);
}

#[tokio::test]
async fn f02_a_months_messages_are_counted_and_the_next_one_is_refused_with_what_helps() {
    let (app, [(hotel, ana), (clinic, davi)], root) = scene().await;
    let helena = hotel.contact("+55 11 98765-4321");
    let neighbour = clinic.contact("+55 21 98765-4321");
    // What is counted before anybody asks is not kept.
    app.web.get("", "/metrics").await;
    let november = hotel.usage().await["month"].clone();
    for person in [&helena, &neighbour] {
        person.says("oi").await;
    }
    app.run_jobs().await;
    hotel.may_have(&root, &json!({"messages_per_month": 2})).await;
    assert_eq!(ana.answers("Bom dia!").await.status, 202);
    let conversation = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let path = format!("/conversations/{conversation}/messages");
    let url = format!("{}/api/v1{path}", app.web.url);
    let keyed = async || {
        let request = app.web.request(Method::POST, &url).bearer_auth(ana.token().await);
        let request =
            request.header("idempotency-key", "k1").json(&json!({"type": "text", "text": "Tudo bem?"}));
        app.web.answer(request).await
    };
    let second = keyed().await.ok();
    assert_eq!(refused(&ana.answers("E aí?").await), "message_quota_exceeded");
    assert_eq!(keyed().await.ok()["id"], second["id"], "what was accepted keeps its answer");
    // Programs are refused too, and nobody is written into the book by it.
    let phone = "+55 48 99876-5432";
    let body = json!({"type": "BODY", "text": "Seu pedido saiu."});
    app.simulator.add_template(&hotel.number.waba_id, "pedido", "pt_BR", "UTILITY", vec![body]);
    hotel.owner().post("/message-templates/sync", &json!({})).await.ok();
    app.run_jobs().await;
    let template = json!({"name": "pedido", "language": {"code": "pt_BR"}});
    let send = json!({"to": phone, "type": "template", "template": template});
    assert_eq!(refused(&ana.post("/whatsapp/send", &send).await), "message_quota_exceeded");
    assert_eq!(ana.get("/contacts").await.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(ana.conversations().await.len(), 1);
    let refusal = ana.browser().await.submit(&path, &[("text", "Pela página")]).await;
    assert!(refusal.text.contains("the messages of this month are used up"), "{}", refusal.text);
    assert_eq!(refusal.status, 403);
    app.run_jobs().await;
    assert_eq!(app.count(Some(hotel.id.0), OUT).await, 2);
    assert_eq!(helena.has_received(), ["Bom dia!", "Tudo bem?"]);
    assert_eq!((hotel.messages().await, clinic.messages().await), (2, 0));
    for text in ["Um", "Dois", "Três"] {
        assert_eq!(davi.answers(text).await.status, 202, "the neighbour's month is their own");
    }
    let metrics = app.web.get("", "/metrics").await.text;
    for metric in [
        "zelo_quota_refusals_total{quota=\"messages_per_month\"} ",
        "zelo_quota_used{quota=\"messages_per_month\"} ",
        "zelo_quota_tenants_near{quota=\"media_bytes\"} ",
    ] {
        assert!(metrics.contains(metric), "{metric}");
    }

    // What is written to the tenant still comes, and the first of the month opens the door.
    app.passes(31 * DAY);
    helena.says("e agora?").await;
    app.run_jobs().await;
    assert_eq!(hotel.messages().await, 0);
    assert_ne!(hotel.usage().await["month"], november);
    assert_eq!(ana.answers("Agora sim").await.status, 202);
    // No limit at all: 0. And what the settings say, a million, when nothing is said: null.
    let free = hotel.may_have(&root, &json!({"messages_per_month": 0})).await;
    assert_eq!(free["usage"]["messages_per_month"], json!({"used": 1, "limit": null}));
    let usual = hotel.may_have(&root, &json!({"messages_per_month": null})).await;
    assert_eq!(usual["usage"]["messages_per_month"], json!({"used": 1, "limit": 1_000_000}));
    app.run_jobs().await;
}

#[tokio::test]
async fn f02_only_the_platforms_owner_sets_a_quota_and_the_log_says_what_it_was_before() {
    let (_app, [(hotel, ana), (clinic, _)], root) = scene().await;
    let path = format!("/tenants/{}", hotel.id);
    assert_eq!(ana.get("/usage").await.status, 403);
    assert_eq!(hotel.owner().patch(&path, &json!({"quotas": {"media_bytes": 0}})).await.status, 403);
    assert_eq!(hotel.owner().get(&path).await.status, 403);
    let free = root.get(&path).await.ok();
    assert_eq!(free["quotas"], json!({"media_bytes": null, "messages_per_month": null}));
    hotel.may_have(&root, &json!({"media_bytes": 500})).await;
    let set = hotel.may_have(&root, &json!({"messages_per_month": 7})).await;
    assert_eq!(set["quotas"], json!({"media_bytes": 500, "messages_per_month": 7}), "what is not said stays");
    assert_eq!(root.get(&path).await.ok()["usage"], hotel.usage().await);
    hotel.may_have(&root, &json!({"media_bytes": null, "messages_per_month": 9})).await;
    let log = hotel.owner().get("/audit-logs?action=tenant_changed").await.ok();
    assert_eq!(
        log["data"][0]["changes"],
        json!({"quotas.media_bytes": {"old": 500, "new": null}, "quotas.messages_per_month": {"old": 7, "new": 9}})
    );
    assert_eq!(
        clinic.usage().await["messages_per_month"]["limit"],
        1_000_000,
        "a neighbour's limit is theirs"
    );
    for wrong in [json!(-1), json!(1.5), json!("1"), json!(1_u64 << 53)] {
        let answer = root.patch(&path, &json!({"quotas": {"media_bytes": wrong}})).await;
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.text);
        assert_eq!(answer.body["errors"][0]["field"], "quotas.media_bytes");
    }
    let by_position = root.patch(&path, &json!({"quotas": [1, 1]})).await;
    assert_eq!((by_position.status, &by_position.body["errors"][0]["field"]), (422, &json!("quotas")));
}

/// Sixteen at once, by two processes, where few have room: exactly these get through, and exactly these are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f02_two_processes_at_once_never_both_take_the_last_share() {
    const ROOM: usize = 5;
    let (app, [(hotel, ana), (clinic, _)], root) = scene().await;
    hotel.contact("+55 11 98765-4321").says("oi").await;
    app.run_jobs().await;
    // As long as each other, and each another content.
    let document = |number: usize| pdf(&format!("contrato {number:02}"));
    let size = document(0).len();
    hotel.may_have(&root, &json!({"messages_per_month": ROOM, "media_bytes": ROOM * size + size / 2})).await;
    let processes = [Web::new(app.web.url.clone()), app.another_process(&[]).await];
    let (token, conversation) =
        (ana.token().await, ana.the_conversation().await["id"].as_str().unwrap().to_owned());
    let send = async |number: usize| {
        let body = json!({"type": "text", "text": format!("resposta {number}")});
        let path = format!("/api/v1/conversations/{conversation}/messages");
        processes[number % 2].call(Method::POST, Some(&token), &path, Some(&body)).await.status
    };
    let upload = async |number: usize| {
        let web = &processes[number % 2];
        let url = format!("{}/api/v1/conversations/{conversation}/media?filename=c.pdf", web.url);
        let request = web.request(Method::POST, &url).bearer_auth(&token);
        web.answer(request.header("content-type", "application/pdf").body(document(number))).await.status
    };
    let (sent, uploaded) = tokio::join!(join_all((0..16).map(send)), join_all((0..16).map(upload)));
    let tally = |statuses: &[u16], status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((tally(&sent, 202), tally(&sent, 403)), (ROOM, 16 - ROOM), "{sent:?}");
    assert_eq!((tally(&uploaded, 201), tally(&uploaded, 403)), (ROOM, 16 - ROOM), "{uploaded:?}");
    app.run_jobs().await;
    assert_eq!(app.count(Some(hotel.id.0), OUT).await, ROOM as i64);
    assert_eq!(hotel.messages().await, ROOM as u64);
    assert_eq!(app.count(Some(hotel.id.0), KEPT).await, (ROOM * size) as i64);
    assert_eq!(
        (hotel.bytes().await, hotel.objects()),
        ((ROOM * size) as u64, ROOM),
        "nothing lies about unnamed"
    );
    assert_eq!((clinic.bytes().await, clinic.messages().await), (0, 0));
}

/// Files come, come again, are uploaded, sent, forgotten and swept; after each turn the count is what the rows say.
#[tokio::test]
async fn f02_what_is_counted_is_what_is_kept_whatever_happens() {
    let (app, [(hotel, ana), (clinic, _)], root) = scene().await;
    let (helena, bia) = (hotel.contact("+55 11 98765-4321"), clinic.contact("+55 21 98765-4321"));
    let other = hotel.person(NewContact { username: Some("caio".into()), ..NewContact::default() });
    helena.says("oi").await;
    app.run_jobs().await;
    let conversation = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let content = |number: usize| pdf(&"tabela ".repeat(1 + number % 4));
    hotel.may_have(&root, &json!({"media_bytes": 2 * content(3).len()})).await;
    let (mut refusals, mut shared) = (0, 0);
    for turn in 0..36 {
        app.passes(HOUR);
        match turn % 6 {
            0 => drop(helena.sends_document("t.pdf", "application/pdf", content(turn / 6)).await),
            1 => drop(other.sends_document("t.pdf", "application/pdf", content(turn / 3)).await),
            2 => drop(bia.sends_document("t.pdf", "application/pdf", content(turn)).await),
            3 | 4 => {
                let url = format!("{}/api/v1/conversations/{conversation}/media?filename=t.pdf", app.web.url);
                let request = app.web.request(Method::POST, &url).bearer_auth(ana.token().await);
                let request = request.header("content-type", "application/pdf").body(content(turn / 2));
                let file = app.web.answer(request).await;
                if file.status == 201 && turn % 12 == 3 {
                    helena.says("manda").await;
                    app.run_jobs().await;
                    let document = json!({"type": "document", "document": {"id": file.body["id"]}});
                    ana.post(&format!("/conversations/{conversation}/messages"), &document).await.ok();
                }
                refusals += usize::from(file.status == 403);
            }
            _ => {
                // A day and more: what was uploaded and not sent goes.
                app.passes(DAY + HOUR);
                zelo::media::sweep(&app.app).await.unwrap();
            }
        }
        app.run_jobs().await;
        for tenant in [&hotel, &clinic] {
            let kept = app.count(Some(tenant.id.0), KEPT).await;
            assert_eq!(tenant.bytes().await, kept as u64, "turn {turn}");
            let objects =
                "select count(distinct file_id) from media where tenant_id = $1 and state = 'stored'";
            assert_eq!(tenant.objects() as i64, app.count(Some(tenant.id.0), objects).await, "turn {turn}");
        }
        let files =
            "select count(*) - count(distinct file_id) from media where tenant_id = $1 and state = 'stored'";
        shared += app.count(Some(hotel.id.0), files).await;
    }
    assert!(refusals > 0 && shared > 0, "{refusals} uploads refused, {shared} files shared");
    let waiting = "select count(*) from media where tenant_id = $1 and reason = 'over_quota'";
    println!(
        "f02: {refusals} uploads refused, {} files wait for room",
        app.count(Some(hotel.id.0), waiting).await
    );
}

#[tokio::test]
async fn f02_a_quota_is_set_and_shown_without_a_browser() {
    let installation = Installation::new().await;
    installation.run(&["tenant", "create", "--name", "Loja Aurora", "--slug", "aurora", "--json"], "").await;
    let quota = async |more: &[&str]| {
        let arguments = [&["tenant", "quota", "--slug", "aurora", "--json"], more].concat();
        installation.run(&arguments, "").await
    };
    let set = quota(&["--media-bytes", "5000", "--messages-per-month", "0"]).await;
    assert_eq!(set["usage"]["media_bytes"], json!({"used": 0, "limit": 5000}));
    assert_eq!(set["usage"]["messages_per_month"], json!({"used": 0, "limit": null}));
    assert_eq!(quota(&[]).await, set);
    assert_eq!(quota(&["--media-bytes", "default"]).await["quotas"]["media_bytes"], Value::Null);
}
