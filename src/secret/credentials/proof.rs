//! Proof that an edit did what it should, and nothing else: both kinds of readers read the new text
//! before it is written.

use super::readers::{self, Reading, Unreadable};
use crate::secret::{Key, SecretKey};
use std::{iter, slice};

pub(super) const KEY_ID: &str = "aws_access_key_id";
pub(super) const SECRET: &str = "aws_secret_access_key";
/// Removed: with the token of the key before, the new one would fail.
pub(super) const TOKENS: [&str; 2] = ["aws_session_token", "aws_security_token"];
/// All settings that an edit may change.
pub(super) const SETTINGS: [&str; 4] = [KEY_ID, SECRET, TOKENS[0], TOKENS[1]];

/// Checks that the new text has the key in its section and everything else as it was. `sdk` is none
/// where the SDKs could not read the old text.
pub(super) fn prove(
    new: &SecretKey,
    python: &Reading<'_>,
    sdk: Option<&Reading<'_>>,
    profile: &str,
    key: Key<'_>,
) -> Result<(), String> {
    let lines = readers::lines(new.expose());
    let check = |who, before: Option<&Reading<'_>>, after: Result<Reading<'_>, Unreadable>| {
        let same = match (before, &after) {
            (Some(before), Ok(after)) => others(before, profile) == others(after, profile),
            // An indented line belongs to the one above it, and that may change.
            (Some(_), Err(_)) => false,
            // What can be read only now must have the key, too.
            (None, _) => true,
        };
        if !same {
            return Err(format!(
                "it is laid out so that {who} would read other values differently after the \
                 change: look at the indented lines around [{profile}]"
            ));
        }
        match after.ok().and_then(|after| wrong(&after, profile, key)) {
            Some(setting) => Err(format!(
                "its [{profile}] is laid out so that {who} would not find the new {setting}: look \
                 at the indented lines and the spelling of the keys"
            )),
            None => Ok(()),
        }
    };
    let again = readers::configparser(&lines);
    check("the aws command", Some(python), again)?;
    check("the SDKs", sdk, readers::sdk(&lines))
}

/// The first setting of the section that is not as it should be: the key without a token.
fn wrong(reading: &Reading<'_>, profile: &str, key: Key<'_>) -> Option<&'static str> {
    let section = reading.section(profile);
    let values = [Some(key.id), Some(key.secret), None, None];
    let mut wanted = SETTINGS.into_iter().zip(&values);
    let wrong = wanted.find(|(setting, value)| {
        let found = section.and_then(|section| section.entry(setting));
        found.map(|entry| &entry.value[..]) != value.as_ref().map(slice::from_ref)
    });
    wrong.map(|(setting, _)| setting)
}

/// All sections, keys and values but the key of this profile.
fn others<'r>(reading: &'r Reading<'_>, profile: &str) -> Vec<(&'r str, &'r str, &'r [&'r str])> {
    let all = reading.sections.iter().flat_map(|section| {
        let entries = section.entries.iter();
        let entries = entries.map(|entry| (section.name, &*entry.key, &entry.value[..]));
        iter::once((section.name, "", &[][..])).chain(entries)
    });
    let ours = |key: &str| key.is_empty() || SETTINGS.contains(&key);
    all.filter(|(name, key, _)| *name != profile || !ours(key))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_that_is_wrong_is_refused() {
        let right = "[b]\nk = v\n[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n";
        let lines = readers::lines("[b]\nk = v\n[a]\naws_session_token = t\n");
        let python = readers::configparser(&lines).unwrap();
        let sdk = readers::sdk(&lines).unwrap();
        let proven = |text: &str| {
            let (id, secret) = ("ID", "SEC");
            let new = SecretKey::joined(&[text]);
            prove(&new, &python, Some(&sdk), "a", Key { id, secret })
        };
        proven(right).unwrap();
        for (new, words) in [
            (right.replace("= ID", "= OLD"), "the new aws_access_key_id"),
            (
                right.replace("= SEC", "= OLD"),
                "the new aws_secret_access_key",
            ),
            (
                right.replace("SEC", "SEC\n more"),
                "the new aws_secret_access_key",
            ),
            (
                format!("{right}aws_session_token = t\n"),
                "the new aws_session_token",
            ),
            (
                format!("{right}aws_security_token = t\n"),
                "the new aws_security_token",
            ),
            (format!("{right}region = x\n"), "other values"),
            (right.replace("k = v", "k = w"), "other values"),
            (right.replace("k = v\n", ""), "other values"),
            (right.replace("[b]\nk = v\n", ""), "other values"),
            (format!("{right}[c]\n"), "other values"),
            (format!("{right}[a]\n"), "other values"),
        ] {
            let why = proven(&new).unwrap_err();
            assert!(why.contains(words), "{new}: {why}");
        }
    }
}
