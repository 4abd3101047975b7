//! What people write stays what it is: text.

use crate::{security::desk::Desk, stage::http};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

/// Attacks on statements of SQL: quotes, comments, stacked statements, delays, in several writings.
fn injections() -> Vec<String> {
    let breaks = ["'", "\"", "')", "';", "\\'", "%27", "’", "'||'", "$$", "`"];
    let attacks = [
        " or 1=1--",
        "; drop table messages;--",
        "; delete from users;--",
        " union select password_hash from users--",
        "; select pg_sleep(5);--",
        "||pg_sleep(5)--",
        " and randomblob(500000000)--",
        "; update users set role='owner';--",
        "/**/or/**/1=1#",
        "; attach database '/tmp/x' as x;--",
        " or exists(select 1 from tenants)--",
        "; vacuum into '/tmp/stolen.db';--",
        "; set app.tenant='x';--",
        "; copy users to program 'sh';--",
        " having 1=1--",
        " order by 99--",
        "; pragma writable_schema=1;--",
        " limit 1 offset 1--",
        "; reset role;--",
        " like '%",
    ];
    let all: Vec<String> =
        breaks.iter().flat_map(|it| attacks.iter().map(move |attack| format!("x{it}{attack}"))).collect();
    assert_eq!(all.len(), 200);
    all
}

#[tokio::test]
async fn i02_two_hundred_injections_are_two_hundred_texts() {
    let desk = Desk::open().await;
    let users = desk.app.web.get(&desk.tokens[0], "/api/v1/users").await.ok();
    let attacks = injections();
    let begun = Instant::now();
    for attack in &attacks {
        desk.helena.says(attack).await;
        let query = |name: &str| {
            let mut url = reqwest::Url::parse(&desk.address("/conversations")).unwrap();
            url.query_pairs_mut().append_pair(name, attack);
            url
        };
        for name in ["assignee", "status", "channel", "cursor", "limit"] {
            let request =
                desk.app.web.request(Method::GET, query(name).as_str()).bearer_auth(&desk.tokens[0]);
            let answer = desk.app.web.answer(request).await;
            assert!([400, 422].contains(&answer.status), "{name} {attack}: {}", answer.text);
        }
        let asked = Instant::now();
        let number = json!({"to": attack, "type": "text", "text": attack});
        let answer = desk.ana.post("/whatsapp/send", &number).await;
        assert_eq!(answer.status, 422, "{attack}: {}", answer.text);
        let slug = json!({"name": attack, "slug": attack});
        let tenant =
            desk.app.web.call(Method::POST, Some(&desk.tokens[1]), "/api/v1/tenants", Some(&slug)).await;
        assert_eq!(tenant.status, 422, "{attack}: {}", tenant.text);
        assert!(asked.elapsed() < Duration::from_secs(4), "{attack} took {:?}", asked.elapsed());
    }
    desk.app.run_jobs().await;
    for attack in attacks.iter().step_by(8) {
        let body = json!({"email": attack, "password": attack});
        let answer = desk.app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await;
        assert!([401, 422, 429].contains(&answer.status), "{attack}: {}", answer.text);
    }

    let mut read = desk.ana.reads().await;
    assert_eq!(read.remove(0), "quero reservar");
    assert_eq!(read, attacks, "after {:?}", begun.elapsed());
    assert_eq!(desk.app.web.get(&desk.tokens[0], "/api/v1/users").await.ok(), users);
}

/// Statements are `&'static str` by the types of the `db` crate; leaking memory would be the way around. One place takes it,
/// once: the deletion of a tenant names tables as the database's own catalogue spells them, quoted, and nothing else.
#[test]
fn i02_no_statement_is_put_together_at_run_time() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../");
    let mut looked = 0;
    for folder in ["zelo/src", "db/src", "jobs/src"] {
        for source in sources_below(&sources.join(folder)) {
            let text = std::fs::read_to_string(&source).unwrap();
            let leaks = text.matches(".leak()").count() + text.matches("::leak(").count();
            let allowed = usize::from(source.ends_with("db/src/catalogue.rs"));
            assert_eq!(leaks, allowed, "{} leaks", source.display());
            looked += 1;
        }
    }
    assert!(looked > 150, "only {looked} files");
}

fn sources_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources_below(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

/// The page of the only conversation, as a browser gets it.
async fn page(desk: &Desk) -> String {
    let id = desk.ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let request = http().get(format!("{}/conversations/{id}", desk.app.web.url));
    let answer = request.header("cookie", desk.cookie(&desk.ana).await).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.text().await.unwrap()
}

#[tokio::test]
async fn i04_nothing_but_web_addresses_can_be_clicked() {
    let desk = Desk::open().await;
    let forms = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\u{1}javascript:alert(1)",
        "javascript&colon;alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "blob:https://x/1",
        "view-source:https://x",
        "intent://x#Intent;scheme=http;end",
        "https://ok.example/ javascript:alert(1)",
        "[x](javascript:alert(1))",
        "<a href=\"javascript:alert(1)\">x</a>",
        "https://ok.example/\" onclick=\"alert(1)",
        "http://ok.example/'onmouseover='alert(1)",
        "//evil.example/x",
        "mailto:x@y.example?body=javascript:1",
    ];
    for form in forms {
        desk.helena.says(form).await;
    }
    desk.app.run_jobs().await;

    let page = page(&desk).await;
    let mut clickable = 0;
    for link in page.split("<a ").skip(1) {
        let tag = link.split('>').next().unwrap();
        let Some(target) = tag.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        let is_safe =
            ["/", "?", "#", "http://", "https://", "tel:", "mailto:"].iter().any(|it| target.starts_with(it));
        assert!(is_safe && !target.starts_with("//"), "{target} can be clicked");
        if target.starts_with("http") {
            assert!(tag.contains("rel=\"noopener noreferrer nofollow\""), "{tag}");
            clickable += 1;
        }
        assert!(!tag.contains(" onclick=") && !tag.contains(" onmouseover="), "{tag}");
    }
    assert!(clickable >= 3, "only {clickable} web addresses can be clicked");
    assert!(page.contains("vbscript:msgbox(1)"), "the texts are shown all the same");
}

#[tokio::test]
async fn i06_what_looks_like_a_program_is_sent_and_shown_as_it_is() {
    let desk = Desk::open().await;
    let texts = [
        "{{7*7}} ${7*7} #{7*7} <%= 7*7 %> {%25 if 1 %25} [[7*7]]",
        "{{constructor.constructor('return 1')()}} {{contact.name}} {{ env.HOME }}",
        "$(id) `id` ; ls | cat ../../etc/passwd \\${jndi:ldap://x}",
    ];
    for text in texts {
        desk.ana.answers(text).await.ok();
    }
    desk.app.run_jobs().await;
    assert_eq!(desk.helena.has_received(), texts);
    let page = page(&desk).await;
    assert!(page.contains("{{7*7}} ${7*7} #{7*7}") && !page.contains("49 49"), "{page}");
}

/// The formatting of messages is the only thing that looks for patterns in strangers' texts.
#[tokio::test]
async fn i06_no_text_takes_long_to_format() {
    let desk = Desk::open().await;
    let fill = |piece: &str| piece.repeat(4096 / piece.len());
    for text in [
        fill("*"),
        fill("*_~`"),
        fill("*a _b ~c `d "),
        fill("```"),
        fill("> "),
        fill("https://"),
        fill("https://a.b/("),
        fill("a@"),
        fill("("),
        fill("*a*_"),
    ] {
        desk.helena.says(&text).await;
    }
    desk.app.run_jobs().await;
    let cookie = desk.cookie(&desk.ana).await;
    let id = desk.ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let begun = Instant::now();
    let answer = http()
        .get(format!("{}/conversations/{id}", desk.app.web.url))
        .header("cookie", cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    // Ten texts of 50 ms each, in a debug build on a busy machine.
    assert!(begun.elapsed() < Duration::from_millis(500) * 4, "took {:?}", begun.elapsed());
    // Neither do we bring such a thing ourselves.
    for crate_of_ours in ["zelo", "whatsapp"] {
        let manifest = format!("{}/../{crate_of_ours}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
        let manifest = std::fs::read_to_string(manifest).unwrap();
        assert!(!["regex", "pcre", "onig"].iter().any(|engine| manifest.contains(engine)), "{manifest}");
    }
}
