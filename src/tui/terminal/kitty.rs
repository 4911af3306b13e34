//! The kitty keyboard protocol: a terminal that speaks it tells a held key from one that is pressed
//! again. It is not asked whether it does: what it does not know it ignores, and keys come as ever.
//!
//! Letters tell of their repeats only where every key is reported as a key. That takes the layout's
//! third level away (`@` on a German keyboard is `q` with a modifier), so that text is typed as text.

use std::env;

/// Ends what was begun with [`begin`], on the screen that it was begun on.
pub(super) const END: &str = "\x1b[<1u";

/// Every key is reported as a key (8), with what Shift makes of it (4), whether it repeats (2), and so
/// that no two are alike (1).
const COMMANDS: u8 = 15;

/// Text comes as text.
const TEXT: u8 = 3;

/// Whether the protocol's sequences do no harm. The console of Linux prints what it does not know, and
/// that of Windows takes keys in another way.
pub(super) fn is_harmless() -> bool {
    cfg!(not(windows)) && env::var_os("TERM").is_none_or(|term| term != "linux")
}

/// Begins on the screen that is shown, whose keys are commands.
pub(super) fn begin() -> String {
    format!("\x1b[>{COMMANDS}u")
}

/// Keys are text from now on, or commands.
pub(super) fn switch(text: bool) -> String {
    format!("\x1b[={};1u", if text { TEXT } else { COMMANDS })
}
