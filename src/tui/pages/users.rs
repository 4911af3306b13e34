//! The users and the keys of one of them: the list of users.

use super::cards;
use crate::{
    engine::{
        account::{Load, Stage, Used},
        query::{Query, sort::Column as SortColumn},
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
            let user = lists.selected(&canvas.account.users);
            let at = self.key_cursor(user);
            cards::draw(canvas, layout.keys, user, at, self.pane == Pane::Keys);
        }
    }
}

/// Cells of the columns beside the name.
const KEYS: usize = 4;
const AGE: usize = 6;
const USED: usize = 8;
/// The bar that shows an age against a year, where there is room for it.
const BAR: usize = 8;
const WITH_BAR: usize = 47;

fn draw_list(
    canvas: &mut Canvas<'_>,
    area: Rect,
    lists: &Lists,
    filter: bool,
    typing: bool,
    focused: bool,
) {
    let theme = canvas.theme;
    let account = canvas.account;
    let border = if focused { theme.accent } else { theme.dim };
    let shown = lists.by_user().shown().len();
    let query = lists.filter().query();
    let note = if filter && !lists.filter().is_empty() {
        // Of keys that are not known nothing can be found.
        let known = account.is_listed() && (account.is_all_known() || !query.needs_keys());
        let so_far = if known { "" } else { " so far" };
        let text = format!("{} shown{so_far}", format::count(shown));
        Line::styled(text, theme.dim)
    } else {
        Line::default()
    };
    let title = Line::styled("Users", theme.strong);
    let inside = canvas.pane(area, title, note, border);
    let inside = filter_line::draw(canvas, inside, lists, filter, typing);
    let (name, bar) = columns(inside.width);
    let bar_cells = if bar { BAR + 1 } else { 0 };
    let table = Table {
        columns: vec![
            Column::left("name", 0, name).by(SortColumn::User),
            Column::left("keys", 1, KEYS).by(SortColumn::Keys),
            Column::right("age", 0, bar_cells + AGE).by(SortColumn::Age),
            Column::right("used", 0, USED).by(SortColumn::LastUsed),
            Column::left("", 0, 1),
        ],
        sort: Some(lists.by_user().sort()),
        focused,
    };
    // The lines stay where they are while a filter is typed: what is wrong takes the headings'.
    match query.errors().first() {
        Some(error) => filter_line::explanation(canvas, inside, error),
        None => table.headings(canvas, inside),
    }
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
    let window = lists.window(&account.users);
    let rows: Vec<Row> = window
        .map(|(at, row)| list_row(canvas, row, at, at == cursor, name, bar, finder.as_mut()))
        .collect();
    table.rows(canvas, list, rows.into_iter());
}

/// The cells for the name, and whether there is a bar.
fn columns(width: u16) -> (usize, bool) {
    let width = usize::from(width);
    let bar = width >= WITH_BAR;
    // The marker, a gap, and a margin at the right.
    let rest = MARKER + 1 + KEYS + if bar { BAR + 1 } else { 0 } + AGE + USED + 1;
    (width.saturating_sub(rest), bar)
}

fn list_row(
    canvas: &Canvas<'_>,
    row: &UserRow,
    at: usize,
    selected: bool,
    name_width: usize,
    bar: bool,
    finder: Option<&mut Finder<'_>>,
) -> Row {
    let theme = canvas.theme;
    let glyphs = theme.glyphs;
    let pending = canvas
        .engine
        .under_way()
        .any(|(_, change)| change.user().eq_ignore_ascii_case(&row.user.name));
    let unknown = canvas.engine.question_about(canvas.slot(), &row.user.name);
    let marker = match (selected, pending, unknown) {
        (_, true, _) => canvas.spinner(),
        (_, _, Some(_)) => "?",
        (true, false, None) => glyphs.marker,
        (false, false, None) => " ",
    };
    let whole = visible(&row.user.name);
    let name = shorten_name(&whole, name_width, glyphs.more);
    let style = if selected { theme.strong } else { Style::new() };
    let name = match finder {
        None => vec![Span::styled(name.into_owned(), style)],
        Some(finder) => finder
            .spans(false, &whole, &name, style, theme.found)
            .collect(),
    };
    let age = row.oldest_active().map(|created| canvas.now - created);
    let age_style = age.map_or(theme.dim, |age| age_style(canvas, age));
    let mut ages = Vec::new();
    if bar {
        ages.extend(age_bar(canvas, age, age_style));
        ages.push(Span::raw(" "));
    }
    let age = age.map(format::short).unwrap_or_default();
    ages.push(Span::styled(format!("{age:>AGE$}"), age_style));
    let (used, used_style) = used(canvas, row);
    Row {
        marker,
        cells: vec![
            name,
            key_symbols(canvas, row),
            ages,
            vec![Span::styled(used, used_style)],
            Vec::new(),
        ],
        selected,
        target: Target::User(at),
    }
}

pub(in crate::tui) fn age_style(canvas: &Canvas<'_>, age: chrono::TimeDelta) -> Style {
    if age >= format::VERY_OLD {
        canvas.theme.bad
    } else if age >= format::OLD {
        canvas.theme.warn
    } else {
        Style::new()
    }
}

/// The age against a year.
fn age_bar(
    canvas: &Canvas<'_>,
    age: Option<chrono::TimeDelta>,
    style: Style,
) -> [Span<'static>; 2] {
    let (full, rest) = canvas.theme.glyphs.bar;
    let Some(age) = age else {
        return [Span::raw(" ".repeat(BAR)), Span::raw("")];
    };
    let year = format::VERY_OLD.num_days();
    let cells = age.num_days().clamp(0, year) * i64::try_from(BAR).unwrap_or(0) / year;
    let cells = usize::try_from(cells).unwrap_or(0).clamp(1, BAR);
    let style = if style == Style::new() {
        canvas.theme.good
    } else {
        style
    };
    [
        Span::styled(full.repeat(cells), style),
        Span::styled(rest.repeat(BAR - cells), canvas.theme.dim),
    ]
}

/// The keys as symbols.
fn key_symbols(canvas: &Canvas<'_>, row: &UserRow) -> Vec<Span<'static>> {
    let theme = canvas.theme;
    match (&row.keys, row.key_count()) {
        (_, Some(count)) => {
            let shown = if count > KEYS - 1 { KEYS - 2 } else { count };
            let keys = row.known_keys().take(shown);
            let mut spans: Vec<Span<'static>> = keys.map(|key| canvas.key_symbol(key)).collect();
            if shown < count {
                spans.push(Span::styled("+", theme.warn));
            }
            spans
        }
        (Load::Failed(..), None) => vec![Span::styled("?", theme.warn)],
        // It is not asked for any more.
        (Load::Idle, _) if canvas.account.identity.broken.is_some() => {
            vec![Span::styled("?", theme.dim)]
        }
        (_, None) => vec![Span::styled(theme.glyphs.loading, theme.dim)],
    }
}

/// The most recent use of any of the keys: a time, `never`, `refused`, or still loading.
fn used(canvas: &Canvas<'_>, row: &UserRow) -> (String, Style) {
    let theme = canvas.theme;
    match row.last_used() {
        Used::NoKeys => (String::new(), theme.dim),
        Used::Unknown if row.key_count().is_none() => (String::new(), theme.dim),
        Used::Unknown => (theme.glyphs.loading.into(), theme.dim),
        Used::Failed(error) => (words::failed(error).into(), theme.warn),
        Used::Never => (words::as_reported("never", row.is_reported()), theme.dim),
        Used::At(time) => {
            let text = format::short(canvas.now - time);
            (words::as_reported(&text, row.is_reported()), Style::new())
        }
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
                (format!("Nobody matches the filter{so_far}."), Style::new()),
                (not_seen(lists.filter().query()).into(), theme.dim),
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

/// Why a user may be missing.
fn not_seen(query: &Query) -> &'static str {
    if query.needs_keys() {
        "Only users whose keys were seen can match."
    } else {
        "A key ID is found once the keys of its user were seen."
    }
}

/// How many users there are, and whether that is all of them.
pub(super) fn count(account: &Account) -> String {
    let users = account.users.rows().len();
    let listing = &account.users.listing;
    let so_far = match listing.error() {
        Some(_) if !account.users.is_complete() => ", incomplete",
        Some(_) => ", not refreshed",
        None if listing.is_ready() => "",
        None => " so far",
    };
    if users == 0 && listing.error().is_some() {
        format!("?{so_far}")
    } else {
        format!("{}{so_far}", format::count(users))
    }
}
