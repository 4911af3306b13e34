//! Where the credentials of a profile come from: what it begins with (keys, a program, SSO, …), and
//! the roles that are assumed from there on.
//!
//! The SDK reads the same keys of a profile, and knows neither `mfa_serial` nor `duration_seconds`.
//! The order of the ways is the SDK's.

use super::sso::Sso;
use crate::engine::SecretKey;
use aws_config::profile::{Profile, ProfileSet};

/// The keys by which a profile signs in through SSO.
const SSO: [&str; 5] = [
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_start_url",
    "sso_session",
];

/// What a profile's credentials begin with, and what follows.
#[derive(Clone, Debug)]
pub(super) struct RoleChain {
    /// The profile's name; none for keys in the environment.
    pub profile: Option<String>,
    /// What it begins with.
    pub base: Base,
    /// The MFA device of what it begins with.
    pub serial: Option<String>,
    /// For how many seconds a session of what it begins with is asked for.
    pub duration: Option<i32>,
    /// The roles that are assumed, the first one first.
    pub roles: Vec<Role>,
}

/// What a chain begins with.
#[derive(Clone, Debug)]
pub(super) enum Base {
    /// The access key in this profile.
    Keys(String),
    /// A program, as the shell reads it. Its arguments may hold a password.
    Program(SecretKey),
    /// A role that IAM Identity Center gives.
    Sso(Box<Sso>),
    /// The access key in the environment.
    Environment,
    /// The role of the EC2 instance that this runs on.
    Instance,
    /// The role of the container that this runs in.
    Container,
    /// Another way, which the SDK knows, of this profile.
    Other(String),
}

/// A role that a profile assumes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Role {
    /// Its ARN.
    pub arn: String,
    /// `role_session_name`.
    pub session_name: Option<String>,
    /// `external_id`.
    pub external_id: Option<String>,
    /// `duration_seconds`.
    pub duration: Option<i32>,
    /// `mfa_serial`.
    pub serial: Option<String>,
}

impl Role {
    fn of(profile: &Profile, arn: &str) -> Self {
        let get = |key| profile.get(key).map(str::to_owned);
        Self {
            arn: arn.to_owned(),
            session_name: get("role_session_name"),
            external_id: get("external_id"),
            duration: duration(profile),
            serial: serial(profile),
        }
    }

    /// Its name: the last part of its ARN.
    pub(super) fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }
}

impl RoleChain {
    /// The chain of a profile; none where it is no chain, or one that the SDK has to make of it.
    pub(super) fn read(profiles: &ProfileSet, name: &str) -> Option<Self> {
        let mut roles = Vec::new();
        let mut seen = vec![name];
        let (base, profile) = loop {
            let at = *seen.last()?;
            let profile = profiles.get_profile(at)?;
            let has = |key| profile.get(key).is_some();
            // In a profile that is only a source, its own keys come first.
            if seen.len() > 1 && has("aws_access_key_id") {
                break (Base::Keys(at.to_owned()), profile);
            }
            if has("web_identity_token_file") {
                return None;
            }
            if let Some(arn) = profile.get("role_arn") {
                roles.push(Role::of(profile, arn));
                match (
                    profile.get("source_profile"),
                    profile.get("credential_source"),
                ) {
                    (None, Some(source)) => break (of_source(source)?, profile),
                    (Some(source), None) if source != profile.name() => {
                        // A ring of profiles is the SDK's to refuse.
                        if seen.contains(&source) {
                            return None;
                        }
                        seen.push(source);
                        continue;
                    }
                    (Some(_), None) => {}
                    _ => return None,
                }
            }
            break (of_profile(profiles, profile, at)?, profile);
        };
        let own = profile.get("role_arn").is_none();
        roles.reverse();
        Some(Self {
            profile: Some(name.to_owned()),
            base,
            // In a profile that assumes a role, it belongs to the role.
            serial: own.then(|| serial(profile)).flatten(),
            duration: own.then(|| duration(profile)).flatten(),
            roles,
        })
    }

    /// The chain of the keys in the environment.
    pub(super) fn of_environment() -> Self {
        Self {
            profile: None,
            base: Base::Environment,
            serial: None,
            duration: None,
            roles: Vec::new(),
        }
    }

    /// Whether an MFA device is named anywhere in it.
    pub(super) fn names_a_device(&self) -> bool {
        self.serial.is_some() || self.roles.iter().any(|role| role.serial.is_some())
    }

    /// Whether one of its roles is to last for another time than usual.
    pub(super) fn names_a_duration(&self) -> bool {
        self.roles.iter().any(|role| role.duration.is_some())
    }

    /// Whether it is an access key and nothing else.
    pub(super) fn is_keys(&self) -> bool {
        self.roles.is_empty() && matches!(self.base, Base::Keys(_) | Base::Environment)
    }

    /// Whether its roles may be refused for want of MFA: it begins with what may be long-term keys, and
    /// names no device.
    pub(super) fn may_want_code(&self) -> bool {
        let keys = matches!(
            self.base,
            Base::Keys(_) | Base::Environment | Base::Program(_)
        );
        keys && !self.roles.is_empty() && !self.names_a_device()
    }

    /// Whether it begins with a login to IAM Identity Center.
    pub(super) fn is_sso(&self) -> bool {
        matches!(self.base, Base::Sso(_))
    }

    /// How it signs in, in a word or two; `mfa` says that a code was asked for on the way.
    pub(super) fn how(&self, mfa: bool) -> String {
        let how = match (self.roles.last(), &self.base) {
            (Some(role), _) => format!("role {}", role.name()),
            (None, Base::Keys(_) | Base::Environment) => "keys".into(),
            (None, Base::Program(_)) => "credential process".into(),
            (None, Base::Sso(sso)) => return format!("SSO {}", sso.role),
            (None, Base::Instance) => "instance role".into(),
            (None, Base::Container) => "container role".into(),
            (None, Base::Other(_)) => "console login".into(),
        };
        if mfa { format!("{how} with MFA") } else { how }
    }
}

fn serial(profile: &Profile) -> Option<String> {
    let serial = profile.get("mfa_serial")?.trim();
    (!serial.is_empty()).then(|| serial.to_owned())
}

fn duration(profile: &Profile) -> Option<i32> {
    profile.get("duration_seconds")?.trim().parse().ok()
}

/// What a `credential_source` stands for.
fn of_source(source: &str) -> Option<Base> {
    Some(match source {
        "Environment" => Base::Environment,
        "Ec2InstanceMetadata" => Base::Instance,
        "EcsContainer" => Base::Container,
        _ => return None,
    })
}

/// What a profile begins with, apart from the role that it assumes.
fn of_profile(profiles: &ProfileSet, profile: &Profile, name: &str) -> Option<Base> {
    let has = |key: &str| profile.get(key).is_some();
    if SSO.into_iter().any(has) {
        // What is incomplete is the SDK's to refuse.
        return Some(Base::Sso(Box::new(Sso::read(profiles, profile)?)));
    }
    if has("login_session") {
        return Some(Base::Other(name.to_owned()));
    }
    if let Some(command) = profile.get("credential_process") {
        return Some(Base::Program(SecretKey::joined(&[command])));
    }
    has("aws_access_key_id").then(|| Base::Keys(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
    use aws_types::os_shim_internal::{Env, Fs};

    async fn profiles(text: &str) -> ProfileSet {
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text);
        let (files, fs, env) = (files.build(), Fs::from_slice(&[]), Env::from_slice(&[]));
        let loaded = aws_config::profile::load(&fs, &env, &files, None).await;
        loaded.expect("they are read")
    }

    #[tokio::test]
    async fn a_chain_is_read_from_its_keys_to_its_last_role() {
        let set = profiles(
            "[profile base]\naws_access_key_id = k\naws_secret_access_key = s\n\
             mfa_serial = d\nduration_seconds = 7200\n\
             [profile one]\nrole_arn = arn:aws:iam::123456789012:role/x/One\n\
             source_profile = base\nexternal_id = e\n\
             [profile two]\nrole_arn = two\nsource_profile = one\nmfa_serial = f\n\
             role_session_name = me\nduration_seconds = 900\n",
        )
        .await;
        let chain = RoleChain::read(&set, "two").expect("a chain");
        assert!(matches!(&chain.base, Base::Keys(name) if name == "base"));
        assert_eq!(chain.serial.as_deref(), Some("d"));
        assert_eq!(chain.duration, Some(7200));
        let one = Role {
            arn: "arn:aws:iam::123456789012:role/x/One".into(),
            external_id: Some("e".into()),
            ..Role::default()
        };
        let two = Role {
            arn: "two".into(),
            session_name: Some("me".into()),
            duration: Some(900),
            serial: Some("f".into()),
            ..Role::default()
        };
        assert_eq!(chain.roles, [one, two]);
        assert_eq!(chain.how(false), "role two");
        let chain = RoleChain::read(&set, "one").expect("a chain");
        assert_eq!(chain.how(true), "role One with MFA");
        assert!(chain.names_a_device());
        let chain = RoleChain::read(&set, "base").expect("a chain");
        assert!(chain.roles.is_empty());
        assert!(!chain.names_a_duration(), "it is of a session with a code");
        assert_eq!(chain.how(true), "keys with MFA");
    }

    #[tokio::test]
    async fn the_device_of_a_role_in_the_profile_of_the_keys_is_the_roles() {
        let set = profiles(
            "[profile itself]\nrole_arn = t\nsource_profile = itself\nmfa_serial = d\n\
             aws_access_key_id = k\naws_secret_access_key = s\n\
             [profile variables]\nrole_arn = u\ncredential_source = Environment\n",
        )
        .await;
        let chain = RoleChain::read(&set, "itself").expect("a chain");
        assert!(matches!(&chain.base, Base::Keys(name) if name == "itself"));
        assert_eq!(chain.serial, None);
        assert_eq!(chain.roles[0].serial.as_deref(), Some("d"));
        let chain = RoleChain::read(&set, "variables").expect("a chain");
        assert!(matches!(chain.base, Base::Environment));
        assert!(!chain.names_a_device());
    }

    #[tokio::test]
    async fn what_is_no_chain_is_left_to_the_sdk() {
        let set = profiles(
            "[profile ring]\nrole_arn = v\nsource_profile = gnir\n\
             [profile gnir]\nrole_arn = w\nsource_profile = ring\n\
             [profile lost]\nrole_arn = x\nsource_profile = nowhere\n\
             [profile both]\nrole_arn = x\nsource_profile = lost\ncredential_source = Environment\n\
             [profile web]\nrole_arn = x\nweb_identity_token_file = f\n\
             [profile odd]\nrole_arn = x\ncredential_source = Elsewhere\n\
             [profile half]\nsso_session = nowhere\nsso_account_id = 1\n\
             [profile empty]\nregion = eu-west-1\n",
        )
        .await;
        for name in [
            "ring", "lost", "both", "web", "odd", "half", "empty", "nowhere",
        ] {
            assert!(RoleChain::read(&set, name).is_none(), "{name}");
        }
    }
}
