//! A request for an action: everything the action may read or change, and its result.

use chrono::{DateTime, Utc};

use super::caller::Caller;
use super::error::{ACCESS_DENIED, NO_SUCH_ENTITY, ServiceError, VALIDATION};
use super::identifier::KeyId;
use super::query::{Check, Params, USER_NAME};
use super::report::Reports;
use super::store::Account;
use super::xml::Xml;

pub(super) struct Request<'a> {
    pub(super) account: &'a mut Account,
    pub(super) reports: &'a mut Reports,
    pub(super) params: &'a Params,
    pub(super) caller: &'a Caller,
    pub(super) now: DateTime<Utc>,
    pub(super) longest_page: usize,
    /// The elements inside `<…Result>`.
    pub(super) result: Xml,
}

impl Request<'_> {
    /// Ends a check with the user's name: the one given, or else the caller's.
    pub(super) fn user_or_caller(&self, mut check: Check<'_>) -> Result<String, ServiceError> {
        let user = check.optional(&USER_NAME);
        check.done()?;
        user.or(self.caller.user.as_deref())
            .map(str::to_owned)
            .ok_or_else(|| {
                let message = "Must specify userName when calling with non-User credentials";
                ServiceError::new(VALIDATION, message)
            })
    }

    /// As [`Self::user_or_caller`], and with the key, which must be that user's.
    pub(super) fn key_of_user(&self, check: Check<'_>, id: &str) -> Result<KeyId, ServiceError> {
        let user = self.user_or_caller(check)?;
        let keys = &self.account.existing_user(&user)?.keys;
        let key = keys.iter().find(|key| key.id == id).map(|key| key.id);
        key.ok_or_else(|| {
            let message = format!("The Access Key with id {id} cannot be found.");
            ServiceError::new(NO_SUCH_ENTITY, message)
        })
    }

    pub(super) fn access_denied(&self, action: &str, resource: &str) -> ServiceError {
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} \
             because no identity-based policy allows the {action} action",
            self.caller.arn
        );
        ServiceError::new(ACCESS_DENIED, message)
    }
}
