//! What every page says in its first lines, for those who wait for it.

use crate::{table::count, terminal::Size};
use vt100::Screen;

/// Room for every count in the second line, and for names that are not cut short.
pub(crate) const SIZE: Size = (120, 36);

/// The line with the tabs, the counts and the progress.
pub(crate) fn status(screen: &Screen) -> String {
    row(screen, 1)
}

/// A line, counted from 0.
pub(crate) fn row(screen: &Screen, at: usize) -> String {
    screen.rows(0, SIZE.0).nth(at).unwrap_or_default()
}

/// All users are there, whatever is known of them.
pub(crate) fn listed(screen: &Screen, users: usize) -> bool {
    let status = status(screen);
    status.contains(&format!("Users {} ", count(users))) && !status.contains("so far")
}

/// Something is under way: the spinner turns.
pub(crate) fn busy(screen: &Screen) -> bool {
    status(screen).contains(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
}

/// The number of keys is known, of all users.
pub(crate) fn counted(screen: &Screen, keys: usize) -> bool {
    let status = status(screen);
    status.contains(&format!("Keys {} ", count(keys))) && !status.contains("so far")
}
