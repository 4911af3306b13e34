//! What the screen says, for those who wait for it. Whatever changes in the words or the places of
//! things on screen is changed here.

pub(crate) use crate::look::{SIZE, busy, listed};

use crate::look::{counted, row};
use vt100::Screen;

/// Stands where something is not known yet. A name that is cut short has it at the end of a word.
const LOADING: &str = " …";

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
