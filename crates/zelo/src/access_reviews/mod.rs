//! Access reviews: somebody looks through who has what, since when, and confirms or withdraws it.
//!
//! While a review is open its lines are what people and API keys have at that moment; what is stored are the decisions, each
//! with what was looked at. Where somebody's access changes afterwards, their line is open again. A review can end when
//! every line is decided, and stays as the record of what was looked at, by whom.

mod model;
mod service;
mod store;

pub use model::{Access, Decision, Line, Review, Subject};
pub use service::{begin_review, decide_on_line, end_review, get_review, last_looked_through, list_reviews};
