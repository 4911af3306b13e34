//! Credentials from a program that a profile names (`credential_process`), and from the roles that are
//! assumed with them.
//!
//! The SDK would run such a program too, but without a limit and with the terminal as its input: it
//! would take keys from the screen, and live on when this program has ended.

use super::programs::{Failure, Programs, Why, run};
use crate::engine::SecretKey;
use aws_config::{
    BehaviorVersion, Region, SdkConfig, profile::ProfileSet, sts::AssumeRoleProvider,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};
use chrono::DateTime;
use serde::Deserialize;
use std::{fmt, time::SystemTime};

/// What provides the credentials of a profile that gets them from a program; none where it gets them
/// in another way, which the SDK knows. The order of the ways is the SDK's.
pub(super) async fn provider(
    profiles: &ProfileSet,
    name: &str,
    region: Region,
    programs: &Programs,
) -> Option<Box<dyn ProvideCredentials>> {
    let (command, roles) = chain(profiles, name)?;
    let program = Program {
        command: SecretKey::joined(&[command]),
        programs: programs.clone(),
    };
    let mut provider: Box<dyn ProvideCredentials> = Box::new(program);
    if roles.is_empty() {
        return Some(provider);
    }
    let config: SdkConfig = aws_config::defaults(BehaviorVersion::latest())
        .profile_name(name)
        .region(region)
        .no_credentials()
        .load()
        .await;
    for role in roles.into_iter().rev() {
        let mut assumed = AssumeRoleProvider::builder(role.arn).configure(&config);
        if let Some(name) = role.session_name {
            assumed = assumed.session_name(name);
        }
        if let Some(id) = role.external_id {
            assumed = assumed.external_id(id);
        }
        provider = Box::new(assumed.build_from_provider(Boxed(provider)).await);
    }
    Some(provider)
}

/// What provides the credentials that a program gives.
pub(super) fn of_command(command: SecretKey, programs: &Programs) -> Box<dyn ProvideCredentials> {
    Box::new(Program {
        command,
        programs: programs.clone(),
    })
}

/// A role that a profile assumes.
#[derive(Debug, PartialEq, Eq)]
struct Role<'a> {
    arn: &'a str,
    session_name: Option<&'a str>,
    external_id: Option<&'a str>,
}

/// The program that a profile's credentials come from in the end, and the roles that are assumed on
/// the way, the last one first.
fn chain<'a>(profiles: &'a ProfileSet, name: &'a str) -> Option<(&'a str, Vec<Role<'a>>)> {
    let mut roles = Vec::new();
    let mut seen = vec![name];
    loop {
        let profile = profiles.get_profile(seen.last()?)?;
        let has = |keys: &[&str]| keys.iter().any(|key| profile.get(key).is_some());
        // In a profile that is only a source, its own keys come first.
        if seen.len() > 1 && profile.get("aws_access_key_id").is_some() {
            return None;
        }
        if has(&["web_identity_token_file", "credential_source"]) {
            return None;
        }
        if let Some(arn) = profile.get("role_arn") {
            roles.push(Role {
                arn,
                session_name: profile.get("role_session_name"),
                external_id: profile.get("external_id"),
            });
            let source = profile.get("source_profile")?;
            if source != profile.name() {
                // A ring of profiles is the SDK's to refuse.
                if seen.contains(&source) {
                    return None;
                }
                seen.push(source);
                continue;
            }
        }
        let sso = [
            "sso_account_id",
            "sso_region",
            "sso_role_name",
            "sso_start_url",
            "sso_session",
        ];
        if has(&sso) || has(&["login_session"]) {
            return None;
        }
        return Some((profile.get("credential_process")?, roles));
    }
}

/// A provider behind a pointer is not one by itself.
#[derive(Debug)]
struct Boxed(Box<dyn ProvideCredentials>);

impl ProvideCredentials for Boxed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        self.0.provide_credentials()
    }
}

/// The program of a profile, as the shell reads it. Its arguments may hold a password.
struct Program {
    command: SecretKey,
    programs: Programs,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

impl ProvideCredentials for Program {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let given = run(self.command.expose(), &self.programs, None).await;
            let read = given.and_then(|output| read(&output));
            read.map_err(CredentialsError::provider_error)
        })
    }
}

/// What a program writes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

fn read(output: &[u8]) -> Result<Credentials, Failure> {
    // What the parser says may quote the output.
    let output: Output = serde_json::from_slice(output)
        .map_err(|_| Why::NotUnderstood("no Version, AccessKeyId and SecretAccessKey as JSON"))?;
    if output.version != 1 {
        return Err(Why::NotUnderstood("another Version than 1").into());
    }
    let expires = output.expiration.map(|text| {
        let time = DateTime::parse_from_rfc3339(&text).map(SystemTime::from);
        time.map_err(|_| Why::NotUnderstood("an Expiration that is no time"))
    });
    Ok(Credentials::new(
        output.access_key_id,
        output.secret_access_key,
        output.session_token,
        expires.transpose()?,
        "CredentialProcess",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
    use aws_types::os_shim_internal::{Env, Fs};
    use std::time::Duration;

    async fn profiles(text: &str) -> ProfileSet {
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text);
        let (files, fs, env) = (files.build(), Fs::from_slice(&[]), Env::from_slice(&[]));
        let loaded = aws_config::profile::load(&fs, &env, &files, None).await;
        loaded.expect("they are read")
    }

    fn role(arn: &str) -> Role<'_> {
        Role {
            arn,
            session_name: None,
            external_id: None,
        }
    }

    #[tokio::test]
    async fn the_program_is_found_behind_the_roles_that_are_assumed_with_it() {
        let set = profiles(
            "[default]\ncredential_process = a\n\
             [profile role]\nrole_arn = r\nrole_session_name = me\nexternal_id = x\n\
             source_profile = default\n\
             [profile both]\nrole_arn = s\nsource_profile = role\n\
             [profile itself]\nrole_arn = t\nsource_profile = itself\ncredential_process = b\n\
             [profile keys]\naws_access_key_id = k\naws_secret_access_key = s\n\
             credential_process = c\n\
             [profile from-keys]\nrole_arn = u\nsource_profile = keys\n\
             [profile ring]\nrole_arn = v\nsource_profile = gnir\n\
             [profile gnir]\nrole_arn = w\nsource_profile = ring\n\
             [profile sso]\nsso_session = s\ncredential_process = d\n\
             [profile lost]\nrole_arn = x\nsource_profile = nowhere\n",
        )
        .await;
        let of_role = || Role {
            session_name: Some("me"),
            external_id: Some("x"),
            ..role("r")
        };
        assert_eq!(chain(&set, "default"), Some(("a", vec![])));
        assert_eq!(chain(&set, "role"), Some(("a", vec![of_role()])));
        assert_eq!(chain(&set, "both"), Some(("a", vec![role("s"), of_role()])));
        assert_eq!(chain(&set, "itself"), Some(("b", vec![role("t")])));
        assert_eq!(chain(&set, "keys"), Some(("c", vec![])), "as in the SDK");
        for name in ["from-keys", "ring", "sso", "lost", "nowhere"] {
            assert_eq!(chain(&set, name), None, "{name}");
        }
    }

    #[test]
    fn credentials_are_read_and_what_is_none_is_not_repeated() {
        let whole = br#"{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"s",
            "SessionToken":"t","Expiration":"2026-11-22T08:30:01Z","More":{}}"#;
        let credentials = read(whole).unwrap();
        assert_eq!(credentials.access_key_id(), "AKIAIOSFODNN7EXAMPLE");
        assert_eq!(credentials.secret_access_key(), "s");
        assert_eq!(credentials.session_token(), Some("t"));
        let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_336_201);
        assert_eq!(credentials.expiry(), Some(expires));
        for (output, why) in [
            ("", "no Version"),
            ("{\"Version\":1,\"SecretAccessKey\":\"mine\"}", "no Version"),
            ("{\"Version\":1,\"AccessKeyId\":\"mine", "no Version"),
            (
                "{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"mine\"}",
                "another Version",
            ),
            (
                "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\
                 \"Expiration\":\"mine\"}",
                "an Expiration",
            ),
        ] {
            let failure = read(output.as_bytes()).unwrap_err();
            assert!(failure.to_string().contains(why), "{failure}");
            assert!(!format!("{failure:?}").contains("mine"), "{failure:?}");
        }
    }
}
