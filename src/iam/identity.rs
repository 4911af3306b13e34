//! Whose keys these are.

use super::{Account, Caller, Error, convert::error};
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;

const ACTION: &str = "sts:GetCallerIdentity";

impl Account {
    /// Who is signed in. Needs no permission and works under an explicit deny.
    ///
    /// # Errors
    /// When the credentials are not accepted, or nobody answers.
    pub async fn caller(&self) -> Result<Caller, Error> {
        let answer = self.sts.get_caller_identity().send().await;
        answer.map(caller).map_err(|e| error(ACTION, &e))
    }
}

fn caller(answer: GetCallerIdentityOutput) -> Caller {
    Caller {
        account: answer.account.unwrap_or_default(),
        arn: answer.arn.unwrap_or_default(),
    }
}
