//! Who signs requests: a user with an access key, or a session of a role.

use super::identifier::KeyId;

/// Who signed a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) arn: String,
    /// The unique ID, as `GetCallerIdentity` returns it.
    pub(super) id: String,
    /// The user's name; a role session has none.
    pub(super) user: Option<String>,
    /// The long-lived key; a role session has none.
    pub(super) key: Option<KeyId>,
}

/// A session of a role, as someone who signs in through SSO has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleSession {
    /// The session's temporary key.
    pub(super) key: KeyId,
    /// Who signs with it.
    pub(super) caller: Caller,
}

impl RoleSession {
    /// The session token, which has to be sent with each request.
    pub(super) const TOKEN: &'static str = "DEMO/EXAMPLE/session/token";
}
