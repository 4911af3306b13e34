//! What a user can sign in with beside access keys, and which services they have called.

use super::{Connection, Error};
use crate::engine::impact::{OtherCredentials, ServiceUse};

impl Connection {
    /// The other credentials of a user.
    ///
    /// # Errors
    /// When nothing could be read; what is refused in part is in the answer.
    pub async fn other_credentials(&self, _user: &str) -> Result<OtherCredentials, Error> {
        Err(Error::internal("iam:ListSSHPublicKeys"))
    }

    /// When services were last called with any credentials of a user.
    ///
    /// # Errors
    /// When a call fails, or AWS does not come to an end with it.
    pub async fn services_used(&self, _user: &str) -> Result<Vec<ServiceUse>, Error> {
        Err(Error::internal("iam:GenerateServiceLastAccessedDetails"))
    }
}
