//! The commands, which print and have no screen: what they take. What they do is in
//! [`commands`](crate::commands).

use super::{KeyIdParser, key_id};
use crate::{
    aws,
    commands::{CheckFormat, Format, Shell, columns},
    engine::{KeyId, destination::Named, findings::Severity, query::Query, text::visible},
};
use clap::{
    Args, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
    error::ErrorKind,
};
use clap_complete::ArgValueCandidates;
use std::{ffi::OsStr, path::PathBuf};

/// What is done instead of showing the users and their keys.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Task {
    /// Deal with a leaked access key to the end: deactivate it, revoke its sessions, see what it did
    Leaked {
        /// The access key ID, whichever user and account has it
        #[arg(value_name = "KEY_ID", value_parser = KeyIdParser)]
        key: KeyId,
    },
    /// Print every access key: account, user, status, age, last use, owner
    List(ListArgs),
    /// Print the users: how many keys each has, how old, when last used, whose
    Users(UsersArgs),
    /// Print the accounts that are opened, and why one is not
    Accounts(AccountsArgs),
    /// Print whose an access key is, and where
    Find(FindArgs),
    /// Print what would break without an access key: who uses it, what it can do, what was not checked
    Impact(ImpactArgs),
    /// Print what is wrong with the access keys, by a policy: for people, for a pipeline, for scanners
    Check(CheckArgs),
    /// Create an access key for a user, and put its secret somewhere
    Create(CreateArgs),
    /// Rotate a user's access key, step by step, or go on with a rotation
    Rotate(RotateArgs),
    /// Deactivate access keys: what uses them fails at once, until they are activated again
    Deactivate(ChangeArgs),
    /// Activate access keys
    Activate(ChangeArgs),
    /// Delete access keys for good
    Delete(ChangeArgs),
    /// Make plans over many keys, look at them, carry them out and take them back
    #[command(subcommand)]
    Plan(PlanTask),
    /// Print the changes that iamkeys has made from this machine, and those left open
    Journal(JournalArgs),
    /// Print the settings in force, and where each comes from
    Config,
    /// Print what makes a shell complete commands, options and profiles
    Completions {
        /// The shell
        #[arg(value_name = "SHELL", value_enum)]
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands
    Man {
        /// The command that it is about, such as plan apply; of the program where none is named
        #[arg(value_name = "COMMAND", conflicts_with = "to")]
        of: Vec<String>,
        /// Write all pages into this directory
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
}

/// How something is printed.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct FormatArgs {
    /// The form: a table for people, one JSON document, a JSON object a line, or CSV (default: table on
    /// a terminal, otherwise jsonl)
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<Format>,
}

/// `iamkeys list`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ListArgs {
    /// Which keys, in the language of the filter on the screen: `unused>90 -owner:*`
    #[arg(value_name = "FILTER", value_parser = filter, allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// How it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order; what none of them needs is not asked for
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::KEYS))]
    pub columns: Vec<String>,
    /// Read the credential report only: one answer an account, without key IDs and up to four hours old;
    /// ages are at least
    #[arg(long)]
    pub report: bool,
}

/// `iamkeys users`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct UsersArgs {
    /// Which users, in the language of the filter on the screen: `keys:2`, `admin`
    #[arg(value_name = "FILTER", value_parser = filter, allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// How it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order; what none of them needs is not asked for
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::USERS))]
    pub columns: Vec<String>,
    /// Read the credential report only: one answer an account, up to four hours old; ages are at least
    #[arg(long)]
    pub report: bool,
}

/// `iamkeys accounts`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct AccountsArgs {
    /// How it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order; what none of them needs is not asked for
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::ACCOUNTS))]
    pub columns: Vec<String>,
}

/// `iamkeys find`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct FindArgs {
    /// The access key ID, whichever user and account has it
    #[arg(value_name = "KEY_ID", value_parser = KeyIdParser)]
    pub key: KeyId,
    /// How it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order; what none of them needs is not asked for
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::KEYS))]
    pub columns: Vec<String>,
}

/// `iamkeys impact`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ImpactArgs {
    /// The access key ID, whichever user and account has it
    #[arg(value_name = "KEY_ID", value_parser = KeyIdParser)]
    pub key: KeyId,
    /// Ask the event history of these regions only (default: all that are enabled)
    #[arg(long, value_name = "REGIONS", value_delimiter = ',', value_parser = region)]
    pub regions: Vec<String>,
    /// Ask for the events of so many days only
    #[arg(long, value_name = "N", default_value_t = 90, allow_negative_numbers = true,
          value_parser = clap::value_parser!(u8).range(1..=90))]
    pub days: u8,
    /// The form: text for people, or one JSON document (default: text on a terminal, otherwise JSON in
    /// one line)
    #[arg(long, value_name = "FORM",
          value_parser = PossibleValuesParser::new(["table", "json", "jsonl"])
              .map(|name| Format::named(&name).unwrap_or(Format::Json)))]
    pub format: Option<Format>,
}

/// `iamkeys check`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct CheckArgs {
    /// Which keys, in the language of the filter on the screen: `account:*-prod -user:svc-*`
    #[arg(value_name = "FILTER", value_parser = filter, allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// End with exit code 3 where there is a finding of this severity, or of a graver one, that is not
    /// exempt
    #[arg(long, value_name = "SEVERITY",
          value_parser = PossibleValuesParser::new(["low", "medium", "high", "critical"])
              .map(|name| Severity::named(&name).unwrap_or(Severity::Low)))]
    pub fail_on: Option<Severity>,
    /// Judge by the policy of this file, and not by that of the config file. It holds `[policy]`,
    /// `[[rule]]` and `[[exempt]]`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The form: a table for people, one JSON document, a JSON object a line, CSV, SARIF 2.1.0, or a list
    /// of OCSF detection findings (default: table on a terminal, otherwise jsonl)
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<CheckFormat>,
    /// Only these columns or fields, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::FINDINGS))]
    pub columns: Vec<String>,
}

/// `iamkeys deactivate`, `activate` and `delete`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ChangeArgs {
    /// The access key IDs, whichever users and accounts have them
    #[arg(value_name = "KEY_ID", value_parser = KeyIdParser, required = true)]
    pub keys: Vec<KeyId>,
    /// Confirm it: nothing is asked
    #[arg(long)]
    pub yes: bool,
    /// How what became of it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::CHANGES))]
    pub columns: Vec<String>,
}

/// What `--to` takes.
const TO_HELP: &str = "Where the secret goes: profile:NAME (of the credentials file), csv:PATH and \
                       import-csv:PATH (a new file, as the console's or as `aws configure import` takes \
                       it), env and json (standard output, unless that is a terminal), exec:COMMAND (the \
                       command's standard input, as JSON), secretsmanager:NAME, ssm:NAME (in the \
                       account of the key and the region of --region)";

/// `iamkeys create`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct CreateArgs {
    /// The user who gets the key, in whichever account that is open
    #[arg(value_name = "USER", value_parser = UserParser,
          add = ArgValueCandidates::new(crate::commands::users))]
    pub user: String,
    /// Where the secret goes.
    #[arg(long, value_name = "DEST", value_parser = DestinationParser, required = true, help = TO_HELP)]
    pub to: Option<Named>,
    /// How the secret is put there.
    #[command(flatten)]
    pub storing: StoringArgs,
    /// How what became of it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::NEW_KEYS))]
    pub columns: Vec<String>,
}

/// `iamkeys rotate`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct RotateArgs {
    /// The user, or the ID of the key that goes
    #[arg(value_name = "USER|KEY_ID", value_parser = UserParser,
          add = ArgValueCandidates::new(crate::commands::users))]
    pub of: String,
    /// Where the secret of the new key goes.
    #[arg(long, value_name = "DEST", value_parser = DestinationParser, help = TO_HELP)]
    pub to: Option<Named>,
    /// The last step that is taken
    #[arg(long, value_enum, value_name = "STEP", default_value_t = Until::Check)]
    pub until: Until,
    /// Go on with a rotation that is under way, begun by this or another run, person or machine
    #[arg(long)]
    pub resume: bool,
    /// How the secret is put there.
    #[command(flatten)]
    pub storing: StoringArgs,
    /// How what became of it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::ROTATIONS))]
    pub columns: Vec<String>,
}

/// How a secret is put into its destination.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoringArgs {
    /// Print the secret although standard output is a terminal
    #[arg(long)]
    pub show: bool,
    /// Confirm it: nothing is asked
    #[arg(long)]
    pub yes: bool,
}

/// The last step of a rotation that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Until {
    /// The new key is created; its secret goes where it was to go
    Create,
    /// Its secret is there
    Store,
    /// AWS accepts the new key
    Check,
    /// The old key is deactivated
    Deactivate,
    /// The old key was not used for a week
    Watch,
    /// The old key is deleted
    Delete,
}

/// Reads the name of a user, without repeating what may be a secret.
#[derive(Clone)]
struct UserParser;

impl TypedValueParser for UserParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let name = value.to_string_lossy();
        let known = |c: char| c.is_alphanumeric() || "_+=,.@-".contains(c);
        let is_name = !name.is_empty() && name.len() <= 512 && name.chars().all(known);
        if is_name && !key_id::looks_like_a_secret(&name) {
            return Ok(name.into_owned());
        }
        let text = "that is not the name of a user: letters, digits and _+=,.@-";
        Err(command.clone().error(ErrorKind::ValueValidation, text))
    }
}

/// Reads a destination, without repeating what may be a secret.
#[derive(Clone)]
struct DestinationParser;

impl TypedValueParser for DestinationParser {
    type Value = Named;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Named, clap::Error> {
        Named::read(&value.to_string_lossy()).map_err(|why| {
            let text = format!("--to: {why}");
            command.clone().error(ErrorKind::ValueValidation, text)
        })
    }
}

/// What is done with a plan over many keys.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum PlanTask {
    /// Make a plan to deactivate the keys that pass a filter; nothing is changed
    Deactivate(PlanMakeArgs),
    /// Make a plan to activate the keys that pass a filter; nothing is changed
    Activate(PlanMakeArgs),
    /// Make a plan to delete the keys that pass a filter; those that are Active it deactivates; nothing is
    /// changed
    Delete(PlanMakeArgs),
    /// Print what a saved plan would do
    Show(PlanShowArgs),
    /// Carry a saved plan out
    Apply(PlanApplyArgs),
    /// Activate again what a saved plan has deactivated
    Undo(PlanApplyArgs),
}

/// `iamkeys plan deactivate`, `activate` and `delete`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct PlanMakeArgs {
    /// Which keys, in the language of the filter on the screen: `unused>90 -owner:*`; `user:*` is every key
    #[arg(value_name = "FILTER", value_parser = condition, allow_hyphen_values = true)]
    pub filter: String,
    /// Save the plan as this new file, instead of printing it
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// `iamkeys plan show`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct PlanShowArgs {
    /// The saved plan
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Ask the accounts what is different now
    #[arg(long)]
    pub compare: bool,
    /// How it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::PLAN))]
    pub columns: Vec<String>,
}

/// `iamkeys plan apply` and `undo`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct PlanApplyArgs {
    /// The saved plan
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Confirm it: nothing is asked
    #[arg(long)]
    pub yes: bool,
    /// How what became of each key is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::CHANGES))]
    pub columns: Vec<String>,
}

/// `iamkeys journal`
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct JournalArgs {
    /// How it is printed.
    #[command(flatten)]
    pub output: FormatArgs,
    /// Only these columns or fields, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(columns::JOURNAL))]
    pub columns: Vec<String>,
}

/// Which regions `all` stands for is what AWS tells.
pub const ALL_REGIONS: &str = "all";

fn region(name: &str) -> Result<String, &'static str> {
    let good = name == ALL_REGIONS || aws::is_region(name);
    good.then(|| name.to_owned()).ok_or(aws::REGION_RULE)
}

/// Checks a filter, and says what of it is not understood, and where that stands.
fn filter(text: &str) -> Result<String, String> {
    if text.starts_with("--") {
        // It is one that is not known here, or stands behind a filter.
        let option = if key_id::looks_like_a_secret(text) {
            "that option".into()
        } else {
            visible(text)
        };
        return Err(format!("{option} is not an option of this command"));
    }
    if let Some(fault) = Query::first_fault(text) {
        return Err(fault);
    }
    Ok(text.to_owned())
}

/// The same of what changes keys: a filter that asks for nothing, as where a variable of a script is empty,
/// would mean every key.
fn condition(text: &str) -> Result<String, String> {
    let query = Query::parse(text);
    if query.is_empty() && query.errors().is_empty() {
        return Err("it asks for nothing, and so for every key: user:* says that".into());
    }
    filter(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser as _;

    #[test]
    fn a_plan_is_not_made_of_every_key_by_an_empty_filter() {
        let with = |filter: &str| {
            let args = ["iamkeys", "plan", "deactivate", filter];
            Cli::try_parse_from(args)
        };
        for filter in ["", " ", "|", "-", "| -"] {
            let error = with(filter).map(|_| ()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{filter:?}");
            assert!(error.to_string().contains("every key"), "{error}");
        }
        assert!(with("user:*").is_ok());
    }

    #[test]
    fn a_filter_is_checked_and_its_fault_has_a_place() {
        let with = |args: &[&str]| {
            let args = ["iamkeys", "list"].iter().chain(args);
            Cli::try_parse_from(args).map(|cli| match cli.task {
                Some(Task::List(args)) => args.filter,
                task => panic!("{task:?}"),
            })
        };
        let good = with(&["age>90 never | -owner:*"]).unwrap();
        assert_eq!(good.as_deref(), Some("age>90 never | -owner:*"));
        let hyphen = with(&["-owner:*", "--format", "csv"]).unwrap();
        assert_eq!(hyphen.as_deref(), Some("-owner:*"));
        assert_eq!(with(&["--format", "csv"]).unwrap(), None);
        for (args, words) in [
            (&["never age>x"][..], "at character 7, age>x: age needs"),
            (&["agee>90"], "at character 1, agee>90: No field agee"),
            (&["--frmt"], "--frmt is not an option"),
            (&["never", "--frmt"], "unexpected argument"),
            (&["never", "own"], "unexpected argument"),
            (&["--columns", "usr"], "invalid value 'usr'"),
        ] {
            let error = with(args).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            let text = error.to_string();
            assert!(text.contains(words), "{args:?}: {text}");
        }
    }

    #[test]
    fn a_region_may_be_all_of_them() {
        let with = |regions: &str| {
            let args = [
                "iamkeys",
                "impact",
                "AKIAIOSFODNN7EXAMPLE",
                "--regions",
                regions,
            ];
            Cli::try_parse_from(args)
        };
        assert!(with("all").is_ok());
        assert!(with("eu-west-1,us-east-1").is_ok());
        assert!(with("eu west").is_err());
    }
}
