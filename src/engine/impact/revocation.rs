//! The inline policy that denies everything to the sessions of a user that were made before a time.
//!
//! `aws:TokenIssueTime` is in requests that are signed with temporary credentials, and in no others:
//! access keys of the user are not concerned (IAM user guide, "Disabling permissions for temporary
//! security credentials"). A session of `GetSessionToken` or `GetFederationToken` lasts for 36 hours
//! at most: after that the policy denies nothing any more.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// The longest that a session of a user lasts (STS, `GetSessionToken`: 129,600 seconds).
pub const LONGEST: TimeDelta = TimeDelta::hours(36);

const BEFORE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":""#;
const AFTER: &str = r#""}}}]}"#;

/// The policy for sessions made before this time.
#[must_use]
pub fn document(cut: DateTime<Utc>) -> Box<str> {
    let time = cut.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("{BEFORE}{time}{AFTER}").into()
}

/// The time in such a policy; `None` in any other. Blanks between its parts do not count.
#[must_use]
pub fn cut_at(document: &str) -> Option<DateTime<Utc>> {
    let bare: String = document.chars().filter(|c| !c.is_whitespace()).collect();
    let time = bare.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    Some(DateTime::parse_from_rfc3339(time).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_read_back_whatever_the_blanks() {
        let cut = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
        let policy = document(cut);
        assert_eq!(cut_at(&policy), Some(cut));
        assert_eq!(cut_at(&policy.replace(',', ",\n  ")), Some(cut));
        assert_eq!(cut_at(&policy.replace("Deny", "Allow")), None);
        assert_eq!(cut_at("{}"), None);
    }
}
