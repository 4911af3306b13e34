//! Files of the `aws` command's caches, as botocore names and writes them.

use crate::engine::SecretKey;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};
use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::Path,
};
use tempfile::NamedTempFile;

/// JSON as Python writes it: with blanks after commas and colons, and nothing but ASCII. The keys stay
/// in their order.
pub(super) fn python_json(object: &Map<String, Value>) -> String {
    let mut keys: Vec<&String> = object.keys().collect();
    keys.sort_unstable();
    let members: Vec<String> = keys
        .into_iter()
        .map(|key| {
            let value = match &object[key] {
                Value::Array(values) => {
                    let values: Vec<String> =
                        values.iter().map(|it| ascii(&it.to_string())).collect();
                    format!("[{}]", values.join(", "))
                }
                value => ascii(&value.to_string()),
            };
            format!("{}: {value}", ascii(&json!(key).to_string()))
        })
        .collect();
    format!("{{{}}}", members.join(", "))
}

/// JSON in which everything else than ASCII is written as an escape.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// The SHA-1 of a text, in hexadecimal: how the caches of the `aws` command name their files.
pub(super) fn hex_of_sha1(text: &str) -> String {
    let digest = Sha1::digest(text.as_bytes());
    let mut text = String::new();
    for byte in &digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Writes a file whole or not at all, for its owner alone; its directory is made.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(directory: &Path, path: &Path, kept: &Map<String, Value>) -> io::Result<()> {
    create(directory)?;
    // For its owner alone, from the beginning.
    let mut file = NamedTempFile::new_in(directory)?;
    let text = SecretKey::new(Value::Object(kept.clone()).to_string());
    file.write_all(text.expose().as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
fn create(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn create(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

/// A time as it is written.
pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time as one of botocore's versions has written it.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = match text.strip_suffix("UTC") {
        Some(time) => format!("{time}Z"),
        None => text.to_owned(),
    };
    let time = DateTime::parse_from_rfc3339(&text).ok()?;
    Some(time.to_utc())
}
