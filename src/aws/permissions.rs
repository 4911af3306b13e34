//! What a user may do: their policies, those of their groups, and the boundary.

use super::{Connection, Error};
use crate::engine::impact::Permissions;

impl Connection {
    /// The policies of a user.
    ///
    /// # Errors
    /// When nothing could be read; what is refused in part is in the answer.
    pub async fn permissions(&self, _user: &str) -> Result<Permissions, Error> {
        Err(Error::internal("iam:ListAttachedUserPolicies"))
    }

    /// The users whom AWS has put under quarantine.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn quarantined(&self) -> Result<Vec<Box<str>>, Error> {
        Err(Error::internal("iam:ListEntitiesForPolicy"))
    }
}
