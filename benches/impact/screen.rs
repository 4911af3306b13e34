//! What the screen says, for those who wait for it. Whatever changes in the words or the places of
//! things on screen is changed here.

pub(crate) use crate::look::{SIZE, busy};

use vt100::Screen;

/// A user is listed, and nothing is under way any more.
pub(crate) fn settled(screen: &Screen, user: &str) -> bool {
    !busy(screen) && screen.contents().contains(user)
}

/// The pane of the keys is of this user.
pub(crate) fn is_selected(screen: &Screen, user: &str) -> bool {
    screen.contents().contains(&format!("╮╭─ {user} ─"))
}

/// How many events the impact of a key is told by.
pub(crate) fn seen(screen: &Screen) -> Option<usize> {
    let line = head(screen)?;
    let (before, _) = line.split_once(" seen")?;
    before.rsplit(' ').next()?.replace(',', "").parse().ok()
}

/// Regions are being asked, the first time or for more.
pub(crate) fn asking(screen: &Screen) -> bool {
    let words = ["asking CloudTrail", "asking for older"];
    head(screen).is_some_and(|line| words.iter().any(|words| line.contains(words)))
}

/// There are older events, which were not asked for.
pub(crate) fn capped(screen: &Screen) -> bool {
    !asking(screen) && head(screen).is_some_and(|line| line.contains("the latest of more"))
}

/// The workloads of the key, from top to bottom: the beginnings of their rows.
pub(crate) fn workloads(screen: &Screen) -> Vec<String> {
    let rows: Vec<String> = screen.rows(0, SIZE.0).collect();
    let head = rows.iter().position(|row| row.contains("  workload  "));
    let below = head.map_or(&[][..], |head| &rows[head + 1..]);
    let cells = below.iter().map(|row| row.trim_start_matches(EDGE));
    let until_gap = cells.take_while(|row| !row.trim_matches(EDGE).is_empty());
    let names = until_gap.map(|row| row.split("  ").next().unwrap_or_default().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// The one that the cursor is on.
pub(crate) fn selected(screen: &Screen) -> Option<String> {
    let rows: Vec<String> = screen.rows(0, SIZE.0).collect();
    let row = rows.iter().find_map(|row| row.split_once("│  ▌ "));
    let (_, row) = row?;
    row.split("  ").next().map(str::to_owned)
}

/// What may stand before a workload.
const EDGE: [char; 3] = ['│', ' ', '▌'];

fn head(screen: &Screen) -> Option<String> {
    let mut rows = screen.rows(0, SIZE.0);
    rows.find(|row| row.contains("Who uses it"))
}
