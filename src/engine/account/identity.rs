//! Who is signed in, and where.

use super::load::Load;
use crate::engine::{
    error::Error,
    model::{Caller, DEFAULT_KEYS_PER_USER, ReportedKey, Summary},
};
use chrono::{DateTime, Utc};

/// What the credential report says beside the users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// When AWS had made it.
    pub generated: DateTime<Utc>,
    /// Root's keys, where it has a row for root.
    pub root: Option<Box<[ReportedKey]>>,
}

/// The identity of a session.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The key ID that requests are signed with.
    pub key: String,
    /// The profile's name, where one was named.
    pub profile: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The account's name, as its organisation has it.
    pub listed_name: Option<Box<str>>,
    /// The name of the role that was assumed, where the account was opened through one.
    pub role: Option<Box<str>>,
    /// Who is signed in.
    pub caller: Load<Caller>,
    /// The account's alias.
    pub alias: Load<Option<String>>,
    /// How many access keys a user may have, and whether root has any.
    pub summary: Load<Summary>,
    /// What the credential report says beside the users.
    pub report: Load<Reported>,
    /// Who is signed in may not read what keys are for (`iam:ListUserTags`).
    pub tags_refused: bool,
    /// Why it can no longer be used: expired, say. Nothing more is asked before the next sign-in.
    pub broken: Option<Error>,
}

impl Identity {
    /// The account's name: its alias, where it has one that is known, or what its organisation calls
    /// it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let alias = self.alias.known().and_then(Option::as_deref);
        alias.or(self.listed_name.as_deref())
    }

    /// The account ID, where it is known.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        self.caller.known().map(|caller| caller.account.as_str())
    }

    /// The account as a person names it: alias and account ID, as far as they are known.
    #[must_use]
    pub fn account(&self) -> String {
        match (self.name(), self.account_id()) {
            (Some(alias), Some(id)) => format!("{alias} {id}"),
            (Some(one), None) | (None, Some(one)) => one.into(),
            (None, None) => "an account that is not known yet".into(),
        }
    }

    /// Whether its alias or profile says that this is production.
    #[must_use]
    pub fn is_production(&self) -> bool {
        [self.name(), self.profile.as_deref()]
            .into_iter()
            .flatten()
            .flat_map(|name| name.split(|c: char| !c.is_ascii_alphanumeric()))
            .any(|word| matches!(&*word.to_ascii_lowercase(), "prod" | "production" | "live"))
    }

    /// How many access keys a user may have; AWS's usual number where the account does not say.
    #[must_use]
    pub fn keys_per_user(&self) -> usize {
        let summary = self.summary.known().copied().unwrap_or_default();
        summary.keys_per_user.unwrap_or(DEFAULT_KEYS_PER_USER)
    }

    /// Whether the root user has access keys, as far as is known: keys that can do everything.
    #[must_use]
    pub fn root_has_keys(&self) -> bool {
        // What the account says itself is newer than the report.
        self.root_keys()
            .map_or(!self.keys_of_root().is_empty(), |keys| keys > 0)
    }

    /// The root user's keys, as the report has them.
    #[must_use]
    pub fn keys_of_root(&self) -> &[ReportedKey] {
        let report = self.report.known();
        let root = report.and_then(|report| report.root.as_deref());
        root.unwrap_or_default()
    }

    /// Whether the root user has access keys, as the account's summary tells it: 1 for any number;
    /// none where that is not known.
    #[must_use]
    pub fn root_keys(&self) -> Option<usize> {
        self.summary.known()?.root_keys
    }
}
