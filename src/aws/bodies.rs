//! How large an answer may be. The SDK reads each as a whole before anything is made of it, and
//! without a limit an endless one would take all memory within seconds.

use aws_sdk_iam::{
    config::{ConfigBag, Intercept, RuntimeComponents},
    error::BoxError,
};
use aws_smithy_runtime_api::client::{
    interceptors::{context::BeforeDeserializationInterceptorContextMut, dyn_dispatch_hint},
    orchestrator::Metadata,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;
use std::mem;

const MB: usize = 1024 * 1024;

/// The largest credential report: one of 100,000 users has 36 MB.
const REPORT: usize = 256 * MB;

/// The largest page of the details of a thousand users, groups and managed policies. A managed policy
/// has at most 6,144 characters without its blanks (IAM user guide, "IAM and AWS STS quotas"),
/// percent-encoded three times as many, and five versions: 92 kB. A user has 40 kB at most: inline
/// policies of 2,048 characters, 50 tags of 384, some 30 names and ARNs. Most of all these have 1.
const DETAILS: usize = 128 * MB;

/// The largest page of events. There are 50, each with up to 256 kB of JSON, in which every quote is
/// escaped and what is no ASCII may be.
const EVENTS: usize = 32 * MB;

/// The largest of all other answers: a page of a thousand users has less than 1 MB.
const USUAL: usize = 16 * MB;

/// The largest error; AWS's have some hundred bytes, and a proxy's page is not much longer.
const ERROR: usize = MB;

/// What is said of an answer that was larger.
pub(super) const TOO_LARGE: &str = "the answer is larger than any that AWS sends";

/// Ends the reading of an answer that is too large with a `LengthLimitError`.
#[derive(Debug)]
pub(super) struct Bounded;

#[dyn_dispatch_hint]
impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "no answer takes all memory"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let operation = config.load::<Metadata>().map(Metadata::name);
        let limit = match operation {
            _ if !response.status().is_success() => ERROR,
            Some("GetCredentialReport") => REPORT,
            Some("GetAccountAuthorizationDetails") => DETAILS,
            Some("LookupEvents") => EVENTS,
            _ => USUAL,
        };
        let body = mem::replace(response.body_mut(), SdkBody::taken());
        *response.body_mut() = SdkBody::from_body_1_x(Limited::new(body, limit));
        Ok(())
    }
}
