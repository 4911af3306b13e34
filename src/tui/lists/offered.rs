//! How the text of the filter can be completed where the cursor is, and which of that is taken.

use crate::engine::{
    account::{Account, Known, UserRow},
    fleet::Rows,
    model::LastUsed,
    query::complete::{Completion, MOST_OFFERED, Seen, begins, complete},
};
use std::collections::BTreeSet;
use tui_input::Input;

/// What is offered for a text.
#[derive(Debug)]
pub struct Offered {
    completion: Completion,
    /// What was typed when it was offered.
    typed: Input,
    /// Which of the offers is in the text now.
    taken: Option<usize>,
}

impl Offered {
    /// What is offered for a text where its cursor is.
    pub(super) fn to(input: &Input, values: &mut Values, rows: Rows<'_>) -> Option<Self> {
        let seen = |what, start: &str| values.that_begin(rows, what, start);
        Some(Self {
            completion: complete(input.value(), input.cursor(), seen)?,
            typed: input.clone(),
            taken: None,
        })
    }

    /// What is offered.
    #[must_use]
    pub fn offers(&self) -> &[String] {
        &self.completion.offers
    }

    /// Which of the offers is in the text.
    #[must_use]
    pub fn taken(&self) -> Option<usize> {
        self.taken
    }

    /// How the word at the cursor would go on with the first of the offers; nothing once one is
    /// taken, and where the offers would take the place of the word.
    #[must_use]
    pub fn rest(&self) -> &str {
        let place = &self.completion.place;
        if self.taken.is_some() || place.end != self.typed.cursor() {
            return "";
        }
        let offer = self.completion.offers.first().map_or("", String::as_str);
        let begin = offer.char_indices().nth(place.len());
        begin.map_or("", |(at, _)| &offer[at..])
    }

    /// Takes the next of the offers, or the one before. Behind the last comes what was typed.
    pub(super) fn take(&mut self, back: bool) -> Input {
        let last = self.completion.offers.len() - 1;
        self.taken = match (self.taken, back) {
            (None, false) => Some(0),
            (None, true) => Some(last),
            (Some(at), false) => (at < last).then_some(at + 1),
            (Some(at), true) => at.checked_sub(1),
        };
        let Some(offer) = self.taken.map(|at| &self.completion.offers[at]) else {
            return self.typed.clone();
        };
        let place = &self.completion.place;
        let typed = self.typed.value().chars();
        let before: String = typed.clone().take(place.start).collect();
        let after: String = typed.skip(place.end).collect();
        let cursor = place.start + offer.chars().count();
        Input::new(format!("{before}{offer}{after}")).with_cursor(cursor)
    }
}

/// What was seen of the account. Collected once while a filter is typed: that looks at every key.
#[derive(Debug, Default)]
pub(super) struct Values {
    collected: Option<(Seen, Vec<String>)>,
}

impl Values {
    fn that_begin(&mut self, rows: Rows<'_>, what: Seen, start: &str) -> Vec<String> {
        if what == Seen::Users {
            let names = rows.users().map(|(_, row)| &*row.user.name);
            return first(names, start);
        }
        let collected = self.collected.take().filter(|(of, _)| *of == what);
        let (_, values) = self
            .collected
            .insert(collected.unwrap_or_else(|| (what, collect(rows, what))));
        first(values.iter().map(String::as_str), start)
    }
}

fn first<'a>(values: impl Iterator<Item = &'a str>, start: &str) -> Vec<String> {
    let fit = values.filter(|value| begins(value, start) && can_be_typed(value));
    fit.take(MOST_OFFERED).map(str::to_owned).collect()
}

/// What ends a value cannot be in one.
fn can_be_typed(value: &str) -> bool {
    !value.contains(|c: char| c.is_whitespace() || c == '|')
}

/// The tags of users, but those that describe keys.
fn tags<'a>(rows: impl Iterator<Item = &'a UserRow>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let known = rows.filter_map(|row| row.tags.known()?.others());
    known.flatten()
}

/// The values that there are, each once, in order.
fn collect(rows: Rows<'_>, what: Seen) -> Vec<String> {
    let accounts = rows.accounts();
    let rows = rows.users().map(|(_, row)| row);
    let values: BTreeSet<&str> = match what {
        Seen::Users => return Vec::new(),
        Seen::Paths => rows.map(|row| &*row.user.path).collect(),
        Seen::Accounts => accounts.map(Account::label).collect(),
        Seen::Findings => {
            let rules = accounts.flat_map(|account| account.findings.rules().all());
            rules.map(|rule| &*rule.id).collect()
        }
        Seen::Owners => rows.filter_map(|row| row.known_owner()?).collect(),
        Seen::TagNames => tags(rows).map(|(name, _)| name).collect(),
        Seen::Tags => {
            let texts: BTreeSet<String> = tags(rows)
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            return texts.into_iter().collect();
        }
        Seen::Services | Seen::Regions => {
            let last_uses = rows.flat_map(|row| row.known_keys().filter_map(Known::last_used));
            let places = last_uses.filter_map(|used| match used {
                LastUsed::At { service, .. } if what == Seen::Services => service.as_deref(),
                LastUsed::At { region, .. } => region.as_deref(),
                LastUsed::Never => None,
            });
            places.collect()
        }
    };
    values.into_iter().map(str::to_owned).collect()
}
