//! Plans over many keys as JSON: what `assets/schema/plan-1.json` describes. It is written with a hash
//! over what was reviewed, and read strictly: what is not understood is refused, with its place.
//!
//! The hash is the SHA-256 of the same document without its hash, in compact JSON whose names are
//! sorted: `jq -cjS 'del(.hash)' plan.json | sha256sum` gives it too.

mod kept;
mod read;
mod write;

pub use kept::{Kept, first_line, read_kept, step_line};
pub use read::read;
pub use write::{hash, write};

use crate::engine::{BulkAction, bulk::HeldBack, model::KeyStatus};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// What the format is called.
pub const FORMAT: &str = "iamkeys-plan";

/// The version that is written, and the latest that is read.
pub const VERSION: u64 = 1;

/// The hash of a text, as it stands in a document.
fn hash_of(text: &str) -> String {
    let mut hash = String::from("sha256:");
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a text does not fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

fn action_named(name: &str) -> Option<BulkAction> {
    let mut all = BulkAction::ALL.into_iter();
    all.find(|action| action.verb() == name)
}

fn status_named(word: &str) -> KeyStatus {
    match word {
        "Active" => KeyStatus::Active,
        "Inactive" => KeyStatus::Inactive,
        other => KeyStatus::Other(other.into()),
    }
}

/// Why a key was held back, as a document says it.
#[must_use]
pub fn held_name(held: &HeldBack) -> &'static str {
    match held {
        HeldBack::AlreadySo(_) => "already_so",
        HeldBack::Gone => "gone",
        HeldBack::Exempt(_) => "exempt",
        HeldBack::Own => "own_key",
        HeldBack::InUse => "in_use",
        HeldBack::LastActive => "last_active",
        HeldBack::UseUnknown => "last_use_unknown",
        HeldBack::New => "new",
        HeldBack::ExemptionUnknown => "exemption_unknown",
    }
}

fn held_named(name: &str, exempt: Option<&str>, status: &KeyStatus) -> Option<HeldBack> {
    Some(match name {
        "already_so" => HeldBack::AlreadySo(status.clone()),
        "gone" => HeldBack::Gone,
        "exempt" => HeldBack::Exempt(exempt.unwrap_or_default().into()),
        "own_key" => HeldBack::Own,
        "in_use" => HeldBack::InUse,
        "last_active" => HeldBack::LastActive,
        "last_use_unknown" => HeldBack::UseUnknown,
        "new" => HeldBack::New,
        "exemption_unknown" => HeldBack::ExemptionUnknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
