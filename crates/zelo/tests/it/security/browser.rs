//! Pages in a real Chromium, with texts of people who wish us ill.

use crate::{
    browser::Browser,
    clients::Script,
    media::pdf,
    security::desk::Desk,
    stage::{PASSWORD, serve},
};
use axum::{Router, http::header, routing::get};
use serde_json::json;

/// Markup that runs a script in a page that takes it for its own: tags, attributes, addresses, half-closed things,
/// and what survives one or two rounds of decoding. Each calls `pwned()`.
fn payloads() -> Vec<String> {
    let run = "pwned()";
    let tags = [
        format!("<script>{run}</script>"),
        format!("<img src=x onerror={run}>"),
        format!("<svg onload={run}>"),
        format!("<svg><script>{run}</script></svg>"),
        format!("<iframe srcdoc=\"<script>parent.{run}</script>\"></iframe>"),
        format!("<iframe src=\"javascript:parent.{run}\"></iframe>"),
        format!("<a href=\"javascript:{run}\">x</a>"),
        format!("<body onload={run}>"),
        format!("<details open ontoggle={run}>x</details>"),
        format!("<input autofocus onfocus={run}>"),
        format!("<video><source onerror={run}></video>"),
        format!("<math><mtext></form><form><mglyph><style></math><img src onerror={run}>"),
        format!("<object data=\"javascript:{run}\"></object>"),
        format!("<embed src=\"javascript:{run}\">"),
        "<base href=\"https://evil.example/\">".to_owned(),
        "<meta http-equiv=refresh content=\"0;url=javascript:pwned()\">".to_owned(),
        "<link rel=stylesheet href=https://evil.example/x.css>".to_owned(),
        format!("<form action=\"javascript:{run}\"><button autofocus>x</button></form>"),
        format!("<marquee onstart={run}>x</marquee>"),
        format!("<template><script>{run}</script></template>"),
        "<style>@import 'https://evil.example/x.css';</style>".to_owned(),
        format!("<x onclick={run} tabindex=1 autofocus onfocus={run}>x</x>"),
        format!("{{{{constructor.constructor('{run}')()}}}}"),
        format!("javascript:{run}"),
        "https://evil.example/x.js".to_owned(),
    ];
    let dress: [fn(&str) -> String; 20] = [
        str::to_owned,
        |it| format!("\">{it}"),
        |it| format!("'>{it}"),
        |it| format!("</textarea>{it}"),
        |it| format!("</script>{it}"),
        |it| format!("</style>{it}"),
        |it| format!("</title>{it}"),
        |it| format!("-->{it}"),
        |it| format!("]]>{it}"),
        |it| it.to_uppercase().replace("PWNED", "pwned"),
        |it| it.replace('<', "&lt;").replace('>', "&gt;"),
        |it| it.replace('<', "%3C").replace('>', "%3E"),
        |it| it.replace('<', "\\u003c").replace('>', "\\u003e"),
        |it| it.replace(' ', "/"),
        |it| it.replace(' ', "\n"),
        |it| format!("*{it}*"),
        |it| format!("```{it}```"),
        |it| format!("https://ok.example/{it}"),
        |it| format!("\u{202e}{it}"),
        |it| it.replace('<', "<<").replace("script", "scr<script>ipt"),
    ];
    tags.iter().flat_map(|tag| dress.iter().map(move |dress| dress(tag))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i03_five_hundred_scripts_in_messages_run_nowhere() {
    let Some(browser) = Browser::start().await else { return };
    let desk = Desk::open().await;
    // Whoever looks has read it, which Meta is told afterwards.
    desk.app.may_leave_work();
    let payloads = payloads();
    assert_eq!(payloads.len(), 500);
    for (n, payload) in payloads.iter().enumerate() {
        desk.helena.says(payload).await;
        if n % 100 == 99 {
            desk.app.run_jobs().await;
        }
    }
    for (name, username) in [(&payloads[0], "x.um"), (&payloads[20], "x.dois"), (&payloads[21], "x.tres")] {
        let hostile = simulator::NewContact {
            name: name.clone(),
            username: Some(username.into()),
            ..simulator::NewContact::default()
        };
        desk.hotel.person(hostile).says(name).await;
    }
    desk.app.run_jobs().await;
    let inbox = format!("{}/", desk.app.web.url);
    let Some(mut crawl) =
        Script::start("browser/crawl.cjs", &[&browser.devtools, &inbox, &desk.ana.email, PASSWORD])
    else {
        return;
    };
    let heard = crawl.until("browser", "done").await;
    let found = heard.last().unwrap()["payload"].clone();
    assert_eq!(found["ran"], json!(0), "{found}");
    assert_eq!(found["violations"], json!([]), "{found}");
    assert_eq!(found["strangers"], json!([]), "{found}");
    assert!(found["shown"].as_u64().unwrap() >= 500, "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h02_h08_every_page_obeys_its_policy_and_loads_nothing_from_elsewhere() {
    let Some(browser) = Browser::start().await else { return };
    let desk = Desk::open().await;
    // Whoever looks has read it, which Meta is told afterwards.
    desk.app.may_leave_work();
    desk.ana.answers("Claro! *Para quando?* https://hotel.example/quartos").await.ok();
    desk.app.run_jobs().await;
    let inbox = format!("{}/", desk.app.web.url);
    let Some(mut crawl) =
        Script::start("browser/crawl.cjs", &[&browser.devtools, &inbox, &desk.ana.email, PASSWORD])
    else {
        return;
    };
    let heard = crawl.until("browser", "done").await;
    let found = heard.last().unwrap()["payload"].clone();
    assert_eq!(found["violations"], json!([]), "{found}");
    assert_eq!(found["strangers"], json!([]), "{found}");
    assert!(found["pages"].as_u64().unwrap() >= 8, "{found}");
    assert!(found["policies"].as_u64().unwrap() >= 8, "{found}");
}

/// Scripts behind enough words that the file is taken for what it says it is.
fn with_script(words: &str) -> Vec<u8> {
    let script = "<html><body><script>pwned()</script><svg onload=pwned()><img src=x onerror=pwned()>";
    format!("{}{script}", words.repeat(2_000 / words.len())).into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_no_file_of_a_stranger_runs_under_our_origin() {
    let Some(browser) = Browser::start().await else { return };
    let desk = Desk::open().await;
    let form = "1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj";
    let mut urls = Vec::new();
    for (name, mime_type, content, state) in [
        ("pagina.html", "text/html", with_script(" "), "refused"),
        (
            "desenho.svg",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='pwned()'/>".to_vec(),
            "refused",
        ),
        ("nota.txt", "text/plain", with_script("Segue a lista. "), "stored"),
        ("tabela.csv", "text/csv", with_script("Nome;Telefone\n"), "stored"),
        ("musica.mp3", "audio/mpeg", [b"ID3\x04\0\0\0\0".to_vec(), with_script("....")].concat(), "stored"),
        (
            "contrato.pdf",
            "application/pdf",
            [pdf(form), with_script("% "), b"\n%%EOF\n".to_vec()].concat(),
            "stored",
        ),
    ] {
        desk.app.passes(1000);
        desk.helena.sends_document(name, mime_type, content).await;
        desk.app.run_jobs().await;
        let file = desk.ana.newest_file().await;
        assert_eq!(file["state"], state, "{name}: {file}");
        urls.extend(file["url"].as_str().map(str::to_owned));
    }
    assert_eq!(urls.len(), 4);
    let page = || async { ([(header::CONTENT_TYPE, "text/html")], with_script("Segue a lista. ")) };
    let elsewhere = serve(Router::new().route("/", get(page))).await;
    let inbox = format!("{}/", desk.app.web.url);
    let mut arguments: Vec<&str> = vec![&browser.devtools, &inbox, &desk.ana.email, PASSWORD, &elsewhere];
    arguments.extend(urls.iter().map(String::as_str));
    let Some(mut opening) = Script::start("browser/files.cjs", &arguments) else { return };
    let heard = opening.until("browser", "opened").await.pop().unwrap()["payload"].clone();
    assert_eq!(heard["elsewhere"], json!([elsewhere]), "the same bytes run where nobody keeps them: {heard}");
    assert_eq!(heard["ran"], json!([]), "{heard}");
    assert_eq!(heard["opened"], 4 * 9, "{heard}");
}
