//! A desk that is at work, and every door to it.

use crate::stage::{Agent, Answer, PASSWORD, Person, Tenant, TestApp, http_without_redirects};
use reqwest::Method;
use serde_json::{Value, json};
use zelo::{
    identity::{self, NewUser, Role},
    ids::TenantId,
};
use zeroize::Zeroizing;

/// A hotel with an agent, somebody who wrote, and the platform's owner.
pub(crate) struct Desk {
    pub(crate) app: TestApp,
    pub(crate) hotel: Tenant,
    pub(crate) ana: Agent,
    pub(crate) helena: Person,
    /// The hotel's owner, then the platform's.
    pub(crate) tokens: [String; 2],
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::with_settings(&[]).await
    }

    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> Self {
        let app = TestApp::with_settings(settings).await;
        let hotel = app.tenant("hotel").await;
        let ana = hotel.agent("ana").await;
        let helena = hotel.contact("+55 11 98765-4321");
        helena.says("quero reservar").await;
        app.run_jobs().await;
        let tokens = [hotel.owner().token().await, platform_owner(&app).await];
        Self { app, hotel, ana, helena, tokens }
    }

    /// A path of the description as an address, with an id that is not there.
    pub(crate) fn address(&self, path: &str) -> String {
        let mut address = format!("{}/api/v1", self.app.web.url);
        for step in path.split('/').skip(1) {
            let step = if step.starts_with('{') { "01890a5d-ac96-774b-bcce-b302099a8057" } else { step };
            address.push('/');
            address.push_str(step);
        }
        address
    }

    /// Ask as whoever of the two owners may: the first answer that is no refusal of the person.
    pub(crate) async fn ask(
        &self,
        operation: &Operation,
        query: &str,
        body: Option<(&str, &[u8])>,
    ) -> Answer {
        let mut last = None;
        for token in &self.tokens {
            let address = format!("{}{query}", self.address(&operation.path));
            let mut request = self.app.web.request(operation.method.clone(), &address).bearer_auth(token);
            if let Some((kind, body)) = body {
                request = request.header("content-type", kind).body(body.to_vec());
            }
            let answer = self.app.web.answer(request).await;
            if ![401, 403].contains(&answer.status) {
                return answer;
            }
            last = Some(answer);
        }
        last.unwrap()
    }

    /// The session cookie of somebody who logged in with a browser.
    pub(crate) async fn cookie(&self, agent: &Agent) -> String {
        let form = format!("email={}&password={PASSWORD}", agent.email.replace('@', "%40"));
        let request = http_without_redirects().post(format!("{}/login", self.app.web.url)).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
        let cookies = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        let session =
            cookies.filter_map(|cookie| cookie.split(';').next()).find(|it| it.starts_with("zelo_session="));
        session.expect("the log-in gives a session").to_owned()
    }

    /// Everything of the hotel that people see.
    pub(crate) async fn state(&self) -> Value {
        let conversation = self.ana.the_conversation().await;
        json!([
            conversation,
            self.ana.messages(&conversation).await,
            self.app.web.get(&self.tokens[0], "/api/v1/users").await.ok(),
            self.app.web.get(&self.tokens[0], "/api/v1/channels").await.ok(),
            self.app.web.get(&self.tokens[1], "/api/v1/tenants").await.ok(),
        ])
    }
}

async fn platform_owner(app: &TestApp) -> String {
    let (email, password) = ("zelo@zelo.example.com", Zeroizing::new(PASSWORD.to_owned()));
    let new = NewUser { name: "Zelo".into(), email: email.into(), role: Role::SuperAdmin, password };
    identity::create_user(&app.app, TenantId(uuid::Uuid::nil()), &new).await.unwrap();
    let body = json!({"email": email, "password": PASSWORD});
    let tokens = app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok();
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// An operation of the API's description.
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) takes_json: bool,
    /// Whether it does nothing without a body.
    pub(crate) needs_body: bool,
}

/// All of them.
pub(crate) fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(zelo::api::docs::document()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let takes_json = operation["requestBody"]["content"].get("application/json").is_some();
            let needs_body = operation["requestBody"]["required"] == true;
            operations.push(Operation { method, path: path.clone(), takes_json, needs_body });
        }
    }
    assert!(operations.len() > 20, "only {} operations", operations.len());
    operations
}

impl std::fmt::Display for Operation {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.method, self.path)
    }
}
