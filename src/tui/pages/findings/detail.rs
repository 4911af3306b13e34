//! What a rule is about: its condition, why it matters, what to do, and what it is called elsewhere;
//! and what is not known of it.

use super::{FindingsPage, Of, number, rows::with_detail, shown};
use crate::{
    engine::{
        findings::{AGES, Counted, IDLE, ShownRule, Standing, cell_filter, exemptions},
        fleet::Rows,
    },
    tui::prelude::*,
};

/// What stands behind the rules.
pub(super) const ROTATIONS: &str = "Rotations under way";

/// How many lines there are for it below the keys, where there is little room, and where there is more.
const LINES: u16 = 6;
const MORE: u16 = 9;
/// From so many lines on, there is more.
const TALL: u16 = 22;

/// How many lines it has in an area with a border.
pub(super) fn height(area: Rect) -> u16 {
    match area.height {
        TALL.. => MORE,
        height if with_detail(height) => LINES,
        _ => 0,
    }
}

impl FindingsPage {
    fn rule<'a>(&self, canvas: &Canvas<'a>) -> Option<ShownRule<'a>> {
        if self.of_cell {
            return None;
        }
        let rules = shown(canvas.engine, canvas.rows);
        rules.into_iter().nth(self.rules.cursor())
    }

    /// What the keys are.
    pub(super) fn title(&self, canvas: &Canvas<'_>) -> String {
        match self.of(canvas.engine, canvas.rows) {
            Of::Cell(age, idle) => {
                format!("{}, {}", age_words(age), idle_words(idle))
            }
            Of::Rotations => ROTATIONS.into(),
            Of::Rule(_) => {
                let rule = self.rule(canvas);
                rule.map_or_else(String::new, |rule| visible(&rule.title).into_owned())
            }
        }
    }

    /// How many there are; and how many are exempt and not known, where there is room for that.
    pub(super) fn note(&self, canvas: &Canvas<'_>, is_short: bool) -> String {
        let dot = canvas.theme.glyphs.dot;
        if self.of(canvas.engine, canvas.rows) == Of::Rotations {
            return counted_words(self.rotations.len(), !self.may_rotate_more, "rotation");
        }
        let Some(rule) = self.rule(canvas) else {
            return format::plural(self.keys.len(), "key");
        };
        let counted = canvas.engine.findings.count(canvas.rows, rule.place);
        let is_certain = counted.is_certain();
        let mut parts = vec![counted_words(counted.found, is_certain, "key")];
        if counted.exempt > 0 && !is_short {
            parts.push(format!("{} exempt", format::count(counted.exempt)));
        }
        if counted.unknown > 0 && !is_short {
            parts.push(format!("{} not known", format::count(counted.unknown)));
        }
        parts.join(&format!(" {dot} "))
    }
}

/// So many things, where there may be more.
pub(super) fn counted_words(count: usize, is_certain: bool, thing: &str) -> String {
    if is_certain {
        format::plural(count, thing)
    } else {
        format!("{} {thing}s", number(count, false))
    }
}

fn age_words(age: usize) -> String {
    match AGES[age] {
        (_, i64::MAX) => format!("Older than {}", AGES[age - 1].0),
        (name, _) if age == 0 => format!("Up to {name} old"),
        (name, _) => format!("{} to {name} old", AGES[age - 1].0),
    }
}

fn idle_words(idle: usize) -> String {
    match IDLE[idle] {
        ("never", _) => "never used".into(),
        ("today", _) => "used today".into(),
        ("week", _) => "used this week".into(),
        (_, i64::MAX) => format!("used over {} ago", IDLE[idle - 1].0),
        (name, _) => format!("used within {name}"),
    }
}

/// What is not known of a rule.
fn not_known(counted: Counted, rows: Rows<'_>) -> Option<String> {
    let is_lost = |account: &&Account| account.is_lost() && !account.is_shut();
    let lost = rows.accounts().filter(is_lost).count();
    if counted.is_certain() && counted.unsure == 0 {
        return None;
    }
    let all = format::count(rows.count_users());
    let users = (counted.users > 0).then(|| {
        format!(
            "{} of {all} users not known yet",
            format::count(counted.users)
        )
    });
    let keys = (counted.unknown > 0).then(|| {
        let keys = format::plural(counted.unknown, "key");
        format!("{keys} not known")
    });
    let root = (counted.accounts > 0).then(|| {
        let accounts = format::plural(counted.accounts, "account");
        format!("root's keys of {accounts} not known")
    });
    let unsure = (counted.unsure > 0).then(|| {
        let keys = format::plural(counted.unsure, "key");
        format!("{keys} may be exempt: not known")
    });
    let listed = (counted.unlisted > lost).then(|| "users are still being listed".to_owned());
    let lost = (lost > 0).then(|| {
        let accounts = format::plural(lost, "account");
        format!("{accounts} not reachable")
    });
    let words = unsure.into_iter().chain(users).chain(keys).chain(root);
    let words: Vec<String> = words.chain(listed).chain(lost).collect();
    Some(words.join(", "))
}

/// Why there is no key.
pub(super) fn why_none(page: &FindingsPage, canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    if page.of(canvas.engine, canvas.rows) == Of::Rotations {
        let text = "No rotation is under way, as far as the keys are loaded.";
        return vec![(text.into(), theme.dim)];
    }
    let Some(rule) = page.rule(canvas) else {
        return vec![("No Active keys.".into(), theme.dim)];
    };
    let counted = canvas.engine.findings.count(canvas.rows, rule.place);
    match not_known(counted, canvas.rows) {
        None => vec![("No keys.".into(), theme.good)],
        Some(unknown) => vec![
            ("No keys, as far as is known.".into(), Style::new()),
            (unknown, theme.warn),
        ],
    }
}

/// Draws it.
pub(super) fn draw(page: &FindingsPage, canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let mut text: Vec<(String, Style)> = Vec::new();
    if let Some(shown) = page.rule(canvas) {
        let counted = canvas.engine.findings.count(canvas.rows, shown.place);
        if let Some(unknown) = not_known(counted, canvas.rows) {
            text.push((format!("{} {unknown}", theme.glyphs.warn), theme.warn));
        }
        text.extend(stated(page, canvas));
        let rule = shown.rule;
        text.push((rule.why.to_string(), Style::new()));
        text.extend(conditions(&shown, canvas));
        text.push((rule.remedy.to_string(), Style::new()));
        let standards = rule.standards.iter();
        let standards: Vec<String> = standards
            .map(|it| format!("{} {}", it.name, it.control))
            .collect();
        if !standards.is_empty() {
            let dot = format!(" {} ", theme.glyphs.dot);
            text.push((standards.join(&dot), theme.dim));
        }
    } else if let Of::Cell(age, idle) = page.of(canvas.engine, canvas.rows) {
        text.push((format!("when {}", cell_filter(age, idle)), theme.dim));
        let grid = super::grid(canvas);
        if grid.least > 0 {
            let keys = format::plural(grid.least as usize, "key");
            text.push((
                format!("{keys} known from the credential report: at least so old"),
                theme.dim,
            ));
        }
        if grid.unknown > 0 {
            let keys = format::plural(grid.unknown as usize, "Active key");
            text.push((format!("{keys} not counted: not known yet"), theme.warn));
        }
    }
    text.extend(rotation(page, canvas));
    let line = theme.glyphs.rule.repeat(usize::from(area.width));
    canvas.line(area.x, area.y, area.width, &Line::styled(line, theme.dim));
    let rest = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    canvas.paragraphs(rest, text);
}

/// When a rule finds a key; where that is not the same in all accounts, in how many it is what.
fn conditions(rule: &ShownRule<'_>, canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    match &rule.conditions[..] {
        [(when, _)] => vec![(format!("when {when}"), theme.dim)],
        several => {
            let each = several.iter().map(|(when, accounts)| {
                let accounts = format::plural(*accounts, "account");
                (format!("when {when} ({accounts})"), theme.dim)
            });
            each.collect()
        }
    }
}

/// Where the rotation of the selected key's user stands, where rotations are listed.
fn rotation(page: &FindingsPage, canvas: &Canvas<'_>) -> Option<(String, Style)> {
    if page.of(canvas.engine, canvas.rows) != Of::Rotations {
        return None;
    }
    let (row, _) = page.selected_key(canvas.rows)?;
    let user = &row.user.name;
    let rotation = canvas.engine.rotation(page.slot()?, user);
    let step = rotation.step.title();
    let text = format!(
        "{}: {step}; waits for {}",
        visible(user),
        rotation.waits_for()
    );
    let style = if rotation.blocker.is_some() {
        canvas.theme.warn
    } else {
        Style::new()
    };
    Some((text, style))
}

/// What the exemptions of the selected key say, each in a line: that one cannot be read is said where it
/// is.
fn stated(page: &FindingsPage, canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let selected = page.selected_key(canvas.rows);
    let account = page.slot().and_then(|slot| canvas.rows.account(slot));
    let Some((account, (row, key))) = account.zip(selected) else {
        return Vec::new();
    };
    let all = exemptions(account, row, key, canvas.now).into_iter();
    all.map(|it| {
        let by = it.by.words();
        match &it.standing {
            Standing::Holds(it) => (
                format!("exempt until {} {} ({by})", it.until, it.why),
                Style::new(),
            ),
            Standing::Expired(it) => {
                let text = format!("exemption expired {} {} ({by})", it.until, it.why);
                (text, theme.warn)
            }
            Standing::Unreadable(_, why) => {
                let text = format!("{} exemption: {why} ({by})", theme.glyphs.warn);
                (text, theme.warn)
            }
        }
    })
    .collect()
}
