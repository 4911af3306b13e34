//! `iamkeys config`: where the config file is, and which settings are in force and why.

use super::{Cli, in_force::Source};
use crate::engine::{
    account_rules::{AccountRule, Which},
    findings::{ConfigExemption, PolicyPart},
    key_id::redacted,
    text::{visible, width},
};
use chrono::NaiveDate;
use std::fmt::Write as _;

/// How wide the column of values is at most; a longer value moves what is beside it.
const VALUE: usize = 48;

impl Cli {
    /// What `iamkeys config` prints on a day (UTC).
    #[must_use]
    pub fn describe_config(&self, today: NaiveDate) -> String {
        let mut text = String::new();
        let file = &self.file;
        let path = match &file.place.path {
            Some(path) => path.display().to_string(),
            None => "none: the home directory is not known".into(),
        };
        let there = if file.is_there { "" } else { " (not there)" };
        let _ = writeln!(text, "config file  {}{there}", visible(&path));
        if let Some(path) = self.known_roles().path() {
            let _ = writeln!(
                text,
                "known roles  {}",
                visible(&path.display().to_string())
            );
        }
        text.push('\n');
        let mut rows: Vec<[String; 3]> = Vec::new();
        for setting in &self.in_force {
            let mut value = setting.value.clone();
            if setting.name == "journal" && value.is_empty() && !self.no_journal {
                // Which is worth knowing: a file that is there by itself.
                let usual = self.journal().ok().flatten();
                value = usual.map_or(value, |path| path.display().to_string());
            }
            let source = match &setting.source {
                Source::CommandLine => "command line".into(),
                Source::Excluded(by) => format!("command line: {by} excludes it"),
                Source::Environment(variable) => format!("environment {variable}"),
                Source::File(line) => self.line(*line),
                Source::Default => "default".into(),
            };
            rows.push([setting.name.clone(), value, source]);
        }
        let process = file.mfa_process.as_ref();
        let (command, from) =
            process.map_or((String::new(), "default".into()), |(command, line)| {
                // It may hold the seed of a device.
                let program = command
                    .expose()
                    .split_whitespace()
                    .next()
                    .unwrap_or_default();
                (format!("{} …", redacted(program)), self.line(*line))
            });
        rows.push(["mfa_process".into(), command, from]);
        for (name, switch) in [
            ("mfa_process_terminal", file.mfa_process_terminal),
            ("write_role_cache", file.write_role_cache),
        ] {
            let (on, from) = match switch {
                Some((on, line)) => (on, self.line(line)),
                None => (false, "default".into()),
            };
            let on = if on { "yes" } else { "no" };
            rows.push([name.into(), on.into(), from]);
        }
        for (rule, line) in file.rules.all().iter().zip(&file.rule_lines) {
            rows.push(["account".into(), words(rule), self.line(*line)]);
        }
        rows.extend(self.policy_rows());
        for row in &mut rows {
            let value = if row[1].is_empty() {
                "not set"
            } else {
                &row[1]
            };
            row[1] = visible(value).into_owned();
        }
        let cells = rows.iter().map(|[_, value, _]| width(value)).max();
        let cells = cells.unwrap_or_default().min(VALUE);
        for [name, value, source] in rows {
            let gap = " ".repeat(cells.saturating_sub(width(&value)));
            let _ = writeln!(text, "{name:<20}  {value}{gap}  {source}");
        }
        let warnings = file.warnings.on(today);
        if !warnings.is_empty() {
            text.push('\n');
        }
        for warning in warnings {
            let _ = writeln!(text, "warning: {}", visible(&warning));
        }
        text
    }

    /// What the policy says, each with its line.
    fn policy_rows(&self) -> Vec<[String; 3]> {
        let policy = &self.file.policy;
        let mut parts = policy.accounts.iter();
        let mut own = policy.own.iter();
        let mut exemptions = policy.exemptions.iter();
        let said = self.file.policy_lines.iter();
        let mut rows: Vec<[String; 3]> = said
            .filter_map(|(what, line)| {
                let value = match *what {
                    "policy" => part_words(&policy.base),
                    "policy.account" => {
                        let (which, part) = parts.next()?;
                        format!("{}, {}", which_words(which), part_words(part))
                    }
                    "rule" => {
                        let rule = own.next()?;
                        format!("{} ({}): {}", rule.id, rule.severity.name(), rule.when)
                    }
                    _ => exemption_words(exemptions.next()?),
                };
                Some([(*what).to_owned(), redacted(&value), self.line(*line)])
            })
            .collect();
        if rows.iter().all(|row| row[0] != "policy") {
            let usual = part_words(&policy.base);
            rows.insert(0, ["policy".into(), usual, "default".into()]);
        }
        rows
    }

    /// A line of the config file.
    fn line(&self, line: usize) -> String {
        format!("{} line {line}", visible(&self.file.place.file_name()))
    }
}

/// Accounts, in words.
fn which_words(which: &Which) -> String {
    match which {
        Which::Id(id) => id.to_string(),
        Which::Named(pattern) => format!("name {}", pattern.as_str()),
    }
}

/// What a part of the policy says.
fn part_words(part: &PolicyPart) -> String {
    let limits = [
        ("age", part.age),
        ("unused", part.unused),
        ("long_unused", part.long_unused),
        ("grace", part.grace),
        ("inactive", part.inactive),
    ];
    let limits = limits.into_iter();
    let limits = limits.filter_map(|(name, days)| Some(format!("{name} {}d", days?)));
    let off = part.off.iter().map(|off| format!("off {}", off.join(" ")));
    let severities = part.severities.iter();
    let severities = severities.map(|(id, severity)| format!("{id} {}", severity.name()));
    let words: Vec<String> = limits.chain(off).chain(severities).collect();
    words.join(", ")
}

/// An exemption, in words.
fn exemption_words(it: &ConfigExemption) -> String {
    let key = it.key.iter().map(|key| format!("key {key}"));
    let user = it.user.iter().map(|user| format!("user {user}"));
    let account = it.account.iter().map(which_words);
    let rules = (!it.rules.is_empty()).then(|| format!("from {}", it.rules.join(" ")));
    let until = format!("until {}: {}", it.exemption.until, it.exemption.why);
    let words = key.chain(user).chain(account).chain(rules).chain([until]);
    words.collect::<Vec<String>>().join(", ")
}

/// A rule for accounts, in words.
fn words(rule: &AccountRule) -> String {
    let mut words = vec![which_words(&rule.which)];
    let style = &rule.style;
    words.extend(style.label.iter().map(|label| format!("called {label}")));
    words.extend(style.production.map(|production| {
        let production = if production {
            "production"
        } else {
            "not production"
        };
        production.to_owned()
    }));
    words.extend(style.colour.map(|colour| colour.name().to_owned()));
    words.extend(rule.role.iter().map(|role| format!("role {role}")));
    words.extend(
        rule.profile
            .iter()
            .map(|profile| format!("profile {profile}")),
    );
    redacted(&words.join(", "))
}
