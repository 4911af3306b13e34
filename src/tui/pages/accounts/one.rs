//! The selected account: why it cannot be reached, or what its keys come to.

use crate::{
    engine::account::{
        Stage,
        figures::{AGES, Figures, USES},
    },
    tui::prelude::*,
};

/// The selected account: why it cannot be reached, or its keys by age and by last use.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, slot: Slot, figures: Option<&Figures>) {
    let theme = canvas.theme;
    let Some(account) = canvas.engine.fleet.get(slot) else {
        return;
    };
    let title = Line::styled(
        visible(account.label()).into_owned(),
        theme.account(&account.identity),
    );
    let note = match figures {
        Some(figures) if figures.keys > 0 => {
            let keys = format::plural(figures.keys, "key");
            format!("{keys}, {} Active", format::count(figures.active))
        }
        _ => String::new(),
    };
    let note = Line::styled(note, theme.dim);
    let inside = canvas.pane(area, title, note, theme.dim);
    if let Stage::SignedOut(problem) = &account.stage {
        let style = if account.is_closed() {
            theme.dim
        } else {
            theme.warn
        };
        let mut text = vec![
            (problem.title.clone(), style),
            (problem.what.clone(), Style::new()),
        ];
        text.extend(problem.details.iter().map(|line| (line.clone(), theme.dim)));
        text.extend(
            problem
                .advice
                .iter()
                .map(|line| (line.clone(), Style::new())),
        );
        canvas.paragraphs(inside, text);
        return;
    }
    let Some(figures) = figures.filter(|figures| figures.active > 0) else {
        let text = why_none(account);
        canvas.paragraphs(inside, vec![(text, theme.dim)]);
        return;
    };
    draw_plots(canvas, inside, figures);
    let y = inside.bottom().saturating_sub(1);
    if account.identity.root_has_keys() {
        let text = words::root_keys(&account.identity, canvas.now);
        let text = format!("{} {text}", theme.glyphs.warn);
        let room = usize::from(inside.width).saturating_sub(4);
        let text = shorten(&text, room, theme.glyphs.more).into_owned();
        canvas.line(
            inside.x + 2,
            y,
            inside.width,
            &Line::styled(text, theme.bad),
        );
    }
}

/// Why no key is counted.
fn why_none(account: &Account) -> String {
    let tally = account.users.tally();
    let users = |count: usize| format::plural(count, "user");
    if account.is_all_known() {
        "This account has no Active keys.".into()
    } else if account.is_busy() {
        "Loading the keys".into()
    } else if tally.denied > 0 {
        let users = users(tally.denied);
        format!("The keys of {users} cannot be listed: AccessDenied: iam:ListAccessKeys")
    } else {
        let users = users(tally.unknown);
        format!("The keys of {users} are not loaded.")
    }
}

/// The keys by age, and by last use.
fn draw_plots(canvas: &mut Canvas<'_>, inside: Rect, figures: &Figures) {
    let theme = canvas.theme;
    let half = inside.width / 2;
    let left = Rect {
        width: half,
        ..inside
    };
    let right = Rect {
        x: inside.x + half,
        width: inside.width - half,
        ..inside
    };
    let ages = [
        "to 30 days",
        "to 90 days",
        "to 180 days",
        "to 1 year",
        "to 2 years",
        "older",
    ];
    debug_assert_eq!(ages.len(), AGES.len() + 1);
    let styles = [
        theme.good, theme.good, theme.warn, theme.warn, theme.bad, theme.bad,
    ];
    let by_age = ages.into_iter().zip(figures.by_age).zip(styles);
    let by_age = by_age.map(|((label, count), style)| (label, count, style));
    plot(canvas, left, "age of Active keys", by_age.collect());
    let uses = [
        "today",
        "this week",
        "to 45 days",
        "to 90 days",
        "longer ago",
    ];
    debug_assert_eq!(uses.len(), USES.len() + 1);
    let styles = [theme.good, theme.good, theme.good, theme.warn, theme.bad];
    let by_use = uses.into_iter().zip(figures.by_use).zip(styles);
    let mut by_use: Vec<_> = by_use
        .map(|((label, count), style)| (label, count, style))
        .collect();
    by_use.push(("never", figures.never, theme.bad));
    if figures.use_unknown > 0 {
        by_use.push(("not known", figures.use_unknown, theme.dim));
    }
    plot(canvas, right, "last used", by_use);
}

/// Cells of the label of a bar, and of its number.
const LABEL: usize = 13;
const COUNT: usize = 7;

/// Bars side by side, each with its label and its number.
fn plot(canvas: &mut Canvas<'_>, area: Rect, title: &str, bars: Vec<(&str, usize, Style)>) {
    let theme = canvas.theme;
    let (full, _) = theme.glyphs.bar;
    let room = usize::from(area.width)
        .saturating_sub(LABEL + COUNT + 4)
        .min(40);
    let most = bars
        .iter()
        .map(|(_, count, _)| *count)
        .max()
        .unwrap_or(0)
        .max(1);
    let title = Line::styled(title.to_owned(), theme.strong);
    canvas.line(area.x + 2, area.y, area.width.saturating_sub(2), &title);
    for (y, (label, count, style)) in (area.y + 1..area.bottom()).zip(bars) {
        let length = (count * room).div_ceil(most);
        let line = Line::from(vec![
            Span::styled(format!("{label:>LABEL$}  "), theme.dim),
            Span::styled(full.repeat(length), style),
            Span::raw(format!(" {}", format::count(count))),
        ]);
        canvas.line(area.x, y, area.width, &line);
    }
}
