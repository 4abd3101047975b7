//! Files in a bucket instead of a folder.

use crate::{
    media::{PHOTO, pdf},
    stage::TestApp,
};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// As much of S3 as files need: objects whole and in parts, ranges, lists, deletion.
#[derive(Clone, Default)]
struct Shelf {
    kept: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    parts: Arc<Mutex<BTreeMap<u32, Vec<u8>>>>,
}

impl Shelf {
    async fn open(&self) -> String {
        let router = Router::new()
            .route("/files", get(list))
            .route("/{*path}", put(take).get(give).post(join).delete(drop_object))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(self.clone());
        crate::stage::serve(router).await
    }
}

fn tagged(status: StatusCode, body: String) -> Response {
    (status, [(header::ETAG, "\"1\"")], body).into_response()
}

async fn take(
    State(shelf): State<Shelf>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    content: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    match query.split('&').find_map(|part| part.strip_prefix("partNumber=")) {
        Some(number) => shelf.parts.lock().insert(number.parse().unwrap(), content.to_vec()),
        None => shelf.kept.lock().insert(path, content.to_vec()),
    };
    tagged(StatusCode::OK, String::new())
}

async fn join(State(shelf): State<Shelf>, Path(path): Path<String>, RawQuery(query): RawQuery) -> Response {
    if query.is_some_and(|query| query.contains("uploadId=")) {
        let whole = std::mem::take(&mut *shelf.parts.lock()).into_values().flatten().collect();
        shelf.kept.lock().insert(path.clone(), whole);
        let done = format!(
            "<CompleteMultipartUploadResult><Bucket>files</Bucket><Key>{path}</Key><ETag>\"1\"</ETag></CompleteMultipartUploadResult>"
        );
        return tagged(StatusCode::OK, done);
    }
    let begun = format!(
        "<InitiateMultipartUploadResult><Bucket>files</Bucket><Key>{path}</Key><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
    );
    tagged(StatusCode::OK, begun)
}

async fn give(State(shelf): State<Shelf>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let kept = shelf.kept.lock();
    let Some(whole) = kept.get(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let range = headers[header::RANGE].to_str().unwrap().strip_prefix("bytes=").unwrap().to_owned();
    let (from, to) = range.split_once('-').unwrap();
    let (from, to): (usize, usize) =
        (from.parse().unwrap(), to.parse::<usize>().unwrap().min(whole.len() - 1));
    let shown = format!("bytes {from}-{to}/{}", whole.len());
    let head = [
        (header::CONTENT_RANGE, shown.as_str()),
        (header::ETAG, "\"1\""),
        (header::LAST_MODIFIED, "Fri, 20 Nov 2026 12:00:00 GMT"),
    ];
    (StatusCode::PARTIAL_CONTENT, head, whole[from..=to].to_vec()).into_response()
}

async fn list(State(shelf): State<Shelf>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default().replace("%2F", "/");
    let prefix =
        query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default().to_owned();
    let mut found = String::new();
    for (path, content) in shelf.kept.lock().iter() {
        let key = path.strip_prefix("files/").unwrap();
        if key.starts_with(&prefix) {
            found += &format!(
                "<Contents><Key>{key}</Key><Size>{}</Size><LastModified>2026-11-20T12:00:00.000Z</LastModified><ETag>\"1\"</ETag></Contents>",
                content.len()
            );
        }
    }
    let found = format!(
        "<ListBucketResult><Name>files</Name><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
    );
    tagged(StatusCode::OK, found)
}

async fn drop_object(State(shelf): State<Shelf>, Path(path): Path<String>) -> StatusCode {
    shelf.kept.lock().remove(&path);
    StatusCode::NO_CONTENT
}

#[tokio::test]
async fn files_lie_in_a_bucket_sealed_and_are_read_from_there() {
    let shelf = Shelf::default();
    let endpoint = shelf.open().await;
    let app = TestApp::with_settings(&[
        ("media.bucket", "s3://files/zelo"),
        ("s3.endpoint", &endpoint),
        ("s3.region", "sa-east-1"),
        ("s3.access_key_id", "zelo"),
        ("s3.secret_access_key", "secret"),
    ])
    .await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.sends_photo("image/png", PHOTO).await;
    app.run_jobs().await;
    let photo = ana.newest_file().await;
    assert_eq!(ana.opens(&photo["url"], &[]).await.1, PHOTO);
    assert!(ana.opens(&photo["thumbnail_url"], &[]).await.1.starts_with(b"\xff\xd8\xff"));

    // Larger than one part of eight mebibytes.
    let mut plan = pdf("planta");
    plan.extend((0..2_400_000_u32).flat_map(u32::to_be_bytes));
    plan.extend_from_slice(b"\n%%EOF\n");
    app.passes(1000);
    helena.sends_document("planta.pdf", "application/pdf", plan.clone()).await;
    app.run_jobs().await;
    let file = ana.newest_file().await;
    assert_eq!(file["state"], "stored");
    let (answer, bytes) = ana.opens(&file["url"], &[("range", "bytes=9000000-9000999")]).await;
    assert_eq!((answer.status, bytes.as_slice()), (206, &plan[9_000_000..9_001_000]));
    assert!(ana.opens(&file["url"], &[]).await.1 == plan);
    for (path, content) in shelf.kept.lock().iter() {
        assert!(path.starts_with(&format!("files/zelo/{}/", hotel.id.0.simple())), "{path}");
        assert!(
            !content.windows(4).any(|four| four == b"%PDF" || four == b"\x89PNG"),
            "{path} is not sealed"
        );
    }
    assert_eq!(shelf.kept.lock().len(), 3);

    zelo::media::delete_tenant(&app.app, hotel.id).await.unwrap();
    assert!(shelf.kept.lock().is_empty(), "a tenant's files go with it");
}
