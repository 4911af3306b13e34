//! Who signs requests: a user with an access key, a session of a user, or a session of a role.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::identifier::{KeyId, hash};
use super::policy::{Policy, Verdict};

/// Who signed a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Caller {
    pub(super) arn: String,
    /// The unique ID, as `GetCallerIdentity` returns it.
    pub(super) id: String,
    /// The user's name; a role session has none.
    pub(super) user: Option<String>,
    /// The long-lived key; a session has none.
    pub(super) key: Option<KeyId>,
    /// The ARN of the role that a role session is of.
    pub(super) role_arn: Option<String>,
    /// Whether a session began with a code of an MFA device.
    pub(super) mfa: bool,
    /// What the user or the role may do; everything where there is none.
    pub(super) policy: Option<Arc<Policy>>,
    /// The policies of the user and of the user's groups that deny something. What they allow is not
    /// enforced.
    pub(super) denials: Vec<Arc<Policy>>,
    /// When the session was issued.
    pub(super) issued: Option<DateTime<Utc>>,
    /// What the session was narrowed to when it began: each of them all together allow counts.
    pub(super) session_policies: Option<Arc<[Policy]>>,
}

impl Caller {
    /// Whether this is a session of a user, from `GetSessionToken`.
    pub(super) fn is_user_session(&self) -> bool {
        self.user.is_some() && self.key.is_none()
    }

    /// Why an action on a resource is refused, in AWS's words; none where it is allowed.
    pub(super) fn refused(&self, action: &str, resource: &str) -> Option<String> {
        let verdict = |policy: &Policy| policy.verdict(action, resource, self.issued);
        let mut denials = self.denials.iter();
        let own = if denials.any(|policy| verdict(policy) == Verdict::Denied) {
            Verdict::Denied
        } else {
            self.policy.as_deref().map_or(Verdict::Allowed, verdict)
        };
        let session = self.session_policies.as_deref();
        let session = session.map_or(Verdict::Allowed, |policies| {
            let verdicts = policies.iter().map(verdict);
            // What any of them denies is denied; what one allows is allowed.
            verdicts.fold(Verdict::NotAllowed, |so_far, verdict| {
                match (so_far, verdict) {
                    (Verdict::Denied, _) | (_, Verdict::Denied) => Verdict::Denied,
                    (Verdict::Allowed, _) | (_, Verdict::Allowed) => Verdict::Allowed,
                    _ => Verdict::NotAllowed,
                }
            })
        });
        match (own, session) {
            (Verdict::Denied, _) => {
                Some("with an explicit deny in an identity-based policy".to_owned())
            }
            (_, Verdict::Denied) => Some("with an explicit deny in a session policy".to_owned()),
            (Verdict::NotAllowed, _) => Some(format!(
                "because no identity-based policy allows the {action} action"
            )),
            (_, Verdict::NotAllowed) => Some(format!(
                "because no session policy allows the {action} action"
            )),
            (Verdict::Allowed, Verdict::Allowed) => None,
        }
    }
}

/// A session, as someone has who assumes a role, signs in through SSO or with an MFA device.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The session's temporary key.
    pub(super) key: KeyId,
    /// Who signs with it.
    pub(super) caller: Caller,
    /// When it ends; never, where the endpoint itself has signed in with it.
    pub(super) expires: Option<DateTime<Utc>>,
}

impl Session {
    /// The session token, which has to be sent with each request. It follows from the key, so that
    /// it need not be stored.
    pub(super) fn token(&self) -> String {
        token(self.key)
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

fn token(key: KeyId) -> String {
    format!("DEMO/EXAMPLE/session/token/{:016x}", hash(key.as_str()))
}
