//! The users whose policies were looked at, and what is attached to them.

use crate::{
    engine::account::{Account, Load},
    tui::{
        lists::Scroll,
        prelude::*,
        widgets::table::{Column, MARKER, Row, Table},
    },
};

/// Cells of the user's name.
const NAME: usize = 24;

/// What the page remembers: which row is selected.
#[derive(Debug, Default)]
pub(in crate::tui) struct PoliciesPage {
    scroll: Scroll,
}

/// How many users were looked at.
pub(super) fn count(account: &Account) -> String {
    format::count(account.policies.len())
}

impl PoliciesPage {
    /// Moves the selection by so many rows.
    pub(super) fn step(&mut self, account: &Account, by: isize) {
        let row = self.scroll.cursor().saturating_add_signed(by);
        self.scroll.select(row, account.policies.len());
    }

    /// How many rows the screen has room for.
    pub(super) fn height(&self) -> usize {
        self.scroll.height()
    }

    /// Notes how many rows there is room for.
    pub(super) fn set_height(&mut self, account: Option<&Account>, height: usize) {
        let count = account.map_or(0, |account| account.policies.len());
        self.scroll.set_height(height, count);
    }

    /// Draws the page.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let theme = canvas.theme;
        let account = canvas.account;
        let title = Line::styled("Policies", theme.strong);
        let inside = canvas.pane(area, title, Line::default(), theme.accent);
        if account.policies.is_empty() {
            let key = keymap::name(Context::Users, Action::Policies);
            let text = format!("No policies were looked at. {key} shows those of a user.");
            canvas.line(
                inside.x,
                inside.y,
                inside.width,
                &Line::styled(text, theme.dim),
            );
            return;
        }
        let rest = usize::from(inside.width).saturating_sub(MARKER + NAME + 2);
        let columns = vec![
            Column::left("user", 0, NAME),
            Column::left("policies", 2, rest),
        ];
        let table = Table {
            columns,
            sort: None,
            focused: true,
        };
        table.headings(canvas, inside);
        let on_screen = self.scroll.rows(account.policies.len());
        let (first, many) = (on_screen.start, on_screen.len());
        let shown = account.policies.iter().enumerate().skip(first).take(many);
        let more = theme.glyphs.more;
        let rows = shown.map(|(at, (user, policies))| {
            let selected = at == self.scroll.cursor();
            let words = words_of(policies);
            Row {
                marker: if selected { theme.glyphs.marker } else { " " },
                cells: vec![
                    vec![Span::raw(
                        shorten_name(&visible(user), NAME, more).into_owned(),
                    )],
                    vec![Span::raw(
                        shorten_name(&visible(&words), rest, more).into_owned(),
                    )],
                ],
                selected,
                target: Target::Action(Action::ShowPolicies),
            }
        });
        let rows: Vec<Row> = rows.collect();
        let body = Rect {
            y: inside.y + 1,
            height: inside.height.saturating_sub(1),
            ..inside
        };
        table.rows(canvas, body, rows.into_iter());
    }
}

/// What is attached, in words.
fn words_of(policies: &Load<Vec<String>>) -> String {
    match (policies.known(), policies.error()) {
        (Some(known), _) if known.is_empty() => "none".into(),
        (Some(known), _) => known.join(", "),
        (None, Some(error)) => error.short(),
        (None, None) => "loading".into(),
    }
}
