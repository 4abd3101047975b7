//! Who notices when a number falls silent, before the customers do.
//!
//! A job looks at every number: it learns how many people write in each hour of the week, from the messages that are stored
//! anyway, so that nothing is added to their way in. When nobody writes where so many usually do that it is no chance, the
//! number is checked at Meta, and whoever runs the tenant is told once, with the cause and its cure. The next message ends
//! it. What Zelo did not see, because it did not run, teaches nothing and is no silence.

mod model;
mod rule;
mod service;
mod store;

pub use model::Quiet;
pub use service::{Silence, TELL, list_silences, tell, watch};
