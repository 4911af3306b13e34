//! Accounts that an SSO portal (IAM Identity Center) opens to a login: they are listed by it, and it
//! gives the credentials of a role in each.
//!
//! What the role may do is for the portal's permission set to say: unlike a role that is assumed, it
//! cannot be narrowed for what is only read.

use super::{
    Connection, Error, Kind, Options, Person, Problem, SignedIn,
    assume::{Failure, Signer},
    convert::deepest,
    role_chain::{Base, RoleChain},
    sign_in::sign_in_along,
    sso::{Access, Sso},
    trail::{Trail, turns_in_circles},
};
use crate::engine::{self, Member, model::AccountsPage, profiles::portal_label};
use aws_config::{SdkConfig, imds, profile::ProfileSet};
use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
};

/// So many of a portal's accounts are tried, where one of them is wanted.
const TRIED: usize = 10;

/// A portal, and a login to it. Clones share it.
#[derive(Clone)]
pub(super) struct Portal(Arc<Inner>);

struct Inner {
    sso: Sso,
    profile: Option<String>,
    /// For requests, without credentials.
    config: SdkConfig,
    options: Options,
    instance: imds::Client,
    trail: Trail,
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal").finish_non_exhaustive()
    }
}

impl Portal {
    pub(super) fn new(
        sso: Sso,
        profile: Option<String>,
        config: SdkConfig,
        options: Options,
        instance: imds::Client,
    ) -> Self {
        Self(Arc::new(Inner {
            sso,
            profile,
            config,
            options,
            instance,
            trail: Trail::default(),
        }))
    }

    /// The portal that a signer begins with, if it does.
    pub(super) fn of(signer: &Signer) -> Option<Self> {
        let Base::Sso(sso) = &signer.chain.base else {
            return None;
        };
        Some(Self::new(
            Sso::clone(sso),
            signer.chain.profile.clone(),
            signer.config.clone(),
            signer.options.clone(),
            signer.instance.clone(),
        ))
    }

    /// What it is called.
    pub(super) fn name(&self) -> Box<str> {
        self.0.sso.name().into()
    }

    /// What it is called on the screen.
    fn label(&self) -> &str {
        portal_label(self.0.sso.name())
    }

    fn access<'a>(&'a self, person: &'a Person) -> Access<'a> {
        Access {
            sso: &self.0.sso,
            profile: self.0.profile.as_deref(),
            config: &self.0.config,
            options: &self.0.options,
            person,
        }
    }

    /// A page of its accounts; the first without a marker.
    async fn accounts(&self, marker: Option<String>) -> Result<AccountsPage, Error> {
        let asked = marker.clone();
        let page = self.access(&Person::absent()).accounts(marker).await?;
        if let Some(next) = &page.next
            && !self.0.trail.gets_on(asked, Some(next))
        {
            return Err(turns_in_circles("sso:ListAccounts"));
        }
        Ok(page)
    }

    /// Signs in to an account of it, through the first of these roles that the login has there, or
    /// else through another.
    async fn sign_in(&self, account: &str, wanted: &[Box<str>]) -> Result<SignedIn, Problem> {
        let roles = self.access(&Person::absent()).roles(account).await;
        let roles = match roles {
            // As it says it where there is none.
            Err(error) if matches!(error.kind, Kind::Denied | Kind::NotFound) => Vec::new(),
            roles => roles.map_err(|error| self.not_listed(account, &error))?,
        };
        let role = chosen(&roles, wanted).ok_or_else(|| self.no_role(account))?;
        let sso = Sso {
            account: account.into(),
            role: role.into(),
            ..self.0.sso.clone()
        };
        let signer = Signer {
            chain: RoleChain {
                profile: self.0.profile.clone(),
                base: Base::Sso(Box::new(sso)),
                serial: None,
                duration: None,
                roles: Vec::new(),
            },
            profiles: ProfileSet::default(),
            config: self.0.config.clone(),
            options: self.0.options.clone(),
            person: Person::absent(),
            means: None,
            log_in: AtomicBool::new(false),
            instance: self.0.instance.clone(),
        };
        let signed_in = sign_in_along(signer, None).await;
        let signed_in = signed_in.map_err(|failure| self.no_credentials(failure, account, role))?;
        Ok(SignedIn {
            role: Some(role.into()),
            ..signed_in
        })
    }

    /// Signs in to the first account of it that can be, and is not open already where there is such a
    /// one. With a new login the person is asked.
    pub(super) async fn sign_in_first(
        &self,
        wanted: &engine::Portal,
        log_in: bool,
        person: &Person,
    ) -> Result<SignedIn, Problem> {
        let ready = self.access(person).log_in(log_in).await;
        ready.map_err(|failure| self.no_login(failure))?;
        let (mut marker, mut found, mut open) = (None, Vec::new(), Vec::new());
        while found.len() < TRIED {
            let page = self.accounts(marker).await;
            let page = page.map_err(|error| self.not_listed("", &error))?;
            for listed in page.accounts {
                if wanted.open.contains(&listed.id) {
                    open.push(listed.id);
                } else {
                    found.push(listed.id);
                }
            }
            marker = page.next;
            if marker.is_none() {
                break;
            }
        }
        let mut why = None;
        for account in found.iter().chain(&open).take(TRIED) {
            match self.sign_in(account, &wanted.roles).await {
                Ok(signed_in) => return Ok(signed_in),
                Err(problem) if problem.offer.is_some() => return Err(problem),
                Err(problem) => why = why.or(Some(problem)),
            }
        }
        Err(why.unwrap_or_else(|| self.no_accounts()))
    }

    fn no_login(&self, failure: Failure) -> Problem {
        match failure {
            Failure::Told(problem) => *problem,
            Failure::Credentials(error) => self.silent(deepest(&error)),
        }
    }

    fn no_credentials(&self, failure: Failure, account: &str, role: &str) -> Problem {
        match failure {
            Failure::Told(problem) if problem.offer.is_some() => *problem,
            Failure::Told(problem) => Problem {
                title: format!("SSO {} gives no credentials of {role}", self.label()),
                what: format!(
                    "The login has the role {role} in account {account}, and was refused its \
                     credentials."
                ),
                advice: Vec::new(),
                ..*problem
            },
            Failure::Credentials(error) => self.silent(deepest(&error)),
        }
    }

    fn not_listed(&self, account: &str, error: &Error) -> Problem {
        match error.kind {
            Kind::Expired => Problem {
                details: vec![error.to_string()],
                ..self.access(&Person::absent()).missing()
            },
            Kind::Network | Kind::Server => self.silent(error.to_string()),
            _ => Problem {
                title: format!("SSO {}: {}", self.label(), error.what()),
                what: match account {
                    "" => "Its accounts could not be listed.".into(),
                    id => format!("The roles in account {id} could not be listed."),
                },
                details: vec![error.to_string()],
                ..Problem::default()
            },
        }
    }

    fn silent(&self, why: String) -> Problem {
        Problem {
            title: format!("SSO {} cannot be reached", self.label()),
            what: "There was no answer of IAM Identity Center that could be used.".into(),
            details: vec![why],
            ..Problem::default()
        }
    }

    fn no_role(&self, account: &str) -> Problem {
        Problem {
            title: format!("SSO {} gives no role here", self.label()),
            what: format!("The login has no role in account {account}."),
            advice: vec!["Ask for an assignment of a permission set in this account.".into()],
            ..Problem::default()
        }
    }

    fn no_accounts(&self) -> Problem {
        Problem {
            title: format!("SSO {} opens no account", self.label()),
            what: "The portal lists none for this login.".into(),
            advice: vec!["Ask for an assignment of a permission set in an account.".into()],
            ..Problem::default()
        }
    }
}

impl Connection {
    /// One page of the accounts that the portal opens to the login that this was signed in by; the
    /// first without a marker.
    ///
    /// # Errors
    /// When there is no portal, the login is not good any more, or a call fails.
    pub async fn portal_accounts(&self, marker: Option<String>) -> Result<AccountsPage, Error> {
        match &self.portal {
            Some(portal) => portal.accounts(marker).await,
            None => Err(Error::internal("sso:ListAccounts")),
        }
    }
}

/// Signs in to an account with the login that another one was signed in by.
pub(super) async fn sign_in(source: &Connection, member: &Member) -> Result<SignedIn, Problem> {
    let portal = source.portal.as_ref().ok_or_else(Problem::internal)?;
    portal.sign_in(&member.account, &member.roles).await
}

/// There is no such section in the config file, or not all of it; or no profile of the older kind with
/// this start URL.
pub(super) fn not_configured(name: &str) -> Problem {
    if name.contains("://") {
        return Problem {
            title: format!("The SSO portal {name} cannot be used"),
            what:
                "No profile of the config file has this sso_start_url, with sso_region and without \
                   sso_session."
                    .into(),
            advice: vec!["Make one: aws configure sso".into()],
            ..Problem::default()
        };
    }
    Problem {
        title: format!("The sso-session {name} cannot be used"),
        what: "The config file has no section of this name with sso_start_url and sso_region."
            .into(),
        advice: vec!["Make one: aws configure sso-session".into()],
        ..Problem::default()
    }
}

/// The role to take of those that a login has: the first that is wanted, or else the only one, the first
/// that says that it reads, or the first of all.
fn chosen<'a>(roles: &'a [String], wanted: &[Box<str>]) -> Option<&'a str> {
    let has = |name: &str| roles.iter().find(|role| *role == name);
    let mut by_name: Vec<&String> = roles.iter().collect();
    by_name.sort_unstable();
    let reads = || {
        by_name
            .iter()
            .copied()
            .find(|role| says_that_it_reads(role))
    };
    let role = wanted.iter().find_map(|name| has(name));
    let role = role.or_else(reads).or_else(|| by_name.first().copied());
    role.map(String::as_str)
}

fn says_that_it_reads(role: &str) -> bool {
    let letters = role.chars().filter(char::is_ascii_alphabetic);
    let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    ["readonly", "viewonly", "audit"]
        .iter()
        .any(|word| letters.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(roles: &[&str], wanted: &[&str]) -> Option<String> {
        let roles: Vec<String> = roles.iter().map(|&role| role.to_owned()).collect();
        let wanted: Vec<Box<str>> = wanted.iter().map(|&role| role.into()).collect();
        chosen(&roles, &wanted).map(str::to_owned)
    }

    #[test]
    fn the_role_is_one_that_is_wanted_or_else_one_that_reads() {
        let wanted = &["iamkeys-audit", "OrganizationAccountAccessRole"];
        for (roles, expected) in [
            (&[][..], None),
            (&["AdministratorAccess"][..], Some("AdministratorAccess")),
            (
                &["AWSReadOnlyAccess", "OrganizationAccountAccessRole"],
                Some("OrganizationAccountAccessRole"),
            ),
            (
                &["OrganizationAccountAccessRole", "iamkeys-audit"],
                Some("iamkeys-audit"),
            ),
            (&["Admin", "ViewOnlyAccess"], Some("ViewOnlyAccess")),
            (&["Admin", "security-audit"], Some("security-audit")),
            (&["Admin", "Read-Only", "ViewOnly"], Some("Read-Only")),
            (&["Power", "Admin"], Some("Admin")),
        ] {
            assert_eq!(choice(roles, wanted).as_deref(), expected, "{roles:?}");
        }
        assert_eq!(
            choice(&["Admin", "View"], &["View"]).as_deref(),
            Some("View")
        );
    }
}
