//! The roles of an account, what its users may do, and where MFA is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::advisor::Advisor;
use super::caller::Caller;
use super::credentials::Credentials;
use super::error::ServiceError;
use super::identifier;
use super::mfa::Devices;
use super::policies::Policies;
use super::policy::Policy;
use super::role::Role;
use super::store::Account;
use super::user::{User, fold};

/// What an account knows of permissions. By default its users may do everything, and assume any role
/// that they name.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    /// None where any role that a caller of the account names is assumed to exist.
    roles: Option<Vec<Arc<Role>>>,
    /// The policies of users who have one, by name without case.
    policies: BTreeMap<String, Arc<Policy>>,
    /// Whether all users need MFA for IAM.
    mfa_for_all: bool,
    /// The users who do, by name without case.
    mfa_for: BTreeSet<String>,
    pub(super) devices: Devices,
    /// The policies that are told of, of which only what they deny is enforced.
    pub(super) granted: Policies,
    pub(super) credentials: Credentials,
    pub(super) advisor: Advisor,
}

impl Account {
    /// Adds a role, or puts it in the place of one of that name. From then on, no role can be assumed
    /// but those that were added.
    pub fn add_role(&mut self, role: Role) {
        self.share_role(Arc::new(role));
    }

    /// The same, of a role that accounts share.
    pub(super) fn share_role(&mut self, role: Arc<Role>) {
        self.remove_role(&role.name);
        self.access.roles.get_or_insert_default().push(role);
    }

    /// From now on, no role can be assumed but those that are added.
    pub(super) fn close_roles(&mut self) {
        self.access.roles.get_or_insert_default();
    }

    /// Removes a role; returns whether there was one.
    pub fn remove_role(&mut self, name: &str) -> bool {
        let roles = self.access.roles.get_or_insert_default();
        let before = roles.len();
        roles.retain(|role| !role.name.eq_ignore_ascii_case(name));
        roles.len() < before
    }

    /// The role of an ARN. One that need not exist trusts its account.
    pub(super) fn role(&self, arn: &str) -> Option<Arc<Role>> {
        let Some(roles) = &self.access.roles else {
            let path = arn.strip_prefix(&format!("arn:aws:iam::{}:role/", self.id()))?;
            // A role's path is not part of its sessions' ARNs.
            let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
            return Some(Arc::new(Role::new(name).trusting(self.id())));
        };
        let mut roles = roles.iter();
        roles.find(|role| role.arn(self.id()) == arn).cloned()
    }

    /// How many roles there are.
    pub(super) fn role_count(&self) -> usize {
        self.access.roles.as_ref().map_or(1, Vec::len)
    }

    /// Lets a user do only what a policy document allows; everything again, without one.
    ///
    /// # Errors
    /// When there is no such user, or the document is malformed.
    pub fn set_user_policy(
        &mut self,
        user: &str,
        document: Option<&str>,
    ) -> Result<(), ServiceError> {
        let user = fold(&self.existing_user(user)?.name);
        match document {
            Some(document) => {
                let policy = Arc::new(Policy::parse(document)?);
                self.access.policies.insert(user, policy);
            }
            None => {
                self.access.policies.remove(&user);
            }
        }
        Ok(())
    }

    /// Lets no user call IAM without MFA, or not this one.
    pub fn require_mfa(&mut self, user: Option<&str>) {
        match user {
            Some(user) => {
                self.access.mfa_for.insert(fold(user));
            }
            None => self.access.mfa_for_all = true,
        }
    }

    /// Whether a user may call IAM only with MFA.
    pub(super) fn needs_mfa(&self, user: &str) -> bool {
        self.access.mfa_for_all || self.access.mfa_for.contains(&fold(user))
    }

    /// Who signs with a user's key or, without one, with a session of the user.
    pub(super) fn user_caller(&self, user: &User) -> Caller {
        Caller {
            arn: self.arn(user),
            id: user.id(),
            user: Some(user.name.to_string()),
            key: None,
            role_arn: None,
            mfa: false,
            policy: self.access.policies.get(&fold(&user.name)).cloned(),
            denials: self.denials(&user.name),
            issued: None,
            session_policies: None,
        }
    }

    /// Who signs with a session of a role.
    pub(super) fn role_caller(&self, role: &Role, session: &str) -> Caller {
        let (id, name) = (self.id(), &role.name);
        Caller {
            arn: format!("arn:aws:sts::{id}:assumed-role/{name}/{session}"),
            id: format!("{}:{session}", identifier::role_id(&role.arn(id))),
            user: None,
            key: None,
            role_arn: Some(role.arn(id)),
            mfa: false,
            policy: role.policy.clone(),
            denials: Vec::new(),
            issued: None,
            session_policies: None,
        }
    }
}
