//! Zelo: a customer-support desk for WhatsApp.
//!
//! The rooms, in the order in which a reader meets them; `ARCHITECTURE.md` walks through them.

pub mod app;
pub mod config;
pub mod error;
pub mod http;

pub mod clock;
pub mod crypto;
pub mod ids;

pub mod channels;
pub mod contacts;
pub mod conversations;
pub mod events;
pub mod inbound;
pub mod messages;
pub mod tenants;
pub mod pages;
pub mod telemetry;
