//! A plan over many keys, as wide as the screen: each key with what is done to it and why, and how far
//! it has come. Only the rows in sight are built.

mod choose;
mod confirm;
mod file;
mod kept;
mod rows;
mod said;
mod stop;

pub(in crate::tui) use choose::ChooseAction;
pub(in crate::tui) use file::PlanFile;
pub(in crate::tui) use kept::KeptPlanDialog;

use super::{Impact, intend};
use crate::{
    engine::{
        BulkIntent, READ_ONLY,
        bulk::{BulkPlan, BulkStage, Steps},
    },
    tui::prelude::*,
};
use confirm::BulkConfirm;
use rows::{Columns, row};
use stop::StopPlan;

/// Lines that are not the list's, beside what is said of the selected key and of the plan: the headings,
/// the progress, a gap, and one to spare.
const AROUND: usize = 4;

/// The page of the plan over many keys. Everything in it is the engine's.
#[derive(Debug, Default)]
pub(in crate::tui) struct BulkPage {
    /// Where the cursor is.
    at: usize,
    /// A person has moved it: it does not follow what is under way.
    moved: bool,
}

fn complain(text: &str) -> Vec<Ask> {
    vec![Ask::Complain(text.into())]
}

/// What is done to how many keys, in words.
fn what(plan: &BulkPlan, steps: Steps) -> String {
    let keys = format::plural(steps.all(), "key");
    match steps.only() {
        _ if plan.undoes => format!("activate {keys} again"),
        Some(step) => format!("{} {keys}", step.verb()),
        None if steps.all() > 0 => steps.words(),
        None => format!("{} {keys}", plan.action.verb()),
    }
}

/// An ARN from its resource on: the account is told of elsewhere.
fn short_arn(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

impl BulkPage {
    /// Begins or goes on; what has to be typed for it is asked for first.
    fn apply(engine: &Engine, plan: &BulkPlan) -> Vec<Ask> {
        match plan.stage {
            BulkStage::Running => complain("The plan is under way"),
            BulkStage::Ended => complain("This plan has ended"),
            _ if engine.settings.read_only => complain(READ_ONLY),
            BulkStage::Review | BulkStage::Paused if !plan.has_work() => {
                complain("No key is included")
            }
            // One that has begun ends there.
            BulkStage::Review if plan.is_applied_already() => {
                complain("Nothing is left to do: every key of it is so already")
            }
            BulkStage::Review if plan.changed_since() == plan.tally().to_do => {
                complain("No key is as reviewed: include what is to be done all the same")
            }
            BulkStage::Review | BulkStage::Paused => match engine.bulk_confirmation() {
                Some(_) => vec![Ask::Open(Box::new(BulkConfirm::new(plan.id)))],
                None => intend(Intent::Bulk(BulkIntent::Apply {
                    typed: String::new(),
                })),
            },
        }
    }

    /// Pauses a plan that runs; closes the page of another.
    fn back(engine: &Engine, plan: &BulkPlan) -> Vec<Ask> {
        match plan.stage {
            BulkStage::Running => intend(Intent::Bulk(BulkIntent::Pause)),
            // The plan that it would have undone comes back.
            BulkStage::Review if plan.undoes && engine.undoes_open_plan() => {
                intend(Intent::Bulk(BulkIntent::Close))
            }
            BulkStage::Review => vec![Ask::Intend(Intent::Bulk(BulkIntent::Close)), Ask::Close],
            BulkStage::Paused | BulkStage::Ended => vec![Ask::Close],
        }
    }

    fn impact(&self, plan: &BulkPlan) -> Vec<Ask> {
        let entry = plan.entries().get(self.at);
        let slot = entry.and_then(|entry| plan.account_of(entry).slot);
        match entry.zip(slot) {
            Some((entry, slot)) => Impact::open(slot, entry.user.clone(), entry.key.to_string()),
            None => vec![Ask::Complain("Its account is not open".into())],
        }
    }

    /// What the plan does, as a title.
    fn title(plan: &BulkPlan) -> String {
        let what = what(plan, plan.steps());
        match plan.accounts() {
            [account] => format!("{what} in {}", visible(&account.name)),
            _ => {
                let accounts = format::plural(plan.accounts_changed(), "account");
                format!("{what} in {accounts}")
            }
        }
    }

    fn note(plan: &BulkPlan, dot: &str) -> String {
        let changed = plan.changed_since();
        match plan.stage {
            BulkStage::Review if plan.entries().is_empty() => "no key is in it".into(),
            BulkStage::Review if plan.is_comparing() => "comparing with the account".into(),
            BulkStage::Review if plan.is_applied_already() => {
                "nothing left: applied before?".into()
            }
            BulkStage::Review if changed > 0 => {
                format!("{} not as reviewed", format::count(changed))
            }
            BulkStage::Review => said::NOT_APPLIED.into(),
            BulkStage::Running if plan.is_being_kept() => "being written to disk".into(),
            BulkStage::Running => "under way".into(),
            BulkStage::Paused if plan.is_under_way() => "pausing".into(),
            BulkStage::Paused if changed > 0 => {
                format!("paused {dot} {} not as reviewed", format::count(changed))
            }
            BulkStage::Paused => "paused".into(),
            BulkStage::Ended => "ended".into(),
        }
    }

    /// How far it has come: a bar, and the sums.
    fn progress(lines: &mut Lines<'_>, plan: &BulkPlan) {
        let theme = lines.theme;
        let tally = plan.tally();
        let dot = theme.glyphs.dot;
        let sums = [
            (tally.skipped, "skipped"),
            (tally.failed, "failed"),
            (tally.unknown, "not known"),
            (tally.left_out, "left out"),
        ];
        let sums = sums.into_iter().filter(|(count, _)| *count > 0);
        let sums = sums.map(|(count, what)| format!("{} {what}", format::count(count)));
        let (done, all) = (format::count(tally.done), format::count(tally.included()));
        let done = format!("{done} of {all}");
        let parts: Vec<String> = std::iter::once(done).chain(sums).collect();
        let text = parts.join(&format!(" {dot} "));
        let cells = lines.cells.saturating_sub(width(&text) + 2);
        let all = tally.included().max(1);
        let full = cells * tally.ended() / all;
        let (bar, rest) = theme.glyphs.bar;
        lines.push(Line::from(vec![
            Span::styled(bar.repeat(full), theme.accent),
            Span::styled(rest.repeat(cells - full), theme.dim),
            Span::raw("  "),
            Span::raw(text),
        ]));
    }
}

impl Dialog for BulkPage {
    fn context(&self, _engine: &Engine) -> Context {
        Context::BulkPlan
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let plan = canvas.engine.bulk()?;
        let mut lines = Lines::new(canvas, 140);
        let room = dialog_room(canvas.buffer.area.height, false);
        let room = room.saturating_sub(canvas.below.into());
        let selected = plan.entries().get(self.at);
        let selected = selected.map(|entry| said::of_key(&lines, canvas.engine, plan, entry));
        let selected = selected.unwrap_or_default();
        let of_plan = said::of_plan(&lines, canvas.engine, plan);
        // The list is as long wherever the cursor is.
        let said = said::most_of_key(plan) + of_plan.len().max(1);
        let room = room.saturating_sub(AROUND + said).max(1);
        let entries = plan.entries();
        let columns = Columns::of(lines.cells, plan.accounts().len() > 1);
        let in_review = plan.stage == BulkStage::Review;
        lines.push(columns.headings(lines.theme, in_review));
        let last = entries.len().saturating_sub(room);
        let first = self.at.saturating_sub(room / 2).min(last);
        for (at, entry) in entries.iter().enumerate().skip(first).take(room) {
            let line = row(canvas, &columns, plan, entry, at == self.at);
            let cells = lines.cells;
            lines.choice(at, cells, line);
        }
        // As high from the beginning to the end, whatever is said below.
        lines.pad(1 + room.min(entries.len().max(1)));
        lines.gap();
        Self::progress(&mut lines, plan);
        let until = lines.count(false) + said::most_of_key(plan) + of_plan.len();
        for line in selected.into_iter().chain(of_plan) {
            lines.push(line);
        }
        lines.pad(until);
        let note = Self::note(plan, canvas.theme.glyphs.dot);
        let (at, all) = (self.at + 1, entries.len());
        let place = (all > room).then(|| format!("{}/{}", format::count(at), format::count(all)));
        let (title, note) = said::in_border(&lines, &Self::title(plan), &note, place.as_deref());
        let style = canvas.theme.accent;
        Some(Frame::new(title, style, lines).note(note))
    }

    fn keeps_hints(&self) -> bool {
        true
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let Some(plan) = engine.bulk() else {
            return vec![Ask::Close];
        };
        match action {
            Action::ApplyPlan => Self::apply(engine, plan),
            Action::Include => intend(Intent::Bulk(BulkIntent::Toggle(self.at))),
            Action::Undo => {
                self.at = 0;
                intend(Intent::Bulk(BulkIntent::Undo))
            }
            Action::SavePlan => vec![Ask::Open(Box::new(PlanFile::save(engine)))],
            Action::StopPlan if plan.has_begun() => {
                vec![Ask::Open(Box::new(StopPlan::new(plan.id)))]
            }
            Action::Impact => self.impact(plan),
            Action::StopPlan if plan.stage == BulkStage::Ended => complain("This plan has ended"),
            Action::StopPlan => complain("Nothing of the plan was begun"),
            Action::PausePlan => Self::back(engine, plan),
            _ => Vec::new(),
        }
    }

    fn offers(&self, action: Action, engine: &Engine) -> bool {
        let stage = engine.bulk().map(|plan| plan.stage);
        match action {
            Action::ApplyPlan => {
                let rests = !matches!(stage, Some(BulkStage::Running | BulkStage::Ended));
                let has_keys = engine.bulk().is_some_and(|plan| !plan.entries().is_empty());
                rests && has_keys && !engine.settings.read_only
            }
            Action::Include => stage != Some(BulkStage::Ended),
            _ => true,
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        engine.bulk().is_none()
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        if let Some(plan) = engine.bulk() {
            if !self.moved && plan.stage == BulkStage::Running {
                self.at = plan.latest();
            }
            self.at = self.at.min(plan.entries().len().saturating_sub(1));
        }
        false
    }

    fn step(&mut self, by: isize, engine: &Engine) {
        let keys = engine.bulk().map_or(0, |plan| plan.entries().len());
        self.at = self
            .at
            .saturating_add_signed(by)
            .min(keys.saturating_sub(1));
        self.moved = true;
    }

    fn take_row(&mut self, row: usize, _engine: &Engine) -> Vec<Ask> {
        self.at = row;
        self.moved = true;
        Vec::new()
    }
}
