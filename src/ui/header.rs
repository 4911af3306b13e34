//! The two lines at the top: where one is and as whom; how much is loaded and how the last thing
//! went.

use super::{
    Canvas,
    format::{count, plural},
    theme::Theme,
};
use crate::{
    action::Action,
    effect,
    keymap::{self, Context},
    message::Target,
    state::{Stage, State, View, load::Load},
    text::{shorten, visible, width},
};
use ratatui::{
    layout::Rect,
    style::Style,
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
    if state.target == effect::Target::Demo {
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

/// Tabs and counts at the left; a notice or the progress at the right.
pub(super) fn status(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let state = canvas.state;
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
    // A notice says what has just happened: the counts give way to it, and then the tabs.
    let room = whole.saturating_sub(right.width() + 2);
    if state.stage == Stage::Browsing {
        let tabs = [Counts::All, Counts::OfTabs, Counts::None]
            .into_iter()
            .map(|counts| tabs(state, theme, counts))
            .find(|tabs| cells(tabs) < room);
        draw_tabs(canvas, area, &tabs.unwrap_or_default());
    }
    let room = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    canvas.line_right(room, &right);
}

/// How much the tabs tell beside their names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    All,
    OfTabs,
    None,
}

/// A tab, with what a click on it does; nothing where it is only a count.
type Tab = (Line<'static>, Option<Action>);

/// Cells between two tabs.
const APART: u16 = 3;

fn tabs(state: &State, theme: Theme, counts: Counts) -> Vec<Tab> {
    let tab = |name: &'static str, action: Action, view: View, number: String| {
        let key = keymap::key_of(Context::Users, action)
            .map_or_else(String::new, |key| format!("{key} "));
        let here = if state.view == view {
            theme.strong
        } else {
            Style::new()
        };
        let mut spans = vec![Span::styled(key, theme.accent), Span::styled(name, here)];
        if counts != Counts::None {
            spans.push(Span::styled(format!(" {number}"), theme.dim));
        }
        (Line::from(spans), Some(action))
    };
    let users = tab(
        "Users",
        Action::ShowUsers,
        View::Users,
        number_of_users(state),
    );
    let done = count(state.activity.noted());
    let activity = tab("Activity", Action::ShowActivity, View::Activity, done);
    if counts != Counts::All {
        return vec![users, activity];
    }
    let (known, keys) = state.users.known();
    let keys = if known == state.users.rows().len() {
        count(keys)
    } else {
        format!("{} ({} seen)", count(keys), plural(known, "user"))
    };
    let keys = Line::from(vec![Span::raw("Keys "), Span::styled(keys, theme.dim)]);
    vec![users, (keys, None), activity]
}

/// How many users there are, and whether that is all of them.
fn number_of_users(state: &State) -> String {
    let users = state.users.rows().len();
    let listing = &state.users.listing;
    let so_far = match listing.error() {
        Some(_) if !state.users.is_complete() => ", incomplete",
        Some(_) => ", not refreshed",
        None if listing.is_ready() => "",
        None => " so far",
    };
    if users == 0 && listing.error().is_some() {
        format!("?{so_far}")
    } else {
        format!("{}{so_far}", count(users))
    }
}

/// How many cells the tabs take.
fn cells(tabs: &[Tab]) -> usize {
    let apart = usize::from(APART) * tabs.len().saturating_sub(1);
    tabs.iter().map(|(line, _)| line.width()).sum::<usize>() + apart
}

fn draw_tabs(canvas: &mut Canvas<'_>, area: Rect, tabs: &[Tab]) {
    let mut x = area.x + 1;
    for (line, action) in tabs {
        let end = canvas.line(x, area.y, area.right().saturating_sub(x), line);
        if let Some(action) = action {
            canvas.target(Rect::new(x, area.y, end - x, 1), Target::Action(*action));
        }
        x = end + APART;
    }
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
