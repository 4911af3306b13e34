//! The two lines at the top: where one is and as whom; how much is loaded and how the last thing
//! went.

use super::{
    Canvas,
    format::{self, count, plural},
    theme::Theme,
    words,
};
use crate::{
    action::Action,
    effect,
    iam::Kind,
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
        None => progress(canvas, whole),
    };
    // A notice says what has just happened: the counts give way to it, and then the tabs.
    let room = whole.saturating_sub(right.width() + 2);
    if state.stage == Stage::Browsing {
        let tabs = [true, false]
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

/// A tab, with what a click on it does.
type Tab = (Line<'static>, Action);

/// Cells between two tabs.
const APART: u16 = 3;

fn tabs(state: &State, theme: Theme, counts: bool) -> Vec<Tab> {
    let tab = |name: &'static str, action: Action, view: View, number: String| {
        let key = keymap::key_of(Context::Users, action)
            .map_or_else(String::new, |key| format!("{key} "));
        let here = if state.view == view {
            theme.strong
        } else {
            Style::new()
        };
        let mut spans = vec![Span::styled(key, theme.accent), Span::styled(name, here)];
        if counts {
            spans.push(Span::styled(format!(" {number}"), theme.dim));
        }
        (Line::from(spans), action)
    };
    let users = tab(
        "Users",
        Action::ShowUsers,
        View::Users,
        number_of_users(state),
    );
    let done = count(state.activity.noted());
    let activity = tab("Activity", Action::ShowActivity, View::Activity, done);
    let keys = tab("Keys", Action::ShowKeys, View::Keys, number_of_keys(state));
    vec![users, keys, activity]
}

/// How many keys there are, and whether that is all of them.
fn number_of_keys(state: &State) -> String {
    let tally = state.users.tally();
    let all = tally.unknown == 0 && state.users.listing.is_ready();
    match (tally.all_keys(), all) {
        (keys, true) => count(keys),
        (0, false) => "?".into(),
        (keys, false) => format!("{} so far", count(keys)),
    }
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
        canvas.target(Rect::new(x, area.y, end - x, 1), Target::Action(*action));
        x = end + APART;
    }
}

/// How far loading has come, in as many words as there is room for.
fn progress(canvas: &Canvas<'_>, room: usize) -> Line<'static> {
    let state = canvas.state;
    if let Some(error) = &state.session.broken {
        let text = format!("{} {}", canvas.theme.glyphs.warn, visible(&error.short()));
        return Line::styled(text + "; R signs in again", canvas.theme.bad);
    }
    let busy = state.is_busy();
    let spinner = if busy { 2 } else { 0 };
    let ways = loading(canvas);
    // Beside the tabs with their numbers, if any of it fits there.
    let beside = |counts| {
        let tabs = cells(&tabs(state, canvas.theme, counts));
        let room = room.saturating_sub(tabs + 3 + spinner);
        ways.iter().find(|words| width(words) <= room)
    };
    let text = beside(true).or_else(|| beside(false));
    let text = text.cloned().unwrap_or_default();
    let mut spans = Vec::new();
    if busy {
        spans.push(Span::styled(canvas.spinner(), canvas.theme.accent));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled(text, canvas.theme.dim));
    Line::from(spans)
}

/// What is loading, and what is shown meanwhile; the longest way to say it first.
fn loading(canvas: &Canvas<'_>) -> Vec<String> {
    let state = canvas.state;
    if state.stage != Stage::Browsing {
        return if state.stage == Stage::SigningIn {
            vec!["signing in".into()]
        } else {
            Vec::new()
        };
    }
    if let Some(pending) = state.changes.first() {
        return vec![pending.change.doing().to_owned()];
    }
    if state.is_cut_off() {
        return vec![
            "AWS does not answer; R asks again".into(),
            "no answer; R asks again".into(),
        ];
    }
    if let Some(limit) = state.slowed() {
        let requests = plural(limit as usize, "request");
        return vec![
            format!("AWS is throttling; slowed to {requests} a second"),
            format!("throttled; {requests} a second"),
            "throttled".into(),
        ];
    }
    let tally = state.users.tally();
    let (loaded, all) = (count(tally.complete), count(tally.all_keys()));
    let complete = tally.unknown == 0 && tally.complete == tally.all_keys();
    if complete {
        return if state.users.listing.is_loading() {
            vec!["listing users".into()]
        } else {
            Vec::new()
        };
    }
    let live = if tally.unknown == 0 {
        format!("{loaded} of {all} keys live")
    } else {
        let users = count(state.users.rows().len());
        format!("{} of {users} users loaded", count(tally.users))
    };
    let report = &state.session.report;
    let missing = (tally.failed > 0 && state.reads_under_way() == 0).then(|| {
        format!(
            "{} not loaded; R asks again",
            plural(tally.failed, "answer")
        )
    });
    let about = match (report.known(), report.error()) {
        (Some(report), _) => {
            let age = format::short(canvas.now - report.generated);
            Some(match age.as_str() {
                "now" => "ages from a report just made".to_owned(),
                age => format!("ages from the report, {age} old"),
            })
        }
        (None, Some(error)) if error.kind == Kind::Denied => Some("no report: refused".into()),
        (None, Some(_)) => Some("no report: failed".into()),
        (None, None) if report.is_loading() => Some("waiting for the report".into()),
        (None, None) => None,
    };
    let dot = canvas.theme.glyphs.dot;
    let mut ways = Vec::new();
    if let Some(missing) = missing {
        ways.push(format!("{missing} {dot} {live}"));
        ways.push(missing);
    }
    if let Some(about) = about {
        ways.push(format!("{about} {dot} {live}"));
        ways.push(about);
    }
    ways.push(live);
    ways.push(format!("{loaded} of {all}"));
    ways
}

/// What has to be known before anything else: the root user has keys.
pub(super) fn warning(canvas: &mut Canvas<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    let theme = canvas.theme;
    let text = words::root_keys(&canvas.state.session, canvas.now);
    let text = format!("{} {text}", theme.glyphs.warn);
    let room = usize::from(area.width).saturating_sub(2);
    let text = shorten(&text, room, theme.glyphs.more).into_owned();
    canvas.line(
        area.x + 1,
        area.y,
        area.width,
        &Line::styled(text, theme.bad),
    );
}
