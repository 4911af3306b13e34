//! What a key can do, in words.

use super::{Impact, is_awaited, sections::Text};
use crate::{
    engine::{
        account::Load,
        impact::{Judged, Judgement, NamedPolicy, Permissions, Power, UserImpact},
    },
    tui::prelude::*,
};

impl Impact {
    /// Writes what the policies allow, and what of them could not be read.
    pub(super) fn write_power(&self, part: &mut Text<'_, '_>) {
        let theme = part.lines.theme;
        part.label = "What it can do";
        let known = self.known(part.lines.canvas.engine);
        let load = known.map(|known| &known.permissions);
        if let Some(error) = load.and_then(Load::error) {
            part.say(error.short(), theme.bad);
            part.say(words::remedy(error), Style::new());
        }
        let judged = known.and_then(UserImpact::judged);
        let Some((permissions, judged)) = load.and_then(Load::known).zip(judged) else {
            if is_awaited(load) {
                part.say("its policies are being asked for", theme.dim);
            } else if load.is_none_or(Load::is_idle) {
                part.say("not asked", theme.dim);
            }
            return;
        };
        let most = judged.unquarantined.as_ref().unwrap_or(&judged.now);
        let (mark, style) = match most.power {
            Power::Everything | Power::Escalates(_) => (theme.glyphs.warn, theme.bad),
            Power::TakesOver(_) | Power::ReadsSecrets(_) => (theme.glyphs.warn, theme.warn),
            Power::Something | Power::Nothing => ("", Style::new()),
        };
        let text = format!("{mark} {}", power(permissions, judged));
        part.say(text.trim_start(), style);
        for error in &permissions.missing {
            part.say(format!("Not all is known. {}", error.short()), theme.warn);
        }
        let untold = permissions.missing.iter();
        let untold = untold.clone().find(|error| error.action == "iam:GetUser");
        let boundary = match (&permissions.boundary, untold) {
            (Some(_), _) => "a boundary limits it".to_owned(),
            (None, Some(error)) => format!("boundary: not known ({})", error.short()),
            (None, None) => "no boundary".to_owned(),
        };
        let dot = theme.glyphs.dot;
        let text = format!(
            "{boundary} {dot} conditions, organisation and resource policies are not evaluated"
        );
        part.say(text, theme.dim);
    }
}

/// What is judged of policies, in words: without a quarantine first, for that is taken away again.
fn power(permissions: &Permissions, judged: &Judged) -> String {
    let Some(without) = &judged.unquarantined else {
        return judgement(permissions, &judged.now);
    };
    let denied = match judged.now.power {
        Power::Something | Power::Nothing => "denied now by",
        _ => "denied in part now by",
    };
    let quarantine = permissions.quarantine().unwrap_or("the quarantine");
    let mut text = format!("{}; {denied} {quarantine}", judgement(permissions, without));
    match judged.now.power {
        Power::Something => {}
        Power::Nothing => text.push_str(", with all else"),
        left => text.extend([
            ", which leaves: ",
            &power_words(left, judged.now.is_certain),
        ]),
    }
    text
}

fn power_words(power: Power, is_certain: bool) -> String {
    match power {
        Power::Everything => "everything".to_owned(),
        Power::Escalates(action) if action.lifts_denies() => {
            format!("can make itself powerful, with {action}, by taking away what is denied")
        }
        Power::Escalates(action) => format!("can make itself powerful, with {action}"),
        Power::TakesOver(action) => {
            format!("can act with the roles of what runs in the account, with {action}")
        }
        Power::ReadsSecrets(action) => format!("can read secrets, with {action}"),
        Power::Something => "nothing that stands out".into(),
        // What was not read may allow anything.
        Power::Nothing if !is_certain => "nothing that is known of".into(),
        Power::Nothing => "nothing by its own policies".into(),
    }
}

fn judgement(permissions: &Permissions, judged: &Judgement) -> String {
    let mut text = power_words(judged.power, judged.is_certain);
    if let Some(policy) = judged.by.and_then(|at| permissions.policies.get(at)) {
        text.extend([": ", &policy_words(policy)]);
    }
    if judged.is_conditional {
        text.push_str(", under a condition");
    }
    if judged.is_bounded && judged.power != Power::Nothing {
        text.push_str(", within the boundary");
    }
    if judged.assumes_roles {
        text.push_str("; can assume any role that trusts it");
    }
    if !judged.knows_boundary && judged.power != Power::Nothing {
        text.push_str("; its boundary is not known: it may be much less");
    }
    if judged.is_too_long {
        text.push_str(
            "; not certain: its policies are too long to be compared, and may allow nothing",
        );
    }
    let is_read = permissions.missing.is_empty()
        && permissions
            .policies
            .iter()
            .chain(&permissions.boundary)
            .all(|one| one.policy.is_ok());
    let is_all = judged.is_certain || (judged.is_too_long && is_read);
    if !is_all {
        text.push_str("; not all policies could be read");
    }
    text
}

/// A policy, and where it comes from.
pub(super) fn policy_words(policy: &NamedPolicy) -> String {
    let name = &policy.name;
    match (&policy.group, &policy.arn) {
        (Some(group), Some(_)) => format!("{name}, by group {group}"),
        (Some(group), None) => format!("{name}, inline in group {group}"),
        (None, None) => format!("{name}, inline"),
        (None, Some(_)) => name.to_string(),
    }
}
