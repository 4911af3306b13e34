//! JSON becomes a plan, or is refused with the place of what is wrong.

use super::{FORMAT, VERSION, action_named, hash_of, held_named, status_named};
use crate::engine::{
    BulkAction,
    bulk::{Document, DocumentAccount, DocumentKey, Reviewed},
    model::{KeyStatus, LastUsed},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value, error::Category};
use std::collections::HashSet;

/// A time as RFC 3339 has it.
struct Time(DateTime<Utc>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match DateTime::parse_from_rfc3339(&text) {
            Ok(time) => Ok(Self(time.into())),
            Err(error) => Err(D::Error::custom(format!("{text:?} is not a time: {error}"))),
        }
    }
}

/// A part that may be null, and is there all the same.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    action: String,
    made_at: Time,
    #[serde(deserialize_with = "nullable")]
    made_by: Option<String>,
    undoes: bool,
    policy: Policy,
    accounts: Vec<Account>,
    keys: Vec<Key>,
    hash: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    recent_days: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    #[serde(deserialize_with = "nullable")]
    id: Option<String>,
    name: String,
    #[serde(deserialize_with = "nullable")]
    endpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    #[serde(deserialize_with = "nullable")]
    account: Option<String>,
    account_index: usize,
    user: Box<str>,
    #[serde(rename = "key_id")]
    id: Box<str>,
    step: String,
    why: Box<str>,
    status: String,
    #[serde(deserialize_with = "nullable")]
    created: Option<Time>,
    #[serde(deserialize_with = "nullable")]
    last_used: Option<Time>,
    #[serde(deserialize_with = "nullable")]
    never_used: Option<bool>,
    other_keys: Vec<Box<str>>,
    other_keys_active: usize,
    #[serde(deserialize_with = "nullable")]
    held_back: Option<String>,
    also_held_back: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    exempt: Option<String>,
    included: bool,
}

impl Key {
    /// The key, or what is wrong with it.
    fn read(self, action: BulkAction, accounts: &[DocumentAccount]) -> Result<DocumentKey, String> {
        let account = accounts.get(self.account_index);
        let account = account.ok_or("account_index: there is no such account")?;
        if account.id != self.account {
            return Err("account: it is not the one that account_index names".into());
        }
        if !is_user_name(&self.user) {
            return Err(format!("user: {:?} is not the name of a user", self.user));
        }
        if !is_key_id(&self.id) {
            return Err(format!("key_id: {:?} is not the ID of a key", self.id));
        }
        if let Some(other) = self.other_keys.iter().find(|other| !is_key_id(other)) {
            return Err(format!("other_keys: {other:?} is not the ID of a key"));
        }
        is_plain("why", &self.why)?;
        is_plain("exempt", self.exempt.as_deref().unwrap_or_default())?;
        let step = action_named(&self.step).ok_or_else(|| {
            format!(
                "step: {:?} is not deactivate, activate or delete",
                self.step
            )
        })?;
        let status = status_named(&self.status);
        if step == BulkAction::Delete && status != KeyStatus::Inactive {
            return Err(format!(
                "step: a key that is {} is not deleted",
                status.word()
            ));
        }
        let fits =
            step == action || (action == BulkAction::Delete && step == BulkAction::Deactivate);
        if !fits {
            let action = action.verb();
            return Err(format!("step: {:?} in a plan to {action}", self.step));
        }
        let last_used = match (self.last_used, self.never_used) {
            (Some(Time(time)), Some(false)) => Some(LastUsed::At {
                time,
                service: None,
                region: None,
            }),
            (None, Some(true)) => Some(LastUsed::Never),
            (None, None) => None,
            _ => return Err("last_used and never_used contradict each other".into()),
        };
        let held = |part: &str, name: &String| {
            let held = held_named(name, self.exempt.as_deref(), &status);
            held.ok_or_else(|| format!("{part}: {name:?} is not known"))
        };
        let held_back = self.held_back.as_ref();
        let held_back = held_back.map(|name| held("held_back", name)).transpose()?;
        let also = self.also_held_back.iter();
        let also = also.map(|name| held("also_held_back", name));
        let also_held = also.collect::<Result<Vec<_>, _>>()?;
        if held_back.is_none() && !also_held.is_empty() {
            return Err("also_held_back: there is no held_back".into());
        }
        if self.included
            && held_back
                .as_ref()
                .is_some_and(|held| !held.can_be_included())
        {
            return Err("included: there is nothing to be done to it".into());
        }
        Ok(DocumentKey {
            account: self.account_index,
            user: self.user,
            key: self.id,
            step,
            why: self.why,
            reviewed: Reviewed {
                status,
                created: self.created.map(|time| time.0),
                last_used,
                others: self.other_keys,
                others_active: self.other_keys_active,
            },
            held_back,
            also_held,
            included: self.included,
        })
    }
}

/// What IAM allows in the name of a user: the pattern `[\w+=,.@-]+`, at most 64 long.
fn is_user_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    (1..=64).contains(&text.len()) && text.chars().all(fits)
}

/// What IAM allows in the ID of a key: the pattern `\w+`, 16 to 128 long.
fn is_key_id(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (16..=128).contains(&text.len()) && text.chars().all(fits)
}

/// Words are on one line, and do nothing to a terminal.
fn is_plain(part: &str, text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(format!("{part}: {c:?} has no place in it")),
        None => Ok(()),
    }
}

/// What is wrong with the text, and where: the reader of JSON has words for programmers.
fn unread(error: &serde_json::Error) -> String {
    let place = format!("line {} column {}", error.line(), error.column());
    match error.classify() {
        Category::Syntax => format!("not a plan: not valid JSON at {place}"),
        Category::Eof => format!("not a plan: not valid JSON: it ends too early, at {place}"),
        Category::Io | Category::Data => {
            let words = error.to_string();
            let words = words
                .strip_suffix(&format!(" at {place}"))
                .unwrap_or(&words);
            let words = words.split(", expected one of").next().unwrap_or(words);
            format!("not a plan: {words}, at {place}")
        }
    }
}

/// The object that is meant here.
fn object<'a>(place: &str, value: Option<&'a Value>) -> Result<&'a Map<String, Value>, String> {
    let what = match value {
        Some(Value::Object(parts)) => return Ok(parts),
        None => return Err(format!("not a plan: {place} is missing")),
        Some(Value::Null) => "null",
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => "a single value",
        Some(Value::Array(_)) => "a list",
    };
    Err(format!("not a plan: {place} is {what} and not an object"))
}

/// Holds the parts that are objects, or lists of these: a list of values would be taken for one.
fn has_its_shape(parts: &Map<String, Value>) -> Result<(), String> {
    object("policy", parts.get("policy"))?;
    for name in ["accounts", "keys"] {
        let list = parts.get(name).and_then(Value::as_array);
        let list = list.ok_or_else(|| format!("not a plan: {name} is not a list"))?;
        for (at, part) in list.iter().enumerate() {
            object(&format!("{name}[{at}]"), Some(part))?;
        }
    }
    Ok(())
}

/// Reads a plan.
///
/// # Errors
/// When it is not a plan, of a newer version, or not as it was saved: in words, with the place.
pub fn read(text: &str) -> Result<Document, String> {
    let (document, said, found) = read_parts(text)?;
    if said != found {
        return Err(format!(
            "it was changed since it was saved: its hash says {said}, and what it says gives {found}"
        ));
    }
    Ok(document)
}

/// The plan, the hash that it says it has, and the hash that it has.
pub(super) fn read_parts(text: &str) -> Result<(Document, String, String), String> {
    if text.trim().is_empty() {
        return Err("not a plan: the file is empty".into());
    }
    let mut value: Value = serde_json::from_str(text).map_err(|error| unread(&error))?;
    let parts = object("it", Some(&value))?;
    let format = parts.get("format").and_then(Value::as_str);
    let format = format.ok_or("not a plan: it has no format")?;
    if format != FORMAT {
        return Err(format!("not a plan of iamkeys: its format is {format:?}"));
    }
    let version = parts.get("version").and_then(Value::as_u64);
    let version = version.ok_or("not a plan: it has no version")?;
    if version > VERSION {
        return Err(format!(
            "it has version {version}, and this iamkeys reads up to {VERSION}: a newer one reads it"
        ));
    }
    if version == 0 {
        return Err("there is no version 0".into());
    }
    has_its_shape(parts)?;
    let whole: Whole = serde_json::from_str(text).map_err(|error| unread(&error))?;
    if let Value::Object(parts) = &mut value {
        parts.remove("hash");
    }
    let found = hash_of(&value.to_string());
    let action = action_named(&whole.action).ok_or_else(|| {
        format!(
            "action: {:?} is not deactivate, activate or delete",
            whole.action
        )
    })?;
    let accounts = whole.accounts.into_iter().map(|account| DocumentAccount {
        id: account.id,
        name: account.name,
        endpoint: account.endpoint,
    });
    let accounts: Vec<DocumentAccount> = accounts.collect();
    for (at, account) in accounts.iter().enumerate() {
        let digits = |id: &String| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(id) = account.id.as_ref().filter(|id| !digits(id)) {
            return Err(format!("accounts[{at}]: id: {id:?} is not 12 digits"));
        }
        is_plain(&format!("accounts[{at}]: name"), &account.name)?;
        let endpoint = account.endpoint.as_deref().unwrap_or_default();
        is_plain(&format!("accounts[{at}]: endpoint"), endpoint)?;
    }
    is_plain("made_by", whole.made_by.as_deref().unwrap_or_default())?;
    let mut seen = HashSet::new();
    let mut keys = Vec::new();
    for (at, key) in whole.keys.into_iter().enumerate() {
        let read = key.read(action, &accounts);
        let key = read.map_err(|why| format!("keys[{at}]: {why}"))?;
        if !seen.insert((key.account, key.key.clone())) {
            return Err(format!("keys[{at}]: {} is in it twice", key.key));
        }
        keys.push(key);
    }
    let document = Document {
        action,
        made: whole.made_at.0,
        by: whole.made_by,
        undoes: whole.undoes,
        recent_days: whole.policy.recent_days,
        accounts,
        keys,
    };
    Ok((document, whole.hash, found))
}
