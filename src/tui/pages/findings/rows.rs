//! The rules, and the keys of the selected one.

use super::{FindingsPage, Found, Part, detail, mark, number, pictures, shown};
use crate::{
    engine::{
        account::Known,
        findings::{Severity, ShownRule, Standing, StatedExemption, exemptions},
        impact::policy::Power,
        query::sort::{Column as SortColumn, Sort},
    },
    tui::{
        layout::Layout,
        pages::{cells, marks},
        prelude::*,
        widgets::table::{Column, MARKER, Row, Table, draw_position},
    },
};

/// From this width on, both columns are shown side by side.
const TWO: u16 = 76;
/// The height of the grid with its headings.
const GRID: u16 = 8;
/// From so many lines on, the keys have room for what their rule is about.
const WITH_DETAIL: u16 = 17;
/// From so many lines on, the bars stand below the keys.
const WITH_BARS: u16 = 28;
/// The height of the bars.
const BARS: u16 = 9;

/// Where the parts of the page are; those without room are empty.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    rules: Rect,
    grid: Rect,
    keys: Rect,
    bars: Rect,
    /// The rules stand below their severities.
    headed: bool,
}

/// How many rows there is room for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Room {
    pub(super) rules: usize,
    pub(super) keys: usize,
}

impl Room {
    pub(super) fn of(page: &FindingsPage, layout: &Layout, rules: &[ShownRule<'_>]) -> Self {
        let places = Places::of(page, layout.body, rules);
        let inside = |area: Rect| area.height.saturating_sub(2);
        let keys = inside(places.keys).saturating_sub(1 + detail::height(places.keys));
        Self {
            // With their headings all of them are shown.
            rules: if places.headed {
                usize::MAX / 2
            } else {
                usize::from(inside(places.rules))
            },
            keys: usize::from(keys),
        }
    }
}

impl Places {
    fn of(page: &FindingsPage, body: Rect, rules: &[ShownRule<'_>]) -> Self {
        // The rotations stand behind the rules, below their severities after an empty line.
        let lines = to_u16(rules.len() + 1);
        let headings = Severity::ALL.into_iter();
        let headings = headings.filter(|of| rules.iter().any(|rule| rule.severity == *of));
        let headed_lines = lines + to_u16(headings.count() + 1);
        let left = if body.width < TWO {
            body
        } else {
            Rect {
                width: match body.width {
                    ..100 => 36,
                    100..110 => 44,
                    _ => 48,
                },
                ..body
            }
        };
        let inside = left.height.saturating_sub(2);
        // Where there is no room for both, the one is shown that is moved in.
        let both = inside >= lines + GRID - 1;
        let headed = inside >= headed_lines + if both { GRID } else { 0 };
        let (rules, grid) = match (both, page.part == Part::Grid) {
            (true, _) => {
                let grid = Rect {
                    y: left.bottom() - 1 - GRID.min(inside - lines),
                    height: GRID.min(inside - lines),
                    ..left
                };
                (left, grid)
            }
            (false, true) => {
                let grid = Rect {
                    y: left.y + 1,
                    height: inside,
                    ..left
                };
                (left, grid)
            }
            (false, false) => (left, Rect::ZERO),
        };
        if body.width < TWO {
            let keys_alone = page.part == Part::Keys;
            return Self {
                rules: if keys_alone { Rect::ZERO } else { rules },
                grid: if keys_alone { Rect::ZERO } else { grid },
                keys: if keys_alone { body } else { Rect::ZERO },
                bars: Rect::ZERO,
                headed,
            };
        }
        let right = Rect {
            x: left.right(),
            width: body.width - left.width,
            ..body
        };
        let below = if body.height >= WITH_BARS { BARS } else { 0 };
        Self {
            rules,
            grid,
            keys: Rect {
                height: right.height - below,
                ..right
            },
            bars: Rect {
                y: right.bottom() - below,
                height: below,
                ..right
            },
            headed,
        }
    }
}

/// A line of the rules, or behind them.
struct Entry<'a> {
    symbol: &'static str,
    title: &'a str,
    /// How many keys it finds, or what else there is of it.
    number: String,
    /// Whether there is any.
    counts: bool,
    style: Style,
}

impl Entry<'_> {
    fn draw(
        self,
        canvas: &mut Canvas<'_>,
        line: Rect,
        at: usize,
        (selected, focused): (bool, bool),
    ) {
        let theme = canvas.theme;
        let Self { symbol, number, .. } = self;
        let room = usize::from(line.width).saturating_sub(6 + width(&number));
        let title = visible(self.title);
        let title = shorten(&title, room, theme.glyphs.more).into_owned();
        let padding = " ".repeat(room.saturating_sub(width(&title)));
        let marker = if selected { theme.glyphs.marker } else { " " };
        let (text, style) = match (self.counts, selected) {
            (true, true) => (theme.strong, self.style),
            (true, false) => (Style::new(), self.style),
            (false, _) => (theme.dim, theme.dim),
        };
        let mut spans = vec![
            Span::styled(format!("{marker} "), theme.accent),
            Span::styled(format!("{symbol} "), style),
            Span::styled(title, text),
            Span::raw(padding),
            Span::styled(format!(" {number} "), style),
        ];
        if selected && focused {
            for span in &mut spans[1..] {
                span.style = theme.select(span.style);
            }
        }
        canvas.line(line.x, line.y, line.width, &Line::from(spans));
        canvas.target(line, Target::Rule(at));
        canvas.drawn.rows += 1;
    }
}

impl FindingsPage {
    /// Draws the page.
    pub(in crate::tui) fn draw(&self, canvas: &mut Canvas<'_>, body: Rect) {
        let rules = shown(canvas.engine, canvas.rows);
        let places = Places::of(self, body, &rules);
        if !places.rules.is_empty() {
            self.draw_rules(canvas, places, &rules);
        }
        if !places.keys.is_empty() {
            self.draw_keys(canvas, places.keys);
        }
        if !places.bars.is_empty() {
            pictures::bars(canvas, places.bars);
        }
    }

    fn draw_rules(&self, canvas: &mut Canvas<'_>, places: Places, rules: &[ShownRule<'_>]) {
        let theme = canvas.theme;
        let area = places.rules;
        let note = Line::styled(policy_words(canvas, area.width), theme.dim);
        let style = border(canvas, self.part != Part::Keys);
        let title = Line::styled("Findings", theme.strong);
        let inside = canvas.pane(area, title, note, style);
        let is_alone = !places.grid.is_empty() && places.grid.height == inside.height;
        if !is_alone {
            let below = if places.grid.is_empty() {
                0
            } else {
                places.grid.height
            };
            let list = Rect {
                height: inside.height - below,
                ..inside
            };
            self.draw_rule_rows(canvas, list, places.headed, rules);
            let position = self.rules.position(rules.len() + 1);
            draw_position(canvas, list, position, self.part == Part::Rules);
            if places.grid.is_empty() {
                // Where it is: there is no room for it beside the rules.
                let tab = keymap::name(Context::Findings, Action::OtherPane);
                let text = format!(" {tab} {tab}: how old, how idle ");
                let text = Line::styled(text, Style::reset().patch(theme.dim));
                canvas.line(area.x + 2, inside.bottom(), inside.width - 2, &text);
            }
        }
        if !places.grid.is_empty() {
            let grid = Rect {
                x: inside.x,
                width: inside.width,
                ..places.grid
            };
            pictures::grid(canvas, grid, self.cell, self.part == Part::Grid);
        }
    }

    fn draw_rule_rows(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        headed: bool,
        rules: &[ShownRule<'_>],
    ) {
        let theme = canvas.theme;
        let focused = self.part == Part::Rules;
        let mut y = area.y;
        let mut before = None;
        for at in self.rules.rows(rules.len() + 1) {
            let selected = at == self.rules.cursor() && !self.of_cell;
            let Some(rule) = rules.get(at) else {
                y += u16::from(headed);
                if y < area.bottom() {
                    let count = self.rotations.len();
                    let line = Entry {
                        symbol: " ",
                        title: detail::ROTATIONS,
                        number: number(count, !self.may_rotate_more),
                        counts: count > 0,
                        style: theme.accent,
                    };
                    line.draw(
                        canvas,
                        Rect {
                            y,
                            height: 1,
                            ..area
                        },
                        at,
                        (selected, focused),
                    );
                }
                break;
            };
            if headed && before != Some(rule.severity) {
                before = Some(rule.severity);
                let name = Line::styled(format!(" {}", rule.severity.name()), theme.dim);
                canvas.line(area.x, y, area.width, &name);
                y += 1;
            }
            if y >= area.bottom() {
                break;
            }
            let counted = canvas.engine.findings.count(canvas.rows, rule.place);
            let (symbol, style) = mark(&theme, rule.severity);
            let line = Entry {
                symbol,
                title: &rule.title,
                number: number(counted.found, counted.is_certain()),
                counts: counted.found > 0,
                style,
            };
            line.draw(
                canvas,
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                at,
                (selected, focused),
            );
            y += 1;
        }
    }

    fn draw_keys(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let theme = canvas.theme;
        let title = self.title(canvas);
        // Beside how many are marked, a narrow border has room for how many there are, and the title.
        let is_marked = !canvas.marks.is_empty() && area.width < SHORT;
        let note = self.note(canvas, false);
        // A space on both sides of each, a border between and around them.
        let is_wide = width(&title) + width(&note) + 9 > usize::from(area.width);
        let note = if is_marked || is_wide {
            self.note(canvas, true)
        } else {
            note
        };
        let mut note = Line::styled(note, theme.dim);
        if !canvas.marks.is_empty() {
            let marked = format!("{} {} ", canvas.marked(), theme.glyphs.dot);
            note.spans.insert(0, Span::styled(marked, theme.accent));
        }
        let style = border(canvas, self.part == Part::Keys);
        let inside = canvas.pane(area, Line::styled(title, theme.strong), note, style);
        let below = detail::height(area).min(inside.height);
        let list = Rect {
            height: inside.height - below,
            ..inside
        };
        let rest = Rect {
            y: list.bottom(),
            height: below,
            ..inside
        };
        let several = canvas.rows.only().is_none();
        // The last cell stays free: a border, or the position in the list, stands right behind it.
        let accounts = canvas.rows.accounts();
        let accounts = accounts.map(|account| width(&visible(account.label())));
        let needs = Needs {
            user: self.longest_name,
            account: several.then(|| accounts.max().unwrap_or_default()),
            exemptions: self.shows_exemptions(canvas),
        };
        let columns = Columns::of(list.width.saturating_sub(1), needs);
        let sort = (!self.is_on_rotations(canvas.engine, canvas.rows)).then_some(self.sort);
        let table = columns.table(self.part == Part::Keys, sort);
        table.headings(canvas, list);
        let body = Rect {
            y: list.y + 1,
            height: list.height.saturating_sub(1),
            ..list
        };
        if self.keys.is_empty() {
            let text = detail::why_none(self, canvas);
            canvas.paragraphs(body, text);
        } else {
            let window = self.scroll.rows(self.keys.len());
            let rows: Vec<Row> = window
                .filter_map(|at| self.key_row(canvas, &columns, at))
                .collect();
            let position = self.scroll.position(self.keys.len());
            table.rows(canvas, body, rows.into_iter(), position);
        }
        if !rest.is_empty() {
            detail::draw(self, canvas, rest);
        }
    }

    /// Whether one of the keys on screen has an exemption, also one that does not count, or may have one.
    fn shows_exemptions(&self, canvas: &Canvas<'_>) -> bool {
        let mut window = self.scroll.rows(self.keys.len());
        window.any(|at| {
            let Found::Key(place, _) = self.keys[at] else {
                return false;
            };
            let found = canvas.rows.account(place.slot).zip(canvas.rows.key(place));
            found.is_some_and(|(account, (row, key))| {
                !exemptions(account, row, key, canvas.now).is_empty()
                    || account.findings.is_exempt(place.row, place.key).is_none()
            })
        })
    }

    fn key_row(&self, canvas: &Canvas<'_>, columns: &Columns, at: usize) -> Option<Row> {
        let theme = canvas.theme;
        let selected = at == self.scroll.cursor();
        let strong = if selected { theme.strong } else { Style::new() };
        let found = self.keys[at];
        let account = canvas.rows.account(found.slot())?;
        let marker = if selected { theme.glyphs.marker } else { " " };
        let mut row = Row {
            marker,
            cells: Vec::new(),
            selected,
            target: Target::Found(at),
        };
        let of_account = columns
            .account
            .map(|room| cells::account(canvas, account, room));
        let Found::Key(place, is_exempt) = found else {
            let text = vec![Span::styled("root user's key", theme.bad)];
            row.cells = vec![
                vec![Span::raw(" ")],
                text,
                vec![Span::styled("root", strong)],
            ];
            row.cells.extend(of_account);
            return Some(row);
        };
        let (user, key) = canvas.rows.key(place)?;
        let id = match key.id() {
            Some(id) => Span::styled(visible(id).into_owned(), strong),
            None => Span::styled(theme.glyphs.loading, theme.dim),
        };
        let whole = visible(&user.user.name);
        let behind = marks::behind_name(canvas, account, user, &whole, columns.user);
        let taken = behind.as_ref().map_or(0, Span::width);
        let name = shorten_name(&whole, columns.user - taken, theme.glyphs.more);
        let mut name = vec![Span::styled(name.into_owned(), strong)];
        name.extend(behind);
        let (age, age_style) = cells::age(canvas, key);
        let mark = canvas.mark(place.slot, key.id());
        row.cells = vec![vec![canvas.key_symbol(account, key), mark], vec![id], name];
        row.cells.extend(of_account);
        row.cells.push(vec![Span::styled(age, age_style)]);
        if columns.used {
            let (text, style) = cells::used(canvas, key);
            row.cells.push(vec![Span::styled(text, style)]);
        }
        if columns.can {
            row.cells.push(vec![can(&theme, user.power)]);
        }
        if columns.exempt > 0 {
            let with_why = columns.exempt > EXEMPT + 6;
            let is_known = account.findings.is_exempt(place.row, place.key).is_some();
            let rule = self.rule_place(canvas);
            let known = (account, user, key);
            let (text, style) = match exemption(canvas, known, (is_exempt, rule), with_why) {
                (text, _) if text.is_empty() && !is_known => ("exempt?".into(), theme.warn),
                said => said,
            };
            let text = shorten(&text, columns.exempt, theme.glyphs.more).into_owned();
            row.cells.push(vec![Span::styled(text, style)]);
        }
        if is_exempt {
            for span in row.cells.iter_mut().flatten() {
                span.style = theme.dim;
            }
        }
        Some(row)
    }
}

/// The border of a pane that has the keys of the keyboard, or not.
fn border(canvas: &Canvas<'_>, has: bool) -> Style {
    if has {
        canvas.theme.accent
    } else {
        canvas.theme.dim
    }
}

/// The policy in a few words.
fn policy_words(canvas: &Canvas<'_>, width: u16) -> String {
    let findings = &canvas.engine.findings;
    let dot = canvas.theme.glyphs.dot;
    let exempt = findings.exempt(canvas.rows);
    let words = match findings.limits(canvas.rows) {
        None => "limits differ".into(),
        // What is exempt is in no number beside it.
        Some(limits) if width < 44 && exempt > 0 => {
            format!("{}d, {}d", limits.age, limits.unused)
        }
        Some(limits) if width < 44 => format!("{}d old, {}d idle", limits.age, limits.unused),
        Some(limits) => format!("{}d old, {}d unused", limits.age, limits.unused),
    };
    if exempt > 0 {
        format!("{words} {dot} {} exempt", format::count(exempt))
    } else {
        words
    }
}

/// How much the policies of a user allow, in a word.
fn can(theme: &Theme, power: Option<Power>) -> Span<'static> {
    match power {
        Some(Power::Everything) => Span::styled("admin", theme.bad),
        Some(Power::Escalates(_)) => Span::styled("escalate", theme.bad),
        Some(Power::TakesOver(_)) => Span::styled("roles", theme.warn),
        Some(Power::ReadsSecrets(_)) => Span::styled("secrets", theme.warn),
        Some(Power::Something) => Span::styled("some", Style::new()),
        Some(Power::Nothing) => Span::styled("nothing", theme.dim),
        None => Span::styled(theme.glyphs.loading, theme.dim),
    }
}

/// What the exemptions of a key say, the one that counts first.
fn exemption(
    canvas: &Canvas<'_>,
    (account, row, key): (&Account, &UserRow, Known<'_>),
    (is_exempt, rule): (bool, Option<usize>),
    with_why: bool,
) -> (String, Style) {
    let theme = canvas.theme;
    let all = exemptions(account, row, key, canvas.now);
    let counts = |it: &StatedExemption| rule.is_none_or(|rule| it.holds_for(rule));
    let mut said = all.iter().map(|it| match &it.standing {
        Standing::Holds(_) if !counts(it) => ("not of this rule".into(), theme.dim),
        Standing::Holds(it) => {
            let why = if with_why { &*it.why } else { "" };
            let text = format!("until {} {why}", it.until);
            (
                text.trim_end().to_owned(),
                if is_exempt { theme.dim } else { Style::new() },
            )
        }
        Standing::Expired(it) => (format!("expired {}", it.until), theme.warn),
        Standing::Unreadable(text, _) => (format!("not read: {text}"), theme.warn),
    });
    let first = said.next();
    let held = all
        .iter()
        .position(|it| matches!(it.standing, Standing::Holds(_)) && counts(it));
    let said = match held {
        Some(at) if at > 0 => said.nth(at - 1),
        _ => first,
    };
    said.map_or((String::new(), theme.dim), |(text, style)| {
        (visible(&text).into_owned(), style)
    })
}

/// An ID is never cut off.
const ID: usize = 20;
const AGE: usize = 6;
const USED: usize = 8;
const CAN: usize = 8;
/// `expired 2027-01-31`
const EXEMPT: usize = 18;
const GAP: usize = 2;
const FRONT: usize = 4;
/// Up to this width, a border has little room.
const SHORT: u16 = 60;

/// With room for so much of its name, a user is told from others.
const NAME: usize = 14;

/// What rows of keys need to be whole.
#[derive(Clone, Copy, Debug)]
struct Needs {
    /// The cells of the longest name of a user.
    user: usize,
    /// And of an account, where there are several.
    account: Option<usize>,
    /// Whether a key has an exemption.
    exemptions: bool,
}

/// What there is room for in a row of keys.
#[derive(Debug)]
struct Columns {
    /// Before the name of the user. Where that costs the name a letter, it is a cell narrower.
    gap: usize,
    user: usize,
    account: Option<usize>,
    used: bool,
    can: bool,
    exempt: usize,
}

impl Columns {
    fn of(width: u16, needs: Needs) -> Self {
        let whole = usize::from(width);
        let mut room = whole.saturating_sub(FRONT + ID + GAP + AGE);
        let mut take = |cells: usize, least: usize| {
            let has = room >= cells + least;
            if has {
                room -= cells;
            }
            has
        };
        // The name keeps what it needs.
        let account = needs.account.map(|needed| {
            let most = if whole > 72 { 14 } else { 8 };
            // That of its heading.
            let cells = needed.clamp(7, most);
            take(GAP + cells, 6).then_some(cells)
        });
        let used = take(USED, 8);
        let mut exempt = 0;
        if needs.exemptions && take(GAP + EXEMPT, 9) {
            exempt = EXEMPT;
        }
        let can = take(GAP + CAN, needs.user.clamp(10, NAME));
        let account = account.flatten().map(|cells| {
            let missing = needs.account.unwrap_or_default().saturating_sub(cells);
            // The name of the user comes first, as far as it takes to tell it from others.
            let spare = room.saturating_sub(needs.user.clamp(10, NAME));
            let more = missing.min(spare);
            room -= more;
            cells + more
        });
        let name = room.min(28);
        let exempt = if exempt > 0 { exempt + room - name } else { 0 };
        let name = if exempt > 0 { name } else { room };
        let narrower = usize::from(name < needs.user);
        Self {
            gap: GAP - narrower,
            user: name + narrower,
            account,
            used,
            can,
            exempt,
        }
    }

    fn table(&self, focused: bool, sort: Option<Sort>) -> Table {
        let mut columns = vec![
            Column::left("", 0, FRONT - MARKER),
            Column::left("key ID", 0, ID).by(SortColumn::Id),
            Column::left("user", self.gap, self.user).by(SortColumn::User),
        ];
        let account = self.account;
        columns.extend(
            account.map(|cells| Column::left("account", GAP, cells).by(SortColumn::Account)),
        );
        columns.push(Column::right("age", 0, AGE).by(SortColumn::Age));
        if self.used {
            columns.push(Column::right("used", 0, USED).by(SortColumn::LastUsed));
        }
        if self.can {
            columns.push(Column::left("can", GAP, CAN));
        }
        if self.exempt > 0 {
            columns.push(Column::left("exempt", GAP, self.exempt));
        }
        Table {
            columns,
            sort,
            focused,
        }
    }
}

pub(super) const fn with_detail(height: u16) -> bool {
    height >= WITH_DETAIL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_room_for_is_whole() {
        let needs = |user, account| Needs {
            user,
            account,
            exemptions: false,
        };
        let of = |width, needs| {
            let columns = Columns::of(width, needs);
            let Columns {
                gap, user, account, ..
            } = columns;
            (gap, user, account.unwrap_or(0), columns.used)
        };
        // At 80 columns: a letter of the name is worth more than a gap of two.
        assert_eq!(of(41, needs(9, None)), (2, 9, 0, false));
        assert_eq!(of(41, needs(10, None)), (1, 10, 0, false));
        // At 120: the account is whole where the names of users leave room for it.
        assert_eq!(of(69, needs(10, Some(15))), (2, 12, 15, true));
        assert_eq!(of(69, needs(14, Some(15))), (2, 14, 13, true));
        assert_eq!(of(69, needs(30, Some(15))), (1, 15, 13, true));
        // A short one takes no more than it needs.
        assert_eq!(of(69, needs(10, Some(3))), (2, 10, 7, true));
    }
}
