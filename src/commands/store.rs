//! Where the secret of a new key goes: looked at and shown before there is a key, and followed until it is
//! there. One that could not go there is offered to a person, or kept in a file that only its owner can
//! read. It goes nowhere else.

use super::{
    Command,
    confirm::{self, Way},
    run::{Ended, Runner},
};
use crate::{
    engine::{
        DEMO, Engine, Intent, Slot, StoreIn,
        destination::{External, Found, LineChange, Named, OutputForm},
        stakes::sentence,
        text::visible,
        vault::{
            Agreeing, Choosing, Chosen, Destination, DestinationKind, Kept, Medium, NEW_KEY, Phase,
            Whose,
        },
    },
    stderr::complain,
};
use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

/// How long a secret that is on its way is waited for once a person wants to leave.
const LAST_WRITE: Duration = Duration::from_secs(2);

/// Whose secret it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whom<'a> {
    /// The account.
    pub(super) slot: Slot,
    /// The user.
    pub(super) user: &'a str,
    /// The new key, once there is one.
    pub(super) key: Option<&'a str>,
}

/// Where a secret has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// Where it was to go, in words.
    There(String),
    /// Into a file of this path, since it could not go there: why.
    Kept(String, String),
    /// Nowhere: why.
    Lost(String),
}

/// What a destination is like.
enum Looked {
    /// The secret cannot go there: why.
    Refused(String),
    /// It can: what would change, in lines, and whether something would be replaced.
    ToAgree(Vec<String>, bool),
    /// It is decided.
    Decided,
}

/// Whether a secret would go to a terminal without `--show`, or nowhere: then that was said.
pub(super) fn cannot_be_printed(named: Option<&Named>, show: bool) -> bool {
    if !named.is_some_and(prints) {
        return false;
    }
    if is_discarded() {
        complain(
            "iamkeys: standard output is closed or the null device, and the secret would be lost. Nothing \
             was created.",
        );
        return true;
    }
    let is_shown = !show && io::stdout().is_terminal();
    if is_shown {
        complain(
            "iamkeys: standard output is a terminal, and would show the secret: pass --show for that, or \
             another --to. Nothing was created.",
        );
    }
    is_shown
}

/// Whether nobody gets what goes to standard output. One that was closed is the null device by now: the
/// standard library opens it in its place.
#[cfg(unix)]
fn is_discarded() -> bool {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let null = std::fs::metadata("/dev/null");
    let null = null.ok().filter(|it| it.file_type().is_char_device());
    let output = rustix::fs::fstat(io::stdout()).ok();
    let both = null.zip(output);
    both.is_some_and(|(null, output)| {
        let is_device = rustix::fs::FileType::from_raw_mode(output.st_mode).is_char_device();
        is_device && output.st_rdev == null.rdev()
    })
}

#[cfg(not(unix))]
fn is_discarded() -> bool {
    false
}

/// Whether standard output is the secret's.
pub(super) fn prints(named: &Named) -> bool {
    matches!(named, Named::External(External::Output(_)))
}

/// Looks at a destination, and remembers it for the key that is about to be created. What would change is
/// given back in lines; or why the secret cannot go there.
///
/// # Errors
/// When the run ends before.
pub(super) async fn choose(
    runner: &mut Runner,
    whom: Whom<'_>,
    named: &Named,
    way: Way,
) -> Result<Result<Vec<String>, String>, Ended> {
    let mut lines = match look(runner, whom, named).await? {
        Looked::Refused(why) => return Ok(Err(why)),
        Looked::ToAgree(lines, replaces) => {
            if replaces && way == Way::Yes {
                // Nobody is shown it otherwise.
                runner.clear_progress();
                for line in &lines {
                    complain(format_args!("iamkeys: {}", visible(line)));
                }
            }
            lines
        }
        Looked::Decided => Vec::new(),
    };
    let phase = runner.engine.vault.choosing().map(|it| &it.phase);
    if way == Way::Yes
        && let Some(Phase::Found(Found {
            exists: true,
            unchecked: Some(why),
            place,
            ..
        })) = phase
    {
        let why = format!(
            "{place} is there already, and {}: confirm it in the terminal",
            encryption_unknown(why)
        );
        runner.intend(Intent::StopChoosing);
        return Ok(Err(why));
    }
    if !lines.is_empty() {
        match write(runner).await? {
            Looked::Refused(why) => return Ok(Err(why)),
            Looked::ToAgree(..) => return Ok(Err("it changed while it was looked at".into())),
            Looked::Decided => {}
        }
    }
    Ok(match runner.engine.destination(whom.slot, whom.user) {
        Some(Chosen::File(file)) => {
            lines.push(format!("Its secret goes into a new file: {}", file.path));
            Ok(lines)
        }
        Some(_) => Ok(lines),
        None => Err("nothing was chosen".into()),
    })
}

/// Goes to a destination, as far as that goes by itself.
async fn look(runner: &mut Runner, whom: Whom<'_>, named: &Named) -> Result<Looked, Ended> {
    let (kind, name) = match named {
        Named::Profile(name) => (DestinationKind::Profile, Some(name)),
        Named::File(path, layout) => (DestinationKind::File(*layout), Some(path)),
        Named::External(external) => (DestinationKind::External(external.clone()), None),
    };
    runner.intend(Intent::ChooseDestination(StoreIn {
        slot: whom.slot,
        user: whom.user.into(),
        key: whom.key.map(str::to_owned),
        kind,
    }));
    if runner.engine.vault.choosing().is_none() {
        return Ok(Looked::Refused("no key can be created now".into()));
    }
    if let Some(name) = name {
        // Where the file is, is said with what would change in it.
        let is_found = |engine: &Engine| match &engine.vault.choosing().map(|it| &it.medium) {
            Some(Medium::Profile(profiles)) => profiles.found.is_some(),
            _ => true,
        };
        runner
            .until(|engine| is_found(engine).then_some(()))
            .await?;
        runner.intend(Intent::NameDestination(name.clone()));
    }
    let looked = runner.until(|engine| looked(engine, named)).await?;
    if let Looked::Refused(_) = looked {
        runner.intend(Intent::StopChoosing);
    }
    Ok(looked)
}

/// Agrees to what was shown, and waits until that is done.
async fn write(runner: &mut Runner) -> Result<Looked, Ended> {
    runner.intend(Intent::Write);
    let named = Named::Profile(String::new());
    let looked = runner.until(|engine| looked(engine, &named)).await?;
    if !matches!(looked, Looked::Decided) {
        runner.intend(Intent::StopChoosing);
    }
    Ok(looked)
}

fn looked(engine: &Engine, named: &Named) -> Option<Looked> {
    let Some(choosing) = engine.vault.choosing() else {
        return Some(Looked::Decided);
    };
    if let Some(why) = &choosing.refused {
        return Some(Looked::Refused(why.clone()));
    }
    match &choosing.phase {
        Phase::Agreeing(_) if choosing.whose() == Whose::Asking => None,
        Phase::Agreeing(agreeing) => Some(Looked::ToAgree(
            of_profile(engine, choosing, agreeing),
            agreeing.plan.section_exists(),
        )),
        Phase::Found(found) => Some(Looked::ToAgree(of_external(named, found), found.exists)),
        Phase::Naming | Phase::Planning { .. } | Phase::Writing(_) => None,
    }
}

/// What would change in a profile.
fn of_profile(engine: &Engine, choosing: &Choosing, agreeing: &Agreeing) -> Vec<String> {
    let plan = &agreeing.plan;
    let path = match &choosing.medium {
        Medium::Profile(profiles) => profiles.found.as_ref().and_then(|it| it.path.as_deref()),
        Medium::File(_) | Medium::External(_) => None,
    };
    let what = match (plan.file_exists, plan.section_exists()) {
        (false, _) => ", in a new file:",
        (true, false) => ", a new section in",
        (true, true) => " in",
    };
    let path = path.unwrap_or_default();
    let mut lines = vec![format!(
        "Its secret goes into [{}]{what} {path}",
        plan.profile
    )];
    if agreeing.again {
        lines.push("! It has changed since it was shown. This is what it is now.".into());
    }
    let account = engine.fleet.of(choosing.session);
    let endpoint = account.and_then(|account| account.endpoint());
    let mark = match choosing.whose() {
        Whose::None | Whose::ThisKey | Whose::Asking | Whose::SameUser => " ",
        Whose::Another(_) | Whose::NotAccepted | Whose::NotKnown(_) => "!",
    };
    let holder = choosing.holder_words(endpoint).into_iter();
    lines.extend(holder.map(|words| format!("{mark} {words}")));
    lines.extend(plan.warnings.iter().map(|words| format!("! {words}")));
    lines.extend(plan.lines.iter().map(|line| {
        let mark = match line.change {
            LineChange::Kept => " ",
            LineChange::Removed => "-",
            LineChange::Added => "+",
        };
        format!("  {mark} {}", line.text.replace(NEW_KEY, "the new key's"))
    }));
    if choosing.is_demo {
        lines.push(IN_THE_DEMO.into());
    }
    lines
}

const IN_THE_DEMO: &str = "  In the demo: into a temporary directory, removed when iamkeys ends.";

/// What was found where a key goes that is no file.
fn of_external(named: &Named, found: &Found) -> Vec<String> {
    let place = match named {
        Named::External(External::Command(command)) => {
            format!("the standard input of: {}", command.0)
        }
        _ => found.place.clone(),
    };
    let mut lines = vec![format!("Its secret goes to {place}")];
    if found.exists {
        lines.push("! It is there already, and gets a new value.".into());
    }
    match &found.unchecked {
        Some(why) if found.exists => {
            lines.push(format!("! {}", sentence(&encryption_unknown(why))));
        }
        Some(why) => lines.push(format!(
            "! Not checked whether it is there and can be written: {why}."
        )),
        None => {}
    }
    lines
}

/// What is not known of a value that is there and would be replaced.
fn encryption_unknown(why: &str) -> String {
    format!(
        "which key encrypts it is not known ({why}), so that it would be encrypted with the account's own \
         key, aws/ssm"
    )
}

/// Follows the secret of a new key until it is somewhere. Where it could not go where it was to go, a
/// person who is asked decides; otherwise it is kept in a file.
///
/// # Errors
/// When the run ends before; then what is not stored is said as it ends.
pub(super) async fn settle(
    command: &mut Command,
    whom: Whom<'_>,
    named: Option<&Named>,
    way: Way,
) -> Result<Gone, Ended> {
    let key = whom.key.unwrap_or_default();
    written(&mut command.runner, key).await?;
    let mut named = named.cloned();
    let mut refused = None;
    loop {
        let why = match place(&command.runner.engine, key) {
            Ok(place) => return Ok(Gone::There(place)),
            // The last refusal is the one to be mended.
            Err(why) => refused.take().unwrap_or(why),
        };
        command.runner.clear_progress();
        complain(format_args!(
            "iamkeys: the secret of {key} is not stored: {}",
            visible(&why)
        ));
        let runner = &mut command.runner;
        if way == Way::Asked && runner.can_ask() && !runner.is_interrupted() {
            match offer(runner, whom, &mut named).await? {
                Offered::Again => {
                    refused = Some(why);
                    continue;
                }
                Offered::Refused(why) => {
                    refused = Some(why);
                    continue;
                }
                Offered::Written => continue,
                Offered::Keep => {}
            }
            if place(&command.runner.engine, key).is_ok() {
                continue;
            }
        }
        return keep(&mut command.runner, key, why).await;
    }
}

/// Keeps a secret in a file beside the journal, and says where.
///
/// # Errors
/// When the run ends before.
pub(super) async fn keep(runner: &mut Runner, key: &str, why: String) -> Result<Gone, Ended> {
    runner.intend(Intent::KeepSecret(key.to_owned()));
    let is_it = |destination: &Destination| matches!(destination, Destination::Kept(_));
    // Whatever else is on its way may take its time.
    let is_on_its_way = |engine: &Engine| engine.vault.writing_to(key).any(is_it);
    while is_on_its_way(&runner.engine) {
        runner.until_heard().await?;
    }
    runner.clear_progress();
    let new = runner.engine.vault.key(key);
    let mut written = new.into_iter().flat_map(|new| new.written.iter().rev());
    let last = written.find(|(destination, _)| is_it(destination));
    let is_demo = new.is_some_and(|new| new.account.endpoint.as_deref() == Some(DEMO));
    Ok(match last {
        Some((_, Ok(written))) => {
            let path = written.path.clone();
            complain(format_args!(
                "iamkeys: the secret of {key} is kept in {}, which only you can read: put it where it \
                 belongs, and remove that file",
                visible(&path)
            ));
            if is_demo {
                complain("iamkeys: it is the demo's: the file is removed now");
            }
            Gone::Kept(path, why)
        }
        last => {
            let why_not = match last {
                Some((_, Err(why))) => visible(why).into_owned(),
                _ => "it is not held any more".into(),
            };
            complain(format_args!(
                "iamkeys: the secret of {key} could not be kept in a file either: {why_not}. It is lost \
                 with this run, and the key is of no use without it. Delete the key: iamkeys deactivate \
                 {key}, then iamkeys delete {key}"
            ));
            Gone::Lost(why)
        }
    })
}

/// Waits until nothing of a key is on its way. Once a person wants to leave that is waited for a moment
/// only.
async fn written(runner: &mut Runner, key: &str) -> Result<(), Ended> {
    let is_on_its_way = |engine: &Engine| engine.vault.writing_to(key).next().is_some();
    let mut leaves_at = None;
    while is_on_its_way(&runner.engine) {
        if runner.is_interrupted() {
            let at = *leaves_at.get_or_insert_with(|| Instant::now() + LAST_WRITE);
            if Instant::now() >= at {
                return Ok(());
            }
        }
        runner.until_heard().await?;
    }
    Ok(())
}

/// Where the secret of a key is, in words; or why it is nowhere.
pub(super) fn place(engine: &Engine, key: &str) -> Result<String, String> {
    let Some(new) = engine.vault.key(key) else {
        return Err("the key is not known".into());
    };
    if new.kept() == Kept::Somewhere
        && let Some(place) = new.stored.last()
    {
        return Ok(place.clone());
    }
    if engine.vault.writing_to(key).next().is_some() {
        return Err("interrupted while it was on its way".into());
    }
    match (new.written.last(), &new.doubt) {
        (Some((_, Err(why))), _) => Err(why.clone()),
        (_, Some(doubt)) => Err(format!("what AWS has answered is in doubt: {doubt}")),
        _ => Err("it was written nowhere".into()),
    }
}

/// What has come of asking a person what is to be done with a secret that is not stored.
enum Offered {
    /// It was written, or that was tried: it is known with the key.
    Written,
    /// Nothing was tried.
    Again,
    /// It cannot go there: why.
    Refused(String),
    /// It is to be kept in a file.
    Keep,
}

/// Asks a person what is to be done with a secret that is not stored.
async fn offer(
    runner: &mut Runner,
    whom: Whom<'_>,
    named: &mut Option<Named>,
) -> Result<Offered, Ended> {
    let again = if named.is_some() {
        "[r] try again, "
    } else {
        ""
    };
    let question =
        format!("{again}[o] another destination, [s] show it here, [k] keep it in a file: ");
    let Some(line) = runner.ask(&question).await? else {
        return Ok(Offered::Keep);
    };
    let wanted = match &*line.trim().to_ascii_lowercase() {
        "r" | "retry" => match named.clone() {
            Some(named) => named,
            None => return Ok(Offered::Again),
        },
        "o" | "other" => {
            let Some(line) = runner.ask("Destination: ").await? else {
                return Ok(Offered::Keep);
            };
            match Named::read(line.trim()) {
                Ok(other) if prints(&other) => {
                    confirm::show(&[
                        "Standard output is the record's now: [s] shows the secret.".into()
                    ]);
                    return Ok(Offered::Again);
                }
                Ok(other) => {
                    *named = Some(other.clone());
                    other
                }
                Err(why) => {
                    confirm::show(&[why]);
                    return Ok(Offered::Again);
                }
            }
        }
        "s" | "show" => Named::External(External::Terminal(OutputForm::Exports)),
        "k" | "keep" => return Ok(Offered::Keep),
        _ => return Ok(Offered::Again),
    };
    let (lines, replaces) = match look(runner, whom, &wanted).await? {
        Looked::Refused(why) => return Ok(Offered::Refused(why)),
        Looked::Decided => return Ok(Offered::Written),
        Looked::ToAgree(lines, replaces) => (lines, replaces),
    };
    if replaces || wanted != Named::External(External::Terminal(OutputForm::Exports)) {
        confirm::show(&lines);
    }
    if replaces && !confirm::yes(runner, "Write").await? {
        runner.intend(Intent::StopChoosing);
        return Ok(Offered::Again);
    }
    Ok(match write(runner).await? {
        Looked::Refused(why) => Offered::Refused(why),
        Looked::ToAgree(..) => Offered::Refused("it changed while it was looked at".into()),
        Looked::Decided => Offered::Written,
    })
}
