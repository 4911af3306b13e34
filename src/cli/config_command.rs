//! `iamkeys config`: where the config file is, and which settings are in force and why.

use super::{Cli, in_force::Source};
use crate::engine::{
    account_rules::{AccountRule, Which},
    key_id::redacted,
    text::{visible, width},
};
use std::fmt::Write as _;

/// How wide the column of values is at most; a longer value moves what is beside it.
const VALUE: usize = 48;

impl Cli {
    /// What `iamkeys config` prints.
    #[must_use]
    pub fn describe_config(&self) -> String {
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
        text
    }

    /// A line of the config file.
    fn line(&self, line: usize) -> String {
        format!("{} line {line}", visible(&self.file.place.file_name()))
    }
}

/// A rule for accounts, in words.
fn words(rule: &AccountRule) -> String {
    let mut words = vec![match &rule.which {
        Which::Id(id) => id.to_string(),
        Which::Named(pattern) => format!("name {}", pattern.as_str()),
    }];
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
