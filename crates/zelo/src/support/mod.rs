//! Support: the platform's owner in a tenant, with a reason, for an hour at most, in sight of the tenant.
//!
//! Nothing else opens a tenant to the platform. An access has a secret of its own, which opens a fixed, small set of
//! permissions: settings, and how conversations stand; no permission of it shows a text, a name or a number. Its row is
//! asked at each request and each use is written into the tenant's audit log before anything is shown, so that an end acts
//! at once: by its time, with the log-in that it was begun from, by the supporter, by the tenant.

mod model;
mod service;
mod store;
mod token;

pub use model::{Access, EndedBy, MOST_MINUTES, NewAccess, Supporter};
pub use service::{admit, begin_access, end_access, end_own_accesses, list_accesses, note_use, sweep};
pub use token::given_token;
