//! Which value of each setting is in force: the command line's, the environment's, the config
//! file's, or the usual one, in this order.
//!
//! Each flag is a key of the config file, under its own name with underscores. What the file says is
//! put before what was typed, as if it had been typed as well, so that clap reads and checks both in
//! one way. Left out is what the command line says itself, what it says the opposite of (a flag that
//! excludes it), and what the environment wins over.

use super::Cli;
use crate::{
    aws,
    config::{Config, ConfigError, ENVIRONMENT, Key, Kind, Place, Setting, Value},
    engine::key_id::{is_a_secret, redacted},
};
use clap::{
    Arg, ArgAction, ArgMatches, Command, CommandFactory as _, FromArgMatches as _,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use std::{any::TypeId, error::Error as _, ffi::OsString, fmt, path::PathBuf};

/// The flags that are no settings: what they say is meant for one run.
const OF_ONE_RUN: [&str; 4] = ["config", "demo", "demo_users", "demo_accounts"];

/// The keys that are not called as their flag: a list has a plural.
const PLURALS: [(&str, &str); 1] = [("role", "roles")];

/// A setting with its value, and where that comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Its name in the config file.
    pub name: String,
    /// What it is, in words; empty where it is not set.
    pub value: String,
    /// Where that comes from.
    pub source: Source,
}

/// Where the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was typed.
    CommandLine,
    /// This was typed, which excludes it.
    Excluded(String),
    /// This variable.
    Environment(&'static str),
    /// This line of the config file.
    File(usize),
    /// Nothing says anything.
    Default,
}

/// Why nothing is begun.
#[derive(Debug)]
pub(super) enum Refused {
    /// What was typed.
    Usage(clap::Error),
    /// The config file.
    Config(ConfigError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => f.write_str(&redacted(&error.render().to_string())),
            Self::Config(error) => write!(f, "iamkeys: {error}"),
        }
    }
}

impl From<clap::Error> for Refused {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<ConfigError> for Refused {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// The command line; its flags count wherever they stand, also after the name of a subcommand.
#[must_use]
pub fn command() -> Command {
    Cli::command().mut_args(|arg| {
        let everywhere = !arg.is_positional();
        arg.global(everywhere)
    })
}

/// The flags that are settings, each with its key in the config file.
fn settings(command: &Command) -> Vec<(&Arg, Key)> {
    let flags = command.get_arguments().filter(|arg| {
        let id = arg.get_id().as_str();
        arg.get_long().is_some() && !OF_ONE_RUN.contains(&id)
    });
    flags.map(|arg| (arg, key_of(arg))).collect()
}

fn key_of(arg: &Arg) -> Key {
    let name = arg.get_long().unwrap_or_default().replace('-', "_");
    let plural = PLURALS.iter().find(|(one, _)| *one == name);
    let parser = arg.get_value_parser().type_id();
    let kind = match arg.get_action() {
        ArgAction::SetTrue => Kind::Switch,
        ArgAction::Append => Kind::Texts,
        _ if parser == TypeId::of::<u32>() => Kind::Number,
        _ if parser == TypeId::of::<PathBuf>() => Kind::Path,
        _ => Kind::Text,
    };
    Key {
        name: plural.map_or(name, |(_, plural)| (*plural).to_owned()),
        kind,
    }
}

/// Reads a command line, the environment and the config file that these name.
pub(super) fn read(
    args: impl IntoIterator<Item = OsString>,
    var: impl Fn(&str) -> Option<String>,
) -> Result<Cli, Refused> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.is_empty() {
        args.push("iamkeys".into());
    }
    let command = command();
    let typed = command.clone().try_get_matches_from(&args)?;
    check_subcommand(&command, &typed)?;
    let settings = settings(&command);
    let flag: Option<&PathBuf> = typed.get_one("config");
    let place = Place::of(flag.map(PathBuf::as_path), var(ENVIRONMENT).as_deref());
    let keys: Vec<Key> = settings.iter().map(|(_, key)| key.clone()).collect();
    let config = Config::read(place, &keys)?;

    let mut from_file: Vec<(&Arg, &Setting)> = Vec::new();
    for setting in &config.settings {
        let Some((arg, _)) = settings.iter().find(|(_, key)| key.name == setting.name) else {
            continue;
        };
        check(&command, arg, setting, &config.place)?;
        let other = from_file.iter().find(|(other, said)| {
            says_something(said) && says_something(setting) && exclude(&command, arg, other)
        });
        if let Some((_, said)) = other {
            let why = format!("it excludes {} (line {})", said.name, said.at.line);
            let error = ConfigError::of_value(&config.place, setting.at, &setting.name, &why);
            return Err(error.into());
        }
        from_file.push((arg, setting));
    }
    let sources = settings.iter().map(|(arg, key)| {
        let said = from_file.iter().find(|(of, _)| of.get_id() == arg.get_id());
        let line = said.map(|(_, setting)| setting.at.line);
        source_of(&command, &typed, arg, key, line, &var)
    });
    let sources: Vec<Source> = sources.collect();
    let mut all = args[..1].to_vec();
    for (source, (arg, key)) in sources.iter().zip(&settings) {
        let said = config.settings.iter().find(|said| said.name == key.name);
        if let (Source::File(_), Some(setting)) = (source, said) {
            all.extend(as_typed(arg, setting));
        }
    }
    all.extend_from_slice(&args[1..]);
    let matches = command.clone().try_get_matches_from(all)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let in_force = sources
        .into_iter()
        .zip(&settings)
        .map(|(source, (arg, key))| InForce {
            name: key.name.clone(),
            value: match &source {
                Source::Environment(variable) => of_environment(variable, &var),
                _ => value_of(&matches, arg, key.kind),
            },
            source,
        });
    cli.in_force = in_force.collect();
    cli.file = config;
    Ok(cli)
}

/// A key ID is looked for on the screen, and a subcommand has none.
fn check_subcommand(command: &Command, typed: &ArgMatches) -> Result<(), clap::Error> {
    match typed.subcommand_name() {
        Some(name) if typed.contains_id("key_id") => {
            let text = format!("a key ID cannot be used with the subcommand {name}");
            Err(command.clone().error(ErrorKind::ArgumentConflict, text))
        }
        _ => Ok(()),
    }
}

/// Whether a setting asks for anything: a switch that is off does not.
fn says_something(setting: &Setting) -> bool {
    setting.value != Value::Switch(false)
}

/// The arguments that say the same.
fn as_typed(arg: &Arg, setting: &Setting) -> Vec<OsString> {
    let flag = arg.get_long().unwrap_or_default();
    match &setting.value {
        Value::Switch(false) => Vec::new(),
        Value::Switch(true) => vec![format!("--{flag}").into()],
        Value::Texts(texts) => {
            let texts = texts.iter().map(|text| format!("--{flag}={text}").into());
            texts.collect()
        }
    }
}

/// Whether two flags cannot be used together.
fn exclude(command: &Command, one: &Arg, other: &Arg) -> bool {
    let names = |one: &Arg, other: &Arg| {
        let conflicts = command.get_arg_conflicts_with(one);
        conflicts.iter().any(|it| it.get_id() == other.get_id())
    };
    names(one, other) || names(other, one)
}

fn was_typed(typed: &ArgMatches, arg: &Arg) -> bool {
    typed.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
}

fn source_of(
    command: &Command,
    typed: &ArgMatches,
    arg: &Arg,
    key: &Key,
    line: Option<usize>,
    var: impl Fn(&str) -> Option<String>,
) -> Source {
    if was_typed(typed, arg) {
        return Source::CommandLine;
    }
    let mut others = command.get_arguments();
    let excludes = |other: &&Arg| was_typed(typed, other) && exclude(command, arg, other);
    if let Some(other) = others.find(excludes) {
        let flag = other.get_long().unwrap_or_default();
        return Source::Excluded(format!("--{flag}"));
    }
    match (variable(&key.name, var), line) {
        (Some(variable), _) => Source::Environment(variable),
        (None, Some(line)) => Source::File(line),
        (None, None) => Source::Default,
    }
}

/// The variable of the environment that a setting comes from where no flag says anything.
fn variable(name: &str, var: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let is_set = |name: &&&str| var(name).is_some_and(|value| !value.is_empty());
    let keys: [&'static str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let variables: &[&'static str] = match name {
        // Keys in the environment sign, whatever profile it names.
        "profile" if keys.iter().all(|name| is_set(&name)) => &keys,
        "profile" => &["AWS_PROFILE"],
        "region" => &["AWS_REGION", "AWS_DEFAULT_REGION"],
        "endpoint_url" => &[
            "AWS_ENDPOINT_URL_IAM",
            "AWS_ENDPOINT_URL_STS",
            "AWS_ENDPOINT_URL",
        ],
        _ => &[],
    };
    variables.iter().find(is_set).copied()
}

/// What a variable says, as far as it can be shown.
fn of_environment(variable: &str, var: impl Fn(&str) -> Option<String>) -> String {
    let value = var(variable).unwrap_or_default();
    match variable {
        "AWS_ACCESS_KEY_ID" => "keys in the environment".into(),
        _ if variable.starts_with("AWS_ENDPOINT_URL")
            && aws::check_endpoint_url(&value).is_err() =>
        {
            "not an endpoint URL".into()
        }
        _ => redacted(&value),
    }
}

/// What is in force, in words.
fn value_of(matches: &ArgMatches, arg: &Arg, kind: Kind) -> String {
    let id = arg.get_id().as_str();
    if kind == Kind::Switch {
        return if matches.get_flag(id) { "yes" } else { "no" }.into();
    }
    let values = matches.get_raw(id).into_iter().flatten();
    let shown = values.map(|value| {
        let value = value.to_string_lossy();
        match kind {
            // A long path is none, and looks like it.
            Kind::Path if is_a_secret(&value) => "[redacted]".into(),
            Kind::Path => value.into_owned(),
            _ => redacted(&value),
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Checks a value of the file as one that is typed is checked.
fn check(
    command: &Command,
    arg: &Arg,
    setting: &Setting,
    place: &Place,
) -> Result<(), ConfigError> {
    let args = std::iter::once("iamkeys".into()).chain(as_typed(arg, setting));
    match command.clone().try_get_matches_from(args) {
        Ok(_) => Ok(()),
        Err(error) => {
            let why = reason(&error);
            Err(ConfigError::of_value(
                place,
                setting.at,
                &setting.name,
                &why,
            ))
        }
    }
}

/// Why a value is not good, without the value and the flag.
fn reason(error: &clap::Error) -> String {
    if let Some(ContextValue::Strings(values)) = error.get(ContextKind::ValidValue)
        && !values.is_empty()
    {
        return format!("it must be one of {}", values.join(", "));
    }
    if error.kind() == ErrorKind::InvalidValue {
        return "it is empty".into();
    }
    if let Some(source) = error.source() {
        return source.to_string();
    }
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    // The file's key stands before it.
    first
        .strip_prefix("--endpoint-url cannot be used. ")
        .unwrap_or(first)
        .into()
}

#[cfg(test)]
mod tests;
