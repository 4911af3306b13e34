//! A request for an action: everything the action may read or change, and its result.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::actions::Action;
use super::caller::Caller;
use super::changes::{self, Changed};
use super::error::{ACCESS_DENIED, NO_SUCH_ENTITY, ServiceError, VALIDATION};
use super::fault::FaultKind;
use super::identifier::KeyId;
use super::organisation::{Directory, Member};
use super::query::{Check, Params, USER_NAME};
use super::report::Reports;
use super::store::Account;
use super::xml::Xml;

pub(super) struct Request<'a> {
    /// The account of the caller, which the request is about.
    pub(super) account: &'a mut Account,
    /// The accounts before it, and after.
    pub(super) before: &'a mut [Member],
    pub(super) after: &'a mut [Member],
    pub(super) directory: Option<&'a Directory>,
    pub(super) reports: &'a mut Reports,
    pub(super) params: &'a Params,
    pub(super) caller: &'a Caller,
    /// The region that it was signed for.
    pub(super) region: &'a str,
    /// What goes wrong with it.
    pub(super) fault: Option<&'a FaultKind>,
    pub(super) now: DateTime<Utc>,
    pub(super) longest_page: usize,
    /// Whether lists of accounts begin with an empty page.
    pub(super) empty_pages: bool,
    /// The elements inside `<…Result>`, of the services that answer with XML.
    pub(super) result: Xml,
    /// The body, of those that answer with JSON.
    pub(super) json: Value,
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
        let why = format!("because no identity-based policy allows the {action} action");
        self.denied(action, resource, &why)
    }

    /// `AccessDenied`, with a reason unless there is none to tell.
    pub(super) fn denied(&self, action: &str, resource: &str, why: &str) -> ServiceError {
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} {why}",
            self.caller.arn
        );
        ServiceError::new(ACCESS_DENIED, message.trim_end())
    }

    /// Keeps for the history that a user has changed something, or that it was refused.
    pub(super) fn record(
        &mut self,
        action: &Action,
        agent: Option<&str>,
        error: Option<&ServiceError>,
    ) {
        let caller = self.caller;
        let (Some(user), Some(key)) = (&caller.user, caller.key) else {
            return;
        };
        if !changes::is_change(action.service.name, action.name) {
            return;
        }
        let response = match (action.name, error) {
            ("CreateAccessKey", None) => {
                let of = self.params.get("UserName").unwrap_or(user);
                let keys = self.account.user(of).map(|user| &user.keys);
                let new = keys.and_then(|keys| keys.last());
                new.map(|key| changes::created(key.id, of))
            }
            _ => None,
        };
        self.account.changes.record(Changed {
            number: 0,
            // CloudTrail counts in seconds.
            at: DateTime::from_timestamp(self.now.timestamp(), 0).unwrap_or(self.now),
            service: action.service.name,
            action: action.name,
            region: self.region.to_owned(),
            agent: agent.unwrap_or_default().to_owned(),
            signed_by: key,
            user: user.clone(),
            request: changes::request(self.params),
            response,
            error: error.map(|error| error.code.clone()),
        });
    }

    /// The account of an ID: this one, or another one behind the endpoint.
    pub(super) fn account_of(&mut self, id: &str) -> Option<&mut Account> {
        if self.account.id() == id {
            return Some(self.account);
        }
        let others = self.before.iter_mut().chain(self.after.iter_mut());
        let mut others = others.map(|member| &mut member.account);
        others.find(|account| account.id() == id)
    }

    /// All accounts, in their order.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &Account> {
        let before = self.before.iter().map(|member| &member.account);
        let after = self.after.iter().map(|member| &member.account);
        before.chain([&*self.account]).chain(after)
    }
}
