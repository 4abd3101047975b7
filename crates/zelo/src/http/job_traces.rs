//! How a request is followed into the jobs that it causes.

use super::{
    Ids, NewId, current_ids,
    ids::{set_caller, with_ids},
};
use futures_util::{FutureExt, future::BoxFuture};
use jobs::{Leased, Outcome, Traces};

/// Jobs keep the ids of the request that enqueued them and run under these; what nobody asked for gets ids of its own.
pub struct JobTraces {
    new_id: NewId,
}

impl JobTraces {
    /// New ids come from `new_id`.
    pub fn new(new_id: NewId) -> Self {
        Self { new_id }
    }
}

impl Traces for JobTraces {
    fn current(&self) -> Option<String> {
        current_ids().map(|ids| ids.to_trace())
    }

    fn follow(&self, job: &Leased, attempt: BoxFuture<'static, Outcome>) -> BoxFuture<'static, Outcome> {
        let ids = job.trace.as_deref().and_then(Ids::from_trace).unwrap_or_else(|| Ids::new(&self.new_id));
        let tenant = job.tenant;
        with_ids(ids, async move {
            set_caller(tenant, None);
            attempt.await
        })
        .boxed()
    }
}
