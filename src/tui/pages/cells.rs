//! What the lists say of a key in a few cells: its age and its last use.

use crate::{engine::account::Known, tui::prelude::*};
use chrono::TimeDelta;

/// The age of a key. One that should have been rotated stands out: by its colour, or where digits
/// have none by a mark.
pub(super) fn age(canvas: &Canvas<'_>, key: Known<'_>) -> (String, Style) {
    let Some(age) = key.created().map(|created| canvas.now - created) else {
        return (String::new(), canvas.theme.dim);
    };
    let text = format::short(age);
    if *key.status() != KeyStatus::Active {
        return (text, canvas.theme.dim);
    }
    let mark = if canvas.theme.marks_ages() && age >= format::OLD {
        canvas.theme.glyphs.warn
    } else {
        ""
    };
    (format!("{mark}{text}"), age_style(canvas, age))
}

/// How an age is drawn.
pub(super) fn age_style(canvas: &Canvas<'_>, age: TimeDelta) -> Style {
    if age >= format::VERY_OLD {
        canvas.theme.bad
    } else if age >= format::OLD {
        canvas.theme.warn
    } else {
        Style::new()
    }
}

/// When a key was last used: how long ago, `never`, why that is not known, or still loading.
pub(super) fn used(canvas: &Canvas<'_>, key: Known<'_>) -> (String, Style) {
    let theme = canvas.theme;
    match (key.last_used(), key.error()) {
        (Some(LastUsed::Never), _) => (words::as_reported("never", key.is_reported()), theme.dim),
        (Some(LastUsed::At { time, .. }), _) => {
            let text = format::short(canvas.now - *time);
            (words::as_reported(&text, key.is_reported()), Style::new())
        }
        (None, Some(error)) => (words::failed(error).into(), theme.warn),
        (None, None) => (theme.glyphs.loading.into(), theme.dim),
    }
}

/// The account of a row, where there are several.
pub(super) fn account(canvas: &Canvas<'_>, account: &Account, room: usize) -> Vec<Span<'static>> {
    let theme = canvas.theme;
    let name = visible(account.label());
    let name = shorten_name(&name, room, theme.glyphs.more).into_owned();
    let identity = &account.identity;
    let style = if identity.is_production() || identity.style().colour.is_some() {
        theme.account(identity)
    } else {
        theme.dim
    };
    vec![Span::styled(name, style)]
}
