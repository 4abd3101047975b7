//! Message templates: what Meta has taken, how each stands, and how it is filled.
//!
//! They are read once when a number is connected (and by hand, [`ask_for_sync`]) and followed by Meta's notices from then
//! on: nothing asks again and again. Each thing that is said of a template has one word, the newest by Meta's clock, so
//! that the order of arrival makes no difference.

mod model;
mod sending;
mod service;
mod store;
mod sync;

pub use model::{MessageTemplate, NewTemplate, News, Saying, SyncState};
pub use sending::{check_sending, may_be_marketing};
pub use service::{
    apply_news, create_template, delete_template, get_template, list_syncs, list_templates, preview,
};
pub use sync::{FETCH, SYNC, ask_for_sync, fetch, promise_sync, sync, sync_account};
