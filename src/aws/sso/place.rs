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

/// Whether a browser can be opened here, and come back.
pub(super) fn has_browser() -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let needs_display = cfg!(all(unix, not(target_os = "macos")));
    has_browser_with(set, |path| Path::new(path).exists(), needs_display)
}

fn has_browser_with(
    set: impl Fn(&str) -> bool,
    exists: impl Fn(&str) -> bool,
    needs_display: bool,
) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| set(name));
    let inside = any(&CONTAINER) || CONTAINER_FILES.iter().any(|path| exists(path));
    let shown = any(&DISPLAY) || !needs_display;
    shown && !any(&AWAY) && !any(&WSL) && !inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_opened_on_a_desktop_only() {
        let with = |names: &[&str], files: &[&str], needs| {
            has_browser_with(
                |name| names.contains(&name),
                |path| files.contains(&path),
                needs,
            )
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
    }
}
