//! Zelo: an open-source desk for customer support on WhatsApp, for many tenants.

pub mod config;
pub mod error;
pub mod http;
pub mod telemetry;

pub use error::Error;
