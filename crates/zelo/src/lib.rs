//! Zelo: a customer-support desk for WhatsApp.
//!
//! The rooms, in the order in which a reader meets them; `ARCHITECTURE.md` walks through them.

pub mod clock;
pub mod crypto;
pub mod ids;
