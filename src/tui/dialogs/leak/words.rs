//! What the page of a leaked key says.

use super::{
    press::doing,
    sessions::{revoke, revoke_details},
};
use crate::{
    engine::{
        Error, LeakStep,
        account::Load,
        impact::CredentialKind,
        leak::{Harm, Leak, Other, Quarantine, Writing, harm::ending},
        model::KeyStatus,
    },
    tui::{prelude::*, words},
};
use chrono::{DateTime, Utc};

/// How something in a step looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    Bad,
    Plain,
    Dim,
}

/// Something in a step that can be chosen.
pub(super) struct Item {
    pub first: String,
    pub second: String,
    pub looks: Looks,
}

/// What is known of a step, in a few words.
pub(super) fn summary(canvas: &Canvas<'_>, leak: &Leak<'_>, step: LeakStep) -> String {
    if let Some(change) = leak.pending_in(step) {
        return format!("{}{}", doing(change), canvas.theme.glyphs.more);
    }
    match step {
        LeakStep::Deactivate => {
            let known = match leak.row {
                Some(row) if row.key.status == KeyStatus::Active => {
                    "Active: whoever has it can use it".into()
                }
                Some(row) => row.key.status.word().to_owned(),
                None if leak.is_gone() => "the user does not have it, or not any more".into(),
                None => "the user's keys are not known".into(),
            };
            format!("{known}{}", not_refreshed(leak.keys_error))
        }
        LeakStep::Revoke => revoke(canvas, leak),
        LeakStep::Harm => harm_summary(canvas, leak),
        LeakStep::Others => others_summary(canvas, leak),
        LeakStep::Replace => match leak.replacement() {
            Some(row) if leak.is_trusted(row) => {
                let refused = not_refreshed(leak.keys_error);
                format!("{} is Active, and newer{refused}", row.key.id)
            }
            Some(row) => format!("{} is newer, and may not be yours: see step 3", row.key.id),
            None => "no newer key that is Active".into(),
        },
        LeakStep::Evidence => match leak.evidence {
            None => "not saved in this run".into(),
            Some(Writing::Begun) => "being saved".into(),
            Some(Writing::Done(written)) => format!("saved as {}", written.json),
            Some(Writing::Failed(_)) => "not saved".into(),
        },
    }
}

/// That what is known was not refreshed, and why; behind it.
fn not_refreshed(error: Option<&Error>) -> String {
    error.map_or_else(String::new, |error| {
        format!("; asking again failed: {}", error.short())
    })
}

fn harm_summary(canvas: &Canvas<'_>, leak: &Leak<'_>) -> String {
    let seen = &leak.seen;
    let far = if seen.regions == 0 {
        "its events were not asked for yet".to_owned()
    } else if seen.events == 0 && seen.whole + seen.capped.len() + seen.failed.len() == 0 {
        asking(canvas)
    } else {
        let untold = seen.untold();
        let why = match seen.failed.first() {
            Some((_, error)) => format!(": {}", error.short()),
            None => " yet".into(),
        };
        if untold > 0 && leak.harm.is_empty() {
            let seen_in = match seen.events {
                0 => String::new(),
                count => format!("; no change in {}", format::plural(count, "event")),
            };
            return format!(
                "not known: {untold} of {} not told{why}{seen_in}",
                format::plural(seen.regions, "region"),
            );
        }
        let events = match (seen.events, leak.has_seen_all()) {
            (0, _) => "no events".into(),
            (1, true) => "in its one event".into(),
            (count, true) => format!("in all of {}", format::plural(count, "event")),
            (count, false) => format!("in {}", format::plural(count, "event")),
        };
        let missing = if untold > 0 {
            let regions = format::plural(seen.regions, "region");
            format!(", {untold} of {regions} not told{why}")
        } else if seen.whole < seen.regions {
            format!(", {} of {} regions whole", seen.whole, seen.regions)
        } else if seen.regions_refused.is_some() || !seen.knows_regions {
            ", other regions not known".into()
        } else if seen.unreadable > 0 {
            format!(", {} not readable", seen.unreadable)
        } else if !leak.has_seen_all() {
            ", not all of its sessions seen".into()
        } else {
            let uncovered = leak.uncovered().map(|what| format!("; {}", what.words()));
            uncovered.unwrap_or_default()
        };
        format!("{events}{missing}")
    };
    let failed = leak.harm.iter().filter(|harm| harm.has_failed()).count();
    let done = leak.harm.len() - failed;
    let denied = leak.harm.iter().filter(|harm| harm.is_denied()).count();
    let failed = failed - denied;
    let keys = leak.keys_made().count();
    let calls = leak.harm.iter().filter(|harm| !harm.has_failed());
    let calls: usize = calls.map(|harm| harm.count).sum();
    match (done, denied + failed) {
        (0, 0) if seen.regions == 0 || seen.events == 0 => far,
        (0, 0) => format!("no change seen, {far}"),
        _ => {
            // The same thing done many times is one line below.
            let mut said = vec![match (done, calls) {
                (0, _) => "no change seen".into(),
                (1, 2..) => format!("1 kind of change in {} calls", format::count(calls)),
                (_, calls) if calls > done => format!(
                    "{} kinds of change in {} calls",
                    format::count(done),
                    format::count(calls)
                ),
                _ => format::plural(done, "change"),
            }];
            if denied > 0 {
                said.push(format!("{denied} denied"));
            }
            if failed > 0 {
                said.push(format!("{failed} failed"));
            }
            if keys > 0 {
                said.push(format!("{} created", format::plural(keys, "key")));
            }
            format!("{}, {far}", said.join(", "))
        }
    }
}

fn others_summary(canvas: &Canvas<'_>, leak: &Leak<'_>) -> String {
    let others = leak.others();
    let live = others.iter().filter(|other| other.is_live()).count();
    let Some(load) = leak.credentials else {
        return "not asked for yet".into();
    };
    let is_asking = keys_are_asked(leak) || load.is_awaited();
    if is_asking && others.is_empty() && load.error().is_none() && leak.keys_error.is_none() {
        return asking(canvas);
    }
    // Of which no kind is listed.
    let refused = match (load.known(), load.error()) {
        (None, Some(error)) => vec![error.short()],
        (Some(known), _) if CredentialKind::LISTS.iter().all(|it| known.misses(it)) => {
            known.missing.iter().map(Error::short).collect()
        }
        _ => Vec::new(),
    };
    if others.is_empty() && !is_asking && !refused.is_empty() {
        let keys = leak.keys_error.map(Error::short).into_iter();
        let all: Vec<String> = keys.chain(refused).collect();
        return format!("nothing is known: {}", all.join("; "));
    }
    let unknown = match (load.known(), load.error()) {
        (None, Some(error)) => format!("; others not known: {}", error.short()),
        _ if is_asking => " so far; asking for the rest".into(),
        (_, error @ Some(_)) => not_refreshed(error),
        (Some(known), _) if !known.missing.is_empty() => "; not all could be listed".into(),
        _ => not_refreshed(leak.keys_error),
    };
    match (others.len(), live) {
        (0, _) if unknown.is_empty() => "the user has nothing else to sign in with".into(),
        (0, _) => format!("none known{unknown}"),
        (count, live) => {
            let count = format::count(count);
            format!("{count} to look at, {live} that can be used{unknown}")
        }
    }
}

/// That nothing has answered yet.
fn asking(canvas: &Canvas<'_>) -> String {
    format!("asking{}", canvas.theme.glyphs.more)
}

/// Whether the user's keys have not been told yet.
fn keys_are_asked(leak: &Leak<'_>) -> bool {
    leak.keys.is_none() && leak.keys_error.is_none()
}

/// What is written below the name of the step that is open.
pub(super) fn details(lines: &mut Lines<'_>, leak: &Leak<'_>, step: LeakStep) {
    let mut say = Said::new(lines);
    match step {
        LeakStep::Deactivate => {
            let (dot, now) = (say.lines.theme.glyphs.dot, say.lines.canvas.now);
            if let Some(row) = leak.row {
                say.plain(match (row.last_used.known(), leak.reported_use) {
                    (None, Some(reported)) => {
                        format!("It was {}.", words::used_by_report(reported, dot, now))
                    }
                    (Some(known), _) => format!("It was {}.", words::used_with(known, dot, now)),
                    (None, None) => {
                        let used = words::used(&row.last_used, dot, now);
                        format!("Its {}.", used.replacen("use ", "use is ", 1))
                    }
                });
            }
            match &leak.last_listed {
                Some(last) if leak.is_gone() => say.warn(format!(
                    "It is deleted, or was never this user's. AWS last listed it {}: {}.",
                    format::minute(last.at),
                    last.status.word()
                )),
                None if leak.is_gone() => {
                    say.warn("It is deleted, or was never this user's: AWS does not list it.");
                }
                _ => say.dim(
                    "It is deactivated and not deleted: it is evidence, and can be activated again.",
                ),
            }
        }
        LeakStep::Revoke => revoke_details(&mut say, leak),
        LeakStep::Replace => {
            say.plain(
                "A rotation gives what used it another key. Where nothing needs one, there is \
                 nothing to replace.",
            );
            answer_to_aws(&mut say, leak);
        }
        LeakStep::Evidence => {
            say.plain(
                "Two new files, JSON and Markdown, readable by you only: the key, its owner, the \
                 timeline, all events, what was done here, what was not checked. No secret.",
            );
            match leak.evidence {
                Some(Writing::Done(written)) => {
                    say.dim(format!(
                        "Saved as {} and {}.",
                        written.json, written.markdown
                    ));
                    if let Some(why) = &written.unsure {
                        say.warn(why);
                    }
                }
                Some(Writing::Failed(why)) => say.warn(format!("Not saved: {why}")),
                Some(Writing::Begun) | None => {}
            }
        }
        LeakStep::Harm | LeakStep::Others => {}
    }
}

/// What AWS wants to hear, as far as it is known whether it has said something.
fn answer_to_aws(say: &mut Said<'_, '_>, leak: &Leak<'_>) {
    let user = leak.user;
    let case = "If AWS has written to you, answer the support case with what was done here.";
    match &leak.quarantine {
        Quarantine::By(_) => say.plain(
            "AWS usually opens a support case with it: answer it there with what was done here (key \
             deactivated, sessions revoked, changes looked through). Until when is in the case and \
             in the mail: the quarantine tells no date.",
        ),
        Quarantine::No => say.dim(format!(
            "No quarantine policy is attached to {user}. {case}"
        )),
        Quarantine::Asking => say.dim(format!(
            "Whether AWS has put {user} under quarantine is being asked."
        )),
        Quarantine::Unknown(errors) => {
            say.warn(format!(
                "Whether AWS has put {user} under quarantine is not known: {}.",
                leak.quarantine.why_unknown().unwrap_or_default()
            ));
            if let Some(error) = errors.first() {
                say.plain(words::remedy(error));
            }
            say.dim(case);
        }
    }
}

/// What is written below what can be chosen in a step.
pub(super) fn after_items(
    lines: &mut Lines<'_>,
    leak: &Leak<'_>,
    step: LeakStep,
    since: Option<DateTime<Utc>>,
) {
    let mut say = Said::new(lines);
    match step {
        LeakStep::Harm => {
            let not_checked = leak.not_checked(since);
            let not_checked = not_checked.iter().map(|what| {
                // Sentences of their own elsewhere.
                let mut letters = what.trim_end_matches('.').chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                first.into_iter().chain(letters).collect::<String>()
            });
            say.dim(format!(
                "Not checked: {}.",
                not_checked.collect::<Vec<_>>().join("; ")
            ));
        }
        LeakStep::Others => {
            let mut asked = Vec::new();
            if keys_are_asked(leak) {
                asked.push("access keys");
            }
            // They come with one answer.
            if leak.credentials.is_some_and(Load::is_awaited) {
                asked.push(
                    "console password, MFA devices, SSH keys, signing certificates, credentials of \
                     single services",
                );
            }
            if !asked.is_empty() {
                say.dim(format!("Still asked: {}.", asked.join(", ")));
            }
            for error in leak.others_missing() {
                say.warn(format!("Not listed: {}.", error.short()));
            }
            if let Some(error) = leak.credentials.and_then(Load::error) {
                say.warn(format!("{}. {}", error.short(), words::remedy(error)));
            }
        }
        _ => {}
    }
}

/// How often.
pub(super) fn times(count: usize) -> String {
    match count {
        1 => "once".into(),
        count => format!("{count} times"),
    }
}

/// A policy of AWS's own by its name: where it is from says nothing more.
fn short_of_aws(thing: &str) -> &str {
    match thing.split_once(":iam::aws:policy/") {
        Some((partition, rest)) if partition.starts_with("arn:") => rest,
        _ => thing,
    }
}

/// Something that the key did; and the status of the key that it made.
pub(super) fn harm(canvas: &Canvas<'_>, harm: &Harm<'_>, status: Option<&str>) -> Item {
    let event = harm.event;
    let mut first = format!("{} {}", event.service, event.action);
    if let Some(thing) = harm.thing() {
        first.extend([": ", short_of_aws(thing)]);
    }
    if let Some((_, user)) = harm.key() {
        first.extend([" of ", user]);
    }
    if let Some(status) = status {
        first.extend([", ", status]);
    }
    if harm.count > 1 {
        first.extend([", ", &times(harm.count)]);
    }
    if let Some(error) = &event.error {
        first.extend([", ", &ending(error)]);
    }
    let dot = canvas.theme.glyphs.dot;
    let mut second = format!("{} {dot} from {}", format::minute(harm.last), event.source);
    if let Some(session) = harm.session {
        second.extend([" ", dot, " by session ", session]);
    }
    let looks = match (harm.has_failed(), status) {
        (true, _) => Looks::Dim,
        (false, Some("Inactive" | "not there any more")) => Looks::Plain,
        (false, _) => Looks::Bad,
    };
    Item {
        first,
        second,
        looks,
    }
}

/// Something else that the user can sign in with.
pub(super) fn other(canvas: &Canvas<'_>, leak: &Leak<'_>, other: &Other<'_>) -> Item {
    let user = leak.user;
    let dot = canvas.theme.glyphs.dot;
    let (mut first, second) = match other {
        Other::Key(row) => (
            format!("access key {}, {}", row.key.id, row.key.status.word()),
            words::used(&row.last_used, dot, canvas.now),
        ),
        Other::Credential(credential) => {
            let target = credential.kind.target(&credential.id, user);
            let target = target
                .strip_suffix(&format!(" of {user}"))
                .unwrap_or(&target);
            let target = target.strip_prefix("the ").unwrap_or(target);
            let first = match credential.active {
                Some(true) => format!("{target}, Active"),
                Some(false) => format!("{target}, Inactive"),
                None => target.to_owned(),
            };
            let created = credential.created;
            // AWS tells when each was uploaded, made or enabled; not since when it has its status.
            let verb = match credential.kind {
                CredentialKind::SshKey | CredentialKind::Certificate => "uploaded",
                CredentialKind::MfaDevice => "enabled",
                CredentialKind::Password | CredentialKind::ServiceSpecific(_) => "created",
            };
            let created = created.map(|at| format!("{verb} {}", format::day(at)));
            (first, created.unwrap_or_default())
        }
    };
    if let Some(change) = leak.pending_to(other) {
        first = format!("{first}, {}{}", doing(change), canvas.theme.glyphs.more);
    }
    let looks = if other.is_live() {
        Looks::Plain
    } else {
        Looks::Dim
    };
    Item {
        first,
        second,
        looks,
    }
}

/// Texts below the name of a step, set in.
pub(super) struct Said<'a, 'b> {
    pub(super) lines: &'a mut Lines<'b>,
}

impl<'a, 'b> Said<'a, 'b> {
    pub(super) fn new(lines: &'a mut Lines<'b>) -> Self {
        Self { lines }
    }

    pub(super) fn say(&mut self, mark: &str, text: impl AsRef<str>, style: Style) {
        let indent = " ".repeat(super::INDENT);
        let (mark, rest) = match mark {
            "" => (String::new(), String::new()),
            mark => (format!("{mark} "), " ".repeat(width(mark) + 1)),
        };
        let first = Span::styled(format!("{indent}{mark}"), style);
        self.lines
            .behind(first, format!("{indent}{rest}"), text, style);
    }

    pub(super) fn plain(&mut self, text: impl AsRef<str>) {
        self.say("", text, Style::new());
    }

    pub(super) fn dim(&mut self, text: impl AsRef<str>) {
        let dim = self.lines.theme.dim;
        self.say("", text, dim);
    }

    pub(super) fn warn(&mut self, text: impl AsRef<str>) {
        let theme = self.lines.theme;
        self.say(theme.glyphs.warn, text, theme.warn);
    }
}
