//! Roles: who may assume them, and what their sessions may do.

use std::sync::Arc;

use chrono::TimeDelta;

use super::caller::Caller;
use super::error::ServiceError;
use super::policy::Policy;

/// How long sessions of a role last, at most, unless the role says otherwise.
pub(super) const LONGEST_SESSION: TimeDelta = TimeDelta::hours(1);

/// A role. Its sessions may do everything unless it has a policy.
#[derive(Clone, Debug)]
#[must_use]
pub struct Role {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) trust: Trust,
    pub(super) policy: Option<Arc<Policy>>,
    pub(super) longest: TimeDelta,
}

/// Who may assume a role.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    /// Account IDs, the ARNs of users, roles and root users, or `*`.
    pub(super) principals: Vec<String>,
    pub(super) external_id: Option<String>,
    pub(super) mfa: bool,
}

impl Role {
    /// A role that trusts no one yet, whose sessions may do everything for an hour.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: "/".to_owned(),
            trust: Trust::default(),
            policy: None,
            longest: LONGEST_SESSION,
        }
    }

    /// The path: `/`, or a folder such as `/ops/`.
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// This account, user or role may assume it: an account ID, an ARN, or `*` for all.
    pub fn trusting(mut self, principal: &str) -> Self {
        self.trust.principals.push(principal.to_owned());
        self
    }

    /// Only those who know this external ID may assume it.
    pub fn external_id(mut self, id: &str) -> Self {
        self.trust.external_id = Some(id.to_owned());
        self
    }

    /// Only those who have proven themselves with MFA may assume it.
    pub fn requiring_mfa(mut self) -> Self {
        self.trust.mfa = true;
        self
    }

    /// How long its sessions last, at most.
    pub fn lasting(mut self, longest: TimeDelta) -> Self {
        self.longest = longest;
        self
    }

    /// What its sessions may do: a policy document.
    ///
    /// # Errors
    /// When the document is malformed.
    pub fn policy(mut self, document: &str) -> Result<Self, ServiceError> {
        self.policy = Some(Arc::new(Policy::parse(document)?));
        Ok(self)
    }

    /// Its ARN in an account.
    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role{}{}", self.path, self.name)
    }
}

impl Trust {
    /// Whether it lets a caller of an account in.
    pub(super) fn admits(
        &self,
        caller: &Caller,
        account: &str,
        external_id: Option<&str>,
        mfa: bool,
    ) -> bool {
        let root = format!("arn:aws:iam::{account}:root");
        let named = |principal: &String| {
            principal == "*"
                || principal == account
                || *principal == root
                || *principal == caller.arn
                || Some(principal) == caller.role_arn.as_ref()
        };
        let known = self.external_id.is_none() || self.external_id.as_deref() == external_id;
        self.principals.iter().any(named) && known && (mfa || !self.mfa)
    }
}
