//! The regions of AWS and of an account, as account management lists them.

use serde_json::{Value, json};

use super::error::{ServiceError, VALIDATION};
use super::organizations::{read_token, token};
use super::query::Check;
use super::request::Request;

/// The most regions on a page.
const PAGE: usize = 50;

const DISABLED: &str = "DISABLED";
const ENABLED: &str = "ENABLED";
const ENABLED_BY_DEFAULT: &str = "ENABLED_BY_DEFAULT";
const STATES: [&str; 5] = [
    DISABLED,
    "DISABLING",
    ENABLED,
    ENABLED_BY_DEFAULT,
    "ENABLING",
];

/// The regions, and whether they are enabled in the accounts here: those from before 2019 are in all,
/// and one of the others is.
const REGIONS: [(&str, &str); 24] = [
    ("af-south-1", DISABLED),
    ("ap-east-1", DISABLED),
    ("ap-northeast-1", ENABLED_BY_DEFAULT),
    ("ap-northeast-2", ENABLED_BY_DEFAULT),
    ("ap-northeast-3", ENABLED_BY_DEFAULT),
    ("ap-south-1", ENABLED_BY_DEFAULT),
    ("ap-south-2", DISABLED),
    ("ap-southeast-1", ENABLED_BY_DEFAULT),
    ("ap-southeast-2", ENABLED_BY_DEFAULT),
    ("ca-central-1", ENABLED_BY_DEFAULT),
    ("eu-central-1", ENABLED_BY_DEFAULT),
    ("eu-central-2", DISABLED),
    ("eu-north-1", ENABLED_BY_DEFAULT),
    ("eu-south-1", DISABLED),
    ("eu-west-1", ENABLED_BY_DEFAULT),
    ("eu-west-2", ENABLED_BY_DEFAULT),
    ("eu-west-3", ENABLED_BY_DEFAULT),
    ("me-central-1", DISABLED),
    ("me-south-1", ENABLED),
    ("sa-east-1", ENABLED_BY_DEFAULT),
    ("us-east-1", ENABLED_BY_DEFAULT),
    ("us-east-2", ENABLED_BY_DEFAULT),
    ("us-west-1", ENABLED_BY_DEFAULT),
    ("us-west-2", ENABLED_BY_DEFAULT),
];

/// Whether there is a region of this name.
pub(super) fn is_region(name: &str) -> bool {
    REGIONS.iter().any(|(region, _)| *region == name)
}

/// Whether requests to a region are answered.
pub(super) fn is_enabled(region: &str) -> bool {
    let known = REGIONS.iter().find(|(name, _)| *name == region);
    known.is_some_and(|(_, state)| *state != DISABLED)
}

pub(super) fn list_regions(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let most = check.number("MaxResults", PAGE);
    check.done()?;
    let account = request.params.get("AccountId");
    if account.is_some_and(|id| id == request.account.id()) {
        // The service's own rule: whoever asks for their own account leaves it out.
        let message = "The account ID of the caller cannot be given.";
        return Err(ServiceError::new(VALIDATION, message));
    }
    let wanted: Vec<&str> = (1..=STATES.len())
        .map_while(|number| {
            let name = format!("RegionOptStatusContains.member.{number}");
            request.params.get(&name)
        })
        .collect();
    if let Some(unknown) = wanted.iter().find(|state| !STATES.contains(state)) {
        let message = format!("{unknown} is no status of a region.");
        return Err(ServiceError::new(VALIDATION, message));
    }
    let start = request.params.get("NextToken").map(read_token).transpose();
    // The token is another service's.
    let start = start.map_err(|error| ServiceError::new(VALIDATION, error.message))?;
    let start = start.unwrap_or_default();
    let size = most.unwrap_or(PAGE).min(request.longest_page);
    let matching = REGIONS
        .iter()
        .filter(|(_, state)| wanted.is_empty() || wanted.contains(state));
    let mut rest = matching.skip(start).peekable();
    let page: Vec<Value> = rest
        .by_ref()
        .take(size)
        .map(|(name, state)| json!({ "RegionName": name, "RegionOptStatus": state }))
        .collect();
    request.json = json!({ "Regions": page });
    if rest.peek().is_some() {
        request.json["NextToken"] = token(start + size).into();
    }
    Ok(())
}
