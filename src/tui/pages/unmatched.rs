//! Why nobody may be left by a filter: what it asks of users that is not known of all of them.

use crate::{engine::query::Query, tui::prelude::*};

/// Why a user may be missing.
pub(super) fn not_seen(account: &Account, query: &Query) -> String {
    let tally = account.users.tally();
    let failed = account.users.details_failed();
    let yet = if account.users.details_are_read() {
        ""
    } else {
        " yet"
    };
    let of = |count| format::plural(count, "user");
    let mut text: Vec<String> = Vec::new();
    if query.asks_tags() && tally.untagged > 0 {
        let users = of(tally.untagged);
        // Those of whoever is selected are asked for alone.
        text.push(if failed {
            format!(
                "Tags, owners and descriptions are not known of {users}: select them one by one."
            )
        } else {
            format!("Tags, owners and descriptions are not known{yet} of {users}.")
        });
    }
    if query.asks_power() && tally.unjudged > 0 {
        let users = of(tally.unjudged);
        text.push(if failed {
            format!("Who is an administrator could not be read: not known of {users}.")
        } else {
            format!("Who is an administrator is not known{yet} of {users}.")
        });
    }
    if query.asks_quarantine() && !account.users.knows_quarantine() {
        text.push(if account.users.quarantine_error().is_some() {
            "Who is under quarantine could not be read.".into()
        } else {
            "Who is under quarantine is not known yet.".into()
        });
    }
    let of_details = query.asks_tags() || query.asks_power() || query.asks_quarantine();
    if text.is_empty() {
        text.push(if of_details && account.can_judge(query) {
            "What it asks is known of all users.".into()
        } else if query.needs_keys() {
            "Only users whose keys were seen can match.".into()
        } else if of_details {
            "Not all users are listed yet.".into()
        } else {
            "A key ID is found once the keys of its user were seen.".into()
        });
    }
    text.join(" ")
}
