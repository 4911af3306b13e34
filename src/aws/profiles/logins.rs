//! The logins that the `aws` command keeps in `~/.aws/sso/cache`, one file each: how long each lasts.
//! Nothing of a token leaves this file.

use crate::engine::profiles::Login;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::IgnoredAny};
use sha1::{Digest as _, Sha1};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The directory of the logins, in a home directory.
pub(super) fn directory(home: &Path) -> PathBuf {
    home.join(".aws").join("sso").join("cache")
}

/// The file of a login: of a session by its name, or of a portal by its address, as the `aws` command
/// and the SDK name it.
fn file(directory: &Path, identifier: &str) -> PathBuf {
    let digest = Sha1::digest(identifier.as_bytes());
    let name = digest.iter().fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    });
    directory.join(name + ".json")
}

/// What such a file says of time; of the rest only whether it is there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CachedLogin {
    expires_at: String,
    #[serde(rename = "accessToken")]
    _access_token: IgnoredAny,
    registration_expires_at: Option<String>,
    refresh_token: Option<IgnoredAny>,
    client_id: Option<IgnoredAny>,
    client_secret: Option<IgnoredAny>,
}

/// How long a login lasts.
pub(super) fn login(directory: &Path, identifier: &str) -> Login {
    let text = fs::read_to_string(file(directory, identifier));
    let text = text.map(SecretString::from).ok();
    let token = text.and_then(|text| serde_json::from_str(text.expose_secret()).ok());
    token.and_then(read).unwrap_or(Login::Missing)
}

fn read(token: CachedLogin) -> Option<Login> {
    let can_renew = [token.refresh_token, token.client_id, token.client_secret];
    let can_renew = can_renew.iter().all(Option::is_some);
    let until = token.registration_expires_at.filter(|_| can_renew);
    Some(Login::Cached {
        expires: time(&token.expires_at)?,
        renewable: until.as_deref().and_then(time),
    })
}

/// A time as the `aws` command writes it: in RFC 3339, and in old versions with `UTC` at its end.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let old = text.strip_suffix("UTC").map(|text| format!("{text}Z"));
    let time = DateTime::parse_from_rfc3339(old.as_deref().unwrap_or(text));
    time.ok().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;

    /// What is made of a file with this text.
    fn of(text: &str) -> Login {
        let home = tempfile::tempdir().unwrap();
        let directory = directory(home.path());
        fs::create_dir_all(&directory).unwrap();
        fs::write(file(&directory, "acme-org"), text).unwrap();
        login(&directory, "acme-org")
    }

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
    }

    #[test]
    fn a_login_is_where_the_aws_command_keeps_it() {
        // As `printf acme-org | sha1sum` says.
        let path = file(Path::new("cache"), "acme-org");
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(name, "1131e098e812d28745c4483ac337f065101002f7.json");
    }

    #[test]
    fn a_login_lasts_as_long_as_its_token() {
        let until = |expires| Login::Cached {
            expires,
            renewable: None,
        };
        for time in [
            "2026-11-21T12:00:00Z",
            "2026-11-21T12:00:00UTC",
            "2026-11-21T13:00:00+01:00",
        ] {
            let text = format!("{{\"accessToken\":\"x\",\"expiresAt\":\"{time}\"}}");
            assert_eq!(of(&text), until(noon()), "{time}");
        }
    }

    #[test]
    fn a_login_with_a_refresh_token_can_be_renewed() {
        let token = |more: &str| {
            of(&format!(
                "{{\"startUrl\":\"https://x\",\"accessToken\":\"x\",\
                 \"expiresAt\":\"2026-11-21T12:00:00Z\",\"clientId\":\"c\",\
                 \"registrationExpiresAt\":\"2026-11-21T12:00:00Z\"{more}}}"
            ))
        };
        let renewable = |renewable| Login::Cached {
            expires: noon(),
            renewable,
        };
        assert_eq!(token(""), renewable(None));
        assert_eq!(
            token(",\"refreshToken\":\"r\""),
            renewable(None),
            "no client"
        );
        let all = ",\"refreshToken\":\"r\",\"clientSecret\":\"s\"";
        assert_eq!(token(all), renewable(Some(noon())));
    }

    #[test]
    fn what_is_no_login_is_none() {
        for text in [
            "",
            "{}",
            "nonsense",
            "{\"accessToken\":\"x\"}",
            "{\"accessToken\":\"x\",\"expiresAt\":\"soon\"}",
            // A registration, which lies in the same directory.
            "{\"clientId\":\"c\",\"clientSecret\":\"s\",\"expiresAt\":\"2026-11-21T12:00:00Z\"}",
        ] {
            assert_eq!(of(text), Login::Missing, "{text}");
        }
        let home = tempfile::tempdir().unwrap();
        assert_eq!(login(home.path(), "acme-org"), Login::Missing);
    }
}
