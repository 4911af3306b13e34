//! What the SDK asks again by itself, and what it leaves to this program.

use aws_config::retry::RetryConfig;
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::{
        ErrorKind,
        classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason},
    },
};
use std::time::Duration;

/// How often the SDK asks again after a failure of the service or of the connection.
pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(4)
        .with_max_backoff(Duration::from_secs(8))
}

/// A throttled read is answered with the word that it was: the caller knows what else is
/// to be asked, and in which order, and asks it again when it is its turn. The SDK would wait
/// beside the queue, each call for itself, and hold its place in it.
#[derive(Debug)]
pub(super) struct NotWhenThrottled;

impl ClassifyRetry for NotWhenThrottled {
    fn classify_retry(&self, _: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, _: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        match previous {
            RetryAction::RetryIndicated(RetryReason::RetryableError {
                kind: ErrorKind::ThrottlingError,
                ..
            }) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "not when throttled"
    }

    fn priority(&self) -> RetryClassifierPriority {
        // After all that know AWS's errors.
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}
