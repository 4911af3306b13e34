//! Proof that an edit did what it was to do, and nothing else: the new text is read back as
//! everybody will read it.

use super::{
    edit::{KEY_ID, SECRET, TOKENS},
    readers::{self, DEFAULTS, Entry, Reading, Section},
};
use crate::secret::SecretKey;

const PYTHON: &str = "the aws command";
const SDKS: &str = "the SDKs";

/// Whether the new text has the key in the one section, and all else as it was read before. `sdk` is
/// none where the SDKs could not read the file before either.
pub(super) fn prove(
    new: &SecretKey,
    python: &Reading<'_>,
    sdk: Option<&Reading<'_>>,
    profile: &str,
    key_id: &str,
    secret: &SecretKey,
) -> Result<(), String> {
    let lines = readers::lines(new.expose());
    let again = readers::configparser(&lines).map_err(|_| mixed_up(profile, PYTHON))?;
    same_but_for(profile, python, &again, PYTHON)?;
    has(profile, &again, key_id, secret, PYTHON)?;
    if let Some(defaults) = again.section(DEFAULTS)
        && let Some(entry) = TOKENS.iter().find_map(|token| defaults.entry(token))
    {
        return Err(format!(
            "line {}: {} in [DEFAULT] is a part of every profile, and would make the new key fail",
            entry.at.0 + 1,
            entry.key
        ));
    }
    match (sdk, readers::sdk(&lines)) {
        (Some(sdk), Ok(again)) => {
            same_but_for(profile, sdk, &again, SDKS)?;
            has(profile, &again, key_id, secret, SDKS)?;
        }
        (Some(_), Err(_)) => return Err(mixed_up(profile, SDKS)),
        // What they can read only now must be right too.
        (None, Ok(again)) => has(profile, &again, key_id, secret, SDKS)?,
        (None, Err(_)) => {}
    }
    Ok(())
}

fn has(
    profile: &str,
    reading: &Reading<'_>,
    key_id: &str,
    secret: &SecretKey,
    who: &str,
) -> Result<(), String> {
    let section = reading.section(profile);
    for (key, wanted) in [
        (KEY_ID, Some(key_id)),
        (SECRET, Some(secret.expose())),
        (TOKENS[0], None),
        (TOKENS[1], None),
    ] {
        let found = section.and_then(|section| section.entry(key));
        let right = match (found, wanted) {
            (None, None) => true,
            (Some(entry), Some(wanted)) => entry.value == [wanted],
            _ => false,
        };
        if !right {
            return Err(format!(
                "its [{profile}] is laid out so that {who} would not find the new {key}: look at \
                 the indented lines and the spelling of the keys"
            ));
        }
    }
    Ok(())
}

fn same_but_for(
    profile: &str,
    before: &Reading<'_>,
    after: &Reading<'_>,
    who: &str,
) -> Result<(), String> {
    let others = |section: &&Section<'_>| section.name != profile;
    let same_others = before
        .sections
        .iter()
        .filter(others)
        .eq(after.sections.iter().filter(others));
    if same_others && rest(before, profile) == rest(after, profile) {
        return Ok(());
    }
    Err(mixed_up(profile, who))
}

/// An indented line belongs to what is above it, and that may be about to change.
fn mixed_up(profile: &str, who: &str) -> String {
    format!(
        "it is laid out so that {who} would read other values differently after the change: look \
         at the indented lines around [{profile}]"
    )
}

/// What is in a section besides the key.
fn rest<'r, 'a>(reading: &'r Reading<'a>, profile: &str) -> Vec<&'r Entry<'a>> {
    let ours = |key: &str| key == KEY_ID || key == SECRET || TOKENS.contains(&key);
    let entries = reading.section(profile).into_iter();
    entries
        .flat_map(|section| &section.entries)
        .filter(|entry| !ours(&entry.key))
        .collect()
}
