//! What the environment and the profile files say, read before the SDK reads it: where something in
//! them is odd, the SDK panics or takes a file for empty.

use super::{Problem, patience};
use crate::engine::key_id;
use aws_config::{
    Region,
    profile::{Profile, ProfileSet},
    retry::RetryConfig,
};
use std::{env, fs, path::PathBuf};

/// The files that profiles come from: the variable that names each, and where it is without.
const FILES: [(&str, &str); 2] = [
    ("AWS_CONFIG_FILE", "~/.aws/config"),
    ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
];

/// The variables that hold a key.
const VARIABLES: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// The same in a profile.
const KEYS: [&str; 2] = ["aws_access_key_id", "aws_secret_access_key"];

/// The files that profiles come from, as this environment names them.
pub(super) fn files(between: &str) -> String {
    file_names().join(between)
}

/// The same, one by one.
pub(super) fn file_names() -> [String; 2] {
    FILES.map(|(variable, usual)| env::var(variable).unwrap_or_else(|_| usual.into()))
}

/// Finds a line in the profile files that the SDK cannot read: it would take the whole file for
/// empty, or a carriage return for a part of a key.
pub(super) fn odd_line() -> Option<Problem> {
    file_names().into_iter().find_map(|path| {
        let (line, why) = odd(&content(&path)?)?;
        Some(unreadable(format!("{path}, line {line}: {why}")))
    })
}

/// The files, with what is in them; nothing where one cannot be read.
pub(super) fn texts() -> [(String, String); 2] {
    file_names().map(|path| {
        let content = content(&path).unwrap_or_default();
        (path, String::from_utf8(content).unwrap_or_default())
    })
}

/// What is in a file, as the environment names it.
fn content(path: &str) -> Option<Vec<u8>> {
    let whole = match path.strip_prefix("~/") {
        Some(rest) => env::home_dir()?.join(rest),
        None => PathBuf::from(path),
    };
    // Not what can be read only once.
    let is_file = fs::metadata(&whole).ok()?.is_file();
    is_file.then(|| fs::read(&whole).ok())?
}

/// The first line that cannot be read, counted from 1, and why.
fn odd(content: &[u8]) -> Option<(usize, &'static str)> {
    let mut lines = content.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines.find_map(|(at, line)| {
        let ended = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n"));
        let line = ended.unwrap_or(line);
        let why = match str::from_utf8(line) {
            Err(_) => "not UTF-8",
            Ok(text) if text.starts_with(['#', ';']) => return None,
            Ok(text) if text.contains('\r') => "a carriage return that no line feed follows",
            Ok(text) if text.contains(|c: char| c.is_control() && c != '\t') => {
                "a control character"
            }
            Ok(_) => return None,
        };
        Some((at + 1, why))
    })
}

pub(super) fn unreadable(detail: String) -> Problem {
    Problem {
        title: "The profile files cannot be read".into(),
        what: "The AWS config or credentials file is not readable, or not in its format.".into(),
        details: vec![detail],
        advice: vec![
            "Mend the file, or point AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE at another."
                .into(),
        ],
        ..Problem::default()
    }
}

/// The name of a profile in the environment that looks like a secret: refused as the command line
/// refuses one, and never repeated.
pub(super) fn odd_profile() -> Option<Problem> {
    let is_secret = env::var("AWS_PROFILE").is_ok_and(|name| key_id::looks_like_a_secret(&name));
    is_secret.then(|| Problem {
        title: "AWS_PROFILE names no profile".into(),
        what: "The value of AWS_PROFILE looks like a secret, not like the name of a profile."
            .into(),
        advice: vec!["Set it to the name of a profile, or start with --profile NAME.".into()],
        ..Problem::default()
    })
}

/// A variable whose value cannot be signed with: a line break has come along with it.
pub(super) fn odd_key() -> Option<Problem> {
    let is_odd = |value: &str| !value.trim().is_empty() && !can_be_signed_with(value);
    let name = VARIABLES
        .into_iter()
        .find(|name| env::var(name).is_ok_and(|value| is_odd(&value)))?;
    Some(Problem {
        title: format!("{name} cannot be used"),
        what: format!("{name} contains a line break or another character that no key has."),
        advice: vec!["Set it again, without the line break at its end.".into()],
        ..Problem::default()
    })
}

/// A key in a profile that cannot be signed with.
pub(super) fn odd_key_of(profile: &Profile) -> Option<Problem> {
    let is_odd = |key: &&str| {
        profile
            .get(key)
            .is_some_and(|value| !can_be_signed_with(value))
    };
    let key = KEYS.into_iter().find(is_odd)?;
    let name = profile.name();
    Some(Problem {
        title: format!("{key} of profile {name} cannot be used"),
        what: format!("{key} of profile {name} contains a character that no key has."),
        details: vec![format!("It is set in {}.", files(" or "))],
        advice: vec!["Correct it there, or run: aws configure".into()],
        ..Problem::default()
    })
}

/// A profile that lacks a key or a part of it, and says nothing else about how to sign in.
pub(super) fn without_keys(profile: &Profile) -> Option<Problem> {
    let name = profile.name();
    let has = |key: &&str| profile.get(key).is_some_and(|value| !value.is_empty());
    let (there, missing): (Vec<_>, Vec<_>) = KEYS.into_iter().partition(has);
    let what = match (&there[..], &missing[..]) {
        (_, []) => return None,
        ([there], [missing]) => format!("Profile {name} has {there} but no {missing}."),
        _ => format!("Profile {name} has no access key and no other way to sign in."),
    };
    Some(Problem {
        title: format!("Profile {name} has no credentials"),
        what,
        details: vec![
            format!("looked in {}", files(" and ")),
            "looked for aws_access_key_id with aws_secret_access_key, sso_session, \
             login_session, role_arn, credential_process"
                .into(),
        ],
        advice: vec![format!(
            "Run: aws configure --profile {name} (or aws configure sso)"
        )],
        ..Problem::default()
    })
}

/// Whether a key ID, a secret or a token can be part of a request. The SDK panics otherwise.
pub(super) fn can_be_signed_with(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// How often the SDK asks again, as environment and profile say.
pub(super) fn retries(name: &str, profiles: &ProfileSet) -> Result<RetryConfig, Box<Problem>> {
    let profile = profiles.get_profile(name);
    let modes = ["standard", "adaptive", "legacy"];
    // They differ in what they do where AWS throttles, which is not left to the SDK.
    if let Some((setting, mode)) = setting("AWS_RETRY_MODE", "retry_mode", profile)
        && !modes.iter().any(|known| mode.eq_ignore_ascii_case(known))
    {
        let rule = "it must be standard, adaptive or legacy";
        return Err(Box::new(wrong(&setting, &mode, rule)));
    }
    let retries = patience::retries();
    match setting("AWS_MAX_ATTEMPTS", "max_attempts", profile) {
        None => Ok(retries),
        Some((setting, attempts)) => match attempts.parse() {
            Ok(attempts @ 1..) => Ok(retries.with_max_attempts(attempts)),
            _ => {
                let rule = "it must be a whole number, 1 or more";
                Err(Box::new(wrong(&setting, &attempts, rule)))
            }
        },
    }
}

/// A setting, where it is set to something: what it is called, and its value. The environment wins.
fn setting(variable: &str, key: &str, profile: Option<&Profile>) -> Option<(String, String)> {
    let something = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    let in_environment = env::var(variable).ok().as_deref().and_then(something);
    let in_environment = in_environment.map(|value| (variable.to_owned(), value));
    in_environment.or_else(|| {
        let profile = profile?;
        let value = something(profile.get(key)?)?;
        Some((format!("{key} of profile {}", profile.name()), value))
    })
}

fn wrong(setting: &str, value: &str, rule: &str) -> Problem {
    let place = if setting.starts_with("AWS_") {
        "It is set in the environment.".to_owned()
    } else {
        format!("It is set in {}.", files(" or "))
    };
    Problem {
        title: format!("{setting} is not valid"),
        // It may be anything that was pasted there.
        what: format!("It says {:?}; {rule}.", key_id::redacted(value)),
        details: vec![place],
        advice: vec!["Correct it, or leave it out.".into()],
        ..Problem::default()
    }
}

/// What [`is_region`] asks of a region, as a person is told.
pub const REGION_RULE: &str = "a region has letters, digits and hyphens only, such as eu-west-1";

/// Whether a region can be part of an address.
#[must_use]
pub fn is_region(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(known)
}

/// What is wrong with a region of the environment or of this profile. The command line has refused
/// one that it was given.
pub(super) fn odd_region(region: &Region, profile: &str) -> Option<Problem> {
    let name: &str = region.as_ref();
    let is_it = |variable: &&str| env::var(variable).is_ok_and(|value| value == name);
    let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find(is_it);
    let setting = match variable {
        Some(variable) => variable.to_owned(),
        None => format!("region of profile {profile}"),
    };
    (!is_region(name)).then(|| wrong(&setting, name, REGION_RULE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let mac = "a carriage return that no line feed follows";
        for (content, expected) in [
            (&b""[..], None),
            (b"[a]\nb = c", None),
            (b"[a]\r\nb = c\r\n", None),
            ("[a]\n# caf\u{e9}\nb = \u{e9}\t\n".as_bytes(), None),
            (b"# old\rcomment\n", None),
            (b"[a]\r\nb = c\r", Some((2, mac))),
            (b"[a]\r\r\nb = c\r\n", Some((1, mac))),
            (b"[a]\rb = c\r", Some((1, mac))),
            (b"[a]\n# caf\xe9\n", Some((2, "not UTF-8"))),
            (b"[a]\n\nb = \xff\xfe\n", Some((3, "not UTF-8"))),
            (b"[a]\nb = c\0\n", Some((2, "a control character"))),
        ] {
            assert_eq!(odd(content), expected, "{}", content.escape_ascii());
        }
    }

    #[test]
    fn a_region_is_a_part_of_a_host_name() {
        for name in ["us-east-1", "cn-north-1", "us-gov-west-1", "x"] {
            assert!(is_region(name), "{name}");
        }
        for name in ["", "us-east-1\r", "us east", "us/east", "us.east", "\u{e9}"] {
            assert!(!is_region(name), "{name}");
        }
    }
}
