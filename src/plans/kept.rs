//! A plan that is carried out, as it is kept beside the journal: the document in the first line, and
//! a line for each key that is done. So a step costs a line, however long the plan is; and a line that
//! was being written when the machine stopped is left out: the account tells what became of that key.

use super::{read, write::hashed};
use crate::engine::bulk::{Document, KeptStep};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Done {
    account: Option<String>,
    done: Box<str>,
}

/// A kept plan.
pub type Kept = (Document, Vec<KeptStep>);

/// The first line, and a name that is the plan's own.
#[must_use]
pub fn first_line(document: &Document) -> (String, String) {
    let (value, hash) = hashed(document);
    let name = hash.trim_start_matches("sha256:");
    (format!("{value}\n"), name[..16].to_owned())
}

/// The line of a key that is done.
#[must_use]
pub fn step_line(step: KeptStep) -> String {
    let done = Done {
        account: step.account,
        done: step.key,
    };
    let text = serde_json::to_string(&done).unwrap_or_default();
    format!("{text}\n")
}

/// Reads a kept plan.
///
/// # Errors
/// When its first line is not a plan.
pub fn read_kept(text: &str) -> Result<Kept, String> {
    let mut lines = text.lines();
    let document = read(lines.next().unwrap_or_default())?;
    let done = lines.filter_map(|line| {
        let Done { account, done } = serde_json::from_str(line).ok()?;
        Some(KeptStep { account, key: done })
    });
    Ok((document, done.collect()))
}
