//! The `aws` command's cache of roles that were assumed with MFA: read, so that no code is asked for
//! where the command has one that is still good, and written where the config file says so, so that the
//! command asks for none either.
//!
//! As botocore does (`botocore/credentials.py`, `AssumeRoleCredentialFetcher`), a file is named by the
//! SHA-1 of the request's arguments in JSON, with sorted keys and without the session name where that
//! was made up: `~/.aws/cli/cache/<sha1>.json`.

use super::{
    cache_file::{self, hex_of_sha1, python_json, stamp, time},
    role_chain::Role,
};
use crate::engine::SecretKey;
use aws_credential_types::Credentials;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// Where the `aws` command keeps them.
pub(super) fn directory() -> Option<PathBuf> {
    Some(env::home_dir()?.join(".aws/cli/cache"))
}

/// The credentials of a role that the `aws` command has kept in this directory.
pub(super) fn read(directory: &Path, role: &Role) -> Option<Credentials> {
    let path = directory.join(format!("{}.json", name(role)));
    let text = SecretKey::new(fs::read_to_string(path).ok()?);
    let Kept { credentials: kept } = serde_json::from_str(text.expose()).ok()?;
    let expires = time(&kept.expiration)?.into();
    Some(Credentials::new(
        kept.key,
        kept.secret,
        Some(kept.token),
        Some(expires),
        "aws command",
    ))
}

/// Keeps the credentials of a role in this directory, for the `aws` command and for later.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(directory: &Path, role: &Role, given: &Credentials) -> io::Result<()> {
    let (Some(token), Some(expires)) = (given.session_token(), given.expiry()) else {
        // They are no session: nothing that may lie in a file.
        return Ok(());
    };
    let credentials = json!({
        "AccessKeyId": given.access_key_id(),
        "SecretAccessKey": given.secret_access_key(),
        "SessionToken": token,
        "Expiration": stamp(expires.into()),
    });
    let kept = Map::from_iter([("Credentials".to_owned(), credentials)]);
    let path = directory.join(format!("{}.json", name(role)));
    cache_file::write(directory, &path, &kept)
}

/// The name of a role's file, without `.json`.
fn name(role: &Role) -> String {
    let mut arguments = Map::new();
    let mut add = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            arguments.insert(key.to_owned(), value);
        }
    };
    add("DurationSeconds", role.duration.map(Value::from));
    add("ExternalId", role.external_id.as_deref().map(Value::from));
    add("RoleArn", Some(json!(role.arn)));
    let session = role.session_name.as_deref();
    add("RoleSessionName", session.map(Value::from));
    add("SerialNumber", role.serial.as_deref().map(Value::from));
    hex_of_sha1(&python_json(&arguments))
}

#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "Credentials")]
    credentials: KeptCredentials,
}

#[derive(Deserialize)]
struct KeptCredentials {
    #[serde(rename = "AccessKeyId")]
    key: String,
    #[serde(rename = "SecretAccessKey")]
    secret: String,
    #[serde(rename = "SessionToken")]
    token: String,
    #[serde(rename = "Expiration")]
    expiration: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn role() -> Role {
        Role {
            arn: "arn:aws:iam::123456789012:role/Admin".into(),
            serial: Some("arn:aws:iam::123456789012:mfa/alice".into()),
            ..Role::default()
        }
    }

    /// The names were computed with Python 3 as botocore does:
    /// `sha1(json.dumps(arguments, sort_keys=True).encode()).hexdigest()`.
    #[test]
    fn files_are_named_as_the_aws_command_names_them() {
        assert_eq!(name(&role()), "f6ee4f1f2e3b86d03f2a2cfc0f0c56c26c32ff64");
        let whole = Role {
            session_name: Some("me".into()),
            external_id: Some("é\u{1f511}\"".into()),
            duration: Some(3600),
            ..role()
        };
        assert_eq!(name(&whole), "3f39b3cfadcec0e1a1957c82f963f37aa34dda49");
    }

    #[test]
    fn what_the_aws_command_has_kept_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(format!("{}.json", name(&role())));
        assert!(read(directory.path(), &role()).is_none());
        for time in [
            "2026-11-22T08:30:01UTC",
            "2026-11-22T08:30:01Z",
            "2026-11-22T08:30:01+00:00",
        ] {
            let text = format!(
                r#"{{"Credentials": {{"AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
                "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "{time}"}},
                "AssumedRoleUser": {{}}, "ResponseMetadata": {{}}}}"#
            );
            fs::write(&path, text).unwrap();
            let found = read(directory.path(), &role()).expect(time);
            assert_eq!(found.access_key_id(), "ASIAIOSFODNN7EXAMPLE");
            assert_eq!(found.session_token(), Some("t"));
            let seconds = found.expiry().unwrap();
            let seconds = seconds.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            assert_eq!(seconds.as_secs(), 1_795_336_201, "{time}");
        }
        fs::write(&path, "{}").unwrap();
        assert!(read(directory.path(), &role()).is_none());
    }

    #[test]
    fn what_is_kept_is_read_again_and_nothing_that_lasts_for_ever_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("cli/cache");
        let long_lived = Credentials::new("AKIAIOSFODNN7EXAMPLE", "s", None, None, "test");
        write(&directory, &role(), &long_lived).unwrap();
        assert!(!directory.exists());
        let expires = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_336_201);
        let token = Some("t".to_owned());
        let session = Credentials::new("ASIAIOSFODNN7EXAMPLE", "s", token, Some(expires), "test");
        write(&directory, &role(), &session).unwrap();
        let found = read(&directory, &role()).unwrap();
        assert_eq!(found.access_key_id(), "ASIAIOSFODNN7EXAMPLE");
        assert_eq!(found.secret_access_key(), "s");
        assert_eq!(found.session_token(), Some("t"));
        assert_eq!(found.expiry(), Some(expires));
    }
}
