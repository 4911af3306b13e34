//! The actions of AWS Organizations: the accounts of the organisation, for those who may list them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::error::ServiceError;
use super::organisation::Directory;
use super::query::Check;
use super::request::Request;
use super::store::Account;

/// The most accounts on a page.
const PAGE: usize = 20;

/// The organisation that the caller's account is in.
fn directory<'a>(request: &Request<'a>) -> Result<&'a Directory, ServiceError> {
    request.directory.ok_or_else(|| {
        let message = "Your account is not a member of an organization.";
        ServiceError::new((400, "AWSOrganizationsNotInUseException"), message)
    })
}

pub(super) fn describe_organization(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let directory = directory(request)?;
    let (id, management) = (&directory.id, &directory.management);
    let member = request
        .accounts()
        .find(|account| account.id() == management)
        .and_then(|account| account.membership.as_ref());
    let email = member.map(|member| member.email.as_str());
    request.json = json!({ "Organization": {
        "Id": id,
        "Arn": format!("arn:aws:organizations::{management}:organization/{id}"),
        "FeatureSet": "ALL",
        "MasterAccountId": management,
        "MasterAccountArn": arn(directory, management),
        "MasterAccountEmail": email,
        "AvailablePolicyTypes": [],
    }});
    Ok(())
}

/// In no order that means something, as with the service, and in pages of twenty at most. A page may
/// hold fewer, or none: only a missing token ends the list.
pub(super) fn list_accounts(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let directory = directory(request)?;
    if !directory.may_list(request.account.id()) {
        let message = "You don't have permissions to access this resource.";
        return Err(ServiceError::new((400, "AccessDeniedException"), message));
    }
    let mut check = Check::new(request.params);
    let most = check.number("MaxResults", PAGE);
    check.done()?;
    let from = request
        .params
        .get("NextToken")
        .map(read_token)
        .transpose()?;
    let (start, size) = match from {
        None if request.empty_pages => (0, 0),
        from => {
            let size = most.unwrap_or(PAGE).min(request.longest_page);
            (from.unwrap_or_default(), size)
        }
    };
    let mut accounts = request.accounts().skip(start).peekable();
    let page: Vec<Value> = accounts
        .by_ref()
        .take(size)
        .filter_map(|account| described(directory, account))
        .collect();
    let more = accounts.peek().is_some();
    drop(accounts);
    request.json = json!({ "Accounts": page });
    if more {
        request.json["NextToken"] = token(start + size).into();
    }
    Ok(())
}

fn described(directory: &Directory, account: &Account) -> Option<Value> {
    let member = account.membership.as_ref()?;
    Some(json!({
        "Id": account.id(),
        "Arn": arn(directory, account.id()),
        "Email": member.email,
        "Name": member.name,
        // `Status`, which said the same, was retired on 2026-09-09.
        "State": member.state.as_str(),
        "JoinedMethod": member.joined_by.as_str(),
        "JoinedTimestamp": member.joined.timestamp(),
    }))
}

fn arn(directory: &Directory, account: &str) -> String {
    let (id, management) = (&directory.id, &directory.management);
    format!("arn:aws:organizations::{management}:account/{id}/{account}")
}

const TOKEN_PREFIX: &str = "from ";

/// Where the next page begins, encoded so that clients take it as opaque.
pub(super) fn token(start: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("{TOKEN_PREFIX}{start}"))
}

pub(super) fn read_token(token: &str) -> Result<usize, ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| text.strip_prefix(TOKEN_PREFIX)?.parse().ok())
        .ok_or_else(|| {
            let message = "You specified an invalid value for NextToken.";
            ServiceError::new((400, "InvalidInputException"), message)
        })
}
