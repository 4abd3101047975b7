//! Message templates, as far as Meta tells of them: state, category and quality, which the gate and people need.

mod model;
mod service;
mod store;

pub use model::{MessageTemplate, News, Saying};
pub use service::{apply_news, list_templates, may_be_marketing};
