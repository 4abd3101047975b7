//! Meta's WhatsApp Cloud API: what it posts to us, what we post to it, and how the two are signed.
//!
//! This crate knows no tenant and no database. Shapes follow Meta's pages as of Graph API v26.0; where Meta's own
//! examples contradict each other both spellings are read.

pub mod client;
pub mod errors;
mod lenient;
pub mod phone;
pub mod signature;
pub mod template;
pub mod webhook;
