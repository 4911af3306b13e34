//! Puts a new key into one section of a credentials file; every other byte stays.
//!
//! The new text is proven before it is used: both kinds of [`readers`] find the new key in its
//! section, and everywhere else what they found before. What cannot be proven is refused, with
//! what to fix by hand.

use super::{
    masked,
    proof::{KEY_ID, SECRET, SETTINGS, TOKENS, prove},
    readers::{self, DEFAULTS, Kind, Line, Reading, Section, Unreadable},
};
use crate::{
    engine::{
        SecretKey,
        destination::{CurrentKey, LineChange, PlanLine, ProfilePlan},
    },
    secret::{Key, is_plain},
};
use std::ops::Range;

/// A plan and the new text of the file.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) plan: ProfilePlan,
    pub(super) text: SecretKey,
}

/// The names of the sections that are profiles to the `aws` command.
pub(super) fn profiles(text: &str) -> Result<Vec<String>, String> {
    let lines = checked(text)?;
    let reading = readers::configparser(&lines).map_err(unreadable)?;
    let names = reading.sections.iter().map(|section| section.name);
    let profiles = names.filter(|name| *name != DEFAULTS);
    Ok(profiles.map(str::to_owned).collect())
}

/// The names of the profiles that hold a key.
pub(super) fn holding(text: &str, key: &str) -> Result<Vec<String>, String> {
    let lines = checked(text)?;
    let reading = readers::configparser(&lines).map_err(unreadable)?;
    let sections = reading.sections.iter();
    let holds = sections.filter(|section| held(section).is_some_and(|held| held.key_id == key));
    let profiles = holds.filter(|section| section.name != DEFAULTS);
    Ok(profiles.map(|section| section.name.to_owned()).collect())
}

/// Puts a key into the section of a profile.
///
/// # Errors
/// In words, where it cannot be done safely.
pub(super) fn edit(file: Option<&str>, profile: &str, key: Key<'_>) -> Result<Edit, String> {
    check_name(profile)?;
    if !is_plain(key.id) {
        return Err("the key ID has characters that key IDs do not have".into());
    }
    if !is_plain(key.secret) {
        return Err("the secret has characters that secrets do not have".into());
    }
    let lines = checked(file.unwrap_or_default())?;
    let python = readers::configparser(&lines).map_err(unreadable)?;
    let sdk = readers::sdk(&lines);
    if let Some(other) = python.sections.iter().find(|section| {
        section.name != profile && readers::sdk_profile(section.name) == Some(profile)
    }) {
        return Err(format!(
            "line {}: some programs read [{}] as [{profile}] and others do not: write it without \
             the spaces, or remove it",
            other.at + 1,
            other.name,
        ));
    }
    if let Some(defaults) = python.section(DEFAULTS)
        && let Some(token) = TOKENS.iter().find_map(|token| defaults.entry(token))
    {
        return Err(format!(
            "line {}: {} in [DEFAULT] is a part of every profile, and would make the new key fail",
            token.at + 1,
            token.key
        ));
    }

    let section = python.section(profile);
    let mut out = Out::new(&lines);
    match section {
        Some(section) => change(&lines, &python, section, key, &mut out)?,
        None => append(&lines, profile, key, &mut out),
    }
    let new = SecretKey::joined(&out.pieces);
    prove(&new, &python, sdk.as_ref().ok(), profile, key)?;
    let plan = ProfilePlan {
        profile: profile.into(),
        key_id: key.id.into(),
        file_exists: file.is_some(),
        lines: out.shown,
        held: section.and_then(held),
        warnings: warnings(section, profile, sdk.err()),
        section: section.map(|section| meaning(&lines, &python.kinds, section)),
    };
    Ok(Edit { plan, text: new })
}

/// The lines of a text, if it can be edited at all.
fn checked(text: &str) -> Result<Vec<Line<'_>>, String> {
    if text.starts_with('\u{feff}') {
        return Err(
            "it begins with a byte order mark, which the aws command cannot read: save it without"
                .into(),
        );
    }
    let lines = readers::lines(text);
    let odd = |c: char| c.is_control() && c != '\t';
    match lines.iter().position(|line| line.text.contains(odd)) {
        Some(at) => Err(format!("line {} has a control character", at + 1)),
        None => Ok(lines),
    }
}

fn unreadable(error: Unreadable) -> String {
    format!(
        "the aws command cannot read it, because of line {}: {}",
        error.line, error.why
    )
}

/// Whether a profile can have this name in the credentials file. The `aws` command accepts any text
/// between the brackets.
fn check_name(profile: &str) -> Result<(), String> {
    let why = if profile.is_empty() {
        "a profile needs a name"
    } else if profile.chars().any(char::is_control) {
        "a profile's name cannot have control characters"
    } else if profile.contains(['[', ']', '#', ';']) {
        "a profile's name cannot have any of [ ] # ;"
    } else if profile.trim() != profile {
        "a profile's name cannot begin or end with a space"
    } else if profile == DEFAULTS {
        "the aws command takes [DEFAULT] for a part of every profile: a name in small letters will do"
    } else if profile.starts_with("profile ") {
        "in the credentials file a profile's name goes without `profile ` before it"
    } else {
        return Ok(());
    };
    Err(why.into())
}

/// The new text as slices of its sources.
struct Out<'a> {
    pieces: Vec<&'a str>,
    shown: Vec<PlanLine>,
    /// What ends a line that has no end yet: the same as in the rest of the file.
    end: &'a str,
}

impl<'a> Out<'a> {
    fn new(lines: &[Line<'a>]) -> Self {
        let mut ends = lines.iter().map(|line| line.end);
        Self {
            pieces: Vec::with_capacity(lines.len() * 2 + 8),
            shown: Vec::new(),
            end: ends.find(|end| !end.is_empty()).unwrap_or("\n"),
        }
    }

    fn keep(&mut self, line: Line<'a>) {
        self.pieces.extend([line.text, line.end]);
    }

    fn show(&mut self, change: LineChange, text: String) {
        self.shown.push(PlanLine { change, text });
    }

    /// Shows a line with one of the key's values. Of these, only a key ID is shown; the new one is
    /// known to be one.
    fn show_value(&mut self, change: LineChange, key: &str, equals: &str, value: &str) {
        let value = match key.trim().eq_ignore_ascii_case(KEY_ID) {
            true if change == LineChange::Added => value,
            true => masked::key_id(value),
            false => masked::HIDDEN,
        };
        self.show(change, format!("{key}{equals}{value}"));
    }

    /// Ends the line before, if it is the last of the file and has no end.
    fn end_line(&mut self) {
        if self.pieces.last().is_some_and(|end| end.is_empty()) {
            self.pieces.push(self.end);
        }
    }

    /// Adds a line.
    fn add(&mut self, indent: &'a str, key: &'a str, value: &'a str) {
        self.end_line();
        self.pieces.extend([indent, key, " = ", value, self.end]);
        self.show_value(LineChange::Added, &format!("{indent}{key}"), " = ", value);
    }

    /// Puts a new value into a line.
    fn replace(&mut self, line: Line<'a>, value: &'a str) {
        let (key, equals, old) = parts(line.text);
        // Only `=` is understood by all readers.
        let (before, after) = equals.split_once(['=', ':']).unwrap_or((" ", " "));
        let new = [key, before, "=", after, value, line.end];
        self.pieces.extend(new);
        if old == value && equals.contains('=') {
            return self.show_value(LineChange::Kept, key, equals, old);
        }
        self.show_value(LineChange::Removed, key, equals, old);
        self.show_value(LineChange::Added, key, &format!("{before}={after}"), value);
    }
}

fn append<'a>(lines: &[Line<'a>], profile: &'a str, key: Key<'a>, out: &mut Out<'a>) {
    for line in lines {
        out.keep(*line);
    }
    out.end_line();
    let is_blank = |line: &Line<'_>| line.text.trim().is_empty();
    if !lines.last().is_none_or(is_blank) {
        out.pieces.push(out.end);
    }
    out.pieces.extend(["[", profile, "]", out.end]);
    out.show(LineChange::Added, format!("[{profile}]"));
    out.add("", KEY_ID, key.id);
    out.add("", SECRET, key.secret);
}

fn change<'a>(
    lines: &[Line<'a>],
    reading: &Reading<'a>,
    section: &Section<'a>,
    key: Key<'a>,
    out: &mut Out<'a>,
) -> Result<(), String> {
    let mut entries = SETTINGS.iter().filter_map(|key| section.entry(key));
    if let Some(entry) = entries.find(|entry| entry.value.len() > 1) {
        return Err(format!(
            "line {}: the value of {} continues in the lines below it: put it into one line",
            entry.at + 1,
            entry.key
        ));
    }
    let [id_at, secret_at, tokens @ ..] =
        SETTINGS.map(|key| section.entry(key).map(|entry| entry.at));
    let range = range(&reading.kinds, section);
    // An indented comment is a part of the value above it to the SDKs: nothing may come between.
    let matters = |at: &usize| {
        let text = lines[*at].text;
        reading.kinds[*at] != Kind::Nothing
            || (!text.trim().is_empty() && text.starts_with(char::is_whitespace))
    };
    let last = range.clone().rfind(matters).unwrap_or(section.at);
    for (at, line) in lines.iter().enumerate() {
        if !range.contains(&at) {
            out.keep(*line);
            continue;
        }
        let here = Some(at);
        // The ID goes above a secret, and a secret below an ID. Where there is neither, both go
        // to the end of the section: directly below the header they could take over indented lines.
        if id_at.is_none() && secret_at == here {
            out.add(indent(line.text), KEY_ID, key.id);
        }
        if id_at == here {
            out.replace(*line, key.id);
        } else if secret_at == here {
            out.replace(*line, key.secret);
        } else if tokens.contains(&here) {
            let (key, equals, value) = parts(line.text);
            out.show_value(LineChange::Removed, key, equals, value);
        } else {
            out.keep(*line);
            // What follows the last line is about the next section.
            if at <= last {
                out.show(LineChange::Kept, masked::line(line.text, reading.kinds[at]));
            }
        }
        if id_at == here && secret_at.is_none() {
            out.add(indent(line.text), SECRET, key.secret);
        }
        if at == last && id_at.is_none() && secret_at.is_none() {
            out.add("", KEY_ID, key.id);
            out.add("", SECRET, key.secret);
        }
    }
    Ok(())
}

/// The indices of a section's lines: from its header to the next one.
fn range(kinds: &[Kind], section: &Section<'_>) -> Range<usize> {
    let mut below = section.at + 1..kinds.len();
    let next = below.find(|at| kinds[*at] == Kind::Header);
    section.at..next.unwrap_or(kinds.len())
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// A line's key with its indentation, the equals sign with the space around it, and the value.
fn parts(line: &str) -> (&str, &str, &str) {
    let at = line.find(['=', ':']).unwrap_or(line.len());
    let key = line[..at].trim_end();
    let value = line.get(at + 1..).unwrap_or_default().trim_start();
    let equals = &line[key.len()..line.len() - value.len()];
    (key, equals, value.trim_end())
}

/// The section's lines except comments and blank ones: as long as they are the same, so is what the
/// user was shown.
fn meaning(lines: &[Line<'_>], kinds: &[Kind], section: &Section<'_>) -> SecretKey {
    let matter = range(kinds, section).filter(|at| kinds[*at] != Kind::Nothing);
    let pieces: Vec<_> = matter.flat_map(|at| [lines[at].text, "\n"]).collect();
    SecretKey::joined(&pieces)
}

fn held(section: &Section<'_>) -> Option<CurrentKey> {
    // Up to a space: to some readers a comment follows it.
    let value = |key| {
        let entry = section.entry(key)?;
        entry.value.first()?.split_whitespace().next()
    };
    let secret = |value| SecretKey::joined(&[value]);
    Some(CurrentKey {
        key_id: value(KEY_ID).filter(|id| masked::is_key_id(id))?.into(),
        secret: secret(value(SECRET)?),
        // boto3 looks for them in this order, too.
        token: value(TOKENS[1]).or(value(TOKENS[0])).map(secret),
    })
}

/// Which settings of the section may override the new key, and which programs will not see it.
fn warnings(section: Option<&Section<'_>>, profile: &str, sdk: Option<Unreadable>) -> Vec<String> {
    const INSTEAD: [&str; 5] = [
        "role_arn",
        "credential_process",
        "web_identity_token_file",
        "sso_session",
        "sso_start_url",
    ];
    let has = |key: &str| section.is_some_and(|section| section.entry(key).is_some());
    let instead = INSTEAD.into_iter().filter(|key| has(key));
    let mut warnings: Vec<_> = instead
        .map(|key| format!("{key} stays in [{profile}]: programs may use that instead of the key"))
        .collect();
    if has("aws_account_id") {
        warnings.push(format!(
            "aws_account_id stays in [{profile}]: it must be the account of the new key"
        ));
    }
    if readers::sdk_profile(profile).is_none() {
        warnings.push(format!(
            "the aws command reads [{profile}], but newer SDKs pass over a profile of this name"
        ));
    }
    warnings.extend(sdk.map(|error| {
        format!(
            "the aws command reads this file, but newer SDKs cannot, because of line {}: {}",
            error.line, error.why
        )
    }));
    warnings
}
