//! Where tokens must not be found.

use crate::{
    program::{Installation, Server},
    stage::{PASSWORD, Web},
};
use reqwest::Method;
use serde_json::{Value, json};

/// What somebody who holds it could come in with, as it was sent or received. Each is searched for whole.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn keep(&mut self, what: &'static str, answer: &Value) {
        let text = answer.as_str().unwrap_or_else(|| panic!("no {what} in {answer}"));
        assert!(text.len() > 5, "{what} is too short to be searched for");
        self.0.push((what, text.to_owned()));
    }
}

/// Everything that brings tokens, the right way and every wrong way.
async fn play(web: &Web, server: &Server) -> Secrets {
    let mut secrets = Secrets(Vec::new());
    let owner =
        server.ready["users"].as_array().unwrap().iter().find(|user| user["role"] == "owner").unwrap();
    let call = async |method: Method, token: Option<&str>, path: &str, body: Value| {
        web.call(method, token, &format!("/api/v1{path}"), Some(&body)).await
    };
    let log_in = json!({"email": owner["email"], "password": owner["password"]});
    secrets.keep("password", &owner["password"]);
    let tokens = call(Method::POST, None, "/auth/login", log_in.clone()).await.ok();
    secrets.keep("access token", &tokens["access_token"]);
    secrets.keep("refresh token", &tokens["refresh_token"]);
    let access = tokens["access_token"].as_str().unwrap();
    let key = json!({"name": "n8n", "permissions": ["conversations:read"]});
    let key = call(Method::POST, Some(access), "/api-keys", key).await.ok();
    secrets.keep("API key", &key["secret"]);
    let guest = json!({"name": "Nova", "email": "nova@example.com", "role": "viewer", "deliver": "link"});
    let guest = call(Method::POST, Some(access), "/users", guest).await.ok();
    let link = guest["invitation_url"].as_str().unwrap().split_once("token=").unwrap().1;
    secrets.keep("invitation", &json!(link));
    let factor = call(Method::POST, Some(access), "/auth/mfa/enable", json!({})).await.ok();
    secrets.keep("seed of the second factor", &factor["secret"]);

    // In addresses, where they do not belong, in the wrong field, and where they are refused.
    for (_, secret) in &secrets.0 {
        for path in [
            format!("/api/v1/auth/me?access_token={secret}"),
            format!("/api/v1/conversations/{secret}"),
            format!("/login?next=/{secret}"),
            format!("/password/new?token={secret}"),
            format!("/setup?token={secret}"),
            format!("/socket.io/?EIO=4&transport=polling&token={secret}"),
        ] {
            let answer = web.call(Method::GET, None, &path, None).await;
            assert!(!answer.headers.get("location").is_some_and(|to| to.starts_with("http")), "{path}");
        }
        call(Method::GET, Some(secret), "/conversations", Value::Null).await;
        call(Method::POST, None, "/auth/refresh", json!({"refresh_token": secret, "x": secret})).await;
        call(Method::POST, None, "/auth/login/mfa-verify", json!({"mfa_token": secret, "code": "000000"}))
            .await;
    }
    // Last, since who fails too often is kept out.
    for (_, secret) in &secrets.0 {
        call(Method::POST, None, "/auth/login", json!({"email": secret, "password": secret})).await;
    }
    let wrong = json!({"current_password": PASSWORD, "new_password": owner["password"]});
    call(Method::POST, Some(access), "/auth/password", wrong).await;
    let fresh = json!({"refresh_token": tokens["refresh_token"]});
    let next = call(Method::POST, None, "/auth/refresh", fresh).await;
    if next.status == 200 {
        secrets.keep("next refresh token", &next.body["refresh_token"]);
        secrets.keep("next access token", &next.body["access_token"]);
    }
    secrets
}

#[tokio::test]
async fn s11_no_token_reaches_the_log_or_the_metrics() {
    let installation = Installation::new().await;
    let (data, log) = (installation.path("demo"), installation.path("demo.log"));
    let mut command = installation.command(&["demo", "--port", "0", "--json", "--data-dir", &data]);
    let written = std::fs::File::create(&log).unwrap();
    command.env("ZELO__LOG__LEVEL", "debug").env_remove("ZELO__DATABASE__URL").stderr(written);
    let demo = Server::start_as(command).await;
    let web = Web::new(demo.url());
    let secrets = play(&web, &demo).await;
    let metrics = web.get("", "/metrics").await.text;
    let mut everything = demo.kill_and_read().await;
    everything.push_str(&std::fs::read_to_string(&log).unwrap());
    assert!(everything.contains("/auth/refresh"), "the log says nothing of the requests");
    everything.push_str(&metrics);
    for (what, secret) in &secrets.0 {
        assert!(!everything.contains(secret.as_str()), "a {what} stands in the log or the metrics");
    }
    println!("s11: {} secrets, {} bytes of log and metrics, none found", secrets.0.len(), everything.len());
}
