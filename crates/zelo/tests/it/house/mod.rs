//! The codebase itself: what `ARCHITECTURE.md` promises of it.

mod routes;
mod schema;
mod sources;
