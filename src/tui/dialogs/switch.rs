//! The accounts that this machine's profiles open, to switch to one or to open it beside the others.
//! A part of a name, an account ID or a kind brings the rows up that have it. Some rows open many
//! accounts (`many`).

mod many;

use super::cancel;
use crate::{
    engine::{
        self, Offer, Problem,
        account::Stage,
        profiles::{Login, Profile, ProfileKind, ProfileList},
        prompt::Means,
    },
    tui::prelude::*,
};
use many::Many;

/// How wide it is, where the screen is: with room, names and kinds get more of it.
const MOST: u16 = 96;

/// From so many cells on, the kind of a profile has a column of its own.
const WIDE: usize = 66;

/// How many cells an account ID has.
const ACCOUNT: usize = 12;

/// The most rows of the list.
const ROWS: usize = 16;

/// From this height on there are empty lines between its parts.
const AIRY: u16 = 24;

/// How many lines tell of the highlighted row.
const DETAILS: usize = 2;

/// What the credentials are called that no profile is named for.
const DEFAULT: &str = "no profile";

/// By which words they are found.
const DEFAULT_WORDS: &str = "no profile default environment container instance";

/// The choice of an account.
#[derive(Debug)]
pub(in crate::tui) struct Switch {
    slot: Slot,
    /// What is typed.
    input: Input,
    /// The highlighted row, among those that are shown.
    cursor: usize,
    /// What that stands for: another list may have it in another place.
    chosen: Option<Chosen>,
    /// The rows that what is typed leaves.
    shown: Vec<Row>,
    /// The list that they are of.
    version: Option<u64>,
}

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
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
enum Chosen {
    Account(engine::Target),
    Portal(Box<str>),
    Organisation,
}

/// How a row is written: its mark, and what is the matter with it.
struct State {
    mark: &'static str,
    of_mark: Style,
    text: String,
    style: Style,
}

impl Switch {
    /// The choice for the account in this slot.
    pub(in crate::tui) fn new(slot: Slot, engine: &Engine) -> Self {
        let mut dialog = Self {
            slot,
            input: Input::default(),
            cursor: 0,
            chosen: None,
            shown: Vec::new(),
            version: None,
        };
        dialog.find(engine);
        dialog
    }

    /// Finds the rows for what is typed.
    fn find(&mut self, engine: &Engine) {
        let typed = self.input.value().to_lowercase();
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
        self.shown = shown.into_iter().map(|(at, _)| Row::Profile(at)).collect();
        if has_default(engine) && fits(DEFAULT_WORDS) {
            self.shown.push(Row::Default);
        }
        let portals = (0..engine.profiles.portals().len()).map(Row::Portal);
        let shown = has_organisation(self.slot, engine);
        let many = portals.chain(shown.then_some(Row::Organisation));
        let many = many.filter(|row| {
            let many = Many::of(*row, self.slot, engine);
            many.is_some_and(|many| fits(&many.found_by()))
        });
        self.shown.extend(many);
    }

    /// Highlights a row.
    fn highlight(&mut self, at: usize, engine: &Engine) {
        self.cursor = at.min(self.shown.len().saturating_sub(1));
        self.chosen = self.row().map(|row| chosen(row, engine));
    }

    /// The highlighted row.
    fn row(&self) -> Option<Row> {
        self.shown.get(self.cursor).copied()
    }

    /// Switches to the account of a row.
    fn switch(&self, row: Row, engine: &Engine) -> Vec<Ask> {
        if let Some(many) = Many::of(row, self.slot, engine) {
            return vec![Ask::Close, many.open(false, engine)];
        }
        match open(row, engine) {
            Some(account) if account.session.slot == self.slot && is_signed_in(account) => {
                vec![Ask::Close]
            }
            Some(account) if account.session.slot != self.slot => {
                vec![Ask::Close, Ask::Show(account.session.slot)]
            }
            _ => vec![Ask::Close, Ask::SignIn(target(row, engine))],
        }
    }

    /// Signs in to the account of a row, whether or not it is open; where a login in a browser is what
    /// lacks, with a new one.
    fn sign_in_anew(&self, row: Row, engine: &Engine) -> Vec<Ask> {
        match Many::of(row, self.slot, engine) {
            Some(many @ Many::Portal(_)) => return vec![Ask::Close, many.open(true, engine)],
            Some(Many::Organisation(account)) => {
                return vec![Ask::Close, Ask::SignIn(account.target.clone())];
            }
            None => {}
        }
        let open = open(row, engine);
        if let Some(why) = why_never(row, engine).filter(|_| !open.is_some_and(is_signed_in)) {
            return vec![why];
        }
        let login = profile(row, engine).and_then(|profile| profile.login);
        let lacks = login.is_some_and(|login| !login.is_good(engine.now()));
        // What the last time has ended with says more than the files.
        let offer = open.and_then(|account| match &account.stage {
            Stage::SignedOut(problem) => problem.offer,
            _ => None,
        });
        let means = offer.map(Offer::means);
        let means = means.or(lacks.then_some(Means::Login));
        let target = target(row, engine);
        let beside = open.map(|account| account.session.slot);
        let beside = beside.filter(|slot| *slot != self.slot);
        match (beside, means) {
            // What the person is asked for comes up in the place of this.
            (Some(slot), Some(means)) => {
                let sign_in = Intent::SignInWith(slot, target, means);
                vec![Ask::Close, Ask::Intend(sign_in)]
            }
            (Some(slot), None) => vec![Ask::Intend(Intent::SignIn(slot, target))],
            (None, Some(means)) => vec![Ask::Close, Ask::SignInWith(target, means)],
            (None, None) => vec![Ask::Close, Ask::SignIn(target)],
        }
    }

    /// Opens the account of a row beside the others; or takes it out again, where that has failed.
    fn open_beside(row: Row, slot: Slot, engine: &Engine) -> Vec<Ask> {
        if let Some(failed) = failed(row, slot, engine) {
            return vec![Ask::Intend(Intent::TakeOut(failed))];
        }
        Self::open_or_try_again(row, slot, engine)
    }

    /// Opens the account of a row beside the others, once more where that has failed.
    fn open_or_try_again(row: Row, slot: Slot, engine: &Engine) -> Vec<Ask> {
        if let Some(many) = Many::of(row, slot, engine) {
            let open = many.open(false, engine);
            // The login comes up in the place of this.
            let logs_in = matches!(open, Ask::Intend(Intent::OpenPortal(_, true)));
            return logs_in
                .then_some(Ask::Close)
                .into_iter()
                .chain([open])
                .collect();
        }
        match open(row, engine) {
            Some(account) if !matches!(account.stage, Stage::SignedOut(_)) => {
                vec![already_open(row, engine)]
            }
            Some(account) => {
                let (slot, target) = (account.session.slot, account.target.clone());
                vec![Ask::Intend(Intent::SignIn(slot, target))]
            }
            None => match why_never(row, engine) {
                Some(why) => vec![why],
                None => vec![Ask::Intend(Intent::Open(target(row, engine)))],
            },
        }
    }

    /// Writes the part of the list that fits, around the highlighted row.
    fn write_rows(&self, lines: &mut Lines<'_>, room: usize) {
        let engine = lines.canvas.engine;
        let first = (self.cursor + 1).saturating_sub(room);
        let shown = self.shown.iter().enumerate().skip(first).take(room);
        for (at, row) in shown {
            let line = line(lines, *row, self.slot, at == self.cursor, engine);
            lines.choice(at, lines.cells, line);
        }
    }

    /// Writes all that is known of the highlighted row.
    fn write_details(&self, lines: &mut Lines<'_>) {
        let engine = lines.canvas.engine;
        let text = self.row().map(|row| details(row, self.slot, lines, engine));
        let (text, style) = text.unwrap_or_default();
        let parts = wrap(&visible(&text), lines.cells);
        let cut = parts.len() > DETAILS;
        for (at, part) in parts.into_iter().take(DETAILS).enumerate() {
            let more = if cut && at + 1 == DETAILS {
                lines.theme.glyphs.more
            } else {
                ""
            };
            let part = shorten(&part, lines.cells - width(more), "").into_owned();
            lines.push(Line::styled(format!("{part}{more}"), style));
        }
    }
}

impl Dialog for Switch {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Switch
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, MOST);
        let list = canvas.engine.profiles.list();
        let all = list.and_then(Result::ok);
        let slash = keymap::name(Context::Users, Action::Filter);
        let note = all.map_or_else(String::new, |list| self.note(list, &lines));
        lines.field_with_note(&slash, &self.input, &note);
        lines.gap();
        match list {
            None => lines.waiting("Reading the profiles"),
            Some(Err(problem)) => write_problem(&mut lines, problem),
            Some(Ok(list)) if list.profiles.is_empty() && list.portals.is_empty() => {
                lines.text(format!(
                    "There are no profiles in {}.",
                    list.files.join(" and ")
                ));
            }
            Some(Ok(_)) if self.shown.is_empty() => lines.dim("No profile is like that."),
            Some(Ok(_)) => {}
        }
        let mut tail = Lines::new(canvas, MOST);
        let many = self
            .row()
            .and_then(|row| Many::of(row, self.slot, canvas.engine));
        let go_on = match many {
            Some(_) => "open them all",
            None => "switch to it",
        };
        let is_failed = self
            .row()
            .is_some_and(|row| failed(row, self.slot, canvas.engine).is_some());
        let beside = if is_failed {
            "take it out"
        } else {
            "open beside"
        };
        let all_hints = [
            (Action::GoOn, go_on),
            (Action::OpenBeside, beside),
            (Action::TryAgain, "sign in again"),
            (Action::OpenAll, "open all shown"),
            (Action::Cancel, "close"),
        ];
        // Without a row there is nothing to do to it.
        let from = if self.shown.is_empty() { 4 } else { 0 };
        tail.hints(Context::Switch, &all_hints[from..]);
        // The list is as long with few rows as with many: nothing jumps while one types.
        let above = lines.count(true);
        let below = DETAILS + tail.count(true) + warnings(canvas, all).len();
        let height = canvas.buffer.area.height;
        let airy = height >= AIRY;
        let room = dialog_room(height, false);
        let room = room.saturating_sub(above + below + if airy { 3 } else { 0 });
        let room = room.clamp(3, ROWS);
        let begin = lines.count(false);
        self.write_rows(&mut lines, room);
        let rows = self.most_rows(canvas.engine);
        lines.pad(begin + rows.min(room));
        lines.gap();
        let begin = lines.count(false);
        self.write_details(&mut lines);
        if airy {
            lines.pad(begin + DETAILS);
        }
        for warning in warnings(canvas, all) {
            lines.warn(warning);
        }
        lines.gap();
        lines.append(tail);
        Some(Frame::new("Accounts to open", canvas.theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let Some(row) = self.row() else {
            return cancel(action);
        };
        match action {
            Action::GoOn => self.switch(row, engine),
            Action::OpenBeside => Self::open_beside(row, self.slot, engine),
            Action::OpenAll => self.open_all(engine),
            Action::TryAgain => self.sign_in_anew(row, engine),
            _ => cancel(action),
        }
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        let version = Some(engine.profiles.version());
        if self.version != version {
            self.version = version;
            self.find(engine);
            let place = |is_it: &dyn Fn(Row) -> bool| self.shown.iter().position(|row| is_it(*row));
            let before = place(&|row| self.chosen == Some(chosen(row, engine)));
            // At first, where one is.
            let here =
                || place(&|row| open(row, engine).is_some_and(|it| it.session.slot == self.slot));
            let at = before.or_else(here).unwrap_or_default();
            self.highlight(at, engine);
        }
        false
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn edited(&mut self, engine: &Engine) -> Vec<Ask> {
        self.find(engine);
        self.highlight(0, engine);
        Vec::new()
    }

    fn step(&mut self, by: isize, engine: &Engine) {
        self.highlight(self.cursor.saturating_add_signed(by), engine);
    }

    fn take_row(&mut self, row: usize, engine: &Engine) -> Vec<Ask> {
        match self.shown.get(row) {
            Some(row) => self.switch(*row, engine),
            None => Vec::new(),
        }
    }
}

impl Switch {
    /// How many rows there are where nothing is typed.
    fn most_rows(&self, engine: &Engine) -> usize {
        let profiles = &engine.profiles;
        let organisation = has_organisation(self.slot, engine);
        let alone = usize::from(has_default(engine)) + usize::from(organisation);
        profiles.all().len() + profiles.portals().len() + alone
    }

    /// How many profiles there are, and where they are from, as far as there is room.
    fn note(&self, list: &ProfileList, lines: &Lines<'_>) -> String {
        let count = format::plural(list.profiles.len(), "profile");
        let (files, dot) = (list.files.join(", "), lines.theme.glyphs.dot);
        let portals = match list.portals.len() {
            0 => String::new(),
            portals => format!(", {}", format::plural(portals, "SSO portal")),
        };
        let whole = format!("from {files} {dot} {count}{portals}");
        let room = lines.cells * 3 / 4;
        if self.input.value().is_empty() {
            let short = format!("{count}{portals}");
            let ways = [whole, short].into_iter();
            let mut ways = ways.filter(|way| width(way) <= room);
            ways.next().unwrap_or(count)
        } else {
            let shown = self
                .shown
                .iter()
                .filter(|row| matches!(row, Row::Profile(_)))
                .count();
            format!("{} of {count}", format::count(shown))
        }
    }
}

/// What has to be known before one chooses.
fn warnings(canvas: &Canvas<'_>, list: Option<&ProfileList>) -> Vec<String> {
    let mut warnings = Vec::new();
    let hidden = list.map_or(0, |list| list.hidden);
    if hidden > 0 {
        let profiles = format::plural(hidden, "profile");
        warnings.push(format!(
            "{profiles} not shown: the name looks like a secret"
        ));
    }
    if canvas.account.target == engine::Target::Demo {
        warnings.push("These are real accounts, unlike the demo.".into());
    }
    warnings
}

/// Writes why the profiles cannot be read.
fn write_problem(lines: &mut Lines<'_>, problem: &Problem) {
    lines.warn(&problem.title);
    for detail in &problem.details {
        lines.below(detail);
    }
    for advice in &problem.advice {
        lines.dim(advice);
    }
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

fn profile(row: Row, engine: &Engine) -> Option<&Profile> {
    match row {
        Row::Profile(at) => engine.profiles.all().get(at),
        Row::Default | Row::Portal(_) | Row::Organisation => None,
    }
}

fn chosen(row: Row, engine: &Engine) -> Chosen {
    match row {
        Row::Portal(at) => {
            let portal = engine.profiles.portals().get(at);
            Chosen::Portal(portal.map(|portal| portal.name.clone()).unwrap_or_default())
        }
        Row::Organisation => Chosen::Organisation,
        Row::Profile(_) | Row::Default => Chosen::Account(target(row, engine)),
    }
}

fn target(row: Row, engine: &Engine) -> engine::Target {
    let name = profile(row, engine).map(|profile| profile.name.clone());
    name.map_or(engine::Target::Ambient, engine::Target::Profile)
}

/// The account that is open by what a row stands for.
fn open(row: Row, engine: &Engine) -> Option<&Account> {
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

fn is_signed_in(account: &Account) -> bool {
    account.stage == Stage::SignedIn && account.identity.broken.is_none()
}

/// The slot of what was to be opened by a row, and could not be signed in to.
fn failed(row: Row, slot: Slot, engine: &Engine) -> Option<Slot> {
    let many = Many::of(row, slot, engine);
    let account = match many {
        Some(many) => many.opened_by(engine),
        None => open(row, engine),
    };
    let slot = account?.session.slot;
    engine.can_take_out(slot).then_some(slot)
}

/// Why one cannot sign in by a row, where its files say so.
fn why_never(row: Row, engine: &Engine) -> Option<Ask> {
    let profile = profile(row, engine)?;
    match &profile.kind {
        ProfileKind::Nothing(why) => Some(Ask::Complain(format!("{}: {why}", profile.name))),
        _ => None,
    }
}

fn already_open(row: Row, engine: &Engine) -> Ask {
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
fn words_of(login: Login, canvas: &Canvas<'_>) -> String {
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
fn line(
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
fn details(row: Row, slot: Slot, lines: &Lines<'_>, engine: &Engine) -> (String, Style) {
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
