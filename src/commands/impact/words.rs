//! The impact of a key for people: the same as the document, a part after the other.

use super::document::{Caller, Document, Other, PolicyOf, PowerOf, Service, Session};
use crate::{
    commands::output::Looks,
    engine::text::{visible, wrap},
};
use chrono::{DateTime, Utc};

/// How wide the text is.
const WIDTH: usize = 100;

/// So many services are named.
const SERVICES: usize = 8;

/// It as a text.
pub(super) fn of(document: &Document, looks: Looks) -> String {
    let mut text = Text {
        looks,
        text: String::new(),
    };
    for (title, value) in document.key.words() {
        text.fact(title, &value);
    }
    text.part("Who uses it", &who(document));
    if let Some(history) = &document.history {
        let regions = history.regions.len();
        text.say(&format!(
            "{} management calls seen ({} denied) in the last {} days, in {regions} {}.",
            history.calls,
            history.denied,
            history.days,
            if regions == 1 { "region" } else { "regions" },
        ));
    }
    let sessions = document.sessions.as_ref();
    text.part(
        "Sessions it made",
        &or_not(sessions, |sessions| lines(sessions, session, "none seen")),
    );
    text.part(
        "What it can do",
        &or_not(document.power.as_ref(), |it| vec![power(it)]),
    );
    text.part(
        "Policies",
        &or_not(document.policies.as_ref(), |it| lines(it, policy, "none")),
    );
    text.part(
        "Services used by the user, with any key",
        &or_not(document.services.as_ref(), |it| services(it)),
    );
    text.part(
        "Other credentials",
        &or_not(document.other_credentials.as_ref(), |it| {
            lines(it, other, "none")
        }),
    );
    let groups = document.groups.iter().flatten();
    let mut owner = vec![document.nature_because.clone()];
    owner.extend(groups.map(|group| format!("in group {group}")));
    text.part("Whose", &owner);
    text.part("If it is deactivated", &document.if_deactivated);
    text.part("Not checked", &document.not_checked);
    text.text
}

/// What is known in lines, or that it is not.
fn or_not<T>(known: Option<&T>, lines: impl Fn(&T) -> Vec<String>) -> Vec<String> {
    known.map_or_else(|| vec!["not known".into()], lines)
}

fn lines<T>(all: &[T], line: impl Fn(&T) -> String, none: &str) -> Vec<String> {
    if all.is_empty() {
        return vec![none.into()];
    }
    all.iter().map(line).collect()
}

fn who(document: &Document) -> Vec<String> {
    or_not(document.workloads.as_ref(), |callers| {
        lines(callers, caller, "nothing seen")
    })
}

fn caller(caller: &Caller) -> String {
    let services = caller.services.iter().map(|count| &*count.name);
    let services: Vec<&str> = services.take(SERVICES).collect();
    let denied = match caller.denied {
        0 => String::new(),
        denied => format!(", {denied} denied"),
    };
    format!(
        "{} from {}: {} calls{denied}, last {}: {}",
        caller.words,
        caller.from,
        caller.calls,
        minute(caller.last),
        services.join(", ")
    )
}

fn session(session: &Session) -> String {
    let of = session.of.as_deref().map(|of| format!(" {of}"));
    let of = of.unwrap_or_default();
    let until = minute(session.until);
    if session.may_live {
        format!("{}{of}: may live until {until}", session.made_by)
    } else {
        format!("{}{of}: over since {until}", session.made_by)
    }
}

fn power(power: &PowerOf) -> String {
    let mut text = match (power.level, &power.by_action) {
        ("everything", _) => "everything".to_owned(),
        ("escalates", Some(action)) => format!("can make itself powerful, with {action}"),
        ("takes_over", Some(action)) => {
            format!("can act with the roles of what runs in the account, with {action}")
        }
        ("reads_secrets", Some(action)) => format!("can read secrets, with {action}"),
        ("nothing", _) if power.certain => "nothing by its own policies".into(),
        ("nothing", _) => "nothing that is known of".into(),
        _ => "nothing that stands out".into(),
    };
    if let Some(policy) = &power.by_policy {
        text.extend([", by ", policy]);
    }
    if power.conditional {
        text += ", under a condition";
    }
    if power.bounded {
        text += ", within the boundary";
    }
    if !power.boundary_known {
        text += "; its boundary is not known: it may be less";
    }
    if !power.certain {
        text += "; not all policies could be read or compared";
    }
    if let Some(quarantine) = &power.denied_now_by {
        text.extend(["; denied now, in part or all of it, by ", quarantine]);
    }
    text
}

fn policy(policy: &PolicyOf) -> String {
    let mut text = policy.name.clone();
    if let Some(group) = &policy.group {
        text.extend([", by group ", group]);
    }
    if policy.boundary {
        text += ", the boundary";
    }
    text
}

fn services(services: &[Service]) -> Vec<String> {
    let mut called: Vec<(DateTime<Utc>, &str)> = services
        .iter()
        .filter_map(|it| Some((it.at?, &*it.name)))
        .collect();
    called.sort_by(|a, b| b.cmp(a));
    let named = called.iter().take(SERVICES);
    let mut text: Vec<String> = named
        .map(|(last, service)| format!("{service} {}", minute(*last)))
        .collect();
    if called.len() > SERVICES {
        text.push(format!("{} others before", called.len() - SERVICES));
    }
    if text.is_empty() {
        text.push("none in the tracking period".into());
    }
    text
}

fn other(other: &Other) -> String {
    let status = match other.active {
        Some(true) => ", Active",
        Some(false) => ", Inactive",
        None => "",
    };
    let of = other.service.as_deref().unwrap_or_default();
    let text = format!("{} {of} {}", other.kind.replace('_', " "), other.id);
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("{}{status}", words.join(" "))
}

fn minute(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A text that grows.
struct Text {
    looks: Looks,
    text: String,
}

impl Text {
    fn fact(&mut self, title: &str, value: &str) {
        if !value.is_empty() {
            let title = self.looks.strong(&format!("{title:<12}"));
            self.text.extend([&title, " ", &visible(value), "\n"]);
        }
    }

    fn part(&mut self, title: &str, lines: &[String]) {
        self.text.extend(["\n", &self.looks.strong(title), "\n"]);
        for line in lines {
            self.say(line);
        }
    }

    fn say(&mut self, line: &str) {
        let mut margin = "  ";
        for line in wrap(&visible(line), WIDTH - 4) {
            self.text.extend([margin, &line, "\n"]);
            margin = "    ";
        }
    }
}
