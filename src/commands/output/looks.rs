//! How standard output looks: whether a person reads it there, and whether in colour.

use crate::engine::findings::Severity;
use std::io::{self, IsTerminal as _};

/// How something is printed for its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) struct Looks {
    /// It is a terminal: what goes there must not drive it.
    pub(in crate::commands) is_terminal: bool,
    /// With colours.
    pub(in crate::commands) colour: bool,
}

impl Looks {
    /// How standard output looks.
    pub(in crate::commands) fn of_output() -> Self {
        let is_terminal = io::stdout().is_terminal();
        Self {
            is_terminal,
            colour: colour(is_terminal, |name| std::env::var(name).ok()),
        }
    }

    /// A text as a heading.
    pub(in crate::commands) fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    /// A text that matters less.
    pub(in crate::commands) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// A text in the colour of a severity.
    pub(in crate::commands) fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Critical => "1;31",
            Severity::High => "31",
            Severity::Medium => "33",
            Severity::Low => "2",
        };
        self.with(code, text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Whether there are colours: `NO_COLOR` forbids them (<https://no-color.org>), `CLICOLOR_FORCE` and
/// `FORCE_COLOR` want them in a pipe as well, `CLICOLOR=0` does not want them
/// (<https://bixense.com/clicolors>); otherwise a terminal that is not dumb has them.
fn colour(is_terminal: bool, var: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
    let is_on = |name: &str| var(name).is_some_and(|value| !value.is_empty() && value != "0");
    if is_set("NO_COLOR") {
        return false;
    }
    if is_on("CLICOLOR_FORCE") || is_on("FORCE_COLOR") {
        return true;
    }
    let unwanted = ["CLICOLOR", "FORCE_COLOR"]
        .iter()
        .any(|name| var(name).as_deref() == Some("0"));
    is_terminal && !unwanted && var("TERM").as_deref() != Some("dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_variables_decide_about_colours() {
        for (terminal, vars, expected) in [
            (true, &[][..], true),
            (false, &[], false),
            (true, &[("TERM", "dumb")], false),
            (true, &[("NO_COLOR", "1")], false),
            (true, &[("NO_COLOR", "")], true),
            (false, &[("CLICOLOR_FORCE", "1")], true),
            (false, &[("CLICOLOR_FORCE", "0")], false),
            (false, &[("FORCE_COLOR", "1")], true),
            (true, &[("FORCE_COLOR", "0")], false),
            (true, &[("CLICOLOR", "0")], false),
            (false, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], false),
        ] {
            let var = |name: &str| {
                let found = vars.iter().find(|(known, _)| *known == name);
                found.map(|(_, value): &(&str, &str)| (*value).to_owned())
            };
            assert_eq!(colour(terminal, var), expected, "{terminal} {vars:?}");
        }
    }
}
