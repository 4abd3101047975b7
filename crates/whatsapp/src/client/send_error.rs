//! Why a call failed, by what the caller can do.

use std::time::Duration;

use crate::errors::{ErrorClass, GraphError};

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Meta refused. The same call will be refused again; the class says what would help.
    #[error("refused: {error}")]
    Rejected { class: ErrorClass, error: Box<GraphError> },
    /// Meta did not take it now, and surely did not send it. `after` is the wait before the second attempt; later
    /// ones follow [`ErrorClass::retry_delay`].
    #[error("not now, again in {} s: {error}", after.as_secs())]
    RetryLater { after: Duration, class: ErrorClass, error: Box<GraphError> },
    /// Nobody knows whether it went out: the connection broke or time ran out after the request was written, or
    /// Meta's server failed without saying anything.
    #[error("outcome unknown")]
    Ambiguous {
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It never left: no connection could be made. Trying again is safe.
    #[error("no connection")]
    NotSent(#[source] reqwest::Error),
}

impl SendError {
    /// Meta's code, if Meta gave one.
    pub fn code(&self) -> Option<i64> {
        self.graph_error().map(|error| error.code)
    }

    /// What Meta said, if it said anything.
    pub fn graph_error(&self) -> Option<&GraphError> {
        match self {
            Self::Rejected { error, .. } | Self::RetryLater { error, .. } => Some(error),
            Self::Ambiguous { cause } => cause.downcast_ref(),
            Self::NotSent(_) => None,
        }
    }

    pub fn class(&self) -> Option<ErrorClass> {
        self.graph_error().map(GraphError::class)
    }

    pub(super) fn from_graph(error: GraphError, retry_after: Option<Duration>) -> Self {
        let class = error.class();
        match (class, class.retry_delay(0)) {
            (ErrorClass::Ambiguous, _) => Self::Ambiguous { cause: Box::new(error) },
            (_, Some(delay)) => {
                Self::RetryLater { after: retry_after.unwrap_or(delay), class, error: Box::new(error) }
            }
            (_, None) => Self::Rejected { class, error: Box::new(error) },
        }
    }
}

/// A connection that was never made and a request that could not be built did not send anything.
impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            Self::NotSent(error.without_url())
        } else {
            Self::Ambiguous { cause: Box::new(error.without_url()) }
        }
    }
}
