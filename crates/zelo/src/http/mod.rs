//! What every request passes and every handler may use.
//!
//! [`Stack`] goes around the router. Handlers take [`Json`], [`Path`], [`Query`], [`Page`] and [`Idempotent`], whose
//! refusals are problem documents; [`current_ids`] tells jobs, errors and audit entries which request they belong to,
//! [`current_client`] who sent it.

mod client;
mod extract;
mod faults;
mod headers;
pub mod idempotency;
mod ids;
mod job_traces;
mod json;
mod meters;
mod origin;
mod page;
mod parameters;
mod stack;
mod violations;

pub use client::{Client, ClientAddress};
pub use extract::{Path, Query};
pub use idempotency::Idempotent;
pub use ids::{
    Caller, Ids, NewId, current_client, current_ids, set_caller, set_program, set_supporter, with_ids,
};
pub use job_traces::JobTraces;
pub use json::{Json, read as read_json};
pub use page::{DEFAULT_LIMIT, List, MOST, Page};
pub use stack::Stack;

pub(crate) use ids::{Current, carry_current, current};
pub(crate) use json::body_bytes;
pub(crate) use parameters::{KnownParameters, refuse_unknown};
pub(crate) use violations::report_violations;

#[cfg(test)]
mod tests;
