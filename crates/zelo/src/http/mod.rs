//! What every request passes and every handler may use.

mod ids;

pub use ids::{Ids, current_ids, with_ids};
