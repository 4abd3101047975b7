//! Access tokens that nobody gave out.

use super::*;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use zelo::config::{Config, Sources};

const SECRET: &str = "0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa";
const OTHER: &str = "f9e8d7c6b5a4938271605f4e3d2c1b0af9e8d7c6b5a4938271605f4e3d2c1b0a";

/// A part of a token.
fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn read(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Sign any header and claims with HMAC-SHA-256, as the server does.
fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

fn with(value: &Value, name: &str, new: Value) -> Value {
    let mut changed = value.clone();
    changed[name] = new;
    changed
}

fn without(value: &Value, name: &str) -> Value {
    let mut changed = value.clone();
    changed.as_object_mut().unwrap().remove(name);
    changed
}

/// Every token by what is wrong with it. All that can be are signed with the server's own secret.
fn forgeries(genuine: &str, refresh_token: &str, stranger: &str) -> Vec<(String, String)> {
    let mut parts = genuine.split('.');
    let (header, claims, signature) =
        (read(parts.next().unwrap()), read(parts.next().unwrap()), parts.next().unwrap());
    let mut all = vec![
        ("a refresh token".to_owned(), refresh_token.to_owned()),
        ("a challenge".to_owned(), format!("mfa_{}", &refresh_token[..43])),
        ("no signature".to_owned(), format!("{}.{}.", part(&header), part(&claims))),
        ("two parts".to_owned(), format!("{}.{}", part(&header), part(&claims))),
        ("four parts".to_owned(), format!("{genuine}.{signature}")),
        ("padding".to_owned(), format!("{genuine}=")),
        ("another secret".to_owned(), signed(&header, &claims, OTHER)),
        ("a doubled claim".to_owned(), {
            let doubled = claims.to_string().replacen('{', "{\"exp\":9999999999,", 1);
            let message = format!("{}.{}", part(&header), URL_SAFE_NO_PAD.encode(doubled));
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
            let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
        }),
    ];
    let flipped = signature.chars().rev().collect::<String>();
    all.push((
        "a signature turned around".to_owned(),
        format!("{}.{}.{flipped}", part(&header), part(&claims)),
    ));
    // The last character of 43 carries two bits that decode to nothing.
    let (head, last) = genuine.split_at(genuine.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    all.push(("changed trailing bits".to_owned(), format!("{head}{}", &alphabet[at + 1..=at + 1])));

    let key_of_its_own = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(OTHER)});
    for (what, changed, secret) in [
        ("alg none", with(&header, "alg", json!("none")), SECRET),
        ("alg None", with(&header, "alg", json!("None")), SECRET),
        ("alg HS384", with(&header, "alg", json!("HS384")), SECRET),
        ("alg RS256", with(&header, "alg", json!("RS256")), SECRET),
        ("alg EdDSA", with(&header, "alg", json!("EdDSA")), SECRET),
        ("no alg", without(&header, "alg"), SECRET),
        ("typ JWT", with(&header, "typ", json!("JWT")), SECRET),
        ("typ of an ID token", with(&header, "typ", json!("id_token")), SECRET),
        ("no typ", without(&header, "typ"), SECRET),
        ("another kid", with(&header, "kid", json!("0123456789abcdef")), SECRET),
        ("a kid that is a path", with(&header, "kid", json!("../../dev/null")), ""),
        ("no kid", without(&header, "kid"), SECRET),
        ("a jwk", with(&header, "jwk", key_of_its_own), OTHER),
        ("a jku", with(&header, "jku", json!("https://example.com/keys")), SECRET),
        ("an x5u", with(&header, "x5u", json!("https://example.com/cert")), SECRET),
        ("a crit", with(&header, "crit", json!(["exp"])), SECRET),
    ] {
        all.push((what.to_owned(), signed(&changed, &claims, secret)));
    }
    let mut bodies = Vec::new();
    for name in ["iss", "aud", "exp", "nbf", "sub", "sid", "tid"] {
        bodies.push((format!("no {name}"), without(&claims, name)));
    }
    let exp = claims["exp"].as_i64().unwrap();
    for (name, value) in [
        ("exp", json!(exp.to_string())),
        ("exp", json!(null)),
        ("exp", json!(1)),
        ("nbf", json!(exp + 9999)),
        ("nbf", json!("0")),
        ("iss", json!("https://example.com")),
        ("aud", json!(["zelo", "another"])),
        ("aud", json!("another")),
        ("sub", json!(Uuid::from_u128(1))),
        ("sub", json!(7)),
        ("sid", json!(Uuid::from_u128(1))),
        ("tid", json!(stranger)),
        ("tid", json!(Uuid::nil())),
    ] {
        bodies.push((format!("{name} {value}"), with(&claims, name, value)));
    }
    all.extend(bodies.into_iter().map(|(what, claims)| (what, signed(&header, &claims, SECRET))));
    all
}

#[tokio::test]
async fn s02_forty_forged_tokens_open_nothing() {
    let app = TestApp::with_settings(&[("auth.jwt_secret", SECRET)]).await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let tokens = hotel.agent("ana").await.logs_in().await;
    let genuine = access(&tokens);
    // What the test signs is what the server accepts, so that each forgery fails for its own reason.
    let mut parts = genuine.split('.');
    let (header, claims) = (read(parts.next().unwrap()), read(parts.next().unwrap()));
    assert_eq!(app.web.get(&signed(&header, &claims, SECRET), "/api/v1/auth/me").await.status, 200);
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 600);

    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let forgeries = forgeries(genuine, refresh_token, &clinic.id.to_string());
    assert!(forgeries.len() >= 40, "{}", forgeries.len());
    for (what, token) in forgeries {
        let answer = app.web.get(&token, "/api/v1/auth/me").await;
        assert_eq!(answer.problem(), (401, "unauthorized"), "{what}");
    }
    let access_as_refresh = refresh(&app, &json!(genuine)).await;
    assert_eq!(access_as_refresh.status, 401);
}

#[test]
fn s03_a_weak_secret_stops_the_start() {
    let refused = |secret: &str| {
        let sources = Sources::default().with_flag("auth.jwt_secret", secret, "test");
        Config::load(&sources).unwrap_err().to_string()
    };
    for weak in
        ["secret", &"x7".repeat(15), "0123456789abcdef0123456789abcde", &"k".repeat(64), &"ab".repeat(32)]
    {
        assert!(refused(weak).contains("auth.jwt_secret"), "{weak}");
    }
    assert!(Config::load(&Sources::default().with_flag("auth.jwt_secret", SECRET, "test")).is_ok());
    let alone = Sources::default().with_flag("auth.jwt_other_secret", SECRET, "test");
    assert!(Config::load(&alone).unwrap_err().to_string().contains("stands alone"));
}

/// Processes go from one secret to another in the steps that the settings describe, one after the other. Whichever of
/// two that run at the same time signed a token, the other one accepts it.
#[tokio::test]
async fn s03_a_secret_is_changed_without_anybody_noticing() {
    let before: &[(&str, &str)] = &[("auth.jwt_secret", SECRET)];
    let known: &[(&str, &str)] = &[("auth.jwt_secret", SECRET), ("auth.jwt_other_secret", OTHER)];
    let swapped: &[(&str, &str)] = &[("auth.jwt_secret", OTHER), ("auth.jwt_other_secret", SECRET)];
    let after: &[(&str, &str)] = &[("auth.jwt_secret", OTHER)];
    for (old, new) in [(before, known), (known, swapped), (swapped, after)] {
        let app = TestApp::with_settings(old).await;
        let hotel = app.tenant("hotel").await;
        let ana = hotel.agent("ana").await;
        let restarted = app.another_process(new).await;
        for (here, there) in [(&app.web, &restarted), (&restarted, &app.web)] {
            let body = json!({"email": ana.email, "password": crate::stage::PASSWORD});
            let tokens = here.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok();
            assert_eq!(there.get(access(&tokens), "/api/v1/auth/me").await.status, 200);
            let body = json!({"refresh_token": tokens["refresh_token"]});
            let next = there.call(Method::POST, None, "/api/v1/auth/refresh", Some(&body)).await.ok();
            assert_eq!(here.get(access(&next), "/api/v1/auth/me").await.status, 200);
        }
    }
}
