//! The profiles of this machine, as far as their files tell without a call: what kind of credentials
//! each has, of which account, and whether anything can be done with it.

use super::{Problem, account::Stage, effect::Target, key_id::redacted};
use chrono::{DateTime, Utc};
use std::{collections::HashMap, fmt};

/// The profiles of the config file and the credentials file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileList {
    /// All of them, by their names. One whose name looks like a secret is not among them.
    pub profiles: Vec<Profile>,
    /// How many those are that are not among them.
    pub hidden: usize,
    /// The files, as the environment names them.
    pub files: Vec<String>,
    /// The SSO portals that the config file has a session of (`sso-session`), by the names of those; then
    /// those that only profiles of the older kind name, by their start URLs.
    pub portals: Vec<SsoPortal>,
}

/// An SSO portal (IAM Identity Center).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoPortal {
    /// The name of its session, or its start URL where it has none.
    pub name: Box<str>,
    /// How it stands with the login to it.
    pub login: Login,
}

impl SsoPortal {
    /// Its start URL, where that is what it is called: it has no session.
    #[must_use]
    pub fn start_url(&self) -> Option<&str> {
        Some(&*self.name).filter(|name| name.contains("://"))
    }
}

/// What a portal is called on the screen: its session's name, or what tells its start URL from another.
/// `https://acme.awsapps.com/start` is `acme`, `https://identitycenter.amazonaws.com/ssoins-1` is
/// `ssoins-1`.
#[must_use]
pub fn portal_label(name: &str) -> &str {
    let Some((_, rest)) = name.split_once("://") else {
        return name;
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['/', '?', '#']).next().unwrap_or_default();
    match host.split(['.', ':']).next() {
        // All issuer URLs have the same host.
        Some("identitycenter") if !path.is_empty() => path,
        Some(first) if !first.is_empty() => first,
        _ => name,
    }
}

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: Box<str>,
    /// What its credentials are.
    pub kind: ProfileKind,
    /// The account that it opens, where that is known.
    pub account: Option<AccountId>,
    /// The profiles that it takes its credentials from, the nearest first.
    pub sources: Vec<Box<str>>,
    /// The login in a browser that it needs.
    pub login: Option<Login>,
}

/// An account ID that a file tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountId {
    /// The 12 digits.
    pub id: Box<str>,
    /// It is derived from a key ID: nothing that AWS documents.
    pub derived: bool,
}

/// What the credentials of a profile are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileKind {
    /// Long-lived keys; with an MFA device, or without.
    Keys {
        /// There is an MFA device.
        mfa: bool,
    },
    /// Keys that came with a session token, and expire.
    TemporaryKeys,
    /// A role that is assumed.
    Role {
        /// Its name.
        role: Box<str>,
        /// With the credentials of this profile, or of this other source.
        via: Box<str>,
        /// A code of an MFA device is needed.
        mfa: bool,
    },
    /// An account and a role of an SSO portal (IAM Identity Center).
    Sso {
        /// The session's name; the portal's address where it has none.
        session: Box<str>,
        /// The role's name.
        role: Box<str>,
    },
    /// A login in the console (`aws login`).
    Console,
    /// What a program prints.
    Process,
    /// A role that is assumed with the token in a file.
    WebIdentity {
        /// Its name.
        role: Box<str>,
    },
    /// The environment, a container or an instance.
    Source(Box<str>),
    /// None that can be used: why.
    Nothing(String),
}

/// `{:#}` names the role that is assumed as well.
impl fmt::Display for ProfileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mfa = |mfa: &bool| if *mfa { ", MFA" } else { "" };
        match self {
            Self::Keys { mfa: of } => write!(f, "keys{}", mfa(of)),
            Self::TemporaryKeys => f.write_str("temporary keys"),
            Self::Role { role, via, mfa: of } if f.alternate() => {
                write!(f, "role {role} via {via}{}", mfa(of))
            }
            Self::Role { via, mfa: of, .. } => write!(f, "role via {via}{}", mfa(of)),
            Self::Sso { session, role } if f.alternate() => {
                write!(f, "SSO {session}, role {role}")
            }
            Self::Sso { session, .. } => write!(f, "SSO {session}"),
            Self::Console => f.write_str("console login"),
            Self::Process => f.write_str("credential process"),
            Self::WebIdentity { role } if f.alternate() => write!(f, "web identity, role {role}"),
            Self::WebIdentity { .. } => f.write_str("web identity"),
            Self::Source(source) => write!(f, "{source}"),
            Self::Nothing(why) => f.write_str(why),
        }
    }
}

/// The login in a browser that a profile needs, as the `aws` command's cache has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// There was none, or nothing is left of it.
    Missing,
    /// There is one.
    Cached {
        /// When its token expires, or did.
        expires: DateTime<Utc>,
        /// Until when another token can be had without a browser, where one can.
        renewable: Option<DateTime<Utc>>,
    },
}

impl Login {
    /// Whether it can be used at a time.
    #[must_use]
    pub fn is_good(self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Missing => false,
            Self::Cached { expires, renewable } => {
                expires > now || renewable.is_some_and(|until| until > now)
            }
        }
    }
}

/// What is known of the profiles, and what came of signing in with them in this run.
#[derive(Debug, Default)]
pub struct Profiles {
    list: Option<Result<Box<ProfileList>, Box<Problem>>>,
    loading: bool,
    /// Counts the lists.
    version: u64,
    failed: HashMap<Box<str>, String>,
}

impl Profiles {
    /// The profiles, or why they cannot be read; `None` before they were.
    #[must_use]
    pub fn list(&self) -> Option<Result<&ProfileList, &Problem>> {
        let list = self.list.as_ref()?;
        Some(list.as_deref().map_err(|problem| &**problem))
    }

    /// All profiles that are known.
    #[must_use]
    pub fn all(&self) -> &[Profile] {
        match &self.list {
            Some(Ok(list)) => &list.profiles,
            _ => &[],
        }
    }

    /// All SSO portals that are known.
    #[must_use]
    pub fn portals(&self) -> &[SsoPortal] {
        match &self.list {
            Some(Ok(list)) => &list.portals,
            _ => &[],
        }
    }

    /// Whether they are being read.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.loading
    }

    /// Changes with every list.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Why signing in with a profile failed the last time, in this run.
    #[must_use]
    pub fn failure(&self, name: &str) -> Option<&str> {
        self.failed.get(name).map(String::as_str)
    }

    /// They are about to be read; says whether that has to be asked for.
    pub(super) fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.loading, true)
    }

    /// They were read.
    pub(super) fn came(&mut self, list: Result<Box<ProfileList>, Box<Problem>>) {
        self.loading = false;
        self.version += 1;
        self.list = Some(list);
    }

    /// Forgets why signing in failed.
    pub(super) fn forget_failure(&mut self, target: &Target) {
        if let Target::Profile(name) = target {
            self.failed.remove(name);
        }
    }

    /// Notes how far signing in with a profile has come.
    pub(super) fn note(&mut self, target: &Target, stage: &Stage) {
        let Target::Profile(name) = target else {
            return;
        };
        match stage {
            Stage::SignedIn => {
                self.failed.remove(name);
            }
            Stage::SignedOut(problem) => {
                self.failed.insert(name.clone(), short(problem));
            }
            Stage::Waiting | Stage::SigningIn => {}
        }
    }
}

/// Why signing in failed, in the words that say most: what a program or the service has said.
fn short(problem: &Problem) -> String {
    let said = problem.details.last().filter(|said| !said.is_empty());
    let said = said.unwrap_or(&problem.title);
    redacted(said.strip_prefix("it says: ").unwrap_or(said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_login_is_good_while_it_lasts_or_can_be_renewed() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(9);
        let (hour, day) = (TimeDelta::hours(1), TimeDelta::days(1));
        for (expires, renewable, good) in [
            (now + hour, None, true),
            (now, None, false),
            (now - hour, None, false),
            (now - hour, Some(now + day), true),
            (now - hour, Some(now - day), false),
        ] {
            let login = Login::Cached { expires, renewable };
            assert_eq!(login.is_good(now), good, "{login:?}");
        }
        assert!(!Login::Missing.is_good(now));
    }

    #[test]
    fn a_portal_is_called_by_what_tells_it_apart() {
        for (name, expected) in [
            ("acme-org", "acme-org"),
            ("https://acme.awsapps.com/start", "acme"),
            ("https://acme.awsapps.com/start#/", "acme"),
            ("http://localhost:4000/start", "localhost"),
            (
                "https://identitycenter.amazonaws.com/ssoins-12",
                "ssoins-12",
            ),
            ("https://identitycenter.amazonaws.com/", "identitycenter"),
            ("https:///start", "https:///start"),
        ] {
            assert_eq!(portal_label(name), expected, "{name}");
        }
    }

    #[test]
    fn a_failure_is_kept_until_it_works() {
        let mut profiles = Profiles::default();
        let target = Target::Profile("vendor".into());
        let failed = |details: &[&str]| {
            Stage::SignedOut(Box::new(Problem {
                title: "It failed".into(),
                details: details.iter().map(|&text| text.into()).collect(),
                ..Problem::default()
            }))
        };
        profiles.note(&target, &failed(&[]));
        assert_eq!(profiles.failure("vendor"), Some("It failed"));
        profiles.note(&target, &failed(&["it ran", "exit status: 1"]));
        assert_eq!(profiles.failure("vendor"), Some("exit status: 1"));
        profiles.note(&target, &failed(&["it ended", "it says: oops"]));
        assert_eq!(profiles.failure("vendor"), Some("oops"));
        profiles.note(&target, &Stage::SigningIn);
        assert!(profiles.failure("vendor").is_some());
        profiles.note(&target, &Stage::SignedIn);
        assert_eq!(profiles.failure("vendor"), None);
        profiles.note(&Target::Ambient, &failed(&[]));
        assert!(profiles.failed.is_empty());
    }
}
