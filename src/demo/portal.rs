//! The SSO portal of IAM Identity Center: which accounts and roles a person who is logged in has, and
//! the credentials for them.
//!
//! `login` has the ways to log in. The person is always the same one.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use http::{Request as HttpRequest, header};
use serde_json::{Value, json};

use super::error::{ACCESS_DENIED, ServiceError};
use super::identifier::hash;
use super::login::Logins;
use super::member::{Membership, PermissionSet};
use super::organisation::Organisation;
use super::organizations::{read_token, token};
use super::query::{Check, Params};
use super::role::{LONGEST_SESSION, Role};
use super::service::Output;
use super::store::Account;

/// The most accounts or roles on a page.
const PAGE: usize = 100;

/// Who logs in.
const PERSON: &str = "alice";

/// How long a login lasts, unless set.
const LIFETIME: TimeDelta = TimeDelta::hours(8);

/// Who is logged in, and what it takes to be.
#[derive(Debug)]
pub(super) struct Portal {
    pub(super) logins: Logins,
    /// When each access token ends.
    tokens: HashMap<String, DateTime<Utc>>,
    /// How long access tokens are valid.
    pub(super) lifetime: TimeDelta,
    issued: u64,
}

impl Default for Portal {
    fn default() -> Self {
        Self {
            logins: Logins::default(),
            tokens: HashMap::new(),
            lifetime: LIFETIME,
            issued: 0,
        }
    }
}

impl Portal {
    /// A new access token.
    pub(super) fn log_in(&mut self, now: DateTime<Utc>) -> String {
        self.issued += 1;
        let token = opaque("access", self.issued);
        self.tokens.insert(token.clone(), now + self.lifetime);
        token
    }
}

/// A text that means something only to the endpoint, plainly fake as its secrets are.
pub(super) fn opaque(kind: &str, number: u64) -> String {
    let scattered = hash(&format!("{kind} {number}"));
    format!("DEMO-EXAMPLE-{kind}-{scattered:016x}")
}

/// A request that is not signed, from a program or a browser.
pub(super) struct Visit<'a> {
    pub(super) organisation: &'a mut Organisation,
    pub(super) portal: &'a mut Portal,
    pub(super) params: &'a Params,
    /// The access token.
    pub(super) token: Option<&'a str>,
    /// Where the endpoint is, for the visitor: `http://127.0.0.1:4000`.
    pub(super) base: String,
    pub(super) now: DateTime<Utc>,
    pub(super) longest_page: usize,
    pub(super) empty_pages: bool,
    /// Whether a fault wants it refused.
    pub(super) refused: bool,
}

/// Where the endpoint is, for whoever sent a request.
pub(super) fn base<T>(request: &HttpRequest<T>) -> String {
    let uri = request.uri();
    if let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) {
        return format!("{scheme}://{authority}");
    }
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or_default())
}

impl Visit<'_> {
    /// An error unless the visitor is logged in.
    fn check_token(&self) -> Result<(), ServiceError> {
        let ends = self.token.and_then(|token| self.portal.tokens.get(token));
        if ends.is_some_and(|ends| *ends > self.now) {
            return Ok(());
        }
        let message = "Session token not found or invalid";
        Err(ServiceError::new((401, "UnauthorizedException"), message))
    }

    /// The account that is named and open to the person.
    fn account(&mut self, id: &str) -> Result<&mut Account, ServiceError> {
        let mut members = self.organisation.members.iter_mut();
        let member =
            members.find(|member| member.account.id() == id && assigned(&member.account).is_some());
        let member = member.ok_or_else(no_access)?;
        Ok(&mut member.account)
    }

    /// A page of a list, under its name.
    fn page(&self, name: &str, items: impl Iterator<Item = Value>) -> Result<Output, ServiceError> {
        let mut check = Check::new(self.params);
        let most = check.number("max_result", PAGE);
        check.done()?;
        let from = self.params.get("next_token").map(read_token).transpose();
        let from = from
            .map_err(|error| ServiceError::new((400, "InvalidRequestException"), error.message))?;
        let (start, size) = match from {
            None if self.empty_pages => (0, 0),
            from => {
                let size = most.unwrap_or(PAGE).min(self.longest_page);
                (from.unwrap_or_default(), size)
            }
        };
        let mut items = items.skip(start).peekable();
        let page: Vec<_> = items.by_ref().take(size).collect();
        let next = items.peek().map(|_| token(start + size));
        Ok(Output::Json(json!({ name: page, "nextToken": next })))
    }
}

/// An account's place in the organisation, where the person may be something in it.
fn assigned(account: &Account) -> Option<&Membership> {
    let member = account.membership.as_ref()?;
    (account.is_usable() && !member.permission_sets.is_empty()).then_some(member)
}

fn no_access() -> ServiceError {
    ServiceError::new(ACCESS_DENIED, "No access")
}

pub(super) fn list_accounts(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    visit.check_token()?;
    let accounts = visit.organisation.accounts().filter_map(|account| {
        let member = assigned(account)?;
        Some(json!({
            "accountId": account.id(),
            "accountName": member.name,
            "emailAddress": member.email,
        }))
    });
    visit.page("accountList", accounts)
}

pub(super) fn list_account_roles(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    visit.check_token()?;
    let id = required(visit.params, "account_id")?;
    let account = &*visit.account(id)?;
    let sets = account.membership.iter().flat_map(|it| &it.permission_sets);
    let roles: Vec<_> = sets
        .map(|set| json!({ "roleName": set.name, "accountId": id }))
        .collect();
    visit.page("roleList", roles.into_iter())
}

pub(super) fn get_role_credentials(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    visit.check_token()?;
    let id = required(visit.params, "account_id")?;
    let name = required(visit.params, "role_name")?;
    let expires = visit.now + LONGEST_SESSION;
    let account = visit.account(id)?;
    let sets = account.membership.iter().flat_map(|it| &it.permission_sets);
    let role = sets
        .into_iter()
        .find(|set| set.name == name)
        .map(|set| role(set));
    let role = role.ok_or_else(no_access)?;
    let caller = account.role_caller(&role, PERSON);
    let session = account.begin(caller, Some(expires));
    Ok(Output::Json(json!({ "roleCredentials": {
        "accessKeyId": session.key.as_str(),
        "secretAccessKey": session.key.secret(),
        "sessionToken": session.token(),
        "expiration": expires.timestamp_millis(),
    }})))
}

/// The role that a permission set is in an account.
fn role(set: &PermissionSet) -> Role {
    let name = &set.name;
    let name = format!("AWSReservedSSO_{name}_{:016x}", hash(name));
    let mut role = Role::new(&name).path("/aws-reserved/sso.amazonaws.com/");
    role.policy.clone_from(&set.policy);
    role
}

pub(super) fn log_out(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    visit.check_token()?;
    if let Some(token) = visit.token {
        visit.portal.tokens.remove(token);
        visit.portal.logins.forget(token);
    }
    Ok(Output::Json(json!({})))
}

/// A parameter that has to be there.
pub(super) fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, ServiceError> {
    let value = params.get(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        let message = format!("{name} is required");
        ServiceError::new((400, "InvalidRequestException"), message)
    })
}
