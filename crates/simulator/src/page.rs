//! The page on which somebody is the customer. Plain HTML and modules, no build step.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use serde::Deserialize;

use crate::simulator::Simulator;

/// Nothing is loaded from elsewhere, and nothing inline runs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

#[derive(RustEmbed)]
#[folder = "assets"]
struct Assets;

/// The style sheets of the desk, which this page shares.
fn shared(name: &str) -> Option<&'static str> {
    match name {
        "tokens.css" => Some(include_str!("../../../assets/css/tokens.css")),
        "components.css" => Some(include_str!("../../../assets/css/components.css")),
        _ => None,
    }
}

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        // Whoever only knows the host comes to the phone.
        .route("/", get(|| async { Redirect::temporary("/simulator") }))
        .route("/simulator", get(page))
        .route("/simulator/", get(|| async { Redirect::permanent("/simulator") }))
        .route("/simulator/assets/{name}", get(asset))
}

#[derive(Deserialize)]
struct Wish {
    lang: Option<String>,
}

async fn page(State(simulator): State<Simulator>, Query(wish): Query<Wish>, headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let language = language(wish.lang.as_deref(), accepted);
    let Some(html) = render(language, simulator.inner.inbox_url.as_deref()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let head = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept-language"),
    ];
    (head, html).into_response()
}

/// Portuguese, unless English was asked for, or is the first language that the browser names.
fn language(wish: Option<&str>, accepted: &str) -> &'static str {
    let wanted = wish.unwrap_or_else(|| accepted.split([',', ';']).next().unwrap_or_default());
    if wanted.trim().to_ascii_lowercase().starts_with("en") { "en" } else { "pt-BR" }
}

/// Fills `{{key}}` with the texts of a language.
fn render(language: &str, inbox_url: Option<&str>) -> Option<String> {
    let html = text_of("index.html")?;
    let mut texts: BTreeMap<String, String> =
        serde_json::from_str(&text_of(&format!("texts.{language}.json"))?).ok()?;
    texts.insert("language".into(), language.into());
    texts.insert("inbox_url".into(), inbox_url.unwrap_or("/").into());
    texts.insert("inbox_hidden".into(), if inbox_url.is_some() { "" } else { "hidden" }.into());
    let mut page = String::with_capacity(html.len().saturating_mul(2));
    let mut rest = html.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        let (key, after) = after.split_once("}}")?;
        page.push_str(before);
        page.push_str(&escaped(texts.get(key.trim())?));
        rest = after;
    }
    page.push_str(rest);
    Some(page)
}

fn text_of(name: &str) -> Option<String> {
    String::from_utf8(Assets::get(name)?.data.into_owned()).ok()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

async fn asset(Path(name): Path<String>) -> Response {
    let head = |kind: &str| {
        [
            (CONTENT_TYPE, kind.to_owned()),
            (X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
            (CACHE_CONTROL, "no-cache".into()),
        ]
    };
    if let Some(sheet) = shared(&name) {
        return (head("text/css"), sheet).into_response();
    }
    match Assets::get(&name).filter(|_| name != "index.html") {
        Some(file) => (head(file.metadata.mimetype()), file.data).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portuguese_comes_first() {
        assert_eq!(language(None, ""), "pt-BR");
        assert_eq!(language(None, "fr;q=0.9,en"), "pt-BR");
        assert_eq!(language(None, "en-US,pt;q=0.5"), "en");
        assert_eq!(language(Some("pt"), "en-US"), "pt-BR");
        assert_eq!(language(Some("en"), "pt-BR"), "en");
    }

    #[test]
    fn every_text_exists_in_both_languages() {
        let keys = |language: &str| {
            let text = text_of(&format!("texts.{language}.json")).unwrap();
            let texts: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
            texts.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(keys("pt-BR"), keys("en"));
    }

    #[test]
    fn the_page_is_rendered_in_both_languages_without_anything_inline() {
        for language in ["pt-BR", "en"] {
            let page = render(language, Some("http://localhost/?a=\"&b")).unwrap();
            assert!(page.contains(&format!("<html lang=\"{language}\"")));
            assert!(page.contains("http://localhost/?a=&quot;&amp;b"));
            for forbidden in ["{{", " style=", " onclick=", "<style", "<script>", "javascript:"] {
                assert!(!page.contains(forbidden), "{forbidden}");
            }
        }
        assert!(render("pt-BR", None).unwrap().contains("Nada aqui chega a um telefone de verdade"));
        assert!(render("en", None).unwrap().contains("Nothing here reaches a real phone"));
    }

    #[test]
    fn everything_that_the_page_links_to_is_served() {
        let html = text_of("index.html").unwrap();
        let names: Vec<&str> =
            html.split("/simulator/assets/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() >= 4, "{names:?}");
        for name in names {
            assert!(Assets::get(name).is_some() || shared(name).is_some(), "{name}");
        }
    }
}
