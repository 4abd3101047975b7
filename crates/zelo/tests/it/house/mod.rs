//! The codebase itself: what `ARCHITECTURE.md` promises of it.

mod routes;
mod schema;
mod settings;
mod sources;

pub(crate) use routes::protected_operations;
pub(crate) use schema::PLATFORM_TABLES;
pub(crate) use sources::product_sources;
