//! API keys: how programs prove who they are.
//!
//! A key is 256 random bits behind the prefix `zelo_live_`, with a checksum that finds typing mistakes without asking
//! anybody. It is shown once; what is stored is its SHA-256. It allows what it was given and its maker still may, from
//! the networks that it was given, until it expires or is revoked.

mod admit;
mod model;
mod secret;
mod service;
mod store;

pub use admit::{Program, admit, given_key};
pub use model::{ApiKey, NewApiKey};
pub use service::{create_key, list_keys, load_keys, revoke_key, revoke_key_within, rotate_key};
