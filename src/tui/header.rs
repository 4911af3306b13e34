//! The lines at the top: where one is and as whom; how much is loaded and how the last thing went;
//! what has to be known before anything else.

use super::{
    format::{count, plural},
    pages::{Page, PageRow},
    prelude::*,
};
use crate::engine::{
    Kind, Listing,
    account::{Load, Stage},
};

/// Who and where. The badges at the right and the account always stay; the rest gives way.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let several = canvas.rows.only().is_none();
    // Of several accounts the first tells who is signed in.
    let account = match canvas.rows.accounts().next() {
        Some(first) if several => first,
        _ => canvas.account,
    };
    let identity = &account.identity;
    let mut badges: Vec<Span<'_>> = Vec::new();
    if canvas.engine.settings.read_only {
        badges.push(Span::styled(" READ-ONLY ", theme.badge));
        badges.push(Span::raw(" "));
    }
    let mut shown = canvas.rows.accounts();
    let any_demo = shown.clone().any(Account::is_demo);
    if any_demo {
        // What is real beside it must not be taken for a part of it.
        let badge = if shown.all(Account::is_demo) {
            " DEMO "
        } else {
            " DEMO AND REAL "
        };
        badges.push(Span::styled(badge, theme.badge));
        badges.push(Span::raw(" "));
    }
    if identity.is_unexpected_production() {
        badges.push(Span::styled(" PRODUCTION ", theme.badge));
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
    let style = theme.account(identity);
    if several {
        let all = canvas.rows.accounts().count();
        add(&format!("{all} accounts"), theme.strong, "  ");
    } else if let Some(name) = identity.name() {
        add(name, style, " ");
    }
    // The page tells of what has failed.
    let signed_out = matches!(account.stage, Stage::SignedOut(_));
    match &identity.caller {
        Load::Failed(error, None) if !signed_out => add(&error.short(), theme.bad, "  "),
        caller => match caller.known() {
            Some(caller) => {
                if !several {
                    add(&caller.account, theme.strong, "  ");
                }
                add(caller.name(), theme.strong, " ");
            }
            None if account.stage == Stage::SignedIn => add("who am I?", theme.dim, "  "),
            None => {}
        },
    }
    // Of a role that was assumed, the caller's name has it.
    if let Some(role) = identity
        .role
        .as_deref()
        .filter(|_| identity.portal.is_some())
    {
        add("role", theme.dim, " ");
        add(role, theme.strong, " ");
    }
    if let Some(profile) = &identity.profile {
        add("profile", theme.dim, " ");
        add(profile, style, " ");
    }
    if let Some(endpoint) = &identity.endpoint {
        add("at", theme.dim, " ");
        add(endpoint, theme.warn, " ");
    }
    if let Some(error) = identity.alias.error().filter(|_| !signed_out) {
        add(&error.short(), theme.dim, "  ");
    }
    canvas.line(area.x, area.y, area.width, &Line::from(left));
    canvas.line_right(area, &badges);
}

/// Tabs and counts at the left; the progress at the right.
pub(super) fn status(canvas: &mut Canvas<'_>, area: Rect, page: Page) {
    let whole = usize::from(area.width).saturating_sub(2);
    let right = progress(canvas, page, whole);
    // The counts give way to the progress, and the tabs to nothing.
    let room = whole.saturating_sub(right.width() + 2);
    let alone = canvas.rows.only();
    if alone.is_none_or(|account| account.stage == Stage::SignedIn) || page == Page::Accounts {
        let ways = Counts::ALL.map(|counts| (tabs(canvas, page, counts), counts.apart()));
        let fits = |(tabs, apart): &&(Vec<Tab>, u16)| cells(tabs, *apart) < room;
        if let Some((tabs, apart)) = ways.iter().find(fits).or(ways.last()) {
            draw_tabs(canvas, area, tabs, *apart);
        }
    }
    let room = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    canvas.line_right(room, &right);
}

/// A tab, with what a click on it does.
type Tab = (Line<'static>, Action);

/// Cells between two tabs; between those of which few have numbers, where there is little room.
const APART: u16 = 3;
const CLOSE: u16 = 2;

/// Which tabs have a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    All,
    /// That of the page that is shown.
    Shown,
    None,
}

impl Counts {
    /// The one that takes the most room first.
    const ALL: [Self; 3] = [Self::All, Self::Shown, Self::None];

    /// Cells between two tabs.
    fn apart(self) -> u16 {
        match self {
            Self::All => APART,
            Self::Shown | Self::None => CLOSE,
        }
    }
}

fn tabs(canvas: &Canvas<'_>, shown: Page, counts: Counts) -> Vec<Tab> {
    let theme = canvas.theme;
    let tab = |page: Page| {
        let PageRow { title, show, .. } = page.row();
        let here = if page == shown {
            theme.strong
        } else {
            Style::new()
        };
        let mut spans = vec![
            Span::styled(
                format!("{} ", keymap::name(Context::Users, show)),
                theme.accent,
            ),
            Span::styled(title, here),
        ];
        if counts == Counts::All || counts == Counts::Shown && page == shown {
            let count = page.count(canvas.engine, canvas.rows);
            spans.push(Span::styled(format!(" {count}"), theme.dim));
        }
        (Line::from(spans), show)
    };
    let several = canvas.engine.fleet.accounts().len() > 1;
    let pages = Page::ALL.into_iter();
    let pages = pages.filter(|page| several || *page != Page::Accounts);
    pages.map(tab).collect()
}

/// How many cells the tabs take.
fn cells(tabs: &[Tab], apart: u16) -> usize {
    let apart = usize::from(apart) * tabs.len().saturating_sub(1);
    tabs.iter().map(|(line, _)| line.width()).sum::<usize>() + apart
}

fn draw_tabs(canvas: &mut Canvas<'_>, area: Rect, tabs: &[Tab], apart: u16) {
    let mut x = area.x + 1;
    for (line, action) in tabs {
        let end = canvas.line(x, area.y, area.right().saturating_sub(x), line);
        canvas.target(Rect::new(x, area.y, end - x, 1), Target::Action(*action));
        x = end + apart;
    }
}

/// How far loading has come, in as many words as there is room for.
fn progress(canvas: &Canvas<'_>, page: Page, room: usize) -> Line<'static> {
    let alone = canvas.rows.only();
    if let Some(error) = alone.and_then(|account| account.identity.broken.as_ref()) {
        let text = format!("{} {}", canvas.theme.glyphs.warn, visible(&error.short()));
        return Line::styled(
            format!("{text}; {} signs in again", retry()),
            canvas.theme.bad,
        );
    }
    // What is still under way there is not waited for.
    let signed_out = alone.is_some_and(|it| matches!(it.stage, Stage::SignedOut(_)));
    let busy = canvas.engine.is_busy() && !signed_out;
    let spinner = if busy { 2 } else { 0 };
    let ways = loading(canvas);
    // Beside the tabs with their numbers, if any of it fits there.
    let beside = |counts: Counts| {
        let tabs = cells(&tabs(canvas, page, counts), counts.apart());
        let room = room.saturating_sub(tabs + 3 + spinner);
        ways.iter().find(|words| width(words) <= room)
    };
    let text = Counts::ALL.into_iter().find_map(beside);
    let text = text.cloned().unwrap_or_default();
    let mut spans = Vec::new();
    if busy {
        spans.push(Span::styled(canvas.spinner(), canvas.theme.accent));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled(text, canvas.theme.dim));
    Line::from(spans)
}

/// The key that asks again.
fn retry() -> String {
    keymap::name(Context::Users, Action::Refresh)
}

/// What is loading, and what is shown meanwhile; the longest way to say it first.
fn loading(canvas: &Canvas<'_>) -> Vec<String> {
    if canvas.rows.only().is_none() {
        return loading_all(canvas);
    }
    let (account, retry) = (canvas.account, retry());
    if account.stage != Stage::SignedIn {
        return if account.stage == Stage::SigningIn {
            vec!["signing in".into()]
        } else {
            Vec::new()
        };
    }
    if let Some((_, change)) = canvas.engine.under_way().next() {
        return vec![change.row().doing.to_owned()];
    }
    if account.is_cut_off() {
        return vec![
            format!("AWS does not answer; {retry} asks again"),
            format!("no answer; {retry} asks again"),
        ];
    }
    if let Some(limit) = account.slowed() {
        let requests = plural(limit as usize, "request");
        return vec![
            format!("AWS is throttling; slowed to {requests} a second"),
            format!("throttled; {requests} a second"),
            "throttled".into(),
        ];
    }
    let tally = account.users.tally();
    let (loaded, all) = (count(tally.complete), count(tally.all_keys()));
    let complete = tally.unknown == 0 && tally.complete == tally.all_keys();
    if complete {
        return if account.users.listing.is_loading() {
            vec!["listing users".into()]
        } else {
            Vec::new()
        };
    }
    let (live, short) = if tally.unknown == 0 {
        let short = format!("{loaded} of {all} keys");
        (format!("{short} live"), short)
    } else {
        let users = count(account.users.rows().len());
        let short = format!("{} of {users} users", count(tally.users));
        (format!("{short} loaded"), short)
    };
    let report = &account.identity.report;
    let missing = (tally.failed > 0 && account.reads_under_way() == 0).then(|| {
        format!(
            "{} failed; {retry} to retry",
            plural(tally.failed, "request")
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
        (None, Some(error)) if error.kind == Kind::Denied => {
            Some("no report: access denied".into())
        }
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
    ways.push(short);
    ways
}

/// As above, of several accounts together.
fn loading_all(canvas: &Canvas<'_>) -> Vec<String> {
    let rows = canvas.rows;
    if let Some((_, change)) = canvas.engine.under_way().next() {
        return vec![change.row().doing.to_owned()];
    }
    let all = rows.accounts().count();
    let reachable = rows.reachable().count();
    let loaded = rows
        .reachable()
        .filter(|account| account.is_all_known())
        .count();
    let lost = match all - reachable {
        0 => String::new(),
        lost => format!(" {} {lost} not reachable", canvas.theme.glyphs.dot),
    };
    let mut lists = canvas.engine.account_lists().iter();
    if lists.any(|list| matches!(list.listing, Listing::Waiting | Listing::Loading)) {
        return vec![
            format!("listing accounts: {all} so far"),
            format!("{all} so far"),
        ];
    }
    // A list that was refused half-way leaves accounts out: that is not said once and forgotten.
    let mut lists = canvas.engine.account_lists().iter();
    let partly = lists.any(|list| matches!(list.listing, Listing::Failed(_)));
    let lost = if partly {
        format!("{lost} {} accounts may be missing", canvas.theme.glyphs.dot)
    } else {
        lost
    };
    let tally = rows.tally();
    let mut ways = Vec::new();
    if loaded < reachable {
        ways.push(format!("{loaded} of {reachable} accounts loaded{lost}"));
        ways.push(format!("{loaded} of {reachable} accounts loaded"));
        ways.push(format!("{loaded} of {reachable} accounts"));
    } else if tally.complete < tally.all_keys() {
        let (live, keys) = (count(tally.complete), count(tally.all_keys()));
        ways.push(format!("{live} of {keys} keys live{lost}"));
        ways.push(format!("{live} of {keys} keys live"));
    }
    if let Some(lost) = lost
        .split_once(canvas.theme.glyphs.dot)
        .map(|(_, lost)| lost)
    {
        ways.push(lost.trim().to_owned());
    }
    ways
}

/// What has to be known before anything else: the root user has keys.
pub(super) fn warning(canvas: &mut Canvas<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    let theme = canvas.theme;
    let mut with_keys = canvas.rows.accounts();
    let with_keys: Vec<&Account> = with_keys
        .by_ref()
        .filter(|account| account.identity.root_has_keys())
        .collect();
    let text = match (canvas.rows.only(), &with_keys[..]) {
        (Some(account), _) => words::root_keys(&account.identity, canvas.now),
        (None, [account]) => {
            let text = words::root_keys(&account.identity, canvas.now);
            format!("{}: {text}", visible(account.label()))
        }
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|account| account.label()).collect();
            let names = names.join(", ");
            let count = several.len();
            format!(
                "The root users of {count} accounts have access keys: {}",
                visible(&names)
            )
        }
    };
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
