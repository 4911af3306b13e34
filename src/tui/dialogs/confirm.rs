//! The question before a plan is carried out, as it is drawn.

use crate::{
    engine::{
        Difference, KeyFacts, Plan, Preflight, REVOCATION, RotationAction, Severity,
        account::is_trial,
        impact::{CredentialKind, revocation},
        leak::Quarantine,
        model::LastUsed,
        stakes::Weight,
    },
    tui::prelude::*,
};

/// How many cells the name of an account has in a title, at most.
const IN_TITLE: usize = 18;

/// How wide it is where a policy is shown word by word.
const POLICY: u16 = 72;

/// The place whose keys count: the end of the key ID is typed, or a key is pressed.
pub(super) fn context(preflight: &Preflight) -> Context {
    if preflight.typed.is_some() {
        Context::Typed
    } else {
        Context::Confirm
    }
}

/// Whether a plan is read to the end before it is approved, as it shows a policy word by word.
pub(super) fn shows_policy(plan: &Plan) -> bool {
    matches!(
        plan.first(),
        Change::RevokeSessions { .. } | Change::LiftRevocation { .. }
    )
}

/// The question, with what is typed so far.
pub(super) fn frame(
    canvas: &Canvas<'_>,
    plan: &Plan,
    preflight: &Preflight,
    typed: &Input,
    highlighted: usize,
    (scroll, read): (usize, bool),
) -> Frame {
    let theme = canvas.theme;
    let row = plan.most_destructive().row();
    let wide = if shows_policy(plan) { POLICY } else { WIDTH };
    let mut lines = Lines::new(canvas, wide);
    target(&mut lines, plan);
    let rolls_back = plan.rotation == Some(RotationAction::RollBack);
    let is_gone = preflight.difference == Some(Difference::NotFound);
    match &preflight.key {
        // Nothing is at stake any more.
        _ if is_gone => {}
        Some(facts) if rolls_back => roll_back(&mut lines, plan, facts),
        Some(facts) => stakes(&mut lines, plan, preflight, facts),
        None if plan.at_risk().is_none() => {
            let follows = match plan.first() {
                Change::Create { .. } => row.consequence.to_owned(),
                _ => format!("{} {}", row.consequence, row.undo),
            };
            lines.text(follows);
            other_stakes(&mut lines, plan);
        }
        None => {}
    }
    leaked(&mut lines, plan);
    looked(&mut lines, plan, preflight);
    // What may be longer than the screen comes last.
    if let Some(document) = policy_of(canvas.engine, plan) {
        policy(&mut lines, document);
    }
    if let Some(expected) = &preflight.typed
        && !preflight.is_void()
    {
        lines.gap();
        let value = visible(typed.value()).into_owned();
        let right = begins(expected, &value);
        let style = if right { theme.strong } else { theme.bad };
        let prompt = "Type the last 4 characters of the key ID: ";
        lines.push(Line::from_iter([
            Span::styled(prompt, theme.dim),
            Span::styled(value, style),
            Span::styled(theme.glyphs.cursor, theme.accent),
        ]));
    }
    let verb = plan.first().row().verb;
    let (title, verb) = match (plan.first(), plan.second()) {
        _ if rolls_back => ("Roll back the rotation".into(), "Roll back"),
        (_, Some(_)) => ("Delete the key, create another".into(), "Delete and create"),
        (change, None) => (format!("{verb} {}", noun(change)), verb),
    };
    let title = in_production(canvas, plan.session.slot, title);
    let destroys = row.severity == Severity::Destroys;
    let border = if destroys { theme.bad } else { theme.accent };
    let below = lines
        .count(true)
        .saturating_sub(dialog_room(canvas.buffer.area.height, true));
    // What is below is read first.
    let verb = if shows_policy(plan) && !read && scroll < below {
        "Read on"
    } else {
        verb
    };
    // Where the end of the key ID has to be typed, no key confirms.
    let confirm = Button::of(context(preflight), Action::Confirm, verb);
    let accepts = preflight.accepts(typed.value());
    // What is over cannot be confirmed.
    let buttons = if preflight.is_void() {
        vec![Button::plain("Close")]
    } else {
        vec![Button::plain("Cancel"), confirm.only_if(accepts)]
    };
    let frame = Frame::new(title, border, lines).buttons(highlighted, buttons);
    frame.scrolled(scroll)
}

/// A title; in production it names the account, for a title is read first. A name in it gives way.
pub(super) fn in_production(canvas: &Canvas<'_>, slot: Slot, title: String) -> String {
    let room = usize::from(canvas.buffer.area.width).saturating_sub(8 + IN_TITLE + 4);
    let account = canvas.engine.fleet.get(slot);
    let Some(identity) = account.map(|account| &account.identity) else {
        return title;
    };
    if !identity.is_production() {
        return title;
    }
    match identity.name().or(identity.account_id()) {
        Some(name) => {
            let name = visible(name);
            let name = shorten(&name, IN_TITLE, canvas.theme.glyphs.more);
            let title = shorten(&title, room, canvas.theme.glyphs.more);
            format!("{title} in {name}")
        }
        None => title,
    }
}

/// The first lines of every confirmation: the key it is about, and the account it is in.
fn target(lines: &mut Lines<'_>, plan: &Plan) {
    let theme = lines.theme;
    let change = plan.most_destructive();
    let user = visible(change.user());
    match change.key().map(visible) {
        Some(key) if width(&key) + 4 + width(&user) <= lines.cells => {
            let key = Span::styled(key.into_owned(), theme.strong);
            lines.push(Line::from_iter([key, Span::raw(format!(" of {user}"))]));
        }
        Some(key) => {
            lines.strong(key);
            lines.text(format!("of {user}"));
        }
        None => lines.strong(match change {
            Change::Create { .. } => format!("A new access key for {user}"),
            _ => {
                let target = change.row().target;
                let mut letters = target.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                first.into_iter().chain(letters).collect()
            }
        }),
    }
    let account = lines.canvas.engine.fleet.get(plan.session.slot);
    let production = account.is_some_and(|account| account.identity.is_production());
    let style = if production { theme.warn } else { theme.dim };
    lines.say(format!("in {}", plan.account.words), style);
    lines.gap();
}

/// What is at stake: the state of the key, and what follows.
fn stakes(lines: &mut Lines<'_>, plan: &Plan, preflight: &Preflight, facts: &KeyFacts) {
    let theme = lines.theme;
    let mark = theme.glyphs.warn;
    let key = keymap::name(context(preflight), Action::DeactivateInstead);
    let instead = format!("Press {key} to deactivate instead.");
    for stake in lines.canvas.engine.stakes(plan, facts, &instead) {
        match stake.weight {
            Weight::Told => lines.text(stake.text),
            Weight::Noted => lines.marked(mark, stake.text, Style::new()),
            Weight::Warning => lines.warn(stake.text),
            Weight::Danger => lines.marked(mark, stake.text, theme.bad),
            Weight::Below => lines.below(stake.text),
        }
    }
}

/// What a change is done to, as its title says it.
fn noun(change: &Change) -> &'static str {
    match change {
        Change::RevokeSessions { .. } => "sessions",
        Change::LiftRevocation { .. } => "the revocation",
        Change::SetCredential { kind, .. } | Change::DeleteCredential { kind, .. } => match kind {
            CredentialKind::Password => "console password",
            CredentialKind::MfaDevice => "MFA device",
            CredentialKind::SshKey => "SSH key",
            CredentialKind::Certificate => "certificate",
            CredentialKind::ServiceSpecific(_) => "credential",
        },
        _ => "key",
    }
}

/// What is at stake where no access key is: what follows, and the policy word by word.
fn other_stakes(lines: &mut Lines<'_>, plan: &Plan) {
    let (theme, now) = (lines.theme, lines.canvas.now);
    let account = lines.canvas.engine.fleet.of(plan.session);
    let user = plan.user();
    let permissions = account.and_then(|it| it.impacts.user(user)?.permissions.known());
    let found = permissions.and_then(|it| it.own_inline(REVOCATION));
    let present = found.and_then(|policy| policy.document.as_deref());
    let listed = found.is_some()
        || permissions.is_some_and(crate::engine::impact::Permissions::knows_own_inline);
    let looked = plan.preflight().is_some_and(|it| !it.is_looking());
    let unknown = looked && !listed;
    let unread = found.is_some() && present.is_none();
    match plan.first() {
        Change::Create { .. } => {}
        Change::RevokeSessions { .. } => {
            let signed_in = account.map(|account| &account.identity);
            let of_user = signed_in.is_some_and(|identity| {
                let caller = identity.caller.known().and_then(|caller| caller.user());
                caller.is_some_and(|caller| caller.eq_ignore_ascii_case(user))
                    && !identity.key.starts_with("AKIA")
            });
            if of_user {
                let text = "iamkeys is signed in with a session of this user: it ends.";
                lines.marked(theme.glyphs.warn, text, theme.bad);
            }
            match present.map(revocation::cut_at) {
                Some(Some(cut)) => lines.dim(format!(
                    "It replaces the one for sessions made before {}.",
                    format::exact(cut)
                )),
                Some(None) => {
                    lines.warn("A policy of this name is there that says something else:");
                    lines.below("it is replaced.");
                }
                None if unread => {
                    lines.warn(
                        "A policy of this name is there, and what it says could not be read: it is \
                         replaced.",
                    );
                }
                None if unknown => {
                    lines.warn(
                        "Whether a policy of this name is there is not known; it would be replaced.",
                    );
                }
                None => {}
            }
        }
        Change::LiftRevocation { .. } => {
            let cut = present.and_then(revocation::cut_at);
            if let Some(cut) = cut {
                let until = cut + revocation::LONGEST;
                if until > now {
                    lines.warn(format!(
                        "Sessions made before {} may last until {}.",
                        format::exact(cut),
                        format::exact(until)
                    ));
                } else {
                    lines.text("All of them have expired: they last for 36 hours at most.");
                }
            } else if present.is_some() {
                lines.warn("It does not say what iamkeys writes; read it first:");
            } else if unread {
                lines.warn("What it says could not be read.");
            } else if unknown {
                lines.warn("Whether a policy of this name is there is not known.");
            }
        }
        _ => {}
    }
}

/// That what is switched on belongs to somebody who is being dealt with as leaked.
fn leaked(lines: &mut Lines<'_>, plan: &Plan) {
    let change = plan.first();
    let (Change::SetActive { active: true, .. } | Change::SetCredential { active: true, .. }) =
        change
    else {
        return;
    };
    let engine = lines.canvas.engine;
    let Some(leak) = engine.leak_in_sight(plan.session.slot) else {
        return;
    };
    let (user, key) = (plan.user(), leak.key);
    let is_users = user.eq_ignore_ascii_case(leak.user);
    let why = match change.key() {
        Some(id) if id == key => {
            "It has leaked: whoever has it can use it again as soon as it is Active.".into()
        }
        Some(id) if leak.has_made(id) => format!("It was created with {key}, which has leaked."),
        _ if is_users => {
            format!("{user} is being dealt with as leaked: {key} is in other hands.")
        }
        _ => return,
    };
    let quarantined = match leak.quarantine {
        Quarantine::By(_) if is_users => format!(" AWS has put {user} under quarantine."),
        _ => String::new(),
    };
    lines.warn(format!("{why}{quarantined}"));
}

/// The policy that is put, or taken away.
fn policy_of<'a>(engine: &'a Engine, plan: &'a Plan) -> Option<&'a str> {
    match plan.first() {
        Change::RevokeSessions { document, .. } => Some(document),
        Change::LiftRevocation { user } => {
            let account = engine.fleet.of(plan.session)?;
            let known = account.impacts.user(user)?.permissions.known()?;
            known.own_inline(REVOCATION)?.document.as_deref()
        }
        _ => None,
    }
}

/// Writes a policy as it is sent, with the name it has at the user.
fn policy(lines: &mut Lines<'_>, document: &str) {
    let theme = lines.theme;
    lines.gap();
    lines.dim(format!("Inline policy {REVOCATION}:"));
    for line in super::json::compact(document, lines.cells) {
        lines.push(Line::styled(line, theme.strong));
    }
}

/// What rolling a rotation back stops, and its two steps. That the old key is active is one that is
/// done already.
fn roll_back(lines: &mut Lines<'_>, plan: &Plan, facts: &KeyFacts) {
    let theme = lines.theme;
    let now = lines.canvas.now;
    if is_trial(&facts.last_used, facts.created) {
        lines.text("Used by iamkeys only, to try it: nothing else is known to use it.");
    } else {
        let never = matches!(facts.last_used.known(), Some(LastUsed::Never));
        let style = if never { Style::new() } else { theme.bad };
        let text = words::at_stake(&facts.last_used, now);
        lines.marked(theme.glyphs.warn, text, style);
    }
    lines.gap();
    let engine = lines.canvas.engine;
    let rotation = engine.rotation(plan.session.slot, plan.user());
    let old = rotation.old.map_or("", |old| &old.key.id);
    match (plan.first(), plan.second()) {
        (Change::SetActive { key, .. }, Some(_)) => lines.text(format!("1. Activate {key}.")),
        _ => lines.text(format!("1. {old} is active, and stays so.")),
    }
    let new = plan.at_risk().unwrap_or_default();
    lines.text(format!("2. Delete {new}. This can't be undone."));
    if facts.own {
        let text = "iamkeys is signed in with it: the session ends.";
        lines.marked(theme.glyphs.warn, text, theme.bad);
    }
}

/// What the look at the account has shown, or that it is still under way.
fn looked(lines: &mut Lines<'_>, plan: &Plan, preflight: &Preflight) {
    let at_risk = plan.at_risk().is_some();
    if preflight.is_looking() {
        let stop = keymap::name(context(preflight), Action::Cancel);
        return lines.waiting(match (preflight.approved, at_risk) {
            (true, _) => format!(
                "Looking at the account first; done at once if nothing is different. {stop} stops it."
            ),
            (false, true) => "Looking whether this is still so".into(),
            (false, false) if creates(plan) => "Looking whether a key slot is free".into(),
            (false, false) => "Looking whether this is still so".into(),
        });
    }
    match (&preflight.difference, &preflight.failed) {
        (Some(difference), _) => {
            let words = lines.canvas.engine.different(difference, plan, preflight);
            lines.warn(words);
        }
        (None, Some(error)) => lines.warn(format!(
            "It could not be looked at again, so this may be out of date. {}",
            error.short()
        )),
        (None, None) => {
            let text = if at_risk || !creates(plan) {
                "Verified with AWS just now.".into()
            } else {
                key_slots(lines.canvas.engine, plan)
            };
            lines.marked(lines.theme.glyphs.done, text, lines.theme.dim);
        }
    }
}

/// Whether a key is created, and nothing else is done.
fn creates(plan: &Plan) -> bool {
    matches!(plan.first(), Change::Create { .. })
}

/// How many keys the user has of as many as there may be.
fn key_slots(engine: &Engine, plan: &Plan) -> String {
    let account = engine.fleet.get(plan.session.slot);
    let keys = account.and_then(|account| account.users.keys(plan.user()));
    match (account, keys) {
        (Some(account), Some(keys)) => {
            let quota = account.identity.keys_per_user();
            format!("{} of {quota} key slots in use.", keys.len())
        }
        _ => "A key slot is free.".into(),
    }
}

/// Whether a text begins so, in any case.
fn begins(text: &str, start: &str) -> bool {
    let begin = text.get(..start.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}
