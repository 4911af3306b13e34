//! The values of records. What is not known is null, and never an empty claim.

use crate::engine::Parts;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Value {
    /// Not known, or not there.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// A name that this program has given.
    Name(&'static str),
    /// A time, in UTC.
    Time(DateTime<Utc>),
    /// A list of names.
    List(Vec<String>),
    /// Something that is made of several, and what a text says instead.
    Made(serde_json::Value, String),
}

impl Value {
    pub(super) fn name(name: &'static str) -> Self {
        Self::Name(name)
    }

    /// It as a text; none of what is not known.
    pub(in crate::commands) fn text(&self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => value.clone(),
            Self::Name(value) => (*value).to_owned(),
            Self::Time(value) => rfc3339(*value),
            Self::List(names) => names.join(" "),
            Self::Made(_, text) => text.clone(),
        })
    }

    /// The same for people.
    pub(in crate::commands) fn words(&self) -> String {
        match self {
            Self::Null => "?".into(),
            Self::Bool(true) => "yes".into(),
            Self::Bool(false) => "no".into(),
            Self::Time(value) => value.format("%Y-%m-%d %H:%M").to_string(),
            value => value.text().unwrap_or_default(),
        }
    }
}

/// A time as machines read it, to the second: AWS tells no more.
pub(super) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_none(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(value) => to.serialize_i64(*value),
            Self::Text(value) => to.serialize_str(value),
            Self::Name(value) => to.serialize_str(value),
            Self::Time(value) => to.serialize_str(&rfc3339(*value)),
            Self::List(names) => names.serialize(to),
            Self::Made(value, _) => value.serialize(to),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Number(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&Box<str>> for Value {
    fn from(value: &Box<str>) -> Self {
        Self::Text(value.to_string())
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Time(value)
    }
}

impl From<&DateTime<Utc>> for Value {
    fn from(value: &DateTime<Utc>) -> Self {
        Self::Time(*value)
    }
}

impl<T: Copy + Into<Value>> From<&Option<T>> for Value {
    fn from(value: &Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&Option<Vec<String>>> for Value {
    fn from(value: &Option<Vec<String>>) -> Self {
        value.clone().map_or(Self::Null, Self::List)
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        value.as_ref().map_or(Self::Null, Into::into)
    }
}

/// A column: what it is called, what it needs to be known, and its value in a record.
pub(in crate::commands) struct Column<R> {
    /// Its name in JSON and CSV.
    pub(in crate::commands) name: &'static str,
    /// What stands above it in a table.
    pub(in crate::commands) title: &'static str,
    /// Whether it stands at the right in a table.
    pub(in crate::commands) is_right: bool,
    /// What has to be asked for it.
    pub(in crate::commands) needs: Parts,
    /// Its value.
    pub(in crate::commands) value: fn(&R) -> Value,
    /// What a table says instead.
    pub(in crate::commands) words: Option<fn(&R) -> String>,
    /// Whether a table says nothing where there is none.
    is_blank: bool,
}

impl<R> Column<R> {
    pub(in crate::commands) const fn new(
        name: &'static str,
        title: &'static str,
        value: fn(&R) -> Value,
    ) -> Self {
        Self {
            name,
            title,
            is_right: false,
            needs: NOTHING,
            value,
            words: None,
            is_blank: false,
        }
    }

    pub(in crate::commands) const fn right(mut self) -> Self {
        self.is_right = true;
        self
    }

    pub(in crate::commands) const fn needs(mut self, needs: Parts) -> Self {
        self.needs = needs;
        self
    }

    pub(in crate::commands) const fn words(mut self, words: fn(&R) -> String) -> Self {
        self.words = Some(words);
        self
    }

    /// A table says nothing where there is none, which is no gap.
    pub(in crate::commands) const fn or_blank(mut self) -> Self {
        self.is_blank = true;
        self
    }

    /// What a table says of a record.
    pub(in crate::commands) fn told(&self, record: &R) -> String {
        match (self.words, (self.value)(record)) {
            (Some(words), _) => words(record),
            (None, Value::Null) if self.is_blank => String::new(),
            (None, value) => value.words(),
        }
    }
}

/// What is in an account.
pub(in crate::commands) trait InAccount {
    /// The account's ID, and what it is called, as far as they are known.
    fn account(&self) -> [&Option<String>; 2];
}

impl<R: InAccount> Column<R> {
    /// The account's ID.
    pub(in crate::commands) const ACCOUNT: Self =
        Self::new("account", "account ID", |it| it.account()[0].into());

    /// What it is called; in a table its ID, where it is called nothing.
    pub(in crate::commands) const ACCOUNT_NAME: Self =
        Self::new("account_name", "account", |it| it.account()[1].into()).words(|it| {
            let [id, name] = it.account();
            let called = name.as_ref().or(id.as_ref());
            called.map_or_else(|| "?".into(), String::clone)
        });
}

/// No part of an account.
pub(in crate::commands) const NOTHING: Parts = Parts {
    report: false,
    summary: false,
    keys: false,
    uses: false,
    unreported: false,
    details: false,
    tags: false,
    power: false,
    quarantine: false,
};
