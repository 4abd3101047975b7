//! The files that pages load.

use crate::{error::Error, pages::assets};
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A file of `assets/`, or 304 where the browser has it already.
pub(super) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = assets::find(&path) else { return Error::NotFound.into_response() };
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let is_known = known.flat_map(|tags| tags.split(',')).any(|tag| is_same(tag, &asset.etag));
    let head = [(header::ETAG, asset.etag), (header::CACHE_CONTROL, asset.cache_control.to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, [(header::CONTENT_TYPE, asset.mime)], asset.bytes.into_owned()).into_response()
}

/// Compared weakly, as `If-None-Match` is (RFC 9110, section 13.1.2): a proxy that compresses makes a tag weak.
fn is_same(tag: &str, etag: &str) -> bool {
    let tag = tag.trim();
    tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let path = || Path("css/app.css".to_owned());
        let first = file(path(), HeaderMap::new()).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()["content-type"], "text/css; charset=utf-8");
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, known.parse().unwrap())]);
            let again = file(path(), headers).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()["etag"], tag.as_str());
        }
        let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, "\"other\"".parse().unwrap())]);
        assert_eq!(file(path(), headers).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_not_found() {
        assert_eq!(
            file(Path("../Cargo.toml".to_owned()), HeaderMap::new()).await.status(),
            StatusCode::NOT_FOUND
        );
    }
}
