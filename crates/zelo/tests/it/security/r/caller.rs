//! Who calls: people of every role, with a token for the API and a cookie for the pages.

use super::{
    asks::{Ask, Body, Things},
    table::{Part, ROLES, Route},
};
use crate::stage::{Agent, PASSWORD, Person, Tenant, TestApp, http};
use serde_json::{Value, json};
use std::collections::HashMap;
use zelo::{
    identity::{self, Client, Entrance, Kind, NewUser, Role},
    ids::TenantId,
};
use zeroize::Zeroizing;

/// The same for all, so that answers can be compared byte by byte: problems name it.
const REQUEST_ID: &str = "the-same-request";

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// The caller got past the door, whatever was behind it.
    Open,
    /// The caller is known and may not.
    Forbidden,
    /// The caller is not known.
    Unknown,
}

/// An answer, as far as two of them are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) leads_to: String,
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn door(&self) -> Door {
        assert!(self.status < 500 && self.status != 429, "answered {}: {}", self.status, self.text);
        match self.status {
            401 => Door::Unknown,
            303 if self.leads_to.starts_with("/login?") => Door::Unknown,
            403 => Door::Forbidden,
            _ => Door::Open,
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// Somebody who calls.
#[derive(Clone)]
pub(crate) struct Visitor {
    app: TestApp,
    agent: Option<Agent>,
    cookie: String,
}

impl Visitor {
    async fn of(agent: Agent, app: &TestApp) -> Self {
        let password = Zeroizing::new(PASSWORD.to_owned());
        let client = Client::default();
        let entrance = identity::log_in(&app.app, Kind::Cookie, &agent.email, password, &client).await;
        let Ok(Entrance::In(entered)) = entrance else { panic!("{} cannot log in", agent.email) };
        Self { app: app.clone(), agent: Some(agent), cookie: entered.cookie() }
    }

    /// One of the platform's owners.
    pub(crate) async fn platform(app: &TestApp) -> Self {
        let email = format!("root{}@zelo.example.com", app.next_number());
        let password = Zeroizing::new(PASSWORD.to_owned());
        let new = NewUser { name: "Root".into(), email: email.clone(), role: Role::SuperAdmin, password };
        let nil = TenantId(uuid::Uuid::nil());
        identity::create_user(&app.app, nil, &new).await.unwrap();
        Self::of(Agent::known(app, &email), app).await
    }

    /// The same person as a program.
    pub(crate) fn into_agent(self) -> Agent {
        self.agent.unwrap()
    }

    fn nobody(app: &TestApp) -> Self {
        Self { app: app.clone(), agent: None, cookie: String::new() }
    }

    /// Call a route, with more headers.
    pub(crate) async fn knocks(&self, route: &Route, ask: &Ask, headers: &[(&str, &str)]) -> Said {
        let base = if route.part == Part::Api { "/api/v1" } else { "" };
        let method: reqwest::Method = route.method.parse().unwrap();
        let mut request =
            http_without_redirects().request(method, format!("{}{base}{}", self.app.web.url, ask.path));
        request = request.header("x-request-id", REQUEST_ID).header("sec-fetch-site", "same-origin");
        if let Some(agent) = &self.agent {
            request = match route.part {
                Part::Api => request.bearer_auth(agent.token().await),
                _ => request.header("cookie", format!("zelo_session={}", self.cookie)),
            };
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request = match &ask.body {
            Body::None => request,
            Body::Json(body) => request.json(body),
            Body::Form(form) => {
                request.header("content-type", "application/x-www-form-urlencoded").body(form.clone())
            }
        };
        let response = request.send().await.unwrap();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (status, kind, leads_to) =
            (response.status().as_u16(), header("content-type"), header("location"));
        Said { status, kind, leads_to, text: response.text().await.unwrap() }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has clients of its own; its calls go to loopback only")]
fn http_without_redirects() -> reqwest::Client {
    static CLIENT: std::sync::OnceLock<reqwest::Client> = std::sync::OnceLock::new();
    let make = || {
        drop(http());
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .unwrap()
    };
    CLIENT.get_or_init(make).clone()
}

/// A tenant with somebody of every role, two people who wrote, and something of everything.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) tenant: Tenant,
    pub(crate) things: Things,
    visitors: HashMap<Role, Visitor>,
    nobody: Visitor,
}

impl Scene {
    pub(crate) async fn set(app: &TestApp, slug: &str) -> Self {
        let tenant = app.tenant(slug).await;
        let phone = if slug == "hotel" { "+55 11 98765-4321" } else { "+55 11 97654-3210" };
        let mut visitors = HashMap::new();
        for role in ROLES {
            let agent = match role {
                Role::Owner => tenant.owner().clone(),
                role => tenant.staff(&role.to_string(), role).await,
            };
            visitors.insert(role, Visitor::of(agent, app).await);
        }
        let helena = tenant.contact(phone);
        let bia = tenant.contact_without_phone(&format!("bia.{slug}"));
        helena.sends_photo("image/png", crate::media::PHOTO).await;
        app.passes(1000);
        for (person, text) in [(&helena, "quero reservar"), (&bia, "vocês entregam?")] {
            write(person, &format!("{text} {}", canary(slug))).await;
            app.passes(1000);
        }
        app.run_jobs().await;
        let owner = tenant.owner();
        let listed = owner.conversations().await;
        let conversation = listed.last().unwrap().clone();
        let id = id_of(&conversation);
        let answer = json!({"type": "text", "text": format!("Claro! {}", canary(slug))});
        owner.post(&format!("/conversations/{id}/messages"), &answer).await.ok();
        app.run_jobs().await;
        let role = json!({"name": "Noturno", "permissions": ["conversations:*"], "visibility": "team"});
        let role = id_of(&owner.post("/roles", &role).await.ok());
        let leaver = tenant.staff("demitido", Role::Viewer).await;
        let leaver = id_of(&leaver.get("/auth/me").await.ok());
        let team = id_of(&owner.post("/teams", &json!({"name": "Reservas"})).await.ok());
        let key = json!({"name": "n8n", "permissions": ["conversations:read"]});
        let key = id_of(&owner.post("/api-keys", &key).await.ok());
        let partner = tenant.staff("socia", Role::Owner).await;
        let acts = json!({"second_person_for": ["export_all"]});
        partner.put("/approval-policy", &acts).await.ok();
        let wish = json!({"act": "export_all", "report": "access"});
        let approval = id_of(&partner.post("/approvals", &wish).await.ok());
        let review = id_of(&partner.post("/access-reviews", &json!({})).await.ok());
        let root = Visitor::platform(app).await.into_agent();
        let reason = json!({"reason": "chamado 4711: nada chega"});
        let support = root.post(&format!("/tenants/{}/support-accesses", tenant.id), &reason).await.ok();
        let merge = merge(app, &tenant).await;
        let template = template(app, &tenant).await;
        let messages = owner.messages(&conversation).await;
        let (photo, message) = (id_of(&messages[0]["media"]), id_of(messages.last().unwrap()));
        Self {
            app: app.clone(),
            things: Things {
                conversation: id,
                contact: id_of(&conversation["contact"]),
                message,
                channel: tenant.channel.0,
                user: id_of(&tenant.staff("carla", Role::Viewer).await.get("/auth/me").await.ok()),
                session: id_of(&owner.get("/auth/sessions").await.ok()["data"][0]),
                leaver,
                role,
                team,
                key,
                tenant: tenant.id.0,
                support: id_of(&support),
                approval,
                review,
                media: photo,
                merge,
                template,
                phone,
            },
            visitors,
            nobody: Visitor::nobody(app),
            tenant,
        }
    }

    /// Somebody new, for a call that signs out.
    pub(crate) async fn stand_in(&self, role: Role) -> Visitor {
        if role.is_platform() {
            return Visitor::platform(&self.app).await;
        }
        let name = format!("{role}{}", self.app.next_number());
        let agent = self.tenant.staff(&name, role).await;
        Visitor::of(agent, &self.app).await
    }

    pub(crate) fn visitor(&self, role: Role) -> &Visitor {
        &self.visitors[&role]
    }

    pub(crate) fn owner(&self) -> &Visitor {
        self.visitor(Role::Owner)
    }

    pub(crate) fn nobody(&self) -> &Visitor {
        &self.nobody
    }

    /// A word that nobody outside of the tenant may ever read.
    pub(crate) fn canary(&self) -> String {
        canary(&self.tenant.slug)
    }
}

fn canary(slug: &str) -> String {
    format!("canario-de-{slug}")
}

/// Somebody who was known by an id and by a number, and turned out to be one person.
async fn merge(app: &TestApp, tenant: &Tenant) -> uuid::Uuid {
    let (number, id) = ("5511955554444", format!("BR.9{}", tenant.number.phone_number_id));
    for (wamid, from) in [
        ("wamid.BYID", json!({"from_user_id": id})),
        ("wamid.BYNUMBER", json!({"from": number})),
        ("wamid.BYBOTH", json!({"from": number, "from_user_id": id})),
    ] {
        let mut message = crate::inbound::text_from(number, wamid, "oi");
        message.as_object_mut().unwrap().remove("from");
        message.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
        tenant.receives(&tenant.body(&json!({"messages": [message]}))).await.ok();
        app.run_jobs().await;
    }
    id_of(&tenant.owner().get("/contact-merges").await.ok()["data"][0])
}

/// A template with a name that nobody else has.
async fn template(app: &TestApp, tenant: &Tenant) -> uuid::Uuid {
    let slug = &tenant.slug;
    let body =
        json!({"type": "BODY", "text": "Olá {{1}}, seu pedido saiu.", "example": {"body_text": [["Ana"]]}});
    let account = &tenant.number.waba_id;
    app.simulator.add_template(
        account,
        &format!("aviso_{}", slug.replace('-', "_")),
        "pt_BR",
        "UTILITY",
        vec![body],
    );
    tenant.owner().post("/message-templates/sync", &json!({})).await.ok();
    app.run_jobs().await;
    id_of(&tenant.owner().get("/message-templates").await.ok()["data"][0])
}

async fn write(person: &Person, text: &str) {
    person.says(text).await;
}

pub(crate) fn id_of(shape: &Value) -> uuid::Uuid {
    shape["id"].as_str().unwrap_or_else(|| panic!("{shape} has no id")).parse().unwrap()
}
