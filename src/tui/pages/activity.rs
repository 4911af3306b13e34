//! What was done in this run, and what failed: the newest at the top.

use crate::{
    engine::{Activity, Entry, Outcome, activity::KEPT},
    tui::{
        lists::Scroll,
        prelude::*,
        widgets::table::{Column, MARKER, Row, Table},
    },
};
use chrono::{DateTime, Utc};

/// What the page remembers: which entry is selected, and which rows are on screen. Rows count from
/// the newest entry: a row holds another entry as soon as something happens.
#[derive(Debug, Default)]
pub(in crate::tui) struct ActivityPage {
    scroll: Scroll,
    /// How many entries there had been.
    seen: usize,
}

impl ActivityPage {
    /// Entries may have come: the selection stays on the entry it is on, and that entry where it is
    /// on the screen as long as there is more than fits.
    pub(in crate::tui) fn follow(&mut self, activity: &Activity) {
        for seen in self.seen..activity.noted() {
            if seen > 0 {
                self.scroll.shift();
            }
        }
        self.seen = activity.noted();
        self.select(activity, self.scroll.cursor());
    }

    /// Selects a row, or the last if there are fewer.
    pub(in crate::tui) fn select(&mut self, activity: &Activity, row: usize) {
        self.scroll.select(row, activity.len());
    }

    /// Moves the selection by so many rows.
    pub(in crate::tui) fn step(&mut self, activity: &Activity, by: isize) {
        self.select(activity, self.scroll.cursor().saturating_add_signed(by));
    }

    /// Notes how many rows the screen has room for.
    pub(in crate::tui) fn set_height(&mut self, activity: &Activity, height: usize) {
        self.scroll.set_height(height, activity.len());
    }

    /// How many rows the screen has room for.
    pub(in crate::tui) fn height(&self) -> usize {
        self.scroll.height()
    }

    /// The selected row.
    pub(in crate::tui) fn cursor(&self) -> usize {
        self.scroll.cursor()
    }

    /// The selected entry, with its number.
    pub(in crate::tui) fn selected<'a>(
        &self,
        activity: &'a Activity,
    ) -> Option<(usize, &'a Entry)> {
        let row = self.scroll.cursor();
        Some((activity.number_of(row), activity.row(row)?))
    }

    /// Draws the page.
    pub(in crate::tui) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let theme = canvas.theme;
        let activity = &canvas.engine.activity;
        let note = match (self.scroll.offset(), activity.noted()) {
            (0, noted) if noted > KEPT => {
                format!("newest {} of {}", format::count(KEPT), format::count(noted))
            }
            (0, _) => String::new(),
            (newer, _) => format!("{} newer above", format::count(newer)),
        };
        let title = Line::styled("Activity", theme.strong);
        let inside = canvas.pane(area, title, Line::styled(note, theme.dim), theme.accent);
        if activity.is_empty() {
            empty(canvas, inside);
            return;
        }
        let several = canvas.engine.fleet.accounts().len() > 1;
        let columns = Columns::of(inside.width, several);
        let table = columns.table();
        table.headings(canvas, inside);
        let list = Rect {
            y: inside.y + 1,
            height: inside.height.saturating_sub(1),
            ..inside
        };
        let on_screen = self.scroll.rows(activity.len());
        let rows = on_screen.filter_map(|row| {
            let (number, entry) = (activity.number_of(row), activity.row(row)?);
            let selected = row == self.cursor();
            Some(entry_row(
                theme, canvas.now, &columns, entry, number, selected,
            ))
        });
        let rows: Vec<Row> = rows.collect();
        let position = self.scroll.position(activity.len());
        table.rows(canvas, list, rows.into_iter(), position);
    }
}

/// Cells of the columns that do not give way.
const TIME: usize = 8;
const TOOK: usize = 6;
/// A request ID is a UUID.
const REQUEST: usize = 36;
/// The longest action, `GetAccessKeyLastUsed`, and where there is little room most of it.
const ACTION: usize = 20;
const SHORT_ACTION: usize = 15;
/// `AccessDenied`, and `deactivated`.
const RESULT: usize = 12;
/// A key ID and a name of some length; a longer one gives way to more of the result.
const TARGET: usize = 45;

/// From these widths on, there is room for more columns.
const WITH_TOOK: usize = 72;
const WITH_REQUEST: usize = 112;

/// How many cells each column has; 0 where there is no room for it.
struct Columns {
    /// 0 where there is one account only.
    account: usize,
    action: usize,
    target: usize,
    result: usize,
    took: usize,
    request: usize,
}

impl Columns {
    fn of(width: u16, several: bool) -> Self {
        let account = match width {
            _ if !several => 0,
            ..100 => 12,
            _ => 18,
        };
        let whole = usize::from(width);
        let width = whole - if account > 0 { account + 1 } else { 0 };
        let took = if width < WITH_TOOK { 0 } else { TOOK };
        let request = if width < WITH_REQUEST { 0 } else { REQUEST };
        let action = if took == 0 { SHORT_ACTION } else { ACTION };
        // The marker, the symbol, the gaps, and a margin at the right.
        let fixed = MARKER
            + TIME
            + 1
            + 2
            + action
            + 1
            + 1
            + if took == 0 { 0 } else { took + 1 }
            + if request == 0 { 0 } else { request + 2 }
            + 1;
        let rest = width.saturating_sub(fixed);
        let target = rest.saturating_sub(RESULT).min(TARGET);
        Self {
            account,
            action,
            target,
            result: rest - target,
            took,
            request,
        }
    }
}

impl Columns {
    fn table(&self) -> Table {
        let mut columns = vec![
            Column::left("time UTC", 0, TIME),
            Column::left("", 1, 2),
            Column::left("action", 0, self.action),
            Column::left("target", 1, self.target),
        ];
        if self.account > 0 {
            columns.push(Column::left("account", 1, self.account));
        }
        columns.push(Column::left("result", 1, self.result));
        if self.took > 0 {
            columns.push(Column::right("took", 1, self.took));
        }
        if self.request > 0 {
            columns.push(Column::left("request ID", 2, self.request));
        }
        columns.push(Column::left("", 0, 1));
        Table {
            columns,
            sort: None,
            focused: true,
        }
    }
}

fn entry_row(
    theme: Theme,
    now: DateTime<Utc>,
    columns: &Columns,
    entry: &Entry,
    number: usize,
    selected: bool,
) -> Row {
    let more = theme.glyphs.more;
    let short = |text: &str, cells: usize| shorten_name(text, cells, more).into_owned();
    let (symbol, style) = theme.outcome(&entry.result);
    let action = without_service(entry.action);
    let target = target(&visible(&entry.target), columns.target, more);
    let strong = if selected { theme.strong } else { Style::new() };
    let result = short(&visible(word(&entry.result)), columns.result);
    let mut cells = vec![
        vec![Span::styled(time(entry.time, now), theme.dim)],
        vec![Span::styled(symbol, style)],
        vec![Span::raw(short(action, columns.action))],
        vec![Span::styled(target, strong)],
    ];
    if columns.account > 0 {
        let account = visible(entry.account.as_deref().unwrap_or_default());
        let account = shorten(&account, columns.account, more).into_owned();
        cells.push(vec![Span::styled(account, theme.dim)]);
    }
    cells.push(vec![Span::styled(result, style)]);
    if columns.took > 0 {
        cells.push(vec![Span::styled(format::took(entry.took), theme.dim)]);
    }
    if columns.request > 0 {
        let id = entry.request_id.as_deref().unwrap_or_default();
        let id = short(&visible(id), columns.request);
        cells.push(vec![Span::styled(id, theme.dim)]);
    }
    cells.push(Vec::new());
    Row {
        marker: if selected { theme.glyphs.marker } else { " " },
        cells,
        selected,
        target: Target::Entry(number),
    }
}

/// An outcome in a word or two.
fn word(result: &Outcome) -> &str {
    match result {
        Outcome::Done(words) => words,
        Outcome::Failed(error) => error.what(),
        Outcome::NotKnown(_) => "not known",
    }
}

/// The time of a day; of another day than today, which day.
fn time(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let form = if time.date_naive() == now.date_naive() {
        "%H:%M:%S"
    } else {
        "%d %b"
    };
    time.format(form).to_string()
}

/// An action without the service that nearly all have in common.
fn without_service(action: &str) -> &str {
    action.split_once(':').map_or(action, |(_, name)| name)
}

/// A target in so many cells. Of a key and its user, the key gives way down to its last four
/// characters, and then the name: people know keys by their end, and users by their name.
fn target(text: &str, cells: usize, more: &str) -> String {
    const OF: &str = " of ";
    const END: usize = 4;
    /// Beginning and end of a key ID: `AKIA…PLE1`.
    const BOTH_ENDS: usize = 9;
    let key_and_user = text
        .split_once(OF)
        .filter(|(key, _)| !key.contains(' ') && width(text) > cells);
    let Some((key, user)) = key_and_user else {
        return shorten_name(text, cells, more).into_owned();
    };
    let end: String = key
        .chars()
        .skip(key.chars().count().saturating_sub(END))
        .collect();
    let end = format!("{more}{end}");
    let room = cells.saturating_sub(OF.len());
    let for_user = width(user).min(room.saturating_sub(width(&end)));
    let key = match room - for_user {
        room if room >= BOTH_ENDS => shorten_name(key, room, more).into_owned(),
        _ => end,
    };
    let user = shorten_name(user, room.saturating_sub(width(&key)), more);
    format!("{key}{OF}{user}")
}

/// What will stand here.
fn empty(canvas: &mut Canvas<'_>, area: Rect) {
    let text = "Each change you make will stand here, and each call that fails: when, what came of \
                it, its request ID, and the aws command that does the same. Never a secret.";
    let text = vec![
        ("No changes or failed calls yet.".to_owned(), Style::new()),
        (text.to_owned(), canvas.theme.dim),
    ];
    canvas.paragraphs(area, text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "AKIADEPLOY01EXAMPLE1 of deploy-bot";

    #[test]
    fn the_end_of_a_key_id_and_the_name_stay_longest() {
        assert_eq!(target(KEY, 34, "…"), KEY);
        assert_eq!(target(KEY, 33, "…"), "AKIADEPLOY01EX…PLE1 of deploy-bot");
        assert_eq!(target(KEY, 23, "…"), "AKIA…PLE1 of deploy-bot");
        assert_eq!(target(KEY, 22, "…"), "…PLE1 of deploy-bot");
        assert_eq!(target(KEY, 17, "…"), "…PLE1 of dep…-bot");
        assert_eq!(target("a key for deploy-bot", 14, "…"), "a key for…-bot");
        assert_eq!(target("all users", 14, "…"), "all users");
    }

    proptest! {
        #[test]
        fn a_target_fits_and_keeps_the_end_of_its_key(
            user in "[a-z-]{1,64}", key in "AKIA[A-Z0-9]{12,40}", cells in 10usize..80
        ) {
            let text = target(&format!("{key} of {user}"), cells, "…");
            prop_assert!(width(&text) <= cells);
            prop_assert!(text.contains(&key[key.len() - 4..]));
        }
    }

    #[test]
    fn the_columns_fill_the_width_and_no_more() {
        for inside in 58..200 {
            let columns = Columns::of(inside, false);
            let Columns {
                account: _,
                action,
                target,
                result,
                took,
                request,
            } = columns;
            let mut cells = 2 + TIME + 3 + action + 1 + target + 1 + result + 1;
            cells += if took > 0 { 1 + took } else { 0 };
            cells += if request > 0 { 2 + request } else { 0 };
            assert_eq!(cells, usize::from(inside));
            assert!(
                target >= 14 && result >= RESULT,
                "{inside}: {target}, {result}"
            );
        }
    }

    #[test]
    fn of_another_day_the_day_is_told() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-21T00:00:05Z");
        assert_eq!(time(at("2026-11-21T00:00:01Z"), now), "00:00:01");
        assert_eq!(time(at("2026-11-20T23:59:59Z"), now), "20 Nov");
    }
}
