//! The change that exempts keys from findings: a tag of the user.

use super::{ChangeRow, Severity, command::Value};
use crate::engine::findings::exemption_tag;
use std::borrow::Cow;

/// The row of an exemption of a key, or of all keys of a user: that it is written, or removed.
pub(super) fn exemption_row<'a>(
    user: &'a str,
    key: Option<&str>,
    text: Option<&'a str>,
) -> ChangeRow<'a> {
    let of = match key {
        Some(key) => format!("{key} of {user}"),
        None => format!("the keys of {user}"),
    };
    let user_name = ("UserName", Value::Text(user));
    let tag = Cow::from(exemption_tag(key));
    match text {
        Some(text) => ChangeRow {
            action: "iam:TagUser",
            target: of,
            severity: Severity::Harmless,
            verb: "Exempt",
            doing: "exempting",
            done: "Exempted",
            consequence: "Findings count it apart until that day. Anyone who may list the user's tags can read why.",
            undo: "You can remove the exemption again.",
            is_so: "The account has this exemption.",
            is_not_so: "The account does not have this exemption, so far.",
            parameters: vec![user_name, ("Tags", Value::Tag(tag, text))],
        },
        None => ChangeRow {
            action: "iam:UntagUser",
            target: format!("the exemption of {of}"),
            severity: Severity::Harmless,
            verb: "Remove",
            doing: "removing",
            done: "Removed",
            consequence: "Findings count it again.",
            undo: "You can exempt it again.",
            is_so: "The account has no such exemption.",
            is_not_so: "The account still has the exemption, so far.",
            parameters: vec![user_name, ("TagKeys", Value::List(tag))],
        },
    }
}
