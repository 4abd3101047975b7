//! Zelo: a customer-support desk for WhatsApp.
//!
//! The rooms, in the order in which a reader meets them; `ARCHITECTURE.md` walks through them.

pub mod app;
pub mod cli;
pub mod router;

// What everything stands on.
pub mod clock;
pub mod config;
pub mod crypto;
pub mod egress;
pub mod error;
pub mod http;
pub mod ids;
pub mod mail;
pub mod queues;
pub mod redis_client;
pub mod schema;
pub mod stores;
pub mod tasks;
pub mod telemetry;

// Who works here, with which numbers.
pub mod api_keys;
pub mod approvals;
pub mod channels;
pub mod identity;
pub mod quotas;
pub mod rights;
pub mod rotation;
pub mod support;
pub mod teams;
pub mod tenants;

// What was done, and the proof of it.
pub mod audit;

// How a tenant leaves.
pub mod offboarding;

// How often, and who not at all.
pub mod limits;

// The core.
pub mod contacts;
pub mod conversations;
pub mod media;
pub mod merging;
pub mod messages;
pub mod templates;

// What follows when a number is connected.
pub mod connecting;

// From Meta and to Meta, and who notices that nothing comes.
pub mod inbound;
pub mod outbound;
pub mod silence;

// Who hears of it.
pub mod events;
pub mod realtime;

// What people and programs see.
pub mod access_reviews;
pub mod api;
pub mod health;
pub mod pages;

pub use error::Error;

/// Choose the one cryptography of the house. Called at every start; a second time changes nothing.
pub fn install_crypto_provider() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
