//! What each route is asked for: a request that its own tenant's people succeed with.

use super::table::{Part, Route};
use crate::stage::PASSWORD;
use serde_json::{Value, json};
use uuid::Uuid;

/// What follows the address.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    None,
    Json(Value),
    Form(String),
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) path: String,
    pub(crate) body: Body,
}

/// One of each thing that has an id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Things {
    pub(crate) conversation: Uuid,
    pub(crate) contact: Uuid,
    pub(crate) message: Uuid,
    pub(crate) channel: Uuid,
    pub(crate) user: Uuid,
    /// Somebody who may be changed and let go.
    pub(crate) leaver: Uuid,
    pub(crate) session: Uuid,
    pub(crate) role: Uuid,
    pub(crate) team: Uuid,
    pub(crate) key: Uuid,
    pub(crate) tenant: Uuid,
    /// What waits for a second person.
    pub(crate) approval: Uuid,
    /// A look through who has what.
    pub(crate) review: Uuid,
    /// The platform's owner in the tenant.
    pub(crate) support: Uuid,
    /// A photo of somebody who wrote.
    pub(crate) media: Uuid,
    /// Two contacts that were merged.
    pub(crate) merge: Uuid,
    /// A message template.
    pub(crate) template: Uuid,
    /// The number of somebody who wrote.
    pub(crate) phone: &'static str,
}

impl Things {
    /// Things that never existed.
    pub(crate) fn that_never_were() -> Self {
        let ghost = |n: u128| Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8000 + n);
        Self {
            conversation: ghost(1),
            contact: ghost(2),
            message: ghost(3),
            channel: ghost(4),
            user: ghost(5),
            session: ghost(6),
            leaver: ghost(7),
            role: ghost(8),
            team: ghost(9),
            key: ghost(10),
            tenant: ghost(11),
            support: ghost(12),
            approval: ghost(13),
            review: ghost(14),
            media: ghost(15),
            merge: ghost(16),
            template: ghost(17),
            phone: "+55 11 90000-0000",
        }
    }

    /// The thing that `{id}` stands for below an address.
    fn named_by(&self, route: &Route) -> Uuid {
        let path = route.path.trim_start_matches("/fragments");
        match path.split('/').nth(1) {
            Some("conversations" | "items") => self.conversation,
            Some("contacts") => self.contact,
            Some("contact-merges") => self.merge,
            Some("messages") => self.message,
            Some("channels") => self.channel,
            Some("users") => self.leaver,
            Some("roles") => self.role,
            Some("teams") => self.team,
            Some("api-keys") => self.key,
            Some("tenants") => self.tenant,
            Some("support-accesses") => self.support,
            Some("approvals") => self.approval,
            Some("access-reviews") => self.review,
            Some("media") => self.media,
            Some("message-templates" | "templates") => self.template,
            Some("auth" | "account") => self.session,
            Some("admin") => Uuid::nil(),
            other => panic!("say which id {other:?} takes in {}", route.name()),
        }
    }
}

/// Whether a route names one of a tenant's things in its path.
pub(crate) fn names_a_thing(route: &Route) -> bool {
    route.path.contains("{id}") && !route.path.starts_with("/admin/")
}

/// Whether whoever calls it is signed out afterwards.
pub(crate) fn ends_sessions(route: &Route) -> bool {
    ["POST /auth/logout", "DELETE /auth/sessions", "POST /account/sessions/end"]
        .contains(&route.name().as_str())
}

/// A request of the route: the path names `here`, the body names `there`.
pub(crate) fn ask(route: &Route, here: &Things, there: &Things) -> Ask {
    let mut path = route.path.clone();
    if path.contains("{id}") {
        path = path.replace("{id}", &here.named_by(route).to_string());
    }
    path = path.replace("{channel_id}", &here.channel.to_string()).replace("{*path}", "css/app.css");
    path = path.replace("{kind}", "violations");
    Ask { path, body: body(route, here, there) }
}

fn body(route: &Route, here: &Things, there: &Things) -> Body {
    if route.method == "GET" || route.method == "DELETE" {
        return Body::None;
    }
    let is_page = route.part == Part::Root;
    match (is_page, route.path.as_str()) {
        (_, "/webhooks/whatsapp" | "/webhooks/whatsapp/{channel_id}") => Body::Json(json!({})),
        // A form is no report of a browser, and is refused as such.
        (true, "/csp-reports") => Body::Form(String::new()),
        (true, path) => Body::Form(form(path).to_owned()),
        (false, path) => Body::Json(json(path, here, there)),
    }
}

fn form(path: &str) -> &'static str {
    match path {
        "/login" => "email=x%40example.com&password=x&next=%2F",
        "/login/code" => "code=000000&next=%2F",
        "/password/forgot" => "email=x%40example.com",
        "/password/new" => "token=x&new_password=x",
        "/setup" => "token=x&email=x%40example.com&new_password=x",
        "/account/password" => "password=lagoa-calma-em-maio&new_password=x",
        "/account/mfa/confirm" => "code=000000",
        "/account/mfa/off" => "password=lagoa-calma-em-maio&code=000000",
        "/account/again" => "password=lagoa-calma-em-maio",
        "/account/mfa/start"
        | "/account/mfa/codes"
        | "/account/sessions/end"
        | "/account/sessions/{id}/end" => "",
        "/logout" | "/conversations/{id}/read" | "/messages/{id}/retry" => "",
        "/session/preferences" => "theme=dark&next=%2F",
        "/conversations/{id}/messages" => "text=ol%C3%A1",
        "/messages/{id}/reaction" => "emoji=%F0%9F%91%8D",
        // No form with a file, and refused as such.
        "/conversations/{id}/files" => "",
        "/conversations/{id}/status" => "status=open",
        "/channels/{id}/status" => "status=active",
        // A template that is nobody's, and one without words.
        "/conversations/{id}/template" => "template=01890a5d-ac96-774b-bcce-b302099a8011",
        "/templates" => "name=&body=",
        "/templates/sync" | "/templates/{id}/delete" | "/channels/{id}/check" => "",
        "/conversations/{id}/assignment" => "user=none",
        other => panic!("say what the form of {other} sends"),
    }
}

fn json(path: &str, here: &Things, there: &Things) -> Value {
    match path {
        "/auth/login" => json!({"email": "x@example.com", "password": "x"}),
        "/admin/webhook-events/replay" => json!({"all": true}),
        "/admin/ip-rules" => json!({"network": "203.0.113.7", "action": "allow"}),
        "/admin/ip-rules/{id}" => json!({"reason": "x"}),
        "/admin/rate-limit/clear" => json!({"ip": "203.0.113.7"}),
        "/auth/refresh" => json!({"refresh_token": "x"}),
        "/auth/reauthenticate" => json!({"password": PASSWORD}),
        "/conversations/{id}" => json!({"status": "open", "user_id": there.user, "team_id": there.team}),
        "/conversations/{id}/assignment" => json!({"user_id": there.user, "team_id": there.team}),
        "/users/{id}" => json!({"role": there.role}),
        "/roles" => json!({"name": "", "permissions": ["contacts:read"], "visibility": "own"}),
        "/roles/{id}" => json!({"visibility": "own"}),
        "/teams" => json!({"name": "Recepção", "member_ids": [there.user]}),
        "/teams/{id}" => json!({"member_ids": [there.user]}),
        "/api-keys" => json!({"name": "", "permissions": ["contacts:read"]}),
        "/tenants/{id}" => json!({}),
        "/approval-policy" => json!({"second_person_for": ["export_all"]}),
        "/approvals" => json!({"act": "export_all", "report": "access"}),
        "/approvals/{id}/decision" => json!({"decision": "decline"}),
        "/access-reviews/{id}/decision" => {
            json!({"subject_id": there.leaver, "decision": "withdrawn", "tag": "x"})
        }
        "/tenants/{id}/support-accesses" => json!({"reason": "chamado 4711: nada chega", "minutes": 5}),
        "/api-keys/{id}/rotate" => json!({}),
        "/conversations/{id}/status" => json!({"status": "open"}),
        "/conversations/{id}/messages" => {
            json!({"type": "text", "text": "olá", "reply_to": there.message})
        }
        "/whatsapp/send" => {
            json!({"channel_id": there.channel, "to": here.phone, "type": "text", "text": "olá"})
        }
        // JSON is no type of file that is taken.
        "/conversations/{id}/media" => json!({}),
        "/auth/login/mfa-verify" => json!({"mfa_token": "x", "code": "000000"}),
        "/auth/password" => json!({"current_password": PASSWORD, "new_password": "x"}),
        "/auth/password/forgot" => json!({"email": "x@example.com"}),
        "/auth/password/reset" => json!({"token": "x", "new_password": "x"}),
        "/auth/mfa/confirm" | "/auth/mfa/verify" => json!({"code": "000000"}),
        "/auth/mfa/disable" => json!({"password": PASSWORD, "code": "000000"}),
        "/mfa-policy" => json!({"everyone": false, "roles": []}),
        "/users" => json!({"name": "", "email": "", "role": "viewer"}),
        "/tenants" => json!({"name": "", "slug": ""}),
        "/channels/{id}" => json!({"access_token": ""}),
        "/message-templates" => {
            json!({"channel_id": there.channel, "name": "", "language": "pt_BR", "category": "UTILITY", "components": []})
        }
        "/message-templates/{id}/preview" => json!({"variables": {}}),
        "/channels" => {
            json!({"name": "", "phone_number_id": "1", "waba_id": "1", "access_token": "t", "app_secret": "s"})
        }
        "/auth/logout"
        | "/conversations/{id}/read"
        | "/messages/{id}/retry"
        | "/auth/mfa/enable"
        | "/auth/mfa/backup-codes/regenerate"
        | "/access-reviews"
        | "/access-reviews/{id}/end"
        | "/users/{id}/invitation"
        | "/channels/{id}/check"
        | "/message-templates/sync"
        | "/admin/jobs/{id}/retry"
        | "/admin/webhook-events/{id}/replay" => json!({}),
        other => panic!("say what {other} is asked for"),
    }
}

/// The same request with ids in its query, where the route filters by them.
pub(crate) fn filters(route: &Route, there: &Things) -> Vec<String> {
    match route.name().as_str() {
        "GET /conversations" => {
            vec![
                format!("?assignee={}", there.user),
                format!("?channel={}", there.channel),
                format!("?team={}", there.team),
            ]
        }
        _ => Vec::new(),
    }
}

/// Whether the body names something of the tenant.
pub(crate) fn names_things_in_its_body(route: &Route) -> bool {
    matches!(
        route.name().as_str(),
        "PATCH /conversations/{id}"
            | "PUT /conversations/{id}/assignment"
            | "POST /conversations/{id}/messages"
            | "POST /whatsapp/send"
            | "POST /teams"
            | "PATCH /teams/{id}"
            | "PATCH /users/{id}"
    ) && route.part == Part::Api
}
