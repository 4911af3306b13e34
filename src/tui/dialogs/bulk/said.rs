//! What is said on the page of a plan beside its rows: in its border, of the selected key, and of the
//! plan. What gives way where there is little room is what is always so.

use super::{rows, short_arn};
use crate::{
    engine::bulk::{BulkPlan, BulkStage, Entry, EntryState, HeldBack},
    tui::prelude::*,
};

/// What is said of a plan that is reviewed.
pub(super) const NOT_APPLIED: &str = "nothing changes until applied";

/// The same, where there is less room.
const NOT_APPLIED_SHORT: &str = "not applied";

/// What a border has beside a title and a note, less than a text has beside it.
const BESIDE: usize = 3;

/// So many lines say why something has failed.
const OF_FAILURE: usize = 2;

/// A title that says what is done to how many keys where, and a note: as much of it as there is room for
/// beside that. `place` is where in the list the cursor is.
pub(super) fn in_border(
    lines: &Lines<'_>,
    what: &str,
    note: &str,
    place: Option<&str>,
) -> (String, String) {
    let dot = lines.theme.glyphs.dot;
    let whole = format!("Plan: {what}");
    let with_place = |note: &str| match place {
        Some(place) => format!("{note} {dot} {place}"),
        None => note.to_owned(),
    };
    let only_place = place.unwrap_or_default().to_owned();
    let mut ways = vec![(&*whole, with_place(note))];
    if note == NOT_APPLIED {
        ways.push((&*whole, with_place(NOT_APPLIED_SHORT)));
        ways.push((&*whole, only_place));
    } else {
        // A word that only says what this is goes before the name of the account.
        ways.extend([(&*whole, note.to_owned()), (what, note.to_owned())]);
    }
    let fits = |(title, note): &(&str, String)| width(title) + width(note) + BESIDE <= lines.cells;
    let (title, note) = ways
        .into_iter()
        .find(fits)
        .unwrap_or_else(|| (what, String::new()));
    (title.to_owned(), note)
}

/// A text in so many lines at most; what is over is cut off the last one.
fn wrapped(text: &str, cells: usize, most: usize, more: &'static str) -> Vec<String> {
    let mut lines = wrap(&visible(text), cells);
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(shorten(&rest, cells, more).into_owned());
    }
    lines
}

fn styled(lines: Vec<String>, style: Style) -> Vec<Line<'static>> {
    let lines = lines.into_iter();
    lines.map(|line| Line::styled(line, style)).collect()
}

/// So many lines are kept for what is said of the selected key.
pub(super) fn most_of_key(plan: &BulkPlan) -> usize {
    if plan.tally().failed > 0 {
        OF_FAILURE
    } else {
        1
    }
}

/// Who has made a plan, when, and the hash over what was reviewed. Two people compare the hash: it is
/// never cut off, and in two halves where a line does not hold it.
pub(super) fn origin(plan: &BulkPlan, hash: &str, cells: usize, more: &'static str) -> Vec<String> {
    let who = plan.by.as_deref().map(short_arn);
    let who = visible(who.unwrap_or("someone not known"));
    let made = format!(", {}", format::minute(plan.made));
    let whole = format!("By {who}{made}, {hash}");
    if width(&whole) <= cells {
        return vec![whole];
    }
    let room = cells.saturating_sub(width("By ") + width(&made));
    let mut lines = vec![format!("By {}{made}", shorten(&who, room, more))];
    lines.extend(halved(hash, cells));
    lines
}

/// A hash in one line, or its digits in halves, one below the other.
fn halved(hash: &str, cells: usize) -> Vec<String> {
    if width(hash) <= cells {
        return vec![hash.to_owned()];
    }
    let (name, digits) = match hash.split_once(':') {
        Some((name, digits)) => (format!("{name}:"), digits),
        None => (String::new(), hash),
    };
    let half = digits.chars().count().div_ceil(2);
    let half = half.min(cells.saturating_sub(width(&name))).max(1);
    let digits: Vec<char> = digits.chars().collect();
    let parts = digits.chunks(half).enumerate().map(|(at, part)| {
        let part: String = part.iter().collect();
        if at == 0 {
            format!("{name}{part}")
        } else {
            format!("{}{part}", " ".repeat(width(&name)))
        }
    });
    parts.collect()
}

/// What there is to say of the selected key.
pub(super) fn of_key(
    lines: &Lines<'_>,
    engine: &Engine,
    plan: &BulkPlan,
    entry: &Entry,
) -> Vec<Line<'static>> {
    let theme = lines.theme;
    let more = theme.glyphs.more;
    let (text, style) = match (&entry.state, &entry.held_back) {
        (EntryState::Failed(error), _) => {
            // Which key it is shows the cursor.
            let text = wrapped(&error.to_string(), lines.cells, OF_FAILURE, more);
            return styled(text, theme.bad);
        }
        (EntryState::Pending, Some(held)) if !entry.included && held.can_be_included() => {
            let space = keymap::name(Context::BulkPlan, Action::Include);
            let why = match held {
                HeldBack::LastActive => "the user's last Active key".into(),
                _ => entry.held_words(engine.now()).unwrap_or_default(),
            };
            (format!("Held back: {why}. {space} includes it"), theme.warn)
        }
        (EntryState::Pending, _) if entry.difference.is_none() && entry.is_overriding() => {
            let why = entry.held_words(engine.now()).unwrap_or_default();
            (format!("Included by hand although: {why}"), theme.warn)
        }
        (EntryState::Pending, _) if entry.included && entry.difference.is_some() => (
            "It is not as reviewed, and would be skipped".into(),
            theme.warn,
        ),
        (EntryState::Skipped(_), _) => (
            "It was not as reviewed, and was left alone".into(),
            theme.warn,
        ),
        (EntryState::Pending, _) if entry.step != plan.action && !plan.undoes && entry.included => {
            let text = "Active keys are deactivated here: deleting is for a later plan";
            (text.into(), theme.dim)
        }
        _ => (rows::why(engine, plan, entry), theme.dim),
    };
    let text = format!("{}: {text}", entry.key);
    let text = shorten(&visible(&text), lines.cells, more).into_owned();
    vec![Line::styled(text, style)]
}

/// What there is to say of the plan: what holds it up; or, in review, where it comes from.
pub(super) fn of_plan(lines: &Lines<'_>, engine: &Engine, plan: &BulkPlan) -> Vec<Line<'static>> {
    let theme = lines.theme;
    let (cells, more) = (lines.cells, theme.glyphs.more);
    let warning = |text: String| {
        let mark = format!("{} ", theme.glyphs.warn);
        let room = cells.saturating_sub(width(&mark));
        let text = wrapped(&text, room, OF_FAILURE, more).into_iter();
        let text = text.enumerate().map(|(at, line)| match at {
            0 => format!("{mark}{line}"),
            _ => format!("{}{line}", " ".repeat(width(&mark))),
        });
        styled(text.collect(), theme.warn)
    };
    let and_more = |count: usize| match count {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    let mut paused = plan.paused();
    if let Some((account, why)) = paused.next() {
        let more = and_more(paused.count());
        return warning(format!("{} paused: {}{more}", account.name, why.words()));
    }
    let mut throttling = engine.throttling_bulk();
    if let Some(account) = throttling.next() {
        let more = and_more(throttling.count());
        let name = &account.name;
        return warning(format!(
            "AWS is throttling {name}{more}; it goes on by itself"
        ));
    }
    if plan.stage != BulkStage::Review {
        return Vec::new();
    }
    let text = match plan.hash() {
        Some(hash) => origin(plan, hash, cells, more),
        None => vec!["Each key is checked again just before its step.".into()],
    };
    styled(text, theme.dim)
}

#[cfg(test)]
mod tests {
    use super::halved;

    #[test]
    fn a_hash_is_whole_in_a_line_or_in_two_halves() {
        let hash = format!("sha256:{}{}", "ab12".repeat(8), "cd34".repeat(8));
        assert_eq!(halved(&hash, 72), [&*hash]);
        let halves = [
            "sha256:".to_owned() + &"ab12".repeat(8),
            " ".repeat(7) + &"cd34".repeat(8),
        ];
        assert_eq!(halved(&hash, 52), halves);
        for cells in 8..80 {
            let lines = halved(&hash, cells);
            let whole: String = lines.iter().map(|line| line.trim_start()).collect();
            assert_eq!(whole, hash, "{cells}");
            assert!(lines.iter().all(|line| line.len() <= cells), "{cells}");
        }
    }
}
