use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use simulator::Said;
use whatsapp::client::{
    AccessToken, MediaSource, OutboundContent, OutboundMedia, OutboundMessage, Recipient, SendError,
};

use crate::stage::{ANA, AURORA, Stage, http, token};

const PDF: &[u8] = b"%PDF-1.7 nota fiscal";

fn sized(content: Bytes) -> (Bytes, u64) {
    let size = content.len() as u64;
    (content, size)
}

async fn uploaded(stage: &Stage) -> String {
    let content = Bytes::from_static(PDF);
    stage
        .client()
        .upload_media(AURORA, &token(), "application/pdf", "nota.pdf", sized(content))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_file_goes_up_and_comes_down_in_two_steps() {
    let stage = Stage::new().await;
    let id = uploaded(&stage).await;
    assert!(id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    let info = stage.client().media_url(&id, &token(), AURORA).await.unwrap();
    assert_eq!((info.mime_type.as_deref(), info.file_size), (Some("application/pdf"), Some(20)));
    assert_eq!(info.sha256, Some(hex::encode(digest(&SHA256, PDF))));
    let whole = stage.client().download_media(&info.url, &token(), 0).await.unwrap();
    assert_eq!((whole.status().as_u16(), whole.bytes().await.unwrap()), (200, Bytes::from_static(PDF)));
    let rest = stage.client().download_media(&info.url, &token(), 9).await.unwrap();
    assert_eq!(rest.headers()["content-range"], "bytes 9-19/20");
    assert_eq!(
        (rest.status().as_u16(), rest.bytes().await.unwrap()),
        (206, Bytes::from_static(b"nota fiscal"))
    );
}

#[tokio::test]
async fn the_second_step_wants_the_token_a_name_and_an_address_that_nobody_changed() {
    let stage = Stage::new().await;
    let id = uploaded(&stage).await;
    let url = stage.client().media_url(&id, &token(), AURORA).await.unwrap().url;
    let get = |url: String, token: &str, agent: &str| {
        http().get(url).bearer_auth(token).header("user-agent", agent).send()
    };
    assert_eq!(get(url.clone(), "aurora-token", "Zelo").await.unwrap().status(), 200);
    assert_eq!(get(url.clone(), "wrong", "Zelo").await.unwrap().status(), 401);
    assert_eq!(get(url.clone(), "ipe-token", "Zelo").await.unwrap().status(), 404);
    assert_eq!(get(url.clone(), "aurora-token", "").await.unwrap().status(), 400);
    assert_eq!(get(url.replace("ext=1", "ext=2"), "aurora-token", "Zelo").await.unwrap().status(), 404);
}

#[tokio::test]
async fn addresses_live_five_minutes_and_customers_files_seven_days() {
    let stage = Stage::new().await;
    let file = stage.simulator.add_file(AURORA, "image/png", Bytes::from_static(b"png")).unwrap();
    let said = Said::Image { file: file.clone(), caption: Some("Chegou quebrado".into()) };
    stage.simulator.say(AURORA, stage.ana, &said).unwrap();
    stage.simulator.idle().await;
    let image = stage.desk.newest()["messages"][0]["image"].clone();
    assert_eq!(
        (image["id"].as_str(), image["caption"].as_str()),
        (Some(file.as_str()), Some("Chegou quebrado"))
    );

    let url = stage.client().media_url(&file, &token(), AURORA).await.unwrap().url;
    stage.simulator.advance_clock(Duration::from_secs(301));
    let error = stage.client().download_media(&url, &token(), 0).await.unwrap_err();
    assert!(matches!(error, SendError::Rejected { .. }));
    let again = stage.client().media_url(&file, &token(), AURORA).await.unwrap().url;
    assert_eq!(stage.client().download_media(&again, &token(), 0).await.unwrap().status(), 200);
    stage.simulator.advance_clock(Duration::from_secs(7 * 86_400));
    let error = stage.client().media_url(&file, &token(), AURORA).await.unwrap_err();
    assert_eq!((error.code(), error.graph_error().unwrap().subcode), (Some(100), Some(33)));
}

#[tokio::test]
async fn files_that_meta_does_not_take_are_131053() {
    let stage = Stage::new().await;
    let svg = Bytes::from_static(b"<svg/>");
    let error = stage
        .client()
        .upload_media(AURORA, &token(), "image/svg+xml", "a.svg", sized(svg))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(131_053));
    let huge = Bytes::from(vec![0; (5 << 20) + 1]);
    let error =
        stage.client().upload_media(AURORA, &token(), "image/png", "a.png", sized(huge)).await.unwrap_err();
    assert_eq!(error.code(), Some(131_053));
}

#[tokio::test]
async fn a_file_is_its_owners_until_it_is_deleted() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    let id = uploaded(&stage).await;
    let foreign = stage.client().media_url(&id, &AccessToken::new("ipe-token"), AURORA).await.unwrap_err();
    assert_eq!(foreign.graph_error().unwrap().subcode, Some(33));
    let message = OutboundMessage::new(
        Recipient::Phone(ANA.into()),
        OutboundContent::Document(OutboundMedia::new(MediaSource::Id(id.clone()))),
    );
    stage.send(&message).await.unwrap();
    stage.client().delete_media(&id, &token()).await.unwrap();
    assert_eq!(stage.send(&message).await.unwrap_err().code(), Some(131_009));
    assert_eq!(stage.client().delete_media(&id, &token()).await.unwrap_err().code(), Some(100));
}
