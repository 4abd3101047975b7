//! How much a tenant may have: bytes of files, and messages in a month.
//!
//! The platform's owner says it for a tenant, or the settings say it for all. What is used is counted in the transaction that
//! uses it, in a row of its own that this transaction holds until it ends: whoever comes at the same moment waits and then
//! sees the new number, so that nobody gets past the limit together with somebody else, and nothing is ever counted by
//! reading through rows. Callers take their share as the last thing of their transaction, because the row is the one that
//! everybody of a tenant wants.

mod model;
mod service;
mod store;

pub use model::{Quota, Usage, Used};
pub use service::{Limit, find_limit, limit_of, publish_gauges, usage};
