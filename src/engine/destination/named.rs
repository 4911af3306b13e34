//! Destinations as they are named on a command line, and those outside this machine's files: standard
//! output, a command, a store of secrets in the account.

use super::{Layout, SecretKey};
use crate::engine::{
    key_id::{is_a_secret, looks_like_a_secret},
    text::visible,
};
use chrono::{DateTime, Utc};
use std::{fmt, sync::Arc};

/// A destination, as it is named on a command line: `profile:ci`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// `profile:NAME`: a profile of the credentials file.
    Profile(String),
    /// `csv:PATH`, `import-csv:PATH`: a new file.
    File(String, Layout),
    /// Any other.
    External(External),
}

/// A destination that is no file of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum External {
    /// `env`, `json`: the standard output of this program.
    Output(OutputForm),
    /// The terminal that this program has, whatever its output is.
    Terminal(OutputForm),
    /// `exec:COMMAND`: the standard input of a command.
    Command(CommandLine),
    /// `secretsmanager:NAME`: a secret of AWS Secrets Manager, in the account and region of the session.
    SecretsManager(Arc<str>),
    /// `ssm:NAME`: a `SecureString` parameter of AWS Systems Manager, in the account and region of the
    /// session.
    Parameter(Arc<str>),
}

/// In which form a key is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputForm {
    /// `export` lines for a shell.
    Exports,
    /// One JSON object in a line.
    Json,
}

/// A command as the shell reads it. It may hold a password, so it is not in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandLine(pub Arc<str>);

impl fmt::Debug for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandLine").finish_non_exhaustive()
    }
}

/// A new key on its way to a destination, with what is known of it.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// The access key ID.
    pub key: String,
    /// The secret access key.
    pub secret: SecretKey,
    /// The user.
    pub user: Box<str>,
    /// The account ID, where it is known.
    pub account: Option<String>,
    /// When it was created, where that is known.
    pub created: Option<DateTime<Utc>>,
}

/// What a look at a destination has shown, to be agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The whole place, in words: `secret ci in Secrets Manager, eu-west-1`.
    pub place: String,
    /// Something is there already, which would be replaced.
    pub exists: bool,
    /// The KMS key that encrypts what is there, where a new value has to name it anew.
    pub encrypted_with: Option<String>,
    /// Why it could not be looked whether it can be written, and whether something is there.
    pub unchecked: Option<String>,
}

/// The longest name of a secret. (Secrets Manager API reference, `CreateSecret`.)
const LONGEST_SECRET: usize = 512;

/// The longest name of a parameter. (Systems Manager API reference, `PutParameter`.)
const LONGEST_PARAMETER: usize = 1011;

/// The most levels that the name of a parameter has. (Same place.)
const MOST_LEVELS: usize = 15;

impl Named {
    /// Reads a destination.
    ///
    /// # Errors
    /// That it is none: why. What was given is not repeated where it may be a secret.
    pub fn read(text: &str) -> Result<Self, String> {
        match text {
            "env" => return Ok(Self::External(External::Output(OutputForm::Exports))),
            "json" => return Ok(Self::External(External::Output(OutputForm::Json))),
            _ => {}
        }
        let Some((kind, name)) = text.split_once(':') else {
            return Err(unknown(text));
        };
        let is_secret = kind != "exec" && looks_like_a_secret(name);
        // Many paths are as long as a secret, and look like one.
        let is_path = matches!(kind, "csv" | "import-csv");
        if (is_secret && !is_path) || is_a_secret(name) {
            return Err(format!(
                "what follows {} looks like a secret",
                visible(kind)
            ));
        }
        let needs = |what: &str| format!("{kind}: needs {what}");
        Ok(match kind {
            "profile" if name.is_empty() => return Err(needs("the name of a profile")),
            "profile" => Self::Profile(name.to_owned()),
            "csv" | "import-csv" if name.is_empty() => return Err(needs("the path of a file")),
            "csv" => Self::File(name.to_owned(), Layout::Console),
            "import-csv" => Self::File(name.to_owned(), Layout::Importable),
            "exec" if name.trim().is_empty() => return Err(needs("a command")),
            "exec" => Self::External(External::Command(CommandLine(name.into()))),
            "secretsmanager" => {
                check_secret(name)?;
                Self::External(External::SecretsManager(name.into()))
            }
            "ssm" => {
                check_parameter(name)?;
                Self::External(External::Parameter(name.into()))
            }
            "env" | "json" => return Err(format!("{kind} is standard output, and has no name")),
            _ => return Err(unknown(kind)),
        })
    }
}

/// What is said of a text that names no destination.
fn unknown(text: &str) -> String {
    let what = if looks_like_a_secret(text) {
        "that".into()
    } else {
        visible(text)
    };
    format!(
        "{what} is no destination: profile:NAME, csv:PATH, import-csv:PATH, env, json, exec:COMMAND, \
         secretsmanager:NAME or ssm:NAME"
    )
}

fn check_secret(name: &str) -> Result<(), String> {
    let known = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    let good = (1..=LONGEST_SECRET).contains(&name.len()) && name.chars().all(known);
    let rule = "the name of a secret has up to 512 letters, digits and /_+=.@-";
    good.then_some(()).ok_or_else(|| rule.to_owned())
}

fn check_parameter(name: &str) -> Result<(), String> {
    let known = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
    let first = name.trim_start_matches('/').to_ascii_lowercase();
    // A name with levels begins with a slash.
    let levels = name.matches('/').count();
    let good = (1..=LONGEST_PARAMETER).contains(&name.len())
        && name.chars().all(known)
        && !first.is_empty()
        && !name.ends_with('/')
        && !name.contains("//")
        && (levels == 0 || name.starts_with('/'))
        && levels <= MOST_LEVELS
        && !first.starts_with("aws")
        && !first.starts_with("ssm");
    let rule = "the name of a parameter has letters, digits and _.-, with a slash before each of up to 15 \
                levels, and does not begin with aws or ssm";
    good.then_some(()).ok_or_else(|| rule.to_owned())
}

impl External {
    /// The words for it, without a command's own text: `secret ci in Secrets Manager`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Output(_) => "standard output".into(),
            Self::Terminal(_) => "the terminal".into(),
            Self::Command(_) => "a command".into(),
            Self::SecretsManager(name) => format!("secret {name} in Secrets Manager"),
            Self::Parameter(name) => format!("parameter {name} in Parameter Store"),
        }
    }

    /// What putting a secret there is called.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::Output(_) => "print key",
            Self::Terminal(_) => "show key",
            Self::Command(_) => "run command",
            Self::SecretsManager(_) => "store secret",
            Self::Parameter(_) => "store parameter",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_destination_is_read() {
        let external = |text| match Named::read(text) {
            Ok(Named::External(external)) => external,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(Named::read("profile:ci"), Ok(Named::Profile("ci".into())));
        let file = |path: &str, layout| Ok(Named::File(path.into(), layout));
        assert_eq!(Named::read("csv:a:b"), file("a:b", Layout::Console));
        assert_eq!(
            Named::read("import-csv:~/x"),
            file("~/x", Layout::Importable)
        );
        // Long enough for a secret, and a path.
        let path = "csv:/home/carol/Downloads/of/this/year/keys";
        assert!(Named::read(path).is_ok());
        assert_eq!(external("env"), External::Output(OutputForm::Exports));
        assert_eq!(external("json"), External::Output(OutputForm::Json));
        assert_eq!(
            external("exec:pass insert -m a:b"),
            External::Command(CommandLine("pass insert -m a:b".into()))
        );
        let secret = External::SecretsManager("prod/ci@key".into());
        assert_eq!(external("secretsmanager:prod/ci@key"), secret);
        assert_eq!(external("ssm:/a/b.c"), External::Parameter("/a/b.c".into()));
        assert_eq!(external("ssm:plain"), External::Parameter("plain".into()));
    }

    #[test]
    fn what_is_none_is_refused_and_a_secret_not_repeated() {
        for (text, words) in [
            ("", "is no destination"),
            ("file:x", "file is no destination"),
            ("profile", "profile is no destination"),
            ("env:x", "env is standard output, and has no name"),
            ("profile:", "profile: needs the name"),
            ("csv:", "csv: needs the path"),
            ("exec: ", "exec: needs a command"),
            ("secretsmanager:", "the name of a secret"),
            ("secretsmanager:a b", "the name of a secret"),
            ("ssm:", "the name of a parameter"),
            ("ssm:/", "the name of a parameter"),
            ("ssm:a/b", "the name of a parameter"),
            ("ssm:/a//b", "the name of a parameter"),
            ("ssm:/a/", "the name of a parameter"),
            ("ssm:/aws/x", "the name of a parameter"),
            ("ssm:name:3", "the name of a parameter"),
            (
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "that is no destination",
            ),
            (
                "profile:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "looks like a secret",
            ),
            (
                "csv:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "looks like a secret",
            ),
        ] {
            let why = Named::read(text).expect_err(text);
            assert!(why.contains(words), "{text}: {why}");
            assert!(!why.contains("MDENG"), "{why}");
        }
    }

    #[test]
    fn a_command_is_in_no_debug_text_and_no_words() {
        let external = External::Command(CommandLine("curl -u me:hunter2".into()));
        assert!(!format!("{external:?}").contains("hunter2"));
        assert!(!external.words().contains("hunter2"));
    }
}
