//! The text of the config file, key by key.

use super::{ACCOUNT_KEYS, Config, Key, Kind, OTHER_KEYS, Setting, Value, error::Refusal};
use crate::engine::{
    SecretKey,
    account_rules::{AccountRule, AccountRules, AccountStyle, Colour, NamePattern, Which},
    is_role_name,
};
use policy::Reading;
use std::env;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

mod policy;

/// How many digits an account ID has.
const ID_LENGTH: usize = 12;

/// Reads the text of a file, which may have these keys beside those of its own.
pub(super) fn read(text: &str, keys: &[Key]) -> Result<Config, Refusal> {
    // Notepad begins a file with it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| Refusal {
        line: error.span().map_or(1, |span| lines.at(span.start)),
        why: one_line(error.message()),
    })?;
    let mut config = Config::default();
    let mut policy = Reading::default();
    for (line, name, value) in in_order(table.get_ref(), &lines) {
        if let Some(key) = keys.iter().find(|key| key.name == name) {
            let value = value_of(key.kind, value)
                .ok_or_else(|| Refusal::of_key(line, name, must_be(key.kind.words(), value)))?;
            let name = name.to_owned();
            config.settings.push(Setting { name, line, value });
            continue;
        }
        match name {
            "mfa_process" => {
                let command = text_of(value)
                    .ok_or_else(|| Refusal::of_key(line, name, must_be("a string", value)))?;
                if command.trim().is_empty() {
                    return Err(Refusal::of_key(line, name, "the command is empty"));
                }
                config.mfa_process = Some((SecretKey::new(command.to_owned()), line));
            }
            "mfa_process_terminal" => {
                config.mfa_process_terminal = Some((switch(line, name, value)?, line));
            }
            "write_role_cache" => {
                config.write_role_cache = Some((switch(line, name, value)?, line));
            }
            "account" => {
                let (rules, rule_lines) = accounts(line, value, keys, &lines)?;
                config.rules = AccountRules::new(rules);
                config.rule_lines = rule_lines;
            }
            "policy" => policy.policy(line, value, &lines)?,
            "rule" => policy.rules(line, value, &lines)?,
            "exempt" => policy.exemptions(line, value, &lines)?,
            _ => {
                let own = OTHER_KEYS.iter().copied();
                let known = keys.iter().map(|key| key.name.as_str()).chain(own);
                return Err(unknown(line, name, known));
            }
        }
    }
    (config.policy, config.policy_lines) = policy.finish()?;
    Ok(config)
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(after).collect())
    }

    /// The line of a place, from 1.
    fn at(&self, place: usize) -> usize {
        self.0.partition_point(|begin| *begin <= place)
    }
}

/// What a table holds, in the order of the lines.
fn in_order<'a>(
    table: &'a DeTable<'_>,
    lines: &Lines,
) -> impl Iterator<Item = (usize, &'a str, &'a DeValue<'a>)> {
    let mut entries: Vec<(&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let with_line = entries.into_iter().map(|(key, value)| {
        let line = lines.at(key.span().start);
        (line, key.get_ref().as_ref(), value.get_ref())
    });
    with_line.collect::<Vec<_>>().into_iter()
}

/// A value of a kind; none where it is of another.
fn value_of(kind: Kind, value: &DeValue<'_>) -> Option<Value> {
    let one = |text: String| Value::Texts(vec![text]);
    match kind {
        Kind::Switch => value.as_bool().map(Value::Switch),
        Kind::Number => number_of(value).map(|number| one(number.to_string())),
        Kind::Text => text_of(value).map(|text| one(text.to_owned())),
        Kind::Path => text_of(value).map(|text| one(from_home(text))),
        Kind::Texts => match value.as_array() {
            None => text_of(value).map(|text| one(text.to_owned())),
            Some(array) => {
                let texts = array.iter().map(|it| text_of(it.get_ref()));
                let texts = texts.map(|text| text.map(str::to_owned));
                texts.collect::<Option<_>>().map(Value::Texts)
            }
        },
    }
}

/// The value of a key that is `true` or `false`.
fn switch(line: usize, name: &str, value: &DeValue<'_>) -> Result<bool, Refusal> {
    let words = Kind::Switch.words();
    let on = value.as_bool();
    on.ok_or_else(|| Refusal::of_key(line, name, must_be(words, value)))
}

fn text_of<'a>(value: &'a DeValue<'_>) -> Option<&'a str> {
    value.as_str()
}

fn number_of(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A path with `~/` at its start replaced.
fn from_home(path: &str) -> String {
    let rest = path.strip_prefix("~/");
    match rest.and_then(|rest| Some(env::home_dir()?.join(rest))) {
        Some(path) => path.to_string_lossy().into_owned(),
        None => path.to_owned(),
    }
}

/// What a value must be, and what it is.
fn must_be(words: &str, value: &DeValue<'_>) -> String {
    let is = match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("it must be {words}, and is {is}")
}

/// A key that is not known; with the one that was meant, if one is like it.
fn unknown<'a>(line: usize, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Refusal {
    let flat = |name: &str| name.replace('-', "_").to_lowercase();
    let meant = known.clone().find(|known| flat(name) == *known);
    let why = match meant {
        Some(meant) => format!("unknown key; it is written {meant}"),
        None => {
            let known: Vec<&str> = known.collect();
            format!("unknown key; there are {}", known.join(", "))
        }
    };
    Refusal::of_key(line, name, why)
}

/// A message in one line.
fn one_line(message: &str) -> String {
    let parts: Vec<&str> = message.split_whitespace().collect();
    parts.join(" ")
}

/// The `[[account]]` entries, each with its line.
fn accounts(
    line: usize,
    value: &DeValue<'_>,
    keys: &[Key],
    lines: &Lines,
) -> Result<(Vec<AccountRule>, Vec<usize>), Refusal> {
    let wrong = || {
        let why = "it is written [[account]], in two brackets, once for each rule";
        Refusal::of_key(line, "account", why)
    };
    let mut rules = Vec::new();
    let mut rule_lines = Vec::new();
    for entry in value.as_array().ok_or_else(wrong)? {
        let table = entry.get_ref().as_table().ok_or_else(wrong)?;
        let line = lines.at(entry.span().start);
        rules.push(account(line, table, keys, lines)?);
        rule_lines.push(line);
    }
    Ok((rules, rule_lines))
}

/// One `[[account]]`.
fn account(
    begin: usize,
    table: &DeTable<'_>,
    keys: &[Key],
    lines: &Lines,
) -> Result<AccountRule, Refusal> {
    let mut which = None;
    let mut style = AccountStyle::default();
    let (mut role, mut profile) = (None, None);
    for (line, name, value) in in_order(table, lines) {
        let refuse = |why: String| Refusal::of_key(line, name, why);
        if !ACCOUNT_KEYS.contains(&name) {
            let of_file = keys.iter().any(|key| key.name == name) || OTHER_KEYS.contains(&name);
            return Err(if of_file {
                refuse("it belongs above the first [[account]]".into())
            } else {
                unknown(line, name, ACCOUNT_KEYS.into_iter())
            });
        }
        if name == "production" {
            let production = value.as_bool();
            let words = Kind::Switch.words();
            style.production = Some(production.ok_or_else(|| refuse(must_be(words, value)))?);
            continue;
        }
        let text = text_of(value).ok_or_else(|| refuse(must_be("a string", value)))?;
        if text.trim().is_empty() {
            return Err(refuse("it is empty".into()));
        }
        match name {
            "id" | "name" if which.is_some() => {
                let why = "a rule has id or name, and not both; make two rules";
                return Err(refuse(why.into()));
            }
            "id" => {
                if text.len() != ID_LENGTH || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(refuse(format!("an account ID has {ID_LENGTH} digits")));
                }
                which = Some(Which::Id(text.into()));
            }
            "name" => which = Some(Which::Named(NamePattern::new(text))),
            "label" | "alias" if style.label.is_some() => {
                return Err(refuse("label and alias are the same thing".into()));
            }
            "label" | "alias" => style.label = Some(text.into()),
            "colour" => {
                let colour = Colour::named(text).ok_or_else(|| {
                    let names: Vec<&str> = Colour::ALL.iter().map(|it| it.name()).collect();
                    refuse(format!("it must be one of {}", names.join(", ")))
                })?;
                style.colour = Some(colour);
            }
            "role" if !is_role_name(text) => {
                return Err(refuse("it is the name of a role, and no ARN".into()));
            }
            "role" => role = Some(text.into()),
            _ => profile = Some(text.into()),
        }
    }
    let which = which.ok_or_else(|| {
        let why = "it says neither id nor name, so it is about no account";
        Refusal::of_key(begin, "account", why)
    })?;
    Ok(AccountRule {
        which,
        style,
        role,
        profile,
    })
}

#[cfg(test)]
mod tests;
