//! One section of a credentials file gets a new key; every other byte stays.
//!
//! The new text is proven before anybody sees it: both kinds of [`readers`] find the new key in
//! the one section, and in all others what they found before. What cannot be proven is refused, in
//! words that say what to mend by hand.

use super::{
    masked,
    proof::prove,
    readers::{self, DEFAULTS, Kind, Line, Reading, Section, Unreadable},
};
use crate::secret::{SecretKey, is_plain};

pub(super) const KEY_ID: &str = "aws_access_key_id";
pub(super) const SECRET: &str = "aws_secret_access_key";
/// A token of the key before would go along with the new one, and make it fail.
pub(super) const TOKENS: [&str; 2] = ["aws_session_token", "aws_security_token"];

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Kept,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// A line of the section, to be shown to a person: nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What becomes of it.
    pub fate: Fate,
    /// Its text, with what may be secret hidden.
    pub text: String,
}

/// Who is in a section now.
#[derive(Clone, Debug)]
pub struct Held {
    /// The key ID.
    pub key_id: String,
    /// Its secret.
    pub secret: SecretKey,
    /// The token, where they are temporary.
    pub token: Option<SecretKey>,
}

/// What an edit does.
#[derive(Debug)]
pub(super) struct Edit {
    /// The whole new text.
    pub(super) text: SecretKey,
    /// The section's lines.
    pub(super) shown: Vec<Shown>,
    /// What the section says now, without what means nothing; none where there is no section.
    pub(super) said: Option<SecretKey>,
    pub(super) held: Option<Held>,
    /// What a person should know besides.
    pub(super) beware: Vec<String>,
}

/// The names of the sections that are profiles to the `aws` command.
pub(super) fn profiles(text: &str) -> Result<Vec<String>, String> {
    let lines = checked(text)?;
    let reading = readers::configparser(&lines).map_err(unreadable)?;
    let names = reading.sections.iter().map(|section| section.name);
    Ok(names
        .filter(|name| *name != DEFAULTS)
        .map(str::to_owned)
        .collect())
}

/// Puts a key into the section of a profile.
///
/// # Errors
/// In words, where it cannot be done safely.
pub(super) fn edit(
    text: &str,
    profile: &str,
    key_id: &str,
    secret: &SecretKey,
) -> Result<Edit, String> {
    name(profile)?;
    if !is_plain(key_id) {
        return Err("the key ID has characters that key IDs do not have".into());
    }
    if !is_plain(secret.expose()) {
        return Err("the secret has characters that secrets do not have".into());
    }
    let lines = checked(text)?;
    let python = readers::configparser(&lines).map_err(unreadable)?;
    let sdk = readers::sdk(&lines);
    if let Some(other) = python.sections.iter().find(|section| {
        section.name != profile && readers::sdk_profile(section.name) == Some(profile)
    }) {
        return Err(format!(
            "line {}: some programs read [{}] as [{profile}] and others do not: write it without \
             the spaces, or remove it",
            other.at.0 + 1,
            other.name,
        ));
    }

    let section = python.section(profile);
    let mut out = Out::new(&lines);
    match section {
        Some(section) => change(&lines, &python, section, key_id, secret, &mut out)?,
        None => append(&lines, profile, key_id, secret, &mut out),
    }
    let new = SecretKey::built(|push| out.pieces.iter().for_each(|piece| push(piece)));
    prove(&new, &python, sdk.as_ref().ok(), profile, key_id, secret)?;

    let beware = beware(section, profile, sdk.err());
    Ok(Edit {
        said: section.map(|section| said(&lines, &python.kinds, section)),
        held: section.and_then(held),
        text: new,
        shown: out.shown,
        beware,
    })
}

/// The lines of a text that can be edited at all.
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

/// Whether a profile can have this name in the credentials file. The `aws` command takes whatever
/// is between the brackets.
fn name(profile: &str) -> Result<(), String> {
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

/// The new text in the making, as slices of what it comes from.
struct Out<'a> {
    pieces: Vec<&'a str>,
    shown: Vec<Shown>,
    /// What ends a line that has to be ended: what ends the others here.
    end: &'a str,
}

impl<'a> Out<'a> {
    fn new(lines: &[Line<'a>]) -> Self {
        Self {
            pieces: Vec::with_capacity(lines.len() * 2 + 8),
            shown: Vec::new(),
            end: lines
                .iter()
                .map(|line| line.end)
                .find(|end| !end.is_empty())
                .unwrap_or("\n"),
        }
    }

    fn keep(&mut self, line: Line<'a>) {
        self.pieces.extend([line.text, line.end]);
    }

    fn show(&mut self, fate: Fate, text: String) {
        self.shown.push(Shown { fate, text });
    }

    /// Ends the line before, where it is the file's last and was not ended.
    fn end_line(&mut self) {
        if self.pieces.last().is_some_and(|end| end.is_empty()) {
            self.pieces.push(self.end);
        }
    }

    /// Adds a line.
    fn add(&mut self, indent: &'a str, key: &'a str, value: &'a str) {
        self.end_line();
        self.pieces.extend([indent, key, " = ", value, self.end]);
        self.show(Fate::Added, added(indent, key, " = ", value));
    }
}

fn shown(indent: &str, key: &str, equals: &str, value: &str) -> String {
    let value = if key.trim().eq_ignore_ascii_case(KEY_ID) {
        masked::key_id(value)
    } else {
        masked::HIDDEN
    };
    format!("{indent}{key}{equals}{value}")
}

/// The new key's ID is known to be one.
fn added(indent: &str, key: &str, equals: &str, value: &str) -> String {
    let is_id = key.trim().eq_ignore_ascii_case(KEY_ID);
    let value = if is_id { value } else { masked::HIDDEN };
    format!("{indent}{key}{equals}{value}")
}

fn append<'a>(
    lines: &[Line<'a>],
    profile: &'a str,
    key_id: &'a str,
    secret: &'a SecretKey,
    out: &mut Out<'a>,
) {
    for line in lines {
        out.keep(*line);
    }
    out.end_line();
    if lines
        .last()
        .is_some_and(|line| !line.text.trim().is_empty())
    {
        out.pieces.push(out.end);
    }
    out.pieces.extend(["[", profile, "]", out.end]);
    out.show(Fate::Added, format!("[{profile}]"));
    out.add("", KEY_ID, key_id);
    out.add("", SECRET, secret.expose());
}

fn change<'a>(
    lines: &[Line<'a>],
    reading: &Reading<'a>,
    section: &Section<'a>,
    key_id: &'a str,
    secret: &'a SecretKey,
    out: &mut Out<'a>,
) -> Result<(), String> {
    let place = |key| section.entry(key).map(|entry| entry.at.0);
    let (id_at, secret_at) = (place(KEY_ID), place(SECRET));
    let tokens = TOKENS.map(place);
    for key in [KEY_ID, SECRET, TOKENS[0], TOKENS[1]] {
        if let Some(entry) = section.entry(key)
            && entry.value.len() > 1
        {
            return Err(format!(
                "line {}: the value of {key} goes on in the lines below it: put it into one line",
                entry.at.0 + 1
            ));
        }
    }
    let range = range(&reading.kinds, section);
    // An indented comment is a part of the value above it to the SDKs: nothing may come between.
    let matters = |at: &usize| {
        let text = lines[*at].text;
        reading.kinds[*at] != Kind::Nothing
            || (!text.trim().is_empty() && text.starts_with(char::is_whitespace))
    };
    let last = range.clone().rfind(matters).unwrap_or(section.at.0);
    for (at, line) in lines.iter().enumerate() {
        if !range.contains(&at) {
            out.keep(*line);
            continue;
        }
        // The ID goes above a secret, and a secret below an ID; where there is neither, both go
        // below everything: directly below the header they could take indented lines over.
        if secret_at == Some(at) && id_at.is_none() {
            out.add(indent(line.text), KEY_ID, key_id);
        }
        if id_at == Some(at) {
            replace(*line, key_id, out);
        } else if secret_at == Some(at) {
            replace(*line, secret.expose(), out);
        } else if tokens.contains(&Some(at)) {
            let (key, equals, value) = parts(line.text);
            out.show(Fate::Removed, shown("", key, equals, value));
        } else {
            out.keep(*line);
            let kind = reading.kinds[at];
            // What follows the last line is a matter of the next section.
            if at <= last {
                out.show(Fate::Kept, masked::line(line.text, kind));
            }
        }
        if id_at == Some(at) && secret_at.is_none() {
            out.add(indent(line.text), SECRET, secret.expose());
        }
        if at == last && id_at.is_none() && secret_at.is_none() {
            out.add("", KEY_ID, key_id);
            out.add("", SECRET, secret.expose());
        }
    }
    Ok(())
}

/// Where a section is: from its header to the next one.
fn range(kinds: &[Kind], section: &Section<'_>) -> std::ops::Range<usize> {
    let begin = section.at.0;
    let next = kinds[begin + 1..]
        .iter()
        .position(|kind| *kind == Kind::Header);
    begin..next.map_or(kinds.len(), |next| begin + 1 + next)
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// A line's key with its indentation, the equals sign with the space around it, and the value.
fn parts(line: &str) -> (&str, &str, &str) {
    let at = line.find(['=', ':']).unwrap_or(line.len());
    let key = line[..at].trim_end();
    let value = line.get(at + 1..).unwrap_or_default().trim_start();
    (
        key,
        &line[key.len()..line.len() - value.len()],
        value.trim_end(),
    )
}

fn replace<'a>(line: Line<'a>, value: &'a str, out: &mut Out<'a>) {
    let (key, equals, old) = parts(line.text);
    // Only `=` is understood by all.
    let (before, after) = equals.split_once(['=', ':']).unwrap_or((" ", " "));
    out.pieces
        .extend([key, before, "=", after, value, line.end]);
    if old == value && equals.contains('=') {
        return out.show(Fate::Kept, shown("", key, equals, old));
    }
    out.show(Fate::Removed, shown("", key, equals, old));
    let equals = format!("{before}={after}");
    out.show(Fate::Added, added("", key, &equals, value));
}

/// The section's lines that mean something, in one text: if they are the same another time, what
/// was shown is still so. It is the section itself rather than a hash of it: a hash of a secret
/// tells about it, and this is wiped.
fn said(lines: &[Line<'_>], kinds: &[Kind], section: &Section<'_>) -> SecretKey {
    let range = range(kinds, section);
    SecretKey::built(|push| {
        for at in range.clone() {
            if kinds[at] != Kind::Nothing {
                push(lines[at].text);
                push("\n");
            }
        }
    })
}

fn held(section: &Section<'_>) -> Option<Held> {
    // Up to a space: some readers take what follows for a comment.
    let value = |key| {
        let entry = section.entry(key)?;
        entry.value.first()?.split_whitespace().next()
    };
    let secret_of = |value: &str| SecretKey::built(|push| push(value));
    let id = value(KEY_ID).filter(|id| masked::is_key_id(id))?;
    Some(Held {
        key_id: id.to_owned(),
        secret: secret_of(value(SECRET)?),
        // boto3 asks for them in this order too.
        token: value(TOKENS[1]).or(value(TOKENS[0])).map(secret_of),
    })
}

/// What stays in a section although it gets in the new key's way, and who will not see the key.
fn beware(section: Option<&Section<'_>>, profile: &str, sdk: Option<Unreadable>) -> Vec<String> {
    const INSTEAD: [&str; 5] = [
        "role_arn",
        "credential_process",
        "web_identity_token_file",
        "sso_session",
        "sso_start_url",
    ];
    let mut beware = Vec::new();
    for key in INSTEAD {
        if section.is_some_and(|section| section.entry(key).is_some()) {
            beware.push(format!(
                "{key} stays in [{profile}]: programs may use that instead of the key"
            ));
        }
    }
    if section.is_some_and(|section| section.entry("aws_account_id").is_some()) {
        beware.push(format!(
            "aws_account_id stays in [{profile}]: it must be the account of the new key"
        ));
    }
    if readers::sdk_profile(profile).is_none() {
        beware.push(format!(
            "the aws command reads [{profile}], but newer SDKs pass over a profile of this name"
        ));
    }
    if let Some(error) = sdk {
        beware.push(format!(
            "the aws command reads this file, but newer SDKs cannot, because of line {}: {}",
            error.line, error.why
        ));
    }
    beware
}
