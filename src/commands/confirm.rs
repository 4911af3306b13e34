//! What would be done is shown in the terminal and confirmed there, in the words of the screen; or it is
//! confirmed beforehand, by `--yes`. Where neither can be, nothing is changed.

use super::{
    ask::say_in_terminal,
    run::{Ended, Runner},
};
use crate::{
    engine::{
        Change, Engine, Plan, PlanId, READ_ONLY, SessionId, age,
        bulk::Confirmation,
        model::KeyStatus,
        stakes::{Stake, Weight},
        text::visible,
    },
    stderr::complain,
};

/// How a change is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Beforehand, by `--yes`.
    Yes,
    /// By a person, in the terminal.
    Asked,
}

/// How a change is confirmed; where it cannot be, that is said.
pub(super) fn way(runner: &mut Runner, yes: bool) -> Option<Way> {
    if yes {
        return Some(Way::Yes);
    }
    if runner.can_ask() {
        return Some(Way::Asked);
    }
    complain(
        "iamkeys: nothing was changed: a change is confirmed, and there is no terminal to ask in. Pass \
         --yes to confirm it.",
    );
    None
}

/// Why nothing is changed where `--read-only` is in force. It is said.
pub(super) fn read_only(runner: &Runner) -> Option<String> {
    let refuses = runner.engine.settings.read_only;
    refuses.then(|| {
        complain(format_args!("iamkeys: {READ_ONLY}"));
        READ_ONLY.to_owned()
    })
}

/// Why nothing can be changed where the journal cannot be written; none where it can, or none is kept. It
/// is said.
///
/// # Errors
/// When the run ends before.
pub(super) async fn no_journal(runner: &mut Runner) -> Result<Option<String>, Ended> {
    let Err(why) = runner.journal().await? else {
        return Ok(None);
    };
    runner.clear_progress();
    let why = format!("no journal, so nothing can be changed: {why}");
    complain(format_args!(
        "iamkeys: {why}. Pass --journal PATH, or --no-journal to do without."
    ));
    Ok(Some(why))
}

/// What a plan would do, in lines: the key, the account, and what is at stake.
pub(super) fn lines(engine: &Engine, plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    let change = plan.most_destructive();
    let row = change.row();
    lines.push(format!("{} {}", row.verb, row.target));
    let account = engine.fleet.get(plan.session.slot);
    let production = account.is_some_and(|account| account.identity.is_production());
    let mark = if production { " (production)" } else { "" };
    lines.push(format!("  in {}{mark}", plan.account.words));
    let Some(preflight) = plan.preflight() else {
        return lines;
    };
    if let Some(facts) = &preflight.key {
        if let Some(created) = facts.created {
            lines.push(format!(
                "  Created {}, {} ago.",
                created.format("%Y-%m-%d"),
                age::long(engine.now() - created)
            ));
        }
        let instead = "To deactivate it instead: iamkeys deactivate.";
        lines.extend(engine.stakes(plan, facts, instead).iter().map(line));
    } else if matches!(change, Change::Create { .. }) {
        // Where its secret goes is said beside it.
        lines.push(format!("  {}", row.undo));
    } else if plan.at_risk().is_none() {
        lines.push(format!("  {} {}", row.consequence, row.undo));
    }
    match (&preflight.difference, &preflight.failed) {
        (Some(difference), _) => {
            lines.push(format!(
                "! {}",
                engine.different(difference, plan, preflight)
            ));
        }
        (None, Some(error)) => lines.push(format!(
            "! It could not be looked at again, so this may be out of date. {error}"
        )),
        (None, None) => {}
    }
    lines
}

fn line(stake: &Stake) -> String {
    let mark = match stake.weight {
        Weight::Warning | Weight::Danger => "!",
        Weight::Told | Weight::Noted | Weight::Below => " ",
    };
    format!("{mark} {}", stake.text)
}

/// Shows plans in the terminal, and asks whether they are carried out. What was typed for each is given
/// back, where all of it was confirmed.
///
/// # Errors
/// When the run ends before.
pub(super) async fn ask(
    runner: &mut Runner,
    plans: &[PlanId],
) -> Result<Option<Vec<String>>, Ended> {
    let shown: Vec<&Plan> = plans
        .iter()
        .filter_map(|id| runner.engine.plan(*id))
        .collect();
    for plan in &shown {
        show(&lines(&runner.engine, plan));
    }
    show(&stopped(&runner.engine, &shown));
    let several = runner.engine.confirmation_of(&shown);
    let mut wanted = Vec::new();
    for plan in &shown {
        let preflight = plan.preflight();
        let typed = preflight.and_then(|preflight| preflight.typed.clone());
        let key = plan.at_risk().unwrap_or_default().to_owned();
        wanted.push((typed, key, plan.first().row().verb));
    }
    if let Some(confirmation) = &several
        && !number(runner, confirmation).await?
    {
        return Ok(None);
    }
    let mut all = Vec::new();
    for (typed, key, verb) in wanted {
        let Some(end) = typed else {
            if several.is_none() && !yes(runner, verb).await? {
                return Ok(None);
            }
            all.push(String::new());
            continue;
        };
        let question = match &several {
            None => "Type the last 4 characters of the key ID: ".into(),
            Some(_) => format!("Type the last 4 characters of {key}: "),
        };
        let line = runner.ask(&question).await?.unwrap_or_default();
        let line = line.trim();
        if !line.eq_ignore_ascii_case(&end) {
            return Ok(None);
        }
        all.push(line.to_owned());
    }
    Ok(Some(all))
}

/// The users whose Active keys are all taken away by several plans together.
fn stopped(engine: &Engine, plans: &[&Plan]) -> Vec<String> {
    let mut users: Vec<(SessionId, &str)> = Vec::new();
    for plan in plans
        .iter()
        .filter(|plan| plan.most_destructive().takes_away())
    {
        let user = (plan.session, plan.user());
        if !users.contains(&user) {
            users.push(user);
        }
    }
    let is_stopped = |(session, user): &(SessionId, &str)| {
        let account = engine.fleet.of(*session);
        let keys = account.and_then(|account| account.users.keys(user));
        let mut active = keys
            .unwrap_or_default()
            .iter()
            .filter(|row| row.key.status == KeyStatus::Active);
        let goes = |id: &str| plans.iter().any(|plan| plan.at_risk() == Some(id));
        active.clone().count() > 1 && active.all(|row| goes(&row.key.id))
    };
    let lines = users.iter().filter(|user| is_stopped(user));
    lines
        .map(|(_, user)| format!("! These are all active keys of {user}."))
        .collect()
}

/// Shows lines in the terminal.
pub(super) fn show(lines: &[String]) {
    let mut text = String::new();
    for line in lines {
        text += &visible(line);
        text.push('\n');
    }
    say_in_terminal(&text);
}

/// Asks for what a plan over many keys asks for: the number, and the account's name.
///
/// # Errors
/// When the run ends before.
pub(super) async fn number(
    runner: &mut Runner,
    confirmation: &Confirmation,
) -> Result<bool, Ended> {
    let keys = confirmation.keys;
    let what = match &confirmation.account {
        Some(account) => format!(
            "Type the number of keys and the name of the production account, {}, to confirm",
            visible(account)
        ),
        None => "Type the number of keys to confirm".into(),
    };
    let line = runner.ask(&format!("{what} ({keys} keys): ")).await?;
    Ok(line.is_some_and(|line| confirmation.accepts(&line)))
}

/// Asks whether it is to be done; no is meant unless yes is typed.
///
/// # Errors
/// When the run ends before.
pub(super) async fn yes(runner: &mut Runner, verb: &str) -> Result<bool, Ended> {
    let line = runner.ask(&format!("{verb}? [y/N] ")).await?;
    let line = line.unwrap_or_default().trim().to_ascii_lowercase();
    Ok(matches!(&*line, "y" | "yes"))
}
