//! The command line.

mod commands;
mod config_command;
mod in_force;
mod meant;

pub use crate::config::Warnings;
pub use commands::{
    ALL_REGIONS, AccountsArgs, ChangeArgs, CheckArgs, CreateArgs, FindArgs, FormatArgs, ImpactArgs,
    JournalArgs, ListArgs, PlanApplyArgs, PlanMakeArgs, PlanShowArgs, PlanTask, RotateArgs,
    StoringArgs, Task, Until, UsersArgs,
};
pub use in_force::{InForce, Source, command};

use crate::{
    aws::{self, Embedded},
    config::{self, Config, ConfigError},
    demo::{Account, Delay, Endpoint},
    driver::{Accounts, DriverConfig, JournalConfig, TrialPace},
    engine::{
        self, Background, DEFAULT_ROLES, Exit, KeyId, MoreAccounts, Target, Wanted,
        account_rules::NamePattern,
        destination::Form,
        findings::Policy,
        is_role_name,
        key_id::{self, NotAKey},
        profiles::ProfileList,
        roles_named,
    },
    journal,
    log::{self, LogLevel},
    secret::{
        clipboard::{Choice, route_here},
        credentials::CredentialsFile,
    },
    stderr::complain,
    tui::{Colours, Settings},
};
use chrono::TimeDelta;
use clap::{
    Arg, Command, Parser,
    builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser},
    error::ErrorKind,
};
use clap_complete::ArgValueCandidates;
use in_force::Refused;
use std::{
    env,
    ffi::OsStr,
    fmt, io,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tracing_appender::non_blocking::WorkerGuard;

/// See and change the access keys of an AWS account from a terminal.
#[derive(Clone, Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Signs in as the aws command does: environment, profile files, SSO, credential \
                  process, assumed role, container, instance.\n\n\
                  Exit codes: 0 done, 1 failed, 2 usage error, 3 findings at or above \
                  --fail-on, 4 only part could be seen or done (standard error says which), 5 the \
                  outcome of a change is not known, 130 interrupted, 128+N ended by signal N."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Cli {
    /// Go to this access key at once, whichever user has it
    #[arg(value_name = "KEY_ID", value_parser = KeyIdParser)]
    pub key_id: Option<KeyId>,
    /// The profile to sign in with; it wins over credentials in the environment. Several times, and
    /// with `*` for any characters, it opens the account of each
    #[arg(long, value_name = "NAME", value_parser = profile,
          add = ArgValueCandidates::new(crate::commands::profiles))]
    pub profile: Vec<String>,
    /// Open every account of the organisation, as far as a role there can be assumed
    #[arg(long)]
    pub all_accounts: bool,
    /// Open the accounts of this file as well: CSV or TOML with id, name, role and profile
    #[arg(long, value_name = "FILE")]
    pub accounts: Option<PathBuf>,
    /// The role to assume in the accounts of the organisation; given several times, the first that
    /// can be assumed counts (default: `iamkeys-audit`, `OrganizationAccountAccessRole`,
    /// `AWSControlTowerExecution`)
    #[arg(long, value_name = "NAME", value_parser = role)]
    pub role: Vec<String>,
    /// The region to sign for; it decides the partition (default: the profile's, or us-east-1)
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Option<String>,
    /// Talk to this IAM and STS endpoint instead of AWS's own
    #[arg(long, value_name = "URL", value_parser = EndpointUrlParser)]
    pub endpoint_url: Option<String>,
    /// Log in to IAM Identity Center with a code in any browser, not with the browser here
    #[arg(long, conflicts_with_all = ["demo", "demo_users"])]
    pub sso_device_code: bool,
    /// Refuse every change
    #[arg(long)]
    pub read_only: bool,
    /// Open an embedded account: no credentials, no network, nothing in it is real
    #[arg(long, conflicts_with_all = OF_REAL_ACCOUNTS)]
    pub demo: bool,
    /// Open an embedded account of so many users
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          conflicts_with_all = OF_REAL_ACCOUNTS,
          value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub demo_users: Option<u32>,
    /// Open an embedded organisation of so many accounts, each with as many users as --demo-users says
    /// (default: 40)
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          conflicts_with_all = OF_REAL_ACCOUNTS,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub demo_accounts: Option<u32>,
    /// Where copied secrets and IDs go
    #[arg(long, value_enum, default_value_t = Choice::Auto, value_name = "WHERE")]
    pub clipboard: Choice,
    /// Clear a copied secret from the clipboard after so many seconds; 0 leaves it there
    #[arg(long, value_name = "SECONDS", default_value_t = 90, allow_negative_numbers = true,
          value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub clear_clipboard: u32,
    /// A key used within so many days counts as in use
    #[arg(long, value_name = "N", default_value_t = 90, allow_negative_numbers = true,
          value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub recent_days: u32,
    /// Keep the journal of changes in this file instead of the usual one; it never holds a secret
    #[arg(long, value_name = "PATH")]
    pub journal: Option<PathBuf>,
    /// Keep no journal: what a crash interrupts is not known at the next start
    #[arg(long, conflicts_with = "journal")]
    pub no_journal: bool,
    /// What is fetched without asking for it: everything, what is on screen, or nothing but the
    /// selected user's keys
    #[arg(long, default_value = "all", value_name = "WHAT",
          value_parser = PossibleValuesParser::new(BACKGROUNDS.map(|(name, _)| name))
              .map(|name| background(&name)))]
    pub background: Background,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// Write a log to this file; it never holds a secret
    #[arg(long, value_name = "PATH", value_parser = PathBufValueParser::new().try_map(log_file))]
    pub log_file: Option<PathBuf>,
    /// How much to log
    #[arg(long, value_enum, default_value_t = LogLevel::Info, value_name = "LEVEL")]
    pub log_level: LogLevel,
    /// Read this config file instead of the usual one
    #[arg(long, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// What to do without a screen
    #[command(subcommand)]
    pub task: Option<Task>,
    /// What the config file says.
    #[arg(skip)]
    pub file: Config,
    /// Each setting, and where its value comes from.
    #[arg(skip)]
    pub in_force: Vec<InForce>,
}

/// The options that say which real account to open: beside the demo, one of the two is a mistake.
const OF_REAL_ACCOUNTS: [&str; 4] = ["profile", "accounts", "region", "endpoint_url"];

/// Reads the ID of a key. What clap says of a bad argument repeats it; what was given here may be a
/// secret.
#[derive(Clone)]
struct KeyIdParser;

impl TypedValueParser for KeyIdParser {
    type Value = KeyId;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<KeyId, clap::Error> {
        let refused = |why: &NotAKey| {
            let names = command.get_subcommands().map(Command::get_name);
            if let Some(meant) = meant::meant(&value.to_string_lossy(), names) {
                let text = format!("there is no such command. Did you mean {meant}?");
                return command.clone().error(ErrorKind::InvalidSubcommand, text);
            }
            let mut text = why.to_string();
            if why.secret().is_some() {
                text += " This shell's history may hold it now.";
            }
            command.clone().error(ErrorKind::ValueValidation, text)
        };
        KeyId::read(&value.to_string_lossy()).map_err(|why| refused(&why))
    }
}

/// Reads the URL of an endpoint, without repeating one that cannot be used: it may hold a password.
#[derive(Clone)]
struct EndpointUrlParser;

impl TypedValueParser for EndpointUrlParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let url = value.to_string_lossy();
        match aws::check_endpoint_url(&url) {
            Ok(()) => Ok(url.into_owned()),
            Err(why) => {
                let text = format!("--endpoint-url cannot be used. {why}");
                Err(command.clone().error(ErrorKind::ValueValidation, text))
            }
        }
    }
}

fn profile(name: &str) -> Result<String, &'static str> {
    let good = !key_id::looks_like_a_secret(name);
    good.then(|| name.to_owned())
        .ok_or("that looks like a secret, not like the name of a profile")
}

/// Whether the name of a profile stands for several.
fn is_pattern(name: &str) -> bool {
    name.contains('*')
}

/// How many users each account of a generated organisation has, unless it is said.
const USERS_EACH: u32 = 40;

/// Reads the name of a role.
fn role(name: &str) -> Result<String, &'static str> {
    (is_role_name(name) && !key_id::looks_like_a_secret(name))
        .then(|| name.to_owned())
        .ok_or("that is not the name of a role, such as iamkeys-audit")
}

fn region(name: &str) -> Result<String, &'static str> {
    // Set and empty is not set.
    let good = name.is_empty() || aws::is_region(name);
    good.then(|| name.to_owned()).ok_or(aws::REGION_RULE)
}

impl Cli {
    /// Reads the arguments of this process, its environment and the config file.
    ///
    /// # Errors
    /// When they are not understood: the exit code. The reason was printed; a secret that was given
    /// by mistake is not repeated in it.
    pub fn of_process() -> Result<Self, ExitCode> {
        in_force::read(env::args_os(), |name| env::var(name).ok()).map_err(|refused| {
            if let Refused::Usage(error) = &refused
                && !error.use_stderr()
            {
                // Help or the version, on standard output.
                error.exit();
            }
            complain(refused.to_string().trim_end());
            ExitCode::from(2)
        })
    }

    /// The policy that `check` judges by: that of its file, or else that of the config file. With it comes
    /// what of it does nothing, or not what it looks like.
    ///
    /// # Errors
    /// When its file is not there, cannot be read, or holds what is not understood.
    pub fn policy_of(&self, args: &CheckArgs) -> Result<(Policy, Warnings), ConfigError> {
        match &args.policy {
            Some(path) => config::policy_of(path),
            None => Ok((self.file.policy.clone(), self.file.warnings.clone())),
        }
    }

    /// The leaked key that is to be dealt with.
    #[must_use]
    pub fn leaked(&self) -> Option<&KeyId> {
        match &self.task {
            Some(Task::Leaked { key }) => Some(key),
            Some(_) | None => None,
        }
    }

    /// Whether the journal that is named is one of the config file. That stands in place of the usual
    /// one, and so is not for what the demo does.
    fn is_usual_journal(&self) -> bool {
        let mut settings = self.in_force.iter();
        let journal = settings.find(|setting| setting.name == "journal");
        journal.is_some_and(|journal| matches!(journal.source, Source::File(_)))
    }

    /// The profile, where it is the name of one.
    fn only_profile(&self) -> Option<&str> {
        match &self.profile[..] {
            [name] if !is_pattern(name) => Some(name),
            _ => None,
        }
    }

    /// Which account to open.
    #[must_use]
    pub fn target(&self) -> Target {
        if self.demo || self.demo_users.is_some() || self.demo_accounts.is_some() {
            return Target::Demo;
        }
        // Set and empty is not set.
        match self.only_profile().filter(|name| !name.is_empty()) {
            Some(name) => Target::Profile(name.into()),
            None => Target::Ambient,
        }
    }

    /// Which account to open first, and which beside it.
    ///
    /// # Errors
    /// When no profile is like a pattern, or the file of accounts cannot be read: why.
    pub async fn opening(&self) -> Result<(Target, MoreAccounts), String> {
        let mut target = self.target();
        let mut wanted = Vec::new();
        if target != Target::Demo && self.only_profile().is_none() {
            let mut names = self.profiles().await?.into_iter();
            if let Some(first) = names.next() {
                target = Target::Profile(first.into());
            }
            wanted.extend(names.map(|name| Wanted {
                profile: Some(name.into()),
                ..Wanted::default()
            }));
        }
        if let Some(path) = &self.accounts {
            wanted.extend(config::accounts_of(path)?);
        }
        let more = MoreAccounts {
            wanted,
            organisation: self.all_accounts || self.demo_accounts.is_some(),
            roles: match &self.role[..] {
                [] => roles_named(DEFAULT_ROLES),
                roles => roles_named(roles.iter().map(String::as_str)),
            },
        };
        Ok((target, more))
    }

    /// The names of the profiles that were asked for, each once.
    async fn profiles(&self) -> Result<Vec<String>, String> {
        let known = if self.profile.iter().any(|name| is_pattern(name)) {
            let known = aws::list_profiles().await;
            known.map_err(|problem| format!("{}: {}", problem.title, problem.what))?
        } else {
            ProfileList::default()
        };
        let mut names: Vec<String> = Vec::new();
        for asked in &self.profile {
            let pattern = NamePattern::new(asked);
            let known = known.profiles.iter().map(|profile| &*profile.name);
            let like: Vec<&str> = if is_pattern(asked) {
                known.filter(|name| pattern.matches(name)).collect()
            } else {
                vec![asked]
            };
            if like.is_empty() {
                return Err(format!("no profile is like {asked}"));
            }
            for name in like {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        Ok(names)
    }

    /// Where to keep the journal; none where none is wanted. Of what the demo does nothing is
    /// real, so it keeps one only where that is asked for by name.
    ///
    /// # Errors
    /// When it is not known where this person's files are.
    pub fn journal(&self) -> Result<Option<PathBuf>, journal::Error> {
        match &self.journal {
            _ if self.no_journal => Ok(None),
            Some(path) if !self.is_usual_journal() => Ok(Some(path.clone())),
            _ if self.target() == Target::Demo => Ok(None),
            Some(path) => Ok(Some(path.clone())),
            None => journal::usual_place().map(Some),
        }
    }

    /// The roles that have worked in accounts, of earlier runs too. In the demo there are no others, and
    /// its accounts are no real ones.
    #[must_use]
    pub fn known_roles(&self) -> aws::KnownRoles {
        match self.target() {
            Target::Demo => aws::KnownRoles::default(),
            _ => aws::KnownRoles::usual(),
        }
    }

    /// Begins to log, if that was asked for. What is left of the log is written when the guard is
    /// dropped.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start_log(&self) -> Result<Option<WorkerGuard>, NoLog> {
        let Some(path) = &self.log_file else {
            return Ok(None);
        };
        let started = log::start(path, self.log_level).map_err(|source| NoLog {
            path: path.clone(),
            source,
        })?;
        Ok(Some(started))
    }

    /// What does not change while the program runs.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            engine: engine::Settings {
                read_only: self.read_only,
                clear_after: Some(self.clear_clipboard).filter(|seconds| *seconds > 0),
                recent: TimeDelta::days(self.recent_days.into()),
                background: self.background,
            },
            ascii: self.ascii || !has_symbols(|name| env::var(name).ok()),
            colours: colours(|name| env::var(name).ok()),
            clipboard: route_here(self.clipboard),
            form: form(|name| env::var(name).ok()),
        }
    }

    /// What tasks work with.
    #[must_use]
    pub fn driver_config(&self, settings: &Settings) -> DriverConfig {
        DriverConfig {
            route: settings.clipboard,
            journal: JournalConfig {
                path: self.journal().map_err(|error| error.to_string()),
                demo_too: self.journal.is_some() && !self.is_usual_journal(),
            },
            trial_pace: TrialPace::default(),
            credentials: CredentialsFile::here().map_err(|error| error.to_string()),
            demo_apart: true,
            clear_after: settings
                .engine
                .clear_after
                .map(|seconds| Duration::from_secs(seconds.into())),
        }
    }

    /// How to reach the accounts.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        let (accounts, users) = (self.demo_accounts, self.demo_users);
        Accounts {
            options: aws::Options {
                // It is a target: what no profile is named for is another.
                profile: None,
                region: self.region.clone(),
                endpoint_url: self.endpoint_url.clone(),
                read_only: self.read_only,
                timeouts: aws::Timeouts::default(),
                programs: aws::Programs::default(),
                http: aws::Http::default(),
                mfa_process: self.file.mfa_process.clone().map(|(command, _)| command),
                mfa_process_terminal: self
                    .file
                    .mfa_process_terminal
                    .is_some_and(|(terminal, _)| terminal),
                write_role_cache: self.file.write_role_cache.is_some_and(|(write, _)| write),
                known_roles: self.known_roles(),
                mfa: aws::MfaSessions::default(),
                logins: aws::Logins::default(),
                embedded_login: None,
                sso_device_code: self.sso_device_code,
            },
            demo: Arc::new(move || {
                let now = SystemTime::now().into();
                let endpoint = match (accounts, users) {
                    (Some(accounts), users) => {
                        let users = users.unwrap_or(USERS_EACH);
                        Endpoint::generated(accounts as usize, users as usize, now)
                    }
                    (None, Some(users)) => Endpoint::new(Account::generated(users as usize, now)),
                    (None, None) => Endpoint::demo_organisation(now),
                };
                let endpoint = endpoint.with_delay(Delay::Plausible);
                Embedded {
                    http_client: endpoint.http_client(),
                    credentials: endpoint.sdk_credentials(),
                }
            }),
        }
    }
}

/// What was asked to be opened is not there.
#[derive(Debug)]
pub struct NoAccount(pub String);

impl fmt::Display for NoAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoAccount {}

/// The log that was asked for cannot be written.
#[derive(Debug)]
pub struct NoLog {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for NoLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, source) = (self.path.display(), &self.source);
        write!(f, "the log {path} cannot be written: {source}")
    }
}

impl std::error::Error for NoLog {}

/// What can be fetched without being asked for, by its name.
const BACKGROUNDS: [(&str, Background); 3] = [
    ("all", Background::All),
    ("visible", Background::Visible),
    ("off", Background::Off),
];

/// A file to write the log to. A pipe would hold the program up until something reads it.
fn log_file(path: PathBuf) -> Result<PathBuf, &'static str> {
    match path.metadata() {
        Ok(there) if !there.is_file() => Err("it is not a regular file"),
        _ => Ok(path),
    }
}

fn background(name: &str) -> Background {
    let known = BACKGROUNDS.iter().find(|(known, _)| *known == name);
    known.map_or_else(Background::default, |(_, background)| *background)
}

/// The colours there are. `NO_COLOR` counts where it is set to anything but nothing:
/// <https://no-color.org>.
fn colours(var: impl Fn(&str) -> Option<String>) -> Colours {
    if var("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return Colours::None;
    }
    match var("COLORTERM").as_deref() {
        Some("truecolor" | "24bit") => Colours::True,
        _ => Colours::Sixteen,
    }
}

/// Whether the terminal shows the symbols. The font of the Linux console has few of them.
fn has_symbols(var: impl Fn(&str) -> Option<String>) -> bool {
    var("TERM").is_none_or(|term| term != "linux") && is_utf8(var)
}

/// Whether the locale says that the terminal shows UTF-8. Where it says nothing at all, as in most
/// containers, it usually does.
fn is_utf8(var: impl Fn(&str) -> Option<String>) -> bool {
    if cfg!(windows) {
        return true;
    }
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(var)
        .find(|value| !value.is_empty())
        .is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

/// The form that this person's shell reads.
fn form(var: impl Fn(&str) -> Option<String>) -> Form {
    let shell = var("SHELL").unwrap_or_default();
    let name = shell.rsplit(['/', '\\']).next().unwrap_or_default();
    match name.trim_end_matches(".exe") {
        "fish" => Form::Fish,
        "pwsh" | "powershell" => Form::PowerShell,
        // Windows names none, but to who runs a shell that came from elsewhere.
        "" if cfg!(windows) => Form::PowerShell,
        _ => Form::Posix,
    }
}

/// The exit code for a way out, and what there is to say about it on standard error.
#[must_use]
pub fn goodbye(exit: Exit) -> (ExitCode, Vec<String>) {
    match exit {
        Exit::Quit(unknown) => (ExitCode::SUCCESS, unknown),
        Exit::Interrupted(unknown) => (ExitCode::from(130), unknown),
        Exit::Signal(number, unknown) => (ExitCode::from(128 + number), unknown),
        Exit::InputClosed(unknown) => (ExitCode::FAILURE, unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_number_of_demo_users_opens_the_demo() {
        let cli = Cli::parse_from(["iamkeys", "--demo-users", "100000"]);
        assert_eq!(cli.target(), Target::Demo);
        assert_eq!(Cli::parse_from(["iamkeys"]).target(), Target::Ambient);
        let empty = Cli::parse_from(["iamkeys", "--profile", ""]);
        assert_eq!(empty.target(), Target::Ambient);
        let named = Cli::parse_from(["iamkeys", "--profile", "work"]);
        assert_eq!(named.target(), Target::Profile("work".into()));
        assert!(Cli::try_parse_from(["iamkeys", "--demo-users", "100001"]).is_err());
    }

    #[test]
    fn the_journal_is_where_it_was_asked_for_and_the_demo_keeps_none_of_itself() {
        let at = |args: &[&str]| {
            let args = ["iamkeys"].iter().chain(args);
            Cli::parse_from(args).journal().unwrap()
        };
        let mine = Some(PathBuf::from("mine.jsonl"));
        assert_eq!(at(&["--journal", "mine.jsonl"]), mine);
        assert_eq!(at(&["--demo", "--journal", "mine.jsonl"]), mine);
        assert_eq!(at(&["--no-journal"]), None);
        assert_eq!(at(&["--demo"]), None);
        assert_eq!(at(&["--demo-users", "3"]), None);
        let usual = at(&[]).unwrap();
        assert!(usual.is_absolute() && usual.ends_with("iamkeys/journal.jsonl"));
        assert!(Cli::try_parse_from(["iamkeys", "--no-journal", "--journal", "x"]).is_err());
    }

    #[test]
    fn a_key_is_named_by_its_id_and_nothing_else() {
        let with = |key: &str| Cli::try_parse_from(["iamkeys", key]);
        let cli = with("akiaiosfodnn7example").unwrap();
        assert_eq!(cli.key_id.unwrap().as_str(), "AKIAIOSFODNN7EXAMPLE");
        assert_eq!(Cli::parse_from(["iamkeys"]).key_id, None);
        for (key, words) in [
            ("AKIAIOSFODNN7EXAMPL", "Too short"),
            ("ASIAIOSFODNN7EXAMPLE", "is the key of a session"),
            ("AIDAIOSFODNN7EXAMPLE", "is the ID of a user"),
            ("", "A key ID is AKIA"),
        ] {
            let error = with(key).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let error = with(secret).unwrap_err().to_string();
        assert!(error.contains("looks like a secret"), "{error}");
        assert!(
            !error.contains(secret) && !error.contains("wJalr"),
            "{error}"
        );
    }

    #[test]
    fn an_endpoint_is_a_url_without_a_password() {
        let with = |url: &str| Cli::try_parse_from(["iamkeys", "--endpoint-url", url]);
        let url = "http://127.0.0.1:5000";
        assert_eq!(with(url).unwrap().endpoint_url.as_deref(), Some(url));
        for (url, words) in [
            ("", "It is empty"),
            ("nonsense", "It is not an endpoint URL"),
            (
                "http://someone:hunter2@127.0.0.1:5000",
                "user name or password",
            ),
        ] {
            let error = with(url).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            let text = error.to_string();
            assert!(text.contains("--endpoint-url cannot be used"), "{text}");
            assert!(text.contains(words) && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_region_is_a_name() {
        let with = |name: &str| Cli::try_parse_from(["iamkeys", "--region", name]);
        assert_eq!(
            with("eu-west-1").unwrap().region.as_deref(),
            Some("eu-west-1")
        );
        for name in ["eu-west-1\r", "eu west"] {
            let error = with(name).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains("such as eu-west-1"), "{error}");
        }
    }

    #[test]
    fn the_demo_is_opened_beside_no_real_account() {
        for demo in [&["--demo"][..], &["--demo-users", "3"]] {
            for real in ["--profile", "--accounts", "--region", "--endpoint-url"] {
                let value = if real == "--endpoint-url" {
                    "http://127.0.0.1:5000"
                } else {
                    "eu-west-1"
                };
                let args = ["iamkeys", real, value];
                let error = Cli::try_parse_from(args.iter().chain(demo)).unwrap_err();
                assert_eq!(error.exit_code(), 2);
                let text = error.to_string();
                assert!(text.contains(demo[0]) && text.contains(real), "{text}");
                assert!(text.contains("cannot be used with"), "{text}");
            }
        }
    }

    #[test]
    fn a_negative_number_is_out_of_range_and_no_option() {
        for option in ["--recent-days", "--clear-clipboard", "--demo-users"] {
            let error = Cli::try_parse_from(["iamkeys", option, "-1"]).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("invalid value '-1'"), "{text}");
            assert!(text.contains("-1 is not in"), "{text}");
            assert!(!text.contains("tip:"), "{text}");
        }
    }

    #[test]
    fn numbers_have_limits() {
        let with = |args: &[&str]| Cli::try_parse_from(["iamkeys"].iter().chain(args));
        let usual = with(&[]).unwrap();
        assert_eq!((usual.recent_days, usual.clear_clipboard), (90, 90));
        for (flag, good, bad) in [
            ("--recent-days", ["1", "3650"], ["0", "3651"]),
            ("--clear-clipboard", ["0", "86400"], ["-1", "86401"]),
        ] {
            for number in good {
                let cli = with(&[flag, number]).unwrap();
                let numbers = [cli.recent_days, cli.clear_clipboard].map(|n| n.to_string());
                assert!(numbers.contains(&number.to_owned()), "{flag} {number}");
            }
            for number in bad {
                assert!(
                    with(&[&format!("{flag}={number}")]).is_err(),
                    "{flag} {number}"
                );
            }
        }
    }

    #[test]
    fn the_shell_decides_about_the_form() {
        let of = |shell: &'static str| form(|name| (name == "SHELL").then(|| shell.to_owned()));
        assert_eq!(of("/usr/bin/fish"), Form::Fish);
        assert_eq!(of("/opt/microsoft/powershell/7/pwsh"), Form::PowerShell);
        assert_eq!(of("/bin/zsh"), Form::Posix);
        assert_eq!(of("/usr/local/bin/fishy"), Form::Posix);
    }

    #[test]
    fn the_environment_decides_about_colours() {
        let with = |vars: &'static [(&str, &str)]| {
            colours(|name| {
                let found = vars.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(with(&[]), Colours::Sixteen);
        assert_eq!(with(&[("COLORTERM", "truecolor")]), Colours::True);
        assert_eq!(
            with(&[("COLORTERM", "24bit"), ("NO_COLOR", "")]),
            Colours::True
        );
        assert_eq!(with(&[("COLORTERM", "1")]), Colours::Sixteen);
        assert_eq!(
            with(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]),
            Colours::None
        );
    }

    #[test]
    fn the_locale_decides_about_symbols() {
        let with = |vars: &'static [(&str, &str)]| {
            has_symbols(|name| {
                let found = vars.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[]));
        assert!(with(&[("LANG", "en_GB.UTF-8")]));
        assert!(with(&[("LC_ALL", "C.utf8"), ("LANG", "C")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]) || cfg!(windows));
        assert!(with(&[("TERM", "linux-16color"), ("LANG", "en_GB.UTF-8")]));
        assert!(!with(&[("TERM", "linux"), ("LANG", "en_GB.UTF-8")]));
    }
}
