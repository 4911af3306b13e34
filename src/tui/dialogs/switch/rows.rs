//! What the rows are: which there are for what is typed, what each stands for and what is the matter with
//! it, in words.

use super::many::Many;
use crate::{
    engine::{
        self,
        account::Stage,
        profiles::{Login, Profile, ProfileKind},
    },
    tui::prelude::*,
};

/// From so many cells on, the kind of a profile has a column of its own.
const WIDE: usize = 66;

/// How many cells an account ID has.
const ACCOUNT: usize = 12;

/// What the credentials are called that no profile is named for.
const DEFAULT: &str = "no profile";

/// By which words they are found.
const DEFAULT_WORDS: &str = "no profile default environment container instance";

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A profile, by its place in the list.
    Profile(usize),
    /// The credentials of the environment, the default profile, the container or the instance.
    Default,
    /// An SSO portal, by its place in the list.
    Portal(usize),
    /// The organisation of the account that is shown.
    Organisation,
}

/// What a row stands for, wherever it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    Account(engine::Target),
    Portal(Box<str>),
    Organisation,
}

/// How a row is written: its mark, and what is the matter with it.
pub(super) struct State {
    pub mark: &'static str,
    pub of_mark: Style,
    pub text: String,
    pub style: Style,
}

/// The rows for what is typed.
pub(super) fn found(typed: &str, slot: Slot, engine: &Engine) -> Vec<Row> {
    let typed = typed.to_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let fits = |text: &str| words.iter().all(|word| text.contains(word));
    let of_profile = |profile: &Profile| {
        let account = profile.account.as_ref().map_or("", |account| &account.id);
        let text = format!("{} {account} {}", profile.name, profile.kind);
        fits(&text.to_lowercase())
    };
    let all = engine.profiles.all().iter().enumerate();
    let shown = all.filter(|(_, profile)| words.is_empty() || of_profile(profile));
    let mut shown: Vec<(usize, &Profile)> = shown.collect();
    if !words.is_empty() {
        // Who types a name means the profile of that name, or one that begins so.
        shown.sort_by_key(|(_, profile)| {
            let name = profile.name.to_lowercase();
            (name != typed, !name.starts_with(&typed), !fits(&name))
        });
    }
    let mut rows: Vec<Row> = shown.into_iter().map(|(at, _)| Row::Profile(at)).collect();
    if has_default(engine) && fits(DEFAULT_WORDS) {
        rows.push(Row::Default);
    }
    let portals = (0..engine.profiles.portals().len()).map(Row::Portal);
    let shown = has_organisation(slot, engine);
    let many = portals.chain(shown.then_some(Row::Organisation));
    let many = many.filter(|row| {
        let many = Many::of(*row, slot, engine);
        many.is_some_and(|many| fits(&many.found_by()))
    });
    rows.extend(many);
    rows
}

/// How many rows there are where nothing is typed.
pub(super) fn count(slot: Slot, engine: &Engine) -> usize {
    let profiles = &engine.profiles;
    let alone = usize::from(has_default(engine)) + usize::from(has_organisation(slot, engine));
    profiles.all().len() + profiles.portals().len() + alone
}

/// Whether there is a row for the credentials that no profile is named for: where they are those of a
/// profile, that one's row stands for them.
fn has_default(engine: &Engine) -> bool {
    let mut accounts = engine.fleet.accounts().iter();
    engine.profiles.list().is_some()
        && !accounts.any(|account| {
            account.target == engine::Target::Ambient && account.identity.profile.is_some()
        })
}

/// Whether there is a row for the organisation of the account in a slot, which has to be open for it.
fn has_organisation(slot: Slot, engine: &Engine) -> bool {
    engine.profiles.list().is_some() && engine.fleet.get(slot).is_some_and(is_signed_in)
}

pub(super) fn profile(row: Row, engine: &Engine) -> Option<&Profile> {
    match row {
        Row::Profile(at) => engine.profiles.all().get(at),
        Row::Default | Row::Portal(_) | Row::Organisation => None,
    }
}

pub(super) fn chosen(row: Row, engine: &Engine) -> Chosen {
    match row {
        Row::Portal(at) => {
            let portal = engine.profiles.portals().get(at);
            Chosen::Portal(portal.map(|portal| portal.name.clone()).unwrap_or_default())
        }
        Row::Organisation => Chosen::Organisation,
        Row::Profile(_) | Row::Default => Chosen::Account(target(row, engine)),
    }
}

pub(super) fn target(row: Row, engine: &Engine) -> engine::Target {
    let name = profile(row, engine).map(|profile| profile.name.clone());
    name.map_or(engine::Target::Ambient, engine::Target::Profile)
}

/// The account that is open by what a row stands for.
pub(super) fn open(row: Row, engine: &Engine) -> Option<&Account> {
    if matches!(row, Row::Portal(_) | Row::Organisation) {
        return None;
    }
    let name = profile(row, engine).map(|profile| &*profile.name);
    let mut accounts = engine.fleet.accounts().iter();
    accounts.find(|account| match &account.target {
        engine::Target::Profile(of) => name == Some(of),
        // The profile that the environment names, or none.
        engine::Target::Ambient => account.identity.profile.as_deref() == name,
        _ => false,
    })
}

pub(super) fn is_signed_in(account: &Account) -> bool {
    account.stage == Stage::SignedIn && account.identity.broken.is_none()
}

/// The slot of what was to be opened by a row, and could not be signed in to.
pub(super) fn failed(row: Row, slot: Slot, engine: &Engine) -> Option<Slot> {
    let many = Many::of(row, slot, engine);
    let account = match many {
        Some(many) => many.opened_by(engine),
        None => open(row, engine),
    };
    let slot = account?.session.slot;
    engine.can_take_out(slot).then_some(slot)
}

/// Why one cannot sign in by a row, where its files say so.
pub(super) fn why_never(row: Row, engine: &Engine) -> Option<Ask> {
    let profile = profile(row, engine)?;
    match &profile.kind {
        ProfileKind::Nothing(why) => Some(Ask::Complain(format!("{}: {why}", profile.name))),
        _ => None,
    }
}

pub(super) fn already_open(row: Row, engine: &Engine) -> Ask {
    let name = profile(row, engine).map_or(DEFAULT, |profile| &*profile.name);
    Ask::Complain(format!("{name} is open already"))
}

/// The mark of a row, and what is the matter with it.
fn state(row: Row, slot: Slot, canvas: &Canvas<'_>) -> State {
    let (theme, engine) = (&canvas.theme, canvas.engine);
    if let Some(many) = Many::of(row, slot, engine) {
        return many.state(canvas);
    }
    let glyphs = theme.glyphs;
    let bad = |text: String| State {
        mark: glyphs.warn,
        of_mark: theme.warn,
        text,
        style: theme.warn,
    };
    let plain = |mark, of_mark, text: String| State {
        mark,
        of_mark,
        text,
        style: theme.dim,
    };
    if let Some(account) = open(row, engine) {
        match &account.stage {
            Stage::SignedIn => {
                return match &account.identity.broken {
                    Some(error) => bad(error.short()),
                    None => plain(glyphs.active, theme.good, signed_in(account, canvas)),
                };
            }
            Stage::SigningIn => return plain(canvas.spinner(), theme.accent, "signing in".into()),
            Stage::Waiting => return plain(glyphs.inactive, theme.dim, "waits its turn".into()),
            Stage::SignedOut(problem) if matches!(row, Row::Default) => {
                return bad(format!("failed: {}", problem.title));
            }
            Stage::SignedOut(_) => {}
        }
    }
    let profile = profile(row, engine);
    let failure = profile.and_then(|profile| engine.profiles.failure(&profile.name));
    if let Some(why) = failure {
        return bad(format!("failed: {why}"));
    }
    if let Some(ProfileKind::Nothing(why)) = profile.map(|profile| &profile.kind) {
        return bad(why.clone());
    }
    match profile.and_then(|profile| profile.login) {
        Some(login) if !login.is_good(canvas.now) => bad(words_of(login, canvas)),
        Some(login) => plain(glyphs.inactive, theme.dim, words_of(login, canvas)),
        None => plain(glyphs.inactive, theme.dim, String::new()),
    }
}

/// That an account is signed in to, and for how long, where that is known.
fn signed_in(account: &Account, canvas: &Canvas<'_>) -> String {
    match account.identity.expires {
        Some(until) if until > canvas.now => {
            format!("signed in, {} left", format::short(until - canvas.now))
        }
        _ => "signed in".into(),
    }
}

/// How it stands with a login.
pub(super) fn words_of(login: Login, canvas: &Canvas<'_>) -> String {
    match login {
        Login::Missing => "no login".into(),
        Login::Cached { expires, .. } if expires > canvas.now => {
            format!("login lasts {}", format::short(expires - canvas.now))
        }
        Login::Cached { .. } if login.is_good(canvas.now) => "login renews itself".into(),
        Login::Cached { .. } => "login has ended".into(),
    }
}

/// A row of the list: mark, name, account, kind where there is room, and what is the matter.
pub(super) fn line(
    lines: &Lines<'_>,
    row: Row,
    slot: Slot,
    highlighted: bool,
    engine: &Engine,
) -> Line<'static> {
    let (theme, cells) = (&lines.theme, lines.cells);
    let profile = profile(row, engine);
    let State {
        mark,
        of_mark,
        text,
        style,
    } = state(row, slot, lines.canvas);
    let many = Many::of(row, slot, engine);
    let of_many = many.map(|many| (many.name(), many.count(engine, ACCOUNT + 1)));
    let name = profile.map_or(DEFAULT, |profile| &*profile.name);
    let name = of_many.as_ref().map_or(name, |(name, _)| name);
    let known = profile.and_then(|profile| Some(&*profile.account.as_ref()?.id));
    let open = open(row, engine).and_then(|account| account.identity.account_id());
    let account = open.or(known).unwrap_or_default();
    let account = of_many.as_ref().map_or(account, |(_, count)| count);
    let kind = match profile.map(|profile| &profile.kind) {
        _ if let Some(many) = many => many.kind(),
        // It is the matter with it.
        None | Some(ProfileKind::Nothing(_)) => String::new(),
        Some(kind) => kind.to_string(),
    };
    let wide = cells >= WIDE;
    let strong = if highlighted {
        theme.strong
    } else {
        Style::new()
    };
    let of_name = if wide { cells / 5 } else { 16 };
    let mut parts = vec![
        (mark, 2, of_mark),
        (name, of_name + 2, strong),
        (account, ACCOUNT + 2, theme.dim),
    ];
    if wide && !kind.is_empty() {
        parts.push((&kind, cells / 4 + 3, theme.dim));
    }
    let taken: usize = parts.iter().map(|(_, cells, _)| cells).sum();
    parts.push((&text, cells.saturating_sub(taken), style));
    let last = parts.len() - 1;
    let spans = parts
        .into_iter()
        .enumerate()
        .map(|(at, (text, cells, style))| {
            let text = visible(text);
            let gap = usize::from(at > 0 && at < last);
            let room = cells.saturating_sub(gap);
            let text = if at == 1 {
                shorten_name(&text, room, theme.glyphs.more)
            } else {
                shorten(&text, room, theme.glyphs.more)
            };
            let pad = " ".repeat(cells.saturating_sub(width(&text)));
            Span::styled(format!("{text}{pad}"), theme.row(highlighted, style))
        });
    spans.collect()
}

/// All that is known of a row, in a sentence or two.
pub(super) fn details(row: Row, slot: Slot, lines: &Lines<'_>, engine: &Engine) -> (String, Style) {
    let theme = &lines.theme;
    let state = state(row, slot, lines.canvas);
    let is_bad = state.mark == theme.glyphs.warn;
    let style = if is_bad { theme.warn } else { theme.dim };
    if let Some(many) = Many::of(row, slot, engine) {
        let (text, dot) = (many.details(), theme.glyphs.dot);
        let text = if is_bad {
            format!("{} {dot} {text}", state.text)
        } else {
            text
        };
        return (text, style);
    }
    let Some(profile) = profile(row, engine) else {
        let text = "Environment, default profile, container or instance, as the aws command looks \
                    for them.";
        return (if is_bad { state.text } else { text.into() }, style);
    };
    let mut facts = vec![match &profile.kind {
        ProfileKind::Nothing(_) => "cannot be used".to_owned(),
        kind => format!("{kind:#}"),
    }];
    if is_bad {
        facts.push(state.text);
    }
    if let [_, _, ..] = &profile.sources[..] {
        facts.push(format!("credentials from {}", profile.sources.join(", ")));
    }
    if profile
        .account
        .as_ref()
        .is_some_and(|account| account.derived)
    {
        facts.push("account derived from the key ID".into());
    }
    let dot = format!(" {} ", theme.glyphs.dot);
    (facts.join(&dot), style)
}
