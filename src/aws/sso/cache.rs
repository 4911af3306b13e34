//! Logins as the `aws` command keeps them, so that both share them: tokens and registrations in
//! `~/.aws/sso/cache`, one JSON file each (`botocore/utils.py`, `SSOTokenFetcher`; `aws configure sso`).
//!
//! A token's file is named by the SHA-1 of the session's name, or of the start URL where there is none;
//! a registration's by that of what it is for. Files are written whole or not at all, for their owner
//! alone, and what others have put into one stays.

use super::Sso;
use crate::{
    aws::cache_file::{hex_of_sha1, python_json, stamp, time, write},
    engine::SecretKey,
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

/// Where the `aws` command keeps them.
pub(in crate::aws) fn directory() -> Option<PathBuf> {
    Some(env::home_dir()?.join(".aws/sso/cache"))
}

/// A client that is registered with IAM Identity Center: this program, on this machine.
#[derive(Clone)]
pub(super) struct Registration {
    /// Its ID.
    pub id: String,
    /// Its secret.
    pub secret: SecretKey,
    /// When it has to be registered anew.
    pub expires: DateTime<Utc>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

/// A login.
#[derive(Clone)]
pub(super) struct Token {
    /// What stands for the person.
    pub access: SecretKey,
    /// When it expires.
    pub expires: DateTime<Utc>,
    /// What gives another one.
    pub refresh: Option<SecretKey>,
    /// The client that it was given to.
    pub registration: Option<Registration>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

/// What a registration is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// Logging in with a browser on this machine.
    Browser,
    /// Logging in with a code.
    Device,
}

impl Grant {
    /// The grants that are asked for, by name; none are named for the second, as in the `aws` command.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Browser => &["authorization_code", "refresh_token"],
            Self::Device => &[],
        }
    }
}

impl Token {
    /// The login of a session, if one is kept.
    pub(super) fn read(directory: &Path, sso: &Sso) -> Option<Self> {
        Self::named(directory, sso.name())
    }

    /// The same, by what it is called.
    pub(super) fn named(directory: &Path, name: &str) -> Option<Self> {
        let kept = read(&directory.join(file_of_token(name)))?;
        let text = |key| kept.get(key)?.as_str();
        let secret = |key| text(key).map(|text| SecretKey::new(text.to_owned()));
        let registration = || {
            Some(Registration {
                id: text("clientId")?.to_owned(),
                secret: secret("clientSecret")?,
                expires: time(text("registrationExpiresAt")?)?,
            })
        };
        Some(Self {
            access: secret("accessToken")?,
            expires: time(text("expiresAt")?)?,
            refresh: secret("refreshToken"),
            registration: registration(),
        })
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn write(&self, directory: &Path, sso: &Sso) -> io::Result<()> {
        let path = directory.join(token_file(sso));
        let mut kept = read(&path).unwrap_or_default();
        kept.insert("startUrl".into(), json!(sso.start_url));
        kept.insert("region".into(), json!(sso.region));
        kept.insert("accessToken".into(), json!(self.access.expose()));
        kept.insert("expiresAt".into(), json!(stamp(self.expires)));
        for key in [
            "clientId",
            "clientSecret",
            "registrationExpiresAt",
            "refreshToken",
        ] {
            // Of the login before.
            kept.remove(key);
        }
        if let Some(registration) = &self.registration {
            let secret = registration.secret.expose();
            kept.insert("clientId".into(), json!(registration.id));
            kept.insert("clientSecret".into(), json!(secret));
            let expires = stamp(registration.expires);
            kept.insert("registrationExpiresAt".into(), json!(expires));
        }
        if let Some(refresh) = &self.refresh {
            kept.insert("refreshToken".into(), json!(refresh.expose()));
        }
        write(directory, &path, &kept)
    }
}

impl Registration {
    /// The one that is kept of a session, if it is for this grant.
    pub(super) fn read(directory: &Path, sso: &Sso, grant: Grant) -> Option<Self> {
        let kept = read(&directory.join(registration_file(sso)))?;
        let text = |key| kept.get(key)?.as_str();
        let grants = kept.get("grantTypes").and_then(Value::as_array);
        let for_browser = grants.is_some_and(|grants| {
            let names = Grant::Browser.names();
            grants.iter().any(|grant| *grant == names[0])
        });
        // As in the `aws` command, one without that grant is for codes.
        if for_browser != (grant == Grant::Browser) {
            return None;
        }
        Some(Self {
            id: text("clientId")?.to_owned(),
            secret: SecretKey::new(text("clientSecret")?.to_owned()),
            expires: time(text("expiresAt")?)?,
        })
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn write(&self, directory: &Path, sso: &Sso, grant: Grant) -> io::Result<()> {
        let mut kept = Map::new();
        kept.insert("clientId".into(), json!(self.id));
        kept.insert("clientSecret".into(), json!(self.secret.expose()));
        kept.insert("expiresAt".into(), json!(stamp(self.expires)));
        let scopes = match grant {
            Grant::Browser => Some(sso.scopes_to_ask()),
            Grant::Device => sso.scopes.clone(),
        };
        if let Some(scopes) = scopes {
            kept.insert("scopes".into(), json!(scopes));
        }
        if !grant.names().is_empty() {
            kept.insert("grantTypes".into(), json!(grant.names()));
        }
        write(directory, &directory.join(registration_file(sso)), &kept)
    }
}

fn token_file(sso: &Sso) -> String {
    file_of_token(sso.name())
}

fn file_of_token(name: &str) -> String {
    format!("{}.json", hex_of_sha1(name))
}

fn registration_file(sso: &Sso) -> String {
    let mut of = Map::new();
    of.insert("tool".into(), json!("botocore"));
    of.insert("startUrl".into(), json!(sso.start_url));
    of.insert("region".into(), json!(sso.region));
    of.insert("scopes".into(), json!(sso.scopes));
    of.insert("session_name".into(), json!(sso.session));
    format!("{}.json", hex_of_sha1(&python_json(&of)))
}

fn read(path: &Path) -> Option<Map<String, Value>> {
    let text = SecretKey::new(fs::read_to_string(path).ok()?);
    serde_json::from_str(text.expose()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sso() -> Sso {
        Sso {
            session: Some("acme".into()),
            start_url: "https://acme.awsapps.com/start".into(),
            region: "eu-west-1".into(),
            scopes: Some(vec!["sso:account:access".into()]),
            account: "123456789012".into(),
            role: "Admin".into(),
            given: None,
        }
    }

    fn token(refresh: Option<&str>) -> Token {
        Token {
            access: SecretKey::new("access-EXAMPLE".into()),
            expires: DateTime::from_timestamp(1_795_336_201, 0).unwrap(),
            refresh: refresh.map(|text| SecretKey::new(text.into())),
            registration: Some(Registration {
                id: "client".into(),
                secret: SecretKey::new("secret-EXAMPLE".into()),
                expires: DateTime::from_timestamp(1_795_400_000, 0).unwrap(),
            }),
        }
    }

    /// The names were computed with Python 3 as botocore does.
    #[test]
    fn files_are_named_as_the_aws_command_names_them() {
        let legacy = Sso {
            session: None,
            scopes: None,
            ..sso()
        };
        assert_eq!(
            token_file(&sso()),
            "293abb6b76d7791c0732cc517d38c4b5c734b87f.json"
        );
        assert_eq!(
            token_file(&legacy),
            "40169cea58ca6cbf23fb27b2542923fb5f524af0.json"
        );
        assert_eq!(
            registration_file(&sso()),
            "c18dfa27586773db751d1e2115a31334f50d238d.json"
        );
        assert_eq!(
            registration_file(&legacy),
            "aaaf9ee5aef6fbbfce87b834a7a82f94a83e35f9.json"
        );
    }

    #[test]
    fn a_token_is_written_as_the_aws_command_writes_it_and_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("sso/cache");
        assert!(Token::read(&directory, &sso()).is_none());
        token(Some("refresh-EXAMPLE"))
            .write(&directory, &sso())
            .unwrap();
        let path = directory.join(token_file(&sso()));
        let text = fs::read_to_string(&path).unwrap();
        let kept: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "startUrl": "https://acme.awsapps.com/start",
            "region": "eu-west-1",
            "accessToken": "access-EXAMPLE",
            "expiresAt": "2026-11-22T08:30:01Z",
            "clientId": "client",
            "clientSecret": "secret-EXAMPLE",
            "registrationExpiresAt": "2026-11-23T02:13:20Z",
            "refreshToken": "refresh-EXAMPLE",
        });
        assert_eq!(kept, expected);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(&directory), 0o700);
        }
        let found = Token::read(&directory, &sso()).unwrap();
        assert_eq!(found.access.expose(), "access-EXAMPLE");
        assert_eq!(found.expires, token(None).expires);
        assert_eq!(found.refresh.unwrap().expose(), "refresh-EXAMPLE");
        assert_eq!(found.registration.unwrap().id, "client");
        let shown = format!("{:?}", token(Some("refresh-EXAMPLE")));
        assert!(!shown.contains("EXAMPLE"), "{shown}");
    }

    #[test]
    fn what_others_have_put_into_a_file_stays_and_what_is_over_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(token_file(&sso()));
        fs::write(
            &path,
            r#"{"accessToken":"old","refreshToken":"old","expiresAt":"2026-01-01T00:00:00UTC",
                "theirs":{"a":1}}"#,
        )
        .unwrap();
        let before = Token::read(directory.path(), &sso()).unwrap();
        assert!(before.registration.is_none());
        token(None).write(directory.path(), &sso()).unwrap();
        let kept: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(kept["theirs"], json!({"a": 1}));
        assert_eq!(kept["accessToken"], "access-EXAMPLE");
        assert!(kept.get("refreshToken").is_none());
        let files = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(files, 1, "no temporary file is left");
    }

    #[test]
    fn a_registration_is_for_one_way_of_logging_in() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let made = token(None).registration.unwrap();
        for (grant, other) in [
            (Grant::Browser, Grant::Device),
            (Grant::Device, Grant::Browser),
        ] {
            made.write(directory, &sso(), grant).unwrap();
            let found = Registration::read(directory, &sso(), grant).unwrap();
            assert_eq!((found.id.as_str(), found.expires), ("client", made.expires));
            assert!(Registration::read(directory, &sso(), other).is_none());
        }
    }

    #[test]
    fn a_file_that_is_none_is_no_token() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(token_file(&sso()));
        for text in [
            "",
            "[]",
            "{}",
            r#"{"accessToken":"a"}"#,
            r#"{"accessToken":1,"expiresAt":"2026-01-01T00:00:00Z"}"#,
            r#"{"accessToken":"a","expiresAt":"soon"}"#,
        ] {
            fs::write(&path, text).unwrap();
            assert!(Token::read(directory.path(), &sso()).is_none(), "{text}");
        }
    }
}
