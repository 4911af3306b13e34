//! What the config file says of what is wrong with keys: `[policy]`, `[[rule]]` and `[[exempt]]`.

use super::{ID_LENGTH, Lines, Refusal, in_order, must_be, number_of, text_of, unknown};
use crate::engine::{
    account_rules::{NamePattern, Which},
    findings::{
        ConfigExemption, Exemption, MOST_RULES, OwnRule, Policy, PolicyPart, RULE_IDS, Severity,
    },
    query::Query,
};
use toml::de::{DeTable, DeValue};

/// The keys of `[policy]`.
const POLICY_KEYS: [&str; 8] = [
    "age",
    "unused",
    "long_unused",
    "grace",
    "inactive",
    "off",
    "severity",
    "account",
];

/// Those of `[[policy.account]]`.
const PART_KEYS: [&str; 9] = [
    "id",
    "name",
    "age",
    "unused",
    "long_unused",
    "grace",
    "inactive",
    "off",
    "severity",
];

/// Those of `[[rule]]`.
const RULE_KEYS: [&str; 5] = ["name", "when", "severity", "why", "remedy"];

/// Those of `[[exempt]]`.
const EXEMPT_KEYS: [&str; 6] = ["key", "user", "account", "rules", "until", "why"];

/// Longer than this no limit makes sense: a hundred years.
const MOST_DAYS: i64 = 36_500;

/// What is said, and in which line.
type Said = Vec<(&'static str, usize)>;

/// What was read of it so far. Which rules there are is known when everything is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    policy: Policy,
    lines: Said,
    /// The IDs of rules that something is said of, with the key and the line that say it.
    named: Vec<(Box<str>, String, usize)>,
}

impl Reading {
    /// The policy, and where what it says stands.
    pub(super) fn finish(self) -> Result<(Policy, Said), Refusal> {
        let own = self.policy.own.iter().map(|rule| &*rule.id);
        let known: Vec<&str> = RULE_IDS.into_iter().chain(own).collect();
        for (id, key, line) in &self.named {
            if !known.contains(&&**id) {
                let why = format!("there is no rule {id}; there are {}", known.join(", "));
                return Err(Refusal::of_key(*line, key, why));
            }
        }
        Ok((self.policy, self.lines))
    }

    fn name(&mut self, id: &str, key: &str, line: usize) {
        self.named.push((id.into(), key.to_owned(), line));
    }

    /// `[policy]`.
    pub(super) fn policy(
        &mut self,
        line: usize,
        value: &DeValue<'_>,
        lines: &Lines,
    ) -> Result<(), Refusal> {
        let wrong = || Refusal::of_key(line, "policy", "it is written [policy], in one bracket");
        let table = value.as_table().ok_or_else(wrong)?;
        self.lines.push(("policy", line));
        for (line, name, value) in in_order(table, lines) {
            match name {
                "account" => self.parts(line, value, lines)?,
                name if POLICY_KEYS.contains(&name) => {
                    let mut part = std::mem::take(&mut self.policy.base);
                    self.part(&mut part, line, name, value, lines)?;
                    self.policy.base = part;
                }
                name => return Err(unknown(line, name, POLICY_KEYS.into_iter())),
            }
        }
        Ok(())
    }

    /// The `[[policy.account]]` entries.
    fn parts(&mut self, line: usize, value: &DeValue<'_>, lines: &Lines) -> Result<(), Refusal> {
        for (begin, table) in tables(line, "policy.account", value, lines)? {
            let mut which = None;
            let mut part = PolicyPart::default();
            for (line, name, value) in in_order(table, lines) {
                match name {
                    "id" | "name" if which.is_some() => {
                        let why = "it has id or name, and not both; make two of them";
                        return Err(Refusal::of_key(line, name, why));
                    }
                    "id" | "name" => which = Some(account_of(line, name, value)?),
                    name if PART_KEYS.contains(&name) => {
                        self.part(&mut part, line, name, value, lines)?;
                    }
                    name => return Err(unknown(line, name, PART_KEYS.into_iter())),
                }
            }
            let which = which.ok_or_else(|| {
                let why = "it says neither id nor name, so it is about no account";
                Refusal::of_key(begin, "policy.account", why)
            })?;
            self.lines.push(("policy.account", begin));
            self.policy.accounts.push((which, part));
        }
        Ok(())
    }

    /// One key of a part.
    fn part(
        &mut self,
        part: &mut PolicyPart,
        line: usize,
        name: &str,
        value: &DeValue<'_>,
        lines: &Lines,
    ) -> Result<(), Refusal> {
        match name {
            "off" => {
                let ids = texts(line, name, value)?;
                for id in &ids {
                    self.name(id, name, line);
                }
                part.off = Some(ids);
            }
            "severity" => {
                let wrong = || must_be("a table: [policy.severity]", value);
                let table = value.as_table();
                let table = table.ok_or_else(|| Refusal::of_key(line, name, wrong()))?;
                for (line, id, value) in in_order(table, lines) {
                    self.name(id, id, line);
                    let severity = severity(line, id, value)?;
                    part.severities.push((id.into(), severity));
                }
            }
            name => {
                let days = number_of(value).ok_or_else(|| {
                    Refusal::of_key(line, name, must_be("a number of days", value))
                })?;
                let days = Some(days).filter(|days| (0..=MOST_DAYS).contains(days));
                let days = days.and_then(|days| u32::try_from(days).ok());
                let days = days.ok_or_else(|| {
                    let why = format!("it must be from 0 to {MOST_DAYS} days");
                    Refusal::of_key(line, name, why)
                })?;
                let place = match name {
                    "age" => &mut part.age,
                    "unused" => &mut part.unused,
                    "long_unused" => &mut part.long_unused,
                    "grace" => &mut part.grace,
                    _ => &mut part.inactive,
                };
                *place = Some(days);
            }
        }
        Ok(())
    }

    /// The `[[rule]]` entries.
    pub(super) fn rules(
        &mut self,
        line: usize,
        value: &DeValue<'_>,
        lines: &Lines,
    ) -> Result<(), Refusal> {
        for (begin, table) in tables(line, "rule", value, lines)? {
            let (mut named, mut when, mut how) = (None, None, None);
            let (mut why, mut remedy) = (None, None);
            for (line, name, value) in in_order(table, lines) {
                match name {
                    "severity" => how = Some(severity(line, name, value)?),
                    "name" => named = Some((line, full_text(line, name, value)?)),
                    "when" => when = Some(condition(line, value)?),
                    "why" => why = Some(full_text(line, name, value)?.into()),
                    "remedy" => remedy = Some(full_text(line, name, value)?.into()),
                    name => return Err(unknown(line, name, RULE_KEYS.into_iter())),
                }
            }
            let missing = |key: &str| Refusal::of_key(begin, "rule", format!("it has no {key}"));
            let (line, name) = named.ok_or_else(|| missing("name"))?;
            let id = OwnRule::id_of(name);
            let refuse = |why: String| Err(Refusal::of_key(line, "name", why));
            if id.is_empty() {
                return refuse("it has no letter and no digit".into());
            }
            let own = self.policy.own.iter().map(|rule| &*rule.id);
            if RULE_IDS.into_iter().chain(own).any(|known| known == id) {
                return refuse(format!("there is a rule {id} already"));
            }
            if RULE_IDS.len() + self.policy.own.len() >= MOST_RULES {
                let most = MOST_RULES - RULE_IDS.len();
                return refuse(format!("there can be {most} rules of your own"));
            }
            self.policy.own.push(OwnRule {
                id: id.into(),
                name: name.into(),
                when: when.ok_or_else(|| missing("when"))?,
                severity: how.ok_or_else(|| missing("severity"))?,
                why,
                remedy,
            });
            self.lines.push(("rule", begin));
        }
        Ok(())
    }

    /// The `[[exempt]]` entries.
    pub(super) fn exemptions(
        &mut self,
        line: usize,
        value: &DeValue<'_>,
        lines: &Lines,
    ) -> Result<(), Refusal> {
        for (begin, table) in tables(line, "exempt", value, lines)? {
            let (mut key, mut user, mut account) = (None, None, None);
            let (mut rules, mut until, mut why) = (Vec::new(), None, None);
            for (line, name, value) in in_order(table, lines) {
                match name {
                    "key" => key = Some(full_text(line, name, value)?.into()),
                    "user" => user = Some(full_text(line, name, value)?.into()),
                    "account" => account = Some(account_of(line, name, value)?),
                    "why" => why = Some(full_text(line, name, value)?.into()),
                    "until" => {
                        let text = full_text(line, name, value)?;
                        let date = Exemption::date(text);
                        until = Some(date.map_err(|why| Refusal::of_key(line, name, why))?);
                    }
                    "rules" => {
                        rules = texts(line, name, value)?;
                        for id in &rules {
                            self.name(id, name, line);
                        }
                    }
                    name => return Err(unknown(line, name, EXEMPT_KEYS.into_iter())),
                }
            }
            let refuse = |why: &str| Refusal::of_key(begin, "exempt", why);
            if key.is_none() && user.is_none() {
                return Err(refuse(
                    "it says neither key nor user, so it exempts nothing",
                ));
            }
            self.policy.exemptions.push(ConfigExemption {
                key,
                user,
                account,
                rules,
                exemption: Exemption {
                    until: until
                        .ok_or_else(|| refuse("it has no until: no exemption is for ever"))?,
                    why: why.ok_or_else(|| refuse("it has no why"))?,
                },
                line: begin,
            });
            self.lines.push(("exempt", begin));
        }
        Ok(())
    }
}

/// The tables of an array, each with its line.
fn tables<'a>(
    line: usize,
    name: &str,
    value: &'a DeValue<'_>,
    lines: &Lines,
) -> Result<Vec<(usize, &'a DeTable<'a>)>, Refusal> {
    let wrong = || {
        let why = format!("it is written [[{name}]], in two brackets, once for each");
        Refusal::of_key(line, name, why)
    };
    let entries = value.as_array().ok_or_else(wrong)?.iter();
    entries
        .map(|entry| {
            let table = entry.get_ref().as_table().ok_or_else(wrong)?;
            Ok((lines.at(entry.span().start), table))
        })
        .collect()
}

/// A string that says something.
fn full_text<'a>(line: usize, name: &str, value: &'a DeValue<'_>) -> Result<&'a str, Refusal> {
    let text = text_of(value);
    let text = text.ok_or_else(|| Refusal::of_key(line, name, must_be("a string", value)))?;
    if text.trim().is_empty() {
        return Err(Refusal::of_key(line, name, "it is empty"));
    }
    Ok(text)
}

/// A list of strings.
fn texts(line: usize, name: &str, value: &DeValue<'_>) -> Result<Vec<Box<str>>, Refusal> {
    let texts = value.as_array().and_then(|array| {
        let texts = array.iter().map(|it| text_of(it.get_ref()));
        texts.map(|text| text.map(Into::into)).collect()
    });
    texts.ok_or_else(|| Refusal::of_key(line, name, must_be("a list of strings", value)))
}

fn severity(line: usize, name: &str, value: &DeValue<'_>) -> Result<Severity, Refusal> {
    let text = full_text(line, name, value)?;
    Severity::named(text).ok_or_else(|| {
        let why = format!("it must be low, medium, high or critical, and is {text}");
        Refusal::of_key(line, name, why)
    })
}

/// Which accounts are meant: by ID, or by what their names look like.
fn account_of(line: usize, name: &str, value: &DeValue<'_>) -> Result<Which, Refusal> {
    let text = full_text(line, name, value)?;
    let is_id = text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        "id" if !is_id => {
            let why = format!("an account ID has {ID_LENGTH} digits");
            Err(Refusal::of_key(line, name, why))
        }
        "name" => Ok(Which::Named(NamePattern::new(text))),
        _ if is_id => Ok(Which::Id(text.into())),
        _ => Ok(Which::Named(NamePattern::new(text))),
    }
}

/// The condition of a rule. Plain words are refused: they are found fuzzily, and in descriptions.
fn condition(line: usize, value: &DeValue<'_>) -> Result<Box<str>, Refusal> {
    let text = full_text(line, "when", value)?;
    let query = Query::parse(text);
    let why = if let Some(error) = query.errors().first() {
        format!("{error} (in {text:?})")
    } else if query.has_plain_words() {
        format!("a rule takes fields and no plain words, as user:*web* (in {text:?})")
    } else if query.asks_findings() {
        format!("a rule cannot ask for findings (in {text:?})")
    } else if query.is_empty() {
        format!("it asks nothing (in {text:?})")
    } else {
        return Ok(text.into());
    };
    Err(Refusal::of_key(line, "when", why))
}
