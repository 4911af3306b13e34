//! `iamkeys completions`: what makes a shell ask this program how a command line goes on. The shell asks
//! it anew each time, so that the profiles are those that there are. No account is asked: the users are
//! those whose keys were changed from this machine.

use crate::{aws, cli, journal};
use clap::ValueEnum;
use clap_complete::{
    CompleteEnv,
    engine::CompletionCandidate,
    env::{Bash, EnvCompleter, Fish, Powershell, Zsh},
};
use std::collections::BTreeSet;

/// The variable by which a shell asks.
const ASKS: &str = "IAMKEYS_COMPLETE";

/// A shell that can be made to complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
            Self::Powershell => &Powershell,
        }
    }
}

/// What the shell is to read.
pub(super) fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    // Memory takes it.
    let _ =
        shell
            .completer()
            .write_registration(ASKS, "iamkeys", "iamkeys", "iamkeys", &mut script);
    script
}

/// Answers a shell that asks how a command line goes on. Says whether one has asked.
#[must_use]
pub fn complete() -> bool {
    if std::env::var_os(ASKS).is_none() {
        return false;
    }
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(cli::command)
        .var(ASKS)
        .try_complete(std::env::args_os(), here.as_deref());
    // What cannot be completed is not, and nothing is said of it in the middle of a line.
    asked.unwrap_or(true)
}

/// The names of the profiles of this machine.
#[must_use]
pub fn profiles() -> Vec<CompletionCandidate> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let list = runtime.map(|runtime| runtime.block_on(aws::list_profiles()));
    let Ok(Ok(list)) = list else {
        return Vec::new();
    };
    let names = list.profiles.iter();
    names
        .map(|profile| CompletionCandidate::new(profile.name.to_string()))
        .collect()
}

/// The names of the users whose keys were changed from this machine, by the usual journal.
#[must_use]
pub fn users() -> Vec<CompletionCandidate> {
    let read = journal::usual_place().and_then(|path| journal::read(&path));
    let Ok((changes, _)) = read else {
        return Vec::new();
    };
    let names: BTreeSet<String> = changes.into_iter().map(|it| it.sent.user).collect();
    names.into_iter().map(CompletionCandidate::new).collect()
}
