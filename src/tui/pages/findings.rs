//! What is wrong with keys: the rules by severity with how many keys each finds, the keys of the
//! selected one, and how old and how idle all Active keys are, as a grid that one can move in.
//!
//! The keys stand in the order of their age, or of another column. Which one is selected is known by its ID: rows that come
//! or go around it do not make it another.

mod detail;
mod pictures;
mod rows;

use super::PageRow;
use crate::{
    engine::{
        Attention, RotationUnderWay,
        account::{Facts, Known},
        findings::{AGES, Grid, IDLE, Rule, Severity, ShownRule, cell_filter},
        fleet::KeyPlace,
        query::{
            Query, Scratch,
            sort::{self, Column, Sort, Value},
        },
    },
    tui::{
        layout::Layout,
        lists::{Scroll, values},
        prelude::*,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

/// What the keys can be sorted by.
const SORTS: &[Column] = &[Column::Id, Column::User, Column::Age, Column::LastUsed];

/// The same of several accounts.
const SORTS_OF_ALL: &[Column] = &[
    Column::Id,
    Column::User,
    Column::Account,
    Column::Age,
    Column::LastUsed,
];

/// While answers come in, the keys keep their order for so long.
const SETTLES_AFTER: TimeDelta = TimeDelta::milliseconds(250);

/// What of the page the keys of the keyboard go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) enum Part {
    /// The rules.
    #[default]
    Rules,
    /// The keys of the selected rule, or of the selected cell.
    Keys,
    /// The grid.
    Grid,
}

/// A line of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// A key, and whether an exemption takes it out.
    Key(KeyPlace, bool),
    /// A key of the root user of an account, which has no place among the others.
    Root(Slot),
}

impl Found {
    fn slot(self) -> Slot {
        match self {
            Self::Key(place, _) => place.slot,
            Self::Root(slot) => slot,
        }
    }
}

/// The selected key, whatever comes before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chosen {
    slot: Slot,
    user: Box<str>,
    /// Its ID; none of a key that only the report tells of.
    id: Option<Box<str>>,
    at: u16,
}

/// What the keys are listed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Rule(usize),
    Cell(usize, usize),
    Rotations,
}

/// What the page remembers.
#[derive(Debug)]
pub(in crate::tui) struct FindingsPage {
    pub part: Part,
    /// Where the selected rule stands among those that are shown.
    rules: Scroll,
    /// Which rule that is: another account may have more of them. None for the rotations.
    rule: Option<usize>,
    /// The selected cell: its age, and how idle.
    cell: (usize, usize),
    /// Whether the keys are those of the cell.
    of_cell: bool,
    keys: Vec<Found>,
    /// The cells of the longest name of a user among them.
    longest_name: usize,
    scroll: Scroll,
    /// How the keys are sorted.
    sort: Sort,
    chosen: Option<Chosen>,
    /// What the keys were listed of, and when.
    listed: Option<Of>,
    seen: (usize, u64),
    settled: DateTime<Utc>,
    /// The rotations under way in the accounts that are shown, and when they were last looked for: that
    /// costs a look at each user.
    rotations: Vec<RotationUnderWay>,
    /// There may be more of them: not all keys are loaded that would tell.
    may_rotate_more: bool,
    looked: DateTime<Utc>,
}

impl Default for FindingsPage {
    fn default() -> Self {
        Self {
            part: Part::default(),
            rules: Scroll::default(),
            rule: None,
            cell: (AGES.len() - 1, IDLE.len() - 1),
            of_cell: false,
            keys: Vec::new(),
            longest_name: 0,
            scroll: Scroll::default(),
            sort: Sort::by(Column::Age),
            chosen: None,
            listed: None,
            seen: (usize::MAX, u64::MAX),
            settled: DateTime::UNIX_EPOCH,
            rotations: Vec::new(),
            may_rotate_more: true,
            looked: DateTime::UNIX_EPOCH,
        }
    }
}

/// The rules that count in these accounts, the gravest first.
fn shown<'a>(engine: &'a Engine, rows: Rows<'a>) -> Vec<ShownRule<'a>> {
    engine.findings.shown(rows)
}

/// A number of which it may be known that there are no more: with `+` where there may be.
fn number(count: usize, is_certain: bool) -> String {
    match (count, is_certain) {
        (count, true) => format::count(count),
        (0, false) => "?".into(),
        (count, false) => format!("{}+", format::count(count)),
    }
}

impl FindingsPage {
    /// The place whose keys count.
    pub(in crate::tui) fn context(&self) -> Context {
        match self.part {
            Part::Rules => Context::Findings,
            Part::Keys => Context::FoundKeys,
            Part::Grid => Context::Grid,
        }
    }

    fn of(&self, engine: &Engine, rows: Rows<'_>) -> Of {
        if self.of_cell {
            return Of::Cell(self.cell.0, self.cell.1);
        }
        let rules = shown(engine, rows);
        let rule = rules.get(self.rules.cursor());
        rule.map_or(Of::Rotations, |rule| Of::Rule(rule.place))
    }

    /// The filter that shows what is selected: the keys of a rule, or of a cell. There is none for
    /// rotations.
    pub(in crate::tui) fn filter(&self, engine: &Engine, rows: Rows<'_>) -> Option<String> {
        Some(match self.of(engine, rows) {
            Of::Rule(rule) => format!("finding:{}", engine.findings.rules().get(rule)?.id),
            Of::Cell(age, idle) => cell_filter(age, idle),
            Of::Rotations => return None,
        })
    }

    /// Whether the rotations under way are selected, behind the rules.
    pub(in crate::tui) fn is_on_rotations(&self, engine: &Engine, rows: Rows<'_>) -> bool {
        self.of(engine, rows) == Of::Rotations
    }

    /// The keys that are listed, without those of root.
    pub(in crate::tui) fn places(&self) -> Vec<KeyPlace> {
        let keys = self.keys.iter().filter_map(|found| match found {
            Found::Key(place, _) => Some(*place),
            Found::Root(_) => None,
        });
        keys.collect()
    }

    /// Whether the selected rule is about the root user alone, whose keys are in no list.
    pub(in crate::tui) fn is_of_root(&self, engine: &Engine, rows: Rows<'_>) -> bool {
        match self.of(engine, rows) {
            Of::Rule(rule) => {
                let rule = engine.findings.rules().get(rule);
                rule.is_some_and(Rule::is_of_root_alone)
            }
            _ => false,
        }
    }

    /// The account of the selected key.
    pub(in crate::tui) fn slot(&self) -> Option<Slot> {
        Some(self.selected()?.slot())
    }

    fn selected(&self) -> Option<Found> {
        self.keys.get(self.scroll.cursor()).copied()
    }

    /// The selected key, and whose it is.
    pub(in crate::tui) fn selected_key<'a>(
        &self,
        rows: Rows<'a>,
    ) -> Option<(&'a UserRow, Known<'a>)> {
        match self.selected()? {
            Found::Key(place, _) => rows.key(place),
            Found::Root(_) => None,
        }
    }

    /// Whether a key of the root user is selected.
    pub(in crate::tui) fn is_on_root(&self) -> bool {
        matches!(self.selected(), Some(Found::Root(_)))
    }

    /// Selects a rule; behind them, the rotations.
    pub(in crate::tui) fn select_rule(&mut self, engine: &Engine, rows: Rows<'_>, at: usize) {
        let rules = shown(engine, rows);
        self.rules.select(at, rules.len() + 1);
        self.rule = rules.get(self.rules.cursor()).map(|rule| rule.place);
        self.of_cell = false;
    }

    /// Stays at the selected rule when there are others than before.
    fn follow_rules(&mut self, rules: &[ShownRule<'_>]) {
        let at = self.rules.cursor();
        if rules.get(at).map(|rule| rule.place) == self.rule {
            return;
        }
        let kept = match self.rule {
            Some(place) => rules.iter().position(|rule| rule.place == place),
            None if self.listed.is_some() => Some(rules.len()),
            None => None,
        };
        match kept {
            Some(kept) => self.rules.carry(kept, rules.len() + 1),
            None => self.rules.select(at, rules.len() + 1),
        }
        self.rule = rules.get(self.rules.cursor()).map(|rule| rule.place);
    }

    /// Selects a key.
    pub(in crate::tui) fn select_key(&mut self, rows: Rows<'_>, at: usize) {
        self.scroll.select(at, self.keys.len());
        self.choose(rows);
    }

    /// Selects a cell.
    pub(in crate::tui) fn select_cell(&mut self, age: usize, idle: usize) {
        self.cell = (age.min(AGES.len() - 1), idle.min(IDLE.len() - 1));
        self.of_cell = true;
    }

    /// Moves by so many rows.
    pub(in crate::tui) fn step(&mut self, by: isize, engine: &Engine, rows: Rows<'_>) {
        match self.part {
            Part::Rules => {
                let at = self.rules.cursor().saturating_add_signed(by);
                self.select_rule(engine, rows, at);
            }
            Part::Keys => {
                let at = self.scroll.cursor().saturating_add_signed(by);
                self.select_key(rows, at);
            }
            Part::Grid => {
                let (age, idle) = self.cell;
                self.select_cell(age.saturating_add_signed(by), idle);
            }
        }
        self.list(engine, rows, true);
    }

    /// Moves to the left or the right: in the grid from column to column, elsewhere to the other part.
    pub(in crate::tui) fn step_aside(&mut self, by: isize, engine: &Engine, rows: Rows<'_>) {
        let (age, idle) = self.cell;
        match (self.part, by < 0) {
            (Part::Grid, _) => self.select_cell(age, idle.saturating_add_signed(by)),
            (Part::Rules, false) => self.part = Part::Keys,
            (Part::Keys, true) => self.go_back(),
            (Part::Keys, false) if !self.of_cell => self.turn_to_grid(),
            _ => {}
        }
        self.list(engine, rows, true);
    }

    fn turn_to_grid(&mut self) {
        self.part = Part::Grid;
        self.of_cell = true;
    }

    /// Goes from the keys to what they are of.
    pub(in crate::tui) fn go_back(&mut self) {
        self.part = if self.of_cell {
            Part::Grid
        } else {
            Part::Rules
        };
    }

    /// Goes to the next part, or to the one before.
    pub(in crate::tui) fn turn(&mut self, engine: &Engine, rows: Rows<'_>) {
        self.part = match self.part {
            Part::Rules => Part::Keys,
            Part::Keys => Part::Grid,
            Part::Grid => Part::Rules,
        };
        match self.part {
            Part::Rules => self.of_cell = false,
            Part::Keys => {}
            Part::Grid => self.of_cell = true,
        }
        self.list(engine, rows, true);
    }

    /// Back to the rules.
    pub(in crate::tui) fn leave(&mut self) {
        self.part = Part::Rules;
        self.of_cell = false;
    }

    /// How many rows there is room for where one moves.
    pub(in crate::tui) fn height(&self) -> usize {
        match self.part {
            Part::Rules => self.rules.height(),
            Part::Keys => self.scroll.height(),
            Part::Grid => 2,
        }
    }

    /// Follows what has come.
    pub(in crate::tui) fn follow(&mut self, engine: &Engine, rows: Rows<'_>, layout: &Layout) {
        let rules = shown(engine, rows);
        let room = rows::Room::of(self, layout, &rules);
        self.rules.set_height(room.rules, rules.len() + 1);
        self.follow_rules(&rules);
        self.list(engine, rows, false);
        self.scroll.set_height(room.keys, self.keys.len());
    }

    /// The rows that are looked at.
    pub(in crate::tui) fn attention(&self) -> HashMap<Slot, Attention> {
        let mut all: HashMap<Slot, Attention> = HashMap::new();
        for at in self.scroll.rows(self.keys.len()) {
            if let Found::Key(place, _) = self.keys[at] {
                let attention = all.entry(place.slot).or_default();
                attention.visible.push(place.row);
                if at == self.scroll.cursor() {
                    attention.selected = Some(place.row);
                }
            }
        }
        all
    }

    /// Lists the keys: at once where that is asked for or rows stand elsewhere, and otherwise at most
    /// four times a second.
    fn list(&mut self, engine: &Engine, rows: Rows<'_>, asked_for: bool) {
        let (of, now) = (self.of(engine, rows), engine.now());
        let has_rotated = self.look_for_rotations(engine, rows, asked_for);
        let is_stale = has_rotated && of == Of::Rotations;
        let places = rows.accounts().map(|account| {
            let users = &account.users;
            users.displaced() + u64::from(account.session.generation) + users.arrangement()
        });
        let seen = (engine.findings.judged(), places.sum());
        let is_same = self.listed == Some(of) && self.seen == seen && !is_stale;
        let is_settled = now >= self.settled && now - self.settled < SETTLES_AFTER;
        let is_in_place = self.listed == Some(of) && self.seen.1 == seen.1;
        if is_same || !asked_for && is_in_place && is_settled && !is_stale {
            return;
        }
        let is_other = self.listed != Some(of);
        self.listed = Some(of);
        self.seen = seen;
        self.settled = now;
        self.keys = match of {
            Of::Rotations => rotated(&self.rotations, rows),
            Of::Rule(rule) => found_by(rule, engine, rows, self.sort),
            Of::Cell(age, idle) => in_cell((age, idle), engine, rows, self.sort),
        };
        let names = self.keys.iter().filter_map(|found| match found {
            Found::Key(place, _) => Some(width(&visible(&rows.key(*place)?.0.user.name))),
            Found::Root(_) => None,
        });
        self.longest_name = names.max().unwrap_or_default();
        if is_other {
            self.scroll.select(0, self.keys.len());
            self.choose(rows);
            return;
        }
        let chosen = self.chosen.as_ref();
        let kept = chosen.and_then(|chosen| {
            let mut keys = self.keys.iter();
            keys.position(|found| is_chosen(*found, chosen, rows))
        });
        match kept {
            Some(at) => self.scroll.carry(at, self.keys.len()),
            None => {
                self.scroll.select(self.scroll.cursor(), self.keys.len());
                self.choose(rows);
            }
        }
    }

    /// Sorts the keys in another way. The selected one stays so.
    pub(in crate::tui) fn sort(&mut self, engine: &Engine, rows: Rows<'_>, sort: Sort) {
        self.sort = sort;
        // What was listed before is in another order.
        self.seen = (usize::MAX, u64::MAX);
        self.list(engine, rows, true);
    }

    /// The columns that the keys can be sorted by, and how they are.
    pub(in crate::tui) fn sorted(&self, rows: Rows<'_>) -> (&'static [Column], Sort) {
        let columns = if rows.only().is_none() {
            SORTS_OF_ALL
        } else {
            SORTS
        };
        (columns, self.sort)
    }

    /// Looks which rotations are under way, at most four times a second unless that is asked for. Says
    /// whether they are others than before.
    fn look_for_rotations(&mut self, engine: &Engine, rows: Rows<'_>, asked_for: bool) -> bool {
        let now = engine.now();
        let is_settled = now >= self.looked && now - self.looked < SETTLES_AFTER;
        if !asked_for && is_settled {
            return false;
        }
        self.looked = now;
        let mut found = engine.rotations_under_way();
        found.retain(|it| rows.account(it.slot).is_some());
        let are_others = found != self.rotations;
        self.rotations = found;
        self.may_rotate_more = rows.accounts().any(may_rotate_more);
        are_others
    }

    fn choose(&mut self, rows: Rows<'_>) {
        self.chosen = self.selected().and_then(|found| match found {
            Found::Key(place, _) => {
                let (row, key) = rows.key(place)?;
                Some(Chosen {
                    slot: place.slot,
                    user: row.user.name.clone(),
                    id: key.id().map(Into::into),
                    at: place.key,
                })
            }
            Found::Root(_) => None,
        });
    }
}

/// Whether a key is the chosen one. One that had no ID yet is known by its place.
fn is_chosen(found: Found, chosen: &Chosen, rows: Rows<'_>) -> bool {
    let Found::Key(place, _) = found else {
        return false;
    };
    let Some((row, key)) = rows.key(place).filter(|_| place.slot == chosen.slot) else {
        return false;
    };
    row.user.name == chosen.user
        && match (&chosen.id, key.id()) {
            (Some(id), Some(key)) => **id == *key,
            _ => place.key == chosen.at,
        }
}

/// Puts keys in order.
fn arrange(places: &mut Vec<KeyPlace>, rows: Rows<'_>, sort: Sort) {
    sort::arrange(places, sort.descending, |place: KeyPlace| {
        let account = rows.account(place.slot);
        let known = account.zip(rows.key(place));
        known.map_or(Value::None, |(account, (row, key))| {
            values::of_key(account, row, key, sort.column)
        })
    });
}

/// The keys of a rule in order; those of root before them, and exempt ones behind.
fn found_by(rule: usize, engine: &Engine, rows: Rows<'_>, sort: Sort) -> Vec<Found> {
    let roots = rows.accounts().flat_map(|account| {
        let count = account.findings.roots(rule);
        std::iter::repeat_n(Found::Root(account.session.slot), count)
    });
    let mut found: Vec<KeyPlace> = engine.findings.keys(rows, rule).collect();
    let mut exempt: Vec<KeyPlace> = engine.findings.exempt_keys(rows, rule).collect();
    arrange(&mut found, rows, sort);
    arrange(&mut exempt, rows, sort);
    let found = found.into_iter().map(|place| Found::Key(place, false));
    let exempt = exempt.into_iter().map(|place| Found::Key(place, true));
    roots.chain(found).chain(exempt).collect()
}

/// The keys of a cell in order.
fn in_cell((age, idle): (usize, usize), engine: &Engine, rows: Rows<'_>, sort: Sort) -> Vec<Found> {
    let query = Query::parse(&cell_filter(age, idle));
    let mut scratch = Scratch::default();
    let mut found = Vec::new();
    for account in rows.accounts() {
        let slot = account.session.slot;
        let facts = Facts::of(account, engine.now());
        for (row, user) in (0..).zip(account.users.rows()) {
            for (key, known) in (0..).zip(user.known_keys()) {
                let of_key = facts.key(user, known);
                let of_user = facts.user(user);
                if query.key_passes(&of_user, &of_key, engine.now(), &mut scratch) {
                    found.push(KeyPlace { slot, row, key });
                }
            }
        }
    }
    arrange(&mut found, rows, sort);
    let found = found.into_iter();
    found.map(|place| Found::Key(place, false)).collect()
}

/// Whether rotations may be under way in an account that nothing tells of: users who may have two keys,
/// and of whom these are not loaded.
fn may_rotate_more(account: &Account) -> bool {
    let may_have_two =
        |row: &UserRow| row.keys.known().is_none() && row.key_count().is_none_or(|count| count > 1);
    let may_have_two = || account.users.rows().iter().any(may_have_two);
    !account.is_shut() && (account.is_lost() || !account.is_listed() || may_have_two())
}

/// The keys of the users whose rotation is under way.
fn rotated(rotations: &[RotationUnderWay], rows: Rows<'_>) -> Vec<Found> {
    let keys = rotations
        .iter()
        .flat_map(|RotationUnderWay { slot, user }| {
            let account = rows.account(*slot);
            let found = account.and_then(|account| {
                let at = account.users.find(user)?;
                let keys = account.users.rows()[at].known_keys().count();
                Some((u32::try_from(at).ok()?, u16::try_from(keys).ok()?))
            });
            let (row, keys) = found.unwrap_or_default();
            (0..keys).map(move |key| KeyPlace {
                slot: *slot,
                row,
                key,
            })
        });
    keys.map(|place| Found::Key(place, false)).collect()
}

/// The row of the page.
pub(super) fn row() -> PageRow {
    PageRow {
        title: "Findings",
        show: Action::ShowFindings,
        places: &[Context::Findings, Context::FoundKeys, Context::Grid],
    }
}

/// How many keys are found, as the tab shows it: with `+` where there are accounts, users or keys that are
/// not known. That a rule cannot be judged of some keys is said beside the rule; no finding at all is none
/// only where all can.
pub(super) fn count(engine: &Engine, rows: Rows<'_>) -> String {
    let found = engine.findings.found(rows);
    let is_certain = match found {
        0 => engine.findings.is_certain(rows),
        _ => knows_all_keys(rows),
    };
    number(found, is_certain)
}

/// The symbol of a severity, and how it is drawn.
fn mark(theme: &Theme, severity: Severity) -> (&'static str, Style) {
    let [critical, high, medium, low] = theme.glyphs.severities;
    match severity {
        Severity::Critical => (critical, theme.bad),
        Severity::High => (high, theme.bad),
        Severity::Medium => (medium, theme.warn),
        Severity::Low => (low, theme.dim),
    }
}

/// How the keys of a cell are drawn: the older and the more idle, the graver.
fn cell_style(theme: &Theme, age: usize, idle: usize) -> Style {
    match (age, idle) {
        (2.., 3..) => theme.bad,
        (2.., _) | (_, 3..) => theme.warn,
        _ => theme.good,
    }
}

/// The grid of the accounts that are shown.
fn grid(canvas: &Canvas<'_>) -> Grid {
    canvas.engine.findings.grid(canvas.rows)
}

/// Whether all keys of these accounts are known, and all of the accounts can be asked.
fn knows_all_keys(rows: Rows<'_>) -> bool {
    rows.accounts()
        .all(|account| account.is_shut() || account.is_all_known() && !account.is_lost())
}

/// Whether all keys of the accounts that are shown stand in it.
fn is_all_in(grid: &Grid, rows: Rows<'_>) -> bool {
    grid.unknown == 0 && knows_all_keys(rows)
}
