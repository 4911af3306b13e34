//! The users and the keys of one of them: the list of users.

use super::{cards, cells, marks, unmatched::not_seen};
use crate::{
    engine::{
        account::{Known, Load, Stage},
        query::sort::{Column as SortColumn, Sort},
    },
    tui::{
        layout::Layout,
        lists::Lists,
        prelude::*,
        widgets::{
            filter_line,
            found::Finder,
            table::{Column, MARKER, Row, Table},
        },
    },
};
use chrono::TimeDelta;

/// The two panes of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The list of users.
    #[default]
    Users,
    /// The keys of the selected user.
    Keys,
}

/// What the page remembers, beside its list.
#[derive(Debug, Default)]
pub(in crate::tui) struct UsersPage {
    /// Which pane the keys of the keyboard go to.
    pub pane: Pane,
    /// The ID of the selected key, among those of the selected user.
    pub selected_key: Option<String>,
}

impl UsersPage {
    /// Where the selected key stands among those of a user.
    pub(in crate::tui) fn key_cursor(&self, user: Option<&UserRow>) -> usize {
        let keys = user.and_then(|user| user.keys.known());
        let id = self.selected_key.as_ref();
        id.zip(keys)
            .and_then(|(id, keys)| keys.iter().position(|row| row.key.id == *id))
            .unwrap_or(0)
    }

    /// Selects one of the keys of a user, or the last if there are fewer.
    pub(in crate::tui) fn select_key(&mut self, user: Option<&UserRow>, at: usize) {
        let keys = user.and_then(|user| user.keys.known());
        let keys = keys.map_or(&[][..], Vec::as_slice);
        let at = at.min(keys.len().saturating_sub(1));
        self.selected_key = keys.get(at).map(|row| row.key.id.clone());
    }

    /// Draws both panes, as far as there is room for them.
    pub(in crate::tui) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        layout: &Layout,
        lists: &Lists,
        typing: bool,
    ) {
        if !layout.users.is_empty() {
            let focused = self.pane == Pane::Users;
            draw_list(canvas, layout.users, lists, layout.filter, typing, focused);
        }
        if !layout.keys.is_empty() {
            let user = lists.selected(canvas.rows);
            let at = self.key_cursor(user);
            cards::draw(canvas, layout.keys, user, at, self.pane == Pane::Keys);
        }
    }
}

/// Cells of what a row says of a key: its symbol, its age, its last use.
const SYMBOL: usize = 2;
const AGE: usize = 6;
const USED: usize = 7;
/// The symbols of all keys, where a row tells of one of them only.
const SYMBOLS: usize = 4;
/// A bar that shows the age of the first key against a year.
const BAR: usize = 8;
/// From this width on, a row tells of two keys.
const TWO_KEYS: usize = 55;
/// From this width on, there is a bar too.
const WITH_BAR: usize = 70;
/// From this width on, the user's path stands at the end. It takes what is left.
const WITH_PATH: usize = 88;
/// So much of a name is enough where there is more to show: what belongs together stays together.
const NAME: usize = 36;
/// Between the name and the account.
const ACCOUNT_GAP: usize = 1;
/// From this width on, the last use stands beside the account.
const USED_TOO: usize = 46;
/// Between the last use and the path.
const PATH_GAP: usize = 3;

/// What there is room for in a row of users.
#[derive(Clone, Copy, Debug)]
struct Columns {
    /// The cells for the name.
    name: usize,
    /// Each of two keys has its own columns; otherwise the one that most needs attention has them.
    two: bool,
    bar: bool,
    /// The cells for the path, where there is room for it.
    path: Option<usize>,
    /// The cells for the account, where there are several.
    account: Option<usize>,
    used: bool,
}

impl Columns {
    fn of(width: u16, several: bool) -> Self {
        let width = usize::from(width);
        let account = several.then_some(match width {
            ..TWO_KEYS => 10,
            TWO_KEYS..WITH_PATH => 14,
            _ => 20,
        });
        // Where there is little room, the account takes the place of the last use.
        let used = account.is_none() || width >= USED_TOO;
        let taken_by_account = account.map_or(0, |cells| cells + ACCOUNT_GAP);
        let left = width.saturating_sub(taken_by_account);
        let (two, bar) = (left >= TWO_KEYS, left >= WITH_BAR);
        let bar_cells = if bar { BAR + 1 } else { 0 };
        let second = if two { 1 + SYMBOL + AGE + USED } else { 0 };
        // The marker, a gap, and a margin at the right.
        let used_cells = if used { USED } else { 0 };
        let taken = MARKER + 1 + SYMBOLS + bar_cells + AGE + used_cells + second + 1;
        let rest = left.saturating_sub(taken);
        let (name, path) = if left < WITH_PATH {
            (rest, None)
        } else {
            // A third of what is left, and all that a name does not need.
            let name = (rest * 2 / 3).min(NAME);
            (name, Some(rest - name))
        };
        Self {
            name,
            two,
            bar,
            path: path.map(|cells| cells.saturating_sub(PATH_GAP)),
            account,
            used,
        }
    }

    fn table(self, sort: Sort, focused: bool) -> Table {
        let bar = if self.bar { BAR + 1 } else { 0 };
        let mut columns = vec![Column::left("name", 0, self.name).by(SortColumn::User)];
        columns.extend(
            self.account
                .map(|cells| Column::left("account", ACCOUNT_GAP, cells).by(SortColumn::Account)),
        );
        columns.extend([
            Column::left("keys", 1, SYMBOLS).by(SortColumn::Keys),
            Column::right("age", 0, bar + AGE).by(SortColumn::Age),
        ]);
        if self.used {
            columns.push(Column::right("used", 0, USED).by(SortColumn::LastUsed));
        }
        if self.two {
            columns.extend([
                Column::left("", 1, SYMBOL),
                Column::right("age", 0, AGE),
                Column::right("used", 0, USED),
            ]);
        }
        columns.extend(self.path.map(|cells| Column::left("path", PATH_GAP, cells)));
        columns.push(Column::left("", 0, 1));
        Table {
            columns,
            sort: Some(sort),
            focused,
        }
    }
}

fn draw_list(
    canvas: &mut Canvas<'_>,
    area: Rect,
    lists: &Lists,
    filter: bool,
    typing: bool,
    focused: bool,
) {
    let theme = canvas.theme;
    let border = if focused { theme.accent } else { theme.dim };
    let shown = lists.by_user().shown().len();
    let query = lists.filter().query();
    let note = if filter && !lists.filter().is_empty() {
        // Of keys that are not known nothing can be found.
        let so_far = if canvas.rows.can_judge(query) {
            ""
        } else {
            " so far"
        };
        let text = format!("{} shown{so_far}", format::count(shown));
        let mut note = Line::styled(text, theme.dim);
        if !canvas.marks.is_empty() {
            let marked = format!("{} {} ", canvas.marked(), theme.glyphs.dot);
            note.spans.insert(0, Span::styled(marked, theme.accent));
        }
        note
    } else {
        Line::styled(canvas.marked(), theme.accent)
    };
    let title = Line::styled("Users", theme.strong);
    let inside = canvas.pane(area, title, note, border);
    let inside = filter_line::draw(canvas, inside, lists, filter, typing);
    let columns = Columns::of(inside.width, canvas.rows.only().is_none());
    let table = columns.table(lists.by_user().sort(), focused);
    table.headings(canvas, inside);
    let list = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    if shown == 0 {
        empty(canvas, list, lists);
        return;
    }
    let cursor = lists.by_user().cursor();
    let mut finder = Finder::of(query);
    let window = lists.window(canvas.rows);
    let rows: Vec<Row> = window
        .map(|(at, account, row)| {
            let place = (at, at == cursor);
            list_row(canvas, (account, row), place, columns, finder.as_mut())
        })
        .collect();
    table.rows(canvas, list, rows.into_iter(), lists.by_user().position());
}

fn list_row(
    canvas: &Canvas<'_>,
    (account, row): (&Account, &UserRow),
    (at, selected): (usize, bool),
    columns: Columns,
    finder: Option<&mut Finder<'_>>,
) -> Row {
    let theme = canvas.theme;
    let glyphs = theme.glyphs;
    let slot = account.session.slot;
    let pending = canvas.engine.under_way().any(|(plan, change)| {
        plan.session.slot == slot && change.user().eq_ignore_ascii_case(&row.user.name)
    });
    let unknown = canvas.engine.question_about(slot, &row.user.name);
    let marker = match (selected, pending, unknown) {
        (_, true, _) => canvas.spinner(),
        (_, _, Some(_)) => "?",
        (true, false, None) => glyphs.marker,
        (false, false, None) => " ",
    };
    let whole = visible(&row.user.name);
    let mark = marks::behind_name(canvas, account, row, &whole, columns.name);
    let room = columns.name - mark.as_ref().map_or(0, Span::width);
    let name = shorten_name(&whole, room, glyphs.more);
    let style = if selected { theme.strong } else { Style::new() };
    let mut name = match finder {
        None => vec![Span::styled(name.into_owned(), style)],
        Some(finder) => finder
            .spans(false, &whole, &name, style, theme.found)
            .collect(),
    };
    name.extend(mark);
    let mut keys = row.foremost_first();
    let first = keys.next();
    let mut cells = vec![name];
    cells.extend(
        columns
            .account
            .map(|room| cells::account(canvas, account, room)),
    );
    cells.push(key_symbols(canvas, account, row, columns.two));
    let [age, used] = match (first, row.keys.error()) {
        (None, Some(error)) => {
            let style = canvas.theme.warn;
            [Vec::new(), vec![Span::styled(words::failed(error), style)]]
        }
        _ => of_key(canvas, first, columns.bar),
    };
    if columns.used {
        cells.extend([age, used]);
    } else {
        // Why there is no age is said in its place.
        cells.push(if age.is_empty() { used } else { age });
    }
    if columns.two {
        let second = keys.next();
        cells.push(second.map_or_else(Vec::new, |key| vec![canvas.key_symbol(account, key)]));
        cells.extend(of_key(canvas, second, false));
    }
    if let Some(room) = columns.path {
        let path = visible(row.user.path_below_root().unwrap_or_default());
        let path = shorten_name(&path, room, glyphs.more).into_owned();
        cells.push(vec![Span::styled(path, theme.dim)]);
    }
    let mut named = row.known_keys().filter_map(Known::id);
    let a_marked_one = named.find(|id| canvas.marks.has(slot, id));
    cells.push(vec![canvas.mark(slot, a_marked_one)]);
    Row {
        marker,
        cells,
        selected,
        target: Target::User(at),
    }
}

/// The age and the last use of a key.
fn of_key(canvas: &Canvas<'_>, key: Option<Known<'_>>, bar: bool) -> [Vec<Span<'static>>; 2] {
    let Some(key) = key else {
        return [Vec::new(), Vec::new()];
    };
    let (age, style) = cells::age(canvas, key);
    let mut ages = Vec::new();
    if bar {
        let active = *key.status() == KeyStatus::Active;
        let created = key.created().filter(|_| active);
        ages.extend(age_bar(canvas, created.map(|created| canvas.now - created)));
        ages.push(Span::raw(" "));
    }
    ages.push(Span::styled(format!("{age:>AGE$}"), style));
    let (used, style) = cells::used(canvas, key);
    [ages, vec![Span::styled(used, style)]]
}

/// The age against a year.
fn age_bar(canvas: &Canvas<'_>, age: Option<TimeDelta>) -> [Span<'static>; 2] {
    let (full, rest) = canvas.theme.glyphs.bar;
    let Some(age) = age else {
        return [Span::raw(" ".repeat(BAR)), Span::raw("")];
    };
    let year = format::VERY_OLD.num_days();
    let length = age.num_days().clamp(0, year) * i64::try_from(BAR).unwrap_or(0) / year;
    let length = usize::try_from(length).unwrap_or(0).clamp(1, BAR);
    let style = match cells::age_style(canvas, age) {
        young if young == Style::new() => canvas.theme.good,
        old => old,
    };
    [
        Span::styled(full.repeat(length), style),
        Span::styled(rest.repeat(BAR - length), canvas.theme.dim),
    ]
}

/// The keys as symbols, the one first that the row tells of. The second has its own columns where a
/// row tells of two.
fn key_symbols(
    canvas: &Canvas<'_>,
    account: &Account,
    row: &UserRow,
    two: bool,
) -> Vec<Span<'static>> {
    let theme = canvas.theme;
    match (&row.keys, row.key_count()) {
        (_, Some(count)) => {
            let room = if two { 2 } else { SYMBOLS - 1 };
            let shown = if two {
                1
            } else if count > room {
                room - 1
            } else {
                count
            };
            let keys = row.foremost_first().take(shown);
            let mut spans: Vec<Span<'static>> =
                keys.map(|key| canvas.key_symbol(account, key)).collect();
            if count > room {
                spans.push(Span::styled("+", theme.warn));
            }
            spans
        }
        (Load::Failed(..), None) => vec![Span::styled("?", theme.warn)],
        // It is not asked for any more.
        (Load::Idle, _) if account.identity.broken.is_some() => {
            vec![Span::styled("?", theme.dim)]
        }
        (_, None) => vec![Span::styled(theme.glyphs.loading, theme.dim)],
    }
}

/// Why no user is shown, and what to press.
fn empty(canvas: &mut Canvas<'_>, area: Rect, lists: &Lists) {
    let account = canvas.account;
    let theme = canvas.theme;
    let text: Vec<(String, Style)> = match &account.users.listing {
        _ if !account.users.rows().is_empty() => {
            let so_far = if account.users.is_complete() {
                ""
            } else {
                " so far"
            };
            let clear = keymap::name(Context::Users, Action::ClearFilter);
            vec![
                (format!("No users match{so_far}."), Style::new()),
                (not_seen(account, lists.filter().query()), theme.dim),
                (format!("{clear} clears it."), theme.dim),
            ]
        }
        Load::Failed(error, _) => vec![
            (error.short(), theme.bad),
            (error.message.clone(), Style::new()),
            (words::remedy(error), theme.dim),
        ],
        Load::Ready(()) => vec![("This account has no IAM users.".into(), Style::new())],
        _ if account.stage == Stage::SigningIn => {
            vec![("Looking for credentials".into(), theme.dim)]
        }
        _ => vec![("Loading the users".into(), theme.dim)],
    };
    canvas.paragraphs(area, text);
}

/// How many users there are, and whether that is all of them.
pub(super) fn count(rows: Rows<'_>) -> String {
    let users = rows.count_users();
    let so_far = match rows.only().map(|account| &account.users) {
        Some(inventory) => match inventory.listing.error() {
            Some(_) if !inventory.is_complete() => ", incomplete",
            Some(_) => ", not refreshed",
            None if inventory.listing.is_ready() => "",
            None => " so far",
        },
        None if rows.is_listed() => "",
        None => " so far",
    };
    let failed = |account: &Account| account.users.listing.error().is_some();
    if users == 0 && rows.only().is_some_and(failed) {
        format!("?{so_far}")
    } else {
        format!("{}{so_far}", format::count(users))
    }
}
