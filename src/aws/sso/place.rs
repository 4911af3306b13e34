//! Whether a browser can be opened where this runs, and come back to it.

use std::{env, path::Path};

/// Set where the terminal is on another machine.
const AWAY: [&str; 3] = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"];

/// Set where Linux runs inside Windows, whose browser does not reach it everywhere.
const WSL: [&str; 2] = ["WSL_DISTRO_NAME", "WSL_INTEROP"];

/// Set or there in a container, which a browser outside does not reach.
const CONTAINER: [&str; 2] = ["container", "KUBERNETES_SERVICE_HOST"];
const CONTAINER_FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Set where there is a display.
const DISPLAY: [&str; 2] = ["DISPLAY", "WAYLAND_DISPLAY"];

/// Whether a page needs a display to be shown on.
const NEEDS_DISPLAY: bool = cfg!(all(unix, not(target_os = "macos")));

/// Whether a browser can be opened here, and come back.
pub(super) fn has_browser() -> bool {
    let exists = |path: &str| Path::new(path).exists();
    may_have_browser() && !is_inside(is_set, exists)
}

/// Whether a browser may be opened here, though it is not sure that it comes back: a person may know.
pub(super) fn may_have_browser() -> bool {
    is_desktop(is_set, NEEDS_DISPLAY)
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whether the person sits before this machine, with a display.
fn is_desktop(set: impl Fn(&str) -> bool, needs_display: bool) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| set(name));
    (any(&DISPLAY) || !needs_display) && !any(&AWAY)
}

/// Whether this runs inside something whose network may be another.
fn is_inside(set: impl Fn(&str) -> bool, exists: impl Fn(&str) -> bool) -> bool {
    WSL.iter().chain(&CONTAINER).any(|name| set(name))
        || CONTAINER_FILES.iter().any(|path| exists(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_opened_on_a_desktop_only() {
        let with = |names: &[&str], files: &[&str], needs| {
            let set = |name: &str| names.contains(&name);
            is_desktop(set, needs) && !is_inside(set, |path| files.contains(&path))
        };
        assert!(with(&["DISPLAY"], &[], true));
        assert!(with(&["WAYLAND_DISPLAY"], &[], true));
        assert!(with(&[], &[], false), "macOS and Windows");
        assert!(!with(&[], &[], true));
        assert!(!with(&["DISPLAY", "SSH_CONNECTION"], &[], true));
        assert!(!with(&["SSH_TTY"], &[], false));
        assert!(!with(&["DISPLAY", "WSL_DISTRO_NAME"], &[], true));
        assert!(!with(&["DISPLAY", "container"], &[], true));
        assert!(!with(&["DISPLAY"], &["/.dockerenv"], true));
        let may = |names: &[&str]| is_desktop(|name| names.contains(&name), true);
        assert!(may(&["DISPLAY", "container"]));
        assert!(!may(&["DISPLAY", "SSH_TTY"]));
    }
}
