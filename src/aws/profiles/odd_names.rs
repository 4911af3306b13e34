//! Profiles that the SDK's reader leaves out because of their names: it takes letters and digits of
//! ASCII and some signs (`aws-runtime`, `env_config/normalize.rs`, `validate_identifier`), and only warns
//! in its log of others. The `aws` command writes a name with a space in quotes and reads it back
//! (`profile_to_section`; `botocore/configloader.py`), so people have such profiles. They cannot be signed
//! in with here, and are shown with why.

use crate::{aws::settings, engine::Problem};

/// The signs that a name may have besides ASCII letters and digits.
const SIGNS: &str = "_-/.%@:+";

/// A name that the SDK does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::aws) struct OddName {
    /// What the section is of.
    pub section: Section,
    /// The name, without the quotes around it.
    pub name: String,
    /// What is the matter with it, and what to do.
    pub why: String,
}

/// What a section with a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::aws) enum Section {
    Profile,
    SsoSession,
}

/// The two files, which name their sections in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Config,
    Credentials,
}

/// The odd names of the files that the environment names. Reads them, which blocks.
pub(in crate::aws) fn all() -> Vec<OddName> {
    let files = [File::Config, File::Credentials].into_iter();
    let texts = files.zip(settings::texts());
    let mut found: Vec<OddName> = Vec::new();
    for (file, (path, text)) in texts {
        add(&mut found, file, &path, &text);
    }
    found
}

/// Adds the odd names of a file, each once.
pub(super) fn add(found: &mut Vec<OddName>, file: File, path: &str, text: &str) {
    for header in text.lines().filter_map(header) {
        if let Some(odd) = odd(file, path, header)
            && !found.iter().any(|it| it.is_for(odd.section, &odd.name))
        {
            found.push(odd);
        }
    }
}

impl OddName {
    /// Whether it is the name of this section.
    pub(super) fn is_for(&self, section: Section, name: &str) -> bool {
        self.section == section && self.name == name
    }

    /// That one cannot sign in with it.
    pub(in crate::aws) fn problem(&self) -> Problem {
        let name = &self.name;
        Problem {
            title: format!("Profile {name} cannot be used"),
            what: format!(
                "iamkeys reads profiles with the AWS SDK, which leaves out one of this name. Names may \
                 contain only ASCII letters, digits and {SIGNS}"
            ),
            details: vec![self.why.clone()],
            advice: vec!["Rename the profile, and where others name it as their source.".into()],
            ..Problem::default()
        }
    }
}

/// What stands between the brackets of a line that begins a section.
fn header(line: &str) -> Option<&str> {
    // Behind one of these is a comment, wherever it is.
    let line = line.split(['#', ';']).next()?;
    let inside = line.strip_prefix('[')?.trim().strip_suffix(']')?;
    Some(inside.trim())
}

fn odd(file: File, path: &str, header: &str) -> Option<OddName> {
    let (section, written) = match (file, header.split_once([' ', '\t'])) {
        (File::Config, Some(("profile", name))) => (Section::Profile, name.trim()),
        (File::Config, Some(("sso-session", name))) => (Section::SsoSession, name.trim()),
        // What else is there has names of other things.
        (File::Config, _) => return None,
        (File::Credentials, _) => (Section::Profile, header),
    };
    let name = match file {
        File::Config => without_quotes(written),
        // There they would be a part of the name.
        File::Credentials => written,
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || SIGNS.contains(c);
    let why = match name.chars().find(|c| !allowed(*c)) {
        None if name == written => return None,
        None => format!("quotes around its name: leave them out in {path}"),
        Some(c) => {
            let what = match c {
                ' ' => "a space".into(),
                '\t' => "a tab".into(),
                c => format!("{c:?}"),
            };
            format!(
                "{what} in its name: rename it in {path} (ASCII letters, digits and {SIGNS} can be \
                 read)"
            )
        }
    };
    Some(OddName {
        section,
        name: name.to_owned(),
        why,
    })
}

/// A name without the quotes around it, which the `aws` command understands as a shell does.
fn without_quotes(written: &str) -> &str {
    let inside = |quote| written.strip_prefix(quote)?.strip_suffix(quote);
    let inside = ['"', '\''].into_iter().find_map(inside);
    inside.filter(|name| !name.is_empty()).unwrap_or(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd_names(file: File, text: &str) -> Vec<(Section, String)> {
        let mut found = Vec::new();
        add(&mut found, file, "f", text);
        found.into_iter().map(|it| (it.section, it.name)).collect()
    }

    fn profiles(names: &[&str]) -> Vec<(Section, String)> {
        let names = names.iter();
        names
            .map(|name| (Section::Profile, (*name).to_owned()))
            .collect()
    }

    #[test]
    fn names_are_found_that_the_sdk_leaves_out() {
        let config = "[default]\n[profile good-1/a.b%c@d:e+f_g]\n[profile my team]\n\
                      [profile \"my other\"]\nregion = [profile no header]\n\
                      [profile 'third one'] # of three\n[profile\téquipe]\n[profile \"quoted\"]\n\
                      [sso-session our org]\n[services my things]\n[plugins]\n\
                      # [profile a comment]\n [profile not first]\n[profile my team]\n";
        let mut expected = profiles(&["my team", "my other", "third one", "équipe", "quoted"]);
        expected.push((Section::SsoSession, "our org".into()));
        assert_eq!(odd_names(File::Config, config), expected);
        let credentials = "[default]\n[good]\n[my team]\n[\"quoted\"]\n[ équipe ]\n";
        let expected = profiles(&["my team", "\"quoted\"", "équipe"]);
        assert_eq!(odd_names(File::Credentials, credentials), expected);
    }

    #[test]
    fn it_is_said_what_is_wrong_with_a_name_and_what_to_do() {
        let why = |text| {
            let mut found = Vec::new();
            add(&mut found, File::Config, "~/.aws/config", text);
            found.remove(0).why
        };
        let rest = "in its name: rename it in ~/.aws/config (ASCII letters, digits and _-/.%@:+ can be \
                    read)";
        assert_eq!(why("[profile my team]"), format!("a space {rest}"));
        assert_eq!(why("[profile équipe]"), format!("'é' {rest}"));
        assert_eq!(
            why("[profile \"quoted\"]"),
            "quotes around its name: leave them out in ~/.aws/config"
        );
    }
}
