//! Approvals: a dangerous act of one person happens when a second one agrees.
//!
//! A tenant says for which acts ([`Act`]). Then the act's own door answers 403 `second_person_required`, and who wants it
//! asks here. Another person who may do the same approves or declines, within three days; nobody decides on their own
//! request. What was asked for is sealed and done exactly so, in the transaction of the approval, within the rights of the
//! one who approves and while the one who asked still has theirs.

mod model;
mod service;
mod store;

pub use model::{Act, Approval, Decision, State, Wish};
pub use service::{
    SecondPerson, ask, decide, get_acts, list_approvals, require_second_person, set_acts, sweep, use_approval,
};
