//! What is read: each question, its answer, and its row of facts.

use super::command::{Parameter, Value, command};
use crate::engine::{
    impact::{OtherCredentials, Permissions, ServiceUse, TrailPage, TrailQuery},
    model::{
        AccessKey, AccountsPage, Caller, LastUsed, Report, Summary, UserDetailsPage, UsersPage,
    },
    user_tags::UserTags,
};
use std::sync::Arc;

/// A request that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Who is signed in.
    Caller,
    /// The account's alias.
    Alias,
    /// How many keys a user may have, and whether the root user has any.
    Summary,
    /// One page of users, after this marker.
    Users(Option<String>),
    /// The keys of a user.
    Keys(Box<str>),
    /// The last use of a user's key.
    LastUsed(Box<str>, String),
    /// The owner of a key, and its last use.
    Owner(String),
    /// The account that a key belongs to, whoever's it is.
    KeyAccount(String),
    /// The tags of a user: what their keys are for, and whose they are.
    Tags(Box<str>),
    /// One page of the details of all users, after this marker: their tags, and what their policies
    /// allow.
    UserDetails(Option<String>),
    /// The credential report, made first where there is none: that takes seconds, or minutes.
    Report,
    /// One page of the accounts of the organisation, after this marker.
    Accounts(Option<String>),
    /// One page of the accounts that the SSO portal opens to the session's login, after this marker.
    PortalAccounts(Option<String>),
    /// The regions that are enabled in the account.
    Regions,
    /// A page of the event history of `CloudTrail`.
    TrailEvents(TrailQuery),
    /// One event whole, as JSON: its region and its ID.
    WholeEvent(Arc<str>, Box<str>),
    /// The policies of a user, their own and those of their groups, and the boundary.
    Permissions(Box<str>),
    /// When services were last called with any credentials of a user (access advisor): made first, which
    /// takes seconds.
    ServicesUsed(Box<str>),
    /// What else a user can sign in with.
    OtherCredentials(Box<str>),
    /// The users whom AWS has put under quarantine, as the key of one is public.
    Quarantined,
}

/// What a [`Read`] is answered with. Each variant belongs to the read of the same name.
/// [`Answer::Accounts`] answers [`Read::PortalAccounts`] too.
#[derive(Debug)]
pub enum Answer {
    /// Who is signed in.
    Caller(Caller),
    /// The account's alias.
    Alias(Option<String>),
    /// How many keys a user may have, and whether the root user has any.
    Summary(Summary),
    /// A page of users.
    Users(UsersPage),
    /// The keys of a user.
    Keys(Vec<AccessKey>),
    /// The last use of a key.
    LastUsed(LastUsed),
    /// The owner of a key (empty where AWS names none), and its last use.
    Owner(Box<str>, LastUsed),
    /// The ID of the account that a key belongs to.
    KeyAccount(Box<str>),
    /// What the tags of a user say.
    Tags(UserTags),
    /// A page of the details of users.
    UserDetails(UserDetailsPage),
    /// The credential report.
    Report(Box<Report>),
    /// A page of accounts.
    Accounts(AccountsPage),
    /// The enabled regions.
    Regions(Vec<Arc<str>>),
    /// A page of events.
    TrailEvents(TrailPage),
    /// An event as JSON; `None` where `CloudTrail` does not have it (any more).
    WholeEvent(Option<Box<str>>),
    /// The policies of a user.
    Permissions(Box<Permissions>),
    /// When services were last called.
    ServicesUsed(Vec<ServiceUse>),
    /// The other credentials of a user.
    OtherCredentials(Box<OtherCredentials>),
    /// The names of the users under quarantine, in the service's order.
    Quarantined(Vec<Box<str>>),
}

/// The facts about a read.
#[derive(Clone, Debug)]
pub struct ReadRow<'a> {
    /// The action, as policies name it.
    pub action: &'static str,
    /// What it is about, in words: `alice`, `all users`.
    pub target: String,
    /// What is sent with it.
    parameters: Vec<Parameter<'a>>,
}

impl Read {
    /// The user whose keys it asks about; none where it asks about no user's.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Keys(user)
            | Self::LastUsed(user, _)
            | Self::Tags(user)
            | Self::Permissions(user)
            | Self::ServicesUsed(user)
            | Self::OtherCredentials(user) => Some(user),
            Self::Caller
            | Self::Alias
            | Self::Summary
            | Self::Users(_)
            | Self::UserDetails(_)
            | Self::Owner(_)
            | Self::KeyAccount(_)
            | Self::Report
            | Self::Accounts(_)
            | Self::PortalAccounts(_)
            | Self::Regions
            | Self::TrailEvents(_)
            | Self::WholeEvent(..)
            | Self::Quarantined => None,
        }
    }

    /// Its row.
    #[must_use]
    pub fn row(&self) -> ReadRow<'_> {
        let of_user = |user| vec![("UserName", Value::Text(user))];
        let of_key = |key| vec![("AccessKeyId", Value::Text(key))];
        let row = |action, target: &str, parameters| ReadRow {
            action,
            target: target.to_owned(),
            parameters,
        };
        match self {
            Self::Caller => row("sts:GetCallerIdentity", "this session", vec![]),
            Self::Alias => row("iam:ListAccountAliases", "the account", vec![]),
            Self::Summary => row("iam:GetAccountSummary", "the account", vec![]),
            // The command lists all pages.
            Self::Users(_) => row("iam:ListUsers", "all users", vec![]),
            Self::Keys(user) => row("iam:ListAccessKeys", user, of_user(user)),
            Self::LastUsed(user, key) => {
                let target = format!("{key} of {user}");
                row("iam:GetAccessKeyLastUsed", &target, of_key(key))
            }
            Self::Owner(key) => row("iam:GetAccessKeyLastUsed", key, of_key(key)),
            Self::KeyAccount(key) => row("sts:GetAccessKeyInfo", key, of_key(key)),
            Self::Tags(user) => row("iam:ListUserTags", user, of_user(user)),
            // The command reads all pages, here as well.
            Self::UserDetails(_) => {
                let but_roles = ["User", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
                let filter = vec![("Filter", Value::Texts(but_roles))];
                row("iam:GetAccountAuthorizationDetails", "all users", filter)
            }
            Self::Report => row("iam:GetCredentialReport", "all users", vec![]),
            Self::Accounts(_) => row("organizations:ListAccounts", "all accounts", vec![]),
            Self::PortalAccounts(_) => {
                // The command wants the token, which is no one's to see.
                let token = vec![("AccessToken", Value::Text("TOKEN"))];
                row("sso:ListAccounts", "all accounts of the portal", token)
            }
            Self::Regions => row("account:ListRegions", "the account", vec![]),
            Self::TrailEvents(query) => {
                let TrailQuery { key, region, .. } = query;
                let by = vec![
                    ("LookupAttributes", Value::Attribute("AccessKeyId", key)),
                    ("Region", Value::Text(region)),
                ];
                let target = format!("{key} in {region}");
                row("cloudtrail:LookupEvents", &target, by)
            }
            Self::WholeEvent(region, id) => {
                let by = vec![
                    ("LookupAttributes", Value::Attribute("EventId", id)),
                    ("Region", Value::Text(region)),
                ];
                row("cloudtrail:LookupEvents", &format!("event {id}"), by)
            }
            // The first of several calls.
            Self::Permissions(user) => row("iam:ListAttachedUserPolicies", user, of_user(user)),
            Self::ServicesUsed(user) => row("iam:GenerateServiceLastAccessedDetails", user, vec![]),
            Self::OtherCredentials(user) => row("iam:ListSSHPublicKeys", user, of_user(user)),
            Self::Quarantined => row(
                "iam:ListEntitiesForPolicy",
                "the quarantine policies",
                vec![],
            ),
        }
    }

    /// Whether it asks the same as another one, of whichever user.
    #[must_use]
    pub fn is_kind_of(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether nothing depends on it: that it fails says nothing of the session.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        match self {
            Self::Alias
            | Self::Summary
            | Self::Tags(_)
            | Self::UserDetails(_)
            | Self::KeyAccount(_)
            | Self::Report
            | Self::Accounts(_)
            | Self::PortalAccounts(_)
            | Self::Regions
            | Self::TrailEvents(_)
            | Self::WholeEvent(..)
            | Self::Permissions(_)
            | Self::ServicesUsed(_)
            | Self::OtherCredentials(_)
            | Self::Quarantined => true,
            Self::Caller | Self::Users(_) | Self::Keys(_) | Self::LastUsed(..) | Self::Owner(_) => {
                false
            }
        }
    }

    /// The equivalent `aws` command.
    #[must_use]
    pub fn command(&self, profile: Option<&str>, endpoint: Option<&str>) -> String {
        let row = self.row();
        command(row.action, &row.parameters, profile, endpoint)
    }
}
