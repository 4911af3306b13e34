//! What the config file says of what is wrong with keys: `[policy]`, `[[rule]]` and `[[exempt]]`.

use super::{
    At, ID_LENGTH, Lines, Position, Refusal, Warnings, in_order, must_be, number_of, text_of,
    unknown,
};
use crate::engine::{
    account_rules::{NamePattern, Which},
    findings::{
        ConfigExemption, Exemption, Limits, MOST_RULES, OwnRule, Policy, PolicyPart, RULE_IDS,
        Severity, usual_titles,
    },
    key_id::KeyId,
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

/// Those of them that say how long a key may be unused.
const IDLE_KEYS: [&str; 2] = ["unused", "long_unused"];

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
    /// The IDs of rules that something is said of, with the key that says it, and where.
    named: Vec<(Box<str>, String, Position)>,
    /// Where something is said of how long a key may be unused: in which part for some accounts, if in one,
    /// and by which key.
    idle: Vec<(Option<usize>, String, At)>,
    /// Where the names of own rules stand.
    titles: Vec<Position>,
    warnings: Warnings,
}

impl Reading {
    /// The policy, where what it says stands, and what of that does nothing, or not what it looks like.
    pub(super) fn finish(mut self) -> Result<(Policy, Said, Warnings), Refusal> {
        let own = self.policy.own.iter().map(|rule| &*rule.id);
        let known: Vec<&str> = RULE_IDS.into_iter().chain(own).collect();
        for (id, key, at) in &self.named {
            if !known.contains(&&**id) {
                let why = format!("there is no rule {id}; there are {}", known.join(", "));
                return Err(Refusal::of_key(*at, key, why));
            }
        }
        for (part, key, at) in &self.idle {
            let Limits {
                unused,
                long_unused,
                ..
            } = self.policy.limits(part.as_slice());
            if long_unused < unused {
                let why = format!(
                    "long_unused is {long_unused} days, and unused is {unused}: it cannot be the shorter one"
                );
                return Err(Refusal::of_key(*at, key, why));
            }
        }
        for (rule, at) in self.policy.own.iter().zip(&self.titles) {
            let mut titles = usual_titles(&self.policy);
            let same = titles.find(|(_, title)| title.eq_ignore_ascii_case(rule.name.trim()));
            if let Some((id, title)) = same {
                let why = format!(
                    "{id} is called {title:?} as well: two rules with one title cannot be told apart"
                );
                self.warnings.always.push(Refusal::of_key(*at, "name", why));
            }
        }
        Ok((self.policy, self.lines, self.warnings))
    }

    fn name(&mut self, id: &str, key: &str, at: Position) {
        self.named.push((id.into(), key.to_owned(), at));
    }

    /// `[policy]`.
    pub(super) fn policy(
        &mut self,
        at: At,
        value: &DeValue<'_>,
        lines: &Lines<'_>,
    ) -> Result<(), Refusal> {
        let wrong = || Refusal::of_key(at, "policy", "it is written [policy], in one bracket");
        let table = value.as_table().ok_or_else(wrong)?;
        self.lines.push(("policy", at.key.line));
        for (at, name, value) in in_order(table, lines) {
            match name {
                "account" => self.parts(at, value, lines)?,
                name if POLICY_KEYS.contains(&name) => {
                    if IDLE_KEYS.contains(&name) {
                        self.idle.push((None, name.to_owned(), at));
                    }
                    let mut part = std::mem::take(&mut self.policy.base);
                    self.part(&mut part, at, name, value, lines)?;
                    self.policy.base = part;
                }
                name => return Err(unknown(at, name, POLICY_KEYS.into_iter())),
            }
        }
        Ok(())
    }

    /// The `[[policy.account]]` entries.
    fn parts(&mut self, at: At, value: &DeValue<'_>, lines: &Lines<'_>) -> Result<(), Refusal> {
        for (begin, table) in tables(at, "policy.account", value, lines)? {
            let mut which = None;
            let mut part = PolicyPart::default();
            for (at, name, value) in in_order(table, lines) {
                match name {
                    "id" | "name" if which.is_some() => {
                        let why = "it has id or name, and not both; make two of them";
                        return Err(Refusal::of_key(at, name, why));
                    }
                    "id" | "name" => which = Some(account_of(at, name, value)?),
                    name if PART_KEYS.contains(&name) => {
                        if IDLE_KEYS.contains(&name) {
                            let place = self.policy.accounts.len();
                            self.idle.push((Some(place), name.to_owned(), at));
                        }
                        self.part(&mut part, at, name, value, lines)?;
                    }
                    name => return Err(unknown(at, name, PART_KEYS.into_iter())),
                }
            }
            let which = which.ok_or_else(|| {
                let why = "it says neither id nor name, so it is about no account";
                Refusal::of_key(begin, "policy.account", why)
            })?;
            part.line = begin.line;
            self.lines.push(("policy.account", begin.line));
            self.policy.accounts.push((which, part));
        }
        Ok(())
    }

    /// One key of a part.
    fn part(
        &mut self,
        part: &mut PolicyPart,
        at: At,
        name: &str,
        value: &DeValue<'_>,
        lines: &Lines<'_>,
    ) -> Result<(), Refusal> {
        match name {
            "off" => {
                let ids = texts(at, name, value)?;
                for id in &ids {
                    self.name(id, name, at.value);
                }
                part.off = Some(ids);
            }
            "severity" => {
                let wrong = || must_be("a table: [policy.severity]", value);
                let table = value.as_table();
                let table = table.ok_or_else(|| Refusal::of_key(at, name, wrong()))?;
                for (at, id, value) in in_order(table, lines) {
                    self.name(id, id, at.key);
                    let severity = severity(at, id, value)?;
                    part.severities.push((id.into(), severity));
                }
            }
            name => {
                let days = number_of(value)
                    .ok_or_else(|| Refusal::of_key(at, name, must_be("a number of days", value)))?;
                let days = Some(days).filter(|days| (0..=MOST_DAYS).contains(days));
                let days = days.and_then(|days| u32::try_from(days).ok());
                let days = days.ok_or_else(|| {
                    let is = number_of(value).unwrap_or_default();
                    let why = format!("it must be from 0 to {MOST_DAYS} days, and is {is}");
                    Refusal::of_key(at, name, why)
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
        at: At,
        value: &DeValue<'_>,
        lines: &Lines<'_>,
    ) -> Result<(), Refusal> {
        for (begin, table) in tables(at, "rule", value, lines)? {
            let (mut named, mut when, mut how) = (None, None, None);
            let (mut why, mut remedy) = (None, None);
            for (at, name, value) in in_order(table, lines) {
                match name {
                    "severity" => how = Some(severity(at, name, value)?),
                    "name" => named = Some((at, full_text(at, name, value)?)),
                    "when" => when = Some(condition(at, value)?),
                    "why" => why = Some(full_text(at, name, value)?.into()),
                    "remedy" => remedy = Some(full_text(at, name, value)?.into()),
                    name => return Err(unknown(at, name, RULE_KEYS.into_iter())),
                }
            }
            let missing = |key: &str| Refusal::of_key(begin, "rule", format!("it has no {key}"));
            let (at, name) = named.ok_or_else(|| missing("name"))?;
            let id = OwnRule::id_of(name);
            let refuse = |why: String| Err(Refusal::of_key(at, "name", why));
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
            self.titles.push(at.value);
            self.policy.own.push(OwnRule {
                id: id.into(),
                name: name.into(),
                when: when.ok_or_else(|| missing("when"))?,
                severity: how.ok_or_else(|| missing("severity"))?,
                why,
                remedy,
            });
            self.lines.push(("rule", begin.line));
        }
        Ok(())
    }

    /// The `[[exempt]]` entries.
    pub(super) fn exemptions(
        &mut self,
        at: At,
        value: &DeValue<'_>,
        lines: &Lines<'_>,
    ) -> Result<(), Refusal> {
        for (begin, table) in tables(at, "exempt", value, lines)? {
            let (mut key, mut user, mut account) = (None, None, None);
            let (mut rules, mut until, mut why) = (Vec::new(), None, None);
            for (at, name, value) in in_order(table, lines) {
                match name {
                    "key" => {
                        let text = full_text(at, name, value)?;
                        if let Some(why) = is_no_key(text) {
                            self.warnings.always.push(Refusal::of_key(at, name, why));
                        }
                        key = Some(text.into());
                    }
                    "user" => user = Some(full_text(at, name, value)?.into()),
                    "account" => account = Some(account_of(at, name, value)?),
                    "why" => why = Some(full_text(at, name, value)?.into()),
                    "until" => {
                        let text = full_text(at, name, value)?;
                        let date = Exemption::date(text);
                        let date = date.map_err(|why| Refusal::of_key(at, name, why))?;
                        self.warnings.untils.push((at.value, date));
                        until = Some(date);
                    }
                    "rules" => {
                        rules = texts(at, name, value)?;
                        for id in &rules {
                            self.name(id, name, at.value);
                        }
                    }
                    name => return Err(unknown(at, name, EXEMPT_KEYS.into_iter())),
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
                line: begin.line,
            });
            self.lines.push(("exempt", begin.line));
        }
        Ok(())
    }
}

/// Why an exemption of a key with such an ID exempts nothing; nothing where it may.
fn is_no_key(text: &str) -> Option<String> {
    let is_one = KeyId::read(text).is_ok_and(|id| id.as_str().eq_ignore_ascii_case(text));
    (!is_one).then(|| {
        format!("{text} cannot be an access key ID (AKIA and 16 letters or digits), so it exempts nothing")
    })
}

/// The tables of an array, each with its line.
fn tables<'a>(
    at: At,
    name: &str,
    value: &'a DeValue<'_>,
    lines: &Lines<'_>,
) -> Result<Vec<(Position, &'a DeTable<'a>)>, Refusal> {
    let wrong = || {
        let why = format!("it is written [[{name}]], in two brackets, once for each");
        Refusal::of_key(at, name, why)
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
fn full_text<'a>(at: At, name: &str, value: &'a DeValue<'_>) -> Result<&'a str, Refusal> {
    let text = text_of(value);
    let text = text.ok_or_else(|| Refusal::of_key(at, name, must_be("a string", value)))?;
    if text.trim().is_empty() {
        return Err(Refusal::of_key(at, name, "it is empty"));
    }
    Ok(text)
}

/// A list of strings.
fn texts(at: At, name: &str, value: &DeValue<'_>) -> Result<Vec<Box<str>>, Refusal> {
    let texts = value.as_array().and_then(|array| {
        let texts = array.iter().map(|it| text_of(it.get_ref()));
        texts.map(|text| text.map(Into::into)).collect()
    });
    texts.ok_or_else(|| Refusal::of_key(at, name, must_be("a list of strings", value)))
}

fn severity(at: At, name: &str, value: &DeValue<'_>) -> Result<Severity, Refusal> {
    let text = full_text(at, name, value)?;
    Severity::named(text).ok_or_else(|| {
        let why = format!("it must be low, medium, high or critical, and is {text}");
        Refusal::of_key(at, name, why)
    })
}

/// Which accounts are meant: by ID, or by what their names look like.
fn account_of(at: At, name: &str, value: &DeValue<'_>) -> Result<Which, Refusal> {
    let text = full_text(at, name, value)?;
    let is_id = text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        "id" if !is_id => {
            let why = format!("an account ID has {ID_LENGTH} digits");
            Err(Refusal::of_key(at, name, why))
        }
        "name" => Ok(Which::Named(NamePattern::new(text))),
        _ if is_id => Ok(Which::Id(text.into())),
        _ => Ok(Which::Named(NamePattern::new(text))),
    }
}

/// The condition of a rule. Plain words are refused: they are found fuzzily, and in descriptions.
fn condition(at: At, value: &DeValue<'_>) -> Result<Box<str>, Refusal> {
    let text = full_text(at, "when", value)?;
    let query = Query::parse(text);
    let why = if let Some(fault) = Query::first_fault(text) {
        format!("{fault} (in {text:?})")
    } else if query.has_plain_words() {
        format!("a rule takes fields and no plain words, as user:*web* (in {text:?})")
    } else if query.asks_findings() {
        format!("a rule cannot ask for findings (in {text:?})")
    } else if query.is_empty() {
        format!("it asks nothing (in {text:?})")
    } else {
        return Ok(text.into());
    };
    Err(Refusal::of_key(at, "when", why))
}
