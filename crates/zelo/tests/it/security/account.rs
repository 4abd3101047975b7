//! What the scenes about accounts have in common: posting, mail, codes.

use crate::stage::{Agent, Answer, PASSWORD, TestApp};
use aws_lc_rs::hmac;
use reqwest::Method;
use serde_json::{Value, json};
use zelo::{
    clock::Millis,
    identity::{self, NewUser, Role},
    ids::TenantId,
    mail,
};
use zeroize::Zeroizing;

/// Post to the API.
pub(crate) async fn post(app: &TestApp, token: Option<&str>, path: &str, body: &Value) -> Answer {
    app.web.call(Method::POST, token, &format!("/api/v1{path}"), Some(body)).await
}

/// Post without a body.
pub(crate) async fn post_nothing(app: &TestApp, token: &str, path: &str) -> Answer {
    app.web.call(Method::POST, Some(token), &format!("/api/v1{path}"), None).await
}

/// Log in with any password; whatever the answer is.
pub(crate) async fn log_in(app: &TestApp, email: &str, password: &str) -> Answer {
    post(app, None, "/auth/login", &json!({"email": email, "password": password})).await
}

/// The access token of an answer.
pub(crate) fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

/// Whether an access token still works.
pub(crate) async fn works(app: &TestApp, tokens: &Value) -> bool {
    app.web.get(access(tokens), "/api/v1/auth/me").await.status == 200
}

/// The subjects of all mails to an address, oldest first.
pub(crate) async fn mail_to(app: &TestApp, email: &str) -> Vec<String> {
    letters_to(app, email).await.into_iter().map(|letter| letter.subject).collect()
}

pub(crate) async fn letters_to(app: &TestApp, email: &str) -> Vec<mail::Letter> {
    app.run_jobs().await;
    let all = mail::list_mailbox(&app.app).await.unwrap();
    all.into_iter().rev().map(|(_, letter)| letter).filter(|letter| letter.to == email).collect()
}

/// What stands behind `token=` in the newest mail with a link.
pub(crate) async fn token_from_mail(app: &TestApp, email: &str) -> String {
    let letters = letters_to(app, email).await;
    let text = letters.iter().rev().find_map(|letter| letter.text.split_once("token=")).expect("a link").1;
    text.split_whitespace().next().unwrap().to_owned()
}

/// How many audit entries of a tenant have this event.
pub(crate) async fn audited(app: &TestApp, tenant: TenantId, event: &str) -> usize {
    let rows =
        db::read!(app.app.db, "audited", db::Scope::Tenant(tenant.0), |tx| -> db::Result<Vec<String>> {
            let sql = "select event_type from audit_entries where tenant_id = $1";
            tx.query(sql, db::params![tenant.0], |row| row.get(0)).await
        });
    rows.unwrap().iter().filter(|it| *it == event).count()
}

/// The platform's owner.
pub(crate) async fn platform_owner(app: &TestApp) -> Agent {
    let email = "root@zelo.example.com".to_owned();
    let password = Zeroizing::new(PASSWORD.to_owned());
    let new = NewUser { name: "Root".into(), email: email.clone(), role: Role::SuperAdmin, password };
    identity::create_user(&app.app, TenantId(uuid::Uuid::nil()), &new).await.unwrap();
    Agent::known(app, &email)
}

/// An authenticator app of our own, written from the standards and not from the product.
#[derive(Clone)]
pub(crate) struct Phone {
    seed: Vec<u8>,
}

impl Phone {
    pub(crate) fn with_secret(base32: &str) -> Self {
        let (mut seed, mut buffer, mut bits) = (Vec::new(), 0_u64, 0);
        for letter in base32.bytes() {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                _ => panic!("{base32} is no base 32"),
            };
            buffer = (buffer << 5) | u64::from(value);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                seed.push(u8::try_from((buffer >> bits) & 0xff).unwrap());
            }
        }
        Self { seed }
    }

    /// The seed in hexadecimal digits.
    pub(crate) fn in_hex(&self) -> String {
        hex::encode(&self.seed)
    }

    /// What it shows at a moment.
    pub(crate) fn shows(&self, now: Millis) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.seed);
        let tag = hmac::sign(&key, &(now / 30_000).to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 15);
        let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }
}

/// Somebody with a second factor.
pub(crate) struct Enrolled {
    pub(crate) agent: Agent,
    pub(crate) phone: Phone,
    pub(crate) backup_codes: Vec<String>,
    /// The log-in in which it was set up.
    pub(crate) tokens: Value,
}

impl Enrolled {
    /// Set up a second factor; then the clock moves on, so that the code of the set-up is over.
    pub(crate) async fn new(app: &TestApp, agent: Agent) -> Self {
        let tokens = log_in(app, &agent.email, PASSWORD).await.ok();
        let begun = post_nothing(app, access(&tokens), "/auth/mfa/enable").await.ok();
        let phone = Phone::with_secret(begun["secret"].as_str().unwrap());
        let code = json!({"code": phone.shows(app.clock.now())});
        let confirmed = post(app, Some(access(&tokens)), "/auth/mfa/confirm", &code).await.ok();
        let codes = confirmed["backup_codes"].as_array().unwrap();
        let backup_codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        app.passes(60_000);
        Self { agent, phone, backup_codes, tokens }
    }

    /// The first step; returns the token of the second.
    pub(crate) async fn begins(&self, app: &TestApp) -> String {
        let answer = log_in(app, &self.agent.email, PASSWORD).await.ok();
        assert_eq!(answer["mfa_required"], true);
        assert!(answer.get("access_token").is_none());
        answer["mfa_token"].as_str().unwrap().to_owned()
    }

    /// Both steps, with the code that the phone shows now.
    pub(crate) async fn logs_in(&self, app: &TestApp) -> Value {
        let token = self.begins(app).await;
        gives(app, &token, &self.phone.shows(app.clock.now())).await.ok()
    }
}

/// The second step.
pub(crate) async fn gives(app: &TestApp, mfa_token: &str, code: &str) -> Answer {
    post(app, None, "/auth/login/mfa-verify", &json!({"mfa_token": mfa_token, "code": code})).await
}
