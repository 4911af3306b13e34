//! The two lines at the top: where one is and as whom; how much is loaded and how the last thing
//! went.

use super::{
    Canvas,
    format::{count, plural},
};
use crate::{
    effect::Target,
    state::{Stage, load::Load},
    text::{shorten, visible, width},
};
use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

/// Who and where. The badges at the right and the account always stay; the rest gives way.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let state = canvas.state;
    let session = &state.session;
    let mut badges: Vec<Span<'_>> = Vec::new();
    if state.settings.read_only {
        badges.push(Span::styled(" READ-ONLY ", theme.badge));
        badges.push(Span::raw(" "));
    }
    if state.target == Target::Demo {
        badges.push(Span::styled(" DEMO ", theme.badge));
        badges.push(Span::raw(" "));
    }
    let badges = Line::from(badges);
    let room = area
        .width
        .saturating_sub(u16::try_from(badges.width()).unwrap_or(0));

    let mut left = vec![Span::styled(" iamkeys ", theme.selected), Span::raw(" ")];
    let mut room = usize::from(room).saturating_sub(10);
    // In order of what may be cut off last.
    let mut add = |text: &str, style, gap: &'static str| {
        let text = visible(text);
        if room < 4 {
            return;
        }
        let text = shorten(&text, room - gap.len(), theme.glyphs.more).into_owned();
        room = room.saturating_sub(width(&text) + gap.len());
        left.push(Span::styled(text, style));
        left.push(Span::raw(gap));
    };
    let alias = if session.is_production() {
        theme.bad
    } else {
        theme.strong
    };
    if let Some(name) = session.alias() {
        add(name, alias, " ");
    }
    if let Some(error) = session.alias.error() {
        add(&error.short(), theme.dim, "  ");
    }
    match &session.caller {
        Load::Failed(error, None) => add(&error.short(), theme.bad, "  "),
        caller => match caller.known() {
            Some(caller) => {
                add(&caller.account, theme.strong, "  ");
                add(caller.name(), theme.strong, " ");
            }
            None if state.stage == Stage::Browsing => add("who am I?", theme.dim, "  "),
            None => {}
        },
    }
    if let Some(profile) = &session.profile {
        add("profile", theme.dim, " ");
        add(profile, alias, " ");
    }
    if let Some(endpoint) = &session.endpoint {
        add("at", theme.dim, " ");
        add(endpoint, theme.warn, " ");
    }
    canvas.line(area.x, area.y, area.width, &Line::from(left));
    canvas.line_right(area, &badges);
}

/// Counts at the left; a notice or the progress at the right.
pub(super) fn status(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let state = canvas.state;
    let mut left: Vec<Span<'_>> = vec![Span::raw(" ")];
    if state.stage == Stage::Browsing {
        let users = state.users.rows().len();
        let (known, keys) = state.users.known();
        left.push(Span::styled("Users ", theme.strong));
        let so_far = match state.users.listing.error() {
            Some(_) if !state.users.is_complete() => ", incomplete",
            Some(_) => ", not refreshed",
            None if state.users.listing.is_ready() => "",
            None => " so far",
        };
        let number = if users == 0 && state.users.listing.error().is_some() {
            "?".into()
        } else {
            count(users)
        };
        left.push(Span::styled(format!("{number}{so_far}"), theme.dim));
        left.push(Span::raw("   "));
        left.push(Span::styled("Keys ", theme.strong));
        let of = if known == users {
            count(keys)
        } else {
            format!("{} ({} seen)", count(keys), plural(known, "user"))
        };
        left.push(Span::styled(of, theme.dim));
    }
    let mut left = Line::from(left);
    let whole = usize::from(area.width).saturating_sub(2);
    let right = match &state.notice {
        Some(notice) => {
            let (mark, style) = if notice.bad {
                (theme.glyphs.warn, theme.warn)
            } else {
                (theme.glyphs.done, theme.good)
            };
            let text = format!("{mark} {}", visible(&notice.text));
            let text = shorten(&text, whole - 2, theme.glyphs.more).into_owned();
            let mut spans = vec![Span::styled(text, style)];
            if state.is_busy() {
                let spinner = format!(" {}", canvas.spinner());
                spans.push(Span::styled(spinner, theme.accent));
            }
            Line::from(spans)
        }
        None => progress(canvas),
    };
    // A notice says what has just happened: the counts give way to it.
    if left.width() + 2 + right.width() > whole {
        left = Line::default();
    }
    canvas.line(area.x, area.y, area.width, &left);
    let room = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    canvas.line_right(room, &right);
}

fn progress(canvas: &Canvas<'_>) -> Line<'static> {
    let state = canvas.state;
    if let Some(error) = &state.session.broken {
        let text = format!("{} {}", canvas.theme.glyphs.warn, visible(&error.short()));
        return Line::styled(text + "; R signs in again", canvas.theme.bad);
    }
    if !state.is_busy() {
        return Line::default();
    }
    let text = if state.stage == Stage::SigningIn {
        "signing in".to_owned()
    } else if let Some(pending) = state.changes.first() {
        pending.change.doing().to_owned()
    } else {
        let (done, all) = state.progress();
        if done < all {
            format!("{done} of {all}")
        } else if state.users.listing.is_loading() {
            "listing users".into()
        } else {
            String::new()
        }
    };
    Line::from(vec![
        Span::styled(canvas.spinner(), canvas.theme.accent),
        Span::styled(format!(" {text}"), canvas.theme.dim),
    ])
}
