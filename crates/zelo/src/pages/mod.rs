//! The web inbox: what a page shows, how it is drawn, and the files it loads.
//!
//! A handler of [`routes`] asks the services, fills plain structs of [`view`] with a [`context::PageContext`] (language,
//! theme, clock) and calls one function of [`render`]. One fragment serves the first load, the answer to a form and the
//! live update, so that the three can never differ. Only `routes` knows services and HTTP, and nothing here a database.
//!
//! Pages run under a policy without inline script or style; the tests keep the templates free of both.

pub mod assets;
pub mod context;
pub mod locale;
pub mod meta_words;
pub mod notices;
pub mod render;
mod rich;
pub mod routes;
pub mod time;
pub mod view;
mod words;

pub(crate) use routes::refuse;

#[cfg(test)]
mod tests;
