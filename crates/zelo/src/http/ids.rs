//! The ids by which one request can be followed through logs, errors, jobs and audit entries.

use std::{future::Future, sync::Arc};

/// The ids of the request or job that is being worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// Names this request.
    pub request_id: Arc<str>,
    /// Names everything that happens because of one first cause: 32 hexadecimal digits (W3C Trace Context).
    pub trace_id: Arc<str>,
}

tokio::task_local! {
    static CURRENT: Ids;
}

/// The ids of the request or job that runs this code; none outside of both.
pub fn current_ids() -> Option<Ids> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Run work under ids, such as a job under those of the request that enqueued it.
pub async fn with_ids<F: Future>(ids: Ids, work: F) -> F::Output {
    CURRENT.scope(ids, work).await
}
