//! The text of the config file, key by key.

use super::{
    ACCOUNT_KEYS, Config, Key, Kind, OTHER_KEYS, Position, Setting, Value, Warnings, error::Refusal,
};
use crate::engine::{
    SecretKey,
    account_rules::{AccountRule, AccountRules, AccountStyle, Colour, NamePattern, Which},
    findings::Policy,
    is_role_name,
};
use policy::Reading;
use std::env;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

mod policy;

/// The keys of a file that holds a policy and nothing else.
const POLICY_FILE_KEYS: [&str; 3] = ["policy", "rule", "exempt"];

/// How many digits an account ID has.
const ID_LENGTH: usize = 12;

/// Reads the text of a file that holds a policy and nothing else.
pub(super) fn read_policy(text: &str) -> Result<(Policy, Warnings), Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines::of(text);
    let table = parse(text, &lines)?;
    let mut policy = Reading::default();
    for (at, name, value) in in_order(table.get_ref(), &lines) {
        match name {
            "policy" => policy.policy(at, value, &lines)?,
            "rule" => policy.rules(at, value, &lines)?,
            "exempt" => policy.exemptions(at, value, &lines)?,
            _ => return Err(unknown(at, name, POLICY_FILE_KEYS.into_iter())),
        }
    }
    let (policy, _, warnings) = policy.finish()?;
    Ok((policy, warnings))
}

/// Reads a text as TOML.
fn parse<'a>(text: &'a str, lines: &Lines<'_>) -> Result<Spanned<DeTable<'a>>, Refusal> {
    DeTable::parse(text).map_err(|error| Refusal {
        at: lines.at(error.span().map_or(0, |span| span.start)),
        why: one_line(error.message()),
    })
}

/// Reads the text of a file, which may have these keys beside those of its own.
pub(super) fn read(text: &str, keys: &[Key]) -> Result<Config, Refusal> {
    // Notepad begins a file with it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines::of(text);
    let table = parse(text, &lines)?;
    let mut config = Config::default();
    let mut policy = Reading::default();
    for (at, name, value) in in_order(table.get_ref(), &lines) {
        if let Some(key) = keys.iter().find(|key| key.name == name) {
            let value = value_of(key.kind, value)
                .ok_or_else(|| Refusal::of_key(at, name, must_be(key.kind.words(), value)))?;
            let name = name.to_owned();
            let at = at.value;
            config.settings.push(Setting { name, at, value });
            continue;
        }
        match name {
            "mfa_process" => {
                let command = text_of(value)
                    .ok_or_else(|| Refusal::of_key(at, name, must_be("a string", value)))?;
                if command.trim().is_empty() {
                    return Err(Refusal::of_key(at, name, "the command is empty"));
                }
                config.mfa_process = Some((SecretKey::new(command.to_owned()), at.key.line));
            }
            "mfa_process_terminal" => {
                config.mfa_process_terminal = Some((switch(at, name, value)?, at.key.line));
            }
            "write_role_cache" => {
                config.write_role_cache = Some((switch(at, name, value)?, at.key.line));
            }
            "account" => {
                let (rules, rule_lines) = accounts(at, value, keys, &lines)?;
                config.rules = AccountRules::new(rules);
                config.rule_lines = rule_lines;
            }
            "policy" => policy.policy(at, value, &lines)?,
            "rule" => policy.rules(at, value, &lines)?,
            "exempt" => policy.exemptions(at, value, &lines)?,
            _ => {
                let own = OTHER_KEYS.iter().copied();
                let known = keys.iter().map(|key| key.name.as_str()).chain(own);
                return Err(unknown(at, name, known));
            }
        }
    }
    (config.policy, config.policy_lines, config.warnings) = policy.finish()?;
    Ok(config)
}

/// A text, and where its lines begin.
struct Lines<'a> {
    text: &'a str,
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        let begins = std::iter::once(0).chain(after).collect();
        Self { text, begins }
    }

    /// The line and column of a byte.
    fn at(&self, byte: usize) -> Position {
        let line = self.begins.partition_point(|begin| *begin <= byte);
        let begin = line.checked_sub(1).and_then(|at| self.begins.get(at));
        let before = begin.and_then(|begin| self.text.get(*begin..byte));
        let column = before.map_or(0, |before| before.chars().count()) + 1;
        Position { line, column }
    }
}

/// Where a key stands, and where its value.
#[derive(Clone, Copy, Debug)]
struct At {
    key: Position,
    value: Position,
}

impl From<At> for Position {
    /// What is wrong is the value, unless it is said that the key is.
    fn from(at: At) -> Self {
        at.value
    }
}

/// What a table holds, in the order of the lines.
fn in_order<'a>(
    table: &'a DeTable<'_>,
    lines: &Lines<'_>,
) -> impl Iterator<Item = (At, &'a str, &'a DeValue<'a>)> {
    let mut entries: Vec<(&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let with_place = entries.into_iter().map(|(key, value)| {
        let at = At {
            key: lines.at(key.span().start),
            value: lines.at(value.span().start),
        };
        (at, key.get_ref().as_ref(), value.get_ref())
    });
    with_place.collect::<Vec<_>>().into_iter()
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
fn switch(at: At, name: &str, value: &DeValue<'_>) -> Result<bool, Refusal> {
    let words = Kind::Switch.words();
    let on = value.as_bool();
    on.ok_or_else(|| Refusal::of_key(at, name, must_be(words, value)))
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
fn unknown<'a>(at: At, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Refusal {
    let flat = |name: &str| name.replace('-', "_").to_lowercase();
    let meant = known.clone().find(|known| flat(name) == *known);
    let why = match meant {
        Some(meant) => format!("unknown key; it is written {meant}"),
        None => {
            let known: Vec<&str> = known.collect();
            format!("unknown key; there are {}", known.join(", "))
        }
    };
    Refusal::of_key(at.key, name, why)
}

/// A message in one line.
fn one_line(message: &str) -> String {
    let parts: Vec<&str> = message.split_whitespace().collect();
    parts.join(" ")
}

/// The `[[account]]` entries, each with its line.
fn accounts(
    at: At,
    value: &DeValue<'_>,
    keys: &[Key],
    lines: &Lines<'_>,
) -> Result<(Vec<AccountRule>, Vec<usize>), Refusal> {
    let wrong = || {
        let why = "it is written [[account]], in two brackets, once for each rule";
        Refusal::of_key(at.key, "account", why)
    };
    let mut rules = Vec::new();
    let mut rule_lines = Vec::new();
    for entry in value.as_array().ok_or_else(wrong)? {
        let table = entry.get_ref().as_table().ok_or_else(wrong)?;
        let at = lines.at(entry.span().start);
        rules.push(account(at, table, keys, lines)?);
        rule_lines.push(at.line);
    }
    Ok((rules, rule_lines))
}

/// One `[[account]]`.
fn account(
    begin: Position,
    table: &DeTable<'_>,
    keys: &[Key],
    lines: &Lines<'_>,
) -> Result<AccountRule, Refusal> {
    let mut which = None;
    let mut style = AccountStyle::default();
    let (mut role, mut profile) = (None, None);
    for (at, name, value) in in_order(table, lines) {
        let refuse = |why: String| Refusal::of_key(at, name, why);
        if !ACCOUNT_KEYS.contains(&name) {
            let of_file = keys.iter().any(|key| key.name == name) || OTHER_KEYS.contains(&name);
            return Err(if of_file {
                Refusal::of_key(at.key, name, "it belongs above the first [[account]]")
            } else {
                unknown(at, name, ACCOUNT_KEYS.into_iter())
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
