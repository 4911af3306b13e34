//! The rows of a plan over many keys. A key ID is never cut off: names and reasons give way.

use crate::{
    engine::bulk::{BulkPlan, BulkStage, Entry, EntryState},
    tui::{prelude::*, theme::Theme},
};

/// The marker of the selected row, and the symbol of how far a key has come.
const FRONT: usize = 4;
const ID: usize = 20;
const GAP: usize = 2;
const USED: usize = 9;

/// What there is room for in a row.
pub(super) struct Columns {
    /// The cells for the account, where there are several.
    account: Option<usize>,
    user: usize,
    used: bool,
    /// The cells for why a key is in the plan: beside the step, or in its place until that is taken.
    why: Option<usize>,
    step: usize,
}

impl Columns {
    pub(super) fn of(cells: usize, several: bool) -> Self {
        let account = several.then_some(match cells {
            ..66 => 0,
            66..100 => 11,
            _ => 16,
        });
        let account = account.filter(|cells| *cells > 0);
        let with_use = cells >= 70;
        let mut rest = cells.saturating_sub(FRONT + ID + GAP);
        rest = rest.saturating_sub(account.map_or(0, |cells| cells + GAP));
        rest = rest.saturating_sub(if with_use { USED + GAP } else { 0 });
        let (user, why) = match rest {
            ..36 => (rest * 2 / 5, None),
            36..64 => (rest * 2 / 5, None),
            _ => (18, Some(24)),
        };
        let taken = user + GAP + why.map_or(0, |cells| cells + GAP);
        Self {
            account,
            user,
            used: with_use,
            why,
            step: rest.saturating_sub(taken),
        }
    }

    /// What stands over the columns.
    pub(super) fn headings(&self, theme: Theme, in_review: bool) -> Line<'static> {
        let mut parts = vec![format!("{}{:<ID$}", " ".repeat(FRONT), "key ID")];
        let mut push = |title: &str, cells: usize| parts.push(format!("{title:<cells$}"));
        if let Some(cells) = self.account {
            push("account", cells);
        }
        push("user", self.user);
        if self.used {
            push(&format!("{:>USED$}", "last used"), USED);
        }
        if let Some(cells) = self.why {
            push("why", cells);
        }
        let takes_why = self.why.is_none() && in_review;
        push(if takes_why { "why" } else { "step" }, self.step);
        Line::styled(parts.join(&" ".repeat(GAP)), theme.dim)
    }
}

/// A text of so many cells.
fn fit(text: &str, cells: usize, more: &'static str) -> String {
    let text = visible(text);
    let text = shorten(&text, cells, more);
    let padding = cells.saturating_sub(width(&text));
    format!("{text}{}", " ".repeat(padding))
}

/// Why a key is in the plan; and what would be felt, where it was asked who uses it.
pub(super) fn why(engine: &Engine, plan: &BulkPlan, entry: &Entry) -> String {
    let slot = plan.account_of(entry).slot;
    let impact = slot.and_then(|slot| engine.impact_words(slot, &entry.key));
    match impact {
        Some(impact) if entry.step.takes_away() => format!("{impact}; {}", entry.why),
        _ => entry.why.to_string(),
    }
}

/// How far a key has come: a symbol, and words.
fn state(
    canvas: &Canvas<'_>,
    columns: &Columns,
    plan: &BulkPlan,
    entry: &Entry,
) -> (&'static str, Style, String) {
    let (theme, glyphs) = (canvas.theme, canvas.theme.glyphs);
    match &entry.state {
        EntryState::Pending if !entry.included => {
            let held = entry.held_back.as_ref();
            let why = held.map(|held| entry.hold_words(held, canvas.now));
            let why = why.unwrap_or_else(|| "left out".into());
            (glyphs.rule, theme.dim, why)
        }
        EntryState::Pending if entry.difference.is_some() => {
            let words = entry.difference.as_ref();
            let words = words.map(|why| entry.difference_words(why));
            (glyphs.warn, theme.warn, words.unwrap_or_default())
        }
        EntryState::Pending if plan.stage == BulkStage::Ended => {
            (glyphs.inactive, theme.dim, "not done".into())
        }
        EntryState::Pending if entry.is_overriding() => {
            let (verb, held) = (entry.step.verb(), entry.held_back.as_ref());
            let held = held.map(|held| entry.hold_words(held, canvas.now));
            let held = held.unwrap_or_default();
            let whole = format!("{verb} ({held})");
            // What is cut off is not why it was held back.
            let words = if width(&whole) > columns.step {
                format!("{held}: {verb}")
            } else {
                whole
            };
            (glyphs.inactive, theme.warn, words)
        }
        EntryState::Pending if plan.stage == BulkStage::Review => {
            let step = entry.step.verb();
            let words = match columns.why {
                Some(_) => step.into(),
                // The title says what is done to most.
                None if entry.step == plan.action => why(canvas.engine, plan, entry),
                None => format!("{step}: {}", why(canvas.engine, plan, entry)),
            };
            (glyphs.inactive, Style::new(), words)
        }
        EntryState::Pending => (glyphs.inactive, theme.dim, "pending".into()),
        EntryState::Looking => (canvas.spinner(), theme.accent, "checking".into()),
        EntryState::UnderWay => (canvas.spinner(), theme.accent, entry.step.doing().into()),
        EntryState::Done => (glyphs.done, theme.good, entry.step.done().into()),
        EntryState::Skipped(why) => (
            glyphs.warn,
            theme.warn,
            format!("{}: skipped", entry.difference_words(why)),
        ),
        EntryState::Failed(error) => (glyphs.failed, theme.bad, error.what().to_owned()),
        EntryState::OutcomeUnknown(_) => ("?", theme.warn, "outcome not known".into()),
    }
}

/// When a key was last used, in a word.
fn used(canvas: &Canvas<'_>, entry: &Entry) -> String {
    match &entry.reviewed.last_used {
        None => "?".into(),
        Some(LastUsed::Never) => "never".into(),
        Some(LastUsed::At { time, .. }) => format::short(canvas.now - *time),
    }
}

/// A row.
pub(super) fn row(
    canvas: &Canvas<'_>,
    columns: &Columns,
    plan: &BulkPlan,
    entry: &Entry,
    selected: bool,
) -> Line<'static> {
    let (theme, more) = (canvas.theme, canvas.theme.glyphs.more);
    let account = plan.account_of(entry);
    let (symbol, style, words) = state(canvas, columns, plan, entry);
    let is_out = entry.state == EntryState::Pending && !entry.included;
    let looks = if is_out { theme.dim } else { Style::new() };
    let marker = if selected { theme.glyphs.marker } else { " " };
    let gap = || Span::raw(" ".repeat(GAP));
    let id = format!("{:<ID$}", visible(&entry.key));
    // A longer ID takes its room from the user's name.
    let over = width(&id).saturating_sub(ID);
    let mut spans = vec![
        Span::styled(format!("{marker:<2}"), theme.accent),
        Span::styled(format!("{symbol:<2}"), style),
        Span::styled(id, if is_out { theme.dim } else { theme.strong }),
    ];
    if let Some(cells) = columns.account {
        let style = if account.production { theme.bad } else { looks };
        spans.extend([gap(), Span::styled(fit(&account.name, cells, more), style)]);
    }
    let room = columns.user.saturating_sub(over);
    spans.extend([gap(), Span::styled(fit(&entry.user, room, more), looks)]);
    if columns.used {
        let text = format!("{:>USED$}", used(canvas, entry));
        spans.extend([gap(), Span::styled(text, theme.dim)]);
    }
    if let Some(cells) = columns.why {
        let why = why(canvas.engine, plan, entry);
        spans.extend([gap(), Span::styled(fit(&why, cells, more), theme.dim)]);
    }
    let words = fit(&words, columns.step, more);
    spans.extend([gap(), Span::styled(words, style)]);
    if selected {
        for span in &mut spans[1..] {
            span.style = theme.row(true, span.style);
        }
    }
    Line::from(spans)
}
