//! Which value wins, and how a file's are refused.

use super::*;
use crate::engine::{Background, Target};
use std::fs;
use tempfile::TempDir;

/// A directory with a config file in it.
struct Home(TempDir);

impl Home {
    fn with(text: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::write(home.path(), text).unwrap();
        home
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("config.toml")
    }

    fn read(&self, args: &[&str], vars: &[(&str, &str)]) -> Result<Cli, String> {
        let path = self.path().display().to_string();
        let var = |name: &str| {
            let mut all = vars.iter().copied().chain([(ENVIRONMENT, path.as_str())]);
            all.find(|(known, _)| *known == name)
                .map(|(_, value)| value.to_owned())
        };
        let args = std::iter::once("iamkeys").chain(args.iter().copied());
        read(args.map(OsString::from), var).map_err(|refused| refused.to_string())
    }
}

/// What these say together.
fn cli(text: &str, args: &[&str], vars: &[(&str, &str)]) -> Cli {
    let read = Home::with(text).read(args, vars);
    read.unwrap_or_else(|refused| panic!("{text} {args:?}: {refused}"))
}

/// Why these are refused.
fn refused(text: &str, args: &[&str]) -> String {
    let read = Home::with(text).read(args, &[]);
    read.map(|cli| format!("{cli:?}")).expect_err(text)
}

fn source(cli: &Cli, name: &str) -> Source {
    let setting = cli.in_force.iter().find(|setting| setting.name == name);
    setting.expect(name).source.clone()
}

#[test]
fn every_flag_can_be_set_in_the_file() {
    let cli = cli(
        "profile = 'work'\n\
         region = 'eu-west-1'\n\
         endpoint_url = 'http://127.0.0.1:5000'\n\
         read_only = true\n\
         clipboard = 'osc52'\n\
         clear_clipboard = 5\n\
         recent_days = 30\n\
         journal = '/tmp/j.jsonl'\n\
         background = 'off'\n\
         ascii = true\n\
         log_file = '/tmp/log'\n\
         log_level = 'debug'\n",
        &[],
        &[],
    );
    assert_eq!(cli.profile, ["work"]);
    assert_eq!(cli.region.as_deref(), Some("eu-west-1"));
    assert_eq!(cli.endpoint_url.as_deref(), Some("http://127.0.0.1:5000"));
    assert!(cli.read_only && cli.ascii && !cli.no_journal);
    assert_eq!((cli.clear_clipboard, cli.recent_days), (5, 30));
    assert_eq!(cli.clipboard, crate::secret::clipboard::Choice::Osc52);
    assert_eq!(cli.journal.as_deref(), Some("/tmp/j.jsonl".as_ref()));
    assert_eq!(cli.background, Background::Off);
    assert_eq!(cli.log_file.as_deref(), Some("/tmp/log".as_ref()));
    let by_file = |setting: &&InForce| matches!(setting.source, Source::File(_));
    assert_eq!(cli.in_force.iter().filter(by_file).count(), 12);
    assert!(self::cli("no_journal = true", &[], &[]).no_journal);
    let fleet = self::cli("all_accounts = true\nroles = ['b', 'a']", &[], &[]);
    assert!(fleet.all_accounts);
    assert_eq!(fleet.role, ["b", "a"]);
    let typed = self::cli("roles = ['b', 'a']", &["--role", "c"], &[]);
    assert_eq!(typed.role, ["c"], "a list is replaced, not added to");
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let text = "profile = 'file'\nregion = 'eu-west-1'\nendpoint_url = 'http://127.0.0.1:1'\n";
    let by_file = cli(text, &[], &[("AWS_PROFILE", ""), ("AWS_REGION", "")]);
    assert_eq!(by_file.profile, ["file"]);
    assert_eq!(source(&by_file, "profile"), Source::File(1));
    assert_eq!(source(&by_file, "region"), Source::File(2));

    for (variable, name) in [
        ("AWS_PROFILE", "profile"),
        ("AWS_REGION", "region"),
        ("AWS_DEFAULT_REGION", "region"),
        ("AWS_ENDPOINT_URL", "endpoint_url"),
        ("AWS_ENDPOINT_URL_IAM", "endpoint_url"),
        ("AWS_ENDPOINT_URL_STS", "endpoint_url"),
    ] {
        let cli = cli(text, &[], &[(variable, "elsewhere")]);
        assert_eq!(source(&cli, name), Source::Environment(variable));
        let flags = [
            cli.profile.first(),
            cli.region.as_ref(),
            cli.endpoint_url.as_ref(),
        ];
        let set = flags.iter().flatten().count();
        assert_eq!(set, 2, "{variable} is left to the SDK");
    }

    let vars = [("AWS_PROFILE", "environment")];
    let by_flag = cli(text, &["--profile", "flag"], &vars);
    assert_eq!(by_flag.profile, ["flag"]);
    assert_eq!(source(&by_flag, "profile"), Source::CommandLine);
}

#[test]
fn keys_in_the_environment_win_over_the_file_s_profile() {
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let both = cli("profile = 'file'", &[], &keys);
    assert!(both.profile.is_empty());
    assert_eq!(
        source(&both, "profile"),
        Source::Environment("AWS_ACCESS_KEY_ID")
    );
    let half = cli("profile = 'file'", &[], &keys[..1]);
    assert_eq!(half.profile, ["file"], "they sign nothing");
}

#[test]
fn what_a_flag_excludes_is_left_out_of_the_file() {
    let text = "profile = 'work'\nregion = 'eu-west-1'\nread_only = true\naccounts = '/tmp/x'\n";
    let demo = cli(text, &["--demo"], &[]);
    assert!(demo.profile.is_empty() && demo.region.is_none() && demo.accounts.is_none());
    assert_eq!(demo.target(), Target::Demo);
    assert!(demo.read_only, "it goes with the demo");
    assert_eq!(source(&demo, "profile"), Source::Excluded("--demo".into()));

    let journal = cli("no_journal = true", &["--journal", "x"], &[]);
    assert_eq!(
        (journal.journal.is_some(), journal.no_journal),
        (true, false)
    );
    let none = cli("journal = '/tmp/x'", &["--no-journal"], &[]);
    assert_eq!((none.journal.is_some(), none.no_journal), (false, true));
}

#[test]
fn what_excludes_each_other_in_the_file_is_refused_there() {
    let said = refused("journal = '/tmp/x'\nno_journal = true\n", &[]);
    assert!(
        said.contains("config.toml, line 2, column 14: no_journal: it excludes journal (line 1)"),
        "{said}"
    );
    let off = cli("no_journal = false\njournal = '/tmp/x'\n", &[], &[]);
    assert!(off.journal.is_some(), "false excludes nothing");
}

#[test]
fn the_file_s_journal_is_not_for_what_the_demo_does() {
    let text = "journal = '/tmp/mine.jsonl'";
    let real = cli(text, &[], &[]);
    assert_eq!(real.journal().unwrap(), Some("/tmp/mine.jsonl".into()));
    assert!(!real.driver_config(&real.settings()).journal.demo_too);
    assert_eq!(cli(text, &["--demo"], &[]).journal().unwrap(), None);
    let asked = cli(text, &["--demo", "--journal", "demo.jsonl"], &[]);
    assert_eq!(asked.journal().unwrap(), Some("demo.jsonl".into()));
}

#[test]
fn a_bad_value_is_refused_with_its_line_also_where_it_does_not_count() {
    for (text, words) in [
        (
            "\nrecent_days = 0",
            "line 2, column 15: recent_days: 0 is not in 1..=3650",
        ),
        (
            "clear_clipboard = -1",
            "clear_clipboard: -1 is not in 0..=86400",
        ),
        (
            "clipboard = 'x'",
            "clipboard: it must be one of auto, osc52, system, off",
        ),
        (
            "background = 'x'",
            "background: it must be one of all, visible, off",
        ),
        ("log_level = 'x'", "log_level: it must be one of "),
        (
            "region = 'eu west'",
            "region: a region has letters, digits and hyphens",
        ),
        (
            "endpoint_url = 'x'",
            "endpoint_url: It is not an endpoint URL",
        ),
        (
            "endpoint_url = 'http://a:hunter2@b'",
            "user name or password",
        ),
        ("log_file = '/'", "log_file: it is not a regular file"),
        ("journal = ''", "journal: it is empty"),
        ("demo = true", "demo: unknown key"),
        ("demo_users = 3", "demo_users: unknown key"),
        ("demo_accounts = 3", "demo_accounts: unknown key"),
        ("role = 'x'", "role: unknown key"),
        (
            "roles = ['x', '!']",
            "roles: that is not the name of a role",
        ),
        ("config = 'x'", "config: unknown key"),
        (
            "profile = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'",
            "profile: that looks like a secret",
        ),
    ] {
        let flag = "--read-only";
        for args in [
            &[flag][..],
            &["config"],
            &["--recent-days=9", "--region=x-1"],
        ] {
            let said = refused(text, args);
            assert!(said.contains("/config.toml, line "), "{text}: {said}");
            assert!(said.contains(words), "{text}: {said}");
            assert!(
                !said.contains("hunter2") && !said.contains("MDENG"),
                "{said}"
            );
            assert!(!said.contains("--"), "no flag was typed: {said}");
        }
    }
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let home = Home::with("read_only = true");
    let other = home.0.path().join("other.toml").display().to_string();
    let said = home.read(&["--config", &other], &[]).map(drop).unwrap_err();
    assert!(said.contains("other.toml: cannot be read: "), "{said}");
    fs::write(&other, "ascii = true").unwrap();
    // The flag wins over the variable, wherever it stands.
    for args in [
        &["--config", &other][..],
        &["config", "--config", &other],
        &["--config", &other, "config"],
    ] {
        let cli = home.read(args, &[]).unwrap();
        assert!(cli.ascii && !cli.read_only, "{args:?}");
    }
    fs::remove_file(home.path()).unwrap();
    assert!(home.read(&[], &[]).is_err(), "IAMKEYS_CONFIG names it");
    let dir = home.0.path().display().to_string();
    assert!(home.read(&["--config", &dir], &[]).is_err());
    fs::write(&other, b"# caf\xc3\xa9\n# caf\xe9\n").unwrap();
    let said = home.read(&["--config", &other], &[]).map(drop).unwrap_err();
    assert!(said.contains("other.toml: not UTF-8 (line 2)"), "{said}");
}

#[test]
fn flags_count_on_either_side_of_the_subcommand_and_a_key_id_does_not() {
    for args in [&["config", "--read-only"][..], &["--read-only", "config"]] {
        let cli = cli("", args, &[]);
        assert!(cli.read_only && cli.task.is_some(), "{args:?}");
        assert_eq!(source(&cli, "read_only"), Source::CommandLine, "{args:?}");
    }
    let said = refused("", &["AKIAIOSFODNN7EXAMPLE", "config"]);
    assert!(
        said.contains("cannot be used with the subcommand config"),
        "{said}"
    );
    let plain = cli("", &["AKIAIOSFODNN7EXAMPLE"], &[]);
    assert!(plain.key_id.is_some() && plain.task.is_none());
}

#[test]
fn a_leaked_key_is_named_after_the_subcommand_and_a_secret_there_is_not_repeated() {
    for args in [
        &["leaked", "AKIAIOSFODNN7EXAMPLE", "--read-only"][..],
        &["--read-only", "leaked", "akiaiosfodnn7example"],
    ] {
        let cli = cli("", args, &[]);
        let key = cli.leaked().map(crate::engine::KeyId::as_str);
        assert_eq!(key, Some("AKIAIOSFODNN7EXAMPLE"), "{args:?}");
        assert!(cli.read_only && cli.key_id.is_none(), "{args:?}");
    }
    let bedrock = format!("ABSKQmVkcm9ja0FQSUtleS{}", "aB3/".repeat(27));
    for (secret, what) in [
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a secret"),
        (&bedrock, "a Bedrock API key"),
    ] {
        let said = refused("", &["leaked", secret]);
        assert!(said.contains(what), "{said}");
        assert!(!said.contains(&secret[..24]), "{said}");
    }
    refused("", &["leaked"]);
}

#[test]
fn the_settings_are_printed_with_where_they_come_from() {
    let text = "read_only = true\n\
                mfa_process = 'ykman oath accounts code --single aws'\n\
                mfa_process_terminal = true\n\
                write_role_cache = true\n\
                [[account]]\n\
                id = '123456789012'\n\
                label = 'payments'\n\
                production = true\n\
                colour = 'red'\n";
    let vars = [
        ("AWS_PROFILE", "work"),
        ("AWS_ENDPOINT_URL", "http://a:hunter2@b"),
    ];
    let cli = cli(text, &["config", "--recent-days", "7"], &vars);
    let said = cli.describe_config(chrono::NaiveDate::default());
    let has = |wanted: &str| {
        let squeezed = said.lines().map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.join(" ")
        });
        let found = squeezed.into_iter().any(|line| line == wanted);
        assert!(found, "{wanted}\n{said}");
    };
    has("read_only yes config.toml line 1");
    has("ascii no default");
    has("recent_days 7 command line");
    has("clear_clipboard 90 default");
    has("profile work environment AWS_PROFILE");
    has("region not set default");
    has("endpoint_url not an endpoint URL environment AWS_ENDPOINT_URL");
    has("mfa_process ykman … config.toml line 2");
    has("mfa_process_terminal yes config.toml line 3");
    has("write_role_cache yes config.toml line 4");
    has("account 123456789012, called payments, production, red config.toml line 5");
    assert!(said.contains("journal.jsonl"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let mut lines = said.lines();
    assert!(lines.next().unwrap().ends_with("config.toml"), "{said}");
    let known_roles = lines.next().unwrap();
    let file = known_roles.strip_prefix("known roles  ").expect(&said);
    assert!(file.ends_with("roles.json"), "{said}");
    let of_demo = self::cli("", &["--demo", "config"], &[]);
    assert!(of_demo.known_roles().path().is_none());
}

#[test]
fn no_secret_is_printed() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let text = format!(
        "journal = '{secret}'\nmfa_process = 'x {secret}'\n[[account]]\nname = '{secret}'\n"
    );
    let vars = [("AWS_PROFILE", secret), ("AWS_REGION", secret)];
    let said = cli(&text, &["config"], &vars).describe_config(chrono::NaiveDate::default());
    assert!(
        !said.contains("MDENG") && said.contains("[redacted]"),
        "{said}"
    );
}

/// The README's table of keys, from what the program knows.
#[test]
fn the_readme_has_every_key() {
    let readme = include_str!("../../../README.md");
    let (_, section) = readme
        .split_once("\n## Configuration\n")
        .expect("the section");
    let (section, _) = section.split_once("\n## ").unwrap();
    let command = command();
    let keys = settings(&command).into_iter().map(|(_, key)| key.name);
    let own = crate::config::OTHER_KEYS
        .into_iter()
        .filter(|key| !["account", "policy", "rule", "exempt"].contains(key));
    let of_accounts = crate::config::ACCOUNT_KEYS;
    let expected: Vec<String> = keys
        .chain(own.chain(of_accounts).map(str::to_owned))
        .collect();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed = rows.filter_map(|row| row.split_once(" |"));
    let listed: Vec<&str> = listed
        .flat_map(|(names, _)| names.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect();
    for key in &expected {
        assert!(listed.contains(&key.as_str()), "the README lacks {key}");
    }
    for key in listed {
        assert!(expected.iter().any(|it| it == key), "there is no {key}");
    }
}

#[test]
fn what_of_the_policy_does_nothing_is_said_below_the_settings() {
    let text = "[[exempt]]\nuser = 'x'\nuntil = '1969-12-31'\nwhy = 'y'\n";
    let said = cli(text, &["config"], &[]).describe_config(chrono::NaiveDate::default());
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("warning: "), "{said}");
    let words = "config.toml, line 3, column 9: until: 1969-12-31 is over";
    assert!(last.contains(words), "{said}");
}
