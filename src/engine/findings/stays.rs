//! Whether an exemption means that a key stays as it is. What is changed about a key is for the gravest of
//! the rules that it meets: who has exempted it from that one, or from all, has decided to leave it. An
//! exemption from another rule says nothing about that.

use super::{Exemption, Rule, Standing, exemptions};
use crate::engine::account::{Account, Known, UserRow};
use chrono::{DateTime, Utc};
use std::cmp::Reverse;

/// Whether a person has decided that a key stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Stays {
    /// Until that day, for that reason.
    Exempt(Exemption),
    /// The tags of its user, which may exempt it, are not known.
    NotKnown,
    /// Nobody has.
    No,
}

/// Whether a person has decided that a key stays as it is.
pub(in crate::engine) fn stays(
    account: &Account,
    row: &UserRow,
    key: Known<'_>,
    now: DateTime<Utc>,
) -> Stays {
    let rules = account.findings.rules();
    let all = rules.exemptible();
    let stated = exemptions(account, row, key, now);
    let meant = gravest(account, row, key, |rule| {
        stated.iter().any(|it| it.holds_for(rule))
    });
    for it in stated {
        let is_of_all = it.held() & all == all;
        let is_meant = match meant {
            Meant::Rule(rule) => it.holds_for(rule),
            Meant::None => false,
            Meant::NotKnown => true,
        };
        if let Standing::Holds(exemption) = it.standing
            && (is_of_all || is_meant)
        {
            return Stays::Exempt(exemption);
        }
    }
    // What could be told once need not be so any more.
    if row.tags.known().is_none() || row.tags.error().is_some() {
        return Stays::NotKnown;
    }
    Stays::No
}

/// The rule that a change to a key is for.
enum Meant {
    Rule(usize),
    /// It meets none.
    None,
    /// It was not judged yet.
    NotKnown,
}

/// The gravest rule that a key meets, or may meet where an exemption is about it.
fn gravest(
    account: &Account,
    row: &UserRow,
    key: Known<'_>,
    is_exempt: impl Fn(usize) -> bool,
) -> Meant {
    let findings = &account.findings;
    let place = account.users.find(&row.user.name);
    let at = row.known_keys().position(|other| other.id() == key.id());
    let place = place.and_then(|place| u32::try_from(place).ok());
    let at = at.and_then(|at| u16::try_from(at).ok());
    let Some((place, at)) = place.zip(at) else {
        return Meant::NotKnown;
    };
    let rules = findings.rules().all();
    let number = |rule: &Rule| rules.iter().position(|it| it.id == rule.id);
    let met = findings.of(place, at).chain(findings.exempted(place, at));
    let met = met.filter_map(number);
    let may = findings.unknown(place, at).filter_map(number);
    let may = may.filter(|rule| is_exempt(*rule));
    let gravest = met
        .chain(may)
        .min_by_key(|rule| (Reverse(rules[*rule].severity), *rule));
    gravest.map_or(Meant::None, Meant::Rule)
}
