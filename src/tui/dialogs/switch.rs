//! The accounts that this machine's profiles open, to switch to one or to open it beside the others.
//! A part of a name, an account ID or a kind brings the rows up that have it (`rows`). Some rows open many
//! accounts (`many`). Here is what the keys do to them, and the dialog around them.

mod many;
mod rows;

use super::cancel;
use crate::{
    engine::{self, Offer, Problem, account::Stage, profiles::ProfileList, prompt::Means},
    tui::prelude::*,
};
use many::Many;
use rows::{
    Chosen, Row, already_open, chosen, details, failed, is_signed_in, line, open, profile, target,
    why_never,
};

/// How wide it is, where the screen is: with room, names and kinds get more of it.
const MOST: u16 = 96;

/// The most rows of the list.
const ROWS: usize = 16;

/// From this height on there are empty lines between its parts.
const AIRY: u16 = 24;

/// How many lines tell of the highlighted row.
const DETAILS: usize = 2;

/// The choice of an account.
#[derive(Debug)]
pub(in crate::tui) struct Switch {
    slot: Slot,
    /// What is typed.
    input: Input,
    /// The highlighted row, among those that are shown.
    cursor: usize,
    /// What that stands for: another list may have it in another place.
    chosen: Option<Chosen>,
    /// The rows that what is typed leaves.
    shown: Vec<Row>,
    /// The list that they are of.
    version: Option<u64>,
}

impl Switch {
    /// The choice for the account in this slot.
    pub(in crate::tui) fn new(slot: Slot, engine: &Engine) -> Self {
        let mut dialog = Self {
            slot,
            input: Input::default(),
            cursor: 0,
            chosen: None,
            shown: Vec::new(),
            version: None,
        };
        dialog.find(engine);
        dialog
    }

    /// Finds the rows for what is typed.
    fn find(&mut self, engine: &Engine) {
        self.shown = rows::found(self.input.value(), self.slot, engine);
    }

    /// Highlights a row.
    fn highlight(&mut self, at: usize, engine: &Engine) {
        self.cursor = at.min(self.shown.len().saturating_sub(1));
        self.chosen = self.row().map(|row| chosen(row, engine));
    }

    /// The highlighted row.
    fn row(&self) -> Option<Row> {
        self.shown.get(self.cursor).copied()
    }

    /// Switches to the account of a row.
    fn switch(&self, row: Row, engine: &Engine) -> Vec<Ask> {
        if let Some(many) = Many::of(row, self.slot, engine) {
            return vec![Ask::Close, many.open(false, engine)];
        }
        match open(row, engine) {
            Some(account) if account.session.slot == self.slot && is_signed_in(account) => {
                vec![Ask::Close]
            }
            Some(account) if account.session.slot != self.slot => {
                vec![Ask::Close, Ask::Show(account.session.slot)]
            }
            _ => match why_never(row, engine) {
                // What is open is not left for what cannot be used.
                Some(why) => vec![why],
                None => vec![Ask::Close, Ask::SignIn(target(row, engine))],
            },
        }
    }

    /// Signs in to the account of a row, whether or not it is open; where a login in a browser is what
    /// lacks, with a new one.
    fn sign_in_anew(&self, row: Row, engine: &Engine) -> Vec<Ask> {
        match Many::of(row, self.slot, engine) {
            Some(many @ Many::Portal(_)) => return vec![Ask::Close, many.open(true, engine)],
            Some(Many::Organisation(account)) => {
                return vec![Ask::Close, Ask::SignIn(account.target.clone())];
            }
            None => {}
        }
        let open = open(row, engine);
        if let Some(why) = why_never(row, engine).filter(|_| !open.is_some_and(is_signed_in)) {
            return vec![why];
        }
        let login = profile(row, engine).and_then(|profile| profile.login);
        let lacks = login.is_some_and(|login| !login.is_good(engine.now()));
        // What the last time has ended with says more than the files.
        let offer = open.and_then(|account| match &account.stage {
            Stage::SignedOut(problem) => problem.offer,
            _ => None,
        });
        let means = offer.map(Offer::means);
        let means = means.or(lacks.then_some(Means::Login));
        let target = target(row, engine);
        let beside = open.map(|account| account.session.slot);
        let beside = beside.filter(|slot| *slot != self.slot);
        match (beside, means) {
            // What the person is asked for comes up in the place of this.
            (Some(slot), Some(means)) => {
                let sign_in = Intent::SignInWith(slot, target, means);
                vec![Ask::Close, Ask::Intend(sign_in)]
            }
            (Some(slot), None) => vec![Ask::Intend(Intent::SignIn(slot, target))],
            (None, Some(means)) => vec![Ask::Close, Ask::SignInWith(target, means)],
            (None, None) => vec![Ask::Close, Ask::SignIn(target)],
        }
    }

    /// Opens the account of a row beside the others; or removes it, where that has failed.
    fn open_beside(row: Row, slot: Slot, engine: &Engine) -> Vec<Ask> {
        if let Some(failed) = failed(row, slot, engine) {
            return vec![Ask::Intend(Intent::TakeOut(failed))];
        }
        Self::open_or_try_again(row, slot, engine)
    }

    /// Opens the account of a row beside the others, once more where that has failed.
    fn open_or_try_again(row: Row, slot: Slot, engine: &Engine) -> Vec<Ask> {
        if let Some(many) = Many::of(row, slot, engine) {
            let open = many.open(false, engine);
            // The login comes up in the place of this.
            let logs_in = matches!(open, Ask::Intend(Intent::OpenPortal(_, true)));
            return logs_in
                .then_some(Ask::Close)
                .into_iter()
                .chain([open])
                .collect();
        }
        match open(row, engine) {
            Some(account) if !matches!(account.stage, Stage::SignedOut(_)) => {
                vec![already_open(row, engine)]
            }
            Some(account) => {
                let (slot, target) = (account.session.slot, account.target.clone());
                vec![Ask::Intend(Intent::SignIn(slot, target))]
            }
            None => match why_never(row, engine) {
                Some(why) => vec![why],
                None => vec![Ask::Intend(Intent::Open(target(row, engine)))],
            },
        }
    }

    /// Writes the part of the list that fits, around the highlighted row.
    fn write_rows(&self, lines: &mut Lines<'_>, room: usize) {
        let engine = lines.canvas.engine;
        let first = (self.cursor + 1).saturating_sub(room);
        let shown = self.shown.iter().enumerate().skip(first).take(room);
        for (at, row) in shown {
            let line = line(lines, *row, self.slot, at == self.cursor, engine);
            lines.choice(at, lines.cells, line);
        }
    }

    /// Writes all that is known of the highlighted row.
    fn write_details(&self, lines: &mut Lines<'_>) {
        let engine = lines.canvas.engine;
        let text = self.row().map(|row| details(row, self.slot, lines, engine));
        let (text, style) = text.unwrap_or_default();
        let parts = wrap(&visible(&text), lines.cells);
        let cut = parts.len() > DETAILS;
        for (at, part) in parts.into_iter().take(DETAILS).enumerate() {
            let more = if cut && at + 1 == DETAILS {
                lines.theme.glyphs.more
            } else {
                ""
            };
            let part = shorten(&part, lines.cells - width(more), "").into_owned();
            lines.push(Line::styled(format!("{part}{more}"), style));
        }
    }
}

impl Dialog for Switch {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Switch
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, MOST);
        let list = canvas.engine.profiles.list();
        let all = list.and_then(Result::ok);
        let slash = keymap::name(Context::Users, Action::Filter);
        let note = all.map_or_else(String::new, |list| self.note(list, &lines));
        lines.field_with_note(&slash, &self.input, &note);
        lines.gap();
        match list {
            None => lines.waiting("Reading the profiles"),
            Some(Err(problem)) => write_problem(&mut lines, problem),
            Some(Ok(list)) if list.profiles.is_empty() && list.portals.is_empty() => {
                lines.text(format!(
                    "There are no profiles in {}.",
                    list.files.join(" and ")
                ));
            }
            Some(Ok(_)) if self.shown.is_empty() => lines.dim("No profile is like that."),
            Some(Ok(_)) => {}
        }
        let mut tail = Lines::new(canvas, MOST);
        let many = self
            .row()
            .and_then(|row| Many::of(row, self.slot, canvas.engine));
        let go_on = match many {
            Some(_) => "open them all",
            None => "switch to it",
        };
        let is_failed = self
            .row()
            .is_some_and(|row| failed(row, self.slot, canvas.engine).is_some());
        let beside = if is_failed { "remove" } else { "open beside" };
        let all_hints = [
            (Action::GoOn, go_on),
            (Action::OpenBeside, beside),
            (Action::TryAgain, "sign in again"),
            (Action::OpenAll, "open all shown"),
            (Action::Cancel, "close"),
        ];
        // Without a row there is nothing to do to it.
        let from = if self.shown.is_empty() { 4 } else { 0 };
        tail.hints(Context::Switch, &all_hints[from..]);
        // The list is as long with few rows as with many: nothing jumps while one types.
        let above = lines.count(true);
        let below = DETAILS + tail.count(true) + warnings(canvas, all).len();
        let height = canvas.buffer.area.height;
        let airy = height >= AIRY;
        let room = dialog_room(height, false);
        let room = room.saturating_sub(above + below + if airy { 3 } else { 0 });
        let room = room.clamp(3, ROWS);
        let begin = lines.count(false);
        self.write_rows(&mut lines, room);
        let count = rows::count(self.slot, canvas.engine);
        lines.pad(begin + count.min(room));
        lines.gap();
        let begin = lines.count(false);
        self.write_details(&mut lines);
        if airy {
            lines.pad(begin + DETAILS);
        }
        for warning in warnings(canvas, all) {
            lines.warn(warning);
        }
        lines.gap();
        lines.append(tail);
        Some(Frame::new("Accounts to open", canvas.theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let Some(row) = self.row() else {
            return cancel(action);
        };
        match action {
            Action::GoOn => self.switch(row, engine),
            Action::OpenBeside => Self::open_beside(row, self.slot, engine),
            Action::OpenAll => self.open_all(engine),
            Action::TryAgain => self.sign_in_anew(row, engine),
            _ => cancel(action),
        }
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        let version = Some(engine.profiles.version());
        if self.version != version {
            self.version = version;
            self.find(engine);
            let place = |is_it: &dyn Fn(Row) -> bool| self.shown.iter().position(|row| is_it(*row));
            let before = place(&|row| self.chosen == Some(chosen(row, engine)));
            // At first, where one is.
            let here =
                || place(&|row| open(row, engine).is_some_and(|it| it.session.slot == self.slot));
            let at = before.or_else(here).unwrap_or_default();
            self.highlight(at, engine);
        }
        false
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn edited(&mut self, engine: &Engine) -> Vec<Ask> {
        self.find(engine);
        self.highlight(0, engine);
        Vec::new()
    }

    fn step(&mut self, by: isize, engine: &Engine) {
        self.highlight(self.cursor.saturating_add_signed(by), engine);
    }

    fn take_row(&mut self, row: usize, engine: &Engine) -> Vec<Ask> {
        match self.shown.get(row) {
            Some(row) => self.switch(*row, engine),
            None => Vec::new(),
        }
    }
}

impl Switch {
    /// How many profiles there are, and where they are from, as far as there is room.
    fn note(&self, list: &ProfileList, lines: &Lines<'_>) -> String {
        let count = format::plural(list.profiles.len(), "profile");
        let (files, dot) = (list.files.join(", "), lines.theme.glyphs.dot);
        let portals = match list.portals.len() {
            0 => String::new(),
            portals => format!(", {}", format::plural(portals, "SSO portal")),
        };
        let whole = format!("from {files} {dot} {count}{portals}");
        let room = lines.cells * 3 / 4;
        if self.input.value().is_empty() {
            let short = format!("{count}{portals}");
            let ways = [whole, short].into_iter();
            let mut ways = ways.filter(|way| width(way) <= room);
            ways.next().unwrap_or(count)
        } else {
            let shown = self
                .shown
                .iter()
                .filter(|row| matches!(row, Row::Profile(_)))
                .count();
            format!("{} of {count}", format::count(shown))
        }
    }
}

/// What has to be known before one chooses.
fn warnings(canvas: &Canvas<'_>, list: Option<&ProfileList>) -> Vec<String> {
    let mut warnings = Vec::new();
    let hidden = list.map_or(0, |list| list.hidden);
    if hidden > 0 {
        let profiles = format::plural(hidden, "profile");
        warnings.push(format!(
            "{profiles} not shown: the name looks like a secret"
        ));
    }
    if canvas.account.target == engine::Target::Demo {
        warnings.push("These are real accounts, unlike the demo.".into());
    }
    warnings
}

/// Writes why the profiles cannot be read.
fn write_problem(lines: &mut Lines<'_>, problem: &Problem) {
    lines.warn(&problem.title);
    for detail in &problem.details {
        lines.below(detail);
    }
    for advice in &problem.advice {
        lines.dim(advice);
    }
}
