//! Stub until the pages' handlers are merged.
pub fn router() -> axum::Router<crate::app::App> { axum::Router::new() }
