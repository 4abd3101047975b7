//! Tenants, their agents, and the people who write to them.

use super::{Answer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::{Channel, ContactId, NewContact, Said};
use std::sync::Arc;
use tokio::sync::Mutex;
use whatsapp::{client::AccessToken, phone::Phone, signature::AppSecret};
use zelo::{
    channels::{self, Credentials, NewChannel},
    clock::{MINUTE, Millis},
    identity::{self, AgentScope, Caller, Client, Entrance, Kind, NewUser, Role},
    ids::{ChannelId, TenantId},
    rights::Sight,
    tenants::{self, NewTenant, TenantScope},
};
use zeroize::Zeroizing;

pub(crate) const PASSWORD: &str = "lagoa-calma-em-maio";

/// A number as Meta gave it to a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) phone_number_id: String,
    pub(crate) waba_id: String,
    pub(crate) phone: &'static str,
    pub(crate) app_secret: String,
}

impl Number {
    /// Number `n` of a test, in São Paulo, where Meta keeps the ninth digit.
    pub(crate) fn nth(n: u64) -> Self {
        Self {
            phone_number_id: format!("3003004005{n:05}"),
            waba_id: format!("1001002003{n:05}"),
            phone: "+55 11 94002-0001",
            app_secret: format!("secret-of-number-{n}"),
        }
    }

    fn access_token(&self) -> String {
        format!("token-of-{}", self.phone_number_id)
    }

    fn verify_token(&self) -> String {
        format!("verify-{}", self.phone_number_id)
    }
}

/// An organisation with one connected number.
#[derive(Clone)]
pub(crate) struct Tenant {
    pub(crate) app: TestApp,
    pub(crate) slug: String,
    pub(crate) id: TenantId,
    pub(crate) number: Number,
    pub(crate) channel: ChannelId,
    owner: Agent,
}

impl Tenant {
    pub(super) async fn create(app: &TestApp, slug: &str) -> Self {
        let number = Number::nth(app.next_number());
        let mut tenant = Self::without_number(app, slug, number).await;
        tenant.connect().await;
        tenant
    }

    /// An organisation whose number is not connected yet.
    pub(crate) async fn without_number(app: &TestApp, slug: &str, number: Number) -> Self {
        let new = NewTenant { name: slug.to_owned(), slug: slug.to_owned(), tax_id: None };
        let tenant = tenants::create_tenant(&app.app, &new).await.unwrap();
        let owner = Agent::hire(app, tenant.id, slug, "dona", Role::Owner).await;
        let channel = ChannelId(uuid::Uuid::nil());
        Self { app: app.clone(), slug: slug.to_owned(), id: tenant.id, number, channel, owner }
    }

    /// Connect the number here and at Meta.
    pub(crate) async fn connect(&mut self) {
        let new = NewChannel {
            name: self.slug.clone(),
            phone_number_id: self.number.phone_number_id.clone(),
            waba_id: self.number.waba_id.clone(),
            display_phone: self.number.phone.to_owned(),
            credentials: Credentials {
                access_token: self.number.access_token(),
                app_secret: self.number.app_secret.clone(),
                verify_token: self.number.verify_token(),
            },
        };
        let scope = self.scope().await;
        self.channel = channels::create_channel(&self.app.app, scope, &new).await.unwrap().id;
        self.app.simulator.add_channel(Channel {
            phone_number_id: self.number.phone_number_id.clone(),
            waba_id: self.number.waba_id.clone(),
            phone: Phone::parse(self.number.phone).unwrap(),
            business_name: self.slug.clone(),
            access_token: AccessToken::new(self.number.access_token()),
            app_secret: AppSecret::new(&self.number.app_secret),
            callback_url: Some(format!("{}/webhooks/whatsapp", self.app.web.url)),
            verify_token: self.number.verify_token(),
        });
        // Nobody answers for the real Meta here: what follows waits for ever.
        if self.app.app.config.whatsapp.graph_base_url.starts_with("https://") {
            self.app.may_leave_work();
        }
        // What follows a connection, before the scene begins.
        zelo::tasks::workers(&self.app.app).run_until_idle().await.unwrap();
    }

    pub(crate) async fn agent(&self, name: &str) -> Agent {
        Agent::hire(&self.app, self.id, &self.slug, name, Role::Agent).await
    }

    /// Somebody with a role.
    pub(crate) async fn staff(&self, name: &str, role: Role) -> Agent {
        Agent::hire(&self.app, self.id, &self.slug, name, role).await
    }

    /// The one who connected the number.
    pub(crate) fn owner(&self) -> &Agent {
        &self.owner
    }

    /// Somebody who looks on.
    pub(crate) async fn viewer(&self, name: &str) -> Agent {
        Agent::hire(&self.app, self.id, &self.slug, name, Role::Viewer).await
    }

    /// A person with a phone, who gets to know of this tenant.
    pub(crate) fn contact(&self, phone: &str) -> Person {
        self.person(NewContact {
            name: "Helena Duarte".into(),
            phone: Some(phone.into()),
            ..NewContact::default()
        })
    }

    /// A person of whom Meta tells a username and no number.
    pub(crate) fn contact_without_phone(&self, username: &str) -> Person {
        self.person(NewContact { username: Some(username.into()), ..NewContact::default() })
    }

    pub(crate) fn person(&self, new: NewContact) -> Person {
        let id = self.app.simulator.add_contact(new).unwrap();
        Person { tenant: self.clone(), id }
    }

    /// The scope that the owner's credentials give.
    pub(crate) async fn scope(&self) -> TenantScope {
        let token = self.owner.token().await;
        Caller::by_token(&self.app.app, &token).await.unwrap().tenant_scope().unwrap()
    }

    /// What the owner sees: everything.
    pub(crate) async fn sight(&self) -> Sight {
        let token = self.owner.token().await;
        let caller = Caller::by_token(&self.app.app, &token).await.unwrap();
        AgentScope::try_from(caller).unwrap().sight()
    }

    /// Post a webhook body as Meta would for this number.
    pub(crate) async fn receives(&self, body: &Value) -> Answer {
        self.app.web.post_signed(&self.number.app_secret, wire(body)).await
    }

    /// A webhook body with one change of the field `messages`.
    pub(crate) fn body(&self, value: &Value) -> Value {
        let metadata =
            json!({"display_phone_number": "5511940020001", "phone_number_id": self.number.phone_number_id});
        let mut whole = json!({"messaging_product": "whatsapp", "metadata": metadata});
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        let change = json!({"value": whole, "field": "messages"});
        json!({"object": "whatsapp_business_account", "entry": [{"id": self.number.waba_id, "changes": [change]}]})
    }

    /// A body with one status.
    pub(crate) fn status(&self, wamid: &str, word: &str) -> Value {
        let at = (self.app.clock.now() / 1000).to_string();
        self.body(&json!({"statuses": [{"id": wamid, "status": word, "timestamp": at, "recipient_id": "5511987654321"}]}))
    }
}

/// JSON as Meta writes it: every character above U+007F as `\u` and four lower-case hexadecimal digits.
pub(crate) fn wire(body: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    for unit in body.to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => bytes.push(byte),
            _ => bytes.extend(format!("\\u{unit:04x}").into_bytes()),
        }
    }
    bytes
}

/// One of a tenant's staff, who works through the API.
#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) app: TestApp,
    pub(crate) email: String,
    token: Arc<Mutex<Option<(Millis, String)>>>,
}

impl Agent {
    async fn hire(app: &TestApp, tenant: TenantId, slug: &str, name: &str, role: Role) -> Self {
        let email = format!("{name}@{slug}.example.com");
        let password = Zeroizing::new(PASSWORD.to_owned());
        let new = NewUser { name: name.to_owned(), email: email.clone(), role, password };
        identity::create_user(&app.app, tenant, &new).await.unwrap();
        Self::known(app, &email)
    }

    /// Somebody who was hired elsewhere, with everybody's password.
    pub(crate) fn known(app: &TestApp, email: &str) -> Self {
        Self { app: app.clone(), email: email.to_owned(), token: Arc::default() }
    }

    /// A token that is valid now.
    pub(crate) async fn token(&self) -> String {
        let now = self.app.clock.now();
        let mut token = self.token.lock().await;
        if let Some((at, token)) = &*token
            && now - at < 5 * MINUTE
        {
            return token.clone();
        }
        let password = Zeroizing::new(PASSWORD.to_owned());
        let client = Client::default();
        let entrance = identity::log_in(&self.app.app, Kind::Token, &self.email, password, &client).await;
        let Ok(Entrance::In(entered)) = entrance else { panic!("{} cannot log in", self.email) };
        let tokens = entered.tokens(&self.app.app).unwrap();
        *token = Some((now, tokens.access_token.clone()));
        tokens.access_token
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let token = self.token().await;
        self.app.web.get(&token, &format!("/api/v1{path}")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        let token = self.token().await;
        self.app.web.call(Method::DELETE, Some(&token), &format!("/api/v1{path}"), None).await
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.token().await;
        self.app.web.call(method, Some(&token), &format!("/api/v1{path}"), Some(body)).await
    }

    /// The same person at the pages.
    pub(crate) async fn browser(&self) -> Browser {
        let password = Zeroizing::new(PASSWORD.to_owned());
        let client = Client::default();
        let entrance = identity::log_in(&self.app.app, Kind::Cookie, &self.email, password, &client).await;
        let Ok(Entrance::In(entered)) = entrance else { panic!("{} cannot log in", self.email) };
        Browser { app: self.app.clone(), cookie: entered.cookie() }
    }

    /// The list of conversations, as the API gives it.
    pub(crate) async fn conversations(&self) -> Vec<Value> {
        let page = self.get("/conversations?limit=200").await.ok();
        assert_eq!(page["next_cursor"], Value::Null, "more conversations than one page shows");
        page["data"].as_array().unwrap().clone()
    }

    /// What the list shows of each conversation: its last message.
    pub(crate) async fn sees_conversations(&self) -> Vec<String> {
        let shown = self.conversations().await;
        shown.iter().map(|it| it["last_message_preview"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The only conversation that there is.
    pub(crate) async fn the_conversation(&self) -> Value {
        let conversations = self.conversations().await;
        let [conversation] = conversations.as_slice() else {
            panic!("{} conversations", conversations.len())
        };
        conversation.clone()
    }

    /// The messages of a conversation, oldest first.
    pub(crate) async fn messages(&self, conversation: &Value) -> Vec<Value> {
        let id = conversation["id"].as_str().unwrap();
        let mut cursor = String::new();
        let mut all = Vec::new();
        loop {
            let page = self.get(&format!("/conversations/{id}/messages?limit=200{cursor}")).await.ok();
            all.splice(0..0, page["data"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    /// The texts of the only conversation, oldest first.
    pub(crate) async fn reads(&self) -> Vec<String> {
        let messages = self.messages(&self.the_conversation().await).await;
        messages.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Write into the only conversation.
    pub(crate) async fn answers(&self, text: &str) -> Answer {
        let conversation = self.the_conversation().await;
        let id = conversation["id"].as_str().unwrap();
        self.post(&format!("/conversations/{id}/messages"), &json!({"type": "text", "text": text})).await
    }

    /// The newest message of the only conversation.
    pub(crate) async fn newest(&self) -> Value {
        self.messages(&self.the_conversation().await).await.pop().unwrap()
    }
}

/// One of a tenant's staff, who looks at the pages.
pub(crate) struct Browser {
    app: TestApp,
    cookie: String,
}

impl Browser {
    /// A page in a language, `pt-BR` or `en`.
    pub(crate) async fn page(&self, path: &str, lang: &str) -> String {
        let request = self.app.web.request(Method::GET, &format!("{}{path}", self.app.web.url));
        let request = request.header("cookie", format!("zelo_session={}; lang={lang}", self.cookie));
        let answer = self.app.web.answer(request).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    }

    /// Send a form of a page, and see what it leads to.
    pub(crate) async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.app.web.request(Method::POST, &format!("{}{path}", self.app.web.url));
        let request = request.header("cookie", format!("zelo_session={}; lang=en", self.cookie));
        let typed = reqwest::Url::parse_with_params("http://form.example/", form).unwrap();
        let body = typed.query().unwrap_or_default().to_owned();
        let request = request.header("origin", &self.app.web.url);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        self.app.web.answer(request).await
    }
}

/// Somebody with a phone, and their chat with one tenant.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) tenant: Tenant,
    pub(crate) id: ContactId,
}

impl Person {
    /// Write; returns Meta's id of the message once the webhook was answered.
    pub(crate) async fn says(&self, text: &str) -> String {
        self.sends(&Said::text(text)).await
    }

    pub(crate) async fn sends(&self, said: &Said) -> String {
        let simulator = &self.tenant.app.simulator;
        let wamid = simulator.say(&self.tenant.number.phone_number_id, self.id, said).unwrap();
        simulator.idle().await;
        wamid
    }

    /// Put a file on the phone; returns its id, as messages name it.
    pub(crate) fn has_file(&self, mime_type: &str, content: impl Into<Vec<u8>>) -> String {
        let (number, content) = (&self.tenant.number.phone_number_id, content.into());
        self.tenant.app.simulator.add_file(number, mime_type, content).unwrap()
    }

    /// Send a photo.
    pub(crate) async fn sends_photo(&self, mime_type: &str, content: impl Into<Vec<u8>>) -> String {
        let file = self.has_file(mime_type, content);
        self.sends(&Said::Image { file, caption: None }).await
    }

    /// Send a document.
    pub(crate) async fn sends_document(
        &self,
        name: &str,
        mime_type: &str,
        content: impl Into<Vec<u8>>,
    ) -> String {
        let file = self.has_file(mime_type, content);
        self.sends(&Said::Document { file, filename: name.into(), caption: None }).await
    }

    /// Open the chat.
    pub(crate) async fn opens_the_chat(&self) {
        let simulator = &self.tenant.app.simulator;
        simulator.read(&self.tenant.number.phone_number_id, self.id).unwrap();
        simulator.idle().await;
    }

    /// What the phone shows of what the business wrote.
    pub(crate) fn has_received(&self) -> Vec<String> {
        let talk = self.tenant.app.simulator.talk(&self.tenant.number.phone_number_id, self.id).unwrap();
        let from_business = talk.turns.iter().filter(|turn| turn.writer == simulator::Writer::Business);
        from_business
            .map(|turn| turn.content["text"]["body"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Meta's ids of what the business wrote.
    pub(crate) fn received_wamids(&self) -> Vec<String> {
        let talk = self.tenant.app.simulator.talk(&self.tenant.number.phone_number_id, self.id).unwrap();
        let from_business = talk.turns.into_iter().filter(|turn| turn.writer == simulator::Writer::Business);
        from_business.map(|turn| turn.wamid).collect()
    }
}
