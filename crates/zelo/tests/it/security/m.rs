//! The second factor.

use super::account::{Enrolled, access, audited, gives, log_in, mail_to, post, post_nothing, works};
use crate::stage::{ENDLESS_TRIES, PASSWORD, TestApp};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use zelo::{
    clock::{DAY, HOUR, MINUTE, SECOND},
    identity::{MfaPolicy, Role},
    ids::TenantId,
};

#[tokio::test]
async fn m01_a_code_of_now_or_of_the_step_before_opens_and_no_other() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = Enrolled::new(&app, hotel.agent("ana").await).await;
    for (away, status) in [(-60, 401), (30, 401), (60, 401), (-30, 200)] {
        app.passes(2 * MINUTE);
        let token = ana.begins(&app).await;
        let code = ana.phone.shows(app.clock.now() + away * SECOND);
        assert_eq!(gives(&app, &token, &code).await.status, status, "{away} s");
    }
    // What the client says of the time is not heard.
    let token = ana.begins(&app).await;
    let code = ana.phone.shows(app.clock.now() - HOUR);
    let body = json!({"mfa_token": token, "code": code, "time": app.clock.now() - HOUR});
    assert_eq!(post(&app, None, "/auth/login/mfa-verify", &body).await.status, 422);
}

/// Two processes wait for each other's locks, so that each needs a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn m02_a_hundred_posts_of_one_code_open_one_session() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = Enrolled::new(&app, hotel.agent("ana").await).await;
    let (code, other) = (ana.phone.shows(app.clock.now()), app.another_process(&[]).await);

    // One log-in, a hundred times; and a hundred posts over twenty log-ins, half of them to another process.
    let token = ana.begins(&app).await;
    let mut tokens = vec![token; 50];
    for _ in 0..10 {
        tokens.extend(vec![ana.begins(&app).await; 5]);
    }
    let posts = tokens.iter().zip(0..).map(|(token, n)| {
        let web = if n % 2 == 0 { &app.web } else { &other };
        let body = json!({"mfa_token": token, "code": code});
        async move { web.call(Method::POST, None, "/api/v1/auth/login/mfa-verify", Some(&body)).await.status }
    });
    let statuses = join_all(posts).await;
    assert_eq!(statuses.len(), 100);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    // Neither does it work again afterwards.
    let token = ana.begins(&app).await;
    assert_ne!(gives(&app, &token, &code).await.status, 200);
}

#[tokio::test]
async fn m03_a_backup_code_works_once_however_it_is_typed() {
    let app = TestApp::with_settings(&ENDLESS_TRIES).await;
    let hotel = app.tenant("hotel").await;
    let ana = Enrolled::new(&app, hotel.agent("ana").await).await;
    assert_eq!(ana.backup_codes.len(), 10);

    let mut tokens = Vec::new();
    for _ in 0..10 {
        tokens.extend(vec![ana.begins(&app).await; 5]);
    }
    let posts = tokens.iter().map(|token| gives(&app, token, &ana.backup_codes[0]));
    let opened = join_all(posts).await.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(opened, 1, "fifty at once");

    let sloppy = ana.backup_codes[1].to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    let token = ana.begins(&app).await;
    assert_eq!(gives(&app, &token, &sloppy).await.status, 200, "{sloppy}");
    let token = ana.begins(&app).await;
    assert_eq!(gives(&app, &token, &ana.backup_codes[1]).await.status, 401, "it was used");

    let stored =
        "select count(*) from mfa_backup_codes where tenant_id = $1 and code_hash like '$argon2id$%'";
    assert_eq!(app.count(Some(hotel.id.0), stored).await, 10);
    let tokens = ana.logs_in(&app).await;
    let status = app.web.get(access(&tokens), "/api/v1/auth/mfa/status").await.ok();
    assert_eq!(status, json!({"enabled": true, "required": false, "backup_codes_left": 8}));
}

#[tokio::test]
async fn m04_a_challenge_dies_after_five_minutes_five_tries_or_one_success() {
    let app = TestApp::with_settings(&ENDLESS_TRIES).await;
    let hotel = app.tenant("hotel").await;
    let ana = Enrolled::new(&app, hotel.agent("ana").await).await;
    let right = |app: &TestApp| ana.phone.shows(app.clock.now());

    let token = ana.begins(&app).await;
    let mut refused = 0;
    for (method, path) in super::r::routes_behind_a_log_in() {
        let path = format!("/api/v1{path}");
        assert_eq!(app.web.call(method, Some(&token), &path, None).await.status, 401, "{path}");
        refused += 1;
    }
    assert!(refused >= 40, "only {refused} routes");
    for _ in 0..5 {
        assert_eq!(gives(&app, &token, "000000").await.status, 401);
    }
    assert_eq!(gives(&app, &token, &right(&app)).await.status, 401, "the sixth, although it is right");

    let token = ana.begins(&app).await;
    app.passes(5 * MINUTE);
    assert_eq!(gives(&app, &token, &right(&app)).await.status, 401, "too late");

    let token = ana.begins(&app).await;
    assert_eq!(gives(&app, &token, &right(&app)).await.status, 200);
    app.passes(MINUTE);
    assert_eq!(gives(&app, &token, &right(&app)).await.status, 401, "once");

    // A change of the account ends what was begun before it.
    let token = ana.begins(&app).await;
    let tokens = ana.tokens.clone();
    let again = json!({"password": PASSWORD});
    assert_eq!(post(&app, Some(access(&tokens)), "/auth/reauthenticate", &again).await.status, 204);
    let all = app.web.call(Method::DELETE, Some(access(&tokens)), "/api/v1/auth/sessions", None).await;
    assert_eq!(all.status, 204);
    assert_eq!(gives(&app, &token, &right(&app)).await.status, 401);
}

#[tokio::test]
async fn m05_a_day_of_guessing_is_a_hundred_tries_at_most_and_the_owner_hears_of_it() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = Enrolled::new(&app, hotel.agent("ana").await).await;
    let mut tried = 0;
    let began = app.clock.now();
    while app.clock.now() - began < DAY {
        let token = ana.begins(&app).await;
        for _ in 0..5 {
            let answer = gives(&app, &token, "000000").await;
            if answer.status == 401 {
                tried += 1;
            } else {
                assert_eq!(answer.status, 429);
                assert!(answer.headers.contains_key("retry-after"));
            }
        }
        app.passes(55 * MINUTE);
    }
    assert!((5..=100).contains(&tried), "{tried} codes were tried in a day");
    let told = mail_to(&app, &ana.agent.email).await;
    assert_eq!(told.iter().filter(|subject| *subject == "Muitos códigos errados").count(), 1);

    // The owner, who chooses another password, is not held up by it.
    post(&app, None, "/auth/password/forgot", &json!({"email": ana.agent.email})).await;
    let token = super::account::token_from_mail(&app, &ana.agent.email).await;
    let new = json!({"token": token, "new_password": "outra-lagoa-em-junho"});
    assert_eq!(post(&app, None, "/auth/password/reset", &new).await.status, 204);
    let first = log_in(&app, &ana.agent.email, "outra-lagoa-em-junho").await.ok();
    let code = ana.phone.shows(app.clock.now());
    assert_eq!(gives(&app, first["mfa_token"].as_str().unwrap(), &code).await.status, 200);
    app.run_jobs().await;
}

#[tokio::test]
async fn m06_who_logged_in_long_ago_changes_no_factor_and_every_change_is_told() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = Enrolled::new(&app, hotel.agent("ana").await).await;
    let beto = hotel.agent("beto").await.logs_in().await;
    let dona = hotel.owner().logs_in().await;
    let mine = ana.logs_in(&app).await;
    app.passes(5 * MINUTE + SECOND);
    let code = json!({"code": "000000"});
    let both = json!({"password": PASSWORD, "code": "000000"});
    for (who, path, body) in [
        (&beto, "/auth/mfa/enable", None),
        (&beto, "/auth/mfa/confirm", Some(&code)),
        (&mine, "/auth/mfa/disable", Some(&both)),
        (&mine, "/auth/mfa/backup-codes/regenerate", None),
    ] {
        let answer = app.web.call(Method::POST, Some(access(who)), &format!("/api/v1{path}"), body).await;
        assert_eq!(answer.problem(), (403, "reauth_required"), "{path}");
    }
    let me = ana.agent.app.web.get(access(&mine), "/api/v1/auth/me").await.ok();
    let path = format!("/api/v1/users/{}/mfa", me["id"].as_str().unwrap());
    let by_dona = app.web.call(Method::DELETE, Some(access(&dona)), &path, None).await;
    assert_eq!(by_dona.problem(), (403, "reauth_required"));

    // Fresh again, by a code.
    let again = json!({"code": ana.phone.shows(app.clock.now())});
    assert_eq!(post(&app, Some(access(&mine)), "/auth/mfa/verify", &again).await.status, 204);
    post_nothing(&app, access(&mine), "/auth/mfa/backup-codes/regenerate").await.ok();
    app.passes(MINUTE);
    let off = json!({"password": PASSWORD, "code": ana.phone.shows(app.clock.now())});
    assert_eq!(post(&app, Some(access(&mine)), "/auth/mfa/disable", &off).await.status, 204);
    assert!(works(&app, &mine).await && !works(&app, &ana.tokens).await, "only this log-in stays");

    let told = mail_to(&app, &ana.agent.email).await;
    for subject in [
        "Verificação em duas etapas ativada",
        "Novos códigos de reserva",
        "Verificação em duas etapas desativada",
    ] {
        assert_eq!(told.iter().filter(|it| *it == subject).count(), 1, "{subject}: {told:?}");
    }
    for event in ["mfa_enrolled", "mfa_disabled", "mfa_backup_codes_regenerated"] {
        assert_eq!(audited(&app, hotel.id, event).await, 1, "{event}");
    }
}

#[tokio::test]
async fn m07_a_factor_that_was_never_confirmed_changes_nothing_and_its_seed_is_sealed() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let tokens = ana.logs_in().await;
    let begun = post_nothing(&app, access(&tokens), "/auth/mfa/enable").await.ok();
    let secret = begun["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits");
    assert!(begun["otpauth_url"].as_str().unwrap().contains(secret));
    assert!(begun["qr_code_svg"].as_str().unwrap().contains("<svg"));

    let wrong = post(&app, Some(access(&tokens)), "/auth/mfa/confirm", &json!({"code": "000000"})).await;
    assert_eq!(wrong.problem(), (422, "invalid"));
    assert!(log_in(&app, &ana.email, PASSWORD).await.ok().get("access_token").is_some());
    assert!(works(&app, &tokens).await);

    let bytes = super::account::Phone::with_secret(secret).in_hex();
    for form in [secret, &bytes] {
        assert!(!crate::secrecy::lies_in_clear(&app, form).await, "the seed lies in clear");
    }
}

/// Demand a second factor of these roles; the nil tenant is the platform.
async fn demand(app: &TestApp, tenant: TenantId, everyone: bool, roles: &[Role]) {
    let policy = MfaPolicy { everyone, roles: roles.to_vec() };
    zelo::identity::set_mfa_policy(&app.app, tenant, &policy).await.unwrap();
}

#[tokio::test]
async fn m09_where_a_factor_is_obligatory_nothing_but_its_setup_is_open() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, beto) = (hotel.agent("ana").await, hotel.agent("beto").await);
    let root = super::account::platform_owner(&app).await;
    demand(&app, TenantId(uuid::Uuid::nil()), false, &[Role::SuperAdmin]).await;
    demand(&app, hotel.id, false, &[Role::Owner]).await;

    let mut enrolled = Vec::new();
    for who in [&root, hotel.owner()] {
        let tokens = log_in(&app, &who.email, PASSWORD).await.ok();
        assert_eq!(tokens["mfa_enrolment_required"], true);
        let mut refused = 0;
        for (method, path) in crate::house::protected_operations() {
            if ["/auth/mfa/enable", "/auth/mfa/confirm", "/auth/mfa/status"].contains(&path.as_str()) {
                continue;
            }
            let path = format!("/api/v1{}", path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057"));
            let answer = app.web.call(method.clone(), Some(access(&tokens)), &path, Some(&json!({}))).await;
            assert_eq!(answer.problem(), (403, "mfa_enrolment_required"), "{method} {path}");
            refused += 1;
        }
        assert!(refused > 25, "{refused}");
        let them = Enrolled::new(&app, who.clone()).await;
        assert!(!works(&app, &them.tokens).await, "a session that was good for this alone ends");
        assert!(works(&app, &them.logs_in(&app).await).await);
        app.passes(MINUTE);
        enrolled.push(them);
    }

    // Agents, by the tenant's own policy.
    let tokens = enrolled[1].logs_in(&app).await;
    let mine = ana.logs_in().await;
    assert!(works(&app, &mine).await);
    let policy = json!({"everyone": false, "roles": ["owner", "agent"]});
    let set =
        app.web.call(Method::PUT, Some(access(&tokens)), "/api/v1/mfa-policy", Some(&policy)).await.ok();
    assert_eq!(set, policy);
    assert!(!works(&app, &mine).await, "who has none is logged out");
    for who in [&ana, &beto] {
        assert_eq!(who.logs_in().await["mfa_enrolment_required"], true);
    }
    let vera = hotel.viewer("vera").await.logs_in().await;
    assert!(vera.get("mfa_enrolment_required").is_none() && works(&app, &vera).await);

    // By the installation's settings: administrators, or everybody.
    let clinic = app.tenant("clinic").await;
    let otto = clinic.agent("otto").await;
    for (setting, of_owner, of_agent) in
        [("mfa.required_for_admin", json!(true), json!(null)), ("mfa.required", json!(true), json!(true))]
    {
        let process = app.another_process(&[(setting, "true")]).await;
        for (who, expected) in [(clinic.owner(), of_owner), (&otto, of_agent)] {
            let body = json!({"email": who.email, "password": PASSWORD});
            let tokens = process.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok();
            assert_eq!(tokens["mfa_enrolment_required"], expected, "{setting}: {}", who.email);
        }
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn m10_four_suspicious_log_ins_are_noted_and_told() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = Enrolled::new(&app, hotel.agent("ana").await).await;
    let email = ana.agent.email.clone();
    let suspicious = audited(&app, hotel.id, "login_suspicious").await;

    // A success after failures.
    for _ in 0..3 {
        assert_eq!(log_in(&app, &email, "not-her-password-at-all").await.status, 401);
    }
    ana.logs_in(&app).await;
    // A program that was never seen.
    app.passes(MINUTE);
    let body = json!({"mfa_token": ana.begins(&app).await, "code": ana.phone.shows(app.clock.now())});
    let stranger = crate::stage::http().post(format!("{}/api/v1/auth/login/mfa-verify", app.web.url));
    let answer = stranger.header("user-agent", "curl/9").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // A right password, and then nothing.
    ana.begins(&app).await;
    app.passes(6 * MINUTE);
    zelo::identity::sweep(&app.app).await.unwrap();
    zelo::identity::sweep(&app.app).await.unwrap();
    // Many wrong codes.
    let token = ana.begins(&app).await;
    for _ in 0..5 {
        gives(&app, &token, "000000").await;
    }

    let told = mail_to(&app, &email).await;
    for subject in [
        "Acesso depois de senhas erradas",
        "Acesso por um novo dispositivo",
        "Acesso interrompido na segunda etapa",
        "Muitos códigos errados",
    ] {
        assert_eq!(told.iter().filter(|it| *it == subject).count(), 1, "{subject}: {told:?}");
    }
    assert_eq!(audited(&app, hotel.id, "login_suspicious").await - suspicious, 3);
    assert_eq!(audited(&app, hotel.id, "mfa_challenge_failed").await, 5);
}
