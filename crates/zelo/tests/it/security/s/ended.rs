//! What ends a session, and how fast.

use super::*;
use crate::security::account::{Enrolled, audited, mail_to, post, works};
use std::time::{Duration, Instant};

/// Each event ends the old tokens in the process in which it happens at once, and in another one within five seconds.
#[tokio::test]
async fn s04_whatever_a_session_stands_on_ends_it_here_at_once_and_elsewhere_in_seconds() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let elsewhere = app.another_process(&[]).await;
    let mut slowest = Duration::ZERO;
    for (name, event) in [
        ("leaves", None),
        ("is-disabled", Some("update users set status = 'disabled' where tenant_id = $1 and role = 'agent'")),
        ("rises", Some("update users set security_version = security_version + 1 where tenant_id = $1")),
        ("is-suspended", Some("update tenants set status = 'suspended' where id = $1")),
    ] {
        let ana = hotel.agent(name).await;
        let tokens = ana.logs_in().await;
        assert!(works(&app, &tokens).await, "{name}");
        assert_eq!(elsewhere.get(access(&tokens), "/api/v1/auth/me").await.status, 200, "{name}");
        match event {
            None => {
                let left =
                    app.web.call(Method::POST, Some(access(&tokens)), "/api/v1/auth/logout", None).await;
                assert_eq!(left.status, 204);
            }
            Some(sql) => {
                let scope = db::Scope::Tenant(hotel.id.0);
                db::write!(app.app.db, "happen", scope, |tx| -> db::Result<u64> {
                    tx.execute(sql, db::params![hotel.id.0]).await
                })
                .unwrap();
                zelo::identity::forget_sessions(&app.app);
            }
        }
        assert!(!works(&app, &tokens).await, "{name}");
        assert_eq!(refresh(&app, &tokens["refresh_token"]).await.status, 401, "{name}");
        let began = Instant::now();
        while elsewhere.get(access(&tokens), "/api/v1/auth/me").await.status == 200 {
            assert!(began.elapsed() < Duration::from_secs(5), "{name}: still in elsewhere");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        slowest = slowest.max(began.elapsed());
    }
    println!("s04: another process knew after {slowest:?} at most");
}

/// The bug class of Vaultwarden's GHSA-6j4w: no token from before survives a change of what it stands on.
#[tokio::test]
async fn s06_no_refresh_token_survives_another_password_or_another_factor() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let mut old = Vec::new();
    for _ in 0..3 {
        let tokens = ana.logs_in().await;
        old.push(refresh(&app, &tokens["refresh_token"]).await.ok());
    }
    let here = ana.logs_in().await;
    let body = json!({"current_password": crate::stage::PASSWORD, "new_password": "outra-lagoa-em-junho"});
    assert_eq!(post(&app, Some(access(&here)), "/auth/password", &body).await.status, 204);
    for tokens in &old {
        assert_eq!(refresh(&app, &tokens["refresh_token"]).await.status, 401);
    }
    assert_eq!(
        refresh(&app, &here["refresh_token"]).await.status,
        200,
        "the one in which it was changed stays"
    );

    let beto = hotel.agent("beto").await;
    let before = beto.logs_in().await;
    let enrolled = Enrolled::new(&app, beto).await;
    assert_eq!(refresh(&app, &before["refresh_token"]).await.status, 401);
    let mine = enrolled.logs_in(&app).await;
    let (_, id) = (hotel.id, app.web.get(access(&mine), "/api/v1/auth/me").await.ok()["id"].clone());
    let path = format!("/api/v1/users/{}/mfa", id.as_str().unwrap());
    let reset = app.web.call(Method::DELETE, Some(&hotel.owner().token().await), &path, None).await;
    assert_eq!(reset.status, 204, "{}", reset.text);
    assert_eq!(refresh(&app, &mine["refresh_token"]).await.status, 401);
    assert!(
        mail_to(&app, &enrolled.agent.email)
            .await
            .contains(&"Verificação em duas etapas removida".to_owned())
    );
}

#[tokio::test]
async fn s05_a_token_used_twice_is_noted_and_told_once() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let first = ana.logs_in().await;
    let second = refresh(&app, &first["refresh_token"]).await.ok();
    refresh(&app, &second["refresh_token"]).await.ok();
    for _ in 0..3 {
        assert_eq!(refresh(&app, &first["refresh_token"]).await.status, 401);
    }
    assert_eq!(audited(&app, hotel.id, "token_reuse").await, 1);
    assert_eq!(mail_to(&app, &ana.email).await, ["Um acesso foi encerrado por segurança"]);
}

#[tokio::test]
async fn s09_dangerous_acts_ask_again_who_it_is() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let dona = hotel.owner().logs_in().await;
    let policy = json!({"everyone": false, "roles": []});
    let set =
        async || app.web.call(Method::PUT, Some(access(&dona)), "/api/v1/mfa-policy", Some(&policy)).await;
    assert_eq!(set().await.status, 200);
    app.passes(5 * MINUTE + SECOND);
    assert_eq!(set().await.problem(), (403, "reauth_required"));
    for (body, status) in [
        (json!({"password": "not-her-password-at-all"}), 403),
        (json!({}), 422),
        (json!({"code": "123456"}), 409),
        (json!({"password": crate::stage::PASSWORD}), 204),
    ] {
        assert_eq!(
            post(&app, Some(access(&dona)), "/auth/reauthenticate", &body).await.status,
            status,
            "{body}"
        );
    }
    assert_eq!(set().await.status, 200);
    assert_eq!(audited(&app, hotel.id, "reauthentication").await, 1);
}
