//! The parts of the page below the workloads, and its head.

use super::{
    Impact, Item, MOST_WORKLOADS, Part, WIDE, is_awaited, listed_sessions, power::policy_words,
    table,
};
use crate::{
    engine::{
        account::Load,
        impact::{KeySession, KeyTrail, NamedPolicy, ServiceUse, verdict},
    },
    tui::{dialogs::events::progress, prelude::*},
};
use chrono::{DateTime, TimeDelta, Utc};

/// How wide the labels are, where they stand beside their texts.
const LABEL: usize = 18;

/// So many services are named.
const SERVICES: usize = 8;

impl Impact {
    /// Writes what the page begins with: how much was seen, and the heads of the table.
    pub(super) fn write_head(&self, lines: &mut Lines<'_>) {
        let theme = lines.theme;
        let trail = self.trail(lines.canvas.engine);
        let progress = trail.map(|trail| progress(trail, lines.canvas));
        let progress = progress.unwrap_or_default();
        let mut seen = match trail.map(KeyTrail::seen) {
            Some(Ok(calls)) => format!(
                "management calls of the last 90 days, {} seen",
                format::count(calls)
            ),
            Some(Err(unseen)) => {
                format!("management calls of the last 90 days: {}", unseen.words())
            }
            None => "management calls of the last 90 days: not asked".into(),
        };
        let when = trail.and_then(|trail| verdict::as_of(trail, lines.canvas.now));
        if let Some(when) = when {
            seen.extend([" ", &when]);
        }
        if lines.cells < WIDE {
            lines.push(Line::styled("  Who uses it", theme.strong));
            if !progress.is_empty() {
                seen.extend([", ", &progress]);
            }
            lines.behind("  ", "  ", seen, theme.dim);
            return;
        }
        let mut spans = vec![
            Span::styled(format!("{:<13}", "  Who uses it"), theme.strong),
            Span::styled(format!("  {seen}"), theme.dim),
        ];
        let used: usize = spans.iter().map(|span| width(&span.content)).sum();
        if used + 2 + width(&progress) <= lines.cells {
            let pad = lines.cells - used - width(&progress);
            spans.push(Span::styled(
                format!("{}{progress}", " ".repeat(pad)),
                theme.dim,
            ));
            lines.push(Line::from(spans));
        } else {
            lines.push(Line::from(spans));
            lines.behind("  ", "  ", &progress, theme.dim);
        }
        if trail.is_some_and(|trail| !trail.workloads.rows().is_empty()) {
            table::head(lines);
        }
    }

    /// Writes an item.
    pub(super) fn write_item(
        &self,
        lines: &mut Lines<'_>,
        place: usize,
        item: &Item,
        selected: bool,
    ) {
        let engine = lines.canvas.engine;
        let mut part = Text {
            mark: selected,
            label: "",
            lines,
        };
        match item {
            Item::Workload(id) => {
                let trail = self.trail(engine);
                if let Some(workload) = trail.and_then(|trail| trail.workloads.get(id)) {
                    table::row(part.lines, place, workload, selected);
                }
            }
            Item::Session(key) => {
                let mut sessions = self.trail(engine).into_iter().flat_map(KeyTrail::sessions);
                if let Some(session) = sessions.find(|it| *it.key == **key) {
                    part.session(&session);
                }
            }
            Item::Policy(at) => {
                let permissions = self.permissions(engine);
                let policy = permissions.and_then(|it| match at {
                    Some(at) => it.policies.get(*at),
                    None => it.boundary.as_ref(),
                });
                if let Some(policy) = policy {
                    part.policy(policy, at.is_none());
                }
            }
            Item::Part(Part::Use) => self.write_use(&mut part),
            Item::Part(Part::Days) => self.write_days(&mut part),
            Item::Part(Part::Sessions) => self.write_sessions(&mut part),
            Item::Part(Part::Power) => self.write_power(&mut part),
            Item::Part(Part::Services) => self.write_services(&mut part),
            Item::Part(Part::Owner) => self.write_owner(&mut part),
            Item::Part(Part::IfDeactivated) => {
                part.label = "If deactivated";
                let subject = self.subject(engine, part.lines.canvas.now);
                for sentence in subject.map(|it| it.if_deactivated()).unwrap_or_default() {
                    part.say(sentence, Style::new());
                }
            }
            Item::Part(Part::NotChecked) => {
                part.label = "Not checked";
                let subject = self.subject(engine, part.lines.canvas.now);
                let phrases = subject.map(|it| it.not_checked()).unwrap_or_default();
                let theme = part.lines.theme;
                part.say(phrases.join("; "), theme.dim);
            }
        }
    }

    /// Writes why there are no workloads, or that there are others.
    fn write_use(&self, part: &mut Text<'_, '_>) {
        let theme = part.lines.theme;
        let account = self.account(part.lines.canvas.engine);
        let Some(trail) = self.trail(part.lines.canvas.engine) else {
            let key = keymap::name(Context::Impact, Action::Refresh);
            let text = format!("Not asked in this session: {key} asks.");
            return part.plain(text, theme.warn);
        };
        let rows = trail.workloads.rows().len();
        if rows > MOST_WORKLOADS {
            let key = keymap::name(Context::Impact, Action::ListEvents);
            let rest = rows - MOST_WORKLOADS;
            let text = format!("and {rest} more, seen longer ago: {key} lists all events");
            return part.plain(text, theme.dim);
        }
        let failed: Vec<_> = trail.failed().collect();
        let now = part.lines.canvas.now;
        if trail.unanswered() > 0 && trail.seen().is_err() {
            part.plain("Not known yet: the regions are being asked.", theme.dim);
        } else if trail.unanswered() > 0 {
            part.plain("Nothing seen yet: the regions are being asked.", theme.dim);
        } else if let [(_, _, error), ..] = failed[..]
            && failed.len() == trail.regions.len()
        {
            part.plain(error.short(), theme.bad);
            part.plain(words::remedy(error), Style::new());
        } else if !failed.is_empty() {
            part.plain(
                "Nothing seen in the regions that have answered.",
                theme.warn,
            );
        } else if trail.unreadable() > 0 {
            let text = "Nothing that could be read: see what was not checked.";
            part.plain(text, theme.warn);
        } else if !trail.is_whole() {
            part.plain("Nothing seen yet: not everything is loaded.", theme.warn);
        } else if account.is_some_and(|it| it.impacts.regions.known().is_none()) {
            let asked: Vec<&str> = trail.regions.keys().map(|name| &**name).collect();
            let text = format!("No management call seen in {}.", asked.join(" and "));
            part.plain(text, theme.warn);
        } else if let Some(when) = verdict::as_of(trail, now) {
            let key = keymap::name(Context::Impact, Action::Refresh);
            let text = format!("Nothing was seen {when}: {key} asks again.");
            part.plain(text, theme.warn);
        } else {
            let regions = format::plural(trail.regions.len(), "region");
            let text = format!("No management call in the last 90 days, in {regions}.");
            part.plain(text, Style::new());
        }
    }

    fn write_days(&self, part: &mut Text<'_, '_>) {
        let theme = part.lines.theme;
        let Some(trail) = self.trail(part.lines.canvas.engine) else {
            return;
        };
        part.label = "calls a day";
        let room = part.room();
        let (bars, below) = table::plot(trail, theme.glyphs.plot, room);
        part.raw(bars, theme.accent);
        part.raw(below, theme.dim);
        if let Some(since) = trail.known_since().filter(|since| *since > trail.since) {
            let key = keymap::name(Context::Impact, Action::MoreEvents);
            let capped = trail.capped().next().is_some();
            let more = if capped {
                format!(": {key} asks for more")
            } else {
                String::new()
            };
            let day = since.format("%b %-d");
            part.say(format!("before {day} not all is loaded{more}"), theme.dim);
        }
    }

    fn write_sessions(&self, part: &mut Text<'_, '_>) {
        let theme = part.lines.theme;
        part.label = "Sessions it made";
        let Some(trail) = self.trail(part.lines.canvas.engine) else {
            return part.say("not asked", theme.dim);
        };
        let now = part.lines.canvas.now;
        let (sessions, live) = trail.count_sessions(now);
        if sessions == 0 {
            let account = self.account(part.lines.canvas.engine);
            let listed = account.is_some_and(|it| it.impacts.regions.known().is_some());
            let text = match (trail.seen(), verdict::as_of(trail, now)) {
                (Err(unseen), _) => unseen.words().into(),
                (Ok(_), Some(when)) => format!("none seen {when}"),
                (Ok(_), None) if trail.is_whole() && listed => "none in the last 90 days".into(),
                (Ok(_), None) => "none seen so far: not everything is known".into(),
            };
            return part.say(text, theme.dim);
        }
        match live {
            0 if sessions == 1 => part.say("1 session, which is over", Style::new()),
            0 => part.say(
                format!("{}, all of them over", format::plural(sessions, "session")),
                Style::new(),
            ),
            live => part.say(
                format!(
                    "{} may still be in use. Sessions keep working after the key is deactivated, for up \
                     to 36 hours.",
                    format::plural(live, "session")
                ),
                theme.warn,
            ),
        }
        let listed = listed_sessions(trail, part.lines.canvas.engine.now());
        if sessions > listed {
            let rest = sessions - listed;
            part.say(
                format!("The latest {listed}, and {rest} before them:"),
                theme.dim,
            );
        }
    }

    fn write_services(&self, part: &mut Text<'_, '_>) {
        let theme = part.lines.theme;
        part.label = "Services used";
        let load = self
            .known(part.lines.canvas.engine)
            .map(|known| &known.services);
        let user = visible(&self.user);
        if let Some(error) = load.and_then(Load::error) {
            part.say(error.short(), theme.warn);
        }
        let Some(services) = load.and_then(Load::known) else {
            if is_awaited(load) {
                part.say("AWS is working it out; that takes some seconds", theme.dim);
            } else if load.is_none_or(Load::is_idle) {
                part.say("not asked", theme.dim);
            }
            return;
        };
        let now = part.lines.canvas.now;
        let mut called: Vec<(&ServiceUse, DateTime<Utc>)> = services
            .iter()
            .filter_map(|service| Some((service, service.last?)))
            .collect();
        called.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.service.cmp(&b.0.service)));
        if called.is_empty() {
            let text = format!("none by {user} in the tracking period, with any key");
            return part.say(text, Style::new());
        }
        let dot = format!(" {} ", theme.glyphs.dot);
        let named = called.iter().take(SERVICES).map(|(service, last)| {
            let age = now - *last;
            let when = if age < TimeDelta::days(1) {
                "today".into()
            } else {
                format::ago(age)
            };
            format!("{} {when}", service.service)
        });
        let mut text = named.collect::<Vec<_>>().join(&dot);
        if called.len() > SERVICES {
            text.extend([&*dot, &format!("{} others before", called.len() - SERVICES)]);
        }
        part.say(format!("by {user}, with any key: {text}"), Style::new());
    }

    fn write_owner(&self, part: &mut Text<'_, '_>) {
        part.label = "Owner";
        let theme = part.lines.theme;
        let dot = theme.glyphs.dot;
        let engine = part.lines.canvas.engine;
        let Some(row) = self.row(engine) else {
            return part.say("the user is not there any more", theme.dim);
        };
        let mut facts = Vec::new();
        match self
            .account(engine)
            .and_then(|it| it.description_of(&self.user, &self.key))
        {
            Some(Some(text)) => facts.push(text.to_owned()),
            Some(None) => facts.push("not described".into()),
            None => facts.push("description not known".into()),
        }
        match row.known_owner() {
            Some(Some(owner)) => facts.push(format!("owner {owner}")),
            Some(None) => facts.push("no tag names an owner".into()),
            None => {}
        }
        if let Some(path) = row.user.path_below_root() {
            facts.push(format!("path {path}"));
        }
        if let Some(permissions) = self.permissions(engine)
            && !permissions.groups.is_empty()
        {
            facts.push(format!("in {}", permissions.groups.join(", ")));
        }
        part.say(facts.join(&format!(" {dot} ")), Style::new());
        let credentials = self.known(engine).map(|known| &known.credentials);
        let idle = Load::default();
        let (_, why) = verdict::nature(&row.user.path, credentials.unwrap_or(&idle));
        part.say(why, theme.dim);
    }
}

/// A part that is being written, behind its label.
pub(super) struct Text<'a, 'b> {
    /// The cursor is on it.
    mark: bool,
    /// What its first line is called.
    pub(super) label: &'static str,
    pub(super) lines: &'a mut Lines<'b>,
}

impl Text<'_, '_> {
    fn margin(&self) -> Span<'static> {
        let theme = self.lines.theme;
        let mark = if self.mark { theme.glyphs.marker } else { " " };
        Span::styled(format!("{mark:<2}"), theme.accent)
    }

    /// How many cells its text has.
    fn room(&self) -> usize {
        let before = if self.lines.cells < WIDE {
            4
        } else {
            2 + LABEL
        };
        self.lines.cells.saturating_sub(before)
    }

    /// What stands before a line of it, and before those that go on with it.
    fn before(&mut self) -> (Line<'static>, Line<'static>) {
        let strong = self.lines.theme.strong;
        let label = std::mem::take(&mut self.label);
        if self.lines.cells < WIDE {
            if !label.is_empty() {
                let line = Line::from_iter([self.margin(), Span::styled(label, strong)]);
                self.lines.push(line);
            }
            let before = Line::from_iter([self.margin(), Span::raw("  ")]);
            return (before.clone(), before);
        }
        let padded = |text: &str| Span::styled(format!("{text:<LABEL$}"), strong);
        (
            Line::from_iter([self.margin(), padded(label)]),
            Line::from_iter([self.margin(), padded("")]),
        )
    }

    /// Says something behind the label.
    pub(super) fn say(&mut self, text: impl AsRef<str>, style: Style) {
        let (first, others) = self.before();
        self.lines.behind(first, others, text, style);
    }

    /// The same from the margin on.
    fn plain(&mut self, text: impl AsRef<str>, style: Style) {
        let margin = Line::from(self.margin());
        self.lines.behind(margin.clone(), margin, text, style);
    }

    /// Says something whose blanks mean something.
    fn raw(&mut self, text: String, style: Style) {
        let (mut line, _) = self.before();
        line.push_span(Span::styled(text, style));
        self.lines.push(line);
    }

    fn session(&mut self, session: &KeySession<'_>) {
        let theme = self.lines.theme;
        let now = self.lines.canvas.now;
        let live = session.may_live(now);
        let near = (session.until - now).abs() < TimeDelta::hours(20);
        let time = if near {
            session.until.format("%H:%M")
        } else {
            session.until.format("%b %-d %H:%M")
        };
        let until = match (live, session.is_told) {
            (true, true) => format!("to {time} UTC"),
            (true, false) => format!("to {time} UTC at the latest"),
            (false, _) => format!("over since {time} UTC"),
        };
        let text = format!("{} ({}) {until}", session.words(), session.key);
        self.say(text, if live { Style::new() } else { theme.dim });
    }

    fn policy(&mut self, policy: &NamedPolicy, is_boundary: bool) {
        let theme = self.lines.theme;
        let mut text = if is_boundary {
            format!("{}, the boundary", policy.name)
        } else {
            policy_words(policy)
        };
        let style = match &policy.policy {
            Ok(_) => Style::new(),
            Err(why) => {
                text.extend([" (not understood: ", why, ")"]);
                theme.warn
            }
        };
        self.say(text, style);
    }
}
