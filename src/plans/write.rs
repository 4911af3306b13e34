//! A plan becomes JSON.

use super::{FORMAT, VERSION, hash_of, held_name};
use crate::engine::{
    bulk::{Document, DocumentKey, HeldBack},
    model::LastUsed,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// A time as RFC 3339 has it. No key was made at a part of a second.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn key(document: &Document, key: &DocumentKey) -> Value {
    let reviewed = &key.reviewed;
    let (last_used, never_used) = match &reviewed.last_used {
        None => (None, None),
        Some(LastUsed::Never) => (None, Some(true)),
        Some(LastUsed::At { time: at, .. }) => (Some(time(*at)), Some(false)),
    };
    let mut holds = key.held_back.iter().chain(&key.also_held);
    let exempt = holds.find_map(|held| match held {
        HeldBack::Exempt(text) => Some(text),
        _ => None,
    });
    let also = key.also_held.iter().map(held_name);
    json!({
        "account": document.accounts[key.account].id,
        "account_index": key.account,
        "user": key.user,
        "key_id": key.key,
        "step": key.step.verb(),
        "why": key.why,
        "status": reviewed.status.word(),
        "created": reviewed.created.map(time),
        "last_used": last_used,
        "never_used": never_used,
        "other_keys": reviewed.others,
        "other_keys_active": reviewed.others_active,
        "held_back": key.held_back.as_ref().map(held_name),
        "also_held_back": also.collect::<Vec<_>>(),
        "exempt": exempt,
        "included": key.included,
    })
}

/// The document without its hash.
fn value(document: &Document) -> Value {
    let accounts = document.accounts.iter().map(|account| {
        json!({
            "id": account.id,
            "name": account.name,
            "endpoint": account.endpoint,
        })
    });
    let keys = document.keys.iter().map(|it| key(document, it));
    json!({
        "format": FORMAT,
        "version": VERSION,
        "action": document.action.verb(),
        "made_at": time(document.made),
        "made_by": document.by,
        "undoes": document.undoes,
        "policy": { "recent_days": document.recent_days },
        "accounts": accounts.collect::<Vec<_>>(),
        "keys": keys.collect::<Vec<_>>(),
    })
}

/// The document with its hash. The names of its parts are sorted.
pub(super) fn hashed(document: &Document) -> (Value, String) {
    let mut value = value(document);
    let hash = hash_of(&value.to_string());
    value["hash"] = hash.clone().into();
    (value, hash)
}

/// The hash over what was reviewed.
#[must_use]
pub fn hash(document: &Document) -> String {
    hashed(document).1
}

/// Writes a plan for people to read and programs to take.
#[must_use]
pub fn write(document: &Document) -> String {
    let (value, _) = hashed(document);
    format!("{value:#}\n")
}
