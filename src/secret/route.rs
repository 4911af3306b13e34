//! Which clipboard a text goes to: data only, separate from the system's clipboard itself.
//!
//! A program on another host, or without a display, has no system clipboard worth writing to: the
//! user's is at the other end of the terminal, and OSC 52 is the way there. Where neither works,
//! the dialog says how to get the secret instead.

use crate::engine::destination::{Multiplexer, Route, Why};
use std::ffi::OsString;

/// `--clipboard`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// The system's clipboard on a local display, the terminal's (OSC 52) elsewhere.
    #[default]
    Auto,
    /// Always the terminal's.
    Osc52,
    /// Always the system's.
    System,
    /// None: copying is off.
    Off,
}

/// Chooses a route, from the environment as `var` reads it.
#[must_use]
pub fn route(choice: Choice, var: impl Fn(&str) -> Option<OsString>) -> Route {
    let set = |name| var(name).is_some_and(|value| !value.is_empty());
    let term = var("TERM").unwrap_or_default();
    let term = term.to_string_lossy();
    let through = if set("TMUX") {
        Multiplexer::Tmux
    } else if set("STY") {
        Multiplexer::Screen
    } else {
        Multiplexer::None
    };
    let remote = set("SSH_CONNECTION") || set("SSH_CLIENT") || set("SSH_TTY");
    let display =
        cfg!(any(windows, target_os = "macos")) || set("WAYLAND_DISPLAY") || set("DISPLAY");
    // The Linux console and VTE (GNOME Terminal, Tilix, …) are known to ignore OSC 52. Inside a
    // multiplexer, these variables describe the terminal that started it, not the current one.
    let refuses = through == Multiplexer::None
        && (matches!(&*term, "linux" | "dumb") || (!remote && set("VTE_VERSION")));
    match choice {
        Choice::Off => Route::Unavailable(Why::Off),
        Choice::System => Route::System,
        Choice::Osc52 => Route::Terminal(through),
        Choice::Auto if display && !remote => Route::System,
        Choice::Auto if refuses => Route::Unavailable(Why::Terminal),
        Choice::Auto => Route::Terminal(through),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(choice: Choice, vars: &[(&str, &str)]) -> Route {
        route(choice, |name| {
            vars.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn over_ssh_it_is_the_terminal_s() {
        let ssh = ("SSH_CONNECTION", "198.51.100.1 1 198.51.100.2 22");
        assert_eq!(
            with(Choice::Auto, &[ssh, ("DISPLAY", "localhost:10.0")]),
            Route::Terminal(Multiplexer::None)
        );
        assert_eq!(
            with(
                Choice::Auto,
                &[ssh, ("TMUX", "/x,1,0"), ("TERM", "tmux-256color")]
            ),
            Route::Terminal(Multiplexer::Tmux)
        );
        assert_eq!(
            with(Choice::Auto, &[ssh, ("STY", "1.x"), ("TERM", "screen")]),
            Route::Terminal(Multiplexer::Screen)
        );
    }

    #[test]
    fn an_explicit_choice_wins() {
        let local = [("DISPLAY", ":0"), ("VTE_VERSION", "7000")];
        assert_eq!(with(Choice::Off, &local), Route::Unavailable(Why::Off));
        assert_eq!(
            with(Choice::Osc52, &local),
            Route::Terminal(Multiplexer::None)
        );
        assert_eq!(with(Choice::System, &[]), Route::System);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn on_a_display_it_is_the_system_s() {
        assert_eq!(with(Choice::Auto, &[("DISPLAY", ":0")]), Route::System);
        assert_eq!(
            with(Choice::Auto, &[("WAYLAND_DISPLAY", "wayland-0")]),
            Route::System
        );
        assert_eq!(
            with(Choice::Auto, &[("DISPLAY", "")]),
            Route::Terminal(Multiplexer::None),
            "an empty variable is not a display"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_terminal_known_to_ignore_it_is_not_asked() {
        for vars in [
            [("TERM", "linux")],
            [("TERM", "dumb")],
            [("VTE_VERSION", "7000")],
        ] {
            assert_eq!(
                with(Choice::Auto, &vars),
                Route::Unavailable(Why::Terminal),
                "{vars:?}"
            );
        }
    }
}
