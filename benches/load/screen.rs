//! What the screen says, for those who wait for it. Whatever changes in the words or the places of
//! things on screen is changed here.

use crate::{table::count, terminal::Size};
use vt100::Screen;

/// Room for every count in the second line, and for names that are not cut short.
pub(crate) const SIZE: Size = (120, 36);

/// Stands where something is not known yet. A name that is cut short has it at the end of a word.
const LOADING: &str = " …";

/// The line with the tabs, the counts and the progress.
fn status(screen: &Screen) -> String {
    row(screen, 1)
}

fn row(screen: &Screen, at: usize) -> String {
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
fn counted(screen: &Screen, keys: usize) -> bool {
    let status = status(screen);
    status.contains(&format!("Keys {} ", count(keys))) && !status.contains("so far")
}

/// Every user is there, and of each the number of keys, their age and last use: from the credential
/// report or from the service itself.
pub(crate) fn told_of_all(screen: &Screen, users: usize, keys: usize) -> bool {
    listed(screen, users) && counted(screen, keys) && !list(screen).contains(LOADING)
}

/// The same, from the service itself; and nothing is under way any more.
pub(crate) fn live(screen: &Screen, users: usize, keys: usize) -> bool {
    told_of_all(screen, users, keys) && !busy(screen)
}

/// The rows of the list.
fn list(screen: &Screen) -> String {
    let width = row(screen, 2).chars().position(|c| c == '╮').unwrap_or(0);
    let rows = screen.rows(0, u16::try_from(width).unwrap_or(SIZE.0));
    let rows: Vec<_> = rows.skip(4).collect();
    rows[..rows.len() - 2].join("\n")
}

/// Somewhere in the list something is shown as failed, refused or unknown.
pub(crate) fn something_failed(screen: &Screen) -> bool {
    let list = list(screen);
    ["failed", "refused", " ? "]
        .iter()
        .any(|word| list.contains(word))
}

/// The number of the selected user: the pane beside the list has the name as its title, and
/// generated names end in their number. Only the first, `alice`, has none.
pub(crate) fn selected(screen: &Screen) -> Option<usize> {
    let titles = row(screen, 2);
    let (_, title) = titles.split_once("╮╭─ ")?;
    let name = title.split_whitespace().next()?;
    match name.rsplit_once('-') {
        Some((_, number)) => number.parse().ok(),
        None => (name == "alice").then_some(0),
    }
}

/// What is typed into the filter, and how many pass it.
pub(crate) fn filtered(screen: &Screen, text: &str) -> Option<usize> {
    let rows: Vec<_> = screen.rows(0, SIZE.0).collect();
    let typed = format!(" / {text}▏");
    rows.iter().find(|row| row.contains(&typed))?;
    let title = rows.iter().find(|row| row.contains("─ Users ─"))?;
    let (before, _) = title.split_once(" shown")?;
    let number = before.rsplit(' ').next()?;
    number.replace(',', "").parse().ok()
}
