//! Which profiles this machine has, and what each is: read from the config file and the credentials
//! file, without a call and without running anything.
//!
//! The files are read by the SDK's own reader, so that a profile is here what it is when one signs in
//! with it; and a profile's way to its credentials is followed as the SDK follows it.

pub(super) mod odd_names;

use super::{settings, sso};
use crate::engine::{
    Problem,
    key_id::{self, looks_like_a_secret},
    profiles::{AccountId, Login, Profile, ProfileKind, ProfileList, SsoPortal, portal_label},
};
use aws_config::profile::{Profile as Section, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use odd_names::{OddName, Section as OddSection};
use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    path::PathBuf,
};
use tokio::runtime::Handle;

/// The keys of a profile that hold an access key.
const KEYS: [&str; 2] = ["aws_access_key_id", "aws_secret_access_key"];

/// The most profiles that one may take its credentials through: more are a mistake.
const DEEPEST: usize = 32;

/// Reads all profiles. Nothing of them is tried.
///
/// # Errors
/// When a file cannot be read, or holds what the SDK cannot read: it would take the file for empty.
pub async fn list_profiles() -> Result<ProfileList, Problem> {
    let handle = Handle::current();
    // Files block, and thousands of profiles take their time.
    let list = tokio::task::spawn_blocking(move || {
        if let Some(problem) = settings::odd_line() {
            return Err(problem);
        }
        let (fs, env, files) = (Fs::real(), Env::real(), EnvConfigFiles::default());
        let loading = aws_config::profile::load(&fs, &env, &files, None);
        let profiles = handle
            .block_on(loading)
            .map_err(|error| settings::unreadable(super::convert::deepest(&error)))?;
        let odd = odd_names::all();
        Ok(Reader::new(&profiles, sso::directory(), &odd).list())
    });
    list.await.unwrap_or_else(|_| Err(Problem::internal()))
}

/// Looks profiles up.
struct Reader<'a> {
    profiles: &'a ProfileSet,
    /// The names that are not among them, because the SDK does not read them.
    odd: &'a [OddName],
    /// Where the `aws` command keeps its logins; none where there is no home directory.
    logins: Option<PathBuf>,
    /// The logins that were looked at: thousands of profiles may share one.
    seen: HashMap<String, Login>,
}

/// How a profile's credentials are come by.
struct Way {
    kind: ProfileKind,
    account: Option<AccountId>,
    login: Option<Login>,
    mfa: bool,
}

impl Way {
    fn of(kind: ProfileKind) -> Self {
        Self {
            kind,
            account: None,
            login: None,
            mfa: false,
        }
    }
}

impl<'a> Reader<'a> {
    fn new(profiles: &'a ProfileSet, logins: Option<PathBuf>, odd: &'a [OddName]) -> Self {
        Self {
            profiles,
            odd,
            logins,
            seen: HashMap::new(),
        }
    }

    fn list(mut self) -> ProfileList {
        let profiles = self.profiles;
        let odd = self.odd.iter().filter(|odd| {
            // With keys of its own in the credentials file it is read, and can be used.
            odd.section == OddSection::Profile && profiles.get_profile(&odd.name).is_none()
        });
        let odd = odd.map(|odd| &*odd.name);
        let mut names: Vec<&str> = profiles.profiles().chain(odd).collect();
        names.sort_unstable();
        let (hidden, shown): (Vec<&str>, Vec<&str>) = names
            .into_iter()
            .partition(|name| looks_like_a_secret(name));
        ProfileList {
            portals: self.portals(),
            profiles: shown.into_iter().map(|name| self.profile(name)).collect(),
            hidden: hidden.len(),
            files: settings::file_names().into(),
        }
    }

    /// The SSO portals that there is all of a session of; then the start URLs of profiles of the older
    /// kind, where no session has the same: one portal is one row.
    fn portals(&mut self) -> Vec<SsoPortal> {
        let profiles = self.profiles;
        let mut names: Vec<&str> = profiles.sso_sessions().collect();
        let session = |name: &str, key| profiles.sso_session(name)?.get(key);
        names.retain(|name| {
            let has = |key| session(name, key).is_some();
            has("sso_start_url") && has("sso_region") && !looks_like_a_secret(name)
        });
        names.sort_unstable();
        let of_sessions = names.iter();
        let of_sessions = of_sessions.filter_map(|name| session(name, "sso_start_url"));
        let of_sessions: HashSet<&str> = of_sessions.map(portal_address).collect();
        let mut urls: Vec<&str> = sso::start_urls(profiles).map(|(url, _)| url).collect();
        urls.retain(|url| {
            let is_url = url.contains("://") && !looks_like_a_secret(url);
            is_url && !of_sessions.contains(portal_address(url))
        });
        // The login is kept by the URL as it is written: of two ways to write it, the one that has one.
        urls.sort_by_cached_key(|url| {
            let expires = match self.login(url) {
                Login::Cached { expires, .. } => Some(expires),
                Login::Missing => None,
            };
            (portal_address(url), Reverse(expires), *url)
        });
        urls.dedup_by_key(|url| portal_address(url));
        let portals = names.into_iter().chain(urls).map(|name| SsoPortal {
            name: name.into(),
            login: self.login(name),
        });
        portals.collect()
    }

    fn profile(&mut self, name: &str) -> Profile {
        let mut sources: Vec<&str> = vec![name];
        let way = self.way(&mut sources);
        let way = way.unwrap_or_else(|why| Way::of(ProfileKind::Nothing(key_id::redacted(&why))));
        Profile {
            name: name.into(),
            kind: way.kind,
            account: way.account,
            sources: sources[1..].iter().map(|&name| shown(name)).collect(),
            login: way.login,
        }
    }

    /// The way of the last of these profiles, of which each takes its credentials from the next; or
    /// why there is none.
    fn way<'n>(&mut self, chain: &mut Vec<&'n str>) -> Result<Way, String>
    where
        'a: 'n,
    {
        let name = chain.last().copied().unwrap_or_default();
        let profiles = self.profiles;
        let is_source = chain.len() > 1;
        let section = profiles.get_profile(name).ok_or_else(|| {
            let why = self.why_odd(OddSection::Profile, name);
            match why {
                Some(why) if is_source => format!("source_profile {name}: {why}"),
                Some(why) => why.to_owned(),
                None => format!("source_profile {name} is not there"),
            }
        })?;
        let get = |key| value(section, key);
        // In a profile that is only a source, its own keys come first.
        if is_source && let Ok(Some(way)) = keys(section) {
            return Ok(way);
        }
        let role = get("role_arn").filter(|_| get("web_identity_token_file").is_none());
        let Some(arn) = role else {
            return self.base(section);
        };
        let (via, below) = match (get("source_profile"), get("credential_source")) {
            (Some(_), Some(_)) => {
                return Err("both source_profile and credential_source".into());
            }
            (None, None) => return Err("role_arn without source_profile".into()),
            (None, Some(source)) => (source, self.base(section)?),
            (Some(source), None) if source == name => (source, self.base(section)?),
            (Some(source), None) if chain.contains(&source) => {
                let ring = [&chain[..], &[source]].concat().join(", ");
                return Err(format!("source_profile goes in a circle: {ring}"));
            }
            (Some(_), None) if chain.len() >= DEEPEST => {
                return Err(format!(
                    "more than {DEEPEST} source profiles, one behind the other"
                ));
            }
            (Some(source), None) => {
                chain.push(source);
                (source, self.way(chain)?)
            }
        };
        let mfa = below.mfa || get("mfa_serial").is_some();
        let (role, via) = (shown(name_in(arn)), shown(via));
        Ok(Way {
            kind: ProfileKind::Role { role, via, mfa },
            account: account_in(arn),
            login: below.login,
            mfa,
        })
    }

    /// The way of a profile that takes its credentials from no other. The order is the SDK's.
    fn base(&mut self, section: &Section) -> Result<Way, String> {
        let get = |key| value(section, key);
        if let Some(source) = get("credential_source") {
            return Ok(Way::of(ProfileKind::Source(shown(source))));
        }
        match (get("role_arn"), get("web_identity_token_file")) {
            (Some(arn), Some(_)) => {
                let role = shown(name_in(arn));
                return Ok(Way {
                    account: account_in(arn),
                    ..Way::of(ProfileKind::WebIdentity { role })
                });
            }
            (None, Some(_)) => return Err("web_identity_token_file without role_arn".into()),
            (_, None) => {}
        }
        if let Some(way) = self.sso(section)? {
            return Ok(way);
        }
        if let Some(arn) = get("login_session") {
            return Ok(Way {
                account: account_in(arn),
                ..Way::of(ProfileKind::Console)
            });
        }
        if get("credential_process").is_some() {
            return Ok(Way {
                account: get("aws_account_id").and_then(known_account),
                ..Way::of(ProfileKind::Process)
            });
        }
        keys(section)?.ok_or_else(|| "no keys, and no other way to sign in".into())
    }

    /// The way through an SSO portal, if that is the one.
    fn sso(&mut self, section: &Section) -> Result<Option<Way>, String> {
        let get = |key| value(section, key);
        let (account, role) = (get("sso_account_id"), get("sso_role_name"));
        let (session, url) = (get("sso_session"), get("sso_start_url"));
        let any = [account, role, session, url, get("sso_region")];
        if any.iter().all(Option::is_none) {
            return Ok(None);
        }
        let (url, region) = match session {
            Some(name) => {
                let found = self.profiles.sso_session(name);
                let found =
                    found.ok_or_else(|| match self.why_odd(OddSection::SsoSession, name) {
                        Some(why) => format!("sso_session {name}: {why}"),
                        None => format!("sso_session {name} is not there"),
                    })?;
                if url.is_some() || get("sso_region").is_some() {
                    let why = "sso_start_url and sso_region belong in the sso-session";
                    return Err(why.into());
                }
                (found.get("sso_start_url"), found.get("sso_region"))
            }
            None => (url, get("sso_region")),
        };
        let missing = |key: &str| format!("{key} is missing");
        let url = url.ok_or_else(|| missing("sso_start_url"))?;
        region.ok_or_else(|| missing("sso_region"))?;
        let account = account.ok_or_else(|| missing("sso_account_id"))?;
        let role = role.ok_or_else(|| missing("sso_role_name"))?;
        let identifier = session.unwrap_or(url);
        let login = self.login(identifier);
        let kind = ProfileKind::Sso {
            session: shown(session.unwrap_or_else(|| portal_label(url))),
            role: shown(role),
        };
        Ok(Some(Way {
            account: known_account(account),
            login: Some(login),
            ..Way::of(kind)
        }))
    }

    /// Why a section is not read that is there, if that is so.
    fn why_odd(&self, section: OddSection, name: &str) -> Option<&'a str> {
        let mut odd = self.odd.iter();
        let odd = odd.find(|odd| odd.is_for(section, name))?;
        Some(&odd.why)
    }

    fn login(&mut self, identifier: &str) -> Login {
        if let Some(login) = self.seen.get(identifier) {
            return *login;
        }
        let directory = self.logins.as_deref();
        let mut login = directory.map_or(Login::Missing, |it| sso::kept(it, identifier));
        if let Login::Cached { renewable, .. } = &mut login
            && self.profiles.sso_session(identifier).is_none()
        {
            // Only that of a session is.
            *renewable = None;
        }
        self.seen.insert(identifier.to_owned(), login);
        login
    }
}

/// A name as it can be shown: what stands in its place may be a secret.
fn shown(name: &str) -> Box<str> {
    key_id::redacted(name).into()
}

/// What a key is set to. Set and empty is not set.
fn value<'a>(section: &'a Section, key: &str) -> Option<&'a str> {
    section.get(key).filter(|value| !value.is_empty())
}

/// The way of a profile with keys of its own; none where it has none.
fn keys(section: &Section) -> Result<Option<Way>, String> {
    let get = |key| value(section, key);
    let key = match KEYS.map(get) {
        [Some(key), Some(_)] => key,
        [None, None] if get("aws_session_token").is_none() => return Ok(None),
        [None, None] => return Err("aws_session_token without keys".into()),
        [Some(_), None] => return Err(format!("{} without {}", KEYS[0], KEYS[1])),
        [None, Some(_)] => return Err(format!("{} without {}", KEYS[1], KEYS[0])),
    };
    let serial = get("mfa_serial");
    let mfa = serial.is_some();
    let said = get("aws_account_id").and_then(known_account);
    let derived = || {
        let id = key_id::account_of(key)?.into();
        Some(AccountId { id, derived: true })
    };
    Ok(Some(Way {
        kind: if get("aws_session_token").is_some() {
            ProfileKind::TemporaryKeys
        } else {
            ProfileKind::Keys { mfa }
        },
        account: said
            .or_else(|| serial.and_then(account_in))
            .or_else(derived),
        login: None,
        mfa,
    }))
}

/// An account ID, if it is one.
fn known_account(id: &str) -> Option<AccountId> {
    let is_id = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| AccountId {
        id: id.into(),
        derived: false,
    })
}

/// The account of an ARN.
fn account_in(arn: &str) -> Option<AccountId> {
    arn.split(':').nth(4).and_then(known_account)
}

/// The name at the end of an ARN, without its path.
fn name_in(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}

/// A start URL without what may stand at its end, or not.
fn portal_address(url: &str) -> &str {
    url.trim_end_matches(['/', '#'])
}

#[cfg(test)]
mod tests;
