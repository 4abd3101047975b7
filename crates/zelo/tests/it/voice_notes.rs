//! Voice notes: recorded in a browser, sent as WhatsApp wants them, and seen in the thread.

use crate::{
    media_out::scene,
    stage::{Agent, Answer, TestApp},
};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::Said;

/// Two seconds that Chromium's `MediaRecorder` made.
pub(crate) const RECORDING: &[u8] = include_bytes!("../../../voice/samples/chromium.webm");
/// What a phone sends.
const FROM_A_PHONE: &[u8] = include_bytes!("../../../simulator/assets/voice.ogg");

const WEBM: &str = "audio/webm;codecs=opus";

fn bars(file: &Value) -> Vec<u64> {
    file["waveform"].as_array().unwrap().iter().map(|bar| bar.as_u64().unwrap()).collect()
}

/// The form of the page, with a recording.
async fn records(app: &TestApp, ana: &Agent, recording: &'static [u8], mime_type: &str) -> Answer {
    let conversation = ana.the_conversation().await;
    let page = format!("{}/conversations/{}/files", app.web.url, conversation["id"].as_str().unwrap());
    let part = reqwest::multipart::Part::bytes(recording).file_name("voz.webm").mime_str(mime_type).unwrap();
    let form = reqwest::multipart::Form::new().text("voice", "yes").part("file", part);
    let request = app.web.request(Method::POST, &page).bearer_auth(ana.token().await);
    let request = request.header("sec-fetch-site", "same-origin").header("x-fragment", "message");
    app.web.answer(request.multipart(form)).await
}

#[tokio::test]
async fn what_a_browser_recorded_reaches_the_phone_as_a_voice_note() {
    let (app, ana, helena) = scene().await;
    let file = ana.uploads("?type=voice", WEBM, RECORDING).await.ok();
    assert_eq!((&file["mime_type"], &file["filename"]), (&json!("audio/ogg"), &Value::Null));
    let length = file["duration_ms"].as_i64().unwrap();
    assert!((2_000..3_000).contains(&length) && file["duration"] == (length + 500) / 1000, "{file}");
    assert!(bars(&file).len() == 64 && bars(&file).iter().any(|bar| *bar > 50), "{file}");
    // Nobody has to say once more that it is one.
    ana.sends_file("audio", &file, &json!({})).await.ok();
    app.run_jobs().await;
    let (shown, mime_type, bytes) = helena.newest_file().await;
    assert_eq!((&shown["voice"], mime_type.as_str()), (&json!(true), "audio/ogg; codecs=opus"));
    let note = voice::rewrap(RECORDING).unwrap();
    assert!(bytes == note.ogg && bytes.starts_with(b"OggS"));
    // The desk has the same, and plays it.
    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["type"]), (&json!("delivered"), &json!("audio")));
    assert_eq!(bars(&message["media"]), bars(&file));
    let (answer, played) = ana.opens(&message["media"]["url"], &[("sec-fetch-dest", "audio")]).await;
    assert!(answer.headers["content-disposition"].starts_with("inline; ") && played == note.ogg);
}

#[tokio::test]
async fn a_voice_note_that_comes_in_has_its_length_and_its_bars_and_a_photo_has_none() {
    let (app, ana, helena) = scene().await;
    let file = helena.has_file("audio/ogg; codecs=opus", FROM_A_PHONE);
    helena.sends(&Said::Audio { file, voice: true }).await;
    app.run_jobs().await;
    let heard = voice::listen(FROM_A_PHONE).unwrap();
    let note = ana.newest_file().await;
    assert_eq!(note["duration_ms"], heard.length_ms);
    assert!(note["duration"].as_u64().is_some_and(|seconds| seconds >= 1));
    assert_eq!(note["waveform"], json!(heard.waveform.to_vec()));
    app.passes(1000);
    helena.sends_photo("image/png", crate::media::PHOTO).await;
    app.run_jobs().await;
    let photo = ana.newest_file().await;
    assert_eq!((&photo["duration"], &photo["waveform"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_cannot_be_a_voice_note_is_refused_with_its_reason() {
    let (app, ana, _) = scene().await;
    let mp4 = b"\0\0\0\x18ftypiso5\0\0\0\0iso5mp41".to_vec();
    let vorbis =
        [&RECORDING[..RECORDING.windows(6).position(|six| six == b"A_OPUS").unwrap()], b"A_FLAC"].concat();
    for (query, mime_type, content, code) in [
        ("?type=voice", "audio/mp4", mp4, "voice_mp4"),
        ("?type=voice", "audio/mpeg", b"ID3\x04".to_vec(), "voice_container"),
        ("?type=voice", WEBM, vorbis, "voice_codec"),
        ("?type=voice", WEBM, RECORDING[..2_000].to_vec(), "voice_broken"),
        ("?type=voice", WEBM, Vec::new(), "voice_empty"),
        ("?type=voice", "audio/ogg", RECORDING.to_vec(), "type_mismatch"),
        ("?type=voice&filename=voz.exe", WEBM, RECORDING.to_vec(), "type_mismatch"),
        // Only a recording is taken in WebM.
        ("?filename=voz.webm", WEBM, RECORDING.to_vec(), "type_not_allowed"),
    ] {
        let answer = ana.uploads(query, mime_type, content).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["code"]),
            (422, &json!(code)),
            "{query} {mime_type}"
        );
    }
    // Sound that is none of one channel is sent as sound only.
    let song = [b"ID3\x04".to_vec(), vec![0; 400]].concat();
    let song = ana.uploads("?filename=musica.mp3", "audio/mpeg", song).await.ok();
    let answer = ana.sends_file("audio", &song, &json!({"voice": true})).await;
    assert_eq!((answer.status, &answer.body["errors"][0]["code"]), (422, &json!("not_a_voice_note")));
    ana.sends_file("audio", &song, &json!({})).await.ok();
    app.run_jobs().await;
    // A voice note that was uploaded as sound may be sent as one.
    let note = ana.uploads("?filename=voz.ogg", "audio/ogg", FROM_A_PHONE).await.ok();
    ana.sends_file("audio", &note, &json!({"voice": true})).await.ok();
    app.run_jobs().await;
    assert_eq!(ana.newest().await["content"]["audio"]["voice"], true);
}

#[tokio::test]
async fn the_page_records_sends_and_draws_a_voice_note() {
    let (app, ana, helena) = scene().await;
    let sent = records(&app, &ana, RECORDING, WEBM).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    app.run_jobs().await;
    assert_eq!(helena.newest_file().await.0["voice"], true);
    let page = format!("/conversations/{}", ana.the_conversation().await["id"].as_str().unwrap());
    let browser = ana.browser().await;
    for (lang, words, button) in [
        ("pt-BR", "Mensagem de voz", "Gravar mensagem de voz"),
        ("en", "Voice message", "Record a voice message"),
    ] {
        let shown = browser.page(&page, lang).await;
        // Played by the browser's own player, also without script; the bars are only looked at.
        assert!(shown.contains("<audio class=\"player\" src=\"/api/v1/media/"), "{lang}");
        assert!(shown.contains(&format!("aria-label=\"{words} 0:02\"")), "{lang}: {shown}");
        assert!(shown.contains("<svg class=\"waveform\" viewBox=\"0 0 256 32\""), "{lang}");
        assert!(
            shown.contains(&format!("aria-label=\"{button}\" hidden")),
            "{lang}: without script there is none"
        );
    }
    let refused = records(&app, &ana, b"\0\0\0\x18ftypiso5\0\0\0\0iso5mp41", "audio/mp4").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("MP4"), "{}", refused.text);
}
