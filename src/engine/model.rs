//! Users, keys, statuses and reports: plain data, without a trace of the SDK.

use super::{
    impact::policy::{Digest, Grants},
    user_tags::UserTags,
};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Access keys a user may have unless the account says otherwise (`AccessKeysPerUserQuota` of
/// `GetAccountSummary`). Inactive keys count.
pub const DEFAULT_KEYS_PER_USER: usize = 2;

/// An IAM user, as `ListUsers` tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name, spelled as AWS spells it. Two names that differ only in case are the same user.
    pub name: Box<str>,
    /// The path, `/` for most.
    pub path: Box<str>,
    /// When the user was made.
    pub created: DateTime<Utc>,
}

impl User {
    /// The path, where it says something: the root is where everybody is.
    #[must_use]
    pub fn path_below_root(&self) -> Option<&str> {
        Some(&*self.path).filter(|path| path.len() > 1)
    }
}

/// An access key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// The access key ID, usually 20 characters.
    pub id: String,
    /// Whether AWS accepts it.
    pub status: KeyStatus,
    /// When it was created. AWS leaves this out only where it does not know.
    pub created: Option<DateTime<Utc>>,
}

/// Whether a key is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Requests signed with it are accepted.
    Active,
    /// Refused until it is activated again. It still counts against the quota.
    Inactive,
    /// A status that AWS has added since: shown as it is, treated as one that may be in use.
    Other(String),
}

impl KeyStatus {
    /// The word AWS and this program use for it.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Other(word) => word,
        }
    }
}

/// What `GetAccessKeyLastUsed` says of a key. AWS records a use once in 15 minutes, may lag by
/// several more, and has kept track since 2015-04-22. Services and regions are few: a list of many
/// keys shares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastUsed {
    /// AWS has no use of this key on record.
    Never,
    /// The latest use on record.
    At {
        /// When.
        time: DateTime<Utc>,
        /// By which service, such as `s3`; none where AWS answers `N/A`.
        service: Option<Arc<str>>,
        /// In which region; none where AWS answers `N/A`.
        region: Option<Arc<str>>,
    },
}

/// What `GetAccountSummary` says of the account that concerns access keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many access keys a user may have (`AccessKeysPerUserQuota`).
    pub keys_per_user: Option<usize>,
    /// Whether the root user has access keys (`AccountAccessKeysPresent`): 1 for any number of
    /// them, as AWS documents it.
    pub root_keys: Option<usize>,
}

/// An account as the organisation lists it (`organizations:ListAccounts`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccount {
    /// The account ID, 12 digits.
    pub id: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Whether it can be used.
    pub state: AccountState,
}

/// What an organisation says of the state of an account. `State` took the place of `Status`, which AWS
/// retired on 2026-09-09.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// `ACTIVE`.
    Active,
    /// `SUSPENDED`: closed not long ago, or by AWS.
    Suspended,
    /// `PENDING_ACTIVATION`.
    PendingActivation,
    /// `PENDING_CLOSURE`.
    PendingClosure,
    /// `CLOSED`.
    Closed,
    /// One that is not known here, or none.
    Other(Box<str>),
}

impl AccountState {
    /// Reads what AWS calls it.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match text {
            "ACTIVE" => Self::Active,
            "SUSPENDED" => Self::Suspended,
            "PENDING_ACTIVATION" => Self::PendingActivation,
            "PENDING_CLOSURE" => Self::PendingClosure,
            "CLOSED" => Self::Closed,
            other => Self::Other(other.into()),
        }
    }

    /// Why nothing can be asked of it, in a word or two; none where it can.
    #[must_use]
    pub fn why_closed(&self) -> Option<&'static str> {
        match self {
            // One that AWS has thought of since may well be open: AWS tells.
            Self::Active | Self::Other(_) => None,
            Self::Suspended => Some("suspended"),
            Self::PendingActivation => Some("not activated yet"),
            Self::PendingClosure => Some("closing"),
            Self::Closed => Some("closed"),
        }
    }
}

/// A page of an organisation's accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountsPage {
    /// The accounts on it; there may be none although more pages follow.
    pub accounts: Vec<ListedAccount>,
    /// What asks for the next page, if there is one.
    pub next: Option<String>,
}

/// Who the session is signed in as (`sts:GetCallerIdentity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account ID, 12 digits.
    pub account: String,
    /// The ARN of the user or the assumed role.
    pub arn: String,
}

impl Caller {
    /// The caller of this account and ARN, if there can be one: `arn:aws:iam::123456789012:root`,
    /// and the account is the ARN's own.
    #[must_use]
    pub fn read(account: String, arn: String) -> Option<Self> {
        let caller = Self { account, arn };
        let is_id = caller.account.len() == 12;
        let is_id = is_id && caller.account.bytes().all(|byte| byte.is_ascii_digit());
        let [scheme, partition, service, region, account, resource] = caller.parts()?;
        let sound = scheme == "arn"
            && partition.starts_with("aws")
            && matches!(service, "iam" | "sts")
            && region.is_empty()
            && account == caller.account
            && !resource.is_empty();
        (is_id && sound).then_some(caller)
    }

    /// The parts of the ARN.
    fn parts(&self) -> Option<[&str; 6]> {
        let mut parts = self.arn.splitn(6, ':');
        let mut next = || parts.next();
        Some([next()?, next()?, next()?, next()?, next()?, next()?])
    }

    /// The last part of the ARN: `user/ops/alice`.
    fn resource(&self) -> &str {
        self.parts().map_or(&*self.arn, |[.., resource]| resource)
    }

    /// The name of the user whose key this is, if it is a user's: nothing that is only called alike,
    /// such as the session of a role.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        let [scheme, _, service, region, account, resource] = self.parts()?;
        let of_iam = (scheme, service, region) == ("arn", "iam", "") && account == self.account;
        let name = resource.strip_prefix("user/")?.rsplit('/').next()?;
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        (of_iam && !name.is_empty() && name.bytes().all(known)).then_some(name)
    }

    /// The ARN of the user or role, without what a session of it is called.
    #[must_use]
    pub fn principal(&self) -> &str {
        match self.resource().split('/').collect::<Vec<_>>()[..] {
            ["assumed-role", _, session] => {
                let arn = self.arn.strip_suffix(session).unwrap_or(&self.arn);
                arn.strip_suffix('/').unwrap_or(arn)
            }
            _ => &self.arn,
        }
    }

    /// The part of the ARN that a person recognises: a user's name, or `role/session`.
    #[must_use]
    pub fn name(&self) -> &str {
        let resource = self.resource();
        match resource.split_once('/') {
            Some(("user", path)) => path.rsplit('/').next().unwrap_or(path),
            Some(("assumed-role" | "federated-user", name)) => name,
            _ => resource,
        }
    }
}

/// One page of `ListUsers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsersPage {
    /// The users of this page, in the service's order.
    pub users: Vec<User>,
    /// What to ask the next page with; none at the end.
    pub next: Option<String>,
}

/// One page of `GetAccountAuthorizationDetails`, without roles. What users refer to may be on a later
/// page than they are, or on an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserDetailsPage {
    /// The users of this page, in the service's order.
    pub users: Vec<UserDetails>,
    /// Groups, by name, and what they give.
    pub groups: Vec<(Arc<str>, Grants)>,
    /// Managed policies, by ARN: the version that is in force; none of one that was not understood.
    pub policies: Vec<(Arc<str>, Option<Digest>)>,
    /// What to ask the next page with; none at the end.
    pub next: Option<String>,
}

/// What is kept of the details of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDetails {
    /// The name, spelled as AWS spells it.
    pub name: Box<str>,
    /// What the user's tags say.
    pub tags: UserTags,
    /// What gives them permissions.
    pub grants: Arc<Grants>,
}

/// What the credential report says. It names no keys, has two of a user at most, and is up to four
/// hours old (IAM user guide, "Getting credential reports for your AWS account").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When AWS had made it. What it tells of may be some seconds older.
    pub generated: DateTime<Utc>,
    /// The root user's keys, where the report has a row for root.
    pub root: Option<Box<[ReportedKey]>>,
    /// All users, in the report's order.
    pub users: Vec<ReportedUser>,
}

/// What the report says of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedUser {
    /// The name, spelled as AWS spells it.
    pub name: Box<str>,
    /// When the user was made.
    pub created: Option<DateTime<Utc>>,
    /// How the user can sign in to the console.
    pub login: Login,
    /// The keys, in the report's order. Where there are two, there may be more that the report has
    /// no columns for.
    pub keys: Box<[ReportedKey]>,
}

/// What the report says of how a user can sign in to the console, in a byte: 100,000 users keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Login(u8);

impl Login {
    const PASSWORD: u8 = 1;
    const MFA: u8 = 4;

    /// Whether there is a password, and an MFA device, as far as is known.
    #[must_use]
    pub fn new(password: Option<bool>, mfa: Option<bool>) -> Self {
        let bits =
            |known: Option<bool>, at: u8| known.map_or(0, |yes| (at << 1) | (at * u8::from(yes)));
        Self(bits(password, Self::PASSWORD) | bits(mfa, Self::MFA))
    }

    /// Whether the user has a password for the console; none where that is not known.
    #[must_use]
    pub fn has_password(self) -> Option<bool> {
        self.get(Self::PASSWORD)
    }

    /// Whether the user has an MFA device; none where that is not known.
    #[must_use]
    pub fn has_mfa(self) -> Option<bool> {
        self.get(Self::MFA)
    }

    fn get(self, at: u8) -> Option<bool> {
        (self.0 & (at << 1) != 0).then_some(self.0 & at != 0)
    }
}

/// What the report says of a key, without saying which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedKey {
    /// Whether AWS accepts it.
    pub active: bool,
    /// When it was created or last became active again.
    pub rotated: Option<DateTime<Utc>>,
    /// When it was last used.
    pub last_used: LastUsed,
}

/// The most characters that a description may have: it is the value of a tag (`Tag` in the API
/// reference of IAM).
pub const LONGEST_DESCRIPTION: usize = 256;

/// Why AWS would refuse a text as a key's description; none where it would not. The rules are
/// those for values of tags: the pattern and length of `Tag` in the API reference, and the prefix
/// in the user guide's rules for tagging.
#[must_use]
pub fn description_problem(text: &str) -> Option<String> {
    if let Some(c) = text.chars().find(|&c| !may_be_in_a_tag(c)) {
        let what = if c.is_control() || c.is_whitespace() {
            format!("The character U+{:04X}", u32::from(c))
        } else {
            c.to_string()
        };
        return Some(format!(
            "{what} is not allowed: letters, digits, spaces and _.:/=+-@ are"
        ));
    }
    let length = text.chars().count();
    if length > LONGEST_DESCRIPTION {
        return Some(format!(
            "It has {length} characters, and may have {LONGEST_DESCRIPTION}"
        ));
    }
    let start = text.get(..4)?;
    let reserved = start.eq_ignore_ascii_case("aws:");
    reserved.then(|| "It may not begin with aws:, which AWS keeps to itself".into())
}

/// Whether a tag's key or value may hold a character: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
fn may_be_in_a_tag(c: char) -> bool {
    use unicode_properties::{GeneralCategoryGroup as Group, UnicodeGeneralCategory as _};
    "_.:/=+-@".contains(c)
        || matches!(
            c.general_category_group(),
            Group::Letter | Group::Separator | Group::Number
        )
}

/// Whether the name of a tag is a long-lived key's ID, so that its value describes that key.
#[must_use]
pub fn is_key_id(name: &str) -> bool {
    (16..=128).contains(&name.len())
        && name.starts_with("AKIA")
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_principal_of_a_session_is_its_role() {
        let principal = |resource: &str| {
            let arn = format!("arn:aws:sts::123456789012:{resource}");
            let caller = Caller::read("123456789012".into(), arn).expect("it is one");
            caller.principal().rsplit(':').next().map(str::to_owned)
        };
        for (resource, expected) in [
            ("assumed-role/Admin/alice@example.com", "assumed-role/Admin"),
            ("assumed-role/Admin/Admin", "assumed-role/Admin"),
            ("federated-user/alice", "federated-user/alice"),
            ("user/ops/alice", "user/ops/alice"),
            ("root", "root"),
        ] {
            assert_eq!(principal(resource).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_caller_is_named_as_a_person_would() {
        let name = |arn: &str| {
            Caller {
                account: String::new(),
                arn: arn.into(),
            }
            .name()
            .to_owned()
        };
        assert_eq!(name("arn:aws:iam::123456789012:user/alice"), "alice");
        assert_eq!(name("arn:aws:iam::123456789012:user/eng/a/alice"), "alice");
        assert_eq!(
            name("arn:aws:sts::123456789012:assumed-role/Admin/alice"),
            "Admin/alice"
        );
        assert_eq!(name("arn:aws-cn:iam::123456789012:root"), "root");
        assert_eq!(name("odd"), "odd");
    }

    #[test]
    fn a_caller_is_a_user_only_by_the_arn_of_one() {
        let user = |arn: &str| {
            let caller = Caller {
                account: "123456789012".into(),
                arn: arn.into(),
            };
            caller.user().map(str::to_owned)
        };
        for arn in [
            "arn:aws:iam::123456789012:user/alice",
            "arn:aws-cn:iam::123456789012:user/eng/a/alice",
        ] {
            assert_eq!(user(arn).as_deref(), Some("alice"), "{arn}");
        }
        for arn in [
            "",
            "alice",
            "user/alice",
            "x:y:z:user/alice",
            "arn:aws:iam::123456789012:alice",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::123456789012:user/alice/",
            "arn:aws:iam::123456789012:user/:alice",
            "arn:aws:iam::123456789012:user/alice bob",
            "arn:aws:iam::210987654321:user/alice",
            "arn:aws:iam:eu-west-1:123456789012:user/alice",
            "arn:aws:sts::123456789012:user/alice",
            "arn:aws:sts::123456789012:assumed-role/Admin/alice",
            "arn:aws:sts::123456789012:federated-user/alice",
            "urn:aws:iam::123456789012:user/alice",
        ] {
            assert_eq!(user(arn), None, "{arn}");
        }
    }

    #[test]
    fn a_caller_has_an_account_and_an_arn_of_it() {
        let read = |account: &str, arn: &str| Caller::read(account.into(), arn.into());
        for arn in [
            "arn:aws:iam::123456789012:root",
            "arn:aws-us-gov:sts::123456789012:assumed-role/Admin/alice",
            "arn:aws:iam::123456789012:user/alice",
        ] {
            assert!(read("123456789012", arn).is_some(), "{arn}");
            assert_eq!(read("210987654321", arn), None, "{arn}");
        }
        for (account, arn) in [
            ("", ""),
            ("123456789012", ""),
            ("123456789012", "alice"),
            ("123456789012", "arn:aws:iam::123456789012:"),
            ("123456789012", "arn:aws:s3::123456789012:user/alice"),
            ("12345678901a", "arn:aws:iam::12345678901a:user/alice"),
            ("", "arn:aws:iam:::user/alice"),
        ] {
            assert_eq!(read(account, arn), None, "{arn}");
        }
    }

    #[test]
    fn a_description_is_what_the_value_of_a_tag_may_be() {
        for good in [
            "",
            "nightly backup",
            "Lager-Abgleich für Zürich",
            "備份 伺服器 ٣",
            "owner=ops@example.com path:/srv/a+b_c.d",
            &"é".repeat(256),
            "laws: of robotics",
        ] {
            assert_eq!(description_problem(good), None, "{good}");
        }
        let problem = |text: &str| description_problem(text).expect("it is refused");
        assert!(problem("backup!").starts_with("! is not allowed"));
        assert!(problem("a, b").starts_with(", is not allowed"));
        assert!(problem("two\nlines").starts_with("The character U+000A"));
        assert!(problem("a\u{200b}b").contains("not allowed"));
        // A combining mark is no letter, whatever it is part of.
        assert!(problem("e\u{301}").contains("not allowed"));
        assert!(problem("🔑").starts_with("🔑"));
        assert!(problem(&"é".repeat(257)).contains("257"));
        assert!(problem("AWS:backup").contains("begin with aws:"));
    }

    #[test]
    fn a_tag_describes_a_key_if_it_is_called_like_one() {
        assert!(is_key_id("AKIADEPLOY01EXAMPLE1"));
        for other in [
            "Owner",
            "AKIASHORT",
            "ASIADEPLOY01EXAMPLE1",
            "AKIADEPLOY01-EXAMPLE",
            "akiadeploy01example1",
            &format!("AKIA{}", "A".repeat(125)),
        ] {
            assert!(!is_key_id(other), "{other}");
        }
    }
}
