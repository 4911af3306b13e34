//! What is known of a leaked key, as two new files: one of JSON for programs, one of Markdown for
//! people. Both are made whole or neither is, readable by their owner only, and nothing that is there
//! is replaced.

use super::secrets::Places;
use crate::{
    engine::{
        SecretKey,
        leak::evidence::{Done, Evidence, Found, Moment, Written},
        text::visible,
    },
    secret::place::{self, Error},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf, is_separator},
};

/// What the format of the JSON file is called.
const FORMAT: &str = "iamkeys-leak-evidence/1";

/// Writes the two files. Blocks for the disk.
pub(super) fn write(typed: &str, evidence: &Evidence, places: &Places) -> Result<Written, String> {
    if typed.trim().is_empty() {
        return Err("that names no file".into());
    }
    // Beside a directory, under its name, is where nobody looks for them.
    let directory = || {
        let typed = visible(typed.trim()).into_owned();
        format!("{typed} names a directory: add a name for the files")
    };
    if says_directory(typed) {
        return Err(directory());
    }
    let path = places.whole(typed)?;
    if path.is_dir() {
        return Err(directory());
    }
    let stem = stem(&path)?;
    let (json, markdown) = (with(&stem, "json"), with(&stem, "md"));
    let texts = [
        (&json, to_json(evidence)),
        (&markdown, to_markdown(evidence)),
    ];
    let mut unsure = None;
    let mut made: Vec<&Path> = Vec::new();
    for (path, text) in &texts {
        // Whichever of the two is in the way is said before anything is made.
        place::prove_new(path, &SecretKey::joined(&[text])).map_err(|error| error.to_string())?;
    }
    for (path, text) in &texts {
        match place::make_new(path, &SecretKey::joined(&[text])) {
            Ok(()) => made.push(path),
            Err(error @ Error::Unconfirmed { .. }) => {
                made.push(path);
                unsure = Some(error.to_string());
            }
            Err(error) => {
                // One of two is none: the other is this run's own, made a moment ago.
                for path in made {
                    let _ = fs::remove_file(path);
                }
                return Err(error.to_string());
            }
        }
    }
    Ok(Written {
        json: json.display().to_string(),
        markdown: markdown.display().to_string(),
        unsure,
    })
}

/// Whether what is typed can only be a directory, be it there or not.
fn says_directory(typed: &str) -> bool {
    let typed = typed.trim();
    let last = typed.rsplit(is_separator).next().unwrap_or_default();
    matches!(last, "" | "." | "..") || typed == "~"
}

/// The path without the extension of either file.
fn stem(path: &Path) -> Result<PathBuf, String> {
    let name = path.file_name().ok_or("that names no file")?;
    let name = name.to_str().ok_or("that is not a text in UTF-8")?;
    let lower = name.to_ascii_lowercase();
    let end = [".json", ".md"].iter().find(|end| lower.ends_with(*end));
    let name = &name[..name.len() - end.map_or(0, |end| end.len())];
    if name.is_empty() {
        return Err("that names no file".into());
    }
    Ok(path.with_file_name(name))
}

/// The path with this extension. The stem may have dots of its own.
fn with(stem: &Path, extension: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// A time as RFC 3339 has it.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn found_json(found: &Found) -> Value {
    json!({
        "event_id": found.id,
        "at": time(found.at),
        "kind": found.kind,
        "action": found.action,
        "region": found.region,
        "source": found.source,
        "user_agent": found.agent,
        "target": found.target,
        "made": found.made,
        "error": found.error,
        "session_key_id": found.session,
        "count": found.count,
    })
}

fn to_json(it: &Evidence) -> String {
    let moment = |moment: &Moment| json!({ "at": time(moment.at), "what": moment.what });
    let done = |done: &Done| {
        json!({
            "at": time(done.at),
            "by": done.by,
            "action": done.action,
            "target": done.target,
            "result": done.result,
            "request_id": done.request_id,
        })
    };
    let keys = it.keys_made.iter();
    let keys = keys.map(|(key, user)| json!({ "access_key_id": key, "user": user }));
    let others = it.others.iter();
    let others = others.map(|(what, status)| json!({ "what": what, "status": status }));
    let value = json!({
        "format": FORMAT,
        "iamkeys_version": env!("CARGO_PKG_VERSION"),
        "written_at": time(it.written),
        "written_by": it.written_by,
        "account": {
            "id": it.account,
            "name": it.account_name,
            "endpoint": it.endpoint,
        },
        "key": {
            "access_key_id": it.key,
            "user": it.user,
            "user_path": it.path,
            "description": it.description,
            "status": it.status,
            "created_at": it.created.map(time),
            "last_used_at": it.last_used.map(time),
            "never_used": it.never_used,
            "last_used_by_report": it.used_by_report,
            "last_listed_at": it.last_listed.as_ref().map(|(at, _)| time(*at)),
            "last_listed_status": it.last_listed.as_ref().map(|(_, status)| status),
            "quarantine": it.quarantine,
        },
        "policies": it.policies,
        "policies_missing": it.policies_missing,
        "sessions": { "revocation": it.revocation, "roles": it.roles },
        "timeline": it.timeline.iter().map(moment).collect::<Vec<_>>(),
        "changes": it.changes.iter().map(found_json).collect::<Vec<_>>(),
        "keys_created": keys.collect::<Vec<_>>(),
        "other_credentials": others.collect::<Vec<_>>(),
        "events": it.events.iter().map(found_json).collect::<Vec<_>>(),
        "done": it.done.iter().map(done).collect::<Vec<_>>(),
        "events_missing": it.events_missing,
        "not_checked": it.not_checked,
    });
    format!("{value:#}\n")
}

/// A text in a line of Markdown: what comes from outside is text there and nothing else.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in visible(text).chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '!' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}

/// A table; nothing where it has no rows.
fn table(text: &mut String, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> bool {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return false;
    }
    let _ = writeln!(text, "| {} |", columns.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(columns.len()));
    for row in rows {
        let row: Vec<String> = row.iter().map(|cell| plain(cell)).collect();
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    true
}

fn found_row(found: &Found) -> Vec<String> {
    let by = found.session.as_deref().unwrap_or("the key");
    let count = match found.count {
        1 => String::new(),
        count => format!(" ({count} times)"),
    };
    vec![
        time(found.at),
        format!("{}{count}", found.action),
        found
            .made
            .clone()
            .or_else(|| found.target.clone())
            .unwrap_or_default(),
        found.source.clone(),
        found.region.clone(),
        by.to_owned(),
        found.error.clone().unwrap_or_else(|| "done".into()),
    ]
}

/// What is said of the key before anything else, each by its name.
fn facts(it: &Evidence) -> [(&'static str, String); 13] {
    let unknown = || "not known".to_owned();
    let used = match it.last_used {
        Some(at) if it.used_by_report => format!("{}, by the credential report", time(at)),
        Some(at) => time(at),
        None if it.never_used => "never".into(),
        None => unknown(),
    };
    let account = match &it.account {
        Some(id) if *id != it.account_name => format!("{} ({id})", it.account_name),
        Some(id) => id.clone(),
        None => it.account_name.clone(),
    };
    let status = it.status.clone().unwrap_or_else(unknown);
    let status = match &it.last_listed {
        Some((at, last)) => format!("{status}; {last} when AWS last listed it, at {}", time(*at)),
        None => status,
    };
    let missing = it.policies_missing.join("; ");
    let policies = match (&it.policies[..], missing.is_empty()) {
        ([], true) => "none".into(),
        ([], false) => format!("not known: {missing}"),
        (known, true) => known.join(", "),
        (known, false) => format!("{}; not all: {missing}", known.join(", ")),
    };
    [
        ("Account", account),
        ("Endpoint", it.endpoint.clone().unwrap_or_default()),
        (
            "User",
            format!("{}{}", it.path.as_deref().unwrap_or_default(), it.user),
        ),
        ("Description", it.description.clone().unwrap_or_default()),
        ("Status", status),
        ("Created", it.created.map_or_else(unknown, time)),
        ("Last used", used),
        ("Quarantine", it.quarantine.clone().unwrap_or_default()),
        ("Sessions", it.revocation.clone()),
        ("Roles assumed", it.roles.join(", ")),
        ("Policies", policies),
        ("Written", time(it.written)),
        ("Written by", it.written_by.clone().unwrap_or_else(unknown)),
    ]
}

fn to_markdown(it: &Evidence) -> String {
    const FOUND: &[&str] = &[
        "time",
        "call",
        "thing",
        "from",
        "region",
        "signed by",
        "result",
    ];
    let unknown = || "not known".to_owned();
    let mut text = format!("# Leaked access key {}\n\n", plain(&it.key));
    // That none was seen says something only where all was told.
    let none = |seen: &str| match &it.events_missing {
        Some(why) => format!("Not known: {why}. None was seen so far."),
        None => seen.to_owned(),
    };
    for (name, fact) in facts(it).iter().filter(|(_, fact)| !fact.is_empty()) {
        let _ = writeln!(text, "- {name}: {}", plain(fact));
    }
    let mut section = |title: &str, columns: &[&str], rows: Vec<Vec<String>>, none: &str| {
        let _ = write!(text, "\n## {title}\n\n");
        if !table(&mut text, columns, rows.into_iter()) {
            let _ = writeln!(text, "{none}");
        }
    };
    let pair = |(a, b): &(String, String)| vec![a.clone(), b.clone()];
    let moment = |moment: &Moment| vec![time(moment.at), moment.what.clone()];
    let done = |done: &Done| {
        vec![
            time(done.at),
            done.by.clone().unwrap_or_else(unknown),
            done.action.clone(),
            done.target.clone(),
            done.result.clone(),
            done.request_id.clone().unwrap_or_default(),
        ]
    };
    let timeline = it.timeline.iter().map(moment).collect();
    section("Timeline", &["time", "what"], timeline, "Nothing was seen.");
    let changes = it.changes.iter().map(found_row).collect();
    section(
        "What it changed",
        FOUND,
        changes,
        &none("No change was seen; see below what was not checked."),
    );
    let keys = it.keys_made.iter().map(pair).collect();
    section(
        "Keys it created",
        &["key", "user"],
        keys,
        &none("None was seen."),
    );
    let others = it.others.iter().map(pair).collect();
    section(
        "Other credentials of the user",
        &["what", "status"],
        others,
        "None is known.",
    );
    let columns = ["time", "by", "action", "target", "result", "request"];
    let done = it.done.iter().map(done).collect();
    section(
        "What was done with iamkeys in this run",
        &columns,
        done,
        "Nothing. What earlier runs did is in the journal of the machine where they ran.",
    );
    let events = it.events.iter().map(found_row).collect();
    section("Events", FOUND, events, &none("None was seen."));
    let _ = write!(text, "\n## Not checked\n\n");
    for what in &it.not_checked {
        let _ = writeln!(text, "- {}", plain(what));
    }
    text
}

#[cfg(test)]
mod tests;
