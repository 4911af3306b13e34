//! JSON becomes a plan, or is refused with the place of what is wrong.

use super::{FORMAT, VERSION, action_named, hash_of, held_named, status_named};
use crate::engine::{
    BulkAction,
    bulk::{Document, DocumentAccount, DocumentKey, Reviewed},
    model::{KeyStatus, LastUsed},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
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

/// What every version has.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
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
    id: Option<String>,
    name: String,
    endpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    account: Option<String>,
    account_index: usize,
    user: Box<str>,
    #[serde(rename = "key_id")]
    id: Box<str>,
    step: String,
    why: Box<str>,
    status: String,
    created: Option<Time>,
    last_used: Option<Time>,
    never_used: Option<bool>,
    other_keys: Vec<Box<str>>,
    other_keys_active: usize,
    held_back: Option<String>,
    also_held_back: Vec<String>,
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
        if self.user.is_empty() || self.id.is_empty() {
            return Err("user and key_id must not be empty".into());
        }
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
    let place = |error: serde_json::Error| error.to_string();
    let head: Head = serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            format!("not a plan of iamkeys: {error}")
        } else {
            format!("not valid JSON: {error}")
        }
    })?;
    if head.format != FORMAT {
        return Err(format!(
            "not a plan of iamkeys: its format is {:?}",
            head.format
        ));
    }
    if head.version > VERSION {
        let version = head.version;
        return Err(format!(
            "it has version {version}, and this iamkeys reads up to {VERSION}: a newer one reads it"
        ));
    }
    if head.version == 0 {
        return Err("there is no version 0".into());
    }
    let whole: Whole = serde_json::from_str(text).map_err(place)?;
    let mut value: Value = serde_json::from_str(text).map_err(place)?;
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
